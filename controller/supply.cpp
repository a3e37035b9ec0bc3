#include "controller/supply.hpp"

#include "controller/books.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

using Phase = SupplyState::Phase;

/// A single reading may be wrong, and a meter may be ahead of the news of a contactor: what stands for so long is so.
constexpr Duration confirmed_after{2'000};

/// A meter that averages shows a sudden loss over some of its readings, and a fast one between two.
constexpr Duration falls_within{5'000};

/// Loads of the scope go, or went lately, because they were told to.
bool goes_by_order(const Core& core, Scope scope) {
    return std::ranges::any_of(core.members[core.scope_index(scope)], [&](GroupId g) {
        const GroupState& sums = core.sums(g);
        return sums.lowering > Power{} || (!sums.sunk.empty() && later(sums.sunk.back().seen, 2 * falls_within) > core.now.steady);
    });
}

/// The most that it showed lately; where orders explain a fall, its last word.
Power shown_lately(const Core& core, Scope scope, const MeterState& meter) {
    Power most = meter.power;
    if (goes_by_order(core, scope)) return most;
    for (auto sample = meter.history.rbegin(); sample != meter.history.rend() && sample->taken >= core.now.steady - falls_within; ++sample) most = std::max(most, sample->power);
    return most;
}

/// What loads that have supply and are told to run must be drawing, as far as they said; only those that orders move, because
/// a hall may ride through on its batteries.
Power must_show(const Core& core, Scope scope) {
    Power sum;
    for (const GroupId g : core.members[core.scope_index(scope)])
        if (core.can_move(g) && has_supply(core, g)) sum += std::max(Power{}, std::min(core.sums(g).planned - core.sums(g).raising, core.sums(g).measured));
    return sum;
}

Power could_show(const Core& core, Scope scope) {
    Power sum;
    for (const GroupId g : core.members[core.scope_index(scope)])
        if (core.can_move(g)) sum += core.nameplate[index(g)];
    return sum;
}

/// Too few run to tell their absence from what else moves.
bool tells_nothing(const Core& core, Scope scope, Power must) { return must <= Power{} || must.count * 10 < could_show(core, scope).count; }

bool lacks(Power shown, Power must) { return shown.count * 2 < must.count; }

/// House load and what rides on batteries aside, nothing is drawn.
bool dark(const SupplyState& supply, Power shown) { return shown.count * 50 < supply.before.count; }

void enter(SupplyState& supply, Phase phase, Steady since) {
    supply.phase = phase;
    supply.since = since;
    if (phase == Phase::steady) supply.before = {}, supply.event = {};
}

Why why_lost(const Site::Supply& site) { return {site.policy, {}, Cause::capacity, 0, Reason::supply_lost}; }

/// A wake that was under way has led nowhere.
void take_back_wakes(Core& core, Scope scope) {
    for (const GroupId g : core.members[core.scope_index(scope)]) {
        if (!core.can_move(g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (!load.on || load.seen || !rests(load.mode)) continue;
            seen_to_obey(core, load.order, 1);
            found_resting(core, s);
        }
    }
}

void lose(Core& core, std::size_t which) {
    const Site::Supply& site = core.site.supplies[which];
    SupplyState& supply = core.state.supplies[which];
    const auto known = core.last_event;
    supply.event = event_of(core, why_lost(site));
    if (core.last_event != known) core.notes.back().power = supply.before;  // The meter shows what is left; its event began with what was there.
    core.note(NoteKind::supply_lost, index(site.policy), {}, supply.event, supply.before);
    take_back_wakes(core, site.scope);
    enter(supply, Phase::lost, supply.since);
}

void return_to(Core& core, std::size_t which, Steady since) {
    SupplyState& supply = core.state.supplies[which];
    core.note(NoteKind::supply_back, index(core.site.supplies[which].policy), {}, supply.event);
    enter(supply, Phase::back, since);
}

/// The fall stood for long enough. Where something is drawn, supply was away for a moment only.
void confirm(Core& core, std::size_t which, Power shown) {
    const Steady fell = core.state.supplies[which].since;
    lose(core, which);
    if (!dark(core.state.supplies[which], shown)) return_to(core, which, fell);
}

void watch(Core& core, std::size_t which, const MeterState& before, const MeterReading& reading) {
    const Scope scope = core.site.supplies[which].scope;
    SupplyState& supply = core.state.supplies[which];
    const Power must = must_show(core, scope);
    const Power had = supply.phase == Phase::steady ? shown_lately(core, scope, before) : supply.before;
    const bool fell = !tells_nothing(core, scope, must) && lacks(reading.power, must) && !lacks(had - reading.power, must);
    switch (supply.phase) {
    case Phase::steady:
        if (!fell || before.taken == Steady::min()) return;
        supply.before = had;
        return enter(supply, Phase::failing, core.now.steady);
    case Phase::failing:
        if (!fell) enter(supply, Phase::steady, core.now.steady);
        return;
    case Phase::lost:
        if (!dark(supply, reading.power)) return_to(core, which, core.now.steady);
        return;
    case Phase::back:
        if (dark(supply, before.power) || !dark(supply, reading.power)) return;
        lose(core, which);  // It went again.
        supply.since = core.now.steady;
        return;
    }
}

Steady settled(const Site::Supply& site, const SupplyState& supply) { return later(supply.since, std::max(site.settles, site.lockout + site.spread)); }

}  // namespace

void watch_supplies(Core& core, const MeterReading& reading) {
    for (std::size_t i = 0; i < core.site.supplies.size(); ++i)
        if (core.meter_of(core.site.supplies[i].scope) == reading.meter) watch(core, i, core.state.meters[index(reading.meter)], reading);
}

void supply_heard(Core& core, GroupId g, Steady taken) {
    for (std::size_t i = 0; i < core.site.supplies.size(); ++i) {
        const SupplyState& supply = core.state.supplies[i];
        const bool lost = supply.phase == Phase::lost && core.can_move(g) && under(core, core.site.supplies[i].scope, g);
        if (lost && taken > later(supply.since, confirmed_after)) return_to(core, i, core.now.steady);
    }
}

void end_supplies(Core& core) {
    for (std::size_t i = 0; i < core.site.supplies.size(); ++i) {
        const Site::Supply& site = core.site.supplies[i];
        SupplyState& supply = core.state.supplies[i];
        if (supply.phase != Phase::failing && supply.phase != Phase::back) continue;
        const Steady due = supply.phase == Phase::failing ? later(supply.since, confirmed_after) : settled(site, supply);
        if (due > core.now.steady) core.wake_at(due);
        else if (supply.phase == Phase::back) enter(supply, Phase::steady, core.now.steady);
        else {
            confirm(core, i, core.state.meters[index(*core.meter_of(site.scope))].power);
            if (supply.phase == Phase::back) core.wake_at(settled(site, supply));
        }
    }
}

bool fell_with_supply(const Core& core, GroupId g) {
    if (!core.can_move(g)) return false;
    for (std::size_t i = 0; i < core.site.supplies.size(); ++i) {
        const Phase phase = core.state.supplies[i].phase;
        if (phase != Phase::steady && under(core, core.site.supplies[i].scope, g)) return true;
    }
    return false;
}

bool supply_unsettled(const Core& core, Scope scope, Power meter) {
    if (std::ranges::any_of(core.state.supplies, [](const SupplyState& s) { return s.phase != Phase::steady; })) return true;
    const Power must = must_show(core, scope);
    return !tells_nothing(core, scope, must) && lacks(meter, must);
}

void found_resting(Core& core, Slot slot) {
    amend(core, slot, [](LoadState& l) { l.on = false, l.seen = true; });
    change_runs(core, {slot, slot + 1}, [](Run& run) { run.on = false, run.since = Steady::min(); });
}

}  // namespace ballast
