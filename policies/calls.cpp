#include "policies/calls.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

constexpr Duration ramp_step{1'000};

}  // namespace

Power on_the_ramp(Steady begins, Duration ramp, Power reference, Power target, Steady now, Limits& limits) {
    if (ramp <= Duration{0} || now - begins >= ramp || reference <= target) return target;
    const Duration elapsed = std::min(((now - begins) / ramp_step + 1) * ramp_step, ramp);
    limits.changes(begins + elapsed);
    const Int128 fallen = Int128{(reference - target).count} * elapsed.count() / ramp.count();
    return reference - Power{static_cast<std::int64_t>(fallen)};
}

Power target_of(const Obligation& obligation, Power reference) {
    const Power asked = std::clamp(obligation.signal.power, -no_limit, no_limit);
    return obligation.signal.ask == Ask::absolute ? asked : std::max(Power{}, reference - asked);
}

Power less(Power limit, std::int64_t ppm) { return limit - Power{static_cast<std::int64_t>(Int128{limit.count} * ppm / 1'000'000)}; }

void set_limit(Bound& bound, Power limit, std::int64_t margin_ppm) {
    bound.high = limit;
    bound.aim = less(limit, margin_ppm);
    bound.release = less(limit, 2 * margin_ppm);
}

void shed_for_silence(const State& state, const std::vector<SourceId>& sources, const Bound& like, Limits& limits) {
    for (const SourceId source : sources) {
        if (!state.sources[index(source)].stale || state.site->sources[index(source)].on_stale != OnStale::shed) continue;
        Bound bound = like;
        bound.everything = true;
        bound.why.source = source;
        bound.why.reason = Reason::source_silent_shed;
        limits.bounds.push_back(bound);
    }
}

}  // namespace ballast::policies
