#pragma once
#include "model/state.hpp"
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

#include <string>
#include <vector>

/// Sites to measure decisions on.
namespace ballast::bench {

constexpr SourceId market{0}, utility{1}, calls{2}, frequency{3}, yard{4}, greenhouse{5}, forecaster{6}, by_operator{7};

/// A site with its policies, and what they add up to.
struct Case {
    Site site;
    std::vector<Policy> policies;
    std::vector<GroupId> miners;
    Power nameplate;

    PolicyId policy(const std::string& name) {
        site.policies.push_back(name);
        return PolicyId{static_cast<std::uint16_t>(site.policies.size() - 1)};
    }
};

/// Which slows down last: it caps, and it saves before it sleeps.
inline void add_nodes(Site& site, Slot nodes) {
    using namespace literals;
    if (nodes == 0) return;
    Site::Group group{.name = "nodes", .driver = "gpu", .loads = {1, 1 + nodes}, .tier = Tier::flexible, .standby = 900_W};
    group.flexible.workload = Workload::training;
    group.flexible.order = {FlexStep::power, FlexStep::checkpoint, FlexStep::sleep};
    group.flexible.floor = 4_kW;
    for (Slot i = 0; i < nodes; ++i) site.loads.push_back({"node-" + std::to_string(i), 8_kW});
    site.groups.push_back(group);
}

/// A hall of 2 MW, eight groups of machines of 3.4 kW, worst first, and perhaps nodes of 8 kW that may be slowed.
inline Case fleet(Slot machines, Slot nodes = 0) {
    using namespace literals;
    constexpr Slot groups = 8;
    Case made;
    Site& site = made.site;
    site.name = "bench";
    site.meters = {{"poi"}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::run}, {"utility", OnStale::hold}, {"calls", OnStale::hold}, {"uf meter", OnStale::hold},
                    {"yard", OnStale::hold}, {"greenhouse", OnStale::hold}, {"forecaster", OnStale::hold}, {"operator", OnStale::hold}};
    site.loads.push_back({"hall", 2_MW});
    site.groups.push_back({.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm});
    add_nodes(site, nodes);
    for (Slot g = 0; g < groups; ++g) {
        const Slot first = static_cast<Slot>(site.loads.size()), size = machines / groups;
        for (Slot i = 0; i < size; ++i) {
            const std::int64_t joules = 32'000 - 1'000 * g - 900 * i / size;
            site.loads.push_back({"m-" + std::to_string(first + i), 3'400_W, joules, Price{(100'000 - joules) * 1'000}});
        }
        made.miners.push_back(GroupId{static_cast<std::uint16_t>(site.groups.size())});
        site.groups.push_back({.name = "miners-" + std::to_string(g), .driver = "luxos", .loads = {first, first + size}, .tier = Tier::interruptible, .standby = 25_W});
    }
    for (const Site::Load& load : site.loads) made.nameplate += load.rated;
    return made;
}

/// Two feeders with limits, one of which the weather lowers; heat that is sold; a peak that may be billed; and the way back from a blackout.
inline void add_physics(Case& made) {
    using namespace literals;
    Site& site = made.site;
    const auto share = [&](int percent) { return Power{made.nameplate.count * percent / 100}; };
    for (std::uint16_t f = 0; f < 2; ++f) {
        site.feeders.push_back({"feeder-" + std::to_string(f)});
        for (std::size_t i = f; i < made.miners.size(); i += 2) site.groups[index(made.miners[i])].feeder = FeederId{f};
        made.policies.push_back(policies::site_cap({.policy = made.policy("limit:" + site.feeders[f].name), .scope = Scope::feeder(FeederId{f}), .act_above = share(60), .aim = share(59), .release = share(58),
                                                    .rank = 15, .reason = Reason::feeder_limit}));
    }
    policies::AmbientDerating derating{.policy = made.policy("derating"), .source = yard, .scope = Scope::feeder(FeederId{0})};
    derating.table = {{Temperature{20'000}, share(60)}, {Temperature{40'000}, share(40)}};
    made.policies.push_back(policies::ambient_derating(derating));
    policies::HeatDemand heat{.policy = made.policy("heat"), .scope = Scope::group(made.miners.back()), .source = greenhouse};
    heat.thermal = share(5);
    made.policies.push_back(policies::heat_demand(heat));
    policies::CoincidentPeak peaks;
    peaks.policy = made.policy("peaks");
    for (const GroupId group : made.miners) peaks.machines.push_back({group, market, {}});
    peaks.per_kw_year = Price{67'000'000'000};
    Site::Watch watch{peaks.policy, {}, {forecaster}, {}};
    site.watches.push_back(watch);
    made.policies.push_back(policies::coincident_peak(peaks));
    site.supplies.push_back({made.policy("return:site"), Scope::site(), std::chrono::minutes{1}, std::chrono::minutes{5}});
    made.policies.push_back(policies::supply_return({.policy = site.supplies.back().policy, .supply = 0}));
}

/// One of each policy, and more where one bound does not show what several cost.
inline Case all_policies(Slot machines) {
    using namespace literals;
    Case made = fleet(machines, 100);
    Site& site = made.site;
    const auto share = [&](int percent) { return Power{made.nameplate.count * percent / 100}; };
    std::vector<std::optional<policies::Cycle>> cycles(made.miners.size(), policies::Cycle{{std::chrono::minutes{5}, Price{1'000'000}}, {}, 7'000, std::chrono::minutes{5}, std::chrono::minutes{5}});
    made.policies.push_back(policies::price_strike({.policy = made.policy("strike"), .prices = market, .groups = made.miners, .cycles = std::move(cycles)}));
    made.policies.push_back(policies::dispatch({.policy = made.policy("obligations"), .sources = {utility}}));
    made.policies.push_back(policies::site_cap({.policy = made.policy("contract"), .act_above = made.nameplate, .aim = share(98), .release = share(97), .window = std::chrono::minutes{1}}));
    policies::Programme terms{.policy = made.policy("programme"), .sources = {calls}, .offered = share(50), .peak = made.nameplate};
    terms.ceiling = policies::Amount{policies::Amount::Of::below_reference};
    terms.armed_floor = policies::Amount{policies::Amount::Of::offered, {}, 300'000};
    made.policies.push_back(policies::programme(terms));
    made.policies.push_back(policies::minimum_draw({.policy = made.policy("take-or-pay"), .at_least = share(20), .keep = share(22)}));
    made.policies.push_back(policies::demand_charge({.policy = made.policy("demand"), .meter = MeterId{0}, .per_kw_month = Price{10'000'000'000}, .mining_earns = Price{40'000'000}, .paid = share(95)}));
    add_physics(made);
    const Slot block = static_cast<Slot>(site.loads.size());
    site.loads.push_back({"block", 1_MW});
    site.groups.push_back({.name = "block", .driver = "contactor", .loads = {block, block + 1}, .tier = Tier::interruptible});
    made.nameplate += 1_MW;
    const PolicyId under = made.policy("under-frequency");
    site.guards = {{under, frequency, {{Frequency{59'500}, {block}}}, Frequency{59'900}, std::chrono::minutes{5}}};
    made.policies.push_back(policies::under_frequency({under, GuardId{0}, frequency}));
    made.policies.push_back(policies::earlier_calls({.policy = *(site.earlier_calls = made.policy("calls:earlier"))}));
    made.policies.push_back(policies::person_limits({.policy = made.policy("operator"), .source = by_operator}));
    return made;
}

}  // namespace ballast::bench
