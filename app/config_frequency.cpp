#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

Range millihertz(std::int64_t least, std::int64_t most) { return {least, most, 3}; }

void register_in(Keys& keys, RegisterConfig& frequency) {
    if (!keys.has("frequency")) keys.missing("frequency", "expected { function, address, type, order, scale_hz }");
    const auto* table = keys.table("frequency");
    if (!table) return;
    Keys in{*table, "'frequency' of " + keys.what(), keys.faults()};
    frequency = register_of(in);
    if (!in.has("scale_hz")) in.missing("scale_hz", "expected what turns the register's value into Hz: 1, 0.01, 0.001, ...");
    frequency.scale = in.real("scale_hz", 1e-9, 1e3).value_or(1);
    in.finish();
}

void meter_in(Keys& keys, Parse& parse, Frequency nominal, FrequencyMeterConfig& meter) {
    keys.must_choice("driver", Choices<int>{{"modbus", 0}});
    meter.period = keys.span_or("period_ms", {20, 1'000}, meter.period);
    meter.modbus = modbus(keys, parse);
    if (!keys.has("timeout_ms")) meter.modbus.timeout = std::clamp(2 * meter.period, Duration{100}, Duration{500});
    if (meter.modbus.transport == Transport::rtu)
        keys.fault("transport", "'transport' is \"rtu\", where others take their turns; allowed: tcp, on a connection of its own");
    meter.stale_after = keys.span_or("stale_after_s", seconds(2'000, day_ms), meter.stale_after);
    register_in(keys, meter.frequency);
    const std::int64_t tenth = nominal.count / 10;
    meter.plausible_min = Frequency{keys.number_or("plausible_min_hz", millihertz(1'000, nominal.count), nominal.count - tenth)};
    meter.plausible_max = Frequency{keys.number_or("plausible_max_hz", millihertz(nominal.count, 100'000), nominal.count + tenth)};
    keys.finish();
}

/// The policy that has the contactor in a stage already; "" if none.
std::string taken_by(const Parse& parse, const UnderFrequencyConfig& own, const std::string& contactor) {
    const auto has = [&](const UnderFrequencyConfig& policy) {
        return std::ranges::any_of(policy.stages, [&](const auto& stage) { return std::ranges::find(stage.contactors, contactor) != stage.contactors.end(); });
    };
    for (const PolicyConfig& policy : parse.config.policies)
        if (policy.under_frequency && has(*policy.under_frequency)) return "policy \"" + policy.name + "\"";
    return has(own) ? "a stage above" : "";
}

void contactor_in(Keys& keys, Parse& parse, const UnderFrequencyConfig& own, const Keys::Name& name) {
    const auto group = std::ranges::find(parse.config.groups, name.text, &GroupConfig::name);
    if (group == parse.config.groups.end()) return keys.dangling("contactors", name, "group", names_of(parse.config.groups));
    const auto fault = [&](std::string text) { parse.faults.add(name.at, std::move(text)); };
    if (group->driver != GroupDriver::contactor)
        return fault(fmt::format("\"{}\" is no contactor; allowed: groups with driver = \"contactor\"", name.text));
    if (group->tier != Tier::interruptible)
        return fault(fmt::format("contactor \"{}\" is firm{}, and no trip opens it; allowed: interruptible contactors", name.text, group->tier_given ? "" : " because it has no 'tier'"));
    for (const std::string& carried : group->switchgear->carries)
        if (const auto of = std::ranges::find(parse.config.groups, carried, &GroupConfig::name); of != parse.config.groups.end() && of->tier == Tier::flexible)
            return fault(fmt::format("contactor \"{}\" carries \"{}\", which is flexible and saves nothing within a trip; allowed: contactors of interruptible groups", name.text, carried));
    if (const std::string other = taken_by(parse, own, name.text); !other.empty())
        return fault(fmt::format("contactor \"{}\" is in {} already; one contactor has one stage", name.text, other));
}

void stage_in(Keys& keys, Parse& parse, Frequency nominal, UnderFrequencyConfig& policy) {
    UnderFrequencyConfig::Stage stage;
    const bool given = keys.has("below_hz");
    stage.below = Frequency{keys.must_number("below_hz", millihertz(1'000, 100'000))};
    if (given && (stage.below >= nominal || stage.below <= policy.meter.plausible_min))
        keys.fault("below_hz", fmt::format("'below_hz' is {}; allowed: below nominal_hz ({}) and above the meter's plausible_min_hz ({})", unscaled(stage.below.count, 3),
                                           unscaled(nominal.count, 3), unscaled(policy.meter.plausible_min.count, 3)));
    else if (given && !policy.stages.empty() && stage.below >= policy.stages.back().below)
        keys.fault("below_hz", fmt::format("'below_hz' is {} and the stage before it trips below {}; stages stand by falling frequency", unscaled(stage.below.count, 3),
                                           unscaled(policy.stages.back().below.count, 3)));
    if (!keys.has("contactors")) keys.missing("contactors", "expected [\"a\", \"b\"], the contactors it opens");
    for (const Keys::Name& name : keys.names("contactors")) {
        contactor_in(keys, parse, policy, name);
        stage.contactors.push_back(name.text);
    }
    keys.finish();
    policy.stages.push_back(std::move(stage));
}

void stages_in(Keys& keys, Parse& parse, Frequency nominal, UnderFrequencyConfig& policy) {
    if (!keys.has("stage")) keys.missing("stage", "expected at least one [[policy.stage]] with below_hz and contactors");
    for (const auto* table : keys.tables("stage")) {
        Keys in{*table, fmt::format("stage {} of {}", policy.stages.size() + 1, keys.what()), keys.faults()};
        stage_in(in, parse, nominal, policy);
    }
    if (policy.stages.size() > 16) keys.fault("stage", fmt::format("{} stages; allowed: at most 16", policy.stages.size()));
}

}  // namespace

void under_frequency_of(Keys& keys, Parse& parse, UnderFrequencyConfig& policy) {
    const auto nominals = Range{50, 60};
    const std::int64_t given = keys.must_number("nominal_hz", nominals);
    if (keys.has("nominal_hz") && given != 50 && given != 60) keys.fault("nominal_hz", fmt::format("'nominal_hz' is {}; allowed: 50, 60", given));
    const Frequency nominal = policy.nominal = Frequency{(given == 50 && keys.has("nominal_hz") ? 50 : 60) * 1'000};  // A fault brings no others with it.
    if (!keys.has("meter")) keys.missing("meter", "expected [policy.meter], where the frequency is read");
    if (const auto* table = keys.table("meter")) {
        Keys in{*table, "'meter' of " + keys.what(), keys.faults()};
        meter_in(in, parse, nominal, policy.meter);
    }
    stages_in(keys, parse, nominal, policy);
    policy.samples = static_cast<unsigned>(keys.number_or("samples", {1, 50}, policy.samples));
    const bool restores = keys.has("restore_above_hz");
    policy.restore_above = Frequency{keys.must_number("restore_above_hz", millihertz(1'000, 100'000))};
    if (restores && !policy.stages.empty() && (policy.restore_above <= policy.stages.front().below || policy.restore_above > nominal))
        keys.fault("restore_above_hz", fmt::format("'restore_above_hz' is {}; allowed: above the first stage ({}) and at most nominal_hz ({})", unscaled(policy.restore_above.count, 3),
                                                   unscaled(policy.stages.front().below.count, 3), unscaled(nominal.count, 3)));
    policy.restore_after = Duration{keys.must_number("restore_after_s", seconds(0, day_ms))};
}

}  // namespace ballast::config
