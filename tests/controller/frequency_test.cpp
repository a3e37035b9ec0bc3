// Under-frequency: what a guard may open by itself, what becomes of it, and when it comes back.
#include "controller/engine.hpp"
#include "policies/price_strike.hpp"
#include "policies/under_frequency.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
constexpr SourceId market{0}, meter{1};
constexpr Slot a = 6, b = 7;  ///< The contactors of two blocks of two miners; two miners more are on neither.
using Heard = std::vector<Event>;
using Slots = std::vector<Slot>;

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

Site two_blocks() {
    Site site;
    site.sources = {{"market", OnStale::hold}, {"uf meter", OnStale::hold, 3s}};
    site.policies = {"uf", "strike"};
    for (Slot s = 0; s < 6; ++s) site.loads.push_back({"m-" + std::to_string(s), 1_MW, 20'000, 80_per_MWh});
    site.loads.push_back({"block-a", 0_W});
    site.loads.push_back({"block-b", 0_W});
    const auto miners = [&](const char* name, Slot first, std::optional<Slot> contactor) {
        site.groups.push_back({.name = name, .driver = "luxos", .loads = {first, first + 2}, .tier = Tier::interruptible, .contactor = contactor});
        site.groups.back().stale_after = Duration::max();
    };
    miners("miners-a", 0, a);
    miners("miners-b", 2, b);
    miners("miners-c", 4, std::nullopt);
    for (const Slot s : {a, b}) {
        site.groups.push_back({.name = site.loads[s].name, .driver = "contactor", .loads = {s, s + 1}, .tier = Tier::interruptible});
        site.groups.back().stale_after = Duration::max();
        site.groups.back().off_within = 2s;
        site.groups.back().on_within = 5s;
        site.groups.back().contactor_rest = 60s;
    }
    site.guards = {{PolicyId{0}, meter, {{Frequency{59'500}, {a}}, {Frequency{59'300}, {b}}}, Frequency{59'900}, 300s}};
    return site;
}

std::vector<Policy> both() {
    return {policies::under_frequency({PolicyId{0}, GuardId{0}, meter}),
            policies::price_strike({.policy = PolicyId{1}, .prices = market, .groups = {GroupId{0}, GroupId{1}, GroupId{2}}})};
}

FrequencyReading hz(Duration t, std::int64_t latest, std::int64_t lowest) { return {GuardId{0}, Frequency{lowest}, Frequency{latest}, at(t).steady}; }
FrequencyReading hz(Duration t, std::int64_t both) { return hz(t, both, both); }
Tripped trip(Duration t, std::uint8_t stage, Slots contactors) {
    return {GuardId{0}, OrderId{1}, stage, Frequency{59'400}, at(t).steady, at(t).steady, std::move(contactors)};
}
LoadReading one(Slot s, Mode mode, Duration t) { return {{s, s + 1}, mode, Quality::measured, mode == Mode::running && s < a ? 1_MW : 0_W, at(t).steady}; }
Signal price(Duration t, Price p) {
    Signal s{.source = market, .kind = SignalKind::price, .id = "p" + std::to_string(t.count())};
    s.issued = s.start = midnight + t;
    s.end = midnight + t + 24h;
    s.price = p;
    return s;
}

/// An engine whose loads all run and were heard to.
struct Bench {
    Engine engine;
    Duration t{0};
    std::vector<TripTable> tables;
    std::vector<Order> orders;   ///< Of the last step.
    std::vector<Note> notes;

    explicit Bench(const Snapshot& start = {}, Duration begins = 0s) : engine{two_blocks(), both(), start, at(begins)}, t{begins} {
        if (!start.bytes.empty()) return;
        Heard heard{hz(0s, 60'000), price(0s, 20_per_MWh)};
        for (Slot s = 0; s < 8; ++s) heard.push_back(one(s, Mode::running, 0s));
        step(0s, heard);
    }
    void step(Duration when, const Heard& heard = {}) {
        t = when;
        const Decision& d = engine.step(at(when), heard);
        orders.assign(d.orders.begin(), d.orders.end());
        notes.assign(d.notes.begin(), d.notes.end());
        tables.insert(tables.end(), d.tables.begin(), d.tables.end());
    }
    std::size_t ordered(Rung rung, Slot slot) const {
        return static_cast<std::size_t>(std::ranges::count_if(orders, [&](const Order& o) { return o.rung == rung && o.loads.contains(slot); }));
    }
    bool said(NoteKind kind) const { return std::ranges::find(notes, kind, &Note::kind) != notes.end(); }
    /// A frequency a second from the next one to `until`; how often a contactor was told to close.
    std::size_t goes_on(Duration until, std::int64_t frequency, Slot slot) {
        std::size_t closed = 0;
        while (t < until) {
            step(t + 1s, {hz(t + 1s, frequency)});
            closed += ordered(Rung::close, slot);
        }
        return closed;
    }
    /// Block a tripped at 10 s and was seen to open.
    void trips() {
        step(10s, {trip(10s, 1, {a})});
        CHECK(ordered(Rung::open, a) == 1);
        step(10s + 200ms, {one(a, Mode::off, 10s + 150ms)});
    }
};

}  // namespace

TEST_CASE("a table is decided on once, and again only when another contactor may open") {
    Bench bench;
    REQUIRE(bench.tables.size() == 1);
    CHECK(bench.tables[0].guard == GuardId{0});
    CHECK(bench.tables[0].stages == std::vector<Slots>{{a}, {b}});
    bench.step(1s, {hz(1s, 59'980)});
    CHECK(bench.tables.size() == 1);

    SECTION("not what a person locked out") {
        bench.step(2s, {OperatorWord{Word::lockout, "block-a", "eva", "maintenance"}});
        REQUIRE(bench.tables.size() == 2);
        CHECK(bench.tables[1].stages == std::vector<Slots>{{}, {b}});
        CHECK(bench.tables[1].id > bench.tables[0].id);
        bench.step(3s, {OperatorWord{Word::clear, "block-a", "eva", "done"}});
        REQUIRE(bench.tables.size() == 3);
        CHECK(bench.tables[2].stages == bench.tables[0].stages);
    }
    SECTION("not what a relay opened, which is latched") {
        bench.step(2s, {one(b, Mode::off, 2s)});
        CHECK(bench.said(NoteKind::latched));
        REQUIRE(bench.tables.size() == 2);
        CHECK(bench.tables[1].stages == std::vector<Slots>{{a}, {}});
    }
    SECTION("what is held for money trips all the same") {
        bench.step(2s, {OperatorWord{Word::hold, "site", "eva", "test", 1h}});
        CHECK(bench.tables.size() == 1);
    }
    SECTION("an epoch goes on with the one it has") {
        bench.engine.renew(bench.engine.snapshot(at(2s)), at(2s));
        bench.step(2s);
        CHECK(bench.tables.size() == 1);
        CHECK(bench.engine.tables() == bench.tables);
    }
}

TEST_CASE("those whom a contactor that closes brings back, and whom the price passed over meanwhile, rest in the same step") {
    Bench bench;
    bench.trips();
    bench.step(20s, {price(20s, 100_per_MWh)});
    CHECK(bench.ordered(Rung::sleep, 4) == 1);
    CHECK(bench.ordered(Rung::sleep, 0) == 0);
    bool closed = false;
    while (!closed && bench.t < 1000s) closed = bench.goes_on(bench.t + 1s, 60'000, a) > 0;
    REQUIRE(closed);
    CHECK(bench.ordered(Rung::sleep, 0) == 1);
    CHECK(bench.ordered(Rung::sleep, 1) == 1);
}

TEST_CASE("what a trip opened is off by our order, and comes back when the frequency has been back for long enough") {
    Bench bench;
    bench.step(10s, {trip(10s, 1, {a})});
    REQUIRE(bench.orders.size() == 1);
    CHECK(bench.orders[0].rung == Rung::open);
    CHECK(bench.orders[0].loads == Range{a, a + 1});
    CHECK(bench.orders[0].why.cause == Cause::emergency);
    CHECK(bench.orders[0].why.reason == Reason::under_frequency);
    CHECK(bench.said(NoteKind::tripped));
    CHECK(bench.said(NoteKind::event_opened));
    CHECK(bench.tables.back().stages == std::vector<Slots>{{}, {b}});
    bench.step(10s + 200ms, {one(a, Mode::off, 10s + 150ms)});
    CHECK_FALSE(bench.said(NoteKind::latched));

    CHECK(bench.goes_on(100s, 59'800, a) == 0);   // Back above the stage is not back.
    CHECK(bench.goes_on(400s, 59'950, a) == 0);
    bench.step(401s, {hz(401s, 59'950, 59'890)});  // It dipped between two words of it.
    CHECK(bench.goes_on(700s, 59'950, a) == 0);
    CHECK_FALSE(bench.said(NoteKind::trip_over));
    bench.step(701s, {hz(701s, 59'950)});
    CHECK(bench.said(NoteKind::trip_over));
    CHECK(bench.ordered(Rung::close, a) == 1);
    CHECK(bench.tables.back().stages == std::vector<Slots>{{a}, {b}});
    CHECK(bench.said(NoteKind::event_closed));
}

TEST_CASE("a silent meter ends no trip, and its silence is told") {
    Bench bench;
    bench.trips();
    CHECK(bench.goes_on(20s, 59'950, a) == 0);
    bool told = false;
    for (Duration t = 21s; t < 2000s; t += 1s) {
        bench.step(t);
        told = told || bench.said(NoteKind::source_stale);
        CHECK(bench.ordered(Rung::close, a) == 0);
    }
    CHECK(told);
    CHECK(bench.goes_on(2299s, 60'000, a) == 0);  // Counted from when it was heard again.
    CHECK(bench.goes_on(2301s, 60'000, a) == 1);
}

TEST_CASE("nothing rises into what a trip gave, and a close on its way is called back") {
    Bench bench;
    bench.step(1s, {price(1s, 100_per_MWh)});
    REQUIRE(bench.ordered(Rung::sleep, 4) == 1);
    Heard asleep;
    for (Slot s = 0; s < 6; ++s) asleep.push_back(one(s, Mode::asleep, 2s));
    bench.step(2s, asleep);
    bench.trips();
    bench.step(11s, {price(11s, 20_per_MWh)});
    CHECK(bench.ordered(Rung::wake, 4) == 0);
    CHECK(bench.engine.available_up() == 0_W);
    bench.goes_on(400s, 60'000, a);
    CHECK(bench.ordered(Rung::wake, 4) == 0);  // It was the step before that woke it.
    CHECK(bench.engine.state().loads[4].on);

    CHECK(bench.engine.state().loads[a].on);  // Told to close, and not seen to.
    CHECK_FALSE(bench.engine.state().loads[a].seen);
    CHECK(bench.tables.back().stages == std::vector<Slots>{{a}, {b}});
    bench.step(401s, {trip(401s, 2, {b})});   // By a table from before that close.
    CHECK(bench.ordered(Rung::open, a) == 1);
    CHECK(bench.ordered(Rung::open, b) == 1);
}

TEST_CASE("a deeper stage adds its contactors, and one that does not open is told again") {
    Bench bench;
    bench.trips();
    bench.step(11s, {trip(11s, 2, {b})});
    CHECK(bench.ordered(Rung::open, b) == 1);
    CHECK(bench.ordered(Rung::open, a) == 0);
    CHECK(bench.tables.back().stages == std::vector<Slots>{{}, {}});
    std::size_t again = 0;
    for (Duration t = 12s; t < 15s; t += 1s) {
        bench.step(t, {hz(t, 59'200)});
        again += bench.ordered(Rung::open, b);
    }
    CHECK(again == 1);
}

TEST_CASE("feedback that was heard before the trip was told is no opening that nobody ordered") {
    Bench bench;
    bench.step(10s + 5ms, {one(a, Mode::off, 10s + 5ms)});
    REQUIRE(bench.said(NoteKind::latched));
    bench.step(10s + 6ms, {trip(10s, 1, {a})});
    CHECK(bench.ordered(Rung::open, a) == 1);
    bench.step(11s, {one(a, Mode::off, 11s)});
    bench.goes_on(320s, 60'000, a);
    CHECK(bench.engine.state().loads[a].on);

    Bench relay;  // It opened before we did.
    relay.step(9s, {one(a, Mode::off, 9s)});
    relay.step(10s, {trip(10s, 1, {})});
    CHECK(relay.ordered(Rung::open, a) == 0);
    CHECK(relay.goes_on(400s, 60'000, a) == 0);
}

TEST_CASE("a trip outlives a restart, and what passed meanwhile does not count as calm") {
    Bench before;
    before.trips();
    before.goes_on(60s, 60'000, a);
    Bench after{before.engine.snapshot(at(60s)), 3'000s};
    CHECK(after.engine.tables() == std::vector{before.tables.back()});
    CHECK(after.engine.tables()[0].stages == std::vector<Slots>{{}, {b}});
    after.step(3'000s);
    CHECK(after.tables.empty());
    CHECK(after.goes_on(3'300s, 60'000, a) == 0);
    CHECK(after.goes_on(3'302s, 60'000, a) == 1);

    Bench hourly;  // An epoch begins, and nobody was away.
    hourly.trips();
    hourly.goes_on(60s, 60'000, a);
    hourly.engine.renew(hourly.engine.snapshot(at(60s)), at(60s));
    CHECK(hourly.goes_on(311s, 60'000, a) == 1);
}

TEST_CASE("a person's abort ends a trip and leaves the policy disarmed until it is cleared") {
    Bench bench;
    bench.trips();
    bench.step(80s, {OperatorWord{Word::abort, "uf", "eva", "the meter is broken"}});
    CHECK(bench.said(NoteKind::aborted));
    CHECK(bench.ordered(Rung::close, a) == 1);
    CHECK(bench.tables.back().stages == std::vector<Slots>{{}, {}});
    bench.step(81s, {one(a, Mode::running, 81s), OperatorWord{Word::clear, "uf", "eva", "mended"}});
    CHECK(bench.said(NoteKind::armed_again));
    CHECK(bench.tables.back().stages == std::vector<Slots>{{a}, {b}});
}

TEST_CASE("a trip told after a person took its guard out of force holds nothing, and opens no more than it opened") {
    Bench bench;
    bench.step(10s, {OperatorWord{Word::abort, "uf", "eva", "the meter is broken"}});
    bench.step(11s, {trip(9s, 2, {a})});
    CHECK(bench.said(NoteKind::tripped));
    CHECK(bench.ordered(Rung::open, a) == 1);
    CHECK(bench.ordered(Rung::open, b) == 0);
    bench.step(12s, {one(a, Mode::off, 12s)});
    CHECK(bench.goes_on(80s, 59'000, a) == 1);
}

TEST_CASE("equal events give equal tables, trips and orders") {
    const auto run = [] {
        Bench bench;
        bench.trips();
        bench.goes_on(350s, 59'950, a);
        return std::tuple{bench.tables, bench.engine.snapshot(at(350s)).bytes};
    };
    CHECK(run() == run());
}
