#include "policies/minimum_draw.hpp"
#include "policies/programme.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;
using policies::Amount;

namespace {

constexpr SourceId utility{0}, other{1};

/// 1 December 2026, a Tuesday, in a zone six hours behind UTC.
constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1} + 6h};
const WallClock six_behind{{{Instant{}, -6h}}};

Now at(Duration t) { return {midnight + t, Steady{t}}; }

struct Bench {
    Site site;
    State state;
    policies::Programme terms{.policy = PolicyId{1}, .sources = {utility}, .offered = 2_MW};

    Bench() {
        site.sources = {{"utility", OnStale::hold}, {"other", OnStale::hold}};
        state.site = &site;
        state.sources.resize(2);
        terms.clock = six_behind;
    }
    Bench(const Bench&) = delete;

    /// A call that was heard and begins at `t`, from a reference of 10 MW.
    Obligation& call(Duration t, Ask ask, Power power = {}, SignalKind kind = SignalKind::dispatch) {
        Obligation o;
        o.event = EventId{static_cast<std::uint32_t>(state.obligations.size() + 1)};
        o.signal.source = utility;
        o.signal.kind = kind;
        o.signal.ask = ask;
        o.signal.power = power;
        o.signal.issued = midnight + t;
        o.heard = o.begins = Steady{t};
        o.begins_utc = midnight + t;
        o.reference = 10_MW;
        state.obligations.push_back(o);
        return state.obligations.back();
    }
    Limits ask(Duration t) const {
        Limits limits;
        policies::programme(terms)(state, at(t), limits);
        return limits;
    }
};

}  // namespace

