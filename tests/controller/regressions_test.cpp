#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"
#include "tests/catch.hpp"

#include <algorithm>
#include <set>

/// What random histories once broke, each as small as it could be made.
using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

constexpr SourceId market{0}, utility{1};

/// Machines of 1 kW, a meter at the grid, a market and a utility.
struct Small {
    Site site;
    std::vector<Policy> policies;

    explicit Small(Slot machines = 4) {
        site.meters = {{"poi", 5min, 900s}};
        site.meter = MeterId{0};
        site.sources = {{"market", OnStale::hold}, {"utility", OnStale::hold}};
        for (Slot s = 0; s < machines; ++s) site.loads.push_back({"m-" + std::to_string(s), 1_kW, 20'000, 80_per_MWh});
        site.groups.push_back({.name = "miners", .driver = "luxos", .loads = {0, machines}, .tier = Tier::interruptible});
        site.groups[0].stale_after = Duration::max();
    }
    Site::Group& miners() { return site.groups[0]; }
    PolicyId policy(std::string name) {
        site.policies.push_back(std::move(name));
        return PolicyId{static_cast<std::uint16_t>(site.policies.size() - 1)};
    }
    Small& strikes() {
        policies.push_back(policies::price_strike({.policy = policy("strike"), .prices = market, .groups = {GroupId{0}}}));
        return *this;
    }
    Small& obeys() {
        policies.push_back(policies::dispatch({.policy = policy("obligations"), .sources = {utility}}));
        return *this;
    }
    Small& capped(Power act_above, Power aim, Power release, Duration window = 0s) {
        policies.push_back(policies::site_cap({.policy = policy("cap"), .act_above = act_above, .aim = aim, .release = release, .window = window}));
        return *this;
    }
    /// A contactor that carries the miners.
    Small& contactor() {
        const Slot slot = static_cast<Slot>(site.loads.size());
        site.loads.push_back({"block", 0_W});
        site.groups.push_back({.name = "block", .driver = "contactor", .loads = {slot, slot + 1}, .tier = Tier::interruptible});
        site.groups.back().stale_after = Duration::max();
        site.groups.back().off_within = 2s;
        site.groups.back().contactor_rest = 60s;
        miners().contactor = slot;
        return *this;
    }
    Engine engine() const { return {site, policies, {}, at(0s)}; }
};

Signal price(Duration start, Price p) {
    Signal s{.source = market, .kind = SignalKind::price};
    s.issued = s.start = midnight + start;
    s.end = s.start + 5min;
    s.price = p;
    return s;
}

Signal dispatch(Duration issued, Power limit, SignalKind kind = SignalKind::dispatch) {
    Signal s{.source = utility, .kind = kind, .id = "d-1"};
    s.issued = s.start = midnight + issued;
    s.ask = Ask::absolute;
    s.power = limit;
    return s;
}

Signal full(Duration issued, SignalKind kind = SignalKind::dispatch) {
    Signal s = dispatch(issued, 0_W, kind);
    s.ask = Ask::full;
    return s;
}

MeterReading meter(Duration t, Power p) { return {MeterId{0}, p, at(t).steady, Quality::measured}; }
LoadReading runs(Range loads, Duration t) { return {loads, Mode::running, Quality::measured, 1_kW, at(t).steady}; }
LoadReading sleeps(Range loads, Duration t) { return {loads, Mode::asleep, Quality::measured, 0_W, at(t).steady}; }
LoadReading opened(Slot s, Duration t) { return {{s, s + 1}, Mode::off, Quality::measured, 0_W, at(t).steady}; }
LoadReading closed(Slot s, Duration t) { return {{s, s + 1}, Mode::running, Quality::measured, 0_W, at(t).steady}; }

std::set<Slot> loads_of(const Decision& decision, Rung rung) {
    std::set<Slot> loads;
    for (const Order& order : decision.orders)
        if (order.rung == rung)
            for (Slot s = order.loads.first; s < order.loads.last; ++s) loads.insert(s);
    return loads;
}

bool notes(const Decision& decision, NoteKind kind) {
    return std::ranges::any_of(decision.notes, [&](const Note& n) { return n.kind == kind; });
}

Power shortfall(const Decision& decision) {
    Power most;
    for (const Binding& b : decision.binding) most = std::max(most, b.shortfall);
    return most;
}

using Heard = std::vector<Event>;
using Slots = std::set<Slot>;

}  // namespace

TEST_CASE("loads that all fell silent and came back are missed when they fall silent again") {
    Small small;
    small.miners().stale_after = 60s;
    Engine engine = small.engine();
    engine.step(at(0s), {});
    engine.step(at(60s), {});
    CHECK(engine.state().loads[0].stale);
    engine.step(at(70s), Heard{runs({0, 4}, 70s)});
    CHECK_FALSE(engine.state().loads[0].stale);
    engine.step(at(130s), {});
    CHECK(engine.state().loads[0].stale);
}

TEST_CASE("a silent load that answers a poll with nothing new lives") {
    Small small;
    small.miners().stale_after = 60s;
    Engine engine = small.engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s)});
    engine.step(at(60s), {});
    engine.step(at(70s), Heard{Answered{{0, 4}}});
    CHECK(engine.state().groups[0].stale == 0);
    engine.step(at(130s), {});
    engine.step(at(140s), Heard{Answered{{1, 3}}});
    CHECK(engine.state().loads[0].stale);
    CHECK_FALSE(engine.state().loads[1].stale);
}

