#include "policies/demand_charge.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::policies;
using namespace std::chrono_literals;

namespace {

const Instant june{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

/// A hall of 1 MW beside miners; the month's peak is 10 MW, last January's 20 MW.
struct Bench {
    Site site;
    State state;

    Bench() {
        site.groups.resize(2);
        site.groups[0].tier = Tier::firm;
        site.groups[1].tier = Tier::interruptible;
        state.site = &site;
        state.groups.resize(2);
        state.groups[0].measured = 1_MW;
        state.residual_mw = {0};
        state.meters.resize(1);
        const Instant january{std::chrono::sys_days{std::chrono::year{2026} / 1 / 10}};
        state.meters[0].quarter_hours.add(20_MW, january, january + 15min);
        state.meters[0].quarter_hours.add(10_MW, june, june + 15min);
    }
    Bench(const Bench&) = delete;

    /// The meter shows `power` since the window of 20 June, noon, began.
    Limits ask(Duration into_window, Power power, DemandCharge settings, Instant window = june + std::chrono::days{19} + 12h) {
        MeterState& meter = state.meters[0];
        meter.power = power;
        meter.fresh = true;
        meter.taken = Steady{into_window};
        meter.quarter_hours.add(power, window, window + into_window);
        Limits limits;
        demand_charge(settings)(state, {window + into_window, Steady{into_window}}, limits);
        return limits;
    }
};

// 10 per kW and month; mining earns 20 per MWh. On 20 June, noon, 252 hours are left: a kW more earns 5.04 of its 10.
const DemandCharge dear{.per_kw_month = Price{10'000'000'000}, .mining_earns = 20_per_MWh};

}  // namespace

TEST_CASE("the rest of a window may draw what keeps its mean at the demand that is paid for") {
    struct Row {
        Duration into;
        Power drawn, rest;
    };
    for (const Row& row : {Row{0min, 12_MW, 10_MW},                 // A window that has just begun.
                           Row{5min, 12_MW, 9_MW},                  // (150 - 60) / 10
                           Row{10min, 12_MW, 6_MW},
                           Row{10min, 4_MW, 22_MW},
                           Row{14min + 30s, 10_MW, 5_MW}}) {        // (150 - 145) in the last half minute: spread over a whole one.
        CAPTURE(row.into.count(), row.drawn.count);
        Bench bench;
        const Limits limits = bench.ask(row.into, row.drawn, dear);
        REQUIRE(limits.bounds.size() == 1);
        const Bound& bound = limits.bounds[0];
        CHECK(bound.high == row.rest);
        CHECK(bound.aim == std::min(row.rest, 10_MW));              // What is left over wakes nobody.
        CHECK(bound.release == bound.aim);
        CHECK(bound.why.reason == Reason::demand_peak);
        CHECK(bound.why.escalate_to == EscalateTo::repeat);
        CHECK(limits.changes_at == Steady{15min});
    }
}

TEST_CASE("what is paid for is the greatest of peak, ratchet, contract and what nobody can lower") {
    struct Row {
        std::int64_t ratchet_ppm;
        Power paid, firm, level;
    };
    for (const Row& row : {Row{0, 0_W, 1_MW, 10_MW}, Row{800'000, 0_W, 1_MW, 16_MW}, Row{0, 13_MW, 1_MW, 13_MW}, Row{0, 0_W, 14_MW, 14_MW}}) {
        Bench bench;
        bench.state.groups[0].measured = row.firm;
        DemandCharge settings = dear;
        settings.ratchet_ppm = row.ratchet_ppm;
        settings.paid = row.paid;
        CHECK(bench.ask(0min, 1_MW, settings).bounds.at(0).high == row.level);
    }
}

TEST_CASE("while a kW more earns more than it costs, nothing is asked, and the policy says until when") {
    Bench bench;
    DemandCharge cheap = dear;
    cheap.per_kw_month = Price{2'000'000'000};  // 100 hours of mining.
    const Limits limits = bench.ask(0min, 12_MW, cheap);
    CHECK(limits.bounds.empty());
    CHECK(limits.changes_at == Steady{(252h - 100h)});
    cheap.mining_earns = Price{};
    CHECK(bench.ask(0min, 12_MW, cheap).bounds.size() == 1);
}

TEST_CASE("the limit stands through the last evening of the month on the site's wall, and not into the next month") {
    using std::chrono::sys_days;
    const Instant november{sys_days{std::chrono::year{2026} / 11 / 1}};
    const DemandCharge texas{.per_kw_month = Price{15'000'000'000}, .mining_earns = 58_per_MWh, .paid = 1_MW};
    struct Row {
        Instant at;
        bool limited;
    };
    for (const Row& row : {Row{november - 3h, true},             // 31 October, 16:00 in Texas.
                           Row{november + 5min, true},           // 19:05
                           Row{november + 4h + 59min, true},     // 23:59
                           Row{november + 5h, false},            // Midnight: a whole month lies ahead.
                           Row{november + 30 * 24h, true},       // 30 November, 18:00; the clock has changed since.
                           Row{november + 30 * 24h + 5h + 59min, true}, Row{november + 30 * 24h + 6h, false}}) {
        CAPTURE(row.at);
        Bench bench;
        bench.site.clock = WallClock{{{Instant{}, -5h}, {november + 7h, -6h}}};
        Limits limits;
        demand_charge(texas)(bench.state, {row.at, Steady{1'000h}}, limits);
        CHECK(limits.bounds.size() == (row.limited ? 1 : 0));
    }
}

TEST_CASE("a new site that does not say what is paid is limited by its first whole window, and not before there is one") {
    Bench bench;
    const Instant noon = june + std::chrono::days{19} + 12h;
    bench.state.meters[0].quarter_hours = Peaks{15min};
    const Limits first = bench.ask(5min, 8_MW, dear);
    CHECK(first.bounds.empty());
    CHECK(first.changes_at == Steady{15min});
    DemandCharge said = dear;
    said.paid = 3_MW;
    CHECK(bench.ask(6min, 8_MW, said).bounds.size() == 1);
    bench.state.meters[0].quarter_hours.add(8_MW, noon, noon + 15min);
    const Limits then = bench.ask(5min, 12_MW, dear, noon + 15min);
    REQUIRE(then.bounds.size() == 1);
    CHECK(then.bounds[0].high == 6_MW);  // (8 x 15 - 12 x 5) / 10
}

TEST_CASE("between two readings the limit stays as it is") {
    Bench bench;
    const Instant window = june + std::chrono::days{19} + 12h;
    const Limits first = bench.ask(5min, 12_MW, dear);
    Limits later_on;
    demand_charge(dear)(bench.state, {window + 9min, Steady{9min}}, later_on);
    CHECK(later_on.bounds.at(0).high == first.bounds.at(0).high);
    Limits next;
    demand_charge(dear)(bench.state, {window + 16min, Steady{16min}}, next);
    CHECK(next.bounds.at(0).high == 12_MW);  // As the meter last said, the window before ended at that: the month's peak now.
}
