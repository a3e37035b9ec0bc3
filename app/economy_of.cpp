#include "app/site_of.hpp"
#include "app/wall_clock.hpp"

#include <algorithm>

namespace ballast {
namespace {

const PriceStrikeConfig* pricing(const Config& config, const std::string& group) {
    for (const PolicyConfig& policy : config.policies)
        if (policy.price_strike && std::ranges::find(policy.price_strike->groups, group) != policy.price_strike->groups.end()) return &*policy.price_strike;
    return nullptr;
}

/// A strike that somebody set has fee, overhead and adders in it: what a kWh is worth is the strike itself.
study::Worth worth_of(const PriceStrikeConfig& policy, const Site::Group& group, const Site::Load& load) {
    study::Worth worth;
    if (group.own_strikes || !policy.economics) {
        worth.hash = load.strike;
        return worth;
    }
    Economics at_the_wall = *policy.economics;
    at_the_wall.overhead_ppm = 1'000'000;
    at_the_wall.adder = Price{};
    if (load.joules_per_hash > 0) worth.hash = break_even(at_the_wall, load.joules_per_hash);
    worth.adder = policy.economics->adder;
    worth.overhead_ppm = policy.economics->overhead_ppm;
    return worth;
}

}  // namespace

study::Economy economy_of(const Config& config, const SiteModel& model) {
    study::Economy economy;
    bool known = false;
    economy.worth.resize(model.site.loads.size());
    for (std::size_t g = 0; g < model.site.groups.size(); ++g) {
        const Site::Group& group = model.site.groups[g];
        const PriceStrikeConfig* policy = pricing(config, group.name);
        if (!policy) continue;
        known = true;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            economy.worth[s] = worth_of(*policy, group, model.site.loads[s]);
            economy.worth[s].cycling = config.groups[model.group_configs[g]].cycling;
        }
    }
    if (!known) economy.worth.clear();
    for (const PolicyConfig& policy : config.policies)
        if (const auto& demand = policy.demand_charge) economy.demand = {demand->window, demand->per_kw_month, demand->ratchet_ppm, demand->paid, wall_clock(config.site.time_zone)};
    for (const PolicyConfig& policy : config.policies)
        if (const auto& minimum = policy.minimum_draw; minimum && minimum->underuse) economy.minimums.push_back({minimum->at_least, *minimum->underuse, minimum->hours, model.clock});
    economy.hedge = {config.site.hedge, config.site.hedge_price, nullptr};
    return economy;
}

}  // namespace ballast
