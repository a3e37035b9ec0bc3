// A sag or a blackout, and the way back: recognised at the meter, locked out, released group by group, and never all at once.
#include "controller/engine.hpp"
#include "policies/price_strike.hpp"
#include "policies/supply_return.hpp"
#include "tests/catch.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
constexpr SourceId market{0};
using Heard = std::vector<Event>;

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

/// A hall of 1 MW and two groups of ten machines of 100 kW, all behind one metered feeder.
Site a_site() {
    Site site;
    site.name = "pecos";
    site.sources = {{"market", OnStale::hold}};
    site.policies = {"strike", "return:site"};
    site.meters = {{"poi", 10s}};
    site.meter = MeterId{0};
    site.loads.push_back({"hall", 1_MW});
    site.groups.push_back({.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm});
    site.groups.back().stale_after = Duration::max();
    for (Slot first : {1u, 11u}) {
        for (Slot s = first; s < first + 10; ++s) site.loads.push_back({"m-" + std::to_string(s), 100_kW, 20'000, 80_per_MWh});
        site.groups.push_back({.name = first == 1 ? "east" : "west", .driver = "luxos", .loads = {first, first + 10}, .tier = Tier::interruptible});
        site.groups.back().stale_after = 90s;
        site.groups.back().min_off = 600s;
    }
    site.supplies = {{PolicyId{1}, Scope::site(), 60s, 120s, 600s}};
    return site;
}

LoadReading machines(Slot first, Slot last, Mode mode, Duration t) { return {{first, last}, mode, Quality::measured, mode == Mode::running ? 100_kW : 0_W, at(t).steady}; }
LoadReading hall(Duration t) { return {{0, 1}, Mode::running, Quality::measured, 1_MW, at(t).steady}; }
MeterReading meter(Power power, Duration t) { return {MeterId{0}, power, at(t).steady, Quality::measured}; }
Signal price(Duration t, Price p) {
    Signal s{.source = market, .kind = SignalKind::price, .id = "p" + std::to_string(t.count())};
    s.issued = s.start = midnight + t;
    s.end = midnight + t + 24h;
    s.price = p;
    return s;
}

struct Bench {
    Site site;
    Engine engine;
    Duration t{0};
    std::vector<Order> orders;
    std::vector<Note> notes;
    std::vector<std::pair<Duration, Order>> raised;  ///< All so far.

    static std::vector<Policy> policies() {
        return {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{1}, GroupId{2}}}), policies::supply_return({.policy = PolicyId{1}, .supply = 0})};
    }
    explicit Bench(Site made = a_site(), const Snapshot& start = {}, Duration begins = 0s) : site{made}, engine{made, policies(), start, at(begins)}, t{begins} {
        if (start.bytes.empty()) step(0s, {price(0s, 20_per_MWh), hall(0s), machines(1, 21, Mode::running, 0s), meter(3_MW, 0s)});
    }
    void step(Duration when, const Heard& heard = {}) {
        t = when;
        const Decision& d = engine.step(at(when), heard);
        orders.assign(d.orders.begin(), d.orders.end());
        notes.insert(notes.end(), d.notes.begin(), d.notes.end());
        for (const Order& o : orders)
            if (raises(o.rung)) raised.emplace_back(when, o);
    }
    /// A reading a second from the next one to `until`.
    void shows(Power power, Duration until) {
        while (t < until) step(t + 1s, {meter(power, t + 1s)});
    }
    bool said(NoteKind kind) const { return std::ranges::find(notes, kind, &Note::kind) != notes.end(); }
    SupplyState::Phase phase() const { return engine.state().supplies[0].phase; }
    /// Everything is drawn until 9 s, nothing from 10 s on.
    void goes_dark() {
        shows(3_MW, 9s);
        shows(0_W, 13s);
    }
};
using Phase = SupplyState::Phase;

}  // namespace

TEST_CASE("a meter that falls to nothing with nobody ordered off has lost its supply") {
    Bench bench;
    bench.shows(3_MW, 9s);
    CHECK(bench.phase() == Phase::steady);
    bench.shows(0_W, 11s);
    CHECK(bench.phase() == Phase::failing);  // One reading may be wrong.
    bench.shows(0_W, 12s);
    CHECK(bench.phase() == Phase::lost);
    CHECK(bench.said(NoteKind::supply_lost));
    CHECK(bench.said(NoteKind::event_opened));
    CHECK(bench.orders.empty());  // There is nobody to order.
}

