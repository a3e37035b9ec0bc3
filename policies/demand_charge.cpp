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
Window window_of(const MeterState& meter, const DemandCharge& settings, Now now) {
    Window window{peaks_of(meter, settings.window), {}};
    const Instant begins = window.peaks.floor(now.utc);
    if (meter.taken == Steady::min()) return {window.peaks, begins};
    const Instant taken = now.utc - (now.steady - meter.taken);
    window.as_of = std::clamp(taken, begins, now.utc);
    if (meter.fresh) window.peaks.add(meter.power, taken, window.as_of);
    return window;
}

Power share(Power power, std::int64_t ppm) { return Power{static_cast<std::int64_t>(Int128{power.count} * ppm / 1'000'000)}; }

/// What no order can lower.
Power unavoidable(const State& state) {
    Power sum{state.residual_mw.empty() ? 0 : state.residual_mw[0] / 1'000};
    for (std::size_t g = 0; g < state.groups.size(); ++g)
        if (state.site->groups[g].tier == Tier::firm) sum += state.groups[g].measured;
    return sum;
}

Power paid_demand(const DemandCharge& settings, const State& state, const Peaks& peaks, Instant now) {
    return std::max({settings.paid, unavoidable(state), peaks.month(now).value_or(Power{}),
                     share(peaks.twelve_months(now).value_or(Power{}), settings.ratchet_ppm)});
}

/// A kW more, mined for the rest of the month, against what it is billed: this month whole, and by the ratchet for eleven more.
bool passing_pays(const DemandCharge& settings, Instant now) {
    const Int128 left = (Peaks::month_end(now) - now).count();
    const Int128 billed_ppm = 1'000'000 + Int128{11} * settings.ratchet_ppm;
    return Int128{settings.mining_earns.count} * left * 1'000'000 > Int128{settings.per_kw_month.count} * billed_ppm * hour_ms;
}

/// When in the month it no longer will. Only asked while it does.
Instant last_to_pay(const DemandCharge& settings, Instant now) {
    const Int128 billed_ppm = 1'000'000 + Int128{11} * settings.ratchet_ppm;
    const Int128 needed = Int128{settings.per_kw_month.count} * billed_ppm * hour_ms / (Int128{settings.mining_earns.count} * 1'000'000);
    return Peaks::month_end(now) - Duration{static_cast<std::int64_t>(std::min(needed, Int128{40} * 24 * hour_ms))};
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
        if (passing_pays(settings, now.utc)) return limits.changes(steadily(last_to_pay(settings, now.utc)));
        const auto [peaks, as_of] = window_of(state.meters[index(settings.meter)], settings, now);
        const Power level = paid_demand(settings, state, peaks, now.utc);
        limits.changes(steadily(peaks.floor(now.utc) + settings.window));
        Bound bound;
        bound.high = rest_may_draw(level, peaks, as_of);
        bound.aim = std::min(bound.high, level) - Power{level.count / 100};  // A window that began low is no reason to wake anybody.
        bound.release = bound.aim - Power{level.count / 100};
        bound.prove_within = settings.prove_within;
        bound.why = why;
        limits.bounds.push_back(bound);
    };
}

}  // namespace ballast::policies
