#include "policies/dispatch.hpp"
#include "tests/catch.hpp"

#include <vector>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr SourceId by_operator{0}, utility{1}, other{2};

struct Bench {
    Site site;
    State state;

    Bench() {
        site.sources = {{"operator", OnStale::hold}, {"utility", OnStale::hold}, {"other", OnStale::hold}};
        state.site = &site;
        state.sources.resize(3);
    }
    Bench(const Bench&) = delete;

    /// An obligation that begins at 100 s, from a reference of 10 MW.
    Obligation& stands(Ask ask, Power power, Duration ramp = 0s, SourceId source = utility) {
        Obligation o;
        o.event = EventId{static_cast<std::uint32_t>(state.obligations.size() + 1)};
        o.signal.source = source;
        o.signal.kind = SignalKind::dispatch;
        o.signal.ask = ask;
        o.signal.power = power;
        o.signal.ramp = ramp;
        o.begins = Steady{100s};
        o.reference = 10_MW;
        state.obligations.push_back(o);
        return state.obligations.back();
    }
    Limits ask(Duration at) const {
        Limits limits;
        policies::dispatch({.policy = PolicyId{1}, .sources = {by_operator, utility}, .prove_within = 25s, .contactor_after = 70s})(state, {Instant{at}, Steady{at}}, limits);
        return limits;
    }
};

}  // namespace

TEST_CASE("each kind of dispatch becomes a bound, with a margin to aim at and twice that to refill below") {
    struct Row {
        Ask ask;
        Power power, high;
        Reason reason;
    };
    for (const Row& row : {Row{Ask::absolute, 6_MW, 6_MW, Reason::dispatched}, Row{Ask::relative, 3_MW, 7_MW, Reason::reduction_from_reference},
                           Row{Ask::relative, 12_MW, 0_W, Reason::reduction_from_reference}, Row{Ask::absolute, 0_W, 0_W, Reason::dispatched},
                           Row{Ask::absolute, 20_MW, 20_MW, Reason::dispatched}}) {
        CAPTURE(static_cast<int>(row.ask), row.power.count);
        Bench bench;
        bench.stands(row.ask, row.power);
        const Limits limits = bench.ask(100s);
        REQUIRE(limits.bounds.size() == 1);
        const Bound& bound = limits.bounds[0];
        CHECK_FALSE(bound.everything);
        CHECK(bound.high == row.high);
        CHECK(bound.aim == Power{row.high.count * 99 / 100});
        CHECK(bound.release == Power{row.high.count * 98 / 100});
        CHECK(bound.since == Steady{100s});
        CHECK(bound.prove_within == 25s);
        CHECK(bound.contactor_after == 70s);
        CHECK(bound.why.reason == row.reason);
        CHECK(bound.why.event == EventId{1});
        CHECK(bound.why.source == utility);
    }
}

TEST_CASE("a full curtailment asks for everything interruptible") {
    Bench bench;
    bench.stands(Ask::full, 0_W);
    const Limits limits = bench.ask(150s);
    REQUIRE(limits.bounds.size() == 1);
    CHECK(limits.bounds[0].everything);
    CHECK(limits.bounds[0].why.reason == Reason::dispatched_full);
}

TEST_CASE("an emergency weighs more and may go further than a dispatch") {
    Bench bench;
    bench.stands(Ask::full, 0_W);
    bench.stands(Ask::full, 0_W).signal.kind = SignalKind::emergency;
    const Limits limits = bench.ask(150s);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[0].why.cause == Cause::dispatch);
    CHECK(limits.bounds[0].why.rank == 10);
    CHECK(limits.bounds[0].why.escalate_to == EscalateTo::power_off);
    CHECK(limits.bounds[1].why.cause == Cause::emergency);
    CHECK(limits.bounds[1].why.rank == 0);
    CHECK(limits.bounds[1].why.escalate_to == EscalateTo::contactor);
}

TEST_CASE("an obligation binds from its beginning to its end, and says when it begins") {
    Bench bench;
    bench.stands(Ask::absolute, 6_MW).ends = Steady{200s};
    CHECK(bench.ask(99s).bounds.empty());
    CHECK(bench.ask(99s).changes_at == Steady{100s});
    CHECK(bench.ask(100s).bounds.size() == 1);
    CHECK(bench.ask(199s).bounds.size() == 1);
    CHECK(bench.ask(200s).bounds.empty());
}

TEST_CASE("a ramp falls straight from the reference to the target, in steps that are never above the line") {
    struct Row {
        Duration at;
        Power high;
        Steady changes_at;
    };
    Bench bench;
    bench.stands(Ask::absolute, 6_MW, 40s);
    for (const Row& row : {Row{100s, 9'900_kW, Steady{101s}}, Row{100'999ms, 9'900_kW, Steady{101s}}, Row{101s, 9'800_kW, Steady{102s}},
                           Row{120s, 7'900_kW, Steady{121s}}, Row{139s, 6_MW, Steady{140s}}, Row{140s, 6_MW, never}, Row{500s, 6_MW, never}}) {
        CAPTURE(row.at.count());
        const Limits limits = bench.ask(row.at);
        REQUIRE(limits.bounds.size() == 1);
        CHECK(limits.bounds[0].high == row.high);
        CHECK(limits.changes_at == row.changes_at);
        CHECK(limits.bounds[0].since == Steady{140s});
    }
    for (Duration t = 100s; t < 140s; t += 137ms) REQUIRE(bench.ask(t).bounds[0].high.count <= 10'000'000 - 100'000 * (t - 100s).count() / 1'000);
}

TEST_CASE("a ramp to above the reference is no ramp") {
    Bench bench;
    bench.stands(Ask::absolute, 12_MW, 40s);
    CHECK(bench.ask(110s).bounds[0].high == 12_MW);
    CHECK(bench.ask(110s).changes_at == never);
}

TEST_CASE("all that stand are passed on, but for sources it does not obey") {
    Bench bench;
    bench.stands(Ask::absolute, 6_MW);
    bench.stands(Ask::relative, 1_MW, 0s, by_operator);
    bench.stands(Ask::full, 0_W, 0s, other);
    const Limits limits = bench.ask(150s);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[0].high == 6_MW);
    CHECK(limits.bounds[1].high == 9_MW);
}

TEST_CASE("only a source whose silence sheds counts as a full curtailment when silent") {
    const OnStale on_stale = GENERATE(OnStale::hold, OnStale::shed, OnStale::run);
    Bench bench;
    bench.site.sources[1].on_stale = on_stale;
    CHECK(bench.ask(1s).bounds.empty());
    bench.state.sources[1].stale = true;
    const Limits limits = bench.ask(1s);
    REQUIRE(limits.bounds.size() == (on_stale == OnStale::shed ? 1u : 0u));
    if (limits.bounds.empty()) return;
    CHECK(limits.bounds[0].everything);
    CHECK(limits.bounds[0].why.reason == Reason::source_silent_shed);
    CHECK(limits.bounds[0].why.escalate_to == EscalateTo::repeat);
}
