// What a programme may ask: counted over restarts, and told when it asks for more.
#include "policies/programme.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

std::vector<Policy> under(const policies::Quota& quota) { return {policies::programme({.policy = PolicyId{0}, .sources = {utility}, .quota = quota})}; }

Signal call(Duration begins, std::string id, Duration lasts) {
    Signal s = dispatch(begins, std::move(id), 4_kW);
    s.end = s.start + lasts;
    return s;
}

bool binds(const Decision& decision, Reason reason) {
    return std::ranges::any_of(decision.binding, [&](const Binding& b) { return b.why.reason == reason; });
}

}  // namespace

TEST_CASE("a call that ended while nobody ran has spent its own hours, and none of those until the restart") {
    const policies::Quota quota{.a_season = 10h, .spacing = 4h, .decline = true};
    Engine before{miners(10), under(quota), {}, at(0s)};
    before.step(at(1h), std::vector<Event>{call(1h, "c-1", 2h)});
    const Now back{midnight + 25h, Steady{5s}}, later{midnight + 26h, Steady{1h + 5s}};
    Engine after{miners(10), under(quota), before.snapshot(at(70min)), back};
    after.step(back, {});
    REQUIRE(after.state().calls.size() == 1);
    CHECK(after.state().calls[0].began == midnight + 1h);
    CHECK(after.state().calls[0].ended == midnight + 3h);
    const Decision& decision = after.step(later, std::vector<Event>{call(26h, "c-2", 2h)});
    REQUIRE(decision.binding.size() == 1);
    CHECK(decision.binding[0].limit == 4_kW);
}

TEST_CASE("a call beyond the quota is told once, obeyed or declined") {
    const bool declines = GENERATE(false, true);
    const NoteKind told = declines ? NoteKind::beyond_quota : NoteKind::beyond_quota_obeyed;
    Bench bench{miners(10), under({.calls_a_day = 1, .decline = declines})};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1h, {bench.meter(10_kW), call(1h, "c-1", 1min)});
    CHECK_FALSE(bench.said(told));
    bench.step(1h + 5s, {bench.rest(0, 7), bench.meter(3_kW)});
    bench.step(1h + 1min, {bench.meter(3_kW)});
    REQUIRE(bench.ordered(Rung::wake) == 7);
    bench.step(1h + 70s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(2h, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), call(2h, "c-2", 1h)});
    CHECK(bench.told(told, "c-2"));
    CHECK(bench.ordered(Rung::sleep) == (declines ? 0 : 7));
    CHECK(binds(bench.decision(), declines ? Reason::beyond_quota : Reason::beyond_quota_obeyed));
    CHECK(binds(bench.decision(), Reason::dispatched) != declines);
    bench.step(2h + 10s, {bench.meter(10_kW)});
    CHECK_FALSE(bench.said(told));
    bench.restart();
    bench.step(2h + 20s, {bench.meter(10_kW)});
    CHECK_FALSE(bench.said(told));
}

TEST_CASE("hours that run out in a standing call are told when they do") {
    Bench bench{miners(10), under({.a_season = 10min, .decline = true})};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1s, {call(1s, "c-1", 1h)});
    CHECK(bench.ordered(Rung::sleep) == 7);
    bench.step(2s, {bench.rest(0, 7), bench.meter(3_kW)});
    bench.step(600s, {bench.meter(3_kW)});
    CHECK_FALSE(bench.said(NoteKind::beyond_quota));
    CHECK(bench.decision().wake <= at(601s).steady);
    bench.step(601s, {bench.meter(3_kW)});
    CHECK(bench.told(NoteKind::beyond_quota, "c-1"));
    CHECK(bench.ordered(Rung::wake) == 7);
}
