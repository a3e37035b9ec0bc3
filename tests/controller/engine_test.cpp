#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"
#include "tests/catch.hpp"
#include "tests/support/obedient_plant.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

Now at(Duration t) { return {midnight + t, Steady{t}}; }

/// A hall of 1 MW and two groups of ten miners of 100 kW, at 20 and 30 J/TH; strikes 80 and 50 per MWh.
Site small_site() {
    Site site;
    site.name = "small";
    site.meters = {{"poi", 5s, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"operator", OnStale::hold, 0ms, 5s}, {"market", OnStale::hold, 0ms, 5s}, {"utility", OnStale::hold, 0ms, 5s}};
    site.policies = {"strike", "obligations", "contract"};
    site.overhead = 100_kW;
    site.loads.push_back({"hall", 2_MW, 0, Price::max()});
    for (int i = 0; i < 10; ++i) site.loads.push_back({"old-" + std::to_string(i), 100_kW, 30'000, 50_per_MWh});
    for (int i = 0; i < 10; ++i) site.loads.push_back({"new-" + std::to_string(i), 100_kW, 20'000, 80_per_MWh});
    Site::Group hall{.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm};
    hall.reserve = 1_MW;
    hall.reserve_window = 30min;
    Site::Group old{.name = "old", .driver = "luxos", .loads = {1, 11}, .tier = Tier::interruptible};
    old.min_off = 10min;
    Site::Group young{.name = "new", .driver = "luxos", .loads = {11, 21}, .tier = Tier::interruptible};
    young.min_off = 10min;
    site.groups = {hall, old, young};
    return site;
}

std::vector<Policy> all_policies() {
    policies::PriceStrike strike{.policy = PolicyId{0}, .prices = SourceId{1}, .groups = {GroupId{1}, GroupId{2}}, .up_after = 2};
    policies::Dispatch obligations{.policy = PolicyId{1}, .sources = {SourceId{0}, SourceId{2}}};
    policies::SiteCap contract{.policy = PolicyId{2}, .act_above = 3500_kW, .aim = 3400_kW, .release = 3300_kW};
    return {policies::price_strike(strike), policies::dispatch(obligations), policies::site_cap(contract)};
}

Signal price(Duration start, Price p, Duration length = 5min) {
    Signal signal{.source = SourceId{1}, .kind = SignalKind::price};
    signal.issued = signal.start = midnight + start;
    signal.end = signal.start + length;
    signal.price = p;
    return signal;
}

Signal dispatch(std::string id, Duration issued, Power limit) {
    Signal signal{.source = SourceId{2}, .kind = SignalKind::dispatch, .id = std::move(id)};
    signal.issued = signal.start = midnight + issued;
    signal.ask = Ask::absolute;
    signal.power = limit;
    return signal;
}

/// An engine and a plant, stepped whenever either has something to say.
struct Bench {
    Bench() : plant{small_site()}, engine{small_site(), all_policies(), {}, at(0s)} { run({price(-5min, 10_per_MWh)}, 0s); }

    /// Delivers, then steps until nothing more is ordered at this instant.
    void run(std::vector<Event> heard, Duration t) {
        for (Event& e : plant.readings(at(t))) heard.push_back(std::move(e));
        for (;;) {
            const Decision& decision = engine.step(at(t), heard);
            wake = decision.wake;
            for (const Order& order : decision.orders) orders.push_back(order);
            shortfall = {};
            for (const Binding& b : decision.binding) shortfall = std::max(shortfall, b.shortfall);
            if (decision.orders.empty()) return;
            plant.obey(decision.orders, at(t));
            heard = plant.readings(at(t));
        }
    }

    Slot running(std::size_t group) const { return plant.running(GroupId{static_cast<std::uint16_t>(group)}); }

    tests::ObedientPlant plant;
    Engine engine;
    std::vector<Order> orders;
    Power shortfall;
    Steady wake = never;
};

}  // namespace

TEST_CASE("a price above a strike puts just those machines to sleep, and they come back after their minimum off and two calm intervals") {
    Bench bench;
    bench.run({price(0min, 60_per_MWh)}, 0min);
    CHECK(bench.running(1) == 0);
    CHECK(bench.running(2) == 10);
    bench.run({price(5min, 50_per_MWh)}, 5min);
    CHECK(bench.running(1) == 0);
    bench.run({price(10min, 40_per_MWh)}, 10min);
    CHECK(bench.running(1) == 10);
    CHECK(bench.plant.power() == 1_MW + 2_MW + 100_kW);
}

TEST_CASE("a dispatch takes the worst machines first, only as many as needed, and does not wait for dwell") {
    Bench bench;
    bench.run({dispatch("d-1", 1min, 2600_kW)}, 1min);
    CHECK(bench.running(1) == 4);   // 3.1 MW - 2.574 MW aim: six machines of 100 kW less 0 standby.
    CHECK(bench.running(2) == 10);
    CHECK(bench.shortfall == 0_W);

    Signal release = dispatch("d-1", 2min, 0_W);
    release.kind = SignalKind::release;
    bench.run({release}, 2min);
    CHECK(bench.running(1) == 4);   // Dwell holds them.
    bench.run({}, 12min);
    CHECK(bench.running(1) == 10);

    bench.run({dispatch("d-1", 1min, 2600_kW)}, 13min);  // Redelivered: stays dead.
    CHECK(bench.running(1) == 10);
}

TEST_CASE("what only firm load could give is a shortfall, and the firm load is left alone") {
    Bench bench;
    bench.run({dispatch("d-1", 1min, 500_kW)}, 1min);
    CHECK(bench.running(1) == 0);
    CHECK(bench.running(2) == 0);
    CHECK(bench.shortfall == 600_kW);
    for (const Order& order : bench.orders) CHECK(order.group != GroupId{0});
}

TEST_CASE("a hall that grows pushes miners out, and one that empties does not let them in") {
    Bench bench;
    bench.plant.firm(1600_kW);
    bench.run({}, 1min);
    CHECK(bench.plant.power() <= 3400_kW);
    const Slot left = bench.running(1);
    CHECK(left == 7);
    bench.plant.firm(0_kW);
    bench.run({}, 2min);
    bench.run({}, 20min);
    CHECK(bench.running(1) == left);  // The peak of the last half hour is reserved.
    bench.run({}, 32min);
    CHECK(bench.running(1) == 10);
}

TEST_CASE("a contract that sheds is told of though no price known would let anybody come back") {
    Bench bench;
    bench.run({}, 20min);  // The last price is over: what rests is held at rest.
    bench.plant.firm(1600_kW);
    std::vector<Event> heard = bench.plant.readings(at(21min));
    const Decision& decision = bench.engine.step(at(21min), heard);
    REQUIRE(!decision.orders.empty());
    CHECK(std::ranges::any_of(decision.binding, [](const Binding& b) { return b.why.reason == Reason::contract_limit; }));
}

TEST_CASE("a snapshot goes on where the engine left off") {
    Bench bench;
    bench.run({dispatch("d-1", 1min, 2600_kW), price(0min, 60_per_MWh)}, 1min);
    Engine again{small_site(), all_policies(), bench.engine.snapshot(at(2min)), at(2min)};
    CHECK(again.snapshot(at(2min)).bytes == bench.engine.snapshot(at(2min)).bytes);
    CHECK(again.step(at(2min), {}).orders.empty());
}

TEST_CASE("a machine that does not obey is named, ordered again and given up, and another makes room") {
    Bench bench;
    bench.plant.deaf = {Slot{1}};
    bench.run({dispatch("d-1", 1min, 3000_kW)}, 1min);
    CHECK(bench.running(1) == 9 - 0);
    unsigned misses = 0;
    bool given_up = false;
    for (Duration t = 1min; t < 3min; t += 1s) {
        std::vector<Event> heard = bench.plant.readings(at(t));
        const Decision& decision = bench.engine.step(at(t), heard);
        for (const Miss& miss : decision.misses) {
            CHECK(miss.load == 1);
            ++misses;
            given_up |= miss.given_up;
        }
        bench.plant.obey(decision.orders, at(t));
    }
    CHECK(misses == 3);
    CHECK(given_up);
    CHECK(bench.plant.power() <= 3000_kW);
}

TEST_CASE("a machine that was told to go and has not gone is not told to come back, however long ago that was, while the limit stands") {
    Bench bench;
    bench.engine.step(at(1min), std::vector<Event>{dispatch("d-1", 1min, 2600_kW)});
    for (Duration t = 2min; t < 30min; t += 1min) {  // Nobody obeys; what was told and not seen counts as drawn already.
        CAPTURE(t.count());
        const Decision& decision = bench.engine.step(at(t), bench.plant.readings(at(t)));
        for (const Order& order : decision.orders) CHECK_FALSE(raises(order.rung));
    }
}

TEST_CASE("a wake that the journal held back leaves a machine that still runs within reach of the next limit") {
    Bench bench;
    bench.engine.step(at(1min), std::vector<Event>{dispatch("d-1", 1min, 500_kW)});  // All are told to go; none has gone.
    Signal release = dispatch("d-1", 12min, 0_W);
    release.kind = SignalKind::release;
    std::vector<Event> heard = bench.plant.readings(at(12min));
    heard.emplace_back(release);
    std::vector<Event> withheld;
    for (const Order& order : bench.engine.step(at(12min), heard).orders)
        if (raises(order.rung)) withheld.emplace_back(Receipt{order.id, order.loads, Fate::withheld, at(12min).steady});
    REQUIRE_FALSE(withheld.empty());
    withheld.emplace_back(JournalHealth{false});
    bench.engine.step(at(12min), withheld);

    Slot told = 0;
    for (const Order& order : bench.engine.step(at(13min), std::vector<Event>{dispatch("d-2", 13min, 500_kW)}).orders)
        if (!raises(order.rung)) told += order.loads.size();
    CHECK(told == 20);
}
