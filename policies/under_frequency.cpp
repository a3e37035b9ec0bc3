#include "policies/under_frequency.hpp"

namespace ballast::policies {

Policy under_frequency(UnderFrequency settings) {
    return [settings](const State& state, Now, Limits& limits) {
        if (state.guards[index(settings.guard)].tripped == 0) return;
        Bound bound;
        bound.standstill = true;
        bound.why = {settings.policy, settings.source, Cause::emergency, settings.rank, Reason::under_frequency};
        limits.bounds.push_back(bound);
    };
}

}  // namespace ballast::policies
