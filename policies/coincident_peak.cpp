#include "policies/coincident_peak.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

constexpr Int128 hour = 3'600'000;

Price clamped(Int128 count) { return Price{static_cast<std::int64_t>(std::clamp(count, Int128{Price::lowest().count} / 4, Int128{Price::max().count} / 4))}; }

/// A stretch of time in which not drawing is worth something, and who says so.
struct Window {
    SourceId source{};
    Duration length{0};
    std::int64_t ppm = 0, most_ppm = 0;
};

/// One moment of one tariff.
class Moment {
public:
    Moment(const CoincidentPeak& terms, const State& state, Now now, Limits& limits)
        : terms_{terms}, state_{state}, watch_{state.site->watches[index(terms.watch)]}, known_{state.watches[index(terms.watch)]}, now_{now}, limits_{limits} {}

    void ask() {
        if (!within_budget()) return;
        find_windows();
        for (const auto& machines : terms_.machines) ask(machines);
        for (const SourceId source : watch_.forecasts) ask_for_silence(source);
        if (watch_.demand) ask_for_silence(*watch_.demand);
    }

private:
    // ---- the budget

    const Episode* running() const {
        const auto found = std::ranges::find(state_.episodes, terms_.policy, &Episode::policy);
        return found == state_.episodes.end() ? nullptr : &*found;
    }

    bool within_budget() {
        if (watch_.terms.budget <= Duration{0}) return true;
        const Episode* now = running();
        left_ = watch_.terms.budget - known_.spent() - (now ? now_.steady - now->since : Duration{0});
        if (now && left_ > Duration{0}) limits_.changes(later(now_.steady, left_));
        return left_ > Duration{0};
    }

    /// What the hours are kept for is judged when the running stop began, so that nothing changes but by what is told.
    std::int64_t least_ppm() const {
        if (watch_.terms.budget <= Duration{0}) return 0;
        return known_.least_ppm(watch_.terms, watch_.terms.budget - known_.spent());
    }

    // ---- windows

    void find_windows() {
        const std::int64_t least = least_ppm();
        const auto see = [&](Window window, Steady ends) {
            if (window.ppm < least) window.ppm = 0;
            if (window.most_ppm < least) window.most_ppm = 0;
            if (window.most_ppm <= 0 || now_.steady >= ends) return;
            windows_.push_back(window);
            limits_.changes(ends);
        };
        for (const PeakForecast& forecast : state_.forecasts) {
            if (std::ranges::find(watch_.forecasts, forecast.source) == watch_.forecasts.end()) continue;
            const Steady begins = forecast.begins - watch_.terms.lead;
            if (now_.steady < begins) limits_.changes(begins);
            else see({forecast.source, forecast.ends - forecast.begins, forecast.ppm, forecast.ppm}, forecast.ends);
        }
        if (!watch_.demand || state_.sources[index(*watch_.demand)].stale) return;
        for (const PeakChance& chance : {known_.running(), known_.coming()}) see({*watch_.demand, watch_.terms.interval, chance.ppm, chance.most_ppm}, chance.ends);
    }

    // ---- machines

    Price cost_of_power(const std::optional<SourceId>& source) const {
        if (!source) return Price{};
        const auto begun = state_.prices[index(*source)].begun(now_.steady);
        return begun.empty() ? Price{} : begun.back().price;
    }

    Price worth(std::int64_t ppm, const Window& window) const { return worth_of_chance(terms_.per_kw_year, watch_.terms.counted(), ppm, window.length); }

    /// Whose strike is below this is worth stopping for the window, its cycle included:
    ///     (worth + price) (1 - standby) off - strike off > ramp / 2 (strike + adder) + wear
    Price stops_below(Price saved, Duration window, const std::optional<Cycle>& cycle) const {
        if (!cycle) return saved;
        const Int128 off = std::max(window, cycle->min_off).count(), ramp = cycle->cost.ramp.count();
        const Int128 awake = Int128{saved.count} * (1'000'000 - cycle->standby_ppm) / 1'000'000;
        const Int128 cost = ramp * cycle->adder.count + 2 * Int128{cycle->cost.wear.count} * hour;
        return clamped((2 * awake * off - cost) / (2 * off + ramp));
    }

    void ask(const CoincidentPeak::Machines& machines) {
        const Price costs = cost_of_power(machines.prices);
        Price stop = Price::lowest(), start = Price::lowest();
        SourceId by{};
        for (const Window& window : windows_) {
            const Price starts = clamped(Int128{costs.count} + worth(window.most_ppm, window).count);
            if (window.ppm > 0) stop = std::max(stop, stops_below(clamped(Int128{costs.count} + worth(window.ppm, window).count), window.length, machines.cycle));
            if (starts > start) start = starts, by = window.source;
        }
        stop = std::min(stop, start);  // Below nothing, the standby's share would turn them about.
        if (start > Price::lowest()) limits_.cutoffs.push_back({machines.group, stop, start, why(by, Reason::coincident_peak)});
    }

    // ---- silence

    void ask_for_silence(SourceId source) {
        if (!state_.sources[index(source)].stale) return;
        const OnStale means = state_.site->sources[index(source)].on_stale;
        if (means == OnStale::run) return;
        if (!watch_.terms.when.always()) limits_.changes(next_minute(now_));
        if (!watch_.terms.when.contains(watch_.terms.clock, now_.utc)) return;
        const Price stop = means == OnStale::shed ? Price::max() : Price::lowest();
        for (const auto& machines : terms_.machines)
            limits_.cutoffs.push_back({machines.group, stop, Price::max(), why(source, means == OnStale::shed ? Reason::price_unknown_shed : Reason::price_unknown_held)});
    }

    Why why(SourceId source, Reason reason) const { return {terms_.policy, source, Cause::price, terms_.rank, reason}; }

    const CoincidentPeak& terms_;
    const State& state_;
    const Site::Watch& watch_;
    const PeakWatch& known_;
    const Now now_;
    Limits& limits_;
    std::vector<Window> windows_;
    Duration left_{0};
};

}  // namespace

Price worth_of_chance(Price per_kw_year, unsigned counted, std::int64_t ppm, Duration window) {
    if (counted == 0 || window <= Duration{0}) return Price{};
    return clamped(Int128{per_kw_year.count} * ppm * hour / (Int128{1'000'000} * counted * window.count()));
}

Policy coincident_peak(CoincidentPeak settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) { Moment{settings, state, now, limits}.ask(); };
}

}  // namespace ballast::policies
