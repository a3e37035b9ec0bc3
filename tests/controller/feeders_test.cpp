// Feeders under feeders, their limits and ramps, and cooling that moves with what it cools.
#include "controller/books.hpp"
#include "controller/engine.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
constexpr SourceId market{0};
using Heard = std::vector<Event>;

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

/// Two rows of ten machines of 100 kW behind two cables, which come from one transformer.
Site two_cables() {
    Site site;
    site.name = "pecos";
    site.sources = {{"market", OnStale::hold}};
    site.policies = {"strike", "limit:T1", "limit:c1"};
    site.meters = {{"t1", 10s}};
    site.feeders = {{"c1", {}, {}, FeederId{2}}, {"c2", {}, {}, FeederId{2}}, {"T1", MeterId{0}, {}}};
    for (std::uint16_t row = 0; row < 2; ++row) {
        const Slot first = row * 10u;
        for (Slot s = first; s < first + 10; ++s) site.loads.push_back({"m-" + std::to_string(s), 100_kW, 20'000 + 1'000 * row, 80_per_MWh});
        site.groups.push_back({.name = row == 0 ? "row-1" : "row-2", .driver = "luxos", .loads = {first, first + 10}, .tier = Tier::interruptible, .feeder = FeederId{row}});
        site.groups.back().stale_after = Duration::max();
        site.groups.back().off_within = 30s;
    }
    return site;
}

LoadReading machines(Slot first, Slot last, Mode mode, Duration t) { return {{first, last}, mode, Quality::measured, mode == Mode::running ? 100_kW : 0_W, at(t).steady}; }
MeterReading meter(Power power, Duration t) { return {MeterId{0}, power, at(t).steady, Quality::measured}; }
Signal price(Duration t, Price p) {
    Signal s{.source = market, .kind = SignalKind::price, .id = "p" + std::to_string(t.count())};
    s.issued = s.start = midnight + t;
    s.end = midnight + t + 24h;
    s.price = p;
    return s;
}

policies::SiteCap cap(PolicyId policy, FeederId feeder, Power limit) {
    policies::SiteCap c{.policy = policy, .scope = Scope::feeder(feeder), .act_above = limit, .aim = limit - Power{limit.count / 100}, .release = limit - Power{limit.count / 50}};
    c.reason = Reason::feeder_limit;
    return c;
}

struct Bench {
    Engine engine;
    std::vector<Order> orders;
    std::vector<Binding> binding;

    explicit Bench(const Site& site, std::vector<policies::SiteCap> caps) : engine{site, all(caps), {}, at(0s)} {}
    static std::vector<Policy> all(const std::vector<policies::SiteCap>& caps) {
        std::vector<Policy> made{policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}, GroupId{1}}})};
        for (const auto& c : caps) made.push_back(policies::site_cap(c));
        return made;
    }
    void step(Duration t, const Heard& heard = {}) {
        const Decision& d = engine.step(at(t), heard);
        orders.assign(d.orders.begin(), d.orders.end());
        binding.assign(d.binding.begin(), d.binding.end());
    }
    Slot on(Slot first, Slot last) const {
        Slot n = 0;
        for (Slot s = first; s < last; ++s) n += engine.state().loads[s].on;
        return n;
    }
};

}  // namespace

