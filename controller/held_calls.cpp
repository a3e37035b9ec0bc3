#include "controller/held_calls.hpp"

#include "controller/disarm.hpp"
#include "model/call_terms.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

/// `a` holds all that `b` does.
bool covers(const Held& a, const Held& b) {
    if (a.from > b.from) return false;
    if (a.everything && a.scope == Scope::site()) return true;
    return a.scope == b.scope && (a.everything || (!b.everything && a.limit <= b.limit));
}

bool is_covered(const Held& held, const std::vector<Held>& by) {
    return std::ranges::any_of(by, [&](const Held& other) { return covers(other, held); });
}

/// Of a call, as policies see it at some time. What an earlier site file held is no policy's of this one.
void ask(const Core& core, const Obligation& call, Now when, Steady from, std::vector<Held>& into) {
    Limits asked;
    for (const Policy& policy : core.policies) policy(core.state, when, asked);
    for (const Bound& bound : asked.bounds) {
        const bool its = bound.why.event == call.event && bound.why.policy != core.site.earlier_calls;
        if (!its || (!bound.everything && bound.high >= no_limit) || is_disarmed(core, bound)) continue;
        if (const Held held{bound.scope, bound.everything, bound.high, from}; !is_covered(held, into)) into.push_back(held);
    }
}

}  // namespace

std::vector<Held> asked_for(const Core& core, const Obligation& call, Now as_of) {
    std::vector<Held> asked;
    if (!is_call(call.signal.kind) || call.ends <= as_of.steady) return asked;
    // Before its start too: a programme answers ahead of it.
    if (call.begins > as_of.steady) ask(core, call, as_of, Steady::min(), asked);
    const Steady met = later(call.begins, terms_of(core.site, call.signal).ramp(call.signal.ramp));
    const Steady when = std::max(as_of.steady, met < call.ends ? met : call.begins);
    ask(core, call, {as_of.utc + (when - as_of.steady), when}, call.begins > as_of.steady ? call.begins : Steady::min(), asked);
    return asked;
}

std::vector<Held> held_for(const Core& core, const Obligation& call, Now as_of) {
    std::vector<Held> all = call.held;
    for (const Held& asked : asked_for(core, call, as_of))
        if (!is_covered(asked, all)) all.push_back(asked);
    return all;
}

void hold_on(Core& core, Now saved) {
    for (Obligation& call : core.state.obligations) {
        const std::vector<Held> asked = asked_for(core, call, saved);
        std::erase_if(call.held, [&](const Held& held) { return is_covered(held, asked); });
        if (call.held.empty()) call.held_told = false;
    }
}

void tell_held(Core& core) {
    for (Obligation& call : core.state.obligations) {
        if (call.held.empty() || std::exchange(call.held_told, true)) continue;
        core.note(NoteKind::orphaned, index(call.signal.source), call.signal.id, call.event);
    }
}

}  // namespace ballast
