// Loads that somebody else wakes again after we put them to sleep.
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"
#include "policies/price_strike.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

/// A site whose price stops all but the first: m-0 is told to rest and is woken again.
Bench stopped_by_price() {
    Site site = miners(10);
    site.policies = {"strike", "obligations"};
    Bench bench{site, {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}}),
                       policies::dispatch({.policy = PolicyId{1}, .sources = {utility}, .margin_ppm = 0})}};
    Signal dear = price(0s, 200_per_MWh);
    dear.end = open_end;
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dear});
    bench.step(1s, {bench.all(Mode::asleep, 0_W), bench.meter(0_W)});
    return bench;
}

}  // namespace

TEST_CASE("a load that somebody else wakes is sent back at once, then ever more seldom, and named") {
    Bench bench = stopped_by_price();
    std::vector<Duration> waits;
    auto t = 10s;
    for (unsigned times = 1; times <= 6; ++times) {
        const auto woken = t;
        bench.step(t, {bench.run(0, 1), bench.meter(1_kW)});
        CHECK(bench.said(NoteKind::contested) == (times >= 3));
        while (bench.ordered(Rung::sleep) == 0) {
            REQUIRE(t < woken + 2h);
            CHECK(bench.decision().wake > at(t).steady);
            t += 10s;
            bench.step(t, {bench.run(0, 1), bench.meter(1_kW)});
            CHECK_FALSE(bench.said(NoteKind::contested));
        }
        CHECK(bench.decision().misses.size() == (times >= 3 ? 1 : 0));
        if (times >= 3) CHECK(bench.decision().misses[0].cause == MissCause::contested);
        waits.push_back(t - woken);
        t += 1s;
        bench.step(t, {bench.rest(0, 1), bench.meter(0_W)});
        t += 9s;
    }
    CHECK(waits == std::vector<Duration>{0s, 60s, 120s, 240s, 480s, 960s});
    REQUIRE(bench.engine().state().contests.size() == 1);
    CHECK(bench.engine().state().contests[0].times == 6);
}

TEST_CASE("one that is contested counts as running: others make room for it, and it is sent back no more seldom than orders are repeated") {
    Bench bench = stopped_by_price();
    auto t = 10s;
    for (int times = 0; times < 5; ++times) {  // Far enough for a wait of eight minutes.
        bench.step(t, {bench.run(0, 1), bench.meter(1_kW)});
        t += 480s;
        bench.step(t, {bench.run(0, 1), bench.meter(1_kW)});
        bench.step(t + 1s, {bench.rest(0, 1), bench.meter(0_W)});
        t += 10s;
    }
    Signal cheap = price(t, 10_per_MWh);
    cheap.end = open_end;
    bench.step(t, {cheap});
    bench.step(t + 1s, {bench.run(1, 10), bench.rest(0, 1), bench.meter(9_kW)});
    Signal dear = price(t + 10s, 79_per_MWh);
    dear.end = open_end;
    bench.step(t + 10s, {dear, dispatch(t + 10s, "d-1", 9_kW)});
    bench.step(t + 20s, {bench.meter(9_kW)});
    bench.step(t + 30s, {bench.run(0, 1), bench.meter(10_kW)});
    CHECK(bench.engine().state().groups[0].planned >= 9_kW);
}

TEST_CASE("a contest survives a restart, and is forgotten after a day without") {
    Bench bench = stopped_by_price();
    bench.step(10s, {bench.run(0, 1), bench.meter(1_kW)});
    bench.step(11s, {bench.rest(0, 1), bench.meter(0_W)});
    bench.step(20s, {bench.run(0, 1), bench.meter(1_kW)});
    REQUIRE(bench.ordered(Rung::sleep) == 0);
    bench.restart();
    bench.step(79s, {bench.run(0, 1), bench.meter(1_kW)});
    CHECK(bench.ordered(Rung::sleep) == 0);
    bench.step(80s, {});
    CHECK(bench.ordered(Rung::sleep) == 1);
    bench.step(81s, {bench.rest(0, 1), bench.meter(0_W)});
    bench.step(25h, {bench.meter(0_W)});
    CHECK(bench.engine().state().contests.empty());
    bench.step(25h + 1s, {bench.run(0, 1), bench.meter(1_kW)});
    CHECK(bench.ordered(Rung::sleep) == 1);
}

TEST_CASE("under an emergency a contested load is chased at the pace of every order, and its contactor may open") {
    Site site = miners(10);
    site.loads.push_back({"block", 0_W});
    site.groups.push_back({.name = "block", .driver = "contactor", .loads = {10, 11}, .tier = Tier::interruptible});
    site.groups[1].stale_after = Duration::max();
    site.groups[0].contactor = 10;
    Bench bench{site};
    const LoadReading closed{{10, 11}, Mode::running, Quality::measured, Power{}, {}}, all_run{{0, 10}, Mode::running, Quality::measured, 1_kW, {}}, all_rest{{0, 10}, Mode::asleep, Quality::measured, 0_W, {}};
    bench.step(0s, {closed, all_run, bench.meter(10_kW)});
    bench.step(1s, {emergency(1s, "e-1")});
    REQUIRE(bench.ordered(Rung::sleep) == 10);
    auto t = 10s;
    std::size_t sent_back = 0, opened = 0;
    for (; t < 900s; t += 10s) {  // Somebody wakes them all whenever they sleep.
        bench.step(t, {all_rest, closed, bench.meter(0_W)});
        bench.step(t + 5s, {all_run, closed, bench.meter(10_kW)});
        sent_back += bench.ordered(Rung::sleep) > 0;
        opened += bench.ordered(Rung::open);
        if (opened > 0) break;
    }
    CHECK(sent_back >= 1);
    for (; opened == 0 && t < 1800s; t += 10s) {  // And then for good.
        bench.step(t, {all_run, closed, bench.meter(10_kW)});
        opened += bench.ordered(Rung::open);
    }
    CHECK(opened == 1);
}
