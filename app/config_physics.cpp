#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

using policies::AmbientDerating, policies::HeatDemand;

const Choices<EscalateTo> rungs{{"repeat", EscalateTo::repeat}, {"power_off", EscalateTo::power_off}, {"contactor", EscalateTo::contactor}};

std::string told_by(Keys& keys, Parse& parse, SignalSort kind, std::string_view word) {
    const std::string name = keys.reference("signal", "signal", parse.signals());
    const auto signal = std::ranges::find(parse.config.signals, name, &SignalConfig::name);
    if (signal != parse.config.signals.end() && signal->kind != kind)
        keys.fault("signal", fmt::format("'signal' is \"{}\", which tells no {}; allowed: a signal with kind = \"{}\"", name, word, word));
    return name;
}

void place_of(Keys& keys, Parse& parse, std::string& feeder, std::string& group) {
    feeder = keys.reference("feeder", "feeder", parse.feeders());
    group = keys.reference("group", "group", names_of(parse.config.groups));
    if (!feeder.empty() && !group.empty()) keys.fault("group", "'group' and 'feeder' both say where; give one");
    const auto found = std::ranges::find(parse.config.groups, group, &GroupConfig::name);
    if (found != parse.config.groups.end() && (found->tier == Tier::firm || found->switchgear))
        keys.fault("group", fmt::format("'group' is \"{}\", where nothing starts or stops by itself; allowed: interruptible groups of machines", group));
}

bool beneath(const Parse& parse, const std::string& feeder, std::string of) {
    while (!of.empty() && of != feeder) of = std::ranges::find(parse.config.feeders, of, &FeederConfig::name)->under;
    return of == feeder;
}

Power nameplate_of(const GroupConfig& group) {
    Power sum = group.nameplate;
    for (const MachineConfig& machine : group.machines) sum += machine.watts;
    return sum;
}

/// What a per cent of the table is of: what the feeder may carry, else the nameplates of the place.
Power rated_there(const Parse& parse, const std::string& feeder, const std::string& group) {
    const auto of = std::ranges::find(parse.config.feeders, feeder, &FeederConfig::name);
    if (!feeder.empty() && of != parse.config.feeders.end() && of->limit) return of->limit->watts;
    Power sum;
    for (const GroupConfig& g : parse.config.groups)
        if (group.empty() ? feeder.empty() || beneath(parse, feeder, g.feeder) : g.name == group) sum += nameplate_of(g);
    return sum;
}

AmbientDerating::Point point_of(Keys& keys, Power rated) {
    AmbientDerating::Point point;
    if (!keys.has("at_c")) keys.missing("at_c", "expected the temperature in degC");
    point.at = Temperature{keys.number("at_c", {-100'000, 200'000, 3}).value_or(0)};
    const auto percent = keys.number("percent", {0, 2'000'000, 4}), kw = keys.number("kw", kilowatts());
    if (keys.has("percent") == keys.has("kw")) keys.missing("percent", "expected 'percent' or 'kw', what may be drawn then; one of them");
    point.most = kw ? Power{*kw} : Power{static_cast<std::int64_t>(Int128{rated.count} * percent.value_or(0) / 1'000'000)};
    keys.finish();
    return point;
}

}  // namespace

void parse_ambient_derating(Keys& keys, Parse& parse, AmbientDeratingConfig& own) {
    if (!keys.has("signal")) keys.missing("signal", "expected the name of a temperature signal");
    own.signal = told_by(keys, parse, SignalSort::temperature, "temperature");
    place_of(keys, parse, own.feeder, own.group);
    own.of = keys.watts_or("of_kw", rated_there(parse, own.feeder, own.group));
    if (!keys.has("table")) keys.missing("table", "expected [{ at_c = 30, percent = 100 }, { at_c = 50, percent = 70 }], by temperature");
    for (const auto* row : keys.tables("table")) {
        Keys in{*row, "'table' of " + keys.what(), keys.faults()};
        const AmbientDerating::Point point = point_of(in, own.of);
        if (!own.table.empty() && point.at <= own.table.back().at) in.fault("at_c", "'at_c' is not above that of the row before; allowed: rising");
        else own.table.push_back(point);
    }
    if (own.table.empty()) own.table.push_back({});
    own.margin_ppm = keys.number_or("margin_percent", {0, 250'000, 4}, own.margin_ppm);
    own.window = keys.span_or("window_s", seconds(0, 14'400'000), own.window);
    own.prove_within = keys.span_or("prove_within_s", seconds(0, day_ms), own.prove_within);
    own.escalate_to = keys.choice_or("escalate_to", rungs, own.escalate_to);
    own.contactor_after = keys.span_or("contactor_after_s", seconds(0, day_ms), own.contactor_after);
}

void parse_heat_demand(Keys& keys, Parse& parse, HeatDemandConfig& own) {
    place_of(keys, parse, own.feeder, own.group);
    own.signal = told_by(keys, parse, SignalSort::heat, "heat");
    own.thermal = keys.watts_or("thermal_kw", Power{});
    if (!keys.has("thermal_kw") && !keys.has("signal") && !keys.has("schedule")) keys.missing("thermal_kw", "expected how much heat is wanted: 'thermal_kw', a 'schedule' or a 'signal'");
    for (const auto* row : keys.tables("schedule")) {
        Keys in{*row, "'schedule' of " + keys.what(), keys.faults()};
        HeatDemand::Slot slot;
        slot.hours = contract_hours(in);
        if (!in.has("thermal_kw")) in.missing("thermal_kw", "expected how much heat is wanted then");
        slot.thermal = in.watts_or("thermal_kw", Power{});
        in.finish();
        own.schedule.push_back(slot);
    }
    own.heat_ppm = keys.number_or("heat_share_percent", {10'000, 1'000'000, 4}, own.heat_ppm);
    own.margin_ppm = keys.number_or("margin_percent", {0, 500'000, 4}, own.margin_ppm);
}

}  // namespace ballast::config
