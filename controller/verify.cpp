#include "controller/books.hpp"
#include "controller/flexible.hpp"
#include "controller/contests.hpp"
#include "controller/frequency.hpp"
#include "controller/pace.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

MissCause cause_of(const Core& core, Slot slot, const Pending& pending) {
    const LoadState& load = core.state.loads[slot];
    if (load.fate == Fate::refused) return MissCause::refused;
    if (load.fate != Fate::accepted) return MissCause::no_answer;
    const Steady since = core.state.is_flexible(slot) ? core.state.flex(slot).since : run_at(core, slot).since;
    const bool told = load.taken >= since && load.mode != Mode::unknown;
    return told && !load.stale && !(raises(pending.rung) && load.mode == Mode::unknown) ? MissCause::not_obeyed : MissCause::unproven;
}

/// One load past its deadline: named while that is news, without credit in the books from now on.
void miss(Core& core, Slot slot, const Pending& pending) {
    const bool given_up = pending.attempt >= core.site.tries;
    if (pending.attempt <= core.site.tries)
        core.misses.push_back({pending.id, slot, pending.why.event, cause_of(core, slot, pending), given_up});
    if (pending.attempt == 1 && pending.rung == Rung::sleep && core.can_move(pending.group)) core.sums(pending.group).response.missed();
    if (!raises(pending.rung)) amend(core, slot, [](LoadState& l) { l.failing = true; });
    if (pending.rung == Rung::cap && given_up) learn_lowest(core, slot);
}

/// A limit stands over the group whose meter says nothing, or that lets nothing rise.
bool blind(const Core& core, GroupId g) {
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& bound) {
        if (bound.standstill) return under(core, bound.scope, g);
        const auto meter = core.meter_of(bound.scope);
        return meter && !core.state.meters[index(*meter)].fresh && under(core, bound.scope, g);
    });
}

/// The meter still shows what may be pressed as far as that: for which a contactor may open, or an outlet be turned off.
bool still_shown(const Core& core, GroupId g, EscalateTo rung) {
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& bound) {
        const auto meter = judged(core, bound);
        return bound.why.escalate_to >= rung && bound.why.cause != Cause::price && meter && *meter > bound.high &&
               under(core, bound.scope, g);
    });
}

}  // namespace

bool may_repeat(const Core& core, Slot slot, const Pending& pending) {
    if (core.local[index(pending.group)] && (raises(pending.rung) || !core.can_move(pending.group))) return false;
    if (pending.rung == Rung::open) return pending.why.cause == Cause::person || still_shown(core, pending.group, EscalateTo::contactor) || trip_holds(core, slot);
    if (pending.rung == Rung::close && (later(run_at(core, slot).since, core.group(pending.group).contactor_rest) > core.now.steady || close_forbidden(core, slot))) return false;
    return !raises(pending.rung) || (core.state.journal_writes && run_at(core, slot).bars == 0 && has_supply(core, pending.group) && !blind(core, pending.group));
}

namespace {

/// A contactor that will not stay closed is left to a person: nothing closes it until it is cleared.
void give_up_closing(Core& core, Slot slot) {
    seen_to_obey(core, core.state.loads[slot].order, 1);
    amend(core, slot, [](LoadState& l) { l.on = false, l.seen = true; });
    change_runs(core, {slot, slot + 1}, [&](Run& run) { run.on = false, run.since = core.now.steady, run.bars |= latched; });
    core.note(NoteKind::latched, slot);
}

/// Neither refusal, silence nor its telemetry lets anybody believe that it rests; that it merely says nothing more is no reason.
bool defies(MissCause cause) { return cause == MissCause::refused || cause == MissCause::no_answer || cause == MissCause::not_obeyed; }

/// The next rung than sleep for a load that was told to and did not, where there is one and what it was told for allows it.
bool may_power_off(const Core& core, Slot slot, const Pending& pending) {
    if (!core.group(pending.group).can_power_off || !core.can_move(pending.group) || core.local[index(pending.group)]) return false;
    if (pending.rung != Rung::sleep && pending.rung != Rung::power_off) return false;
    if (pending.why.escalate_to < EscalateTo::power_off || pending.why.cause == Cause::price) return false;
    return defies(cause_of(core, slot, pending)) && still_shown(core, pending.group, EscalateTo::power_off);
}

/// What lowers, once more: by the outlet, or as softly as at first when that is not asked for any more, or its PDU did not take it: the
/// machine may listen again.
Rung lowered_by(const Core& core, Slot slot, const Pending& pending) {
    const bool outlet_failed = pending.rung == Rung::power_off && core.state.loads[slot].fate != Fate::accepted;
    if (!outlet_failed && may_power_off(core, slot, pending)) return Rung::power_off;
    return pending.rung == Rung::power_off ? Rung::sleep : pending.rung;
}

/// The outlet is another means than the one that failed: it has its own time, in which what it takes away counts as going.
void begin_anew(Core& core, Slot slot) {
    amend(core, slot, [](LoadState& l) { l.failing = false; });
    change_runs(core, {slot, slot + 1}, [&](Run& run) { run.since = core.now.steady; });
}

/// Their order is given again, as the next attempt, to just those that were not seen to obey.
void repeat(Core& core, const Pending& pending) {
    const auto attempt = static_cast<std::uint8_t>(std::min<unsigned>(pending.attempt + 1u, core.site.tries + 1));
    Why why = pending.why;
    why.reason = Reason::still_standing;
    for (Slot s = pending.loads.first; s < pending.loads.last; ++s) {
        const LoadState& load = core.state.loads[s];
        if (load.order != pending.id || load.seen || cut_off(core, pending.group)) continue;
        miss(core, s, pending);
        if (pending.rung == Rung::close && pending.attempt >= core.site.tries) give_up_closing(core, s);
        else if (!may_repeat(core, s, pending)) continue;
        else if (core.is_flexible(pending.group)) order_flexible(core, s, pending.rung, core.state.flex(s).cap, why, attempt);
        else if (!raises(pending.rung)) {
            const Rung rung = lowered_by(core, s, pending);
            if (rung == Rung::power_off && pending.rung == Rung::sleep && pending.attempt < core.site.tries) begin_anew(core, s);
            command(core, {s, s + 1}, rung, why, attempt);
        }
        else if (const Power inrush = inrush_of(core, s); inrush_allows(core, pending.group, inrush)) {
            take_inrush(core, pending.group, inrush);
            command(core, {s, s + 1}, pending.rung, why, attempt);
        }
    }
}

/// A contactor moves no sooner than it has rested, so nothing is asked of it before.
Steady looked_at_again(const Core& core, const Pending& pending) {
    const Steady soon = later(core.now.steady, core.site.reassert_every);
    if (pending.rung != Rung::close) return soon;
    return std::max(soon, later(run_at(core, pending.loads.first).since, core.group(pending.group).contactor_rest));
}

void verify(Core& core, bool raising) {
    for (std::size_t i = 0, n = core.pending.size(); i < n; ++i) {
        if (core.pending[i].unseen == 0 || raises(core.pending[i].rung) != raising) continue;
        if (core.pending[i].due > core.now.steady) core.wake_at(core.pending[i].due);
        else {
            core.pending[i].due = looked_at_again(core, core.pending[i]);  // For those that may not be repeated.
            core.wake_at(core.pending[i].due);
            const Pending due = core.pending[i];
            repeat(core, due);
        }
    }
}

}  // namespace

void verify(Core& core) {
    return_strays(core);
    verify_flexible(core);
    verify(core, false);
}

void reassert_raises(Core& core) { verify(core, true); }

}  // namespace ballast
