#pragma once
#include "model/ids.hpp"
#include "model/site.hpp"
#include "model/units.hpp"

#include <vector>

namespace ballast {

/// On whose account a load moves; decides dwell, ramp and how far escalation goes.
enum class Cause : std::uint8_t { price, dispatch, capacity, emergency, person };

/// The sentence behind a limit, in a form that costs nothing to carry.
enum class Reason : std::uint8_t {
    price_above_strike,
    price_unknown_held,
    price_unknown_shed,
    dispatched,
    dispatched_full,
    reduction_from_reference,
    source_silent_shed,
    contract_limit,
    allowed_again,   ///< Of a raise: nothing forbids it any more.
    called_back,     ///< On its way up when a person locked it out, or everything was to go.
    under_frequency, ///< The grid's frequency fell below a stage, and has not been back for long enough.
    still_standing,  ///< Of a repeat: the limit stands and the load was not seen to obey.
};

/// Who set a number, how much it weighs, why, and for how long.
struct Why {
    PolicyId policy{};
    SourceId source{};       ///< Meaningless for a limit of our own (site_cap).
    Cause cause{};
    std::uint8_t rank = 0;   ///< Lower weighs more.
    Reason reason{};
    EscalateTo escalate_to = EscalateTo::repeat;
    EventId event{};         ///< 0: the engine gives the policy's running episode.
    Instant until = open_end;
    bool operator==(const Why&) const = default;
};

/// Watts on a scope: act above `high`, shed down to `aim`, refill only below `release` and up to `aim`.
/// `low` is a floor that a contract may ask for. low <= release <= aim <= high. With `everything` all that is
/// interruptible goes, and the engine fills in what may remain: firm reserve, residual and standby.
struct Bound {
    Scope scope;
    bool everything = false;
    bool standstill = false;  ///< Nobody is shed, and nothing rises.
    Power low = Power::lowest(), high = Power::max(), aim = Power::max(), release = Power::max();
    Duration window{0};      ///< Averaging window of the meter that judges `high`; 0: instantaneous.
    Steady since = Steady::min();      ///< It has to be met from then on; min: always had to.
    Duration prove_within{30'000};     ///< The meter must show it this long after that, or after it was exceeded.
    Duration contactor_after{60'000};  ///< And this much later a contactor may open for it, if `why` lets it.
    Why why;
};

/// Strikes of a group: below `stop_below` stop, from `start_at` may start, between stay as they are.
/// A price is never turned into watts.
struct Cutoff {
    GroupId group{};
    Price stop_below = Price::lowest(), start_at = Price::lowest();
    Why why;
};

struct Limits {
    std::vector<Bound> bounds;
    std::vector<Cutoff> cutoffs;
    Steady changes_at = never;  ///< Without new events no policy says otherwise before.

    void clear() { bounds.clear(); cutoffs.clear(); changes_at = never; }
    void changes(Steady at) { if (at < changes_at) changes_at = at; }
};

}  // namespace ballast
