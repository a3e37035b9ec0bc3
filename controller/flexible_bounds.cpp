#include "controller/flexible.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {

namespace {

/// "Everything off" means everything that is interruptible.
bool reaches_flexible(const Bound& bound) { return !bound.everything && !bound.standstill && !is_for_money(bound.why); }

/// Orders it, and keeps the scope's balance up with it.
void slow(Core& core, Slot s, const FlexMove& move, Power cap, const Bound& bound, Balance& sum) {
    const GroupId g = core.group_of[s];
    const auto draw = [&] { return flex_draw(core.state.loads[s], core.state.flex(s), core.rated[s], core.group(g).standby, cut_off(core, g)); };
    const Draw before = draw();
    order_flexible(core, s, move.rung, cap, bound.why);
    const Draw after = draw();
    sum.planned += after.planned - before.planned;
    sum.lowering += after.lowering - before.lowering;
    sum.unknown += after.unknown - before.unknown;
}

/// One step of one group, load by load, as far as watts are wanted. What waits is asked to prepare for no more than that.
void take_step(Core& core, GroupId g, Rung step, const Bound& bound, Balance& sum) {
    const bool emergency = bound.why.cause == Cause::emergency;
    Power preparing;
    for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
        const Power over = sum.expected() - bound.aim;
        if (over <= Power{}) return;
        const FlexMove move = next_move(core, s, emergency);
        if (move.rung != step || move.gives <= Power{}) continue;
        if (move.asks && preparing < over) ask_for_checkpoint(core, s, bound.why);
        if (move.bar == FlexBar::none) slow(core, s, move, std::max(move.cap, move.cap + move.gives - over), bound, sum);
        else {
            preparing += move.gives;
            core.wake_at(std::max(move.may_at, later(core.now.steady, Duration{1})));
        }
    }
}

void slow_for_bound(Core& core, const Bound& bound, Balance& sum) {
    for (const GroupId g : core.flexible_turns) {
        if (!under(core, bound.scope, g)) continue;
        take_step(core, g, Rung::cap, bound, sum);
        take_step(core, g, Rung::sleep, bound, sum);
    }
}

}  // namespace

void slow_for_bounds(Core& core) {
    if (core.flexible_turns.empty()) return;
    for (const Bound& bound : core.limits.bounds) {
        if (!reaches_flexible(bound)) continue;
        Balance sum = balance(core, bound.scope);
        if (triggered(core, bound, sum)) slow_for_bound(core, bound, sum);
    }
}

// ---- prepared

Power could_give(const Core& core, Slot s) {
    const Site::Flexible& terms = core.group(core.group_of[s]).flexible;
    const LoadState& load = core.state.loads[s];
    const FlexMove move = next_move(core, s, false);
    if (move.gives <= Power{}) return {};
    const Power left = terms.has(FlexStep::sleep) ? core.group(core.group_of[s]).standby : std::max(terms.floor, core.state.flex(s).lowest);
    return std::max(move.gives, load.reading - left);
}