TEST_CASE("machines of one order that wake by themselves are all sent back") {
    Engine engine = Small{}.strikes().engine();
    CHECK(loads_of(engine.step(at(0s), Heard{price(0s, 100_per_MWh)}), Rung::sleep) == Slots{0, 1, 2, 3});
    engine.step(at(5s), Heard{sleeps({0, 4}, 5s)});
    const Decision& decision = engine.step(at(9s), Heard{runs({1, 2}, 9s), runs({3, 4}, 9s)});
    CHECK(loads_of(decision, Rung::sleep) == Slots{1, 3});
    for (const Order& order : decision.orders) CHECK(order.why.cause == Cause::price);
}

TEST_CASE("a machine that wakes by itself while another of its order is still chased is chased too") {
    Engine engine = Small{}.strikes().engine();
    engine.step(at(0s), Heard{price(0s, 100_per_MWh)});
    engine.step(at(5s), Heard{sleeps({0, 3}, 5s)});
    CHECK(loads_of(engine.step(at(6s), Heard{runs({0, 1}, 6s)}), Rung::sleep) == Slots{0});
    engine.step(at(7s), Heard{sleeps({3, 4}, 7s)});
    CHECK(loads_of(engine.step(at(16s), {}), Rung::sleep) == Slots{0});
}

TEST_CASE("a machine still on its way down is not turned around while everything must go") {
    Engine engine = Small{}.obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 4_kW)});
    CHECK(loads_of(engine.step(at(1s), Heard{full(1s)}), Rung::wake).empty());
    CHECK(engine.step(at(2s), {}).orders.empty());
}

TEST_CASE("looking more often does not wake machines sooner than the stagger allows") {
    Small small;
    small.miners().stagger = 10s;
    Engine engine = small.strikes().engine();
    engine.step(at(0s), Heard{price(0s, 100_per_MWh)});
    engine.step(at(1s), Heard{sleeps({0, 4}, 1s)});
    CHECK(loads_of(engine.step(at(5min), Heard{price(5min, 10_per_MWh)}), Rung::wake) == Slots{3});
    const Decision& early = engine.step(at(5min + 9'900ms), {});
    CHECK(early.orders.empty());
    CHECK(early.wake == at(5min + 10s).steady);
    CHECK(loads_of(engine.step(at(5min + 10s), {}), Rung::wake) == Slots{2});
}

TEST_CASE("looking more often does not make a dispatch's ramp fall sooner") {
    Engine engine = Small{}.obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 4_kW)});
    Signal ramped = dispatch(10s, 0_W);
    ramped.ramp = 40s;
    const Decision& first = engine.step(at(10s), Heard{ramped});
    CHECK(loads_of(first, Rung::sleep) == Slots{0});  // The line at the end of the first second, and a margin.
    CHECK(first.wake == at(11s).steady);
    for (Duration t = 10s; t < 11s; t += 100ms) CHECK(engine.step(at(t), {}).orders.empty());
}

