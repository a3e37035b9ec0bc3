#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "tests/catch.hpp"

#include <cstdio>
#include <cstdlib>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Slot fleet = 10'000;
constexpr Power each{3'000}, rest{45};   // The nameplate says 15 W at rest.

Site site() {
    Site s;
    s.name = "fleet";
    s.sources = {{"operator", OnStale::hold, 0s}};
    s.policies = {"calls"};
    s.meters = {{"poi", 15s, 900s}};
    s.meter = MeterId{0};
    s.groups = {{.name = "miners", .driver = "luxos", .loads = {0, fleet}, .tier = Tier::interruptible, .standby = Power{15}, .off_within = 10s, .stale_after = Duration::max()}};
    for (Slot i = 0; i < fleet; ++i) s.loads.push_back({"m-" + std::to_string(i), each, 30'000, Price::max()});
    return s;
}

/// Ten thousand machines of which, each time, other three of a hundred do not hear a first order to sleep.
struct Bench {
    Now now{Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}}, Steady{1'000h}};
    Engine engine{site(), {policies::dispatch({.policy = PolicyId{0}, .sources = {SourceId{0}}, .margin_ppm = 0})}, {}, now};
    std::vector<bool> on = std::vector<bool>(fleet, true), heard = on;
    std::uint64_t seed = 7;
    Power drawn;

    bool deaf() { return (seed = seed * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL) >> 33 & 0x3ff ? (seed >> 33) % 100 < 3 : false; }

    void second(std::vector<Event> events = {}) {
        now.utc += 1s, now.steady += 1s;
        drawn = {};
        for (Slot s = 0; s < fleet;) {
            Slot end = s;
            while (end < fleet && on[end] == on[s]) ++end;
            events.push_back(LoadReading{{s, end}, on[s] ? Mode::running : Mode::asleep, Quality::measured, on[s] ? each : rest, now.steady});
            drawn += Power{(on[s] ? each : rest).count * (end - s)};
            s = end;
        }
        events.push_back(MeterReading{MeterId{0}, drawn, now.steady, Quality::measured});
        for (const Order& o : engine.step(now, events).orders)
            for (Slot s = o.loads.first; s < o.loads.last; ++s)
                if (raises(o.rung) || o.attempt > 1 || !deaf()) on[s] = raises(o.rung);
    }

    /// A call to draw at most 15 MW; what the meter shows just before its orders are due, and all is given back.
    Power call(int number) {
        const std::string id = "d-" + std::to_string(number);
        second({Signal{.source = SourceId{0}, .kind = SignalKind::dispatch, .id = id, .issued = now.utc, .start = now.utc, .ask = Ask::absolute, .power = 15_MW}});
        for (int i = 0; i < 8; ++i) second();
        const Power shown = drawn;
        for (int i = 0; i < 30; ++i) second();
        second({Signal{.source = SourceId{0}, .kind = SignalKind::release, .id = id, .issued = now.utc, .start = now.utc}});
        for (int i = 0; i < 30; ++i) second();
        return shown;
    }
    const MachineResponse& learned() const { return engine.state().groups[0].response; }
};

}  // namespace

TEST_CASE("where three of a hundred do not obey, the meter lands on target once that is learned") {
    Bench bench;
    const Power first = bench.call(1);
    for (int i = 2; i <= 4; ++i) bench.call(i);
    bench.engine.renew(bench.engine.snapshot(bench.now), bench.now);  // The residual counts from an epoch on.
    const Power later = bench.call(5);
    std::printf("at most 15 MW asked: %.3f MW without learning, %.3f MW with; %.2f %% fail, residual %lld W\n", static_cast<double>(first.count) / 1e6, static_cast<double>(later.count) / 1e6,
                static_cast<double>(bench.learned().failing_ppm()) / 1e4, static_cast<long long>(bench.learned().residual(each)->count));
    CHECK(first > 15_MW + 400_kW);                                  // Three of a hundred of what was ordered off, and a residual beyond the nameplate's.
    CHECK(std::abs((later - 15_MW).count) < (75_kW).count);       // Half a per cent of what was asked.
    CHECK(std::abs(bench.learned().failing_ppm() - 30'000) < 5'000);
    CHECK(bench.learned().residual(each) == rest);
    CHECK(*bench.learned().to_shed().within(95) <= 1'600ms);
    CHECK(bench.learned().back().count() > 0);
}

TEST_CASE("what was learned outlives a restart") {
    Bench bench;
    bench.call(1);
    const MachineResponse before = bench.learned();
    REQUIRE(before.judged() > MachineResponse::enough);
    Engine again{site(), {policies::dispatch({.policy = PolicyId{0}, .sources = {SourceId{0}}})}, bench.engine.snapshot(bench.now), bench.now};
    CHECK(again.state().groups[0].response == before);
}

TEST_CASE("what is learned stays within its bounds, whatever is told") {
    MachineResponse response;
    for (int i = 0; i < 1'000; ++i) response.rested(5min, 100'000, Power{INT64_MAX}), response.missed(), response.came_back(Duration::max(), 4'000'000'000u);
    CHECK_FALSE(response.residual(each));
    CHECK(response.judged() <= MachineResponse::full + 1);
    CHECK(response.to_shed().count() <= ResponseTimes::full);
    CHECK(response.back().within(50) > 50min);
    for (int i = 0; i < 30'000; ++i) response.missed();
    CHECK(response.failing_ppm() == MachineResponse::most_failing_ppm);
    MachineResponse young;
    young.missed();
    CHECK(young.failing_ppm() == 0);
    CHECK_FALSE(young.residual(each));
}
