#include "policies/heat_demand.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

Power scheduled(const HeatDemand& settings, Now now, Limits& limits) {
    if (settings.schedule.empty()) return settings.thermal;
    limits.changes(next_minute(now));
    const auto slot = std::ranges::find_if(settings.schedule, [&](const HeatDemand::Slot& s) { return s.hours.contains(settings.clock, now.utc); });
    return slot == settings.schedule.end() ? settings.thermal : slot->thermal;
}

Power wanted(const HeatDemand& settings, const State& state, Now now, Limits& limits) {
    if (!settings.source) return scheduled(settings, now, limits);
    const auto& level = state.levels[index(*settings.source)];
    const bool silent = state.sources[index(*settings.source)].stale;
    const OnStale on_stale = state.site->sources[index(*settings.source)].on_stale;
    if (silent && on_stale == OnStale::shed) return {};
    if (!level || (silent && on_stale == OnStale::run)) return scheduled(settings, now, limits);
    return Power{level->value};
}

}  // namespace

Power electric(Power thermal, std::int64_t heat_ppm) {
    return Power{static_cast<std::int64_t>((Int128{thermal.count} * 1'000'000 + heat_ppm - 1) / heat_ppm)};
}

Policy heat_demand(HeatDemand settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) {
        const Power low = electric(wanted(settings, state, now, limits), settings.heat_ppm);
        if (low <= Power{}) return;
        const Power keep = low + Power{static_cast<std::int64_t>(Int128{low.count} * settings.margin_ppm / 1'000'000)};
        const Why why{settings.policy, settings.source.value_or(SourceId{}), Cause::capacity, settings.rank, Reason::heat_demand};
        limits.floors.push_back({settings.scope, Floor::Of::all, low, keep, why});
    };
}

}  // namespace ballast::policies
