#include "policies/demand_charge.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

constexpr Int128 hour_ms = 3'600'000;
constexpr Duration shortest_rest{60'000};  ///< What is over in less is not worth stopping everything for.

const Peaks& peaks_of(const MeterState& meter, Duration window) {
    return window == meter.half_hours.window() ? meter.half_hours : meter.quarter_hours;
}

/// The window as the meter last knew it, and no later than its own beginning: so the policy says the same until it is read again.
struct Window {
    Peaks peaks;
    Instant as_of;
};
Window window_of(const MeterState& meter, const DemandCharge& settings, const WallClock& clock, Now now) {
    Window window{peaks_of(meter, settings.window), {}};
    const Instant begins = window.peaks.floor(now.utc);
    if (meter.taken == Steady::min()) return {window.peaks, begins};
    const Instant taken = now.utc - (now.steady - meter.taken);
    window.as_of = std::clamp(taken, begins, now.utc);
    if (meter.fresh) window.peaks.add(meter.power, taken, window.as_of, clock);
    return window;
}

Power share(Power power, std::int64_t ppm) { return Power{static_cast<std::int64_t>(Int128{power.count} * ppm / 1'000'000)}; }

/// What no order can lower.
Power unavoidable(const State& state) {
    const Power residual{state.residual_mw.empty() ? 0 : state.residual_mw[0] / 1'000};
    Power sum;
    for (std::size_t g = 0; g < state.groups.size(); ++g)
        if (state.site->groups[g].tier == Tier::firm) sum += state.groups[g].measured;
    return residual + with_cooling(sum, state.site->cooling_ppm);
}

Power paid_demand(const DemandCharge& settings, const State& state, const Peaks& peaks, Instant now) {
    return std::max({settings.paid, unavoidable(state), peaks.month(now, state.site->clock).value_or(Power{}),
                     share(peaks.twelve_months(now, state.site->clock).value_or(Power{}), settings.ratchet_ppm)});
}

/// How long a kW must mine to earn what it is billed. The ratchet does not enter: where a month's mining is worth its
/// demand, the months after would pass as well; where it is not, this one does not.
Duration pays_after(const DemandCharge& settings) {
    constexpr Duration longest = std::chrono::days{32};  // Longer than any month: never.
    if (settings.mining_earns <= Price{}) return longest;
    const Int128 needed = Int128{settings.per_kw_month.count} * hour_ms / settings.mining_earns.count;
    return needed < longest.count() ? Duration{static_cast<std::int64_t>(needed)} : longest;
}

/// What the rest of the window may draw so that its mean is the demand that is paid for.
Power rest_may_draw(Power paid, const Peaks& peaks, Instant now) {
    const Duration window = peaks.window(), gone = now - peaks.floor(now);
    const Int128 drawn = peaks.energy(now).count + Int128{paid.count} * (gone - peaks.measured(now)).count();  // Unread: as if at the limit.
    const Int128 budget = Int128{paid.count} * window.count() - drawn;
    return Power{static_cast<std::int64_t>(std::max(Int128{0}, budget / std::max(window - gone, shortest_rest).count()))};
}

}  // namespace

Policy demand_charge(DemandCharge settings) {
    const Why why{settings.policy, {}, Cause::capacity, settings.rank, Reason::demand_peak};
    return [settings, why](const State& state, Now now, Limits& limits) {
        const auto steadily = [&](Instant at) { return later(now.steady, at - now.utc); };
        const Instant passes_until = Peaks::month_end(now.utc, state.site->clock) - pays_after(settings);
        if (now.utc < passes_until) return limits.changes(steadily(passes_until));
        const auto [peaks, as_of] = window_of(state.meters[index(settings.meter)], settings, state.site->clock, now);
        // Where nobody has seen a whole window of a month that has begun before, what is drawn is what is billed.
        const bool unseen = settings.paid == Power{} && !peaks.twelve_months(now.utc, state.site->clock);
        if (unseen && now.utc - Peaks::month_begin(now.utc, state.site->clock) >= settings.window) return limits.changes(steadily(peaks.floor(now.utc) + settings.window));
        const Power level = paid_demand(settings, state, peaks, now.utc);
        limits.changes(steadily(peaks.floor(now.utc) + settings.window));
        Bound bound;
        bound.high = rest_may_draw(level, peaks, as_of);
        bound.aim = bound.release = std::min(bound.high, level);  // A window that began low is no reason to wake anybody.
        bound.prove_within = settings.prove_within;
        bound.why = why;
        limits.bounds.push_back(bound);
    };
}

}  // namespace ballast::policies
