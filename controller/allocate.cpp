#include "controller/books.hpp"
#include "controller/core.hpp"
#include "controller/pace.hpp"
#include "controller/flexible.hpp"

#include <algorithm>
#include <queue>

namespace ballast {

namespace {

// ---- down, for money

/// Loads that the price wants off, and who says so.
struct Leaving {
    Range range;
    const Why* why;
};

void measure_floors(Core& core) {
    core.floors.clear();
    for (const Floor& floor : core.limits.floors) core.floors.push_back({&floor, balance(core, floor.scope).at_least(floor.of) - floor.keep});
}

/// Whether every floor over the load can do without it; takes it from them if so.
bool spared(Core& core, Slot s) {
    const GroupId g = core.group_of[s];
    const LoadState& load = core.state.loads[s];
    // As `at_least` counts it, by the books or by the meter, whichever is more; and nothing remains of what is silent or broken.
    const Power remains = load.stale || load.mode == Mode::fault ? Power{} : core.group(g).standby;
    const Power watts = std::max({load.watts, load.reading, load.seen ? Power{} : core.rated[s]}) - remains;
    const auto gives = [&](const Floor& floor) { return floor.of == Floor::Of::all ? with_cooling_at_most(watts, core.cooling_of(floor.scope)) : watts; };
    for (FloorRoom& room : core.floors)
        if (under(core, room.floor->scope, g) && room.spare < gives(*room.floor)) return room.held = true, false;
    for (FloorRoom& room : core.floors)
        if (under(core, room.floor->scope, g)) room.spare -= gives(*room.floor);
    return true;
}

/// Whether ramps and floors let a load go for money; pays for it if they do.
bool may_leave(Core& core, Slot s) {
    const GroupId g = core.group_of[s];
    if (core.paced_down && !may_stop(core, g)) return false;
    if (!spared(core, s)) return false;
    if (core.paced_down) stopped(core, g, core.state.loads[s].watts);
    return true;
}

/// Of a range that the price wants off, as much as may leave now, worst first.
void stop_for_price(Core& core, const Leaving& leaving) {
    const auto [range, why] = leaving;
    if (!core.paced_down && core.floors.empty()) return command(core, range, Rung::sleep, *why);
    for (Slot s = range.first; s < range.last && may_leave(core, s); ++s) command(core, {s, s + 1}, Rung::sleep, *why);
}

/// What somebody else put to rest is theirs; once it runs again it makes room as any other.
bool runs_latched(const Core& core, Slot s) { return core.state.loads[s].mode == Mode::running; }

/// Running machines whose strike the price has passed, once they have run for their minimum.
void leave_for_price(Core& core, GroupId g, std::vector<Leaving>& going) {
    const GroupEnvelope& envelope = core.envelope[index(g)];
    const Site::Group& group = core.group(g);
    if (!envelope.stops || withstands(core.frontier[index(g)].lowest_on, envelope.stop_below)) return;
    const auto& runs = core.sums(g).runs;
    const Why* why = &envelope.stops->why;
    Slot first = group.loads.first;
    for (const Run& run : runs) {
        Range part{first, run.last};
        first = run.last;
        if (!run.on || (run.bars & (held | maintained))) continue;
        if (withstands(core.state.strikes[part.first], envelope.stop_below) || cut_off(core, g)) break;
        part.last = first_to_withstand(core, part, envelope.stop_below);
        const Steady may = later(run.since, group.min_on);
        if (may > core.now.steady) core.wake_at(may);
        else if (!(run.bars & latched)) going.push_back({part, why});
        else
            for (Slot s = part.first; s < part.last; ++s)
                if (runs_latched(core, s)) going.push_back({{s, s + 1}, why});
    }
}

void lower_for_price(Core& core) {
    static thread_local std::vector<Leaving> going;
    going.clear();
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (core.can_move(g)) leave_for_price(core, g, going);
    }
    // Where a floor keeps some, the best are kept.
    if (!core.floors.empty()) std::ranges::stable_sort(going, {}, [&](const Leaving& l) { return core.merit[l.range.first]; });
    for (const Leaving& leaving : going) stop_for_price(core, leaving);
}

// ---- down, for a bound

/// The next load to go of one group, and how it compares.
struct Candidate {
    std::int64_t merit;
    Slot slot;
    Slot end;   ///< Of the run it stands in.
};

/// Nobody holds the run, and it has run for its minimum.
bool may_stop_for_money(Core& core, GroupId g, const Run& run) {
    const Steady may = later(run.since, core.group(g).min_on);
    if (may > core.now.steady) core.wake_at(may);
    return !(run.bars & held) && may <= core.now.steady;
}

/// The first slot at or after `from` in a group that can make room, with the end of those like it.
std::optional<Candidate> next_running(Core& core, GroupId g, Slot from, const Why& why) {
    if (cut_off(core, g)) return std::nullopt;
    Slot first = core.group(g).loads.first;
    for (const Run& run : core.sums(g).runs) {
        Slot slot = std::max(first, from);
        first = run.last;
        if (!run.on || (run.bars & maintained) || slot >= run.last) continue;
        if (is_for_money(why) && !may_stop_for_money(core, g, run)) continue;
        if (!(run.bars & latched)) return Candidate{core.merit[slot], slot, run.last};
        while (slot < run.last && !runs_latched(core, slot)) ++slot;
        if (slot < run.last) return Candidate{core.merit[slot], slot, slot + 1};
    }
    return std::nullopt;
}

/// What is counted on of a load that goes: for a promise to others, less what of its group's orders is known to fail, so that
/// just enough more go. Those that obey all the same take it no further than the share that fails.
Draw counted_on(const Core& core, const Bound& bound, Slot slot) {
    Draw lost = lost_by(core, slot);
    const std::int64_t failing = bound.why.cause == Cause::price ? 0 : core.sums(core.group_of[slot]).response.failing_ppm();
    if (failing == 0) return lost;
    const auto less = [&](Power& power) { power = Power{static_cast<std::int64_t>(Int128{power.count} * (1'000'000 - failing) / 1'000'000)}; };
    less(lost.planned), less(lost.lowering);
    return lost;
}

/// Loads go, worst merit first over all groups of the scope, until what is expected there is down to the aim.
void lower_for_bound(Core& core, const Bound& bound, Balance& sum) {
    const auto later_to_go = [](const Candidate& a, const Candidate& b) { return std::tie(a.merit, a.slot) > std::tie(b.merit, b.slot); };
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(later_to_go)> queue{later_to_go};
    for (const GroupId g : core.members[core.scope_index(bound.scope)]) {
        if (!core.can_move(g)) continue;
        if (const auto first = next_running(core, g, 0, bound.why)) queue.push(*first);
    }
    while (sum.expected() > bound.down_to() && !queue.empty()) {
        const Candidate worst = queue.top();
        queue.pop();
        const GroupId g = core.group_of[worst.slot];
        Range going{worst.slot, worst.slot};
        while (going.last < worst.end && sum.expected() > bound.down_to() && (queue.empty() || core.merit[going.last] <= queue.top().merit)) {
            if (is_for_money(bound.why) && !may_leave(core, going.last)) break;
            const Draw lost = counted_on(core, bound, going.last++);
            sum.planned += lost.planned, sum.lowering += lost.lowering, sum.unknown += lost.unknown;
        }
        if (going.empty()) continue;  // A ramp or a floor keeps its group.
        command(core, going, Rung::sleep, bound.why);
        if (const auto next = next_running(core, g, going.last, bound.why)) queue.push(*next);
    }
}

void lower_for_bounds(Core& core) {
    for (const Bound& bound : core.limits.bounds) {
        Balance sum = balance(core, bound.scope);
        if (triggered(core, bound, sum)) lower_for_bound(core, bound, sum);
    }
}

// ---- up

void measure_rooms(const Core& core, std::vector<Room>& rooms) {
    rooms.clear();
    for (const Bound& bound : core.limits.bounds) rooms.push_back(room_under(core, bound, balance(core, bound.scope)));
    for (std::size_t i = 0; i < core.kept.size(); ++i) rooms[i].take(core.kept[i]);
}

/// A load that may come back, as far as its group and the price are concerned.
struct Returning {
    GroupId group;
    Range range;    ///< The best stands last.
    Why why;
};

Why why_allowed(const Core& core, GroupId g) {
    const GroupEnvelope& envelope = core.envelope[index(g)];
    Why why = envelope.starts ? envelope.starts->why : Why{};
    why.reason = Reason::allowed_again;
    return why;
}

/// Runs of a group that may start: price, bars, dwell and the contactor allow it. Best first.
void gather(Core& core, GroupId g, std::vector<Returning>& into) {
    const Site::Group& group = core.group(g);
    const auto& runs = core.sums(g).runs;
    const Price pays_at = paying_at(core, g);
    if (!withstands(core.frontier[index(g)].highest_off, pays_at)) return;
    for (std::size_t i = runs.size(); i-- > 0;) {
        if (runs[i].on || runs[i].bars) continue;
        if (!withstands(core.state.strikes[runs[i].last - 1], pays_at) || !has_supply(core, g)) break;
        const Slot first = first_to_withstand(core, {i > 0 ? runs[i - 1].last : group.loads.first, runs[i].last}, pays_at);
        const Steady may = later(runs[i].since, group.min_off);
        if (may > core.now.steady) core.wake_at(may);
        else into.push_back({g, {first, runs[i].last}, why_allowed(core, g)});
    }
}

/// Whether the load fits every bound over its group; takes its room if it does.
bool take_room(const Core& core, std::vector<Room>& rooms, GroupId g, const Draw& added) {
    for (const Room& room : rooms)
        if (!room.fits(added) && under(core, room.bound->scope, g)) return false;
    for (Room& room : rooms)
        if (under(core, room.bound->scope, g)) room.take(added);
    return true;
}

/// Whether stagger, ramp and room let one more load up; takes its share of each if they do.
bool take_turn(Core& core, std::vector<Room>& rooms, GroupId g, Slot s, Power& wanted) {
    if (wanted <= Power{} || !may_start(core, g, s)) return false;
    const Draw added = added_by(core, s);
    if (!take_room(core, rooms, g, added)) return false;
    started(core, g, s, added.possible);
    if (wanted < Power::max()) wanted -= added.planned;  // One that is still on its way down comes back as a whole.
    return true;
}

/// Best merit first over all groups, neighbours together, each group until something holds it back, or no more is wanted.
void raise_in_merit_order(Core& core, std::vector<Room>& rooms, const std::vector<Returning>& returning, Power wanted = Power::max()) {
    const auto earlier = [&](const Returning& a, const Returning& b) { return std::pair{core.merit[a.range.last - 1], a.range.last} < std::pair{core.merit[b.range.last - 1], b.range.last}; };
    std::priority_queue<Returning, std::vector<Returning>, decltype(earlier)> queue{earlier};
    std::vector<bool> held_back(core.site.groups.size());
    for (const Returning& r : returning) queue.push(r);
    while (!queue.empty()) {
        Returning best = queue.top();
        queue.pop();
        if (held_back[index(best.group)]) continue;
        Range going{best.range.last, best.range.last};
        do {
            held_back[index(best.group)] = !take_turn(core, rooms, best.group, going.first - 1, wanted);
            if (held_back[index(best.group)]) break;
            best.range.last = --going.first;
        } while (!best.range.empty() && (queue.empty() || !earlier(best, queue.top())));
        if (!going.empty()) command(core, going, Rung::wake, best.why);
        if (!held_back[index(best.group)] && !best.range.empty()) queue.push(best);
    }
}

void raise(Core& core, std::vector<Room>& rooms) {
    static thread_local std::vector<Returning> returning;
    returning.clear();
    bool at_once = core.limits.bounds.empty() && !core.paced_up;
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (!core.can_move(g) || core.yields[i] || core.local[i]) continue;
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

/// Runs of a group that may start whatever the price.
void gather_for_floor(Core& core, GroupId g, const Why& why, std::vector<Returning>& into) {
    if (!core.can_move(g) || core.yields[index(g)] || core.local[index(g)] || !has_supply(core, g)) return;
    Slot first = core.group(g).loads.first;
    for (const Run& run : core.sums(g).runs) {
        const Range part{first, run.last};
        first = run.last;
        if (run.on || run.bars) continue;
        const Steady may = later(run.since, core.group(g).min_off);
        if (may > core.now.steady) core.wake_at(may);
        else into.push_back({g, part, why});
    }
}

/// Loads that draw so much together with what cools them, where the floor counts that.
Power loads_for(const Core& core, const Floor& floor, Power lacking) {
    const std::int64_t whole = 1'000'000 + (floor.of == Floor::Of::all ? core.cooling_of(floor.scope) : 0);
    return Power{(lacking.count * 1'000'000 + whole - 1) / whole};
}

/// What a floor lacks, the best make up, as far as bounds and pace let them.
void raise_for_floor(Core& core, FloorRoom& room, std::vector<Room>& rooms) {
    const Floor& floor = *room.floor;
    const Power coming = balance(core, floor.scope).coming(floor.of);
    if (coming >= floor.low) return;
    room.held = true;
    std::vector<Returning> returning;
    for (const GroupId g : core.members[core.scope_index(floor.scope)]) gather_for_floor(core, g, floor.why, returning);
    if (returning.empty()) return;
    measure_rooms(core, rooms);
    raise_in_merit_order(core, rooms, returning, loads_for(core, floor, floor.keep - coming));
}

/// The narrowest scope first: what starts there counts for the wider ones too.
void raise_for_floors(Core& core, std::vector<Room>& rooms) {
    for (const Scope::Kind kind : {Scope::Kind::group, Scope::Kind::feeder, Scope::Kind::site})
        for (FloorRoom& room : core.floors)
            if (room.floor->scope.kind == kind) raise_for_floor(core, room, rooms);
}

}  // namespace

void make_room(Core& core) {
    lower_for_price(core);
    lower_for_bounds(core);
    slow_for_bounds(core);
}

void allocate(Core& core) {
    static thread_local std::vector<Room> rooms;
    open_paces(core);
    measure_floors(core);
    make_room(core);
    prepare_for_obligations(core);
    reassert_raises(core);
    if (core.state.journal_writes) {
        restore_flexible(core, rooms);
        raise(core, rooms);
        raise_for_floors(core, rooms);
    }
    if (!core.flexible_turns.empty()) fill_in_rests(core);
}

}  // namespace ballast