TEST_CASE("time alone does not move the mean that a cap is judged by") {
    Engine engine = Small{}.capped(3'500_W, 3'400_W, 3'300_W, 60s).engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 0_W)});
    engine.step(at(100s), Heard{meter(100s, 4_kW)});
    engine.step(at(110s), Heard{meter(110s, 4_kW)});
    CHECK(engine.step(at(155s), {}).orders.empty());
    // 3.73 kW in the mean; 2.93 kW leave in the next quarter of the window, so 2 kW may be drawn in it.
    CHECK(loads_of(engine.step(at(156s), Heard{meter(156s, 4_kW)}), Rung::sleep) == Slots{0, 1});
}

TEST_CASE("what draws more than a cap for a moment, and is within its mean, is no shortfall") {
    Engine engine = Small{}.capped(3'500_W, 3'400_W, 3'300_W, 60s).engine();
    engine.step(at(0s), Heard{meter(0s, 0_W), sleeps({0, 4}, 0s)});
    for (Duration t = 10s; t <= 60s; t += 10s) engine.step(at(t), Heard{meter(t, 0_W)});
    CHECK(shortfall(engine.step(at(70s), Heard{meter(70s, 9_kW)})) == 0_W);
}

TEST_CASE("an event of our own is not over at the next look") {
    Engine engine = Small{}.capped(3'500_W, 3'400_W, 3'300_W).engine();
    const Decision& shed = engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 4_kW)});
    CHECK(loads_of(shed, Rung::sleep) == Slots{0});
    CHECK(notes(shed, NoteKind::event_opened));
    CHECK_FALSE(engine.step(at(1s), {}).says_something());
    engine.step(at(2s), Heard{sleeps({0, 1}, 2s), meter(2s, 3_kW)});
    CHECK_FALSE(engine.step(at(3s), {}).says_something());
}

TEST_CASE("a hall that reports only changes has not forgotten what it drew until now") {
    Small small;
    small.site.loads = {{"hall", 5_kW}, {"m-0", 1_kW, 20'000, 80_per_MWh}};
    small.site.groups[0].loads = {1, 2};
    small.site.groups.insert(small.site.groups.begin(), {.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm});
    small.site.groups[0].reserve_window = 10min;
    Engine engine = small.capped(5'500_W, 5'400_W, 5'300_W).engine();
    engine.step(at(0s), Heard{LoadReading{{0, 1}, Mode::running, Quality::measured, 5_kW, at(0s).steady}, runs({1, 2}, 0s), meter(0s, 6_kW)});
    engine.step(at(1s), Heard{sleeps({1, 2}, 1s), meter(1s, 5_kW)});
    for (Duration t = 1min; t <= 30min; t += 1min) engine.step(at(t), Heard{Answered{{0, 2}}, meter(t, 5_kW)});
    const Duration dip = 30min + 1s;
    CHECK(engine.step(at(dip), Heard{LoadReading{{0, 1}, Mode::running, Quality::measured, 0_W, at(dip).steady}, meter(dip, 0_W)}).orders.empty());
}

TEST_CASE("what a contactor gives back counts from the order on") {
    Small small;
    Engine engine = small.contactor().obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), closed(4, 0s), meter(0s, 4_kW)});
    engine.step(at(1s), Heard{full(1s, SignalKind::emergency)});
    for (Duration t = 2s; t < 100s; t += 1s) engine.step(at(t), Heard{meter(t, 4_kW)});
    engine.step(at(100s), Heard{opened(4, 100s), meter(100s, 0_W)});
    CHECK(engine.state().groups[0].possible == 0_W);
    Signal release = full(110s);
    release.kind = SignalKind::release;
    CHECK(loads_of(engine.step(at(200s), Heard{release, meter(200s, 0_W)}), Rung::close) == Slots{4});
    CHECK(engine.state().groups[0].possible == 4_kW);
}

