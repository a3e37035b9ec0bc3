#include "controller/engine.hpp"
#include "controller/snapshot.hpp"
#include "policies/dispatch.hpp"
#include "policies/minimum_draw.hpp"
#include "policies/price_strike.hpp"
#include "policies/programme.hpp"
#include "tests/catch.hpp"
#include "tests/support/obedient_plant.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr SourceId market{0}, utility{1};

Now at(Duration t) { return {midnight + t, Steady{t}}; }

/// A hall of 500 kW, ten old and ten new miners of 100 kW, 100 kW of house load. Strikes 50 and 80 per MWh.
Site small_site() {
    Site site;
    site.meters = {{"poi", 5s, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::hold}, {"utility", OnStale::hold}};
    site.policies = {"strike", "floor", "calls"};
    site.overhead = 100_kW;
    site.loads.push_back({"hall", 500_kW, 0, Price::max()});
    for (int i = 0; i < 10; ++i) site.loads.push_back({"old-" + std::to_string(i), 100_kW, 30'000, 50_per_MWh});
    for (int i = 0; i < 10; ++i) site.loads.push_back({"new-" + std::to_string(i), 100_kW, 20'000, 80_per_MWh});
    Site::Group hall{.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm};
    hall.reserve = 500_kW;
    site.groups = {hall, {.name = "old", .driver = "luxos", .loads = {1, 11}, .tier = Tier::interruptible},
                   {.name = "new", .driver = "luxos", .loads = {11, 21}, .tier = Tier::interruptible}};
    return site;
}

Signal signal(SignalKind kind, Duration t, std::string id, Power power = {}) {
    Signal s{.source = kind == SignalKind::price ? market : utility, .kind = kind, .id = std::move(id)};
    s.issued = s.start = midnight + t;
    s.power = power;
    return s;
}

Signal price(Duration t, Price p) {
    Signal s = signal(SignalKind::price, t, "");
    s.end = s.start + 5min;
    s.price = p;
    return s;
}

struct Bench {
    explicit Bench(Policy floor, Site site = small_site())
        : plant{site}, engine{site, {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{1}, GroupId{2}}}), std::move(floor),
                                     policies::dispatch({.policy = PolicyId{2}, .sources = {utility}})}, {}, at(0s)} {
        run({price(0s, 10_per_MWh)}, 0s);
    }

    void run(std::vector<Event> heard, Duration t) {
        for (Event& e : plant.readings(at(t))) heard.push_back(std::move(e));
        for (;;) {
            const Decision& decision = engine.step(at(t), heard);
            for (const Note& note : decision.notes) notes.push_back(note.kind);
            binding.assign(decision.binding.begin(), decision.binding.end());
            if (decision.orders.empty()) return;
            plant.obey(decision.orders, at(t));
            heard = plant.readings(at(t));
        }
    }
    Slot running(std::size_t group) const { return plant.running(GroupId{static_cast<std::uint16_t>(group)}); }
    const Binding* floor() const {
        const auto found = std::ranges::find_if(binding, [](const Binding& b) { return is_floor(b.why.reason); });
        return found == binding.end() ? nullptr : &*found;
    }
    bool noted(NoteKind kind) const { return std::ranges::find(notes, kind) != notes.end(); }

    tests::ObedientPlant plant;
    Engine engine;
    std::vector<Binding> binding;
    std::vector<NoteKind> notes;
};

Policy at_least(Power power, Scope scope = Scope::site()) {
    policies::MinimumDraw settings;
    settings.policy = PolicyId{1};
    settings.scope = scope;
    settings.at_least = power;
    settings.keep = power + 50_kW;
    return policies::minimum_draw(settings);
}

}  // namespace

