#pragma once
#include "model/economics.hpp"
#include "model/state.hpp"

namespace ballast::policies {

/// What a stop and a start cost the machines of a group, for the worth-cycling test.
struct Cycle {
    Cycling cost;
    Price adder;                   ///< Of the group's Economics: what is lost on the ramp was worth this much more than the strike.
    std::int64_t standby_ppm = 0;  ///< What a stopped machine still draws, in 10^-6 of its nameplate.
    Duration min_off{0}, min_on{0};  ///< It cannot come back, or go again, any sooner.
};

struct PriceStrike {
    PolicyId policy{};
    SourceId prices{};             ///< The signal whose intervals decide.
    std::vector<GroupId> groups;
    unsigned down_after = 1;       ///< Distinct intervals above the strike before a machine stops; >= 1.
    unsigned up_after = 1;         ///< Distinct intervals at or below it before it may start; >= 1.
    std::uint8_t rank = 50;
    std::vector<std::optional<Cycle>> cycles;  ///< By place in `groups`; none, or absent: not tested.
    /// The last price that is known is expected to last this long from when its interval began; it lasts at least its
    /// interval. Absent: two hours, and a market that tells its prices only afterwards is not weighed at all: what was a little
    /// above the strike for an hour is, on average, followed by more (docs/economics.md).
    std::optional<Duration> expected_spike;
    /// The same for who waits to start; 0: for ever. Absent: four hours, and for ever where prices are told only afterwards.
    std::optional<Duration> expected_calm;
};

/// Mines while the price pays. A machine stops when the last `down_after` intervals were all above its strike and may
/// start when the last `up_after` were all at or below it; between, it stays as it is. Intervals that have not
/// been heard of do not count either way. What a silent source means is the source's `on_stale`.
///
/// A group with a `Cycle` stops only where a machine saves more than the cycle costs, and starts only where it earns more.
/// P(t) is what power costs up to t beyond standby, over the intervals that are known ahead and then what is expected.
/// A machine of strike S is worth stopping if for some t, before any at which it would have been better off running,
///     P(t) - S t > ramp / 2 (S + adder) + wear
/// and worth starting if for some t, before any at which it would have been better off asleep,
///     S t - P(t) > ramp / 2 (S + adder) + wear.
Policy price_strike(PriceStrike settings);

constexpr Duration usual_spike{7'200'000}, usual_calm{14'400'000};  ///< What won on real prices.

/// The two cutoffs of that test: below the first it is worth stopping, from the second it is worth starting.
struct WorthCycling {
    Price stop_below, start_at;
};
WorthCycling worth_cycling(const PriceTimeline& prices, Steady now, const Cycle& cycle, Duration expected_spike, Duration expected_calm);

}  // namespace ballast::policies
