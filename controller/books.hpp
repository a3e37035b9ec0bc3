#pragma once
#include "controller/core.hpp"

#include <algorithm>

namespace ballast {

/// What one load adds to its group's sums. See GroupState.
struct Draw {
    Power planned, possible, lowering, raising, measured, unknown;
};

/// The only place that says what a load counts for. `dead`: our contactor has its group off.
inline Draw draw_of(const LoadState& load, Power rated, Power standby, bool dead) {
    if (dead) return {};
    Draw draw;
    const bool told = load.mode != Mode::unknown && load.quality != Quality::bad;
    const Power resting = told && load.mode != Mode::running ? std::min(load.reading, load.watts) : standby;
    const Power guess = load.on == load.seen ? load.watts : standby;  // Of one that never said: it has not moved yet.
    draw.measured = told ? load.reading : guess;
    if (load.on && !load.seen) {
        draw.planned = draw.possible = std::max(rated, load.watts);
        draw.raising = std::max(Power{}, draw.possible - draw.measured);
    } else if (load.on) {
        draw.planned = draw.possible = load.watts;
        if (told && (load.mode == Mode::asleep || load.mode == Mode::off)) draw.planned = resting;  // Not by us, and it may be back.
    } else if (load.seen) {
        draw.planned = draw.possible = resting;
    } else {
        draw.possible = load.watts;
        draw.planned = load.failing ? load.watts : standby;
        // One that had not come up yet takes nothing away from what the meter shows.
        if (!load.failing) draw.lowering = std::max(Power{}, draw.measured - draw.planned);
    }
    if (load.stale) draw.unknown = std::max(Power{}, rated - draw.possible);
    return draw;
}

/// Its contactor is open, because we opened it, and was seen open.
bool cut_off(const Core& core, GroupId g);

/// The group's sums anew, after what changes all of it at once.
void recount(Core& core, GroupId g);

/// Its contactor, if it has one, is closed as far as we know, and nobody has a word against that.
bool has_supply(const Core& core, GroupId g);

/// A group whose loads change while its sums keep up.
class GroupBooks {
public:
    GroupBooks(Core& core, GroupId g)
        : core_{core}, sums_{core.sums(g)}, carried_{core.carried[index(g)]}, standby_{core.group(g).standby}, dead_{cut_off(core, g)} {}

    /// Takes a load's draw out of the sums, lets `change` have the load, and puts the new draw back.
    template <class Change>
    void amend(Slot slot, Change change) {
        LoadState& load = core_.state.loads[slot];
        const Power rated = core_.rated[slot];
        const Draw before = draw_of(load, rated, standby_, dead_);
        const bool was_stale = load.stale, was_seen = load.seen;
        change(load);
        const Draw after = draw_of(load, rated, standby_, dead_);
        sums_.planned += after.planned - before.planned;
        sums_.possible += after.possible - before.possible;
        sums_.lowering += after.lowering - before.lowering;
        sums_.measured += after.measured - before.measured;
        sums_.unknown += after.unknown - before.unknown;
        sums_.raising += after.raising - before.raising;
        sums_.stale += Slot{load.stale} - Slot{was_stale};
        sums_.unseen += Slot{was_seen} - Slot{load.seen};
        for (const GroupId carried : carried_) recount(core_, carried);  // A contactor decides what they count for.
    }

private:
    Core& core_;
    GroupState& sums_;
    const std::vector<GroupId>& carried_;
    Power standby_;
    bool dead_;
};

template <class Change>
void amend(Core& core, Slot slot, Change change) {
    GroupBooks{core, core.group_of[slot]}.amend(slot, change);
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
