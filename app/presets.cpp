#include "app/presets.hpp"

#include <algorithm>

namespace ballast {
namespace {

constexpr Preset all[] = {
    {"ercot_sced", "ERCOT, controllable load in SCED: follows base points up and down", R"(
# ERCOT, "Loads in SCED" 1.0: the base point is the consumption expected in five minutes; it moves both ways. It is gone to at
# once; intervals are judged only for drawing too much.
armed = "never"
# Not confirmed: base point deviation of at most the greater of 5 % and 5 MW, in 85 % of the five-minute intervals.
follow_within_kw = 5000
score = "intervals"
score_within_percent = 5
pass_percent = 85
)"},
    {"ercot_ecrs", "ERCOT contingency reserve by load that is not in SCED", R"(
# NPRR1148: ten minutes, as a linear ramp, for load that is not controllable. Held until recalled.
# Not confirmed: since RTC+B (December 2025) ECRS is no longer deployed by hand; then it comes as base points, see ercot_sced.
ramp_s = 600
until_release = true
reduce_percent_of_offered = 100
armed = "signalled"                      # the award of each hour
# Not confirmed: that the whole award must be drawn while it is armed.
armed_floor_percent_of_offered = 100
# Not confirmed: passed at 95 % of what was asked.
pass_percent = 95
)"},
    {"ercot_ers_10", "ERCOT emergency response service, ten minutes", R"(
# 16 TAC 25.507: ten minutes from the instruction; until recalled. At least 100 kW (ERS SOW 2019).
ramp_s = 600
until_release = true
reduce_percent_of_offered = 100
armed = "always"                         # or the contracted hours: season, hours, weekdays_only
# Not confirmed: passed at 95 % of what was offered. ERCOT judges by baselines and 15-minute data; here the reference window.
# Not modelled: what failed tests and events do to the next award.
pass_percent = 95
)"},
    {"ercot_ers_30", "ERCOT emergency response service, thirty minutes", R"(
# 16 TAC 25.507: thirty minutes from the instruction; until recalled. At least 100 kW (ERS SOW 2019).
ramp_s = 1800
until_release = true
reduce_percent_of_offered = 100
armed = "always"
# Not confirmed: passed at 95 % of what was offered. ERCOT judges by baselines and 15-minute data; here the reference window.
# Not modelled: what failed tests and events do to the next award.
pass_percent = 95
)"},
    {"ercot_large_load", "Texas, large loads (75 MW and more) in an emergency", R"(
# Senate Bill 6: in an emergency a large load curtails or runs on its back-up. No quota.
until_release = true
armed = "always"
# Not confirmed: notice, ramp and depth are being ruled on (PUC project 58317). Here: at once, all that may stop.
notice_s = 0
# Not confirmed: passed at 95 % of what was asked.
pass_percent = 95
)"},
    {"aeso_lssi", "Alberta, load shed service for imports", R"(
# While armed, load is held at 95 % of the offered volume or more; what was tripped stays off until it is restored.
# The trip itself is an under-frequency relay's (59.50 Hz, under a second): Ballast arms, follows and proves.
until_release = true
reduce_percent_of_offered = 100
armed = "signalled"
armed_floor_percent_of_offered = 95
# Not confirmed: passed at 95 % of what was asked.
pass_percent = 95
)"},
    {"hydro_quebec_cb", "Hydro-Quebec rate CB, cryptographic use: at most 5 % of the peak in restriction periods", R"(
# Rate CB (2024-04-01): real power of at most 5 % of the 12-month maximum; above it 58.168 cents a kWh.
ceiling_percent_of_peak = 5
penalty_per_mwh = 581.68
currency = "CAD"
armed = "always"
# Not confirmed: 300 hours a year; that restriction periods lie in the winter (it is that of DR Commitment); what notice is given:
# here none, so that what is drawn from the first minute on is counted.
season = "12-01..03-31"
hours_a_season = 300
notice_s = 0
)"},
    {"hydro_quebec_option_l", "Hydro-Quebec interruptible option I of rate L", R"(
# Notice of two hours on weekdays; four to five hours; at most two a day, at least four hours apart; at most 20 calls and
# 100 hours a winter; at least 3,000 kW or 20 % (offer no less: it is not checked here).
notice_s = 7200
min_duration_s = 14400
max_duration_s = 18000
calls_a_day = 2
spacing_s = 14400
calls_a_season = 20
hours_a_season = 100
# Not confirmed: the winter's first and last day. On weekends notice is given by 15:30 of the day before: that is longer.
season = "12-01..03-31"
reduce_percent_of_offered = 100
currency = "CAD"
armed = "always"
# Not confirmed: passed at 95 % of what was asked.
pass_percent = 95
)"},
    {"ieso_hdr", "Ontario, hourly demand response", R"(
# Standby is told by 07:00; activated at least two hours ahead, for one block of four hours.
notice_s = 7200
min_duration_s = 14400
max_duration_s = 14400
reduce_percent_of_offered = 100
currency = "CAD"
armed = "signalled"                      # the standby notice
# Not confirmed: measured from the highest 15 of 20 days with an adjustment on the day. Here: from the reference window.
# Not confirmed: passed at 95 % of what was asked.
pass_percent = 95
)"},
};

}  // namespace

std::span<const Preset> presets() { return all; }

const Preset* preset_named(std::string_view name) {
    const auto found = std::ranges::find(all, name, &Preset::name);
    return found == std::end(all) ? nullptr : &*found;
}

}  // namespace ballast