TEST_CASE("a price stops only what a minimum draw can do without, the worst first") {
    Bench bench{at_least(1'300_kW)};
    bench.run({price(300s, 200_per_MWh)}, 300s);
    CHECK(bench.running(1) == 0);
    CHECK(bench.running(2) == 8);  // 500 + 100 + 800 kW; one less would be below what it keeps.
    REQUIRE(bench.floor());
    CHECK(bench.floor()->limit == 1'300_kW);
    CHECK(bench.floor()->shortfall == 0_W);
    bench.run({}, 400s);
    CHECK(bench.running(2) == 8);  // And so it stays.
    CHECK(bench.floor()->proven);
}

TEST_CASE("what a minimum draw lacks starts again, the best first, whatever the price") {
    Bench bench{at_least(1'300_kW)};
    bench.run({price(300s, 200_per_MWh)}, 300s);
    bench.plant.firm(200_kW);  // The hall empties.
    bench.run({}, 310s);
    CHECK(bench.running(2) == 10);
    CHECK(bench.running(1) == 1);
    bench.plant.firm(500_kW);
    bench.run({}, 320s);
    CHECK(bench.running(1) == 0);
    CHECK(bench.running(2) == 8);
}

TEST_CASE("a call outweighs a minimum draw, and the minimum is told as missed") {
    Bench bench{at_least(1'300_kW)};
    Signal call = signal(SignalKind::dispatch, 300s, "d-1", 700_kW);
    call.ask = Ask::absolute;
    bench.run({call}, 300s);
    CHECK(bench.running(1) + bench.running(2) == 0);
    REQUIRE(bench.floor());
    CHECK(bench.floor()->shortfall == 700_kW);
    bench.run({signal(SignalKind::release, 400s, "d-1")}, 400s);
    CHECK(bench.running(1) + bench.running(2) == 20);
}

TEST_CASE("without a fresh meter a floor lets nothing go for money, and starts nothing") {
    Bench bench{at_least(1'300_kW)};
    bench.engine.step(at(300s), std::vector<Event>{price(300s, 200_per_MWh)});  // The meter has been silent for minutes.
    CHECK(bench.plant.running(GroupId{1}) == 10);
    const Decision& decision = bench.engine.step(at(301s), {});
    CHECK(decision.orders.empty());
}

TEST_CASE("while the meter is silent a minimum draw goes by the books, and a price still stops what is above it") {
    Bench bench{at_least(1'300_kW)};
    std::vector<Event> heard{price(300s, 200_per_MWh)};
    for (Event& e : bench.plant.readings(at(300s)))
        if (!std::holds_alternative<MeterReading>(e)) heard.push_back(std::move(e));
    bench.plant.obey(bench.engine.step(at(300s), heard).orders, at(300s));
    CHECK(bench.running(1) == 0);
    CHECK(bench.running(2) == 8);
}

TEST_CASE("heat that was sold keeps the machines of its group") {
    Bench bench{at_least(400_kW, Scope::group(GroupId{1}))};
    bench.run({price(300s, 200_per_MWh)}, 300s);
    CHECK(bench.running(1) == 5);
    CHECK(bench.running(2) == 0);
}

namespace {

policies::Programme lssi() {
    policies::Programme terms{.policy = PolicyId{1}, .sources = {SourceId{2}}};
    terms.armed.when = policies::Armed::When::signalled;
    terms.armed_floor = policies::Amount{policies::Amount::Of::offered, {}, 950'000};
    terms.ceiling = policies::Amount{policies::Amount::Of::below_reference, {}, 1'000'000};
    return terms;
}

Site with_operator() {
    Site site = small_site();
    site.sources.push_back({"system operator", OnStale::hold});
    site.sources[2].reference_window = 30s;
    site.sources[2].terms.until_release = true;
    return site;
}

Signal from_operator(SignalKind kind, Duration t, std::string id, Power power = {}) {
    Signal s = signal(kind, t, std::move(id), power);
    s.source = SourceId{2};
    return s;
}

}  // namespace

TEST_CASE("an armed programme counts only what could be shed, gives it when called, and has it back only on release") {
    Bench bench{policies::programme(lssi()), with_operator()};
    bench.run({from_operator(SignalKind::arm, 100s, "trip-1", 800_kW)}, 100s);
    bench.run({price(300s, 200_per_MWh)}, 300s);
    CHECK(bench.running(2) == 8);  // 760 kW at least, 800 kW where it can; the hall's draw is no help.
    Signal trip = from_operator(SignalKind::dispatch, 400s, "trip-1");
    trip.end = trip.start + 1min;
    bench.run({trip}, 400s);
    CHECK(bench.running(1) + bench.running(2) == 0);
    bench.run({price(600s, 10_per_MWh)}, 600s);
    CHECK(bench.running(1) + bench.running(2) == 0);  // 800 kW below what ran then, though the call named an end.
    bench.run({from_operator(SignalKind::release, 700s, "trip-1")}, 700s);
    CHECK(bench.running(1) + bench.running(2) == 20);
    REQUIRE(bench.engine.state().obligations.size() == 1);  // The award of that name goes on,
    bench.run({from_operator(SignalKind::release, 705s, "trip-1")}, 705s);
    CHECK(bench.engine.state().obligations.size() == 1);    // also when the release comes again.
    REQUIRE(bench.engine.state().calls.size() == 1);
    CHECK(bench.engine.state().calls[0].ended - bench.engine.state().calls[0].began == Duration{300s});
}

TEST_CASE("what an award will want is up when it begins") {
    Site site = with_operator();
    for (const std::size_t g : {1u, 2u}) site.groups[g].min_off = 600s, site.groups[g].on_within = 300s;
    Bench bench{policies::programme(lssi()), site};
    Signal award = from_operator(SignalKind::arm, 100s, "hour-1", 800_kW);
    award.start = midnight + 1h;
    bench.run({award}, 100s);
    SECTION("who runs is kept up although the price would stop all") {
        bench.run({price(55min, 200_per_MWh)}, 55min);
        CHECK(bench.running(1) + bench.running(2) == 8);
    }
    SECTION("who rests is woken in time") {
        bench.run({price(300s, 200_per_MWh)}, 300s);
        bench.run({}, 44min);
        CHECK(bench.running(1) + bench.running(2) == 0);
        bench.run({}, 45min);
        CHECK(bench.running(1) == 0);
        CHECK(bench.running(2) == 8);
    }
}

TEST_CASE("a programme that could not keep its promise is told of before it is called") {
    Bench bench{policies::programme(lssi()), with_operator()};
    bench.run({price(300s, 60_per_MWh)}, 300s);
    bench.run({OperatorWord{Word::lockout, "old", "jo", "fans", {}}}, 310s);
    CHECK(!bench.noted(NoteKind::promise_short));
    bench.run({from_operator(SignalKind::arm, 320s, "hour-1", 1'500_kW)}, 320s);
    REQUIRE(bench.floor());
    CHECK(bench.floor()->shortfall == 425_kW);
    CHECK(bench.running(1) == 0);
    bench.run({}, 610s);
    CHECK(!bench.noted(NoteKind::promise_short));  // Those on their way back are given five minutes.
    bench.run({}, 620s);
    CHECK(bench.noted(NoteKind::promise_short));
    CHECK(!bench.noted(NoteKind::promise_kept));
    bench.run({OperatorWord{Word::clear, "old", "jo", "done", {}}}, 700s);
    CHECK(bench.noted(NoteKind::promise_kept));
    CHECK(bench.running(1) == 5);
}

TEST_CASE("an award reaches its programme's calls by another signal, and those that came before it and have not begun") {
    Site site = with_operator();
    site.sources.push_back({"contact", OnStale::hold});
    policies::Programme both = lssi();
    both.sources.push_back(SourceId{3});
    for (const SourceId source : both.sources) site.sources[index(source)].programme = both.policy;
    const auto arm = from_operator(SignalKind::arm, 100s, "hour-1", 800_kW);
    Signal contact = from_operator(SignalKind::dispatch, 110s, "contact");
    contact.source = SourceId{3};
    for (const bool award_first : {true, false}) {
        CAPTURE(award_first);
        Bench bench{policies::programme(both), site};
        contact.start = midnight + (award_first ? 110s : 200s);
        if (award_first) bench.run({arm}, 100s);
        bench.run({contact}, 110s);
        if (!award_first) bench.run({arm}, 150s);
        bench.run({}, 210s);
        const auto& obligations = bench.engine.state().obligations;
        REQUIRE(obligations.size() == 2);
        CHECK(obligations[award_first ? 1 : 0].armed == 800_kW);
        CHECK(bench.running(1) + bench.running(2) == 11);  // 800 kW of 2 MW, and what the margin adds.
    }
}

TEST_CASE("an armed floor counts on no machine that is silent or in fault") {
    Bench bench{policies::programme(lssi()), with_operator()};
    bench.run({from_operator(SignalKind::arm, 100s, "hour-1", 2'000_kW)}, 100s);
    CHECK(bench.running(1) + bench.running(2) == 20);
    CHECK(!bench.floor());
    const Range miners = bench.engine.site().groups[1].loads;
    const std::vector<Event> broken{LoadReading{{miners.first, miners.first + 2}, Mode::fault, Quality::measured, 10_kW, Steady{110s}}};
    const auto binding = bench.engine.step(at(110s), broken).binding;
    bench.binding.assign(binding.begin(), binding.end());
    REQUIRE(bench.floor());
    CHECK(bench.floor()->shortfall == 80_kW);  // 95 % of 2 MW, of which 180 kW are a fault's.
}

TEST_CASE("two programmes cannot both give the same load: it is told before they call") {
    const auto programme = [](PolicyId policy, Power offered) {
        policies::Programme terms = lssi();
        terms.policy = policy;
        terms.armed.when = policies::Armed::When::always;
        terms.armed_floor = {};
        terms.offered = offered;
        return policies::programme(terms);
    };
    for (const bool too_much : {false, true}) {
        const Policy one = programme(PolicyId{1}, 1'000_kW), other = programme(PolicyId{2}, too_much ? 1'100_kW : 1'000_kW);
        Bench bench{[=](const State& state, Now now, Limits& limits) { one(state, now, limits), other(state, now, limits); }, with_operator()};
        bench.run({}, 10s);
        bench.run({}, 320s);
        CHECK(bench.noted(NoteKind::promise_short) == too_much);
    }
}

TEST_CASE("quotas outlive the process") {
    Bench bench{policies::programme(lssi()), with_operator()};
    bench.run({from_operator(SignalKind::dispatch, 100s, "trip-1")}, 100s);
    bench.run({from_operator(SignalKind::release, 400s, "trip-1")}, 400s);
    const Snapshot saved = bench.engine.snapshot(at(500s));
    const Engine again{with_operator(), {}, saved, Now{midnight + 600s, Steady{5s}}};
    REQUIRE(again.state().calls.size() == 1);
    CHECK(again.state().calls[0].source == SourceId{2});
    CHECK(again.state().calls[0].began == midnight + 100s);
    CHECK(again.state().calls[0].ended == midnight + 400s);
}
