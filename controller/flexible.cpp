#include "controller/flexible.hpp"

#include "controller/apply.hpp"
#include "controller/words.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

bool tells(const LoadState& load) { return !load.stale && load.mode != Mode::unknown && load.quality != Quality::bad; }

bool is_saved(const FlexState& flex, const Site::Flexible& terms, Steady now) {
    return flex.saved != Steady::min() && later(flex.saved, terms.checkpoint_good) > now;
}

Steady due(const FlexState& flex, const Site::Flexible& terms) { return flex.asked == never ? Steady::min() : later(flex.asked, terms.checkpoint_within); }

/// One load's way down.
class WayDown {
public:
    WayDown(const Core& core, Slot s, bool emergency)
        : core_{core}, now_{core.now.steady}, emergency_{emergency}, group_{core.group_of[s]}, terms_{core.group(group_).flexible}, load_{core.state.loads[s]},
          flex_{core.state.flex(s)}, rated_{core.rated[s]}, maintained_{(run_at(core, s).bars & maintained) != 0} {
        drawn_ = flex_draw(load_, flex_, rated_, core.group(group_).standby, false).planned;
    }

    FlexMove next() {
        if (!terms_.caps() && !terms_.has(FlexStep::sleep)) return barred(FlexBar::not_in_range);
        if (cut_off(core_, group_)) return barred(FlexBar::cut_off);
        if (core_.watched[index(group_)] || maintained_) return barred(FlexBar::others_have_it);
        if (!load_.on) return barred(load_.failing ? FlexBar::not_obeying : FlexBar::at_its_floor);
        if (!tells(load_)) return barred(FlexBar::not_heard);
        if (load_.mode != Mode::running) return barred(FlexBar::resting);
        FlexBar why_no_more = FlexBar::not_in_range;
        for (const FlexStep step : terms_.order) {
            if (step == FlexStep::sleep && gives(core_.group(group_).standby)) return sleep();
            if (step != FlexStep::power && step != FlexStep::clock) continue;
            if (!load_.seen && load_.failing) why_no_more = FlexBar::not_obeying;
            else if (gives(lowest()) && under_cap() > lowest()) return cap(step);
            else why_no_more = flex_.cap == no_limit ? FlexBar::draws_less : FlexBar::at_its_floor;
        }
        return barred(why_no_more);
    }

private:
    Power lowest() const { return std::max(terms_.floor, flex_.lowest); }
    /// More than what nobody could measure.
    bool gives(Power down_to) const { return (drawn_ - down_to).count > rated_.count / 100; }
    /// A next cap is lower than the last one, which regulation may exceed a little.
    Power under_cap() const { return std::min(drawn_, flex_.cap); }

    FlexMove barred(FlexBar bar) const {
        FlexMove move;
        move.bar = bar;
        return move;
    }

    bool must_ask() const { return !is_saved(flex_, terms_, now_) && due(flex_, terms_) <= now_; }

    /// Its notice, where this step has one.
    void wait_for_notice(FlexMove& move, FlexStep step) const {
        if (terms_.notice <= Duration{0} || emergency_ || !terms_.saves_before(step)) return;
        move.may_at = flex_.told == never ? later(now_, terms_.notice) : later(flex_.told, terms_.notice);
        if (move.may_at > now_) move.bar = FlexBar::in_notice;
    }

    FlexMove cap(FlexStep step) const {
        FlexMove move{Rung::cap, lowest(), under_cap() - lowest()};
        move.asks = terms_.saves_before(step) && flex_.told == never;
        wait_for_notice(move, step);
        return move;
    }

    FlexMove sleep() const {
        FlexMove move{Rung::sleep, no_limit, drawn_ - core_.group(group_).standby};
        wait_for_notice(move, FlexStep::sleep);
        if (!terms_.saves_before(FlexStep::sleep)) return move;
        if (is_saved(flex_, terms_, now_)) {  // A checkpoint may grow too old while the notice runs.
            move.may_at = std::min(move.may_at, later(flex_.saved, terms_.checkpoint_good));
            return move;
        }
        if (flex_.missed && emergency_ && terms_.unsaved == Unsaved::emergency) return move;
        move.asks = must_ask();
        move.bar = flex_.missed ? FlexBar::unsaved : FlexBar::awaits_checkpoint;
        move.may_at = move.asks ? later(now_, terms_.checkpoint_within) : due(flex_, terms_);
        return move;
    }

    const Core& core_;
    const Steady now_;
    const bool emergency_;
    const GroupId group_;
    const Site::Flexible& terms_;
    const LoadState& load_;
    const FlexState& flex_;
    const Power rated_;
    const bool maintained_;   ///< People work on it.
    Power drawn_;   ///< By the books, once its orders have worked.
};

}  // namespace

FlexMove next_move(const Core& core, Slot s, bool emergency) { return WayDown{core, s, emergency}.next(); }

Draw flex_draw(const LoadState& load, const FlexState& flex, Power rated, Power standby, bool dead) {
    Draw draw;
    count<Into::sum>(draw, load, flex, rated, standby, dead);
    return draw;
}

bool is_slowed(const Core& core, Slot s) {
    const std::uint8_t bars = run_at(core, s).bars;
    return bars == 0 && (!core.state.loads[s].on || core.state.flex(s).cap != no_limit) && has_supply(core, core.group_of[s]);
}

Draw full_again(const Core& core, Slot s) {
    const GroupId g = core.group_of[s];
    LoadState load = core.state.loads[s];
    FlexState flex = core.state.flex(s);
    const Power rated = core.rated[s], standby = core.group(g).standby;
    const bool dead = cut_off(core, g);
    Draw added;
    count<Into::out>(added, load, flex, rated, standby, dead);
    load.on = true;
    load.seen = load.failing = false;
    flex.cap = no_limit;
    count<Into::sum>(added, load, flex, rated, standby, dead);
    return added;
}

