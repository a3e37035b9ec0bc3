#include "app/site_of.hpp"

#include "app/makes.hpp"

#include "app/wall_clock.hpp"
#include "model/check.hpp"

#include <algorithm>
#include <numeric>

namespace ballast {
namespace {

/// What a group's machines are worth, if a price policy says.
struct Worth {
    std::optional<Economics> economics;
    std::optional<Price> strike;
};

Worth worth_of(const Config& config, const std::string& group) {
    for (const PolicyConfig& policy : config.policies) {
        if (!policy.price_strike) continue;
        const auto& groups = policy.price_strike->groups;
        if (std::ranges::find(groups, group) != groups.end())
            return {policy.price_strike->economics, policy.price_strike->strike};
    }
    return {};
}

Price strike_of(const Worth& worth, const MachineConfig& machine) {
    if (machine.strike) return *machine.strike;
    if (worth.strike) return *worth.strike;
    return worth.economics ? break_even(*worth.economics, machine.joules_per_hash) : Price::max();
}

/// Worst first; machines alike stay in the order of the file.
std::vector<MachineConfig> by_merit(std::vector<MachineConfig> machines) {
    const auto joules = [](const MachineConfig& m) {
        return m.joules_per_hash <= 0 ? std::numeric_limits<std::int64_t>::max() : m.joules_per_hash;
    };
    std::ranges::stable_sort(machines, std::ranges::greater{}, joules);
    return machines;
}

/// Lowest strike first, as merit within the group must agree with its prices; of those alike the worst.
std::vector<MachineConfig> by_strike(std::vector<MachineConfig> machines, const Worth& worth) {
    machines = by_merit(std::move(machines));
    std::ranges::stable_sort(machines, {}, [&](const MachineConfig& m) { return strike_of(worth, m); });
    return machines;
}

void add_load(SiteModel& model, Site::Load load, LoadAddress address) {
    model.slots.emplace(load.name, static_cast<Slot>(model.site.loads.size()));
    model.site.loads.push_back(std::move(load));
    model.addresses.push_back(std::move(address));
}

void add_group(SiteModel& model, const Config& config, const GroupConfig& from) {
    Site::Group group;
    group.name = from.name;
    group.driver = driver_name(from);
    group.tier = from.tier;
    if (!from.feeder.empty()) group.feeder = model.feeders.at(from.feeder);
    group.standby = from.standby;
    group.min_off = from.min_off;
    group.min_on = from.min_on;
    group.off_within = from.off_within;
    group.on_within = from.on_within;
    group.stale_after = from.stale_after;
    group.stagger = from.stagger;
    group.inrush_ppm = from.inrush_ppm;
    group.contactor_rest = from.contactor_rest;
    group.reserve = from.driver == GroupDriver::metered && !from.meter ? from.nameplate : from.reserve;  // Nobody ever says that it draws less.
    group.reserve_window = from.reserve_window;
    group.flexible = from.flexible;
    group.owner = from.owner;
    group.hosting = from.hosting;
    group.can_power_off = from.on_outlets();
    group.loads.first = static_cast<Slot>(model.site.loads.size());
    const Worth worth = worth_of(config, from.name);
    group.own_strikes = std::ranges::any_of(from.machines, [](const MachineConfig& m) { return m.strike.has_value(); });
    if (!group.own_strikes) group.economics = worth.economics;
    if (from.miners) {
        for (const MachineConfig& m : group.own_strikes ? by_strike(from.machines, worth) : by_merit(from.machines))
            add_load(model, {m.id, m.watts, m.joules_per_hash, strike_of(worth, m)}, {m.host, m.port});
    } else if (from.gpu) {
        for (const MachineConfig& node : from.machines) add_load(model, {node.id, node.watts}, {});
    } else {
        add_load(model, {from.name, from.nameplate, 0, Price::max()}, {});
    }
    group.loads.last = static_cast<Slot>(model.site.loads.size());
    model.groups.emplace(from.name, static_cast<GroupId>(model.site.groups.size()));
    model.site.groups.push_back(std::move(group));
}

void add_groups(SiteModel& model, const Config& config) {
    std::vector<std::size_t> order(config.groups.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return config.groups[i].tier; });
    for (const std::size_t i : order) {
        add_group(model, config, config.groups[i]);
        model.group_configs.push_back(i);
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::string& contactor = config.groups[order[i]].contactor;
        if (!contactor.empty()) model.site.groups[i].contactor = model.slots.at(contactor);
    }
}

/// How far back the policies look at a meter: the longest reference, the longest averaging window, and some more, for a
/// dispatch that arrives late.
Duration longest_look_back(const Config& config) {
    Duration longest{0};
    for (const PolicyConfig& policy : config.policies) {
        if (policy.dispatch) longest = std::max(longest, policy.dispatch->reference_window);
        if (policy.programme) longest = std::max(longest, policy.programme->reference_window);
        if (policy.site_cap) longest = std::max(longest, policy.site_cap->window);
        if (policy.ambient_derating) longest = std::max(longest, policy.ambient_derating->window);
    }
    for (const FeederConfig& feeder : config.feeders)
        if (feeder.limit) longest = std::max(longest, feeder.limit->window);
    return longest + std::chrono::minutes{10};
}

bool beneath(const Config& config, const FeederConfig& feeder, const FeederConfig& above) {
    const FeederConfig* at = &feeder;
    while (at != &above && !at->under.empty()) at = &*std::ranges::find(config.feeders, at->under, &FeederConfig::name);
    return at == &above;
}

void add_feeders(SiteModel& model, const Config& config) {
    Site& site = model.site;
    for (const FeederConfig& feeder : config.feeders) {
        model.feeders.emplace(feeder.name, static_cast<FeederId>(site.feeders.size()));
        Site::Feeder built{feeder.name, {}, {}};
        for (const FeederConfig& other : config.feeders)
            if (beneath(config, other, feeder)) built.overhead += other.overhead;
        if (!feeder.meter.empty()) built.meter = model.meters.at(feeder.meter);
        built.pace = feeder.pace;
        built.cooling_ppm = feeder.cooling_ppm;
        site.feeders.push_back(std::move(built));
    }
    for (std::size_t i = 0; i < config.feeders.size(); ++i)
        if (!config.feeders[i].under.empty()) site.feeders[i].under = model.feeders.at(config.feeders[i].under);
}

bool obeys(const PolicyConfig& policy, const std::string& signal) {
    const auto* signals = obeyed_by(policy);
    return signals && std::ranges::find(*signals, signal) != signals->end();
}

PolicyId add_policy(SiteModel& model, const std::string& name) {
    const auto id = static_cast<PolicyId>(model.site.policies.size());
    model.policies.emplace(name, id);
    model.site.policies.push_back(name);
    return id;
}

/// What feeders and the site ask without a policy of the file; no policy of the file can be called so.
void add_own_policies(SiteModel& model, const Config& config) {
    for (const FeederConfig& feeder : config.feeders)
        if (feeder.limit) add_policy(model, limit_policy(feeder.name));
    const auto add = [&](const std::string& name, Scope scope, const ReturnConfig& from) {
        model.site.supplies.push_back({add_policy(model, "return:" + name), scope, from.lockout, from.spread, from.settles});
    };
    model.site.earlier_calls = add_policy(model, "calls:earlier");
    if (config.site.returns) add("site", Scope::site(), *config.site.returns);
    for (const FeederConfig& feeder : config.feeders)
        if (feeder.returns) add(feeder.name, Scope::feeder(model.feeders.at(feeder.name)), *feeder.returns);
}

/// What the policy that obeys a source makes of its calls.
void bind(Site::Source& source, const PolicyConfig& policy, PolicyId id) {
    if (policy.dispatch) source.reference_window = policy.dispatch->reference_window;
    if (!policy.programme) return;
    source.reference_window = policy.programme->reference_window;
    source.terms = policy.programme->terms;
    source.programme = id;
}

void add_surroundings(SiteModel& model, const Config& config) {
    Site& site = model.site;
    const Duration history = longest_look_back(config);
    for (const MeterConfig& meter : config.meters) {
        model.meters.emplace(meter.name, static_cast<MeterId>(site.meters.size()));
        site.meters.push_back({meter.name, meter.stale_after, history});
    }
    add_feeders(model, config);
    for (const SignalConfig& signal : config.signals) {
        model.sources.emplace(signal.name, static_cast<SourceId>(site.sources.size()));
        Site::Source source{signal.name, signal.on_stale, signal.stale_after, signal.future_tolerance, {}};
        source.in_local = signal.in_local;
        if (!signal.same_as.empty()) {  // It stands before.
            source.same_as = model.sources.at(signal.same_as);
            Site::Source& of = site.sources[index(*source.same_as)];
            of.agree_within = signal.agree_within;
        }
        for (std::size_t i = 0; i < config.policies.size(); ++i)
            if (obeys(config.policies[i], signal.name)) bind(source, config.policies[i], static_cast<PolicyId>(i));
        source.answered = std::ranges::any_of(config.policies, [&](const PolicyConfig& policy) { return obeys(policy, signal.name); });
        site.sources.push_back(std::move(source));
    }
    model.operator_source = static_cast<SourceId>(site.sources.size());
    model.sources.emplace("operator", model.operator_source);
    site.sources.push_back({"operator", OnStale::hold, Duration{0}, Duration{5'000}, {}});
    for (const PolicyConfig& policy : config.policies)
        if (policy.dispatch) bind(site.sources.back(), policy, {});
    site.sources.back().answered = std::ranges::any_of(config.policies, [](const PolicyConfig& policy) { return policy.dispatch && policy.dispatch->feeder.empty(); });
    for (const PolicyConfig& policy : config.policies) {
        model.policies.emplace(policy.name, static_cast<PolicyId>(site.policies.size()));
        site.policies.push_back(policy.name);
        if (!policy.under_frequency) continue;
        const std::string meter = policy.name + " meter";  // No signal can be called so.
        model.sources.emplace(meter, static_cast<SourceId>(site.sources.size()));
        site.sources.push_back({meter, OnStale::hold, policy.under_frequency->meter.stale_after, Duration{5'000}});
    }
    add_own_policies(model, config);
    model.policies.emplace("operator", static_cast<PolicyId>(site.policies.size()));  // What persons say; no policy of the file is called so.
    site.policies.push_back("operator");
    if (config.site.on_exit == OnExit::sleep) {  // What the process leaves by; no policy of the file can be called so.
        model.policies.emplace("[site] on_exit", static_cast<PolicyId>(site.policies.size()));
        site.policies.push_back("[site] on_exit");
    }
}

}  // namespace

namespace {

void add_watches(SiteModel& model, const Config& config) {
    for (const PolicyConfig& policy : config.policies) {
        if (!policy.coincident_peak) continue;
        const CoincidentPeakConfig& from = *policy.coincident_peak;
        Site::Watch watch{model.policies.at(policy.name), {}, {}, from.terms};
        watch.terms.clock = model.clock;
        if (!from.demand.empty()) watch.demand = model.sources.at(from.demand);
        for (const std::string& forecast : from.forecasts) watch.forecasts.push_back(model.sources.at(forecast));
        model.watches.emplace(policy.name, static_cast<WatchId>(model.site.watches.size()));
        model.site.watches.push_back(std::move(watch));
    }
}

void add_guards(SiteModel& model, const Config& config) {
    for (const PolicyConfig& policy : config.policies) {
        if (!policy.under_frequency) continue;
        Site::Guard guard;
        guard.policy = model.policies.at(policy.name);
        guard.source = model.sources.at(policy.name + " meter");
        guard.restore_above = policy.under_frequency->restore_above;
        guard.restore_after = policy.under_frequency->restore_after;
        for (const auto& from : policy.under_frequency->stages) {
            Site::Guard::Stage& stage = guard.stages.emplace_back();
            stage.below = from.below;
            for (const std::string& contactor : from.contactors) stage.contactors.push_back(model.slots.at(contactor));
            std::ranges::sort(stage.contactors);
        }
        model.guards.emplace(policy.name, static_cast<GuardId>(model.site.guards.size()));
        model.site.guards.push_back(std::move(guard));
    }
}

}  // namespace

std::string limit_policy(const std::string& feeder) { return "limit:" + feeder; }

SiteModel build_site(const Config& config) {
    SiteModel model;
    Site& site = model.site;
    site.name = config.site.name;
    site.overhead = config.site.overhead;
    site.residual_settles = config.site.residual_settles;
    site.reassert_every = config.site.reassert_every;
    site.tries = config.site.tries;
    site.ramp_up_per_minute = config.site.pace.up_per_minute;
    site.ramp_down_per_minute = config.site.pace.down_per_minute;
    site.inrush = config.site.pace.inrush;
    site.inrush_within = config.site.pace.inrush_within;
    site.cooling_ppm = config.site.cooling_ppm;
    site.contested_after = config.site.contested_after;
    model.clock = site.clock = wall_clock(config.site.time_zone);
    add_surroundings(model, config);
    if (!config.site.meter.empty()) site.meter = model.meters.at(config.site.meter);
    add_groups(model, config);
    for (const SignalConfig& signal : config.signals)
        for (const std::string& group : signal.switches) site.sources[index(model.sources.at(signal.name))].switches.push_back(model.groups.at(group));
    add_guards(model, config);
    add_watches(model, config);
    BALLAST_CHECK(model.slots.size() == site.loads.size());
    return model;
}

}  // namespace ballast
