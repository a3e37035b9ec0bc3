#include "policies/supply_return.hpp"

#include <string_view>

namespace ballast::policies {

namespace {

using Phase = SupplyState::Phase;

/// FNV-1a, 64 bits, then mixed: names that differ in one letter are to lie far apart.
std::uint64_t hash(std::uint64_t from, std::string_view text) {
    for (const char c : text) from = (from ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
    return (from ^ 0xff) * 1'099'511'628'211u;  // An end, so that "ab" "c" is not "a" "bc".
}

std::uint64_t mixed(std::uint64_t h) {
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

Bound standstill(Scope scope, const Why& why) {
    Bound bound;
    bound.scope = scope;
    bound.standstill = true;
    bound.why = why;
    return bound;
}

void one_by_one(const State& state, const Site::Supply& supply, const SupplyState& now_is, Now now, const Why& why, Limits& limits) {
    const Site& site = *state.site;
    for (std::uint16_t g = 0; g < site.groups.size(); ++g) {
        if (site.groups[g].tier != Tier::interruptible || !site.feeds(supply.scope, g)) continue;
        const Steady turn = later(later(now_is.since, supply.lockout), turn_of(site, GroupId{g}, now_is.event, supply.spread));
        if (turn <= now.steady) continue;
        limits.changes(turn);
        limits.bounds.push_back(standstill(Scope::group(GroupId{g}), why));
    }
}

}  // namespace

Duration turn_of(const Site& site, GroupId group, EventId event, Duration spread) {
    if (spread <= Duration{0}) return Duration{0};
    const std::uint64_t names = hash(hash(14'695'981'039'346'656'037u, site.name), site.groups[index(group)].name);
    const std::uint64_t h = mixed(names ^ static_cast<std::uint64_t>(event));
    return Duration{static_cast<std::int64_t>(h % static_cast<std::uint64_t>(spread.count() + 1))};
}

Policy supply_return(SupplyReturn settings) {
    return [settings](const State& state, Now now, Limits& limits) {
        const Site::Supply& supply = state.site->supplies[settings.supply];
        const SupplyState& is = state.supplies[settings.supply];
        Why why{settings.policy, {}, Cause::capacity, settings.rank, Reason::supply_lost, EscalateTo::repeat, is.event};
        if (is.phase == Phase::lost) limits.bounds.push_back(standstill(supply.scope, why));
        if (is.phase != Phase::back) return;
        why.reason = Reason::cold_start;
        const Steady unlocked = later(is.since, supply.lockout);
        if (now.steady >= unlocked) return one_by_one(state, supply, is, now, why, limits);
        limits.changes(unlocked);
        limits.bounds.push_back(standstill(supply.scope, why));
    };
}

}  // namespace ballast::policies
