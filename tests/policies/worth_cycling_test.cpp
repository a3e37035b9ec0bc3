#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

#include <array>
#include <cmath>
#include <random>
#include <vector>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::policies;
using namespace std::chrono_literals;

namespace {

struct Stretch {
    Duration length;
    double per_mwh;
};

Price per_mwh(double price) { return Price{static_cast<std::int64_t>(std::llround(price * 1e6))}; }

PriceTimeline timeline(const std::vector<Stretch>& stretches, Instant issued = Instant{}) {
    PriceTimeline prices;
    Duration at{0};
    for (const Stretch& s : stretches) {
        prices.add({Instant{at}, Instant{at + s.length}, per_mwh(s.per_mwh), issued, Steady{at}, Steady{at + s.length}, never}, Steady{});
        at += s.length;
    }
    return prices;
}

bool near(Price a, double b) { return std::abs(per_megawatt_hour(a) - b) < 0.000'01; }

}  // namespace

TEST_CASE("a machine is worth stopping below the strike that the formula gives") {
    // Ramp 40 min: a third of an hour's hash is lost. 0.015 per kW is 15 per MW.
    const Cycle ramp{.cost = {40min, {}}}, worn{.cost = {40min, Price{15'000'000}}};
    struct Row {
        std::vector<Stretch> prices;
        Cycle cycle;
        Duration spike;
        double below;
    };
    for (const Row& row : {
             Row{{{1h, 90}}, ramp, 1s, 90 / (1 + 1 / 3.0)},            // 67.50
             Row{{{1h, 90}}, worn, 1s, (90 - 15) / (1 + 1 / 3.0)},     // 56.25
             Row{{{1h, 90}}, {.cost = {40min, {}}, .adder = 15_per_MWh}, 1s, (90 - 5) / (1 + 1 / 3.0)},
             Row{{{1h, 90}}, {.cost = {40min, {}}, .standby_ppm = 100'000}, 1s, 81 / (1 + 1 / 3.0)},
             Row{{{1h, 90}}, ramp, 3h, 270 / (3 + 1 / 3.0)},           // Expected to last: 81.
             Row{{{1h, 90}, {1h, 30}, {1h, 150}}, ramp, 1s, 67.5},     // Better to come back, or not to go, than to sleep through 30.
             Row{{{1h, 90}, {1h, 80}, {1h, 150}}, ramp, 1s, 85},       // Never better off running up to then: 170 / 2.
             Row{{{2min, 90}, {1h, 0}}, ramp, 1s, 90 * 2 / 22.0},      // Two minutes: 8.18.
             Row{{{2min, 5'000}, {1h, 0}}, ramp, 1s, 5'000 * 2 / 22.0},
             Row{{{2min, 90}, {1h, 10}}, ramp, 1s, (90 * 2 + 10 * 60) / 82.0},  // Who mines for less than 9.51 does not come back for 10.
             Row{{{2min, 90}, {1h, 0}}, {.cost = {40min, {}}, .min_off = 32min}, 1s, 90 * 2 / 52.0},  // It cannot be back earlier.
             Row{{{1h, -20}}, ramp, 1s, -20},
             Row{{{15min, 90}}, {.cost = {40min, {}}, .min_off = 32min}, 1s, 90 * 15 / 52.0},  // Nothing is known to be saved in the rest of its min_off.
             Row{{{15min, -20}}, {.cost = {40min, {}}, .min_off = 32min}, 1s, -20},            // What is lost goes on.
         }) {
        CAPTURE(row.prices.size(), row.below, row.prices.front().per_mwh);
        const WorthCycling worth = worth_cycling(timeline(row.prices), Steady{}, row.cycle, row.spike, 0s);
        CAPTURE(per_megawatt_hour(worth.stop_below));
        CHECK(near(worth.stop_below, row.below));
    }
}

TEST_CASE("a machine is worth starting from the strike that the mirrored formula gives") {
    const Cycle ramp{.cost = {40min, {}}}, worn{.cost = {40min, Price{15'000'000}}};
    struct Row {
        std::vector<Stretch> prices;
        Cycle cycle;
        Duration calm;
        double from;
    };
    for (const Row& row : {
             Row{{{1h, 40}}, ramp, 0s, 40},                                      // For ever: any cycle is paid for.
             Row{{{1h, 40}}, ramp, 1s, 40 / (1 - 1 / 3.0)},                      // 60.00
             Row{{{1h, 40}}, worn, 1s, (40 + 15) / (1 - 1 / 3.0)},
             Row{{{1h, 40}}, ramp, 3h, 120 / (3 - 1 / 3.0)},
             Row{{{1h, 40}, {1h, 200}, {1h, 30}}, ramp, 0s, 60},                 // The dip must pay for itself.
             Row{{{20min, 40}, {1h, 200}, {1h, 30}}, ramp, 0s, (40 + 600) / 4.0},  // Too short a dip: only a machine that would run through the spike.
             Row{{{1h, 40}, {1h, 50}}, ramp, 0s, 50},
             Row{{{10min, 40}}, {.cost = {40min, {}}, .min_on = 1h}, 1s, 60},    // It pays the last price until it may stop.
         }) {
        CAPTURE(row.prices.size(), row.from, row.calm.count());
        const WorthCycling worth = worth_cycling(timeline(row.prices), Steady{}, row.cycle, 1s, row.calm);
        CAPTURE(per_megawatt_hour(worth.start_at));
        CHECK(near(worth.start_at, row.from));
    }
}

TEST_CASE("who must rest, or run, for longer than prices are expected to last still stops for a high price and starts at a low one") {
    const Price strike = 80_per_MWh;
    const Cycle cycle{.cost = {5min, Price{20'000'000}}, .min_off = 30min, .min_on = 30min};
    const auto at = [&](double price) { return worth_cycling(timeline({{5min, price}}), Steady{}, cycle, 15min, 15min); };
    CHECK(strike < at(5'000).stop_below);
    CHECK(strike >= at(90).stop_below);
    CHECK(strike >= at(0).start_at);
    CHECK(strike < at(79).start_at);
}

TEST_CASE("the test says the same all through an interval, and again from its end until the next price") {
    const PriceTimeline prices = timeline({{1h, 90}});
    const Cycle cycle{.cost = {40min, {}}};
    const Price first = worth_cycling(prices, Steady{}, cycle, 2h, 0s).stop_below;
    CHECK(worth_cycling(prices, Steady{59min}, cycle, 2h, 0s).stop_below == first);
    const Price after = worth_cycling(prices, Steady{1h}, cycle, 2h, 0s).stop_below;
    CHECK(worth_cycling(prices, Steady{5h}, cycle, 2h, 0s).stop_below == after);
}

namespace {

Limits asked_of(PriceTimeline prices, PriceStrike settings) {
    Site site;
    site.sources = {{"market"}};
    State state;
    state.site = &site;
    state.sources.resize(1);
    state.sources[0].ever = true;
    state.prices = {std::move(prices)};
    settings.groups = {GroupId{0}};
    Limits limits;
    price_strike(std::move(settings))(state, {Instant{}, Steady{}}, limits);
    return limits;
}

}  // namespace

TEST_CASE("a group that says what its cycles cost is asked for less, one that does not is asked as before") {
    const Cycle cycle{.cost = {40min, {}}};
    const auto prices = [] { return timeline({{2min, 90}, {1h, 10}}); };
    CHECK(asked_of(prices(), {}).cutoffs[0].stop_below == 90_per_MWh);
    CHECK(asked_of(prices(), {.cycles = {std::nullopt}}).cutoffs[0].stop_below == 90_per_MWh);
    const Limits tested = asked_of(prices(), {.cycles = {cycle}, .expected_spike = 1s});
    CHECK(tested.cutoffs[0].stop_below < 10_per_MWh);
    CHECK(tested.cutoffs[0].start_at == 90_per_MWh);
    CHECK(tested.changes_at == Steady{2min});
}

TEST_CASE("a market that tells its prices afterwards is weighed only if a spike's length is expected") {
    const Cycle cycle{.cost = {40min, {}}};
    const auto told_afterwards = [] { return timeline({{1h, 90}}, Instant{1h}); };
    CHECK(asked_of(told_afterwards(), {.cycles = {cycle}}).cutoffs[0].stop_below == 90_per_MWh);
    CHECK(asked_of(told_afterwards(), {.cycles = {cycle}, .expected_spike = 1h}).cutoffs[0].stop_below < 70_per_MWh);
    CHECK(near(asked_of(timeline({{1h, 90}}), {.cycles = {cycle}}).cutoffs[0].stop_below, 180 / (2 + 1 / 3.0)));
}

TEST_CASE("no machine stops for a spike that is not worth its cycle, and each stops for one that is") {
    std::mt19937_64 random{7};
    const auto between = [&](std::int64_t least, std::int64_t most) { return least + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most - least + 1)); };
    for (int i = 0; i < 20'000; ++i) {
        const double price = static_cast<double>(between(1, 5'000)), strike = static_cast<double>(between(0, 200));
        const Duration length = 1s * between(10, 7'200), ramp = 1s * between(0, 1'200);
        const Price wear{between(0, 100'000'000)};
        CAPTURE(price, strike, length.count(), ramp.count(), wear.count);
        const WorthCycling worth = worth_cycling(timeline({{length, price}, {24h, -500}}), Steady{}, {.cost = {ramp, wear}}, 1s, 0s);
        const auto hours = [](Duration d) { return static_cast<double>(d.count()) / 3.6e6; };
        const double saved = (price - strike) * hours(length), lost = hours(ramp) / 2 * strike + static_cast<double>(wear.count) / 1e6;
        if (std::abs(saved - lost) < 1e-4) continue;
        CHECK((per_mwh(strike) < worth.stop_below) == (saved > lost));
    }
}

namespace {

/// The best that can be done from now on over known prices, by trying everything: machines change at the beginnings of
/// stretches; a cycle costs `cost`, paid by the first change.
double best(const std::vector<Stretch>& prices, double strike, double cost, bool on, bool pays_when_stopping) {
    std::array<double, 2> value{};
    for (std::size_t i = prices.size(); i-- > 0;) {
        const double earned = (strike - prices[i].per_mwh) * static_cast<double>(prices[i].length.count()) / 3.6e6;
        const double running = earned + value[1], resting = value[0];
        const double stop = pays_when_stopping ? cost : 0, start = pays_when_stopping ? 0 : cost;
        if (i == 0) return on ? running : resting;
        value = {std::max(resting, running - start), std::max(running, resting - stop)};
    }
    return 0;
}

}  // namespace

TEST_CASE("with all prices known ahead nothing that could be tried is better") {
    std::mt19937_64 random{11};
    for (int i = 0; i < 20'000; ++i) {
        std::vector<Stretch> prices;
        for (std::size_t n = 1 + random() % 6; n > 0; --n) prices.push_back({5min * static_cast<int>(1 + random() % 12), static_cast<double>(random() % 200)});
        const double strike = static_cast<double>(20 + random() % 120) + 0.5;
        const Duration ramp = 1min * static_cast<int>(random() % 20);
        const Price wear{static_cast<std::int64_t>(random() % 20'000'000)};
        const double cost = static_cast<double>(ramp.count()) / 7.2e6 * strike + static_cast<double>(wear.count) / 1e6;
        CAPTURE(i, prices.size(), strike, ramp.count(), wear.count);
        const WorthCycling worth = worth_cycling(timeline(prices), Steady{}, {.cost = {ramp, wear}}, 1s, 1s);
        const double stays = best(prices, strike, cost, true, true), stops = best(prices, strike, cost, false, true) - cost;
        if (per_mwh(strike) < worth.stop_below) CHECK(stops > stays - 1e-4);
        else CHECK(stays > stops - 1e-4);
        const double rests = best(prices, strike, cost, false, false), starts = best(prices, strike, cost, true, false) - cost;
        if (per_mwh(strike) >= worth.start_at) CHECK(starts > rests - 1e-4);
        else CHECK(rests > starts - 1e-4);
    }
}
