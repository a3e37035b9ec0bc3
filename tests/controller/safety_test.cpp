// What would cost money or a machine: each case a story that once went wrong.
#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr SourceId market{0}, utility{1};
using Heard = std::vector<Event>;

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

/// Miners of 1 kW under one meter, in one group.
Site miners(Slot n) {
    Site site;
    site.meters = {{"poi", 5min, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::hold}, {"utility", OnStale::hold}, {"operator", OnStale::hold}};
    for (Slot s = 0; s < n; ++s) site.loads.push_back({"m-" + std::to_string(s), 1_kW, 20'000, 80_per_MWh});
    site.groups.push_back({.name = "miners", .driver = "luxos", .loads = {0, n}, .tier = Tier::interruptible});
    site.groups[0].stale_after = Duration::max();
    site.policies = {"obligations"};
    return site;
}

/// The same behind a contactor that is the last load.
Site behind_a_contactor(Slot n) {
    Site site = miners(n);
    site.loads.push_back({"block", 0_W});
    site.groups.push_back({.name = "block", .driver = "contactor", .loads = {n, n + 1}, .tier = Tier::interruptible});
    site.groups[1].stale_after = Duration::max();
    site.groups[1].off_within = 2s;
    site.groups[1].on_within = 5s;
    site.groups[1].contactor_rest = 60s;
    site.groups[0].contactor = n;
    return site;
}

std::vector<Policy> obligations(Scope scope = Scope::site()) {
    return {policies::dispatch({.policy = PolicyId{0}, .sources = {utility, SourceId{2}}, .scope = scope, .margin_ppm = 0})};
}

Signal dispatch(Duration issued, Power limit) {
    Signal s{.source = utility, .kind = SignalKind::dispatch, .id = "d-1"};
    s.issued = s.start = midnight + issued;
    s.ask = Ask::absolute;
    s.power = limit;
    return s;
}
Signal everything(Duration issued, std::string id, SignalKind kind = SignalKind::emergency) {
    Signal s = dispatch(issued, 0_W);
    s.id = std::move(id);
    s.kind = kind;
    s.ask = Ask::full;
    return s;
}
Signal release(Duration issued, std::string id) { return everything(issued, std::move(id), SignalKind::release); }
MeterReading meter(Duration t, Power p, MeterId which = MeterId{0}) { return {which, p, at(t).steady, Quality::measured}; }
LoadReading all(Slot n, Mode mode, Power each, Duration t) { return {{0, n}, mode, Quality::measured, each, at(t).steady}; }
LoadReading one(Slot s, Mode mode, Duration t) { return {{s, s + 1}, mode, Quality::measured, 0_W, at(t).steady}; }

std::size_t count(const Decision& decision, bool up) {
    std::size_t n = 0;
    for (const Order& order : decision.orders) n += raises(order.rung) == up ? order.loads.size() : 0;
    return n;
}
bool opens(const Decision& decision) {
    return std::ranges::any_of(decision.orders, [](const Order& o) { return o.rung == Rung::open; });
}

}  // namespace

TEST_CASE("a dispatch that is issued again starts neither its ramp nor its proof over") {
    Engine ramped{miners(100), obligations(), {}, at(0s)};
    ramped.step(at(0s), Heard{meter(0s, 100_kW), all(100, Mode::running, 1_kW, 0s)});
    Signal wish = dispatch(1s, 10_kW);
    wish.ramp = 600s;
    ramped.step(at(1s), Heard{wish});
    for (Duration t = 2s; t < 700s; t += 1s) ramped.step(at(t), Heard{});
    ramped.step(at(700s), Heard{meter(700s, 10_kW), LoadReading{{0, 95}, Mode::asleep, Quality::measured, 0_W, at(700s).steady}});
    wish.issued += 705s;
    for (Duration t = 710s; t < 800s; t += 1s) CHECK(count(ramped.step(at(t), t == 710s ? Heard{wish, meter(t, 10_kW)} : Heard{meter(t, 10_kW)}), true) == 0);

    Engine deaf{behind_a_contactor(4), obligations(), {}, at(0s)};
    deaf.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s), one(4, Mode::running, 0s)});
    bool opened = false;
    for (Duration t = 1s; t < 600s; t += 1s) {
        Heard heard{meter(t, 4_kW)};
        if (t % 30s == 1s) heard.push_back(everything(t, "e-1"));
        opened = opens(deaf.step(at(t), heard)) || opened;
    }
    CHECK(opened);
}

