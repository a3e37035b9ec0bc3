#include "policies/price_strike.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

constexpr Int128 hour = 3'600'000;  // ms: 10^-9 per kW, as 10^-9 per kWh x ms.

Int128 floor_of(Int128 a, Int128 b) { return a / b - (a % b < 0 ? 1 : 0); }
Int128 ceil_of(Int128 a, Int128 b) { return a / b + (a % b > 0 ? 1 : 0); }

/// Never Price::max(), which would cut off everybody.
Price price_of(Int128 count) { return Price{static_cast<std::int64_t>(std::clamp(count, Int128{Price::lowest().count}, Int128{Price::max().count - 1}))}; }

/// When the prices of now were last something new: with the interval that runs, or since it has run out. Judged as of then,
/// the test says the same until the next price, however often somebody asks.
Steady judged_at(const PriceInterval& latest, Steady now) { return now < latest.ends ? latest.begins : latest.ends; }

/// What of a running machine's price is saved by its sleep, over a stretch of time: [from, to) at `rate`.
/// Known intervals first; the last that has begun holds until the next begins, and the last of all for as long as it is
/// expected to, and not less than to its end. Says up to when it has seen.
template <class See>
Duration look_ahead(const PriceTimeline& prices, Steady now, const Cycle& cycle, Duration expected, See see) {
    const auto rate = [&](Price price) { return Int128{price.count} * (1'000'000 - cycle.standby_ppm) / 1'000'000; };
    const auto begun = prices.begun(now), ahead = prices.all().subspan(begun.size());
    const Steady since = judged_at(begun.back(), now);
    Price price = begun.back().price;
    Duration from{0};
    for (const PriceInterval& next : ahead) {
        see(from, next.begins - since, rate(price));
        from = next.begins - since, price = next.price;
    }
    const Duration to = std::max(prices.all().back().ends - since, expected);
    see(from, to, rate(price));
    return to;
}

/// Twice what a cycle costs but for its share that grows with the strike, in 10^-9 per kWh x ms. Twice, so that half a ramp is whole.
Int128 twice_the_cost(const Cycle& cycle) { return 2 * Int128{cycle.cost.wear.count} * hour + Int128{cycle.cost.ramp.count()} * cycle.adder.count; }

/// Of all times to be off until, the one that the highest strike gains from: saved - strike t > ramp / 2 (strike + adder) + wear.
/// On the way there the machine must never have been better off running: strike <= saved / t. Between the ends of
/// stretches, and the earliest return, neither has an extreme. Who may not return before what is expected has passed, rests on
/// while nothing more is saved.
Price worth_stopping_below(const PriceTimeline& prices, Steady now, const Cycle& cycle, Duration expected) {
    const Int128 ramp = cycle.cost.ramp.count(), cost = twice_the_cost(cycle);
    Int128 saved = 0, better_off = Price::max().count - 1, most = Price::lowest().count;
    const auto until = [&](Int128 saved_by_then, Duration off) {
        better_off = std::min(better_off, floor_of(saved_by_then, off.count()));
        if (off >= cycle.min_off) most = std::max(most, std::min(better_off, floor_of(2 * saved_by_then - cost, 2 * Int128{off.count()} + ramp)));
    };
    Int128 last = 0;
    const Duration seen = look_ahead(prices, now, cycle, expected, [&](Duration from, Duration to, Int128 rate) {
        last = rate;
        if (to <= from) return;
        if (from == Duration{0}) better_off = std::min(better_off, rate);
        if (from < cycle.min_off && cycle.min_off < to) until(saved + rate * (cycle.min_off - from).count(), cycle.min_off);
        saved += rate * (to - from).count();
        until(saved, to);
    });
    if (seen < cycle.min_off) until(saved + std::min(last, Int128{0}) * (cycle.min_off - seen).count(), cycle.min_off);
    return price_of(most);
}

/// The mirror image: strike t - spared > ramp / 2 (strike + adder) + wear, and never worse off on the way than asleep. Who may
/// not stop before what is expected has passed, pays the last price on.
Price worth_starting_at(const PriceTimeline& prices, Steady now, const Cycle& cycle, Duration expected) {
    const Int128 ramp = cycle.cost.ramp.count(), cost = twice_the_cost(cycle);
    Int128 spared = 0, no_worse = Price::lowest().count, least = Price::max().count - 1, last = 0;
    const auto until = [&](Int128 spared_by_then, Duration on) {
        no_worse = std::max(no_worse, ceil_of(spared_by_then, on.count()));
        const Int128 earning = 2 * Int128{on.count()} - ramp;
        if (on >= cycle.min_on && earning > 0) least = std::min(least, std::max(no_worse, ceil_of(2 * spared_by_then + cost, earning)));
    };
    const Duration seen = look_ahead(prices, now, cycle, expected, [&](Duration from, Duration to, Int128 rate) {
        last = rate;
        if (to <= from) return;
        if (from == Duration{0}) no_worse = std::max(no_worse, rate);
        if (from < cycle.min_on && cycle.min_on < to) until(spared + rate * (cycle.min_on - from).count(), cycle.min_on);
        spared += rate * (to - from).count();
        until(spared, to);
    });
    if (seen < cycle.min_on) until(spared + last * (cycle.min_on - seen).count(), cycle.min_on);
    // Calm that lasts for ever pays for any cycle, if the last price lets the machine earn at all.
    if (expected == Duration{0}) least = std::min(least, std::max(no_worse, last));
    return price_of(least);
}

}  // namespace

WorthCycling worth_cycling(const PriceTimeline& prices, Steady now, const Cycle& cycle, Duration expected_spike, Duration expected_calm) {
    return {worth_stopping_below(prices, now, cycle, expected_spike), worth_starting_at(prices, now, cycle, expected_calm)};
}

}  // namespace ballast::policies
