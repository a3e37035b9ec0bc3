#include "drivers/asic/luxos.hpp"

#include <algorithm>

namespace ballast::asic {
namespace {

/// A profile that draws no less than this share of what a machine draws at most is none of ours.
constexpr std::int64_t whole_percent = 95;

}  // namespace

/// What is active is read first. A machine that tunes itself would undo a profile, so that ends before.
Turn Luxos::set_level(Machine& m, LuxosMemory& l) {
    if (!l.config_known) return ask(l, LuxosStep::identify, "config");
    if (l.chosen.empty() || l.chosen_for != m.wanted) return ask(l, LuxosStep::profiles, "profiles");
    if (l.tunes_itself.value_or(false)) return order(l, LuxosStep::tune_off, false, "atmset", "enabled=false");
    return order(l, LuxosStep::profile, true, "profileset", l.chosen);
}

/// The profile, then its own tuning. Where nobody knows what was before, only one that is not held down has nothing to get back.
Turn Luxos::let_back(Machine& m, LuxosMemory& l) {
    if (!l.before.empty()) return order(l, LuxosStep::profile, !l.tuned_itself, "profileset", l.before);
    if (!l.config_known) return ask(l, LuxosStep::identify, "config");
    if (l.tunes_itself.value_or(false)) return {.kind = Turn::Kind::accepted};
    if (l.chosen.empty() || l.chosen_for != m.wanted) return ask(l, LuxosStep::profiles, "profiles");
    if (l.chosen == l.profile && l.chosen_power.count * 100 >= m.rated.count * whole_percent) return {.kind = Turn::Kind::accepted};
    return refused("what its profile was before it was capped is not known any more: set one on its own page");
}

/// For a cap the highest that draws no more, else the lowest there is; for an uncap what is active.
Turn Luxos::profiles_told(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply) {
    const auto all = wire::cgminer::profiles(reply);
    if (all.empty()) return refused("it names no profile with its watts");
    const wire::cgminer::Profile* best = &*std::ranges::min_element(all, {}, &wire::cgminer::Profile::power);
    for (const auto& one : all) {
        const bool better = m.wanted.rung == Rung::cap ? one.power <= m.wanted.cap && one.power > best->power : one.name == l.profile;
        if (better) best = &one;
    }
    if (m.wanted.rung == Rung::cap) remember(m, l, all);
    l.chosen = best->name;
    l.chosen_power = best->power;
    l.chosen_for = m.wanted;
    return go_on_ordering(m, l);
}

/// What is active is what to give back, unless it may be a cap of ours: who was here before us may have left one, but then it does not tune itself.
void Luxos::remember(const Machine& m, LuxosMemory& l, std::span<const wire::cgminer::Profile> all) {
    const auto active = std::ranges::find(all, l.profile, &wire::cgminer::Profile::name);
    if (active == all.end()) return;
    const bool whole = active->power.count * 100 >= m.rated.count * whole_percent;
    if (!m.capped || whole || l.tunes_itself.value_or(false)) l.before = l.profile;
}

/// One of the commands that make up a change of profile: the last one is the order, and what comes before may be for a newer one by now.
Turn Luxos::level_taken(Machine& m, LuxosMemory& l) {
    if (l.step == LuxosStep::tune_off) {
        l.tunes_itself = false;
        l.tuned_itself = true;
        m.capped = true;  // Whatever comes of the order, that has to be given back.
    }
    if (!m.committed) {
        const bool ends = l.step == LuxosStep::profile && m.wanted.rung == Rung::uncap;
        return ends ? order(l, LuxosStep::tune_on, true, "atmset", "enabled=true") : go_on_ordering(m, l);
    }
    if (m.sent.rung == Rung::cap) return taken(m, l.chosen_power);
    l.before.clear();
    l.tuned_itself = false;
    return {.kind = Turn::Kind::accepted};
}

}  // namespace ballast::asic
