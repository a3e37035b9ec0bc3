#include "controller/books.hpp"
#include "controller/core.hpp"
#include "controller/disarm.hpp"

#include <algorithm>

namespace ballast {

namespace {

/// Of several price words on a group the strictest of each kind holds.
void fold(Core& core, const Cutoff& cutoff) {
    GroupEnvelope& group = core.envelope[index(cutoff.group)];
    if (!group.stops || cutoff.stop_below > group.stop_below) group.stop_below = cutoff.stop_below, group.stops = &cutoff;
    if (!group.starts || cutoff.start_at > group.start_at) group.start_at = cutoff.start_at, group.starts = &cutoff;
    const Price lowest = core.frontier[index(cutoff.group)].lowest;
    if (cutoff.stop_below > lowest || cutoff.start_at > lowest) core.constraining[index(cutoff.why.policy)] = 1;
}

/// With `everything`, the limit is what remains of the scope: what it shows beyond that, somebody did not give way.
void fill_in(const Core& core, Bound& bound) {
    const Balance sum = balance(core, bound.scope);
    Power nameplate;
    for (const GroupId g : core.members[core.scope_index(bound.scope)])
        if (core.can_move(g)) nameplate += core.nameplate[index(g)];
    // The residual is known to a few per cent of what moves beside it; less than that proves nothing.
    // Nor do fans and pumps stop with the loads that they cool.
    bound.high = sum.rest() + Power{nameplate.count / 50} + (sum.cooled(nameplate) - nameplate);
    bound.aim = bound.release = Power::lowest();
}

/// A mean that has passed its limit goes on rising until less is drawn than what leaves its window. So that it is back within
/// a quarter of the window:  draw = what leaves in that quarter - 4 (mean - limit).
void bring_back(const Core& core, Bound& bound) {
    if (bound.window <= Duration{0} || bound.everything || bound.standstill) return;
    const auto mean = judged(core, bound);
    if (!mean || *mean <= bound.high) return;
    const MeterState& meter = core.state.meters[index(*core.meter_of(bound.scope))];
    const Steady begins = meter.taken - bound.window;
    if (const auto leaves = meter.mean(begins, begins + bound.window / 4)) bound.back = *leaves - Power{4 * (*mean - bound.high).count};
}

/// Some load of the scope is asked to go with everything else.
bool everything_asked(const Core& core, std::size_t scope) {
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& bound) {
        return bound.everything && std::ranges::any_of(core.members[scope], [&](GroupId g) { return under(core, bound.scope, g); });
    });
}

void bound_residuals(Core& core) {
    for (std::size_t scope = 0; scope < core.state.residual_mw.size(); ++scope) {
        std::int64_t& most = core.state.residual_most_mw[scope];
        if (!everything_asked(core, scope)) most = State::unbounded;
        else if (most == State::unbounded) most = core.state.residual_mw[scope];
    }
}

}  // namespace

void resolve(Core& core) {
    core.limits.clear();
    for (const Policy& policy : core.policies) policy(core.state, core.now, core.limits);
    core.wake_at(core.limits.changes_at);
    silence_disarmed(core);

    std::ranges::fill(core.envelope, GroupEnvelope{});
    std::ranges::fill(core.constraining, std::uint8_t{0});
    for (const Cutoff& cutoff : core.limits.cutoffs) fold(core, cutoff);
    std::ranges::stable_sort(core.limits.bounds, {}, [](const Bound& b) { return b.why.rank; });
    fill_in_rests(core);
    for (Bound& bound : core.limits.bounds) bring_back(core, bound);
    for (const Bound& bound : core.limits.bounds)
        if (bound.everything) core.constraining[index(bound.why.policy)] = 1;
    bound_residuals(core);
}

void fill_in_rests(Core& core) {
    for (Bound& bound : core.limits.bounds)
        if (bound.everything) fill_in(core, bound);
}

}  // namespace ballast
