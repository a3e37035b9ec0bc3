#include "controller/conflicts.hpp"

#include "controller/books.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

constexpr std::size_t most_by_one = 4, most_in_all = 16;

/// Watts on a scope, from a policy's bound; not a cutoff, a floor, a standstill or a declined call.
bool is_limit(const Binding& binding) {
    return limits_draw(binding.why.reason) && binding.why.cause != Cause::price && binding.why.reason != Reason::under_frequency;
}

/// The tightest of a scope; of those alike the one that weighs most.
bool is_tightest(const Core& core, std::size_t which) {
    const Binding& binding = core.binding[which];
    const auto weight = [](const Binding& b) { return std::pair{b.limit, b.why.rank}; };
    for (std::size_t i = 0; i < core.binding.size(); ++i) {
        const Binding& other = core.binding[i];
        if (i == which || other.scope != binding.scope || !is_limit(other)) continue;
        if (weight(other) < weight(binding) || (weight(other) == weight(binding) && i < which)) return false;
    }
    return true;
}

/// Whether everything in `inner` is in `outer` as well.
bool within(const Core& core, Scope outer, Scope inner) {
    return std::ranges::all_of(core.members[core.scope_index(inner)], [&](GroupId g) { return under(core, outer, g); });
}

/// What the scope draws if the floor in it is kept: what could be shed comes on top of what could not.
Power drawn_with(const Core& core, Scope scope, const Floor& floor) {
    if (floor.of == Floor::Of::all) return floor.low;
    const Balance sum = balance(core, scope);
    return sum.rest() + sum.cooled(floor.low);
}

void name_overruled_by(Core& core, std::size_t which) {
    const Binding& binding = core.binding[which];
    std::size_t room = std::min(most_by_one, most_in_all - std::min(most_in_all, core.overruled.size()));
    const auto add = [&](Scope scope, const Why& why, Power limit) {
        if (room == 0) return;
        --room;
        core.overruled.push_back({static_cast<std::uint16_t>(which), scope, why, limit});
    };
    for (const Floor& floor : core.limits.floors)
        if (within(core, binding.scope, floor.scope) && drawn_with(core, binding.scope, floor) > binding.limit) add(floor.scope, floor.why, floor.low);
    for (const Bound& bound : core.limits.bounds)
        if (bound.scope == binding.scope && bound.why != binding.why && !bound.standstill && bound.high < no_limit && limits_draw(bound.why.reason))
            if (!(bound.why.policy == binding.why.policy && bound.why.event == EventId{} && bound.high == binding.limit)) add(bound.scope, bound.why, bound.high);
}

}  // namespace

void name_overruled(Core& core) {
    for (std::size_t i = 0; i < core.binding.size() && core.overruled.size() < most_in_all; ++i)
        if (is_limit(core.binding[i]) && is_tightest(core, i)) name_overruled_by(core, i);
}

namespace {

/// Equal policies: it is firm load that stands against the limit.
Conflict* known_conflict(Core& core, PolicyId holds, PolicyId yields, Scope scope) {
    const auto found = std::ranges::find_if(core.conflicts, [&](const Conflict& c) { return c.holds == holds && c.yields == yields && c.scope == scope; });
    return found == core.conflicts.end() ? nullptr : &*found;
}

void tell_conflict(Core& core, PolicyId holds, PolicyId yields, Scope scope, Power by, EventId event) {
    if (Conflict* known = known_conflict(core, holds, yields, scope)) {
        known->now = true;
        return;
    }
    core.conflicts.push_back({holds, yields, scope, true});
    core.note(NoteKind::conflict, index(holds), holds == yields ? std::string{} : core.site.policies[index(yields)], event, by);
}

/// Everything that may go is gone, and it is too much still. A limit in watts only: `everything` asks for no number.
Power beyond_reach(const Core& core, const Bound& bound) {
    if (bound.everything || bound.standstill || bound.high >= no_limit) return {};
    return balance(core, bound.scope).rest() - bound.high;
}

/// A number that wavers about the limit is not told again and again.
bool stays_beyond(Power over, Power limit) { return over + Power{std::max(limit, Power{}).count / 50} > Power{}; }

/// What a firm group may be drawing, for its share of what is missing.
Power reserved_by(const Core& core, GroupId g) {
    Power sum;
    for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
        const LoadState& load = core.state.loads[s];
        sum += load.stale || load.quality == Quality::bad ? core.site.loads[s].rated : std::max(load.reading, Power{});
    }
    return sum;
}