TEST_CASE("a contactor opens for what the meter showed all the time, not for what the books feared") {
    Small small;
    Engine engine = small.contactor().obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), closed(4, 0s), meter(0s, 4_kW)});
    engine.step(at(1s), Heard{full(1s, SignalKind::emergency)});
    for (Duration t = 2s; t < 300s; t += 1s) CHECK(loads_of(engine.step(at(t), Heard{meter(t, 0_W)}), Rung::open).empty());
    Duration first = 300s;
    while (first < 600s && loads_of(engine.step(at(first), Heard{meter(first, 4_kW)}), Rung::open).empty()) first += 1s;
    CHECK(first == 390s);  // prove_within and contactor_after, from the first reading on.
}

TEST_CASE("a contactor waits for machines that could be told to rest only just now, as long as it waits for any") {
    Small small;
    constexpr SourceId lever{2};
    small.site.sources.push_back({"lever", OnStale::hold});
    small.site.sources.back().in_local = InLocal::observe;
    Engine engine = small.contactor().obeys().engine();
    Signal thrown{.source = lever, .kind = SignalKind::local, .id = "switch", .issued = at(0s).utc, .start = at(0s).utc};
    engine.step(at(0s), Heard{runs({0, 4}, 0s), closed(4, 0s), meter(0s, 4_kW), thrown});
    engine.step(at(1s), Heard{full(1s, SignalKind::emergency)});
    for (Duration t = 2s; t < 300s; t += 1s) CHECK(engine.step(at(t), Heard{meter(t, 4_kW)}).orders.empty());
    thrown.kind = SignalKind::release;
    thrown.issued = at(300s).utc;
    const Decision given_back = engine.step(at(300s), Heard{thrown, meter(300s, 4_kW)});
    CHECK(loads_of(given_back, Rung::sleep) == Slots{0, 1, 2, 3});
    CHECK(loads_of(given_back, Rung::open).empty());
    Duration first = 301s;
    while (first < 600s && loads_of(engine.step(at(first), Heard{meter(first, 4_kW)}), Rung::open).empty()) first += 1s;
    CHECK(first == 300s + small.site.groups[0].off_within);  // None of them was seen to obey by then.
}

