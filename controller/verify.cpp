#include "controller/books.hpp"
#include "controller/core.hpp"

#include <algorithm>

namespace ballast {

namespace {

MissCause cause_of(const Core& core, Slot slot, const Pending& pending) {
    const LoadState& load = core.state.loads[slot];
    if (load.fate == Fate::refused) return MissCause::refused;
    if (load.fate != Fate::accepted) return MissCause::no_answer;
    const bool told = load.taken >= run_at(core, slot).since && load.mode != Mode::unknown;
    return told && !load.stale && !(raises(pending.rung) && load.mode == Mode::unknown) ? MissCause::not_obeyed : MissCause::unproven;
}

/// One load past its deadline: named while that is news, without credit in the books from now on.
void miss(Core& core, Slot slot, const Pending& pending) {
    const bool given_up = pending.attempt >= core.site.tries;
    if (pending.attempt <= core.site.tries)
        core.misses.push_back({pending.id, slot, pending.why.event, cause_of(core, slot, pending), given_up});
    if (!raises(pending.rung)) amend(core, slot, [](LoadState& l) { l.failing = true; });
}

/// Whether the order may be given again; a raise not while the journal is silent or the load barred.
bool may_repeat(const Core& core, Slot slot, const Pending& pending) {
    return !raises(pending.rung) || (core.state.journal_writes && (run_at(core, slot).bars & (locked_out | latched)) == 0);
}

/// Their order is given again, as the next attempt, to just those that were not seen to obey.
void repeat(Core& core, const Pending& pending) {
    const auto attempt = static_cast<std::uint8_t>(std::min<unsigned>(pending.attempt + 1u, core.site.tries + 1));
    Why why = pending.why;
    why.reason = Reason::still_standing;
    for (Slot s = pending.loads.first; s < pending.loads.last; ++s) {
        const LoadState& load = core.state.loads[s];
        if (load.order != pending.id || load.seen) continue;
        miss(core, s, pending);
        if (may_repeat(core, s, pending)) command(core, {s, s + 1}, pending.rung, why, attempt);
    }
}

}  // namespace

void verify(Core& core) {
    for (std::size_t i = 0, n = core.pending.size(); i < n; ++i) {
        if (core.pending[i].unseen == 0) continue;
        if (core.pending[i].due > core.now.steady) core.wake_at(core.pending[i].due);
        else {
            core.pending[i].due = later(core.now.steady, core.site.reassert_every);  // For those that may not be repeated.
            core.wake_at(core.pending[i].due);
            const Pending due = core.pending[i];
            repeat(core, due);
        }
    }
}

}  // namespace ballast