TEST_CASE("a reduction on a feeder counts from what the feeder drew") {
    Site site = miners(100);
    site.meters.push_back({"f", 5min, 900s});
    site.feeders = {{"north", MeterId{1}, {}}};
    site.groups[0].loads = {0, 20};
    site.groups[0].feeder = FeederId{0};
    Site::Group rest = site.groups[0];
    rest.name = "rest";
    rest.loads = {20, 100};
    rest.feeder.reset();
    site.groups.push_back(rest);
    Engine engine{site, obligations(Scope::feeder(FeederId{0})), {}, at(0s)};
    for (Duration t = 0s; t < 600s; t += 10s) engine.step(at(t), Heard{meter(t, 100_kW), meter(t, 20_kW, MeterId{1}), all(100, Mode::running, 1_kW, t)});
    Signal wish = dispatch(600s, 10_kW);
    wish.ask = Ask::relative;
    CHECK(count(engine.step(at(600s), Heard{wish}), false) == 10);
    Engine again{site, obligations(Scope::feeder(FeederId{0})), engine.snapshot(at(601s)), at(601s)};
    CHECK(again.state().obligations.at(0).feeder_references == std::vector{20_kW});
}

TEST_CASE("no reference is taken from a meter that has fallen silent") {
    Engine engine{miners(100), obligations(), {}, at(0s)};
    for (Duration t = 0s; t < 600s; t += 10s) engine.step(at(t), Heard{meter(t, 100_kW), all(100, Mode::running, 1_kW, t)});
    engine.step(at(2h), Heard{});
    Signal wish = dispatch(2h, 10_kW);
    wish.ask = Ask::relative;
    engine.step(at(2h), Heard{wish});
    CHECK(engine.state().obligations.at(0).estimated);
}

TEST_CASE("a lockout calls back what is on its way to close") {
    Engine engine{behind_a_contactor(1), {}, {}, at(0s)};
    engine.step(at(0s), Heard{meter(0s, 1_kW), all(1, Mode::running, 1_kW, 0s), one(1, Mode::off, 0s)});
    engine.step(at(1s), Heard{OperatorWord{Word::clear, "block", "me", "done"}});
    REQUIRE(count(engine.step(at(100s), Heard{meter(100s, 0_kW)}), true) == 1);
    CHECK(opens(engine.step(at(101s), Heard{OperatorWord{Word::lockout, "block", "me", "hands in it"}})));
    for (Duration t = 102s; t < 1000s; t += 1s) CHECK(count(engine.step(at(t), Heard{meter(t, 0_kW), one(1, Mode::off, t)}), true) == 0);
}