TEST_CASE("a mean that has passed its limit is back within a quarter of its window, and no more goes than that takes") {
    Small small{100};
    small.site.loads.insert(small.site.loads.begin(), {"hall", 200_kW});
    Site::Group hall{.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm};
    hall.stale_after = Duration::max();
    small.miners().loads = {1, 101};
    small.site.groups.insert(small.site.groups.begin(), hall);
    constexpr Duration window = 120s;
    Engine engine = small.capped(250_kW, 240_kW, 230_kW, window).engine();
    std::vector<bool> on(100, true);
    std::vector<Power> drawn;
    Duration over{0}, longest{0};
    Power worst;
    for (Duration t{0}; t < 900s; t += 1s) {
        const Power firm = t < 300s ? 140_kW : 200_kW;  // It jumps by 60 kW: 300 kW altogether.
        const Power total = firm + Power{1'000 * std::count(on.begin(), on.end(), true)};
        Heard heard{LoadReading{{0, 1}, Mode::running, Quality::measured, firm, at(t).steady}, meter(t, total)};
        for (Slot s = 1; s < 101; ++s) heard.push_back(LoadReading{{s, s + 1}, on[s - 1] ? Mode::running : Mode::asleep, Quality::measured, on[s - 1] ? 1_kW : 0_W, at(t).steady});
        for (const Order& o : engine.step(at(t), heard).orders) std::fill(on.begin() + o.loads.first - 1, on.begin() + o.loads.last - 1, raises(o.rung));
        drawn.push_back(total);
        Power sum;
        const std::size_t n = std::min<std::size_t>(drawn.size(), 120);
        for (std::size_t i = drawn.size() - n; i < drawn.size(); ++i) sum += drawn[i];
        const Power mean{sum.count / static_cast<std::int64_t>(n)};
        worst = std::max(worst, mean);
        over = mean > 250_kW ? over + 1s : 0s;
        longest = std::max(longest, over);
    }
    CHECK(longest <= window / 4 + 3s);
    CHECK(longest > 0s);
    CHECK(worst < 252_kW);
    CHECK(std::ranges::count(on, true) >= 30);  // 230 kW and more are drawn in the end, not everything shed.
}

TEST_CASE("a contactor over machines that all rest stays closed while somebody else is known to draw what is too much") {
    Small small;
    small.site.loads.insert(small.site.loads.begin(), {"hall", 9_kW});
    Site::Group hall{.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm};
    hall.stale_after = Duration::max();
    small.miners().loads = {1, 5};
    small.site.groups.insert(small.site.groups.begin(), hall);
    const auto told = [&](bool hall_tells) {
        Small site = small;
        site.site.groups.push_back({.name = "block", .driver = "contactor", .loads = {5, 6}, .tier = Tier::interruptible});
        site.site.loads.push_back({"block", 0_W});
        site.site.groups.back().stale_after = Duration::max();
        site.site.groups.back().off_within = 2s;
        site.site.groups[1].contactor = Slot{5};
        Engine engine = site.obeys().engine();
        engine.step(at(0s), Heard{LoadReading{{0, 1}, Mode::running, Quality::measured, 2_kW, at(0s).steady}, runs({1, 5}, 0s), closed(5, 0s), meter(0s, 6_kW)});
        engine.step(at(1s), Heard{dispatch(1s, 3_kW, SignalKind::emergency)});
        engine.step(at(2s), Heard{sleeps({1, 5}, 2s), meter(2s, 2_kW)});
        Slots opened;
        for (Duration t = 10s; t < 300s; t += 1s) {  // The hall grows beyond what was allowed, all by itself; or the miners lie.
            Heard heard{meter(t, 6_kW)};
            if (hall_tells) heard.push_back(LoadReading{{0, 1}, Mode::running, Quality::measured, 6_kW, at(t).steady});
            const Slots now = loads_of(engine.step(at(t), heard), Rung::open);
            opened.insert(now.begin(), now.end());
        }
        return opened;
    };
    CHECK(told(true).empty());
    CHECK(told(false) == Slots{5});
}

TEST_CASE("what some that only say they rest have drawn for an hour opens their contactor all the same") {
    Small small{100};
    Engine engine = small.contactor().strikes().obeys().engine();
    engine.step(at(0s), Heard{runs({0, 100}, 0s), closed(100, 0s), meter(0s, 100_kW), price(0s, 100_per_MWh)});
    for (Duration t = 2s; t < 1h; t += 1s) engine.step(at(t), Heard{sleeps({0, 100}, t), meter(t, 10_kW)});  // All say so; ten draw on.
    CHECK(engine.state().residual_mw[0] > 9'000'000);  // By now they are taken for losses.
    engine.step(at(1h), Heard{dispatch(1h, 5_kW, SignalKind::emergency), meter(1h, 10_kW)});
    Slots opened;
    for (Duration t = 1h + 1s; t < 1h + 200s; t += 1s) {
        const Slots now = loads_of(engine.step(at(t), Heard{sleeps({0, 100}, t), meter(t, 10_kW)}), Rung::open);
        opened.insert(now.begin(), now.end());
    }
    CHECK(opened == Slots{100});
}

TEST_CASE("while everything is asked the residual follows its noise, and does not sink to the least of it") {
    Small small;
    Engine engine = small.obeys().engine();
    const auto house = [](Duration t) { return t.count() / 60'000 % 2 == 0 ? 900_W : 1'100_W; };  // A chiller, by the minute.
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 5_kW)});
    for (Duration t = 1s; t < 1h; t += 1s) engine.step(at(t), Heard{meter(t, 4_kW + house(t))});
    const std::int64_t before = engine.state().residual_mw[0];
    CHECK(std::abs(before - 1'000'000) < 60'000);
    engine.step(at(1h), Heard{full(1h)});
    for (Duration t = 1h + 1s; t < 3h; t += 1s) engine.step(at(t), Heard{sleeps({0, 4}, t), meter(t, house(t))});
    CHECK(engine.state().residual_mw[0] > 930'000);
    CHECK(engine.state().residual_mw[0] <= before);
}

TEST_CASE("a contactor that a person closed is closed, and one that a person opened stays open") {
    Small small;
    Engine engine = small.contactor().obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), closed(4, 0s), meter(0s, 4_kW)});
    engine.step(at(1s), Heard{full(1s, SignalKind::emergency)});
    Duration t = 2s;
    while (loads_of(engine.step(at(t), Heard{meter(t, 4_kW)}), Rung::open).empty()) t += 1s;
    engine.step(at(t + 1s), Heard{opened(4, t + 1s), meter(t + 1s, 0_W)});
    CHECK(loads_of(engine.step(at(t + 5s), Heard{closed(4, t + 5s), meter(t + 5s, 0_W)}), Rung::open).empty());
    CHECK(engine.state().loads[4].on);
    CHECK(notes(engine.step(at(t + 9s), Heard{opened(4, t + 9s)}), NoteKind::latched));
}

