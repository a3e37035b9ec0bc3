#pragma once
#include "controller/core.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace ballast {

/// What rests draws standby or nothing.
constexpr bool rests(Mode mode) { return mode == Mode::asleep || mode == Mode::off; }

/// What of a load's planned draw nobody may count on.
constexpr Power doubt(const Stance& load, Power planned, Power reading) {
    if (load.stale || (load.on && !load.seen && load.failing)) return planned;
    if (load.mode != Mode::fault) return Power{};
    return load.quality == Quality::bad ? planned : std::max(Power{}, planned - reading);
}

enum class Into { sum, out };

/// The only place that says what a load counts for: adds it to the sum, or takes it out.
template <Into into>
inline void count(Draw& sum, const Stance& load, Power watts, Power reading, Power rated, Power standby) {
    const auto put = [](Power& to, Power power) { into == Into::sum ? to += power : to -= power; };
    const bool told = load.mode != Mode::unknown && load.quality != Quality::bad;
    const Power guess = load.on == load.seen ? watts : standby;  // Of one that never said: it has not moved yet.
    const Power measured = told ? reading : guess;
    // At rest; or, where it was seen off and runs again, what it draws.
    const Power resting = load.mode == Mode::running ? watts : told ? std::min(reading, watts) : standby;
    Power planned = watts, possible = watts;
    if (load.on && !load.seen) {
        planned = possible = std::max(rated, watts);
        put(sum.raising, std::max(Power{}, possible - measured));
    } else if (load.on) {
        if (told && rests(load.mode)) planned = resting;  // Not by us, and it may be back.
    } else if (load.seen) {
        planned = possible = resting;
    } else if (!load.failing) {
        planned = standby;
        put(sum.lowering, std::max(Power{}, measured - planned));  // One that had not come up yet takes nothing away from what the meter shows.
    }
    put(sum.planned, planned);
    put(sum.possible, possible);
    put(sum.measured, measured);
    put(sum.doubtful, doubt(load, planned, reading));
    if (load.stale) put(sum.unknown, std::max(Power{}, rated - possible));
}

/// The same for a flexible load, which may run under a cap. What is not known of it gives nothing.
template <Into into>
inline void count(Draw& sum, const LoadState& load, const FlexState& flex, Power rated, Power standby, bool dead) {
    if (dead) return;
    const auto put = [](Power& to, Power power) { into == Into::sum ? to += power : to -= power; };
    const bool told = load.mode != Mode::unknown && load.quality != Quality::bad;
    const Power measured = told ? load.reading : load.watts;
    const bool said_to_rest = told && load.mode != Mode::running;
    Power planned = load.watts, possible = load.watts;
    if (!load.on) {
        const Power resting = said_to_rest ? std::min(load.reading, load.watts) : standby;
        if (load.seen) planned = possible = resting;
        else if (told && !load.failing) {
            planned = standby;
            put(sum.lowering, std::max(Power{}, measured - standby));
        }
    } else if (load.seen) {
        if (told && rests(load.mode)) planned = std::min(load.reading, load.watts);
        else if (told && load.quality == Quality::estimated && flex.cap != no_limit) planned = possible = std::min(flex.cap, load.watts);  // Estimates teach no watts; that it obeys they say.
    } else if (flex.cap == no_limit) {
        planned = possible = std::max(rated, load.watts);
        put(sum.raising, std::max(Power{}, possible - measured));
    } else if (told && !load.failing) {
        planned = std::min(flex.cap, load.watts);
        put(sum.lowering, std::max(Power{}, measured - planned));
    }
    put(sum.planned, planned);
    put(sum.possible, possible);
    put(sum.measured, measured);
    put(sum.doubtful, doubt(load, planned, load.reading));
    if (load.stale) put(sum.unknown, std::max(Power{}, rated - possible));
}

/// `dead`: our contactor has its group off.
template <Into into>
inline void count(Draw& sum, const LoadState& load, Power rated, Power standby, bool dead) {
    if (!dead) count<into>(sum, load, load.watts, load.reading, rated, standby);
}

inline Draw draw_of(const LoadState& load, Power rated, Power standby, bool dead) {
    Draw draw;
    count<Into::sum>(draw, load, rated, standby, dead);
    return draw;
}

/// Its contactor is open, because we opened it, and was seen open.
bool cut_off(const Core& core, GroupId g);

/// The group's sums anew, after what changes all of it at once.
void recount(Core& core, GroupId g);

/// Its contactor, if it has one, is closed as far as we know, and nobody has a word against that.
bool has_supply(const Core& core, GroupId g);

/// How a load comes to stand otherwise.
struct Way {
    Stance from, to;

    /// The fate of an order counts for nothing.
    constexpr bool is(Stance before, Stance after) const {
        before.fate = from.fate, after.fate = to.fate;
        return before == from && after == to;
    }
};

/// The ways that nearly all loads go nearly always: ordered off, seen asleep, ordered on, seen running. What runs may not have said its watts.
inline constexpr auto usual_ways = [] {
    constexpr Stance asleep{Mode::asleep, Quality::measured, false, true}, woken{Mode::asleep, Quality::measured, true, false};
    constexpr Stance runs{Mode::running, Quality::measured, true, true}, stopped{Mode::running, Quality::measured, false, false};
    constexpr Stance runs_untold{Mode::running, Quality::bad, true, true}, stopped_untold{Mode::running, Quality::bad, false, false};
    return std::array{Way{runs, stopped}, Way{stopped, asleep}, Way{asleep, woken}, Way{woken, runs}, Way{runs_untold, stopped_untold}, Way{stopped_untold, asleep}, Way{woken, runs_untold}};
}();