TEST_CASE("a close that is on its way is called back by an emergency, and not repeated before its contactor has rested") {
    Engine engine{behind_a_contactor(4), obligations(), {}, at(0s)};
    engine.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s), one(4, Mode::running, 0s)});
    engine.step(at(1s), Heard{everything(1s, "e-1")});
    Duration t = 2s;
    while (t < 400s && !opens(engine.step(at(t), Heard{meter(t, 4_kW)}))) t += 1s;
    REQUIRE(t < 400s);
    engine.step(at(t + 1s), Heard{meter(t + 1s, 0_kW), one(4, Mode::off, t + 1s)});
    t += 100s;
    REQUIRE(count(engine.step(at(t), Heard{release(t, "e-1"), meter(t, 0_kW)}), true) == 1);
    SECTION("another emergency") {
        t += 2s;
        CHECK(opens(engine.step(at(t), Heard{everything(t, "e-2"), meter(t, 0_kW)})));
        for (Duration u = t + 1s; u < t + 300s; u += 1s) CHECK(count(engine.step(at(u), Heard{meter(u, 0_kW), one(4, Mode::off, u)}), true) == 0);
    }
    SECTION("a breaker that trips each time is closed three times, a rest apart, then left to a person") {
        std::vector<Duration> closes{t};
        for (Duration u = t + 1s; u < t + 1h; u += 1s)
            if (count(engine.step(at(u), Heard{meter(u, 0_kW), one(4, Mode::off, u)}), true) > 0) closes.push_back(u);
        REQUIRE(closes.size() == 3);
        CHECK(closes[1] - closes[0] >= 60s);
        CHECK(closes[2] - closes[1] >= 60s);
    }
}

TEST_CASE("a hold forbids no contactor to open in an emergency") {
    Engine engine{behind_a_contactor(4), obligations(), {}, at(0s)};
    engine.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s), one(4, Mode::running, 0s)});
    engine.step(at(0s), Heard{OperatorWord{Word::hold, "site", "me", "tests", 24h}});
    engine.step(at(1s), Heard{everything(1s, "e-1")});
    bool opened = false;
    for (Duration t = 2s; t < 600s; t += 1s) opened = opens(engine.step(at(t), Heard{meter(t, 4_kW)})) || opened;
    CHECK(opened);
}

TEST_CASE("an obligation outlives the name of its source") {
    Engine before{miners(4), obligations(), {}, at(0s)};
    before.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s)});
    before.step(at(1s), Heard{everything(1s, "d-1", SignalKind::dispatch)});
    before.step(at(2s), Heard{meter(2s, 0_kW), all(4, Mode::asleep, 0_W, 2s)});
    Site renamed = miners(4);
    renamed.sources[1].name = "ercot";
    Engine after{renamed, obligations(), before.snapshot(at(2s)), at(2s)};
    for (Duration t = 3s; t < 600s; t += 1s) CHECK(count(after.step(at(t), Heard{meter(t, 0_kW)}), true) == 0);
}

TEST_CASE("what a reload makes firm, or puts under another name, gets no old order and is not lost") {
    Engine before{miners(4), obligations(), {}, at(0s)};
    before.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s), OperatorWord{Word::hold, "miners", "me", "tests", 60s}});
    before.step(at(1s), Heard{everything(1s, "d-1", SignalKind::dispatch)});
    const Snapshot saved = before.snapshot(at(2s));

    Site firm = miners(4);
    firm.groups[0].tier = Tier::firm;
    Engine protects{firm, obligations(), saved, at(2s)};
    CHECK(protects.outstanding().empty());
    for (Duration t = 2s; t < 300s; t += 1s) CHECK(protects.step(at(t), Heard{}).orders.empty());

    Site renamed = miners(4);
    renamed.groups[0].name = "asics";
    Engine carries_on{renamed, obligations(), saved, at(2s)};
    CHECK(count(carries_on.step(at(3s), Heard{meter(3s, 4_kW)}), false) == 4);
    CHECK(carries_on.state().groups[0].runs[0].bars == 0);  // The group that was held is no more.
}

