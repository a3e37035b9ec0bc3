#include "policies/ambient_derating.hpp"

#include "policies/calls.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

Power least(const std::vector<AmbientDerating::Point>& table) { return std::ranges::min(table, {}, &AmbientDerating::Point::most).most; }

/// Nothing: the source is silent, and that means run.
std::optional<Power> allowed(const AmbientDerating& settings, const State& state) {
    const auto& level = state.levels[index(settings.source)];
    const bool silent = state.sources[index(settings.source)].stale;
    const OnStale on_stale = state.site->sources[index(settings.source)].on_stale;
    if (silent && on_stale == OnStale::run) return std::nullopt;
    if (!level || (silent && on_stale == OnStale::shed)) return least(settings.table);
    return may_carry(settings.table, Temperature{level->value});
}

}  // namespace

Power may_carry(const std::vector<AmbientDerating::Point>& table, Temperature at) {
    const auto next = std::ranges::upper_bound(table, at, {}, &AmbientDerating::Point::at);
    if (next == table.begin()) return next->most;
    const auto before = std::prev(next);
    if (next == table.end()) return before->most;
    const Int128 change = Int128{(next->most - before->most).count} * (at - before->at).count, degrees = (next->at - before->at).count;
    return before->most + Power{static_cast<std::int64_t>(change / degrees - (change % degrees < 0 ? 1 : 0))};
}

Policy ambient_derating(AmbientDerating settings) {
    return [settings = std::move(settings)](const State& state, Now, Limits& limits) {
        const auto most = allowed(settings, state);
        if (!most) return;
        Bound bound;
        bound.scope = settings.scope;
        set_limit(bound, *most, settings.margin_ppm);
        bound.window = settings.window;
        bound.prove_within = settings.prove_within;
        bound.contactor_after = settings.contactor_after;
        bound.why = {settings.policy, settings.source, Cause::capacity, settings.rank, Reason::ambient_derating, settings.escalate_to};
        limits.bounds.push_back(bound);
    };
}

}  // namespace ballast::policies
