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
    armed_floor,     ///< Of a floor: a programme pays for load that can be shed.
    minimum_draw,    ///< Of a floor: take-or-pay, or heat that was sold.
    beyond_quota,    ///< Of a call: more than the programme may ask, and declined.
    demand_peak,     ///< The window's mean was to pass the demand that is paid for.
    feeder_limit,    ///< A cable or a transformer may carry no more.
    ambient_derating,  ///< It may carry less than at its rated temperature.
    supply_lost,     ///< Nothing rises while there is no supply to rise from.
    cold_start,      ///< Nor just after it has returned, nor before a load's turn.
    heat_demand,     ///< Of a floor: heat that was sold.
    coincident_peak, ///< The system's demand may be one that is billed, and that is worth more than to go on mining.
    maintenance,     ///< People work on it.
    overridden,      ///< A person's own limit, for a while.
    run_regardless,  ///< Of a floor: a person wants it to run whatever the price.
    base_point,           ///< Of a floor: a base point is followed upwards too.
    programme_ceiling,    ///< Called, and its programme leaves less than the call itself.
    beyond_quota_obeyed,  ///< Of a call: more than the programme may ask, and obeyed all the same.
};

/// A floor's number is the least that may be drawn, any other's the most.
constexpr bool is_floor(Reason reason) {
    return reason == Reason::armed_floor || reason == Reason::base_point || reason == Reason::minimum_draw || reason == Reason::heat_demand || reason == Reason::run_regardless;
}
/// Neither a floor nor what is only told of a call.
constexpr bool limits_draw(Reason reason) { return !is_floor(reason) && reason != Reason::beyond_quota && reason != Reason::beyond_quota_obeyed; }

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

/// It saves money, and gives way to whatever is owed: dwell, ramps, armed floors, a person's hold.
constexpr bool is_for_money(const Why& why) { return why.cause == Cause::price || why.reason == Reason::demand_peak; }

/// More than any site draws, and yet no sum of a few runs over.
constexpr Power no_limit{1'000'000'000'000};

/// Watts on a scope: act above `high`, shed down to `aim`, refill only below `release` and up to `aim`.
/// release <= aim <= high. With `everything` all that is
/// interruptible goes, and the engine fills in what may remain: firm reserve, residual and standby.
struct Bound {
    Scope scope;
    bool everything = false;
    bool standstill = false;  ///< Nobody is shed, and nothing rises.
    Power high = Power::max(), aim = Power::max(), release = Power::max();
    Power back = Power::max();  ///< What interruptible loads may draw for the moment, so that a mean comes back; max: no less than `aim`.
    Duration window{0};      ///< Averaging window of the meter that judges `high`; 0: instantaneous.
    Steady since = Steady::min();      ///< It has to be met from then on; min: always had to.
    Duration prove_within{30'000};     ///< The meter must show it this long after that, or after it was exceeded.
    Duration contactor_after{60'000};  ///< And this much later a contactor may open for it, if `why` lets it.
    Why why;

    Power down_to() const { return std::min(aim, back); }
};

/// Strikes of a group: below `stop_below` stop, from `start_at` may start, between stay as they are.
/// A price is never turned into watts.
struct Cutoff {
    GroupId group{};
    Price stop_below = Price::lowest(), start_at = Price::lowest();
    Why why;
};

/// Watts that a scope has promised to draw: below `low` loads start, up to `keep`, whatever the price; for money none
/// stops whose leaving would take it below `keep`. Every bound outweighs it. low <= keep.
struct Floor {
    /// What is counted: all that the scope draws, or only what could be shed there.
    enum class Of : std::uint8_t { all, sheddable };
    Scope scope;
    Of of = Of::all;
    Power low, keep;
    Why why;
};

/// Nothing is asked yet, but it may be: could the scope come down to `high`, and by `give`? That it could not is told
/// beforehand. Of a call that is known and has not begun, `why` names the event, and `due` when the meter must show it.
struct Promise {
    Scope scope;
    Power high = no_limit, give;
    Why why;
    Steady due = never;
};

struct Limits {
    std::vector<Bound> bounds;
    std::vector<Cutoff> cutoffs;
    std::vector<Floor> floors;
    std::vector<Promise> promises;
    Steady changes_at = never;  ///< Without new events no policy says otherwise before.

    void clear() { bounds.clear(); cutoffs.clear(); floors.clear(); promises.clear(); changes_at = never; }
    void changes(Steady at) { if (at < changes_at) changes_at = at; }
};

}  // namespace ballast
