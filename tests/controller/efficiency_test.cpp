#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Slot each = 4;   // Of two groups: "old" by its nameplate 20 J/TH, "new" 19.

Site site() {
    Site s;
    s.name = "pecos";
    s.sources = {{"lmp", OnStale::hold, 0s}, {"operator", OnStale::hold, 0s}};
    s.policies = {"mine", "calls"};
    const Economics economics{.hashprice = Price{45'000'000'000}};
    for (const auto& [name, joules] : {std::pair{"old", 20'000}, std::pair{"new", 19'000}}) {
        const auto first = static_cast<Slot>(s.loads.size());
        s.groups.push_back({.name = name, .driver = "luxos", .loads = {first, first + each}, .tier = Tier::interruptible, .economics = economics, .stale_after = Duration::max()});
        for (Slot i = 0; i < each; ++i) s.loads.push_back({name + std::to_string(i), Power{3'000}, joules, Price::max()});
    }
    return s;
}

struct Bench {
    Now now{Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}}, Steady{1'000h}};
    Engine engine{site(), {policies::price_strike({.policy = PolicyId{0}, .prices = SourceId{0}, .groups = {GroupId{0}, GroupId{1}}}),
                           policies::dispatch({.policy = PolicyId{1}, .sources = {SourceId{1}}, .margin_ppm = 0})}, {}, now};

    const Decision& step(std::vector<Event> events, Duration later = 1s) {
        now.utc += later, now.steady += later;
        return engine.step(now, events);
    }
    void runs() { step({LoadReading{{0, 2 * each}, Mode::running, Quality::measured, Power{3'000}, now.steady}}); }
    /// `slot` hashes what takes 3,000 W by its nameplate, for `percent` of that.
    std::vector<Event> hashes(Slot slot, int percent, std::int64_t times = LearnedEfficiency::enough) const {
        const std::int64_t gigahashes = 3'000LL * 1'000'000 / engine.site().loads[slot].joules_per_hash;
        return std::vector<Event>(static_cast<std::size_t>(times), HashReading{slot, Power{30LL * percent}, gigahashes});
    }
    void new_epoch() { engine.renew(engine.snapshot_for_epoch(now), now); }
    Price strike(Slot slot) const { return engine.state().strikes[slot]; }
    std::optional<std::int64_t> seen(std::size_t group) const { return engine.state().groups[group].efficiency.seen_ppm(); }
};

}  // namespace

TEST_CASE("what machines draw for a hash moves their strikes and their turn, from an epoch on") {
    Bench bench;
    bench.runs();
    const Price by_nameplate = bench.strike(0);
    bench.step(bench.hashes(each, 110));  // "new" is worse than it says, and than "old".
    CHECK(std::abs(*bench.seen(1) - 1'100'000) < 100);  // The hash is a whole number.
    CHECK(bench.strike(each) > by_nameplate);
    bench.new_epoch();
    CHECK(bench.strike(each) < by_nameplate);
    CHECK(std::abs((bench.strike(each) - break_even(*bench.engine.site().groups[1].economics, 20'900)).count) < 10'000);  // Of 89,712,918.
    CHECK(bench.strike(0) == by_nameplate);

    const Decision& call = bench.step({Signal{.source = SourceId{1}, .kind = SignalKind::dispatch, .id = "d", .issued = bench.now.utc, .start = bench.now.utc, .ask = Ask::absolute, .power = 13_kW}});
    for (const Order& order : call.orders) CHECK(order.loads.first >= each);
    CHECK(!call.orders.empty());
}

TEST_CASE("an epoch that begins again does not learn twice") {
    Bench bench;
    bench.runs();
    bench.step(bench.hashes(0, 105));
    bench.new_epoch();
    const Price once = bench.strike(0);
    bench.new_epoch();
    CHECK(bench.strike(0) == once);
    const Engine again{site(), {}, bench.engine.snapshot(bench.now), bench.now};  // A restart.
    CHECK(again.state().strikes[0] == once);
}

TEST_CASE("who corrects the nameplates begins to learn anew") {
    Bench bench;
    bench.runs();
    bench.step(bench.hashes(0, 125));
    bench.new_epoch();
    Site corrected = site();
    for (Slot s = 0; s < each; ++s) corrected.loads[s].joules_per_hash = 25'000;
    const Engine after{corrected, {}, bench.engine.snapshot(bench.now), bench.now};
    CHECK(!after.state().groups[0].efficiency.seen_ppm());
    CHECK(after.state().strikes[0] == break_even(*corrected.groups[0].economics, 25'000));
}

TEST_CASE("one whose watts cannot be its own teaches nothing") {
    Bench bench;
    bench.runs();
    bench.step(std::vector<Event>(99, HashReading{0, Power{100'000}, 4'000'000}));
    CHECK_FALSE(bench.seen(0));
}

TEST_CASE("a hashprice that comes later is applied to what was learned") {
    Bench bench;
    bench.runs();
    bench.step(bench.hashes(0, 125));
    bench.new_epoch();
    bench.step({Signal{.source = SourceId{0}, .kind = SignalKind::hashprice, .issued = bench.now.utc, .start = bench.now.utc, .price = Price{60'000'000'000}}});
    CHECK(bench.strike(0) == break_even(Economics{.hashprice = Price{60'000'000'000}}, 20'000 * *bench.seen(0) / 1'000'000));
}

TEST_CASE("what cannot be right, what is too little and what says nothing of running is not learned from") {
    Bench bench;
    bench.runs();
    SECTION("too few") {
        bench.step(bench.hashes(0, 110, LearnedEfficiency::enough - 1));
        CHECK_FALSE(bench.seen(0));
    }
    SECTION("less than half, more than twice, nothing") {
        bench.step(bench.hashes(0, 49));
        bench.step(bench.hashes(0, 201));
        bench.step(std::vector<Event>(99, HashReading{0, Power{0}, 150'000}));
        bench.step(std::vector<Event>(99, HashReading{0, Power{INT64_MAX}, INT64_MAX}));
        bench.step(std::vector<Event>(99, HashReading{0, Power{-3'000}, -150'000}));
        CHECK_FALSE(bench.seen(0));
    }
    SECTION("a group whose numbers are wrong altogether is told of and not believed") {
        const Price before = bench.strike(0);
        bench.step(std::vector<Event>(99, HashReading{0, Power{3'000}, 88'000}));  // 34 J/TH, where its nameplate says 20.
        CHECK(bench.seen(0));
        bench.new_epoch();
        CHECK(bench.strike(0) == before);
    }
    SECTION("one that does not run, or has not for long enough that its mean is of its running") {
        bench.step({Signal{.source = SourceId{1}, .kind = SignalKind::dispatch, .id = "d", .issued = bench.now.utc, .start = bench.now.utc, .ask = Ask::full}});
        bench.step(bench.hashes(0, 110));
        bench.step({LoadReading{{0, 2 * each}, Mode::asleep, Quality::measured, Power{25}, bench.now.steady}});
        bench.step(bench.hashes(0, 110), 1h);
        CHECK_FALSE(bench.seen(0));
        bench.step({Signal{.source = SourceId{0}, .kind = SignalKind::price, .issued = bench.now.utc, .start = bench.now.utc, .end = bench.now.utc + 24h, .price = Price{10'000'000}}});
        bench.step({Signal{.source = SourceId{1}, .kind = SignalKind::release, .id = "d", .issued = bench.now.utc, .start = bench.now.utc}});
        bench.runs();
        bench.step(bench.hashes(0, 110));
        CHECK_FALSE(bench.seen(0));
        bench.step(bench.hashes(0, 110), 1h);
        CHECK(bench.seen(0));
    }
}

TEST_CASE("what was read lately weighs more") {
    LearnedEfficiency learned;
    for (int i = 0; i < 1'000; ++i) learned.add(Power{3'000}, Power{3'000}, 10);
    for (int i = 0; i < 1'000; ++i) learned.add(Power{3'300}, Power{3'000}, 10);
    CHECK(learned.factor_ppm() > 1'095'000);
    CHECK(learned.readings() <= 241);
}
