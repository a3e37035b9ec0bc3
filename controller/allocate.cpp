#include "controller/books.hpp"
#include "controller/core.hpp"

#include <algorithm>
#include <queue>

namespace ballast {

namespace {

/// Staggered and ramped moves are made in batches this long, so that a stagger of 2 ms is not 500 steps a second.
constexpr Duration batch{250};

// ---- the economic ramp: moves are paid for in time

Duration ramp_time(Power moved, Power per_minute) {
    return Duration{static_cast<std::int64_t>(Int128{moved.count} * 60'000 / per_minute.count)};
}

bool ramp_allows(Core& core, Steady paid, Power per_minute) {
    if (per_minute <= Power{} || paid < later(core.now.steady, batch)) return true;
    core.wake_at(paid);
    return false;
}

void ramp_pay(const Core& core, Steady& paid, Power moved, Power per_minute) {
    if (per_minute > Power{}) paid = later(std::max(paid, core.now.steady), ramp_time(moved, per_minute));
}

// ---- down, for money

/// Of a range that the price wants off, as much as the ramp lets go now, worst first.
void stop_for_price(Core& core, Range range, const Why& why) {
    const Power per_minute = core.site.ramp_down_per_minute;
    if (per_minute <= Power{}) return command(core, range, Rung::sleep, why);
    for (Slot s = range.first; s < range.last && ramp_allows(core, core.ramp_down_paid, per_minute); ++s) {
        ramp_pay(core, core.ramp_down_paid, core.state.loads[s].watts, per_minute);
        command(core, {s, s + 1}, Rung::sleep, why);
    }
}

/// Running machines whose strike the price has passed, once they have run for their minimum.
void lower_for_price(Core& core, GroupId g) {
    const GroupEnvelope& envelope = core.envelope[index(g)];
    const Site::Group& group = core.group(g);
    if (!envelope.stops || core.state.strikes[group.loads.first] >= envelope.stop_below) return;
    const auto strikes = std::span{core.state.strikes}.subspan(group.loads.first, group.loads.size());
    const Slot end = group.loads.first + static_cast<Slot>(std::ranges::lower_bound(strikes, envelope.stop_below) - strikes.begin());
    static thread_local std::vector<Range> going;
    going.clear();
    Slot first = group.loads.first;
    for (const Run& run : core.sums(g).runs) {
        const Range part{first, std::min(run.last, end)};
        first = run.last;
        if (part.empty() || !run.on || (run.bars & (held | latched))) continue;
        const Steady may = later(run.since, group.min_on);
        if (may <= core.now.steady) going.push_back(part);
        else core.wake_at(may);
    }
    for (const Range& range : going) stop_for_price(core, range, envelope.stops->why);
}

// ---- down, for a bound

/// The next load to go of one group, and how it compares.
struct Candidate {
    std::int64_t merit;
    Slot slot;
    Slot end;   ///< Of the run it stands in.
};

/// The first running slot at or after `from` in a group, with the end of its run.
std::optional<Candidate> next_running(const Core& core, GroupId g, Slot from) {
    Slot first = core.group(g).loads.first;
    for (const Run& run : core.sums(g).runs) {
        const Slot slot = std::max(first, from);
        if (run.on && !(run.bars & latched) && slot < run.last) return Candidate{core.merit[slot], slot, run.last};
        first = run.last;
    }
    return std::nullopt;
}

/// Loads go, worst merit first over all groups of the scope, until what is expected there is down to the aim.
void lower_for_bound(Core& core, const Bound& bound, Power expected) {
    const auto later_to_go = [](const Candidate& a, const Candidate& b) { return std::tie(a.merit, a.slot) > std::tie(b.merit, b.slot); };
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(later_to_go)> queue{later_to_go};
    for (const GroupId g : core.members[core.scope_index(bound.scope)]) {
        if (!core.can_move(g)) continue;
        if (const auto first = next_running(core, g, 0)) queue.push(*first);
    }
    while (expected > bound.aim && !queue.empty()) {
        const Candidate worst = queue.top();
        queue.pop();
        const GroupId g = core.group_of[worst.slot];
        const Power standby = core.group(g).standby;
        Range going{worst.slot, worst.slot};
        while (going.last < worst.end && expected > bound.aim && (queue.empty() || core.merit[going.last] <= queue.top().merit)) {
            const LoadState& load = core.state.loads[going.last++];
            expected -= load.watts - std::min(standby, load.watts);
        }
        if (going.empty()) going.last = worst.slot + 1;  // Equal merit: the queue's order decided.
        command(core, going, Rung::sleep, bound.why);
        if (const auto next = next_running(core, g, going.last)) queue.push(*next);
    }
}

bool triggered(const Core& core, const Bound& bound, const Balance& sum) {
    if (bound.everything) return true;
    if (bound.window <= Duration{0}) return sum.expected() > bound.high;
    const auto mean = judged(core, bound);
    return mean.value_or(sum.expected()) > bound.high && sum.expected() > bound.aim;
}

void lower_for_bounds(Core& core) {
    for (const Bound& bound : core.limits.bounds) {
        const Balance sum = balance(core, bound.scope);
        if (!triggered(core, bound, sum)) continue;
        core.constraining[index(bound.why.policy)] = 1;
        lower_for_bound(core, bound, sum.expected());
    }
}

// ---- up

/// How much more a bound lets its scope draw, whatever has not yet been seen. Below zero nothing starts, not even a load
/// that has not been seen to fall and would add nothing: it was told to go.
struct Room {
    const Bound* bound;
    Power left;
};

/// Room under every bound; none where a meter is silent, or the band says wait.
void measure_rooms(const Core& core, std::vector<Room>& rooms) {
    rooms.clear();
    for (const Bound& bound : core.limits.bounds) {
        const Balance sum = balance(core, bound.scope);
        const bool blind = sum.metered && !sum.meter;
        const auto mean = judged(core, bound);
        const bool calm = sum.at_most() < bound.release && (bound.window <= Duration{0} || (mean && *mean < bound.release));
        rooms.push_back({&bound, bound.everything || blind || !calm ? Power::lowest() : bound.aim - sum.at_most()});
    }
}

bool applies(const Core& core, Scope scope, GroupId g) {
    const auto& groups = core.members[core.scope_index(scope)];
    return std::ranges::find(groups, g) != groups.end();
}

/// A load that may come back, as far as its group and the price are concerned.
struct Returning {
    GroupId group;
    Range range;    ///< The best stands last.
    Why why;
};

/// Runs of a group that may start: price, bars, dwell and the contactor allow it. Best first.
void gather(Core& core, GroupId g, std::vector<Returning>& into) {
    const Site::Group& group = core.group(g);
    if (group.contactor) {
        const LoadState& contactor = core.state.loads[*group.contactor];
        if (!contactor.on || (run_at(core, *group.contactor).bars & (latched | locked_out))) return;
    }
    const GroupEnvelope& envelope = core.envelope[index(g)];
    const auto strikes = std::span{core.state.strikes}.subspan(group.loads.first, group.loads.size());
    const Price from = std::max(envelope.start_at, envelope.stop_below);
    const bool nobody = from == Price::max();
    const Slot start = nobody ? group.loads.last : group.loads.first + static_cast<Slot>(std::ranges::lower_bound(strikes, from) - strikes.begin());
    Why why = envelope.starts ? envelope.starts->why : Why{};
    why.reason = Reason::allowed_again;
    const auto& runs = core.sums(g).runs;
    for (std::size_t i = runs.size(); i-- > 0;) {
        const Slot first = std::max(i > 0 ? runs[i - 1].last : group.loads.first, start);
        if (runs[i].last <= first) break;
        if (runs[i].on || runs[i].bars) continue;
        const Steady may = later(runs[i].since, group.min_off);
        if (may > core.now.steady) core.wake_at(may);
        else into.push_back({g, {first, runs[i].last}, why});
    }
}

/// What starting this load may add to what is drawn.
Power added_by(const Core& core, Slot s) {
    const LoadState& load = core.state.loads[s];
    return std::max(core.site.loads[s].rated, load.watts) - (load.seen ? core.group(core.group_of[s]).standby : load.watts);
}

/// Whether the load fits every bound over its group; takes its room if it does.
bool take_room(Core& core, std::vector<Room>& rooms, GroupId g, Power added) {
    for (const Room& room : rooms) {
        if (!applies(core, room.bound->scope, g) || added <= room.left) continue;
        core.constraining[index(room.bound->why.policy)] = 1;
        return false;
    }
    for (Room& room : rooms)
        if (applies(core, room.bound->scope, g)) room.left -= added;
    return true;
}

bool stagger_allows(Core& core, GroupId g) {
    if (core.group(g).stagger <= Duration{0} || core.sums(g).next_wake < later(core.now.steady, batch)) return true;
    core.wake_at(core.sums(g).next_wake);
    return false;
}

/// One load up, if stagger, ramp and room let it.
bool raise_one(Core& core, std::vector<Room>& rooms, Slot s, const Why& why) {
    const GroupId g = core.group_of[s];
    if (!stagger_allows(core, g) || !ramp_allows(core, core.ramp_up_paid, core.site.ramp_up_per_minute)) return false;
    const Power added = added_by(core, s);
    if (!take_room(core, rooms, g, added)) return false;
    if (core.group(g).stagger > Duration{0}) core.sums(g).next_wake = later(std::max(core.sums(g).next_wake, core.now.steady), core.group(g).stagger);
    ramp_pay(core, core.ramp_up_paid, added, core.site.ramp_up_per_minute);
    command(core, {s, s + 1}, Rung::wake, why);
    return true;
}

/// Best merit first over all groups, one load at a time, each group until something holds it back.
void raise_in_merit_order(Core& core, std::vector<Room>& rooms, std::vector<Returning>& returning) {
    const auto earlier = [&](const Returning& a, const Returning& b) { return core.merit[a.range.last - 1] < core.merit[b.range.last - 1]; };
    std::priority_queue<Returning, std::vector<Returning>, decltype(earlier)> queue{earlier};
    std::vector<bool> held_back(core.site.groups.size());
    for (const Returning& r : returning) queue.push(r);
    while (!queue.empty()) {
        Returning best = queue.top();
        queue.pop();
        if (held_back[index(best.group)]) continue;
        if (!raise_one(core, rooms, best.range.last - 1, best.why)) {
            held_back[index(best.group)] = true;
            continue;
        }
        if (--best.range.last > best.range.first) queue.push(best);
    }
}

void raise(Core& core) {
    if (!core.state.journal_writes) return;
    static thread_local std::vector<Returning> returning;
    static thread_local std::vector<Room> rooms;
    returning.clear();
    bool at_once = core.limits.bounds.empty() && core.site.ramp_up_per_minute <= Power{};
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (!core.can_move(g) || core.sums(g).runs.empty()) continue;
        const std::size_t before = returning.size();
        gather(core, g, returning);
        if (returning.size() > before && core.group(g).stagger > Duration{0}) at_once = false;
    }
    if (returning.empty()) return;
    if (at_once)  // Nothing makes one wait for another: whole ranges, no order among them.
        for (const Returning& r : returning) command(core, r.range, Rung::wake, r.why);
    else {
        measure_rooms(core, rooms);
        raise_in_merit_order(core, rooms, returning);
    }
}

}  // namespace

void allocate(Core& core) {
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (core.can_move(g)) lower_for_price(core, g);
    }
    lower_for_bounds(core);
    raise(core);
}

}  // namespace ballast
