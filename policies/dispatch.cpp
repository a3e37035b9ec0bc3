#include "policies/dispatch.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

constexpr Duration ramp_step{1'000};

Power target_of(const Obligation& obligation, Power reference) {
    constexpr Power most{1'000'000'000'000};  // What no site draws, and no sum runs over.
    const Power asked = std::clamp(obligation.signal.power, -most, most);
    return obligation.signal.ask == Ask::absolute ? asked : std::max(Power{}, reference - asked);
}

/// Straight from the reference down to the target while the ramp lasts; each step already as low as the line at its end.
Power on_the_ramp(const Obligation& obligation, Power reference, Power target, Steady now, Limits& limits) {
    const Duration ramp = obligation.signal.ramp;
    if (now - obligation.begins >= ramp || reference <= target) return target;
    const Duration elapsed = std::min(((now - obligation.begins) / ramp_step + 1) * ramp_step, ramp);
    limits.changes(obligation.begins + elapsed);
    const Int128 fallen = Int128{(reference - target).count} * elapsed.count() / ramp.count();
    return reference - Power{static_cast<std::int64_t>(fallen)};
}

Power less(Power limit, Int128 ppm) { return limit - Power{static_cast<std::int64_t>(Int128{limit.count} * ppm / 1'000'000)}; }

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
    bound.high = on_the_ramp(obligation, reference, target_of(obligation, reference), now, limits);
    bound.aim = less(bound.high, settings.margin_ppm);
    bound.release = less(bound.high, 2 * Int128{settings.margin_ppm});
    return bound;
}

}  // namespace

Policy dispatch(Dispatch settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) {
        for (const Obligation& obligation : state.obligations) {
            if (std::ranges::find(settings.sources, obligation.signal.source) == settings.sources.end()) continue;
            if (now.steady < obligation.begins) limits.changes(obligation.begins);
            else if (now.steady < obligation.ends) limits.bounds.push_back(asked(settings, obligation, now.steady, limits));
        }
        for (const SourceId source : settings.sources) {
            if (!state.sources[index(source)].stale || state.site->sources[index(source)].on_stale != OnStale::shed) continue;
            Bound bound = bound_of(settings, {settings.policy, source, Cause::dispatch, settings.rank,
                                              Reason::source_silent_shed, EscalateTo::repeat});
            bound.everything = true;
            limits.bounds.push_back(bound);
        }
    };
}

}  // namespace ballast::policies
