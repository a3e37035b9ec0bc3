#include "policies/person_limits.hpp"

#include "policies/calls.hpp"

namespace ballast::policies {

namespace {

/// Of what may stop there, above its standby.
Power sheddable(const Site& site, Scope scope) {
    Power sum;
    for (std::uint16_t g = 0; g < site.groups.size(); ++g) {
        const Site::Group& group = site.groups[g];
        if (group.tier != Tier::interruptible || group.driver == "contactor" || !site.feeds(scope, g)) continue;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += site.loads[s].rated - group.standby;
    }
    return sum;
}

}  // namespace

Policy person_limits(PersonLimits settings) {
    return [settings](const State& state, Now now, Limits& limits) {
        for (const Override& said : state.overrides) {
            Why why{settings.policy, settings.source, Cause::person, settings.rank, Reason::overridden};
            why.until = now.utc + (said.until - now.steady);
            if (said.runs()) {
                why.reason = Reason::run_regardless;
                const Power all = sheddable(*state.site, said.scope);
                limits.floors.push_back({said.scope, Floor::Of::sheddable, all, all, why});
                continue;
            }
            Bound bound;
            bound.scope = said.scope;
            bound.why = why;
            set_limit(bound, said.limit, settings.margin_ppm);
            limits.bounds.push_back(bound);
        }
    };
}

}  // namespace ballast::policies