bool is_of(const Notice& notice, const Why& why) { return notice.policy == why.policy && notice.event == why.event; }

/// `due`: when the meter must show it. A call that has begun does not put that off; one that has yet to may.
void notify(Core& core, GroupId g, const Why& why, Steady due, bool begun, Power share) {
    auto known = std::ranges::find_if(core.state.notices, [&](const Notice& n) { return n.group == g && is_of(n, why); });
    const bool news = known == core.state.notices.end();
    if (news && share <= Power{}) return;
    const Instant deadline = core.now.utc + (due - core.now.steady);
    if (news) {
        Notice& notice = core.state.notices.emplace_back();
        notice.group = g, notice.policy = why.policy, notice.event = why.event;
        notice.power = share, notice.deadline = deadline, notice.due = due;
        known = core.state.notices.end() - 1;
    }
    constexpr Duration no_matter{1'000};
    const bool grown = share.count * 10 > known->power.count * 11;
    const bool moved = later(due, no_matter) < known->due || (!begun && due > later(known->due, no_matter));
    known->now = true;
    if (!news && !grown && !moved) return;
    if (moved) known->deadline = deadline, known->due = due;
    known->power = share;
    core.note(NoteKind::notice, index(g), core.site.policies[index(why.policy)], why.event, share);
}

void notify_owners(Core& core, Scope scope, const Why& why, Steady due, bool begun, Power over) {
    Power all;
    for (const GroupId g : core.members[core.scope_index(scope)])
        if (!core.group(g).owner.empty()) all += reserved_by(core, g);
    if (all <= Power{}) return;
    for (const GroupId g : core.members[core.scope_index(scope)]) {
        if (core.group(g).owner.empty()) continue;
        const Power own = reserved_by(core, g);
        const Power share{static_cast<std::int64_t>(Int128{std::min(over, all).count} * own.count / all.count)};
        notify(core, g, why, due, begun, share);
    }
}

/// A call that is known and has not begun, and that only firm load will be able to meet: its owner has until then.
void notify_beforehand(Core& core, const Promise& call) {
    const Power over = balance(core, call.scope).rest() - call.high;
    const bool was = std::ranges::any_of(core.state.notices, [&](const Notice& n) { return is_of(n, call.why); });
    if (over > Power{} || (was && stays_beyond(over, call.high))) notify_owners(core, call.scope, call.why, call.due, false, over);
}

/// Floors that ask for more than a limit over them allows.
void tell_floors_above(Core& core, const Bound& bound) {
    if (bound.standstill || bound.everything || bound.high >= no_limit) return;
    for (const Floor& floor : core.limits.floors) {
        if (!within(core, bound.scope, floor.scope)) continue;
        const PolicyId holds = bound.why.policy, yields = floor.why.policy;
        const Power over = drawn_with(core, bound.scope, floor) - bound.high;
        const bool was = known_conflict(core, holds, yields, floor.scope);
        if (over > Power{} || (was && stays_beyond(over, bound.high))) tell_conflict(core, holds, yields, floor.scope, over, bound.why.event);
    }
}

void end_conflicts(Core& core) {
    std::erase_if(core.conflicts, [&](Conflict& c) {
        if (std::exchange(c.now, false)) return false;
        core.note(NoteKind::conflict_over, index(c.holds), c.holds == c.yields ? std::string{} : core.site.policies[index(c.yields)]);
        return true;
    });
    std::erase_if(core.state.notices, [&](Notice& n) {
        if (std::exchange(n.now, false)) return false;
        core.note(NoteKind::notice_over, index(n.group), core.site.policies[index(n.policy)], n.event, n.power);
        return true;
    });
}

}  // namespace

void tell_conflicts(Core& core) {
    for (const Bound& bound : core.limits.bounds) {
        const PolicyId policy = bound.why.policy;
        const Power over = beyond_reach(core, bound);
        const bool was = !bound.everything && bound.high < no_limit && known_conflict(core, policy, policy, bound.scope);
        if (over > Power{} || (was && stays_beyond(over, bound.high))) {
            tell_conflict(core, policy, policy, bound.scope, over, bound.why.event);
            notify_owners(core, bound.scope, bound.why, later(std::max(bound.since, core.now.steady), bound.prove_within), true, over);
        }
        tell_floors_above(core, bound);
    }
    for (const Promise& promise : core.limits.promises)
        if (promise.why.event != EventId{}) notify_beforehand(core, promise);
    end_conflicts(core);
}

}  // namespace ballast
