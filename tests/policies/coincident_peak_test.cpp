#include "policies/coincident_peak.hpp"
#include "tests/catch.hpp"
#include "tests/support/summer.hpp"

#include <cstdio>
#include <map>
#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::policies;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

using std::chrono::sys_days, std::chrono::year;

constexpr SourceId feed{0}, forecaster{1}, market{2};
const WallClock central{{{Instant{}, -5h}}};

PeakTerms four_cp() {
    PeakTerms terms;
    terms.when = {{std::chrono::June / 1, std::chrono::September / 30}, {14h, 20h}};
    terms.clock = central;
    return terms;
}

PeakTerms ici() {
    PeakTerms terms;
    terms.per = PeakTerms::Per::season;
    terms.count = 5;
    terms.interval = 60min;
    terms.when = {{std::chrono::May / 1, std::chrono::April / 30}, {12h, 21h}};
    terms.clock = central;
    return terms;
}

/// One group of machines beside a demand feed, a forecaster and a market.
struct Bench {
    Site site;
    State state;
    CoincidentPeak settings{.machines = {{GroupId{0}, market, {}}}, .per_kw_year = Price{67'000'000'000}};

    explicit Bench(PeakTerms terms) {
        site.policies = {"peaks"};
        site.sources = {{"feed", OnStale::run, 15min}, {"forecaster", OnStale::run, 0s}, {"market", OnStale::hold, 0s}};
        site.watches = {{PolicyId{0}, feed, {forecaster}, std::move(terms)}};
        state.site = &site;
        state.sources.resize(3);
        state.prices.resize(3);
        state.watches.resize(1);
    }
    Bench(const Bench&) = delete;

    void price(Price each) { state.prices[2].add({Instant{}, open_end, each, {}, Steady::min(), never, never}, Steady{}); }
    bool tell(Power demand, Now now) { return state.watches[0].tell(site.watches[0].terms, demand, now.utc, now); }
    Limits ask(Now now) const {
        Limits limits;
        coincident_peak(settings)(state, now, limits);
        return limits;
    }
};

const Now noon{sys_days{year{2026} / 7 / 20} + 17h, Steady{1'000h}};

}  // namespace

TEST_CASE("the chance that a day stays among the highest is that of an order of days nobody knows") {
    CHECK(stays_ppm(1, 30, 1, 1) == 33'333);      // The first of thirty.
    CHECK(stays_ppm(15, 30, 1, 1) == 500'000);
    CHECK(stays_ppm(30, 30, 1, 1) == 1'000'000);
    CHECK(stays_ppm(15, 30, 2, 1) == 0);          // One was higher already.
    CHECK(stays_ppm(2, 4, 1, 2) == 833'333);      // Both of the others are higher in one order of six.
    CHECK(stays_ppm(2, 4, 2, 2) == 166'666);
    CHECK(stays_ppm(5, 365, 1, 5) < stays_ppm(100, 365, 1, 5));
    CHECK(stays_ppm(3, 3, 3, 5) == 1'000'000);
}

TEST_CASE("a season counts as many demands as its months have") {
    CHECK(four_cp().counted() == 4);
    CHECK(ici().counted() == 5);
    PeakTerms winter = four_cp();
    winter.when.season = {std::chrono::November / 1, std::chrono::February / 28};
    CHECK(winter.counted() == 4);
    const auto day = [](int m, unsigned d) { return sys_days{year{2026} / m / d}; };
    CHECK(four_cp().period(day(7, 20)) == day(7, 1));
    CHECK(four_cp().period_end(day(7, 20)) == day(8, 1));
    CHECK(ici().period(day(3, 3)) == sys_days{year{2025} / 5 / 1});
    CHECK(ici().period_end(day(3, 3)) == day(5, 1));
}

TEST_CASE("what a forecast window is worth moves the strikes, as a price does") {
    Bench bench{four_cp()};
    bench.price(40_per_MWh);
    // 67 / 4 per kW at 12 % over two hours: 1.005 per kWh.
    bench.state.forecasts.push_back({forecaster, "w", noon.utc, noon.steady, noon.steady + 2h, 120'000});
    const Limits limits = bench.ask(noon);
    REQUIRE(limits.cutoffs.size() == 1);
    CHECK(limits.cutoffs[0].stop_below == 1'045_per_MWh);
    CHECK(limits.cutoffs[0].start_at == 1'045_per_MWh);
    CHECK(limits.cutoffs[0].why.reason == Reason::coincident_peak);
    CHECK(limits.cutoffs[0].why.cause == Cause::price);
    CHECK(limits.changes_at == noon.steady + 2h);
    CHECK(bench.ask({noon.utc + 2h, noon.steady + 2h}).cutoffs.empty());
}

TEST_CASE("machines go a lead before a window that was foreseen, and not sooner") {
    Bench bench{four_cp()};
    bench.state.forecasts.push_back({forecaster, "w", noon.utc, noon.steady + 60min, noon.steady + 120min, 500'000});
    CHECK(bench.ask(noon).cutoffs.empty());
    CHECK(bench.ask(noon).changes_at == noon.steady + 45min);
    CHECK(bench.ask({noon.utc + 45min, noon.steady + 45min}).cutoffs.size() == 1);
}

TEST_CASE("a cycle that costs more than the chance is worth is not made") {
    Bench bench{four_cp()};
    bench.settings.machines[0].cycle = Cycle{.cost = {20min, {}}};
    bench.state.forecasts.push_back({forecaster, "w", noon.utc, noon.steady, noon.steady + 60min, 12'000});
    // 201 per MWh for an hour, of which a third of an hour's hash of ramp costs a sixth of the strike: 201 / (1 + 1/6).
    CHECK(std::abs(per_megawatt_hour(bench.ask(noon).cutoffs[0].stop_below) - 201 / (1 + 1 / 6.0)) < 0.001);
    CHECK(bench.ask(noon).cutoffs[0].start_at == 201_per_MWh);
}

TEST_CASE("no strike is asked to stop and to start at once, also where power costs less than nothing and sleep draws some") {
    Bench bench{ici()};
    bench.settings.per_kw_year = Price{1'000'000'000};  // A tenth of it, over five hours: 20 per MWh.
    bench.settings.machines[0].cycle = Cycle{.cost = {60min, {}}, .standby_ppm = 100'000};
    bench.state.forecasts.push_back({forecaster, "w", noon.utc, noon.steady, noon.steady + 1h, 100'000});
    for (const std::int64_t per_mwh : {-100, -21, -20, -19, 0, 40}) {
        CAPTURE(per_mwh);
        bench.state.prices[2] = {};
        bench.price(Price{per_mwh * 1'000'000});
        const Limits limits = bench.ask(noon);
        REQUIRE(limits.cutoffs.size() == 1);
        CHECK(limits.cutoffs[0].stop_below <= limits.cutoffs[0].start_at);
    }
}

TEST_CASE("the system's demand is held against the highest of its month") {
    struct Row {
        double mw;        ///< All of the day.
        std::int64_t ppm;
    };
    // 19 days of July at 80 GW; the 20th of 31, so that the highest so far stays so with a chance of 20 / 31.
    for (const Row& row : {Row{70'000, 0}, Row{78'800, 0}, Row{80'000, 322'580}, Row{81'200, 645'161}, Row{90'000, 645'161}}) {
        CAPTURE(row.mw);
        Bench bench{four_cp()};
        for (int day = 1; day <= 19; ++day)
            for (int step = 0; step < 12; ++step) {
                const Instant at = sys_days{year{2026} / 7 / day} + 20h + step * 5min;
                bench.tell(80'000_MW, {at, noon.steady - (noon.utc - at)});
            }
        for (int step = 0; step < 3; ++step) bench.tell(Power{static_cast<std::int64_t>(row.mw * 1e6)}, {noon.utc + 3h + step * 5min, noon.steady + 3h + step * 5min});
        CHECK(std::abs(bench.state.watches[0].running().ppm - row.ppm) < 10);
    }
}

TEST_CASE("outside of its hours and its season no demand is expected to count") {
    Bench bench{four_cp()};
    for (const Instant at : {Instant{sys_days{year{2026} / 7 / 20} + 12h}, Instant{sys_days{year{2026} / 10 / 20} + 22h}}) {
        bench.tell(90'000_MW, {at, Steady{at.time_since_epoch()}});
        CHECK(bench.state.watches[0].running().ppm == 0);
        CHECK(bench.ask({at, Steady{at.time_since_epoch()}}).cutoffs.empty());
    }
}

TEST_CASE("a silent feed does what its site file says, in the hours in which a peak may come") {
    struct Row {
        OnStale means;
        Duration after_noon;
        bool asks, stops;
    };
    for (const Row& row : {Row{OnStale::run, 4h, false, false}, Row{OnStale::hold, 4h, true, false}, Row{OnStale::shed, 4h, true, true}, Row{OnStale::shed, 12h, false, false}}) {
        Bench bench{four_cp()};
        bench.site.sources[0].on_stale = row.means;
        bench.state.sources[0].stale = true;
        const Limits limits = bench.ask({noon.utc + row.after_noon, noon.steady + row.after_noon});
        CHECK(limits.cutoffs.size() == (row.asks ? 1 : 0));
        if (row.means != OnStale::run) CHECK(limits.changes_at != never);
        if (row.asks) CHECK((limits.cutoffs[0].stop_below == Price::max()) == row.stops);
    }
}

TEST_CASE("hours that are spent stop nobody, and a running stop ends with the last of them") {
    Bench bench{four_cp()};
    bench.site.watches[0].terms.budget = 3h;
    bench.state.forecasts.push_back({forecaster, "w", noon.utc, noon.steady, noon.steady + 6h, 500'000});
    CHECK(bench.ask(noon).cutoffs.size() == 1);
    bench.state.episodes.push_back({PolicyId{0}, EventId{1}, forecaster, Cause::price, noon.steady - 1h});
    CHECK(bench.ask(noon).changes_at == noon.steady + 2h);
    bench.state.watches[0].spend(bench.site.watches[0].terms, 2h, noon.utc);
    CHECK(bench.ask(noon).cutoffs.empty());
    // A new season has a budget of its own.
    bench.state.watches[0].begin_season(bench.site.watches[0].terms, noon.utc + std::chrono::days{365});
    CHECK(bench.ask(noon).cutoffs.size() == 1);
}

TEST_CASE("a feed that repeats itself, or tells the past, says nothing new") {
    Bench bench{four_cp()};
    CHECK(bench.tell(70'000_MW, noon));
    const PeakWatch before = bench.state.watches[0];
    CHECK_FALSE(bench.tell(90'000_MW, noon));
    CHECK_FALSE(bench.tell(90'000_MW, {noon.utc - 5min, noon.steady + 1s}));
    CHECK(bench.state.watches[0] == before);
}

namespace {

/// What a tariff counts of a season: by month or season, its highest of the days, highest first.
std::map<sys_days, std::vector<std::pair<Power, Instant>>> counted(const Summer& summer, const PeakTerms& terms) {
    std::map<sys_days, std::pair<Power, Instant>> days;
    for (const auto& [at, mean] : summer.means(terms.interval))
        if (terms.when.season.contains(terms.clock.day(at))) days[terms.clock.day(at)] = std::max(days[terms.clock.day(at)], std::pair{mean, at});
    std::map<sys_days, std::vector<std::pair<Power, Instant>>> periods;
    for (const auto& [day, top] : days) periods[terms.period(day)].push_back(top);
    for (auto& [period, tops] : periods) {
        std::ranges::sort(tops, std::ranges::greater{});
        tops.resize(std::min<std::size_t>(terms.count, tops.size()));
    }
    return periods;
}

std::vector<Power> past_of(const Summer& before, const PeakTerms& terms) {
    std::vector<Power> past;
    for (const auto& [period, tops] : counted(before, terms))
        for (const auto& [mean, at] : tops) past.push_back(mean);
    return past;
}

struct Lived {
    unsigned hits = 0, peaks = 0;
    double hours = 0, saved = 0, lost = 0;   ///< Per kW, in currency.
};

/// A machine of this strike at this price lives through a season: what it was off for, and what that earned.
Lived live_through(const Summer& summer, PeakTerms terms, double strike, double price) {
    Bench bench{terms};
    bench.price(Price{static_cast<std::int64_t>(price * 1e6)});
    const Price own{static_cast<std::int64_t>(strike * 1e6)};
    std::set<Instant> off;                // Steps of five minutes.
    std::optional<Steady> since;
    for (std::size_t i = 0; i < summer.demand.size(); ++i) {
        const Now now{summer.at(i), Steady{summer.at(i).time_since_epoch()}};
        bench.tell(summer.demand[i], now);
        const Limits limits = bench.ask(now);
        Price stop = Price::lowest(), start = Price::lowest();
        for (const Cutoff& c : limits.cutoffs) stop = std::max(stop, c.stop_below), start = std::max(start, c.start_at);
        const bool stops = own < stop, starts = own >= std::max(stop, start);
        if (stops && !since) since = now.steady, bench.state.episodes.push_back({PolicyId{0}, EventId{1}, feed, Cause::price, now.steady});
        if (starts && since) {
            bench.state.watches[0].spend(terms, now.steady - *since, now.utc);
            bench.state.episodes.clear();
            since.reset();
        }
        if (since) off.insert(now.utc);
    }
    Lived lived;
    double avoided = 0;
    for (const auto& [period, tops] : counted(summer, terms))
        for (const auto& [mean, begins] : tops) {
            int steps = 0;
            for (Instant at = begins; at < begins + terms.interval; at += 5min) steps += off.contains(at);
            avoided += steps / (static_cast<double>(terms.interval / 5min));
            lived.hits += steps == terms.interval / 5min;
            ++lived.peaks;
        }
    lived.hours = static_cast<double>(off.size()) / 12;
    lived.saved = 67 * avoided / lived.peaks;
    lived.lost = lived.hours * (strike - price) / 1'000;
    return lived;
}

}  // namespace

TEST_CASE("of summers that nobody knew beforehand, nearly all peaks are avoided, and for far less than they cost") {
    unsigned hits = 0, peaks = 0;
    std::printf("4CP, strike 80, price 40 per MWh, 67 per kW and year; all hours 14 to 20 would be 732\n");
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const Summer summer{sys_days{year{2026} / 6 / 1} + 5h, 122, seed};
        const Lived lived = live_through(summer, four_cp(), 80, 40);
        PeakTerms thrifty = four_cp();
        thrifty.budget = 60h;
        const Lived budget = live_through(summer, thrifty, 80, 40);
        std::printf("  summer %llu: %u of %u peaks in %.1f h, saves %.2f and loses %.2f per kW; with a budget of 60 h %u in %.1f h, saves %.2f and loses %.2f\n", static_cast<unsigned long long>(seed), lived.hits, lived.peaks,
                    lived.hours, lived.saved, lived.lost, budget.hits, budget.hours, budget.saved, budget.lost);
        CHECK(lived.peaks == 4);
        CHECK(lived.hours < 250);
        CHECK(lived.saved > 5 * lived.lost);
        CHECK(budget.hours <= 60.1);
        hits += lived.hits;
        peaks += lived.peaks;
    }
    CHECK(hits * 10 >= peaks * 9);
}

TEST_CASE("of years that nobody knew beforehand, the five peak hours are avoided") {
    unsigned hits = 0, thrifty_hits = 0, peaks = 0;
    std::printf("ICI, strike 80, price 40 per MWh, 67 per kW and year\n");
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Summer summer{sys_days{year{2026} / 5 / 1} + 5h, 365, seed, 22'000};
        PeakTerms thrifty = ici();
        thrifty.budget = 80h;
        thrifty.past = past_of(Summer{sys_days{year{2026} / 5 / 1} + 5h, 365, seed + 100, 22'000}, thrifty);
        const Lived lived = live_through(summer, ici(), 80, 40), budget = live_through(summer, thrifty, 80, 40);
        std::printf("  year %llu: %u of %u peaks in %.1f h, saves %.2f and loses %.2f per kW; with a budget of 80 h %u in %.1f h\n", static_cast<unsigned long long>(seed), lived.hits, lived.peaks, lived.hours, lived.saved,
                    lived.lost, budget.hits, budget.hours);
        CHECK(budget.hours <= 80.1);
        hits += lived.hits;
        thrifty_hits += budget.hits;
        peaks += lived.peaks;
    }
    CHECK(hits * 10 >= peaks * 9);
    CHECK(thrifty_hits * 2 >= peaks);  // A third of the hours, and not a third of the peaks.
}
