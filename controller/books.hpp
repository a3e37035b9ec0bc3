#pragma once
#include "controller/group_books.hpp"

#include <algorithm>

namespace ballast {

/// The group's frontier anew, after its runs or strikes changed.
void find_frontier(Core& core, GroupId g);

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
    find_frontier(core, g);
}

/// The run that holds a slot.
const Run& run_at(const Core& core, Slot slot);

/// No credit is kept for longer, however old a meter's last word is.
constexpr Duration longest_lag{120'000};

/// What is drawn, will be drawn and may be drawn at a scope.
struct Balance {
    Power planned, possible, lowering, raising, unknown, standby;
    Power flexible;               ///< Of `possible`: of flexible loads, which nobody calls interruptible.
    Power doubtful;               ///< Of `planned`.
    Power sheddable, sheddable_raising, sheddable_doubtful;  ///< Of what limits may stop, above its standby.
    Power late;                   ///< Of `lowering`: seen to be gone, and perhaps shown by the meter already.
    Power firm_reserve, firm_draw, residual;
    std::int64_t cooling_ppm = 0; ///< What is drawn beside each watt of a load; the residual is what remains.
    Power firm_unheard;           ///< What firm loads not heard of yet may draw beyond their reserve. Nothing rises into it.
    std::optional<Power> meter;   ///< If it is fresh.
    bool metered = false;         ///< The scope has a meter, fresh or not.
    bool quiet = true;            ///< Nothing is on its way, and nobody silent.
    bool firm_known = true;       ///< Every firm load has said what it draws.

    Power cooled(Power loads) const { return cooling_ppm == 0 ? loads : with_cooling(loads, cooling_ppm); }
    /// Now: what the meter shows, or, where none is fresh, what the books have.
    Power drawn() const { return meter.value_or(cooled(planned + firm_draw) + residual); }
    /// Once all orders have worked: the books with the firm reserve, or what the meter shows less what is on its way down.
    /// What cools that is gone once the meter shows it.
    Power expected() const {
        const Power books = cooled(planned + firm_reserve) + residual;
        return meter ? std::max(books, *meter - lowering) : books + cooled(unknown);
    }
    /// If nothing on its way down works and everything on its way up does. What a raise must fit under.
    Power at_most() const {
        const Power books = cooled(possible + firm_reserve + firm_unheard) + residual;
        return meter ? std::max(books, *meter + cooled(raising)) : books + cooled(unknown);
    }
    /// What remains when all that is interruptible rests.
    Power rest() const { return cooled(firm_reserve + standby + flexible) + residual; }
    /// What is drawn for certain, of that which a floor counts; where no meter speaks, by the books.
    Power at_least(Floor::Of of) const {
        if (of == Floor::Of::sheddable) return sheddable - sheddable_raising - sheddable_doubtful;
        if (!meter) return cooled(planned - raising - doubtful + firm_draw) + residual;
        // The meter may also show what came back by itself and is about to be sent to rest again.
        return std::min(*meter - cooled(lowering), cooled(planned + firm_draw) + residual);
    }
    /// What it may come to by itself, once everything on its way has arrived: only what is surely lacking is started.
    Power coming(Floor::Of of) const {
        if (of == Floor::Of::sheddable) return sheddable - sheddable_doubtful;
        const Power books = cooled(planned - doubtful + firm_draw) + residual;
        return meter ? std::max(books, *meter - (lowering - late) + raising) : books;
    }
};

Balance balance(const Core& core, Scope scope);

/// What the scope's loads say, or said last, that they draw.
Power told_by_loads(const Core& core, Scope scope, const Balance& sum);

/// Whether the group lies in the scope.
bool under(const Core& core, Scope scope, GroupId g);

/// Whether some limit is in the way of closing this contactor: its block would not fit, or nobody can tell.
bool close_forbidden(const Core& core, Slot contactor);

/// The meter's mean over a limit's window, or its last word for an instantaneous one; nothing if it is not fresh.
std::optional<Power> judged(const Core& core, const Bound& bound);

/// Whether a bound asks for less than is expected.
bool triggered(const Core& core, const Bound& bound, const Balance& sum);

/// One load with what cools it, up to the next watt: many loads' parts of watts are some.
constexpr Power with_cooling_at_most(Power load, std::int64_t ppm) { return ppm == 0 ? load : with_cooling(load, ppm) + Power{1}; }

/// How much more a bound lets its scope draw, by the books and by the meter, whatever has not yet been seen.
struct Room {
    const Bound* bound;
    bool open;       ///< False where a meter is silent, or the band says wait: then nothing fits, not even what adds nothing.
    bool metered;
    std::int64_t cooling_ppm;
    Power books, meter;

    Power cooled(Power added) const { return with_cooling_at_most(added, cooling_ppm); }
    Power by_books(const Draw& added) const { return cooled(metered ? added.possible : added.possible + added.unknown); }
    Power by_meter(const Draw& added) const { return cooled(added.raising); }
    bool fits(const Draw& added) const { return open && by_books(added) <= books && (!metered || by_meter(added) <= meter); }
    void take(const Draw& added) { books -= by_books(added), meter -= by_meter(added); }
};

Room room_under(const Core& core, const Bound& bound, const Balance& sum);

/// What of the resting loads price, bars and supply let rise, as far as the limits have room.
Power could_rise(const Core& core);

/// What starting this load adds to its group's sums, and what stopping it does.
Draw added_by(const Core& core, Slot s);
Draw lost_by(const Core& core, Slot s);

/// Whether a strike withstands a cutoff. Price::max() cuts off everybody, also those without a strike of their own.
inline bool withstands(Price strike, Price cutoff) { return strike >= cutoff && cutoff != Price::max(); }

/// The first of some neighbours in a group whose strike withstands the cutoff. It takes no branch on what it finds: strikes
/// that are nearly alike would make every one of them a wrong guess.
Slot first_to_withstand(const Core& core, Range loads, Price cutoff);

/// The lowest strike that the price lets start.
inline Price paying_at(const Core& core, GroupId g) { return std::max(core.envelope[index(g)].start_at, core.envelope[index(g)].stop_below); }

/// The first slot of a group whose strike the price lets start; the group's end if it lets none.
inline Slot paying_from(const Core& core, GroupId g) { return first_to_withstand(core, core.group(g).loads, paying_at(core, g)); }

/// Orders all of [range) one way: command records, sums, runs, the order itself. Neighbours of one step become one order.
/// Of interruptible loads; of flexible ones `order_flexible` does.
void command(Core& core, Range range, Rung rung, const Why& why, std::uint8_t attempt = 1);

/// The event that a limit's consequences belong to; opens the policy's episode if it has none.
EventId event_of(Core& core, const Why& why);

/// What the event of an episode is called: "strike-20260701T170000Z".
std::string event_name(const Site& site, const Episode& episode);

}  // namespace ballast
