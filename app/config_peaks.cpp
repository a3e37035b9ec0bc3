#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

constexpr std::size_t most_counted = 12;  ///< Of a month or season.

/// Names of signals that have to be of this kind.
std::string signal_of_kind(Keys& keys, Parse& parse, std::string_view key, const Keys::Name& name, SignalSort kind, std::string_view word) {
    const auto signal = std::ranges::find(parse.config.signals, name.text, &SignalConfig::name);
    if (signal == parse.config.signals.end()) keys.dangling(key, name, "signal", parse.signals());
    else if (signal->kind != kind) parse.faults.add(name.at, fmt::format("\"{}\" is no {}; allowed: a signal with kind = \"{}\"", name.text, word, word));
    return name.text;
}

void sources_of(Keys& keys, Parse& parse, CoincidentPeakConfig& own) {
    if (const auto demand = keys.text("demand")) own.demand = signal_of_kind(keys, parse, "demand", {*demand, keys.at("demand")}, SignalSort::system_demand, "system_demand");
    if (keys.has("forecasts"))
        for (const Keys::Name& name : keys.names("forecasts")) own.forecasts.push_back(signal_of_kind(keys, parse, "forecasts", name, SignalSort::peak_forecast, "peak_forecast"));
    if (!keys.has("demand") && !keys.has("forecasts"))
        keys.missing("demand", "expected a signal with the system's demand, or 'forecasts' with those that foresee its peaks");
}

void groups_of(Keys& keys, Parse& parse, CoincidentPeakConfig& own) {
    if (!keys.has("groups")) keys.missing("groups", "expected [\"a\", \"b\"], the groups it may stop");
    for (const Keys::Name& name : keys.names("groups")) {
        const auto group = std::ranges::find(parse.config.groups, name.text, &GroupConfig::name);
        if (group == parse.config.groups.end()) keys.dangling("groups", name, "group", names_of(parse.config.groups));
        else if (group->driver == GroupDriver::contactor) parse.faults.add(name.at, fmt::format("\"{}\" is a contactor, and none opens for money; allowed: groups of machines", name.text));
        else if (group->tier != Tier::interruptible) parse.faults.add(name.at, fmt::format("\"{}\" is not interruptible, and nothing stops it for money; allowed: interruptible groups", name.text));
        own.groups.push_back(name.text);
    }
}

void past_of(Keys& keys, CoincidentPeakConfig& own) {
    if (!keys.has("past_peaks_mw")) return;
    for (const std::int64_t watts : keys.numbers("past_peaks_mw", {1, 1'000'000'000'000, 6})) own.terms.past.push_back(Power{watts});
    const std::size_t counted = own.terms.counted();
    if (own.terms.past.size() == counted) return;
    keys.fault("past_peaks_mw", fmt::format("'past_peaks_mw' has {} number(s), and {} demand(s) of a season are counted; allowed: as many, in the order of the calendar", own.terms.past.size(), counted));
    own.terms.past.clear();
}

}  // namespace

void parse_coincident_peak(Keys& keys, Parse& parse, std::int64_t rate_ppm, CoincidentPeakConfig& own) {
    PeakTerms& terms = own.terms;
    sources_of(keys, parse, own);
    groups_of(keys, parse, own);
    terms.per = keys.must_choice("per", Choices<PeakTerms::Per>{{"month", PeakTerms::Per::month}, {"season", PeakTerms::Per::season}}).value_or(terms.per);
    terms.count = static_cast<unsigned>(keys.number_or("count", {1, most_counted}, 1));
    terms.when = contract_hours(keys);
    const std::int64_t minutes = keys.number_or("interval_min", {5, 60}, 15);
    terms.interval = std::chrono::minutes{minutes};
    if (60 % minutes != 0) keys.fault("interval_min", fmt::format("'interval_min' is {}; allowed: 5, 6, 10, 12, 15, 20, 30 or 60", minutes));
    terms.lead = keys.span_or("lead_s", seconds(0, 3'600'000), std::min(terms.interval, terms.lead));
    if (terms.lead > terms.interval) keys.fault("lead_s", "'lead_s' is above an interval; allowed: up to 'interval_min'");
    terms.within_ppm = keys.number_or("within_percent", {1, 200'000, 4}, terms.within_ppm);
    terms.budget = Duration{keys.number_or("hours_a_season", {0, 8'784'000, 3}, 0) * 3'600};
    past_of(keys, own);
    if (!keys.has("value_per_kw_year")) keys.missing("value_per_kw_year", "expected what a kW less in all of a season's counted demands saves");
    const std::int64_t value = keys.number("value_per_kw_year", {0, 100'000'000'000, 6}).value_or(0);
    own.per_kw_year = Price{static_cast<std::int64_t>(Int128{value} * 1'000 * rate_ppm / 1'000'000)};
    own.worth_cycling = keys.flag("worth_cycling").value_or(true);
}

void check_strikes(const toml::table& table, Parse& parse, const PolicyConfig& policy) {
    if (!policy.coincident_peak) return;
    const auto priced = [&](const std::string& group) {
        return std::ranges::any_of(parse.config.policies, [&](const PolicyConfig& p) { return p.price_strike && std::ranges::find(p.price_strike->groups, group) != p.price_strike->groups.end(); });
    };
    const auto* at = table.get("groups");
    for (const std::string& group : policy.coincident_peak->groups)
        if (const auto known = std::ranges::find(parse.config.groups, group, &GroupConfig::name); known != parse.config.groups.end() && known->miners && !priced(group))
            parse.faults.add(position(at ? *at : static_cast<const toml::node&>(table)), fmt::format("\"{}\" has no strike, so nobody knows what its mining earns; allowed: groups that a price_strike policy has", group));
}

}  // namespace ballast::config
