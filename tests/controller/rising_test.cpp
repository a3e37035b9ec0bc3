// A machine on its way up draws less than it will: that is room for nobody.
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

#include <array>
#include <optional>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

/// All rest under a limit of nothing; then one of 6 kW takes its place, room for five.
Bench about_to_rise() {
    Site site = miners(10);
    site.groups[0].on_within = 300s;
    Bench bench{site};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(0s, "none", 0_W)});
    bench.step(10s, {bench.all(Mode::asleep, 0_W), bench.meter(0_W), dispatch(10s, "some", 6_kW)});
    bench.step(20s, {released(20s, "none"), bench.meter(0_W)});
    return bench;
}

}  // namespace

TEST_CASE("what a machine draws is believed from when it must be up, and while it rises only if it is more") {
    Bench bench = about_to_rise();
    REQUIRE(bench.ordered(Rung::wake) == 5);
    const Range woken = bench.decision().orders[0].loads;
    REQUIRE(woken.size() == 5);
    const auto each = [&](Power power) { return LoadReading{woken, Mode::running, Quality::measured, power, {}}; };
    for (const auto& [t, power] : {std::pair{80s, 400_W}, {200s, 700_W}, {310s, 600_W}}) {
        bench.step(t, {each(power), bench.meter(Power{power.count * 5})});
        CHECK(bench.decision().orders.empty());
    }
    bench.step(330s, {each(600_W), bench.meter(3_kW)});
    CHECK(bench.ordered(Rung::wake) == 2);  // 5 x 600 W and two of 1 kW.
}

TEST_CASE("under a standing limit nobody is woken into the room of those that rise, to be put back") {
    Bench bench = about_to_rise();
    std::array<std::optional<Duration>, 10> up;
    std::size_t wakes = 0, sleeps = 0;
    const auto obey = [&](Duration t) {
        for (const Order& order : bench.decision().orders)
            for (Slot s = order.loads.first; s < order.loads.last; ++s) {
                up[s] = raises(order.rung) ? std::optional{t} : std::nullopt;
                ++(raises(order.rung) ? wakes : sleeps);
            }
    };
    obey(20s);
    for (Duration t = 25s; t < 20min; t += 5s) {
        std::vector<Event> heard;
        Power sum;
        for (Slot s = 0; s < 10; ++s) {
            const Power draws = up[s] ? Power{std::min<std::int64_t>(1'000, (t - *up[s]).count() / 240)} : 0_W;  // In four minutes.
            heard.push_back(LoadReading{{s, s + 1}, up[s] && t - *up[s] >= 30s ? Mode::running : Mode::asleep, Quality::measured, draws, {}});
            sum += draws;
        }
        heard.push_back(bench.meter(sum));
        bench.step(t, heard);
        obey(t);
    }
    CHECK(wakes == 5);
    CHECK(sleeps == 0);
}
