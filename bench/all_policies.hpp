#pragma once
#include "model/state.hpp"
#include "policies/demand_charge.hpp"
#include "policies/dispatch.hpp"
#include "policies/minimum_draw.hpp"
#include "policies/price_strike.hpp"
#include "policies/programme.hpp"
#include "policies/site_cap.hpp"
#include "policies/under_frequency.hpp"

#include <string>
#include <vector>

/// Sites to measure decisions on.
namespace ballast::bench {

constexpr SourceId market{0}, utility{1}, calls{2}, frequency{3};

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

/// A hall of 2 MW and eight groups of machines of 3.4 kW, worst first.
inline Case fleet(Slot machines) {
    using namespace literals;
    constexpr Slot groups = 8;
    Case made;
    Site& site = made.site;
    site.name = "bench";
    site.meters = {{"poi"}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::run}, {"utility", OnStale::hold}, {"calls", OnStale::hold}, {"uf meter", OnStale::hold}};
    site.loads.push_back({"hall", 2_MW});
    site.groups.push_back({.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm});
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

/// One of each policy, and more where one bound does not show what several cost.
inline Case all_policies(Slot machines) {
    using namespace literals;
    Case made = fleet(machines);
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
    const Slot block = static_cast<Slot>(site.loads.size());
    site.loads.push_back({"block", 1_MW});
    site.groups.push_back({.name = "block", .driver = "contactor", .loads = {block, block + 1}, .tier = Tier::interruptible});
    made.nameplate += 1_MW;
    const PolicyId under = made.policy("under-frequency");
    site.guards = {{under, frequency, {{Frequency{59'500}, {block}}}, Frequency{59'900}, std::chrono::minutes{5}}};
    made.policies.push_back(policies::under_frequency({under, GuardId{0}, frequency}));
    return made;
}

}  // namespace ballast::bench
