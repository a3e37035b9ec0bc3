#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

const Choices<EscalateTo> rungs{{"repeat", EscalateTo::repeat}, {"power_off", EscalateTo::power_off}, {"contactor", EscalateTo::contactor}};

constexpr std::int64_t one_ppm = 1'000'000;

Power times(Power power, Int128 up, Int128 down) { return Power{static_cast<std::int64_t>(Int128{power.count} * up / down)}; }

/// sqrt(3) x 10^6, rounded down: a limit is not rounded up.
constexpr std::int64_t root_of_three = 1'732'050;

/// W at the least power factor, and at the least voltage: a load that draws the same power takes more current then.
Power from_amperes(Keys& keys, FeederLimit& limit, std::int64_t milliamperes) {
    if (!keys.has("voltage_v")) keys.missing("voltage_v", "expected the voltage between two lines that 'limit_a' counts at");
    limit.millivolts = keys.number("voltage_v", {1'000, 1'000'000'000, 3}).value_or(1'000);
    limit.low_voltage_ppm = keys.number_or("voltage_low_percent", {500'000, one_ppm, 4}, limit.low_voltage_ppm);
    limit.phases = static_cast<unsigned>(keys.number_or("phases", {1, 3}, 3));
    if (limit.phases == 2) keys.fault("phases", "'phases' is 2; allowed: 1 or 3");
    const Power at_nominal{static_cast<std::int64_t>(Int128{milliamperes} * limit.millivolts / one_ppm)};
    const Power apparent = limit.phases == 1 ? at_nominal : times(at_nominal, root_of_three, one_ppm);
    return times(times(apparent, limit.low_voltage_ppm, one_ppm), limit.power_factor_ppm, one_ppm);
}

void without_limit(Keys& keys) {
    for (const auto* key : {"power_factor", "voltage_v", "voltage_low_percent", "phases", "limit_window_s", "limit_margin_percent", "limit_prove_within_s", "limit_escalate_to", "limit_contactor_after_s"})
        keys.refuse(key, "it belongs to a limit: limit_kw, limit_kva or limit_a");
}

std::optional<FeederLimit> limit_of(Keys& keys) {
    const auto kw = keys.number("limit_kw", {1, most_watts, 3}), kva = keys.number("limit_kva", {1, most_watts, 3}), amperes = keys.number("limit_a", {1, 1'000'000'000, 3});
    if (!keys.has("limit_kw") && !keys.has("limit_kva") && !keys.has("limit_a")) return without_limit(keys), std::nullopt;
    FeederLimit limit;
    const bool apparent = keys.has("limit_kva") || keys.has("limit_a");
    if (apparent) limit.power_factor_ppm = keys.number_or("power_factor", {500'000, one_ppm, 6}, limit.power_factor_ppm);
    else keys.refuse("power_factor", "a limit in kW needs none; it belongs to limit_kva and limit_a");
    limit.watts = Power{kw.value_or(most_watts)};
    if (kva) limit.watts = std::min(limit.watts, times(Power{*kva}, limit.power_factor_ppm, one_ppm));
    if (amperes) limit.watts = std::min(limit.watts, from_amperes(keys, limit, *amperes));
    else
        for (const auto* key : {"voltage_v", "voltage_low_percent", "phases"}) keys.refuse(key, "it belongs to limit_a");
    limit.kva = kva ? std::optional{Power{*kva}} : std::nullopt;
    limit.milliamperes = amperes;
    limit.margin_ppm = keys.number_or("limit_margin_percent", {0, 250'000, 4}, limit.margin_ppm);
    limit.window = keys.span_or("limit_window_s", seconds(0, 14'400'000), limit.window);
    limit.prove_within = keys.span_or("limit_prove_within_s", seconds(0, day_ms), limit.prove_within);
    limit.escalate_to = keys.choice_or("limit_escalate_to", rungs, limit.escalate_to);
    limit.contactor_after = keys.span_or("limit_contactor_after_s", seconds(0, day_ms), limit.contactor_after);
    return limit;
}

}  // namespace

Site::Pace pace_of(Keys& keys) {
    Site::Pace pace;
    pace.up_per_minute = keys.watts_or("ramp_up_kw_per_min", {});
    pace.down_per_minute = keys.watts_or("ramp_down_kw_per_min", {});
    pace.inrush = keys.watts_or("inrush_kw", {});
    pace.inrush_within = keys.span_or("inrush_within_s", seconds(100, 3'600'000), pace.inrush_within);
    if (keys.has("inrush_within_s") && pace.inrush == Power{}) keys.missing("inrush_kw", "a time without what may start in it limits nothing");
    return pace;
}

std::optional<ReturnConfig> return_of(Keys& keys, bool metered) {
    const auto lockout = keys.number("cold_start_lockout_s", seconds(0, day_ms));
    if (!keys.has("cold_start_lockout_s")) {
        for (const auto* key : {"release_spread_s", "return_settles_s"}) keys.refuse(key, "it belongs to 'cold_start_lockout_s'");
        return {};
    }
    if (!metered) keys.fault("cold_start_lockout_s", "'cold_start_lockout_s' is given and no 'meter' that would show a loss of supply; allowed with one");
    ReturnConfig found;
    found.lockout = Duration{lockout.value_or(0)};
    found.spread = keys.span_or("release_spread_s", seconds(0, day_ms), found.spread);
    found.settles = keys.span_or("return_settles_s", seconds(0, day_ms), found.settles);
    return found;
}

std::int64_t cooling_of(Keys& keys) { return keys.number_or("cooling_percent", {0, one_ppm, 4}, 0); }

void parse_feeders(Keys& root, Parse& parse) {
    for (const auto* table : root.tables("feeder")) {
        Keys keys{*table, title(*table, "feeder", parse.config.feeders.size()), parse.faults};
        FeederConfig feeder;
        feeder.name = unique_name(keys, parse.feeders());
        if (feeder.name == "site") keys.fault("name", "'name' is \"site\", which means all of it; allowed: any other");
        feeder.meter = keys.reference("meter", "meter", parse.meters());
        feeder.overhead = keys.watts_or("overhead_kw", Power{});
        keys.has("under");  // Looked up when all feeders are known.
        feeder.limit = limit_of(keys);
        feeder.pace = pace_of(keys);
        feeder.returns = return_of(keys, !feeder.meter.empty());
        feeder.cooling_ppm = cooling_of(keys);
        keys.finish();
        parse.config.feeders.push_back(std::move(feeder));
    }
    link_feeders(root, parse);
}

void link_feeders(Keys& root, Parse& parse) {
    const auto tables = root.tables("feeder");
    auto& feeders = parse.config.feeders;
    if (tables.size() != feeders.size()) return;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        Keys keys{*tables[i], title(*tables[i], "feeder", i), parse.faults};
        feeders[i].under = keys.reference("under", "feeder", parse.feeders());
    }
    const auto above = [&](const std::string& name) { return std::ranges::find(feeders, name, &FeederConfig::name); };
    for (std::size_t i = 0; i < tables.size(); ++i) {
        std::size_t steps = 0;
        for (auto at = above(feeders[i].under); at != feeders.end() && !feeders[i].under.empty(); at = above(at->under)) {
            if (at->name != feeders[i].name && ++steps <= feeders.size()) continue;
            if (at->name == feeders[i].name) {
                Keys keys{*tables[i], title(*tables[i], "feeder", i), parse.faults};
                keys.fault("under", fmt::format("'under' is \"{}\", which is fed through \"{}\" itself; allowed: no ring", feeders[i].under, feeders[i].name));
            }
            break;
        }
    }
}

}  // namespace ballast::config
