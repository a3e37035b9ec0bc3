#include "policies/minimum_draw.hpp"

namespace ballast::policies {

Policy minimum_draw(MinimumDraw settings) {
    return [settings = std::move(settings)](const State&, Now now, Limits& limits) {
        if (!settings.hours.always()) limits.changes(next_minute(now));
        if (!settings.hours.contains(settings.clock, now.utc)) return;
        const Why why{settings.policy, {}, Cause::capacity, settings.rank, Reason::minimum_draw};
        limits.floors.push_back({settings.scope, Floor::Of::all, settings.at_least, settings.keep, why});
    };
}

}  // namespace ballast::policies
