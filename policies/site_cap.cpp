#include "policies/site_cap.hpp"

namespace ballast::policies {

Policy site_cap(SiteCap settings) {
    return [settings](const State&, Now, Limits& limits) {
        Bound bound;
        bound.scope = settings.scope;
        bound.high = settings.act_above;
        bound.aim = settings.aim;
        bound.release = settings.release;
        bound.window = settings.window;
        bound.prove_within = settings.prove_within;
        bound.contactor_after = settings.contactor_after;
        bound.why = {settings.policy, {}, Cause::capacity, settings.rank, settings.reason, settings.escalate_to};
        limits.bounds.push_back(bound);
    };
}

}  // namespace ballast::policies
