#include "policies/dispatch.hpp"

#include "policies/calls.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

Bound bound_of(const Dispatch& settings, Why why) {
    Bound bound;
    bound.scope = settings.scope;
    bound.prove_within = settings.prove_within;
    bound.contactor_after = settings.contactor_after;
    bound.why = why;
    return bound;
}

Bound asked(const Dispatch& settings, const Obligation& obligation, Steady now, Limits& limits) {
    const Signal& signal = obligation.signal;
    const bool emergency = signal.kind == SignalKind::emergency;
    Bound bound = bound_of(settings, {settings.policy, signal.source, emergency ? Cause::emergency : Cause::dispatch,
                                      emergency ? settings.emergency_rank : settings.rank, Reason::dispatched_full,
                                      emergency ? settings.emergency_escalate_to : settings.escalate_to,
                                      obligation.event, signal.end});
    bound.since = later(obligation.begins, signal.ramp);
    if (signal.ask == Ask::full) {
        bound.everything = true;
        return bound;
    }
    bound.why.reason = signal.ask == Ask::relative ? Reason::reduction_from_reference : Reason::dispatched;
    const Power reference = obligation.reference_of(settings.scope);
    set_limit(bound, on_the_ramp(obligation.begins, signal.ramp, reference, target_of(obligation, reference), now, limits), settings.margin_ppm);
    return bound;
}

/// What it will ask is promised from the moment that it is known.
void announce(const Dispatch& settings, const Obligation& obligation, Limits& limits) {
    limits.changes(obligation.begins);
    const Bound bound = asked(settings, obligation, later(obligation.begins, obligation.signal.ramp), limits);
    if (!bound.everything) limits.promises.push_back({bound.scope, bound.high, {}, bound.why, later(bound.since, bound.prove_within)});
}

bool obeys(const Dispatch& settings, const Obligation& obligation) {
    return is_call(obligation.signal.kind) && std::ranges::find(settings.sources, obligation.signal.source) != settings.sources.end();
}

}  // namespace

Policy dispatch(Dispatch settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) {
        for (const Obligation& obligation : state.obligations) {
            if (!obeys(settings, obligation)) continue;
            if (now.steady < obligation.begins) announce(settings, obligation, limits);
            else if (now.steady < obligation.ends) limits.bounds.push_back(asked(settings, obligation, now.steady, limits));
        }
        shed_for_silence(state, settings.sources, bound_of(settings, {settings.policy, {}, Cause::dispatch, settings.rank, {}, EscalateTo::repeat}), limits);
    };
}

}  // namespace ballast::policies