TEST_CASE("what somebody put to sleep and woke again makes room as any other") {
    Engine engine = Small{}.obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 4_kW)});
    CHECK(notes(engine.step(at(1s), Heard{sleeps({2, 3}, 1s)}), NoteKind::latched));
    engine.step(at(2s), Heard{runs({2, 3}, 2s)});
    engine.step(at(3s), Heard{sleeps({1, 2}, 3s), meter(3s, 3_kW)});
    CHECK(loads_of(engine.step(at(4s), Heard{full(4s)}), Rung::sleep) == Slots{0, 2, 3});
}

TEST_CASE("a wake that was not answered is not repeated under a limit whose meter fell silent") {
    Small small;
    small.miners().on_within = 10s;
    small.site.meters[0].stale_after = 5s;
    Engine engine = small.capped(9_kW, 8_kW, 7_kW).strikes().engine();
    engine.step(at(0s), Heard{price(0s, 100_per_MWh), meter(0s, 4_kW)});
    engine.step(at(1s), Heard{sleeps({0, 4}, 1s), meter(1s, 0_W)});
    CHECK(loads_of(engine.step(at(5min), Heard{price(5min, 10_per_MWh), meter(5min, 0_W)}), Rung::wake) == Slots{0, 1, 2, 3});
    CHECK(engine.step(at(5min + 10s), {}).orders.empty());
    CHECK(loads_of(engine.step(at(7min), Heard{meter(7min, 0_W)}), Rung::wake) == Slots{0, 1, 2, 3});
}

TEST_CASE("a dispatch that its source cuts short is over, and a redelivery does not revive it") {
    Engine engine = Small{}.obeys().engine();
    engine.step(at(0s), Heard{runs({0, 4}, 0s), meter(0s, 4_kW), dispatch(0s, 2_kW)});
    CHECK(engine.state().obligations.size() == 1);
    Signal shorter = dispatch(60s, 2_kW);
    shorter.start = midnight;
    shorter.end = midnight + 50s;
    CHECK(notes(engine.step(at(60s), Heard{shorter}), NoteKind::event_closed));
    CHECK(notes(engine.step(at(61s), Heard{dispatch(0s, 2_kW)}), NoteKind::signal_after_release));
    CHECK(engine.state().obligations.empty());
}

TEST_CASE("times and powers beyond reason are neither undefined nor fatal") {
    Engine engine = Small{}.strikes().obeys().engine();
    Duration t = 1s;
    for (const Instant when : {Instant::min(), Instant{}, midnight, Instant::max() - 1ms, Instant::max()})
        for (const Instant end : {Instant::min(), midnight, open_end})
            for (const Power power : {Power::lowest(), Power::max()}) {
                Signal s = dispatch(0s, power);
                s.issued = std::min(when, midnight);
                s.start = when;
                s.end = end;
                s.ramp = Duration{power.count};
                s.ask = power < 0_W ? Ask::relative : Ask::absolute;
                Signal p = price(0s, Price{power.count});
                p.issued = s.issued, p.start = when, p.end = end;
                engine.step(at(t += 1s), Heard{s, p, meter(t, 4_kW)});
                engine.snapshot(at(t));
            }
    CHECK(engine.state().obligations.size() <= 1);
}
