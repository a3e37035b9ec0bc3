#include "app/site_of.hpp"
#include "drivers/sqlite/sha256.hpp"
#include "policies/ambient_derating.hpp"
#include "policies/coincident_peak.hpp"
#include "policies/demand_charge.hpp"
#include "policies/dispatch.hpp"
#include "policies/earlier_calls.hpp"
#include "policies/heat_demand.hpp"
#include "policies/minimum_draw.hpp"
#include "policies/person_limits.hpp"
#include "policies/price_strike.hpp"
#include "policies/programme.hpp"
#include "policies/site_cap.hpp"
#include "policies/supply_return.hpp"
#include "policies/under_frequency.hpp"

#include <algorithm>

namespace ballast {
namespace {

Scope scope_of(const std::string& feeder, const SiteModel& model) {
    return feeder.empty() ? Scope::site() : Scope::feeder(model.feeders.at(feeder));
}

/// What cycles of a group's machines cost; nothing where its file does not say.
std::optional<policies::Cycle> cycle_of(const GroupConfig& from, const Site::Group& group, const Site& site) {
    if (from.cycling == Cycling{}) return {};
    policies::Cycle cycle{.cost = from.cycling, .min_off = group.min_off, .min_on = group.min_on};
    if (group.economics) cycle.adder = group.economics->adder;
    Power rated;
    for (Slot s = group.loads.first; s < group.loads.last; ++s) rated += site.loads[s].rated;
    const Int128 standby = Int128{group.standby.count} * static_cast<std::int64_t>(group.loads.size());
    cycle.standby_ppm = static_cast<std::int64_t>(std::min(standby * 1'000'000 / std::max<std::int64_t>(rated.count, 1), Int128{1'000'000}));
    return cycle;
}

Policy price_strike_of(const PriceStrikeConfig& from, PolicyId id, const Config& config, const SiteModel& model) {
    policies::PriceStrike settings;
    settings.policy = id;
    settings.prices = model.sources.at(from.signal);
    for (const std::string& name : from.groups) {
        const GroupId id_of_group = model.groups.at(name);
        settings.groups.push_back(id_of_group);
        if (!from.worth_cycling) continue;
        settings.cycles.push_back(cycle_of(config.groups[model.group_configs[index(id_of_group)]], model.site.groups[index(id_of_group)], model.site));
    }
    if (std::ranges::none_of(settings.cycles, [](const auto& cycle) { return cycle.has_value(); })) settings.cycles.clear();
    settings.expected_spike = from.expected_spike;
    settings.expected_calm = from.expected_calm;
    settings.down_after = from.down_after;
    settings.up_after = from.up_after;
    return policies::price_strike(std::move(settings));
}

Policy dispatch_of(const DispatchConfig& from, PolicyId id, const SiteModel& model) {
    policies::Dispatch settings;
    settings.policy = id;
    for (const std::string& signal : from.signals) settings.sources.push_back(model.sources.at(signal));
    settings.sources.push_back(model.operator_source);  // Also what a signal asked that the site file no longer has.
    settings.scope = scope_of(from.feeder, model);
    settings.prove_within = from.prove_within;
    settings.margin_ppm = from.margin_ppm;
    settings.escalate_to = from.escalate_to;
    settings.emergency_escalate_to = from.emergency_escalate_to;
    settings.contactor_after = from.contactor_after;
    return policies::dispatch(std::move(settings));
}

Policy site_cap_of(const SiteCapConfig& from, PolicyId id, const SiteModel& model) {
    policies::SiteCap settings;
    settings.policy = id;
    settings.scope = scope_of(from.feeder, model);
    settings.act_above = from.act_above;
    settings.aim = from.aim;
    settings.release = from.release;
    settings.window = from.window;
    settings.prove_within = from.prove_within;
    settings.escalate_to = from.escalate_to;
    settings.contactor_after = from.contactor_after;
    return policies::site_cap(settings);
}

Scope place_of(const std::string& feeder, const std::string& group, const SiteModel& model) {
    return group.empty() ? scope_of(feeder, model) : Scope::group(model.groups.at(group));
}

/// A limit of a feeder's own, without a policy in the file.
Policy limit_of(const FeederConfig& feeder, const SiteModel& model) {
    const FeederLimit& from = *feeder.limit;
    const auto less = [&](std::int64_t ppm) { return from.watts - Power{static_cast<std::int64_t>(Int128{from.watts.count} * ppm / 1'000'000)}; };
    policies::SiteCap settings;
    settings.policy = model.policies.at(limit_policy(feeder.name));
    settings.scope = Scope::feeder(model.feeders.at(feeder.name));
    settings.act_above = from.watts;
    settings.aim = less(from.margin_ppm);
    settings.release = less(2 * from.margin_ppm);
    settings.window = from.window;
    settings.prove_within = from.prove_within;
    settings.escalate_to = from.escalate_to;
    settings.contactor_after = from.contactor_after;
    settings.rank = 15;
    settings.reason = Reason::feeder_limit;
    return policies::site_cap(settings);
}

Policy ambient_derating_of(const AmbientDeratingConfig& from, PolicyId id, const SiteModel& model) {
    policies::AmbientDerating settings;
    settings.policy = id;
    settings.source = model.sources.at(from.signal);
    settings.scope = place_of(from.feeder, from.group, model);
    settings.table = from.table;
    settings.margin_ppm = from.margin_ppm;
    settings.window = from.window;
    settings.prove_within = from.prove_within;
    settings.escalate_to = from.escalate_to;
    settings.contactor_after = from.contactor_after;
    return policies::ambient_derating(std::move(settings));
}

Policy heat_demand_of(const HeatDemandConfig& from, PolicyId id, const SiteModel& model) {
    policies::HeatDemand settings;
    settings.policy = id;
    settings.scope = place_of(from.feeder, from.group, model);
    if (!from.signal.empty()) settings.source = model.sources.at(from.signal);
    settings.thermal = from.thermal;
    settings.schedule = from.schedule;
    settings.clock = model.clock;
    settings.heat_ppm = from.heat_ppm;
    settings.margin_ppm = from.margin_ppm;
    return policies::heat_demand(std::move(settings));
}

Policy programme_of(const ProgrammeConfig& from, PolicyId id, const SiteModel& model) {
    policies::Programme settings;
    settings.policy = id;
    for (const std::string& signal : from.signals) settings.sources.push_back(model.sources.at(signal));
    settings.scope = scope_of(from.feeder, model);
    settings.offered = from.offered;
    settings.peak = from.peak;
    settings.ceiling = from.ceiling;
    settings.armed_floor = from.armed_floor;
    settings.armed_ceiling = from.armed_ceiling;
    settings.follow = from.follow;
    settings.lead = from.lead;
    settings.quota = from.quota;
    settings.armed = {from.armed, from.hours};
    settings.clock = model.clock;
    settings.prove_within = from.prove_within;
    settings.margin_ppm = from.margin_ppm;
    settings.escalate_to = from.escalate_to;
    settings.emergency_escalate_to = from.emergency_escalate_to;
    settings.contactor_after = from.contactor_after;
    return policies::programme(std::move(settings));
}

Policy minimum_draw_of(const MinimumDrawConfig& from, PolicyId id, const SiteModel& model) {
    policies::MinimumDraw settings;
    settings.policy = id;
    settings.scope = from.group.empty() ? scope_of(from.feeder, model) : Scope::group(model.groups.at(from.group));
    settings.at_least = from.at_least;
    settings.keep = from.keep;
    settings.hours = from.hours;
    settings.clock = model.clock;
    return policies::minimum_draw(std::move(settings));
}

Policy demand_charge_of(const DemandChargeConfig& from, PolicyId id, const SiteModel& model) {
    policies::DemandCharge settings;
    settings.policy = id;
    settings.meter = *model.site.meter;
    settings.window = from.window;
    settings.per_kw_month = from.per_kw_month;
    settings.mining_earns = from.mining_earns;
    settings.ratchet_ppm = from.ratchet_ppm;
    settings.paid = from.paid;
    settings.prove_within = from.prove_within;
    return policies::demand_charge(settings);
}

Policy coincident_peak_of(const CoincidentPeakConfig& from, PolicyId id, WatchId watch, const Config& config, const SiteModel& model) {
    policies::CoincidentPeak settings;
    settings.policy = id;
    settings.watch = watch;
    settings.per_kw_year = from.per_kw_year;
    for (const std::string& name : from.groups) {
        const GroupId group = model.groups.at(name);
        policies::CoincidentPeak::Machines machines{group, {}, {}};
        for (const PolicyConfig& policy : config.policies)
            if (policy.price_strike && std::ranges::find(policy.price_strike->groups, name) != policy.price_strike->groups.end()) machines.prices = model.sources.at(policy.price_strike->signal);
        if (from.worth_cycling) machines.cycle = cycle_of(config.groups[model.group_configs[index(group)]], model.site.groups[index(group)], model.site);
        settings.machines.push_back(machines);
    }
    return policies::coincident_peak(std::move(settings));
}

/// Every group's loads stop, as for a price that none of them can pay.
Policy all_asleep(PolicyId id, SourceId source) {
    const Why why{id, source, Cause::price, 0, Reason::price_unknown_shed};
    return [why](const State& state, Now, Limits& limits) {
        limits.floors.clear();  // Nobody will be there to answer for what they keep.
        limits.promises.clear();
        for (std::uint16_t g = 0; g < state.groups.size(); ++g)
            if (state.site->groups[g].tier == Tier::interruptible) limits.cutoffs.push_back({GroupId{g}, Price::max(), Price::max(), why});
    };
}

}  // namespace

std::vector<Policy> build_policies(const Config& config, const SiteModel& model) {
    std::vector<Policy> built;
    built.push_back(policies::earlier_calls({.policy = *model.site.earlier_calls}));
    for (const FeederConfig& feeder : config.feeders)
        if (feeder.limit) built.push_back(limit_of(feeder, model));
    for (std::size_t i = 0; i < model.site.supplies.size(); ++i) built.push_back(policies::supply_return({model.site.supplies[i].policy, i}));
    for (const PolicyConfig& policy : config.policies) {
        const PolicyId id = model.policies.at(policy.name);
        if (policy.price_strike) built.push_back(price_strike_of(*policy.price_strike, id, config, model));
        if (policy.dispatch) built.push_back(dispatch_of(*policy.dispatch, id, model));
        if (policy.site_cap) built.push_back(site_cap_of(*policy.site_cap, id, model));
        if (policy.programme) built.push_back(programme_of(*policy.programme, id, model));
        if (policy.minimum_draw) built.push_back(minimum_draw_of(*policy.minimum_draw, id, model));
        if (policy.demand_charge) built.push_back(demand_charge_of(*policy.demand_charge, id, model));
        if (policy.ambient_derating) built.push_back(ambient_derating_of(*policy.ambient_derating, id, model));
        if (policy.heat_demand) built.push_back(heat_demand_of(*policy.heat_demand, id, model));
        if (policy.coincident_peak) built.push_back(coincident_peak_of(*policy.coincident_peak, id, model.watches.at(policy.name), config, model));
        if (policy.under_frequency) built.push_back(policies::under_frequency({id, model.guards.at(policy.name), model.sources.at(policy.name + " meter")}));
    }
    built.push_back(policies::person_limits({.policy = model.policies.at("operator"), .source = model.operator_source}));
    return built;
}

std::vector<Policy> leaving_policies(const Config& config, const SiteModel& model) {
    Config last = config;
    std::erase_if(last.policies, [](const PolicyConfig& p) { return p.price_strike || p.minimum_draw || p.heat_demand || p.coincident_peak; });
    std::vector<Policy> built = build_policies(last, model);
    if (config.site.on_exit == OnExit::sleep) built.push_back(all_asleep(model.policies.at("[site] on_exit"), model.operator_source));
    return built;
}

std::vector<Policy> policies_of(EpochCause cause, const Config& config, const SiteModel& model) {
    return cause == EpochCause::leave ? leaving_policies(config, model) : build_policies(config, model);
}

std::vector<EpochFile> epoch_files(const Config& config) {
    std::vector<EpochFile> files;
    for (const ConfigFile& file : config.files) files.push_back({file.path, file.text});
    return files;
}

tl::expected<Config, std::vector<Fault>> config_of(const std::vector<EpochFile>& files) {
    std::vector<ConfigFile> readable;
    for (const EpochFile& file : files) readable.push_back({file.path, file.text, sqlite::sha256(file.text)});
    const EpochFile& site = files.front();
    return parse_config(site.text, site.path, reader_of(std::move(readable)));
}

}  // namespace ballast
