#include "policies/earlier_calls.hpp"

#include "policies/calls.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

Bound bound_of(const EarlierCalls& settings, const Obligation& call, const Held& held) {
    const bool emergency = call.signal.kind == SignalKind::emergency;
    Bound bound;
    bound.scope = held.scope;
    bound.everything = held.everything;
    bound.since = std::max(held.from, later(call.begins, call.signal.ramp));
    bound.prove_within = settings.prove_within;
    bound.contactor_after = settings.contactor_after;
    bound.why = {settings.policy, call.signal.source, emergency ? Cause::emergency : Cause::dispatch, emergency ? settings.emergency_rank : settings.rank,
                 held.everything ? Reason::dispatched_full : Reason::dispatched, emergency ? EscalateTo::contactor : EscalateTo::power_off, call.event, call.signal.end};
    if (!held.everything) set_limit(bound, held.limit, settings.margin_ppm);
    return bound;
}

}  // namespace

Policy earlier_calls(EarlierCalls settings) {
    return [settings](const State& state, Now now, Limits& limits) {
        for (const Obligation& call : state.obligations)
            for (const Held& held : call.held) {
                if (now.steady < held.from) limits.changes(held.from);
                else if (now.steady < call.ends) limits.bounds.push_back(bound_of(settings, call, held));
            }
    };
}

}  // namespace ballast::policies
