#pragma once
#include "controller/core.hpp"

namespace ballast {

/// What one load adds to its group's sums. See GroupState.
struct Draw {
    Power planned, possible, lowering, raising, measured, unknown;
};

/// The only place that says what a load counts for. `dead`: our contactor has its group off.
Draw draw_of(const LoadState& load, Power rated, Power standby, bool dead);

/// Its contactor is open, because we opened it, and was seen open.
bool cut_off(const Core& core, GroupId g);

/// The group's sums anew, after what changes all of it at once.
void recount(Core& core, GroupId g);

/// Its contactor, if it has one, is closed as far as we know, and nobody has a word against that.
bool has_supply(const Core& core, GroupId g);

/// Takes a load's draw out of the sums, lets `change` have the load, and puts the new draw back.
template <class Change>
void amend(Core& core, Slot slot, Change change) {
    const GroupId g = core.group_of[slot];
    const Site::Group& group = core.group(g);
    GroupState& sums = core.sums(g);
    LoadState& load = core.state.loads[slot];
    const Power rated = core.site.loads[slot].rated;
    const bool dead = group.contactor && cut_off(core, g);
    const Draw before = draw_of(load, rated, group.standby, dead);
    const bool was_stale = load.stale, was_seen = load.seen;
    change(load);
    const Draw after = draw_of(load, rated, group.standby, dead);
    sums.planned += after.planned - before.planned;
    sums.possible += after.possible - before.possible;
    sums.lowering += after.lowering - before.lowering;
    sums.measured += after.measured - before.measured;
    sums.unknown += after.unknown - before.unknown;
    sums.raising += after.raising - before.raising;
    sums.stale += Slot{load.stale} - Slot{was_stale};
    sums.unseen += Slot{was_seen} - Slot{load.seen};
    for (const GroupId carried : core.carried[index(g)]) recount(core, carried);  // A contactor decides what they count for.
}

/// Cuts the group's runs so that [range) is made of whole runs, lets `change` have each of those, and joins what is alike.
template <class Change>
void change_runs(Core& core, Range range, Change change) {
    if (range.empty()) return;
    const GroupId g = core.group_of[range.first];
    auto& runs = core.sums(g).runs;
    static thread_local std::vector<Run> changed;
    changed.clear();
    const auto keep = [&](const Run& run) {
        const bool same = !changed.empty() && changed.back().on == run.on && changed.back().bars == run.bars && changed.back().since == run.since;
        if (same) changed.back().last = run.last;
        else changed.push_back(run);
    };
    Slot first = core.group(g).loads.first;
    for (const Run& run : runs) {
        const Slot from = std::max(first, range.first), to = std::min(run.last, range.last);
        if (from >= to) {
            keep(run);
        } else {
            if (first < from) keep({from, run.since, run.on, run.bars});
            Run middle{to, run.since, run.on, run.bars};
            change(middle);
            keep(middle);
            if (to < run.last) keep({run.last, run.since, run.on, run.bars});
        }
        first = run.last;
    }
    runs.assign(changed.begin(), changed.end());
}

/// The run that holds a slot.
const Run& run_at(const Core& core, Slot slot);

/// What is drawn, will be drawn and may be drawn at a scope.
struct Balance {
    Power planned, possible, lowering, raising, unknown, standby;
    Power firm_reserve, firm_draw, residual;
    std::optional<Power> meter;   ///< If it is fresh.
    bool metered = false;         ///< The scope has a meter, fresh or not.
    bool quiet = true;            ///< Nothing is on its way, and nobody silent.
    bool firm_known = true;       ///< Every firm load has said what it draws.

    /// Once all orders have worked: the books with the firm reserve, or what the meter shows less what is on its way down.
    Power expected() const {
        const Power books = planned + firm_reserve + residual;
        return meter ? std::max(books, *meter - lowering) : books + unknown;
    }
    /// If nothing on its way down works and everything on its way up does. What a raise must fit under.
    Power at_most() const {
        const Power books = possible + firm_reserve + residual;
        return meter ? std::max(books, *meter + raising) : books + unknown;
    }
    /// What remains when all that is interruptible rests.
    Power rest() const { return firm_reserve + residual + standby; }
};

Balance balance(const Core& core, Scope scope);

/// The meter's mean over a limit's window, or its last word for an instantaneous one; nothing if it is not fresh.
std::optional<Power> judged(const Core& core, const Bound& bound);

/// Whether a bound asks for less than is expected.
bool triggered(const Core& core, const Bound& bound, const Balance& sum);

/// How much more a bound lets its scope draw, by the books and by the meter, whatever has not yet been seen.
struct Room {
    const Bound* bound;
    bool open;       ///< False where a meter is silent, or the band says wait: then nothing fits, not even what adds nothing.
    bool metered;
    Power books, meter;

    Power by_books(const Draw& added) const { return metered ? added.possible : added.possible + added.unknown; }
    bool fits(const Draw& added) const { return open && by_books(added) <= books && (!metered || added.raising <= meter); }
    void take(const Draw& added) { books -= by_books(added), meter -= added.raising; }
};

Room room_under(const Core& core, const Bound& bound, const Balance& sum);

/// What starting this load adds to its group's sums, and what stopping it does.
Draw added_by(const Core& core, Slot s);
Draw lost_by(const Core& core, Slot s);

/// The first slot of a group whose strike the price lets start; the group's end if it lets none.
Slot paying_from(const Core& core, GroupId g);

/// Orders all of [range) one way: command records, sums, runs, the order itself. Neighbours of one step become one order.
void command(Core& core, Range range, Rung rung, const Why& why, std::uint8_t attempt = 1);

/// The event that a limit's consequences belong to; opens the policy's episode if it has none.
EventId event_of(Core& core, const Why& why);

}  // namespace ballast