// ---- what it says

namespace {

/// Its last order gives it its full draw back; that it has taken it, only its driver can say.
bool awaits_word(const Core& core, const LoadState& load) {
    const auto found = std::ranges::lower_bound(core.pending, load.order, {}, &Pending::id);
    return found != core.pending.end() && found->id == load.order && found->rung == Rung::uncap;
}

bool obeys(const Core& core, const LoadState& load, const FlexState& flex, const LoadReading& reading) {
    if (!load.on) return rests(reading.mode);
    if (flex.cap == no_limit) return reading.mode == Mode::running && !awaits_word(core, load);
    return rests(reading.mode) || (reading.mode == Mode::running && reading.quality != Quality::bad && within_cap(reading.power, flex.cap));
}

/// Its owner woke it: it counts as awake, and goes down the ladder from its first step, should it have to.
void woken_by_its_owner(Core& core, Slot s) {
    amend(core, s, [&](LoadState& l) {
        FlexState& flex = core.state.flex(s);
        l.on = true;
        flex.cap = no_limit;
        flex.told = flex.asked = never;
        flex.saved = Steady::min();
    });
    change_runs(core, {s, s + 1}, [&](Run& run) { run.on = true, run.since = core.now.steady; });
}

void hear_one(Core& core, GroupId g, Slot s, const LoadReading& reading) {
    LoadState& load = core.state.loads[s];
    load.heard = core.now.steady;
    if (load.stale) lives(core, s);
    if (reading.taken < load.taken) return;
    FlexState& flex = core.state.flex(s);
    const bool was_seen = load.seen, tells = reading.quality != Quality::bad, running = reading.mode == Mode::running;
    const bool teaches = running && reading.quality == Quality::measured && reading.power >= Power{} && reading.power.count * 2 <= core.rated[s].count * 3;
    const bool shown = obeys(core, load, flex, reading) && reading.taken >= flex.since;
    Power arrived;
    {
        GroupBooks books{core, g};
        books.amend(s, [&](LoadState& l) {
            l.taken = reading.taken;
            l.mode = reading.mode;
            l.quality = reading.quality;
            if (tells) l.reading = reading.power;
            if (teaches) l.watts = reading.power;
            if (shown) l.seen = true, l.failing = false;
        });
        arrived = books.arrived();
    }
    if (shown && flex.cap != no_limit && tells && running) flex.lowest = std::min(flex.lowest, reading.power);
    if (shown && !was_seen) seen_to_obey(core, load.order, 1);
    if (shown && (!load.on || flex.cap != no_limit)) sink(core, g, arrived);
    if (!was_seen || !running) return;
    if (!load.on) woken_by_its_owner(core, s);
    else if (flex.cap != no_limit && tells && !within_cap(reading.power, flex.cap)) core.above_cap.push_back(s);
}

}  // namespace

void hear_flexible(Core& core, GroupId g, Range loads, const LoadReading& reading) {
    for (Slot s = loads.first; s < loads.last; ++s) hear_one(core, g, s, reading);
}

bool hear_flexible(Core& core, const Receipt& receipt, Slot s) {
    FlexState& flex = core.state.flex(s);
    LoadState& load = core.state.loads[s];
    if (receipt.order == flex.checkpoint && receipt.order != OrderId{}) {
        if (flex.saved >= flex.asked) return true;
        if (receipt.fate == Fate::accepted) flex.saved = core.now.steady, flex.missed = false;
        else if (receipt.fate == Fate::refused && !std::exchange(flex.missed, true)) core.misses.push_back({flex.checkpoint, s, flex.event, MissCause::refused, false});
        return true;
    }
    if (load.order != receipt.order || load.seen || receipt.fate != Fate::accepted || !awaits_word(core, load)) return false;
    seen_to_obey(core, load.order, 1);
    amend(core, s, [](LoadState& l) { l.seen = true, l.failing = false, l.fate = Fate::accepted; });
    return true;
}

// ---- verified

void verify_flexible(Core& core) {
    if (core.state.flexible.empty()) return;
    if (core.now.steady < core.next_overdue) return core.wake_at(core.next_overdue);
    core.next_overdue = never;
    for (std::size_t i = 0; i < core.state.flexible.size(); ++i) {
        FlexState& flex = core.state.flexible[i];
        const Slot s = core.state.first_flexible + static_cast<Slot>(i);
        if (flex.checkpoint == OrderId{} || flex.asked == never || flex.missed || flex.saved >= flex.asked) continue;
        const Steady overdue = due(flex, core.group(core.group_of[s]).flexible);
        if (overdue > core.now.steady) core.next_overdue = std::min(core.next_overdue, overdue);
        else {
            flex.missed = true;
            core.misses.push_back({flex.checkpoint, s, flex.event, MissCause::no_answer, false});
        }
    }
    core.wake_at(core.next_overdue);
}

void cap_again(Core& core, Slot s, const Why& why) {
    const LoadState& load = core.state.loads[s];
    const Power cap = core.state.flex(s).cap;
    if (!core.watched[index(core.group_of[s])] && load.on && load.seen && cap != no_limit && load.mode == Mode::running && load.quality != Quality::bad && !within_cap(load.reading, cap))
        order_flexible(core, s, Rung::cap, cap, why);
}

void learn_lowest(Core& core, Slot s) {
    const LoadState& load = core.state.loads[s];
    FlexState& flex = core.state.flex(s);
    if (tells(load) && load.mode == Mode::running && load.taken >= flex.since) flex.lowest = std::max(flex.lowest, load.reading);
}

}  // namespace ballast