TEST_CASE("a transformer's limit reaches the loads behind its cables, the worst first") {
    Bench bench{two_cables(), {cap(PolicyId{1}, FeederId{2}, 1'500_kW)}};
    bench.step(0s, {price(0s, 20_per_MWh), machines(0, 20, Mode::running, 0s), meter(2_MW, 0s)});
    CHECK(bench.on(0, 10) == 10);
    CHECK(bench.on(10, 20) == 4);  // 21 J/TH: to 1,485 kW.
    REQUIRE(!bench.orders.empty());
    CHECK(bench.orders.front().why.reason == Reason::feeder_limit);
    CHECK(bench.orders.front().why.cause == Cause::capacity);
}

TEST_CASE("all bounds up the tree hold") {
    Bench bench{two_cables(), {cap(PolicyId{1}, FeederId{2}, 1'500_kW), cap(PolicyId{2}, FeederId{0}, 600_kW)}};
    bench.step(0s, {price(0s, 20_per_MWh), machines(0, 20, Mode::running, 0s), meter(2_MW, 0s)});
    CHECK(bench.on(0, 10) == 5);
    CHECK(bench.on(0, 20) <= 14);
    bench.step(60s, {machines(0, 20, Mode::asleep, 0s)});
    bench.step(2h, {price(2h, 20_per_MWh), meter(0_W, 2h), machines(0, 20, Mode::asleep, 2h)});
    for (Duration t = 2h; t < 2h + 10min; t += 5s) bench.step(t, {meter(Power{100'000} , t)});
    CHECK(bench.on(0, 10) <= 5);
    CHECK(bench.on(0, 20) <= 14);
}

TEST_CASE("what a feeder may fall or rise in a minute for money holds beside the site's ramp") {
    Site site = two_cables();
    site.feeders[0].pace = {300_kW, 600_kW};
    Bench bench{site, {}};
    bench.step(0s, {price(0s, 20_per_MWh), machines(0, 20, Mode::running, 0s), meter(2_MW, 0s)});
    Slot most_down = 0;
    bench.step(60s, {price(60s, 500_per_MWh)});
    CHECK(bench.on(10, 20) == 0);  // The other cable has no ramp.
    most_down = 10 - bench.on(0, 10);
    CHECK(most_down >= 1);
    CHECK(most_down <= 2);
    for (Duration t = 60s; t <= 120s; t += 250ms) bench.step(t);
    CHECK(bench.on(0, 10) <= 4);
    CHECK(bench.on(0, 10) >= 3);
    for (Duration t = 120s; t <= 180s; t += 250ms) bench.step(t);
    CHECK(bench.on(0, 10) == 0);
    bench.step(181s, {machines(0, 20, Mode::asleep, 181s), price(181s, 20_per_MWh)});
    CHECK(bench.on(10, 20) == 10);
    for (Duration t = 181s; t <= 241s; t += 250ms) bench.step(t);
    CHECK(bench.on(0, 10) >= 3);
    CHECK(bench.on(0, 10) <= 4);
}

TEST_CASE("an obligation does not wait for a feeder's ramp") {
    Site site = two_cables();
    site.feeders[2].pace = {10_kW, 10_kW};
    Bench bench{site, {cap(PolicyId{1}, FeederId{2}, 500_kW)}};
    bench.step(0s, {price(0s, 20_per_MWh), machines(0, 20, Mode::running, 0s), meter(2_MW, 0s)});
    CHECK(bench.on(0, 20) == 4);
}

TEST_CASE("cooling is reserved with what is raised, and is gone once the meter shows it") {
    Balance sum;
    sum.cooling_ppm = 100'000;
    sum.planned = sum.possible = 1_MW;
    sum.residual = 50_kW;
    CHECK(sum.expected() == 1'150_kW);
    CHECK(sum.at_most() == 1'150_kW);
    CHECK(sum.rest() == 50_kW);
    sum.meter = 1'150_kW;
    sum.planned = 0_W;
    sum.lowering = 1_MW;
    CHECK(sum.expected() == 150_kW);  // 100 kW of fans still turn, as far as anybody saw.
    CHECK(sum.at_least(Floor::Of::all) == 50_kW);
    sum.lowering = 0_W;
    sum.meter = 50_kW;
    sum.possible = 0_W;
    sum.raising = 500_kW;
    CHECK(sum.at_most() == 600_kW);
}

TEST_CASE("the residual is learned beside the cooling") {
    Site site = two_cables();
    site.feeders[2].cooling_ppm = 100'000;
    site.residual_settles = 10s;
    Bench bench{site, {}};
    bench.step(0s, {price(0s, 20_per_MWh), machines(0, 20, Mode::running, 0s), meter(2'250_kW, 0s)});
    for (Duration t = 1s; t < 200s; t += 1s) bench.step(t, {meter(2'250_kW, t)});
    CHECK(std::abs(bench.engine.state().residual_mw[3] / 1'000'000 - 50) <= 1);
    bench.step(200s, {price(200s, 500_per_MWh)});
    for (Duration t = 201s; t < 400s; t += 1s) bench.step(t, {meter(50_kW, t), machines(0, 20, Mode::asleep, t)});
    CHECK(std::abs(bench.engine.state().residual_mw[3] / 1'000'000 - 50) <= 1);
}

TEST_CASE("a raise reserves the cooling that it will cause") {
    Site site = two_cables();
    site.feeders[2].cooling_ppm = 250'000;
    Bench bench{site, {cap(PolicyId{1}, FeederId{2}, 1_MW)}};
    bench.step(0s, {price(0s, 500_per_MWh), machines(0, 20, Mode::running, 0s), meter(2'500_kW, 0s)});
    bench.step(10s, {machines(0, 20, Mode::asleep, 10s), meter(0_W, 12s)});
    bench.step(20s, {price(20s, 20_per_MWh), meter(0_W, 20s)});
    CHECK(bench.on(0, 20) == 7);  // 7 x 125 kW under 990 kW; without cooling it would be nine.
}
