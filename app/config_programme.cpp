#include "app/config_parts.hpp"
#include "app/presets.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

using policies::Amount;

// ---- calendars

bool digits(std::string_view text, std::initializer_list<std::size_t> at) {
    return std::ranges::all_of(at, [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; });
}

unsigned two(std::string_view text, std::size_t at) { return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0')); }

std::optional<Season> season_of(std::string_view text) {
    if (text.size() != 12 || text[2] != '-' || text.substr(5, 2) != ".." || text[9] != '-' || !digits(text, {0, 1, 3, 4, 7, 8, 10, 11})) return std::nullopt;
    const auto day = [&](std::size_t at) { return std::chrono::month{two(text, at)} / std::chrono::day{two(text, at + 3)}; };
    const Season season{day(0), day(7)};
    return season.first.ok() && season.last.ok() ? std::optional{season} : std::nullopt;
}

std::optional<DayHours> hours_of(std::string_view text) {
    if (text.size() != 11 || text[2] != ':' || text[5] != '-' || text[8] != ':' || !digits(text, {0, 1, 3, 4, 6, 7, 9, 10})) return std::nullopt;
    const auto time = [&](std::size_t at) { return std::chrono::minutes{two(text, at) * 60 + two(text, at + 3)}; };
    const bool fine = two(text, 3) < 60 && two(text, 9) < 60 && time(0) <= std::chrono::hours{24} && time(6) <= std::chrono::hours{24};
    return fine ? std::optional{DayHours{time(0), time(6)}} : std::nullopt;
}

std::string wrong_season(std::string_view text) { return season_of(text) ? "" : "allowed: two days of a year, like \"12-01..03-31\""; }
std::string wrong_hours(std::string_view text) { return hours_of(text) ? "" : "allowed: two times on the wall, like \"17:00-21:00\""; }

// ---- amounts

/// One of the keys that begin so; two are a fault.
std::optional<Amount> amount_of(Keys& keys, std::string_view name, std::initializer_list<std::pair<std::string_view, Amount::Of>> shares) {
    std::optional<Amount> found;
    std::string first;
    const auto take = [&](const std::string& key, std::optional<std::int64_t> number, Amount amount) {
        if (!number) return;
        if (found) keys.fault(key, fmt::format("'{}' and '{}' both say how much; give one", key, first));
        found = amount;
        first = key;
    };
    if (name != "reduce") {
        const std::string key = fmt::format("{}_kw", name);
        const auto watts = keys.number(key, kilowatts());
        take(key, watts, {Amount::Of::watts, Power{watts.value_or(0)}, 0});
    }
    for (const auto& [suffix, of] : shares) {
        const std::string key = fmt::format("{}_percent_of_{}", name, suffix);
        const auto ppm = keys.number(key, {0, 2'000'000, 4});
        take(key, ppm, {of, {}, ppm.value_or(0)});
    }
    return found;
}

std::optional<Amount> ceiling_of(Keys& keys) {
    const auto ceiling = amount_of(keys, "ceiling", {{"offered", Amount::Of::offered}, {"peak", Amount::Of::peak}});
    const auto reduce = amount_of(keys, "reduce", {{"offered", Amount::Of::below_reference}});
    if (ceiling && reduce) keys.fault("reduce_percent_of_offered", "'reduce_percent_of_offered' and a ceiling both say how low to go; give one");
    return ceiling ? ceiling : reduce;
}

bool counts(const std::optional<Amount>& amount, std::initializer_list<Amount::Of> of) {
    return amount && std::ranges::find(of, amount->of) != of.end();
}

void check_amounts(Keys& keys, const ProgrammeConfig& own) {
    const auto offered = {Amount::Of::offered, Amount::Of::below_reference};
    const bool needs_offer = counts(own.ceiling, offered) || counts(own.armed_floor, offered) || counts(own.armed_ceiling, offered);
    if (needs_offer && own.offered == Power{} && own.armed != policies::Armed::When::signalled)
        keys.missing("offered_kw", "expected the volume that was offered, of which this programme takes a share");
    if ((counts(own.ceiling, {Amount::Of::peak}) || counts(own.armed_ceiling, {Amount::Of::peak})) && !keys.has("peak_kw"))
        keys.missing("peak_kw", "expected the 12-month peak of the last invoice, of which this programme takes a share; 0 if a year has been metered");
}

// ---- signals

void own_signals(Keys& keys, Parse& parse, ProgrammeConfig& own) {
    if (!keys.has("signals")) keys.missing("signals", "expected [\"a\", \"b\"], the sources it obeys");
    for (const Keys::Name& name : keys.names("signals")) {
        const auto signal = std::ranges::find(parse.config.signals, name.text, &SignalConfig::name);
        if (signal == parse.config.signals.end()) keys.dangling("signals", name, "signal", parse.signals());
        else if (!asks(signal->kind))
            parse.faults.add(name.at, fmt::format("\"{}\" is no dispatch, contact or limit; allowed: signals of these kinds", name.text));
        else if (!signal->same_as.empty()) parse.faults.add(name.at, fmt::format("\"{}\" is a channel of \"{}\"; name that", name.text, signal->same_as));
        const auto obeys = [&](const PolicyConfig& other) {
            const auto* signals = obeyed_by(other);
            return signals && std::ranges::find(*signals, name.text) != signals->end();
        };
        if (const auto other = std::ranges::find_if(parse.config.policies, obeys); other != parse.config.policies.end())
            parse.faults.add(name.at, fmt::format("\"{}\" is obeyed by \"{}\" already; a signal belongs to one programme", name.text, other->name));
        own.signals.push_back(name.text);
    }
}

void check_scope(Keys& keys, const Parse& parse, const std::string& feeder) {
    const auto found = std::ranges::find(parse.config.feeders, feeder, &FeederConfig::name);
    const bool metered = feeder.empty() ? !parse.config.site.meter.empty() : found != parse.config.feeders.end() && !found->meter.empty();
    if (metered || (!feeder.empty() && found == parse.config.feeders.end())) return;
    keys.fault("feeder", fmt::format("a programme is proven at a meter, and {} has none; give it one", feeder.empty() ? "the site" : "feeder " + shown(feeder)));
}

const Choices<EscalateTo> rungs{{"repeat", EscalateTo::repeat}, {"power_off", EscalateTo::power_off}, {"contactor", EscalateTo::contactor}};

void terms_of(Keys& keys, ProgrammeConfig& own) {
    using policies::Armed;
    const Range year_long = seconds(0, 366 * day_ms);
    own.terms.notice = keys.span_or("notice_s", seconds(0, 7 * day_ms), own.terms.notice);
    own.terms.default_ramp = keys.span_or("ramp_s", seconds(0, day_ms), own.terms.default_ramp);
    own.lead = keys.span_or("lead_s", seconds(0, 3'600'000), own.lead);
    own.terms.at_least = keys.span_or("min_duration_s", year_long, own.terms.at_least);
    if (const auto most = keys.number("max_duration_s", seconds(1'000, 366 * day_ms))) own.terms.at_most = Duration{*most};
    if (own.terms.at_least > own.terms.at_most) keys.fault("min_duration_s", "'min_duration_s' is above 'max_duration_s'; allowed: up to it");
    own.terms.until_release = keys.flag("until_release").value_or(false);
    if (own.terms.until_release && keys.has("max_duration_s")) keys.fault("max_duration_s", "'max_duration_s' and 'until_release' contradict each other; give one");
    own.quota.calls_a_day = static_cast<unsigned>(keys.number_or("calls_a_day", {0, 100}, 0));
    own.quota.calls_a_season = static_cast<unsigned>(keys.number_or("calls_a_season", {0, 900}, 0));
    own.quota.a_season = Duration{keys.number_or("hours_a_season", {0, 8'784'000, 3}, 0) * 3'600};
    own.quota.spacing = keys.span_or("spacing_s", seconds(0, 7 * day_ms), own.quota.spacing);
    own.quota.decline = keys.choice_or("beyond_quota", Choices<bool>{{"obey", false}, {"decline", true}}, false);
    own.armed = keys.choice_or("armed", Choices<Armed::When>{{"never", Armed::When::never}, {"always", Armed::When::always}, {"signalled", Armed::When::signalled}}, own.armed);
    own.hours = contract_hours(keys);
}

study::ScoreRule score_of(Keys& keys, std::int64_t rate_ppm) {
    study::ScoreRule score;
    if (const auto penalty = keys.number("penalty_per_mwh", {0, 100'000'000'000, 6})) score.penalty = Price{static_cast<std::int64_t>(Int128{*penalty} * rate_ppm / 1'000'000)};
    score.pass_ppm = keys.number_or("pass_percent", {0, 1'000'000, 4}, score.pass_ppm);
    score.by_intervals = keys.choice_or("score", Choices<bool>{{"energy", false}, {"intervals", true}}, false);
    score.within_ppm = keys.number_or("score_within_percent", {0, 1'000'000, 4}, score.within_ppm);
    return score;
}

}  // namespace

ContractHours contract_hours(Keys& keys) {
    ContractHours calendar;
    if (const auto season = keys.text("season", wrong_season)) calendar.season = *season_of(*season);
    if (const auto hours = keys.text("hours", wrong_hours)) calendar.hours = *hours_of(*hours);
    calendar.weekdays_only = keys.flag("weekdays_only").value_or(false);
    return calendar;
}

void parse_programme(Keys& keys, Parse& parse, std::int64_t rate_ppm, ProgrammeConfig& own) {
    own_signals(keys, parse, own);
    own.feeder = keys.reference("feeder", "feeder", parse.feeders());
    check_scope(keys, parse, own.feeder);
    own.offered = keys.watts_or("offered_kw", {});
    own.peak = keys.watts_or("peak_kw", {});
    terms_of(keys, own);
    own.ceiling = ceiling_of(keys);
    own.armed_floor = amount_of(keys, "armed_floor", {{"offered", Amount::Of::offered}});
    own.armed_ceiling = amount_of(keys, "armed_ceiling", {{"offered", Amount::Of::offered}, {"peak", Amount::Of::peak}});
    check_amounts(keys, own);
    if (const auto near = keys.number("follow_within_kw", {1, most_watts, 3})) own.follow = Power{*near}, own.terms.replaces = true;
    own.reference_window = keys.span_or("reference_window_s", seconds(0, day_ms), own.reference_window);
    own.prove_within = keys.span_or("prove_within_s", seconds(0, day_ms), own.prove_within);
    own.margin_ppm = keys.number_or("margin_percent", {0, 500'000, 4}, own.margin_ppm);
    own.escalate_to = keys.choice_or("escalate_to", rungs, own.escalate_to);
    own.emergency_escalate_to = keys.choice_or("emergency_escalate_to", rungs, own.emergency_escalate_to);
    own.contactor_after = keys.span_or("contactor_after_s", seconds(0, day_ms), own.contactor_after);
    own.score = score_of(keys, rate_ppm);
    if (own.follow) own.score.within = *own.follow, own.score.band = Power{own.follow->count / 2};  // As the policy holds it.
}

void parse_minimum_draw(Keys& keys, Parse& parse, std::int64_t rate_ppm, MinimumDrawConfig& own) {
    own.feeder = keys.reference("feeder", "feeder", parse.feeders());
    own.group = keys.reference("group", "group", names_of(parse.config.groups));
    if (!own.feeder.empty() && !own.group.empty()) keys.fault("group", "'group' and 'feeder' both say where; give one");
    own.at_least = keys.must_power("at_least_kw");
    own.keep = keys.watts_or("keep_kw", own.at_least + Power{own.at_least.count / 50});
    if (own.keep < own.at_least) keys.fault("keep_kw", "'keep_kw' is below 'at_least_kw'; allowed: from it on");
    own.hours = contract_hours(keys);
    if (const auto underuse = keys.number("underuse_per_mwh", {0, 100'000'000'000, 6})) own.underuse = Price{static_cast<std::int64_t>(Int128{*underuse} * rate_ppm / 1'000'000)};
    if (own.underuse && !(own.feeder.empty() && own.group.empty())) keys.fault("underuse_per_mwh", "'underuse_per_mwh' is billed at the grid connection; allowed: without 'feeder' and 'group'");
}

const Preset* preset_of(Keys& keys) {
    const auto name = keys.text("preset");
    if (!name) return nullptr;
    const Preset* preset = preset_named(*name);
    if (preset) return preset;
    std::vector<std::string> known;
    for (const Preset& one : presets()) known.emplace_back(one.name);
    const std::string near = nearest(*name, known);
    keys.fault("preset", fmt::format("'preset' is {}; {}", shown(*name), near.empty() ? "known: " + listed(known) : fmt::format("did you mean \"{}\"?", near)));
    return nullptr;
}

}  // namespace ballast::config
