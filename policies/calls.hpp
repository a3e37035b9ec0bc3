#pragma once
#include "model/state.hpp"

/// What the policies that obey calls have in common.
namespace ballast::policies {

/// Straight from the reference down to the target while the ramp lasts; each step already as low as the line at its end.
Power on_the_ramp(Steady begins, Duration ramp, Power reference, Power target, Steady now, Limits& limits);

/// What an obligation asks its scope to draw at the most, once its ramp is over. Not for Ask::full.
Power target_of(const Obligation& obligation, Power reference);

/// So many millionths below the limit.
Power less(Power limit, std::int64_t ppm);

/// A limit with its bands: aim the margin below it, refill below twice that.
void set_limit(Bound& bound, Power limit, std::int64_t margin_ppm);

/// What silence means where the site file says `shed`: everything may as well have been called.
void shed_for_silence(const State& state, const std::vector<SourceId>& sources, const Bound& like, Limits& limits);

}  // namespace ballast::policies