/// One of them, known to the compiler, and any other.
template <std::size_t way>
struct KnownWay {
    KnownWay(std::uint64_t, std::uint64_t) {}
    static constexpr Stance from() { return usual_ways[way].from; }
    static constexpr Stance to() { return usual_ways[way].to; }
};
struct AnyWay {
    std::uint64_t before, after;
    Stance from() const { return std::bit_cast<Stance>(before); }
    Stance to() const { return std::bit_cast<Stance>(after); }
};

/// A group whose loads change; its sums have caught up when this ends.
class GroupBooks {
public:
    GroupBooks(Core& core, GroupId g)
        : core_{core}, loads_{core.state.loads.data()}, rated_{core.rated.data()}, group_{g}, standby_{core.group(g).standby},
          dead_{cut_off(core, g)}, carries_{!core.carried[index(g)].empty()}, flexible_{core.is_flexible(g)} {}
    GroupBooks(const GroupBooks&) = delete;
    GroupBooks& operator=(const GroupBooks&) = delete;
    ~GroupBooks() {
        GroupState& sums = core_.sums(group_);
        sums.planned += change_.planned;
        sums.possible += change_.possible;
        sums.lowering += change_.lowering;
        sums.measured += change_.measured;
        sums.unknown += change_.unknown;
        sums.raising += change_.raising;
        sums.doubtful += change_.doubtful;
        sums.stale += stale_;
        sums.unseen += unseen_;
    }

    /// Takes a load's draw out of the sums, lets `change` have the load, and puts the new draw back.
    template <class Change>
    void amend(Slot slot, Change change) {
        LoadState& load = loads_[slot];
        const Power rated = rated_[slot];
        if (flexible_) count<Into::out>(change_, load, core_.state.flex(slot), rated, standby_, dead_);
        else count<Into::out>(change_, load, rated, standby_, dead_);
        stale_ -= Slot{load.stale};
        unseen_ -= Slot{!load.seen};
        change(load);
        if (flexible_) count<Into::sum>(change_, load, core_.state.flex(slot), rated, standby_, dead_);
        else count<Into::sum>(change_, load, rated, standby_, dead_);
        stale_ += Slot{load.stale};
        unseen_ += Slot{!load.seen};
        recount_carried();
    }

    /// Likewise of neighbours that stand as the first does and that `accepts(load)`: they come to stand `after`, and
    /// `change(slot, load)` sees to the rest of each. One past the last of them; the first itself where it is not accepted.
    template <class Accepts, class Change>
    Slot amend_alike(Range range, const Stance& after, Accepts accepts, Change change) {
        const Stance before = loads_[range.first];
        const Slot end = move_alike(range, before, after, accepts, change, std::make_index_sequence<std::size(usual_ways)>{});
        const Slot moved = end - range.first;
        stale_ += (Slot{after.stale} - Slot{before.stale}) * moved;
        unseen_ += (Slot{!after.seen} - Slot{!before.seen}) * moved;
        if (moved > 0) recount_carried();
        return end;
    }

    /// What loads so far amended no longer have on its way down.
    Power arrived() const { return std::max(Power{}, -change_.lowering); }

private:
    /// From one standing to another: the compiler makes a loop of its own for each usual way.
    template <class Accepts, class Change, std::size_t... way>
    Slot move_alike(Range range, const Stance& before, const Stance& after, Accepts accepts, Change change, std::index_sequence<way...>) {
        std::optional<Slot> end;
        (void)((usual_ways[way].is(before, after) && (end = move_alike<KnownWay<way>>(range, before.word(), after.word(), accepts, change), true)) || ...);
        return end ? *end : move_alike<AnyWay>(range, before.word(), after.word(), accepts, change);
    }

    template <class How, class Accepts, class Change>
    [[gnu::noinline]] Slot move_alike(Range range, std::uint64_t before, std::uint64_t after, Accepts accepts, Change change) {
        const How how{before, after};
        const Power standby = standby_;
        const Power* rated = rated_;
        LoadState* loads = loads_;
        Draw sum;
        Slot slot = range.first;
        for (; slot < range.last; ++slot) {
            LoadState& load = loads[slot];
            if (load.word() != before || !accepts(load)) break;
            count<Into::out>(sum, how.from(), load.watts, load.reading, rated[slot], standby);
            change(slot, load);
            count<Into::sum>(sum, how.to(), load.watts, load.reading, rated[slot], standby);
            static_cast<Stance&>(load) = std::bit_cast<Stance>(after);
        }
        if (!dead_) change_ += sum;
        return slot;
    }

    /// A contactor decides what those behind it count for.
    void recount_carried() {
        if (carries_)
            for (const GroupId carried : core_.carried[index(group_)]) recount(core_, carried);
    }

    Core& core_;
    LoadState* loads_;
    const Power* rated_;
    GroupId group_;
    Power standby_;
    bool dead_, carries_, flexible_;
    Draw change_;                  ///< Of the sums, so far.
    Slot stale_ = 0, unseen_ = 0;  ///< Likewise; may pass below 0 and come back.
};

template <class Change>
void amend(Core& core, Slot slot, Change change) {
    GroupBooks{core, core.group_of[slot]}.amend(slot, change);
}

}  // namespace ballast