namespace {

/// How long before an obligation work has to be asked for, so that it is safe and its notice has run when that begins.
Duration lead_of(const Core& core) {
    Duration longest{0};
    for (const GroupId g : core.flexible_turns)
        if (const auto& terms = core.group(g).flexible; terms.has(FlexStep::checkpoint)) longest = std::max(longest, terms.notice + terms.checkpoint_within);
    return longest;
}

/// Not yet told, or not saved when there was time for it. What is safe, or was asked, is looked at again when that has run out.
bool must_prepare(Core& core, Slot s) {
    const Site::Flexible& terms = core.group(core.group_of[s]).flexible;
    const FlexState& flex = core.state.flex(s);
    if (!terms.has(FlexStep::checkpoint)) return false;
    const Steady safe_until = flex.saved == Steady::min() ? Steady::min() : later(flex.saved, terms.checkpoint_good);
    const Steady due = flex.asked == never ? Steady::min() : later(flex.asked, terms.checkpoint_within);
    const Steady again = safe_until > core.now.steady ? safe_until : due;
    if (again > core.now.steady) core.wake_at(again);
    return again <= core.now.steady;
}

void prepare(Core& core, const Bound& ahead) {
    const Balance sum = balance(core, ahead.scope);
    Power wanted = sum.expected() - sum.sheddable - ahead.aim;
    for (const GroupId g : core.flexible_turns) {
        if (!under(core, ahead.scope, g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last && wanted > Power{}; ++s) {
            const Power gives = could_give(core, s);
            if (gives > Power{} && must_prepare(core, s)) ask_for_checkpoint(core, s, ahead.why);
            wanted -= gives;
        }
    }
}

/// What policies will ask for this obligation once it has to be met; they are pure, so they can be asked beforehand.
void prepare(Core& core, const Obligation& obligation) {
    const Duration ramp = terms_of(core.site, obligation.signal).ramp(obligation.signal.ramp);
    Steady met = later(obligation.begins, ramp);
    if (met >= obligation.ends) met = obligation.begins;
    Limits ahead;
    for (const Policy& policy : core.policies) policy(core.state, {core.now.utc + (met - core.now.steady), met}, ahead);
    for (const Bound& bound : ahead.bounds)
        if (bound.why.event == obligation.event && reaches_flexible(bound)) prepare(core, bound);
}

}  // namespace

void prepare_for_obligations(Core& core) {
    if (core.flexible_turns.empty()) return;
    const Duration lead = lead_of(core);
    if (lead <= Duration{0}) return;
    for (std::size_t i = 0; i < core.state.obligations.size(); ++i) {
        const Obligation& obligation = core.state.obligations[i];
        const bool asks = obligation.signal.kind == SignalKind::dispatch || obligation.signal.kind == SignalKind::emergency;
        if (!asks || obligation.begins == never || obligation.begins <= core.now.steady) continue;
        const Steady from = obligation.begins - lead;
        if (from > core.now.steady) core.wake_at(from);
        else prepare(core, obligation);
    }
}

// ---- restored

namespace {

bool holds(const Room& room, const Draw& added) { return !is_for_money(room.bound->why) && !room.fits(added); }

void let_wait(Core& core, Scope scope) {
    for (const GroupId g : core.members[core.scope_index(scope)]) core.yields[index(g)] = 1;
}

/// Its room is kept for it from here on, also where another limit holds it; false, with whom that makes wait: some limit has none.
bool keep_room(Core& core, std::vector<Room>& rooms, Slot s) {
    const GroupId g = core.group_of[s];
    const Draw added = full_again(core, s);
    bool fits = true;
    for (const Room& room : rooms)
        if (under(core, room.bound->scope, g) && holds(room, added)) fits = false, let_wait(core, room.bound->scope);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        if (!under(core, rooms[i].bound->scope, g)) continue;
        rooms[i].take(added);
        if (!fits) core.kept[i] += added;
    }
    return fits;
}

/// Its least time down and its group's stagger have run out.
bool turn_has_come(Core& core, Slot s) {
    const GroupId g = core.group_of[s];
    const Site::Group& group = core.group(g);
    GroupState& sums = core.sums(g);
    const Steady may = std::max(later(core.state.flex(s).since, group.min_off), sums.next_wake);
    if (may > core.now.steady) return core.wake_at(may), false;
    if (group.stagger > Duration{0}) sums.next_wake = later(core.now.steady, group.stagger);
    return true;
}

}  // namespace

void restore_flexible(Core& core, std::vector<Room>& rooms) {
    if (core.flexible_turns.empty()) return;
    std::ranges::fill(core.yields, std::uint8_t{0});
    core.kept.assign(core.limits.bounds.size(), {});
    rooms.clear();
    for (const Bound& bound : core.limits.bounds) rooms.push_back(room_under(core, bound, balance(core, bound.scope)));
    const Why allowed{{}, {}, {}, 0, Reason::allowed_again};
    for (auto turn = core.flexible_turns.rbegin(); turn != core.flexible_turns.rend(); ++turn) {  // clang 14 knows no views of g++ 12's.
        const GroupId g = *turn;
        const Range loads = core.group(g).loads;
        for (Slot s = loads.last; s-- > loads.first;) {
            if (core.local[index(g)] || !is_slowed(core, s) || !keep_room(core, rooms, s)) continue;
            if (!turn_has_come(core, s)) {
                let_wait(core, Scope::site());
                continue;
            }
            order_flexible(core, s, core.state.loads[s].on ? Rung::uncap : Rung::wake, {}, allowed);
            core.wake_at(later(core.now.steady, Duration{1}));  // A limit that only saves money has others make room for it.
        }
    }
}

bool holds_flexible(const Core& core, const Bound& bound, const Room& room) {
    for (const GroupId g : core.flexible_turns) {
        if (!under(core, bound.scope, g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s)
            if (is_slowed(core, s) && holds(room, full_again(core, s))) return true;
    }
    return false;
}

// ---- told

namespace {

std::string_view words_for(FlexBar bar) {
    switch (bar) {
    case FlexBar::not_in_range: return "whose range has no step down";
    case FlexBar::not_heard: return "not heard";
    case FlexBar::resting: return "at rest by themselves";
    case FlexBar::cut_off: return "without supply";
    case FlexBar::at_its_floor: return "down as far as they go";
    case FlexBar::draws_less: return "drawing no more than a cap could leave them";
    case FlexBar::in_notice: return "within their notice";
    case FlexBar::awaits_checkpoint: return "saving their work";
    case FlexBar::unsaved: return "with work that is not saved";
    case FlexBar::others_have_it: return "in local, or being worked on";
    case FlexBar::not_obeying: return "told to go lower and not obeying";
    case FlexBar::none: return "that could give more";
    }
    return {};
}

}  // namespace

std::string not_given(const Core& core, Scope scope, bool emergency) {
    std::array<std::size_t, flex_bars> counts{};
    for (const GroupId g : core.flexible_turns) {
        if (!under(core, scope, g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) ++counts[static_cast<std::size_t>(next_move(core, s, emergency).bar)];
    }
    std::string text;
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[i], words_for(static_cast<FlexBar>(i)));
    return text.empty() ? text : "flexible: " + text;
}

}  // namespace ballast