TEST_CASE("a meter that shows its fall over several readings has lost its supply as well") {
    const int readings = GENERATE(1, 2, 3, 5, 20);
    CAPTURE(readings);
    Bench bench;
    bench.shows(2_MW, 9s);  // Without the hall.
    for (int i = 1; i <= readings; ++i) bench.step(9s + 200ms * i, {meter(Power{2'000'000 - 2'000'000 / readings * i}, 9s + 200ms * i)});
    for (const Duration end = bench.t + 3s; bench.t < end;) bench.step(bench.t + 200ms, {meter(0_W, bench.t + 200ms)});
    CHECK(bench.phase() == Phase::lost);
    CHECK(bench.engine.state().supplies[0].before == 2_MW);
}

TEST_CASE("a fall over several readings that orders explain is no loss, and neither is a slow one") {
    Bench bench;
    bench.shows(1'400_kW, 9s);  // East is metered elsewhere.
    SECTION("west was ordered off") {
        bench.step(10s, {OperatorWord{Word::maintenance, "west", "jo", "fans", 1h}, meter(1'400_kW, 10s)});
        REQUIRE(bench.orders.size() == 1);
        bench.step(11s, {meter(1'067_kW, 11s)});
        bench.step(12s, {meter(733_kW, 12s), machines(11, 21, Mode::asleep, 12s)});
        bench.shows(400_kW, 60s);
    }
    SECTION("slowly") {
        for (Power shown = 1'400_kW; shown > 400_kW; shown -= 25_kW) bench.shows(shown, bench.t + 1s);
    }
    CHECK(bench.phase() == Phase::steady);
    CHECK(!bench.said(NoteKind::supply_lost));
}

TEST_CASE("what was ordered away, a hall on its batteries, or a single bad reading is no loss of supply") {
    SECTION("everybody stops for a price") {
        Bench bench;
        bench.shows(3_MW, 9s);
        bench.step(10s, {price(10s, 500_per_MWh)});
        CHECK(bench.orders.size() == 2);
        bench.shows(1_MW, 60s);
        CHECK(bench.phase() == Phase::steady);
    }
    SECTION("the hall leaves for a moment") {
        Bench bench;
        bench.shows(3_MW, 9s);
        bench.shows(2_MW, 60s);
        CHECK(bench.phase() == Phase::steady);
    }
    SECTION("one reading of nothing") {
        Bench bench;
        bench.shows(3_MW, 9s);
        bench.shows(0_W, 10s);
        bench.shows(3_MW, 60s);
        CHECK(bench.phase() == Phase::steady);
        CHECK(!bench.said(NoteKind::supply_lost));
    }
    SECTION("a meter that never showed what runs") {
        Bench bench;
        Engine engine{bench.site, Bench::policies(), {}, at(0s)};
        for (Duration t = 0s; t < 60s; t += 1s) engine.step(at(t), Heard{machines(1, 21, Mode::running, t), meter(0_W, t)});
        CHECK(engine.state().supplies[0].phase == Phase::steady);
    }
}

TEST_CASE("nothing is learned about the residual from a meter that lost what it shows") {
    Bench bench;
    const auto before = bench.engine.state().residual_mw[0];
    bench.goes_dark();
    bench.shows(0_W, 80s);
    bench.shows(1_MW, 200s);
    CHECK(bench.engine.state().residual_mw[0] >= before);
}

TEST_CASE("what comes back by itself runs on, and what comes back asleep is woken in its turn, not before") {
    Bench bench;
    bench.goes_dark();
    bench.shows(0_W, 100s);
    bench.shows(500_kW, 101s);  // Fans and boards that boot.
    CHECK(bench.phase() == Phase::back);
    CHECK(bench.said(NoteKind::supply_back));
    // East boots hashing; west answers, and sleeps.
    bench.step(130s, {machines(1, 11, Mode::running, 130s), machines(11, 21, Mode::asleep, 130s), meter(2_MW, 130s), hall(130s)});
    CHECK(bench.orders.empty());
    for (Slot s = 11; s < 21; ++s) CHECK(!bench.engine.state().loads[s].on);
    CHECK(!bench.said(NoteKind::latched));  // Nobody put it to rest.
    const Duration turn = policies::turn_of(bench.site, GroupId{2}, bench.engine.state().supplies[0].event, 120s);
    bench.shows(2_MW, 101s + 60s + 120s + 5s);
    REQUIRE(!bench.raised.empty());
    CHECK(bench.raised.front().first >= 101s + 60s + turn);
    CHECK(bench.raised.front().first <= 101s + 60s + turn + 1s);
    CHECK(bench.raised.front().second.loads == Range{11, 21});
    bench.step(bench.t + 1s, {machines(11, 21, Mode::running, bench.t + 1s)});
    bench.shows(3_MW, 101s + 600s + 5s);
    CHECK(bench.phase() == Phase::steady);
    CHECK(bench.said(NoteKind::event_closed));
}

TEST_CASE("a price that lets sleepers start wakes nobody into the dark, nor in the lockout") {
    Bench bench;
    bench.step(1s, {price(1s, 70_per_MWh)});
    bench.step(2s, {OperatorWord{Word::lockout, "west", "jo", "repair", {}}});
    bench.goes_dark();
    REQUIRE(bench.phase() == Phase::lost);
    bench.step(20s, {machines(11, 21, Mode::asleep, 5s)});  // Before it went dark.
    bench.step(21s, {OperatorWord{Word::clear, "west", "jo", "repaired", {}}});
    bench.shows(0_W, 700s);
    CHECK(bench.raised.empty());
    bench.shows(1_MW, 701s + 59s);
    CHECK(bench.raised.empty());
    bench.shows(1_MW, 701s + 60s + 121s);
    CHECK(!bench.raised.empty());
}

TEST_CASE("a second dip begins the lockout anew") {
    Bench bench;
    bench.goes_dark();
    bench.shows(1_MW, 20s);
    CHECK(bench.phase() == Phase::back);
    bench.shows(0_W, 30s);
    CHECK(bench.phase() == Phase::lost);
    bench.shows(1_MW, 40s);
    CHECK(bench.phase() == Phase::back);
    CHECK(bench.engine.state().supplies[0].since == at(31s).steady);
}

TEST_CASE("a sag that leaves the hall drawing is back at once, and locks out all the same") {
    Bench bench;
    bench.shows(3_MW, 9s);
    bench.shows(900_kW, 12s);
    CHECK(bench.phase() == Phase::back);
    CHECK(bench.engine.state().supplies[0].since == at(10s).steady);
}

TEST_CASE("a machine that answers from the dark proves that there is supply: the meter lied") {
    Bench bench;
    bench.goes_dark();
    CHECK(bench.phase() == Phase::lost);
    bench.step(14s, {machines(1, 2, Mode::running, 9s)});
    CHECK(bench.phase() == Phase::lost);  // That was said before.
    bench.step(15s, {machines(1, 2, Mode::running, 15s)});
    CHECK(bench.phase() == Phase::back);
}

TEST_CASE("machines that answer while they draw next to nothing do not begin the lockout anew with each reading") {
    Bench bench;
    bench.goes_dark();
    bench.step(60s, {machines(1, 2, Mode::running, 60s), meter(20_kW, 60s)});
    CHECK(bench.phase() == Phase::back);
    bench.shows(20_kW, 100s);
    CHECK(bench.phase() == Phase::back);
    CHECK(bench.engine.state().supplies[0].since == at(60s).steady);
}

TEST_CASE("while half of the machines boot, a meter that wavers is no blackout") {
    Bench bench;
    bench.step(1s, {price(1s, 500_per_MWh)});
    bench.step(5s, {machines(1, 21, Mode::asleep, 5s), meter(1_MW, 5s), hall(5s)});
    bench.step(700s, {price(700s, 20_per_MWh), meter(1_MW, 700s)});
    bench.step(701s, {machines(1, 21, Mode::running, 701s), meter(1'010_kW, 701s)});  // They say more than they draw yet.
    bench.shows(990_kW, 720s);
    CHECK(bench.phase() == Phase::steady);
}

TEST_CASE("a wake that was under way when the lights went out is not repeated by itself") {
    Bench bench;
    bench.step(1s, {price(1s, 500_per_MWh)});
    bench.step(5s, {machines(1, 21, Mode::asleep, 5s), meter(1_MW, 5s), hall(5s)});
    bench.step(610s, {price(610s, 20_per_MWh), meter(1_MW, 610s)});
    REQUIRE(bench.raised.size() == 2);
    bench.step(612s, {machines(1, 11, Mode::running, 612s), meter(2_MW, 612s)});
    bench.raised.clear();
    for (Duration t = 613s; t < 640s; t += 1s) bench.step(t, {meter(0_W, t)});
    CHECK(bench.phase() == Phase::lost);
    for (Slot s = 11; s < 21; ++s) CHECK(!bench.engine.state().loads[s].on);
    for (Duration t = 640s; t < 3'000s; t += 10s) bench.step(t, {meter(0_W, t)});
    CHECK(bench.raised.empty());
}

TEST_CASE("a loss of supply survives a restart") {
    Bench before;
    before.goes_dark();
    Bench after{a_site(), before.engine.snapshot(at(20s)), 25s};
    CHECK(after.phase() == Phase::lost);
    CHECK(after.engine.state().supplies[0].event == before.engine.state().supplies[0].event);
    after.shows(1_MW, 30s);
    CHECK(after.phase() == Phase::back);
}

TEST_CASE("a thousand substations take a thousand turns") {
    std::set<Duration> turns;
    Site site = a_site();
    Duration sum{0};
    for (int i = 0; i < 1'000; ++i) {
        site.name = "substation-" + std::to_string(i);
        const Duration turn = policies::turn_of(site, GroupId{1}, EventId{1}, 600s);
        CHECK(turn >= 0s);
        CHECK(turn <= 600s);
        CHECK(turn == policies::turn_of(site, GroupId{1}, EventId{1}, 600s));
        turns.insert(std::chrono::floor<std::chrono::seconds>(turn));
        sum += turn;
    }
    CHECK(turns.size() > 450);  // Of 601 seconds: by chance 487.
    CHECK(sum / 1'000 > 270s);
    CHECK(sum / 1'000 < 330s);
    CHECK(policies::turn_of(site, GroupId{1}, EventId{1}, 600s) != policies::turn_of(site, GroupId{1}, EventId{2}, 600s));
    CHECK(policies::turn_of(site, GroupId{1}, EventId{1}, 0s) == 0s);
}

TEST_CASE("no more inrush starts at once than the feeder bears") {
    Site site = a_site();
    site.inrush = 600_kW;
    site.inrush_within = 2s;
    site.groups[1].inrush_ppm = site.groups[2].inrush_ppm = 2'000'000;  // 200 kW each.
    Bench bench{site};
    bench.step(1s, {price(1s, 500_per_MWh)});
    bench.step(5s, {machines(1, 21, Mode::asleep, 5s), meter(1_MW, 5s)});
    bench.step(610s, {price(610s, 20_per_MWh), meter(1_MW, 610s)});
    for (Duration t = 610s; t < 640s; t += 100ms) bench.step(t);
    std::map<Duration, Slot> by_window;
    Slot all = 0;
    for (const auto& [when, order] : bench.raised) by_window[when] += order.loads.size(), all += order.loads.size();
    CHECK(all == 20);
    CHECK(by_window.size() == 7);
    Duration last = -10s;
    for (const auto& [when, loads] : by_window) {
        CHECK(loads <= 3);
        CHECK(when - last >= 2s);
        last = when;
    }
}

TEST_CASE("a load larger than the inrush limit starts alone") {
    Site site = a_site();
    site.inrush = 50_kW;
    Bench bench{site};
    bench.step(1s, {price(1s, 500_per_MWh)});
    bench.step(5s, {machines(1, 21, Mode::asleep, 5s), meter(1_MW, 5s)});
    for (Duration t = 610s; t < 613s; t += 100ms) bench.step(t, t == 610s ? Heard{price(610s, 20_per_MWh), meter(1_MW, 610s)} : Heard{});
    for (const auto& [when, order] : bench.raised) CHECK(order.loads.size() == 1);
    CHECK(bench.raised.size() == 3);
}
