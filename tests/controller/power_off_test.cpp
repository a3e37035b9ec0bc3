#include "policies/price_strike.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

/// Ten miners on outlets.
Site on_outlets() {
    Site site = miners(10);
    site.groups[0].can_power_off = true;
    return site;
}

/// And a contactor that carries them all.
Site behind_a_contactor(Site site) {
    site.loads.push_back({"block", Power{}});
    site.groups.push_back({.name = "block", .driver = "contactor", .loads = {10, 11}, .tier = Tier::interruptible});
    site.groups[1].stale_after = Duration::max();
    site.groups[0].contactor = 10;
    return site;
}

Receipt receipt(const Bench& bench, Slot load, Fate fate) {
    return {bench.engine().state().loads[load].order, {load, load + 1}, fate, {}};
}

/// All run, all are told to sleep for an emergency at 1 s, all but the first obey at once, and that acknowledges.
Bench one_defies(Site site) {
    Bench bench{std::move(site)};
    const bool block = bench.engine().site().loads.size() > 10;
    bench.step(0s, {bench.run(0, 10), bench.meter(Power{10'000})});
    if (block) bench.step(500ms, {LoadReading{{10, 11}, Mode::running, Quality::measured, Power{}, {}}});
    bench.step(1s, {emergency(1s, "e-1")});
    REQUIRE(bench.ordered(Rung::sleep) == 10);
    bench.step(2s, {receipt(bench, 0, Fate::accepted), bench.run(0, 1), bench.rest(1, 10), bench.meter(Power{1'000})});
    return bench;
}

LoadReading off(Slot load) { return {{load, load + 1}, Mode::off, Quality::measured, Power{}, {}}; }

}  // namespace

TEST_CASE("a load that acknowledges its sleep and runs on is powered off by its second order and that is the end of it") {
    Bench bench = one_defies(on_outlets());
    bench.step(5s, {bench.run(0, 1), bench.meter(Power{1'000})});
    CHECK(bench.decision().orders.empty());
    bench.step(11s, {bench.run(0, 1), bench.meter(Power{1'000})});
    REQUIRE(bench.decision().orders.size() == 1);
    const Order cut = bench.decision().orders[0];
    CHECK(cut.rung == Rung::power_off);
    CHECK(cut.loads == Range{0, 1});
    CHECK(cut.attempt == 2);
    CHECK(cut.why.cause == Cause::emergency);
    CHECK(cut.why.reason == Reason::still_standing);
    REQUIRE(bench.decision().misses.size() == 1);
    CHECK(bench.decision().misses[0].cause == MissCause::not_obeyed);

    bench.step(12s, {Receipt{cut.id, cut.loads, Fate::accepted, {}}, off(0), bench.meter(Power{0})});
    CHECK(bench.engine().state().loads[0].seen);
    CHECK(bench.engine().state().loads[0].mode == Mode::off);
    CHECK(bench.engine().state().groups[0].planned == Power{0});
    for (auto t = 13s; t < 200s; t += 1s) {
        bench.step(t, {bench.meter(Power{0})});
        CHECK(bench.decision().orders.empty());
    }
    bench.restart();
    bench.step(201s, {released(201s, "e-1"), bench.meter(Power{0})});
    CHECK(bench.ordered(Rung::wake) == 10);  // As any others that rest.
    CHECK(bench.ordered(Rung::power_off) == 0);
}

TEST_CASE("a refusal and a silence are defiance and that nothing is known is not") {
    struct Told {
        std::optional<Fate> fate;
        bool runs;
        Rung expected;
    };
    const auto told = GENERATE(Told{Fate::refused, false, Rung::power_off}, Told{Fate::unreachable, false, Rung::power_off}, Told{{}, false, Rung::power_off},
                               Told{Fate::accepted, true, Rung::power_off}, Told{Fate::accepted, false, Rung::sleep});
    Bench bench{on_outlets()};
    bench.step(0s, {bench.run(0, 10), bench.meter(Power{10'000})});
    bench.step(1s, {emergency(1s, "e-1")});
    std::vector<Event> heard{bench.rest(1, 10), bench.meter(Power{1'000})};
    if (told.fate) heard.push_back(receipt(bench, 0, *told.fate));
    if (told.runs) heard.push_back(bench.run(0, 1));
    bench.step(2s, heard);
    bench.step(11s, {bench.meter(Power{1'000})});
    REQUIRE(bench.decision().orders.size() == 1);
    CHECK(bench.decision().orders[0].rung == told.expected);
}

TEST_CASE("what the meter does not show is repeated softly") {
    Bench bench = one_defies(on_outlets());
    SECTION("it shows that all is gone") { bench.step(11s, {bench.run(0, 1), bench.meter(Power{0})}); }
    SECTION("nobody knows") {
        Site site = on_outlets();
        site.meters[0].stale_after = 5s;
        bench = one_defies(std::move(site));
        bench.step(11s, {bench.run(0, 1)});
    }
    CHECK(bench.ordered(Rung::sleep) == 1);
    CHECK(bench.ordered(Rung::power_off) == 0);
}

TEST_CASE("a group without outlets is told to sleep again") {
    Bench bench = one_defies(miners(10));
    bench.step(11s, {bench.run(0, 1), bench.meter(Power{1'000})});
    CHECK(bench.ordered(Rung::sleep) == 1);
    CHECK(bench.ordered(Rung::power_off) == 0);
}

TEST_CASE("an outlet is turned off as far as its cause allows and never for a price") {
    const auto ordered = [](Policy policy, std::vector<Event> asks, Power shown) {
        Bench bench{on_outlets(), {std::move(policy), usual_policies()[1], usual_policies()[2]}};
        bench.step(0s, {bench.run(0, 10), bench.meter(Power{10'000})});
        bench.step(1s, std::move(asks));
        REQUIRE(bench.ordered(Rung::sleep) > 0);
        std::size_t cut = 0;
        for (auto t = 2s; t < 600s; t += 1s) {
            bench.step(t, {bench.run(0, 10), bench.meter(shown)});
            cut += bench.ordered(Rung::power_off);
        }
        return cut;
    };
    const auto obeys = [](EscalateTo rung) { return policies::dispatch({.policy = PolicyId{0}, .sources = {utility}, .escalate_to = rung}); };
    CHECK(ordered(obeys(EscalateTo::power_off), {dispatch(1s, "d-1", Power{5'000})}, Power{10'000}) > 0);
    CHECK(ordered(obeys(EscalateTo::contactor), {dispatch(1s, "d-1", Power{5'000})}, Power{10'000}) > 0);
    CHECK(ordered(obeys(EscalateTo::repeat), {dispatch(1s, "d-1", Power{5'000})}, Power{10'000}) == 0);
    const Policy strike = policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}});
    CHECK(ordered(strike, {price(0s, Price{500'000'000})}, Power{10'000}) == 0);
    CHECK(ordered(strike, {price(0s, Price{500'000'000})}, Power{150'000}) == 0);  // Not even while the contract's limit is exceeded: they rest for money.
}

TEST_CASE("a firm load is neither put to sleep nor powered off") {
    Site site = miners(10);
    Site::Group hall = site.groups[0];
    hall.tier = Tier::firm;
    hall.name = "hall", hall.loads = {0, 4}, hall.can_power_off = true;
    site.groups[0].loads = {4, 10};
    site.groups[0].can_power_off = true;
    site.groups.insert(site.groups.begin(), hall);
    Bench bench{site};
    bench.step(0s, {bench.run(0, 4), bench.run(4, 10), bench.meter(Power{10'000})});
    bench.step(1s, {emergency(1s, "e-1")});
    for (auto t = 2s; t < 300s; t += 1s) {
        bench.step(t, {bench.run(0, 4), bench.run(4, 10), bench.meter(Power{10'000})});
        for (const Order& order : bench.decision().orders) CHECK(order.loads.first >= 4);
    }
}

TEST_CASE("a power off that fails is tried again and a contactor waits for the first one only") {
    const auto opens_at = [](bool outlets, std::optional<Fate> fate) {
        Site site = behind_a_contactor(on_outlets());
        site.groups[0].can_power_off = outlets;
        site.groups[0].off_within = 85s;  // So that the outlet's turn comes just before the contactor's.
        Bench bench = one_defies(std::move(site));
        Duration opened{0};
        for (Duration t = 3s; t < 600s && opened == Duration{0}; t += 1s) {
            std::vector<Event> heard{bench.run(0, 1), bench.meter(Power{1'000})};
            const auto& loads = bench.engine().state().loads;
            const bool cut = std::ranges::any_of(bench.decision().orders, [](const Order& o) { return o.rung == Rung::power_off; });
            if (cut && fate) heard.push_back(Receipt{loads[0].order, {0, 1}, *fate, {}});
            bench.step(t, heard);
            if (bench.ordered(Rung::open) > 0) opened = t;
        }
        return opened;
    };
    const Duration without = opens_at(false, {});
    CHECK(without > 86s);
    CHECK(opens_at(true, {}) > without + 30s);       // It had its time: as long as a contactor waits for anybody.
    CHECK(opens_at(true, {}) <= without + 85s + 1s);
    CHECK(opens_at(true, Fate::refused) <= without + 5s);
}

TEST_CASE("a switch in local forbids outlets too") {
    Site site = on_outlets();
    site.sources.push_back({"hand", OnStale::hold});
    site.sources.back().in_local = InLocal::shed_only;
    Bench bench{site};
    Signal local{.source = SourceId{3}, .kind = SignalKind::local, .id = "hand"};
    local.issued = local.start = midnight;
    local.ask = Ask::full;
    bench.step(0s, {bench.run(0, 10), bench.meter(Power{10'000}), local});
    bench.step(1s, {emergency(1s, "e-1")});
    std::size_t slept = 0, cut = 0;
    for (auto t = 2s; t < 100s; t += 1s) {
        bench.step(t, {bench.run(0, 10), bench.meter(Power{10'000})});
        slept += bench.ordered(Rung::sleep), cut += bench.ordered(Rung::power_off);
    }
    CHECK(slept > 0);
    CHECK(cut == 0);
}