TEST_CASE("one source cannot shut out the emergency of another") {
    Site site = miners(4);
    site.sources.push_back({"rto", OnStale::hold});
    Engine engine{site, {policies::dispatch({.policy = PolicyId{0}, .sources = {utility, SourceId{3}}})}, {}, at(0s)};
    Heard many;
    for (int i = 0; i < 1'000; ++i) {
        Signal wish = dispatch(0s, 1'000_kW);
        wish.id = "d-" + std::to_string(i);
        many.emplace_back(wish);
    }
    engine.step(at(0s), many);
    Signal emergency = everything(1s, "e-1");
    emergency.source = SourceId{3};
    CHECK(count(engine.step(at(1s), Heard{emergency}), false) == 4);
}

TEST_CASE("one machine cleared inside of a wider hold stays clear when another hold ends") {
    Engine engine{miners(4), {}, {}, at(0s)};
    engine.step(at(1s), Heard{OperatorWord{Word::hold, "site", "me", "x", 1h}});
    engine.step(at(2s), Heard{OperatorWord{Word::clear, "m-1", "me", "x"}});
    engine.step(at(3s), Heard{OperatorWord{Word::hold, "m-3", "me", "x", 10s}});
    engine.step(at(14s), Heard{});
    const auto& runs = engine.state().groups[0].runs;
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].bars != 0);
    CHECK(runs[1].bars == 0);
    CHECK(runs[2].bars != 0);
}

TEST_CASE("a price from years ahead keeps no silent source alive, and a full timeline empties") {
    Site site = miners(4);
    site.sources[0].stale_after = 600s;
    site.sources[0].on_stale = OnStale::shed;
    Engine engine{site, {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}})}, {}, at(0s)};
    Signal price{.source = market, .kind = SignalKind::price};
    price.issued = price.start = midnight;
    price.end = midnight + 300s;
    price.price = 10_per_MWh;
    Signal far = price;
    far.start = midnight + std::chrono::years{3};
    far.end = far.start + 300s;
    engine.step(at(0s), Heard{price, far});
    engine.step(at(48h), Heard{});
    CHECK(engine.state().sources[0].stale);

    const auto interval = [](int i) {
        PriceInterval v{};
        v.start = midnight + i * 1s, v.end = v.start + 1s;
        v.begins = Steady{1000h} + i * 1s, v.ends = v.begins + 1s;
        return v;
    };
    PriceTimeline full;
    for (int i = 0; i < 5'000; ++i) full.add(interval(i), Steady{1000h});
    CHECK(full.add(interval(100'000), Steady{1000h} + 100'000s) == PriceTimeline::Fate::added);
    PriceTimeline backwards;
    for (int i = 200; i >= 1; --i) backwards.add(interval(i * 900), Steady{1000h});
    CHECK(backwards.add(interval(0), Steady{1000h}) == PriceTimeline::Fate::added);
}

TEST_CASE("a meter that says what no grid connection carries is not believed") {
    Engine engine{miners(4), obligations(), {}, at(0s)};
    engine.step(at(0s), Heard{meter(0s, 4_kW), all(4, Mode::running, 1_kW, 0s)});
    engine.step(at(1s), Heard{meter(1s, Power::max())});
    CHECK(engine.state().meters[0].power == 4_kW);
}

TEST_CASE("a meter slower than the machines' own telemetry makes nobody go twice for the same watts") {
    Engine engine{miners(100), obligations(), {}, at(0s)};
    std::size_t down = 0, up = 0;
    const auto tally = [&](const Decision& decision) { down += count(decision, false), up += count(decision, true); };
    tally(engine.step(at(0s), Heard{meter(0s, 100_kW), all(100, Mode::running, 1_kW, 0s)}));
    tally(engine.step(at(1s), Heard{dispatch(1s, 60_kW)}));
    REQUIRE(down == 40);
    // They answer one by one, within a second; the meter goes on saying what it said, for five.
    for (Slot s = 0; s < 40; ++s) tally(engine.step(at(1100ms + s * 20ms), Heard{one(s, Mode::asleep, 1100ms + s * 20ms)}));
    tally(engine.step(at(2s), Heard{meter(2s, 100_kW)}));  // What it averaged over the second before.
    tally(engine.step(at(6s), Heard{meter(6s, 60_kW)}));
    CHECK(down == 40);
    CHECK(up == 0);
    tally(engine.step(at(7s), Heard{meter(7s, 70_kW)}));  // Ten did not do what they said: now the meter counts.
    CHECK(down > 40);
}