TEST_CASE("a call comes down to the contract's ceiling, or to its own limit where that is tighter") {
    struct Row {
        std::optional<Amount> ceiling;
        Ask ask;
        Power power, high;
    };
    const Amount percent_of_peak{Amount::Of::peak, {}, 50'000}, below{Amount::Of::below_reference, {}, 1'000'000}, fixed{Amount::Of::watts, 4_MW, 0};
    for (const Row& row : {Row{percent_of_peak, Ask::full, {}, 600_kW}, Row{percent_of_peak, Ask::absolute, 5_MW, 600_kW}, Row{percent_of_peak, Ask::absolute, 500_kW, 500_kW},
                           Row{below, Ask::full, {}, 8_MW}, Row{below, Ask::relative, 3_MW, 7_MW},
                           Row{below, Ask::relative, 500_kW, 9'500_kW}, Row{below, Ask::absolute, 9_MW, 9_MW}, Row{fixed, Ask::absolute, 5_MW, 4_MW},  // A call that names less than was offered gets less.
                           Row{fixed, Ask::full, {}, 4_MW}, Row{std::nullopt, Ask::absolute, 5_MW, 5_MW}}) {
        CAPTURE(static_cast<int>(row.ask), row.power.count, row.high.count);
        Bench bench;
        bench.terms.peak = 12_MW;
        bench.terms.ceiling = row.ceiling;
        bench.call(100s, row.ask, row.power);
        const Limits limits = bench.ask(100s);
        REQUIRE(limits.bounds.size() == 1);
        CHECK(limits.bounds[0].high == row.high);
        CHECK(!limits.bounds[0].everything);
        CHECK(limits.promises.empty());  // It has been called in.
    }
}

TEST_CASE("a limit says whether it is the call's own or the programme's") {
    struct Row {
        Power asked;
        Reason reason;
    };
    for (const Row& row : {Row{5_MW, Reason::programme_ceiling}, Row{600_kW, Reason::dispatched}, Row{500_kW, Reason::dispatched}}) {
        Bench bench;
        bench.terms.peak = 12_MW;
        bench.terms.ceiling = Amount{Amount::Of::peak, {}, 50'000};
        bench.call(100s, Ask::absolute, row.asked);
        CHECK(bench.ask(100s).bounds.at(0).why.reason == row.reason);
    }
}

TEST_CASE("a call without any limit takes everything that may stop") {
    Bench bench;
    bench.call(100s, Ask::full, {}, SignalKind::emergency);
    const Limits limits = bench.ask(100s);
    REQUIRE(limits.bounds.size() == 1);
    CHECK(limits.bounds[0].everything);
    CHECK(limits.bounds[0].why.cause == Cause::emergency);
    CHECK(limits.bounds[0].why.reason == Reason::dispatched_full);
}

TEST_CASE("notice and ramp of the contract say from when on a call has to be met, it is answered at once") {
    Bench bench;
    bench.site.sources[0].terms.notice = 10min;
    bench.site.sources[0].terms.default_ramp = 600s;
    bench.call(0s, Ask::absolute, 4_MW);
    const Limits limits = bench.ask(299s);
    REQUIRE(limits.bounds.size() == 1);
    CHECK(limits.bounds[0].since == Steady{20min});
    CHECK(limits.bounds[0].high == 7_MW);  // Half way down.
    CHECK(limits.changes_at == Steady{300s});
    Limits named_by_the_call;
    bench.state.obligations[0].signal.ramp = 100s;
    policies::programme(bench.terms)(bench.state, at(100s), named_by_the_call);
    CHECK(named_by_the_call.bounds[0].high == 4_MW);
}

TEST_CASE("of base points the newest holds, up and down, within a band") {
    Bench bench;
    bench.terms.follow = 400_kW;
    bench.call(0s, Ask::absolute, 3_MW);
    bench.call(300s, Ask::absolute, 6_MW);
    const Limits limits = bench.ask(300s);
    REQUIRE(limits.bounds.size() == 1);
    REQUIRE(limits.floors.size() == 1);
    CHECK(limits.bounds[0].high == 6'200_kW);
    CHECK(limits.bounds[0].aim == 6_MW);
    CHECK(limits.floors[0].low == 5'800_kW);
    CHECK(limits.floors[0].keep == 6_MW);
    CHECK(limits.floors[0].of == Floor::Of::all);
}

TEST_CASE("while it is armed a programme wants its volume to run, and promises it") {
    Bench bench;
    bench.terms.armed.when = policies::Armed::When::signalled;
    bench.terms.armed_floor = Amount{Amount::Of::offered, {}, 950'000};
    bench.terms.ceiling = Amount{Amount::Of::below_reference, {}, 1'000'000};
    CHECK(bench.ask(0s).floors.empty());
    bench.call(0s, Ask::full, 4_MW, SignalKind::arm);
    Limits limits = bench.ask(0s);
    REQUIRE(limits.floors.size() == 1);
    CHECK(limits.floors[0].low == 3'800_kW);
    CHECK(limits.floors[0].keep == 4_MW);
    CHECK(limits.floors[0].of == Floor::Of::sheddable);
    REQUIRE(limits.promises.size() == 1);
    CHECK(limits.promises[0].give == 4_MW);
    bench.call(10s, Ask::full).armed = 4_MW;
    limits = bench.ask(10s);
    CHECK(limits.floors.empty());  // Called in, nobody is held up.
    REQUIRE(limits.bounds.size() == 1);
    CHECK(limits.bounds[0].high == 6_MW);
}

namespace {

/// Miners that rest ten minutes at least and need five to be up; a hall and others that are no concern of the programme.
Site slow_machines() {
    Site site;
    site.sources = {{"utility", OnStale::hold}, {"other", OnStale::hold}};
    site.feeders = {{"north"}, {"south"}};
    Site::Group miners{.name = "miners", .driver = "luxos", .tier = Tier::interruptible, .feeder = FeederId{0}};
    miners.min_off = 600s, miners.on_within = 300s;
    Site::Group hall = miners, others = miners;
    hall.tier = Tier::firm, hall.min_off = 2h;
    others.feeder = FeederId{1}, others.min_off = 3h;
    site.groups = {miners, hall, others};
    return site;
}

}  // namespace

TEST_CASE("an award that is known, or contract hours, keep machines up for as long before as one needs to be back") {
    Bench bench;
    bench.site = slow_machines();
    bench.terms.scope = Scope::feeder(FeederId{0});
    bench.terms.armed_floor = Amount{Amount::Of::offered, {}, 950'000};
    Duration begins{};
    SECTION("an award") {
        begins = 1h;
        bench.terms.armed.when = policies::Armed::When::signalled;
        bench.call(begins, Ask::full, 4_MW, SignalKind::arm);
    }
    SECTION("contract hours") {
        begins = 17h;
        bench.terms.offered = 4_MW;
        bench.terms.armed.hours.hours = {17h, 21h};
    }
    CHECK(bench.ask(begins - 901s).floors.empty());
    CHECK(bench.ask(begins - 901s).changes_at <= Steady{begins - 900s});
    for (const Duration before : {900s, 1s, 0s}) {
        const Limits limits = bench.ask(begins - before);
        REQUIRE(limits.floors.size() == 1);
        CHECK(limits.floors[0].low == 3'800_kW);
        CHECK(limits.floors[0].keep == 4_MW);
        CHECK(limits.floors[0].of == Floor::Of::sheddable);
        CHECK(limits.promises.size() == (before == 0s ? 1 : 0));
    }
}

TEST_CASE("contract hours go by the wall, the week and the season") {
    Bench bench;
    bench.terms.armed.hours = {{std::chrono::December / 1, std::chrono::March / 31}, {17h, 21h}, true};
    const auto armed = [&](Duration t) { return !bench.ask(t).promises.empty(); };
    CHECK(!armed(16h + 59min));
    CHECK(armed(17h));
    CHECK(armed(20h + 59min));
    CHECK(!armed(21h));
    CHECK(!armed(4 * 24h + 18h));     // Saturday.
    CHECK(armed(6 * 24h + 18h));      // Monday.
    CHECK(armed(120 * 24h + 18h));    // 31 March, a Wednesday.
    CHECK(!armed(121 * 24h + 18h));
    CHECK(bench.ask(5s).changes_at == Steady{60s});
}

TEST_CASE("a season is counted from its own beginning, also past the new year") {
    const Season winter{std::chrono::December / 1, std::chrono::March / 31};
    const auto day = [](int y, unsigned m, unsigned d) { return std::chrono::sys_days{std::chrono::year{y} / static_cast<int>(m) / static_cast<int>(d)}; };
    CHECK(winter.began(day(2027, 2, 3)) == day(2026, 12, 1));
    CHECK(winter.began(day(2026, 12, 1)) == day(2026, 12, 1));
    CHECK(winter.contains(day(2027, 1, 1)));
    CHECK(!winter.contains(day(2026, 11, 30)));
    CHECK(Season{std::chrono::February / 29, std::chrono::March / 1}.began(day(2027, 2, 28)) == day(2027, 2, 28));
}

TEST_CASE("calls beyond the quota are told apart: by day, by season, by hours, by the rest between two") {
    struct Row {
        policies::Quota quota;
        bool beyond;
    };
    const auto quota = [](auto set) {
        policies::Quota q;
        q.decline = true;
        set(q);
        return q;
    };
    for (const Row& row : {Row{quota([](auto&) {}), false}, Row{quota([](auto& q) { q.calls_a_day = 2; }), false}, Row{quota([](auto& q) { q.calls_a_day = 1; }), true},
                           Row{quota([](auto& q) { q.calls_a_season = 3; }), false}, Row{quota([](auto& q) { q.calls_a_season = 2; }), true},
                           Row{quota([](auto& q) { q.a_season = 6h; }), true}, Row{quota([](auto& q) { q.a_season = 7h; }), false},
                           Row{quota([](auto& q) { q.spacing = 4h; }), false}, Row{quota([](auto& q) { q.spacing = 5h; }), true}}) {
        Bench bench;
        bench.terms.quota = row.quota;
        // Yesterday three hours, today from 1 to 4 h, now from 8 h on; another source's do not count.
        bench.state.calls = {{utility, midnight - 20h, midnight - 17h}, {utility, midnight + 1h, midnight + 4h}, {other, midnight + 5h, midnight + 7h}};
        bench.call(8h, Ask::absolute, 4_MW);
        const Limits limits = bench.ask(8h + 1min);
        REQUIRE(limits.bounds.size() == 1);
        CHECK((limits.bounds[0].why.reason == Reason::beyond_quota) == row.beyond);
        CHECK((limits.bounds[0].high == no_limit) == row.beyond);
        if (row.quota.a_season == 7h) CHECK(limits.changes_at == Steady{9h});  // When the hours are used up.
    }
}

TEST_CASE("a call beyond the quota that is obeyed is told of beside its limit") {
    Bench bench;
    bench.terms.quota.calls_a_day = 1;
    bench.state.calls = {{utility, midnight + 1h, midnight + 2h}};
    bench.call(8h, Ask::absolute, 4_MW);
    const Limits limits = bench.ask(8h);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[0].high == 4_MW);
    CHECK(limits.bounds[1].high == no_limit);
    CHECK(limits.bounds[1].why.reason == Reason::beyond_quota_obeyed);
}

TEST_CASE("what was declined has spent nothing, and calls that overlap are one") {
    struct Row {
        std::deque<Call> calls;
        policies::Quota quota;
        bool beyond;
    };
    const auto quota = [](unsigned a_day, Duration hours, Duration spacing) { return policies::Quota{.calls_a_day = a_day, .a_season = hours, .spacing = spacing, .decline = true}; };
    const Call early{utility, midnight + 1h, midnight + 2h}, soon{utility, midnight + 3h, midnight + 6h}, by_contact{SourceId{2}, midnight + 1h, midnight + 2h + 30min};
    // One, and one too soon after it, which was declined; eight hours is four after that, and six after what was obeyed.
    for (const Row& row : {Row{{early, soon}, quota(0, {}, 5h), false}, Row{{early, soon}, quota(0, {}, 7h), true},
                           Row{{early, soon}, quota(2, {}, 5h), false}, Row{{early, soon}, quota(2, {}, 0h), true},
                           Row{{early, soon}, quota(0, 3h, 5h), false}, Row{{early, soon}, quota(0, 3h, 0h), true},
                           Row{{early, by_contact}, quota(2, {}, {}), false}, Row{{early, by_contact}, quota(1, {}, {}), true},
                           Row{{early, by_contact}, quota(0, 2h, {}), false}, Row{{early, by_contact}, quota(0, 90min, {}), true}}) {
        Bench bench;
        bench.terms.sources = {utility, SourceId{2}};
        bench.site.sources.push_back({"contact", OnStale::hold});
        bench.state.sources.resize(3);
        bench.terms.quota = row.quota;
        bench.state.calls = row.calls;
        bench.call(8h, Ask::absolute, 4_MW);
        CAPTURE(row.quota.calls_a_day, row.quota.a_season.count(), row.quota.spacing.count(), row.calls.back().ended - midnight);
        CHECK((bench.ask(8h).bounds[0].why.reason == Reason::beyond_quota) == row.beyond);
    }
}

TEST_CASE("a call by two signals is one while it runs, and its hours grow once") {
    Bench bench;
    bench.terms.quota = {.calls_a_day = 1, .a_season = 2h, .decline = true};
    bench.call(8h, Ask::absolute, 4_MW);
    bench.call(8h + 1min, Ask::absolute, 5_MW);
    const Limits limits = bench.ask(8h + 30min);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[0].high == 4_MW);
    CHECK(limits.bounds[1].high == 5_MW);
    CHECK(limits.changes_at == Steady{10h});
}

TEST_CASE("a call beyond the quota is obeyed unless the site file declines it, an emergency always") {
    Bench bench;
    bench.terms.quota.calls_a_day = 1;
    bench.state.calls = {{utility, midnight + 1h, midnight + 2h}};
    bench.call(8h, Ask::absolute, 4_MW);
    CHECK(bench.ask(8h).bounds[0].high == 4_MW);
    bench.terms.quota.decline = true;
    CHECK(bench.ask(8h).bounds[0].high == no_limit);
    bench.state.obligations[0].signal.kind = SignalKind::emergency;
    CHECK(bench.ask(8h).bounds[0].high == 4_MW);
}

TEST_CASE("a minimum draw is a floor in its hours") {
    policies::MinimumDraw settings;
    settings.scope = Scope::group(GroupId{2});
    settings.at_least = 1_MW;
    settings.keep = 1'100_kW;
    settings.hours.hours = {6h, 9h};
    settings.clock = six_behind;
    State state;
    const auto floors = [&](Duration t) {
        Limits limits;
        policies::minimum_draw(settings)(state, at(t), limits);
        return limits.floors;
    };
    CHECK(floors(5h).empty());
    REQUIRE(floors(6h).size() == 1);
    CHECK(floors(6h)[0].low == 1_MW);
    CHECK(floors(6h)[0].keep == 1'100_kW);
}

TEST_CASE("an emergency is answered, whatever base points say, and points are followed from when they begin") {
    Bench bench;
    bench.terms.follow = 400_kW;
    bench.call(0s, Ask::full, {}, SignalKind::emergency);
    bench.call(60s, Ask::absolute, 5_MW);
    bench.terms.lead = 30s;
    bench.call(90s, Ask::absolute, 8_MW);
    const Limits limits = bench.ask(60s);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[0].everything);
    CHECK(limits.bounds[0].why.cause == Cause::emergency);
    CHECK(limits.bounds[1].aim == 5_MW);
}

TEST_CASE("the volume is that of the award when it was called, though the award is over, and without any all must go") {
    Bench bench;
    bench.terms.offered = {};
    bench.terms.ceiling = Amount{Amount::Of::below_reference, {}, 1'000'000};
    bench.terms.armed.when = policies::Armed::When::signalled;
    bench.call(0s, Ask::full).armed = 4_MW;
    CHECK(bench.ask(10s).bounds[0].high == 6_MW);
    bench.call(20s, Ask::full);
    CHECK(bench.ask(20s).bounds[1].everything);
}

TEST_CASE("an armed ceiling stands also during a mild call, and a silent source sheds if it is to") {
    Bench bench;
    bench.terms.armed_ceiling = Amount{Amount::Of::watts, 3_MW, 0};
    bench.call(0s, Ask::absolute, 9_MW);
    Limits limits = bench.ask(0s);
    REQUIRE(limits.bounds.size() == 2);
    CHECK(limits.bounds[1].high == 3_MW);
    bench.site.sources[0].on_stale = OnStale::shed;
    bench.state.sources[0].stale = true;
    limits = bench.ask(0s);
    REQUIRE(limits.bounds.size() == 3);
    CHECK(limits.bounds[1].everything);
    CHECK(limits.bounds[1].why.reason == Reason::source_silent_shed);
}

TEST_CASE("a call that has stood for ever is still a number") {
    Bench bench;
    bench.terms.lead = 30s;
    Obligation& call = bench.call(0s, Ask::absolute, 4_MW);
    call.begins = call.heard = Steady{-24h * 366};
    const Limits limits = bench.ask(0s);
    REQUIRE(limits.bounds.size() == 1);
    CHECK(limits.bounds[0].high == 4_MW);
}
