#pragma once
#include "model/call_terms.hpp"
#include "model/efficiency.hpp"
#include "model/event.hpp"
#include "model/hosting.hpp"
#include "model/limit.hpp"
#include "model/order.hpp"
#include "model/peaks.hpp"
#include "model/person.hpp"
#include "model/prices.hpp"
#include "model/response.hpp"
#include "model/site.hpp"

#include <bit>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// Why a load may not be raised, whatever the limits say. Bits.
enum Bar : std::uint8_t {
    locked_out = 1,  ///< By a person; stands until cleared.
    latched = 2,     ///< Something else put it to sleep or opened it; stands until cleared.
    held = 4,        ///< By a person, for a while; neither raised nor lowered for money.
    maintained = 8,  ///< People work on it: nothing is ordered.
};

/// What is wanted of a load and what it last said, but for the watts. Eight bytes, so that neighbours are compared at once.
struct alignas(8) Stance {
    Mode mode = Mode::unknown;
    Quality quality = Quality::bad;
    bool on = true;              ///< What we want.
    bool seen = true;            ///< It was seen to obey.
    bool failing = false;        ///< Its last order failed or was given up: no credit for it in the books.
    bool stale = false;
    Fate fate = Fate::accepted;  ///< Of its last order.
    std::uint8_t spare = 0;

    constexpr std::uint64_t word() const { return std::bit_cast<std::uint64_t>(*this); }
    friend constexpr bool operator==(const Stance& a, const Stance& b) { return a.word() == b.word(); }
};

/// What we want of a load, what it said, and what we believe it draws.
struct LoadState : Stance {
    OrderId order{};             ///< The last one it was given; 0: none yet.
    Power watts;                 ///< If it runs: nameplate until a measured reading says better.
    Power reading;               ///< Last good one.
    Steady taken = Steady::min();  ///< Of `reading` and `mode`.
    Steady heard = Steady::min();  ///< Last answer of any kind; see also GroupState::heard.
};

/// What more is known of a flexible load: how far it was slowed, and whether its work is safe.
struct FlexState {
    Power cap = no_limit;        ///< Wanted; no_limit: none.
    Power lowest;                ///< Learned: it was told to draw less, and did not.
    Steady since = Steady::min();  ///< Of its last order, but for checkpoints.
    OrderId checkpoint{};        ///< The last one asked for; 0: none.
    EventId event{};             ///< For whose sake.
    Steady told = never;         ///< Since when it knows that it may be slowed; its notice counts from here.
    Steady asked = never;        ///< Of `checkpoint`.
    Steady saved = Steady::min();  ///< Its last acknowledged checkpoint; min: none that counts.
    bool missed = false;         ///< `checkpoint` was refused, or not acknowledged in time.
};

/// Neighbouring loads of a group that are wanted alike, since the same moment, under the same bars.
struct Run {
    Slot last = 0;               ///< One past; a run begins where the one before it ends.
    Steady since = Steady::min();
    bool on = true;
    std::uint8_t bars = 0;
};

/// Watts that loads were seen to have given up. A meter that lags may still show them.
struct Sunk {
    Steady seen;
    Power power;
};

struct GroupState {
    std::vector<Run> runs;       ///< Cover the group's loads in order.
    Power planned;               ///< Draw once every order has worked: what is on its way down counts as gone.
    Power possible;              ///< Draw if nothing on its way down has worked, and all on its way up has.
    Power lowering;              ///< Ordered away and, by what the loads say, still to be seen at the meter.
    std::vector<Sunk> sunk;      ///< Lately, oldest first.
    Power measured;              ///< Sum of what the loads last said (rated where they never did).
    Power unknown;               ///< To be added while no fresh meter covers them: nameplate of stale loads less the above.
    Power raising;               ///< Of loads ordered up and not yet seen up.
    Power doubtful;              ///< Of `planned`: nothing to count on where load is owed, of loads that are silent, in fault or did not come up.
    Slot stale = 0;              ///< Loads not heard of for too long.
    Slot unseen = 0;             ///< Loads not yet seen to obey.
    Steady heard = Steady::min();       ///< All of the group answered then, or later.
    Steady next_wake = Steady::min();   ///< Stagger.
    MachineResponse response;           ///< What was learned of its machines;
    LearnedEfficiency efficiency;       ///< and of what they draw for a hash.
    Rested rested;                      ///< Hosted machines, for the sake of others;
    Slot resting = 0;                   ///< and how many of them do now.
    // Taken when the epoch began, so that in it all stand in one order:
    std::int64_t efficiency_ppm = 1'000'000;  ///< What its J/TH by nameplate are multiplied with.
    Duration gave{0};                         ///< What its customer's machines had rested each.
};

struct MeterState {
    struct Sample {
        Steady taken;
        Power power;
    };
    Power power;
    Steady taken = Steady::min(), heard = Steady::min();
    bool fresh = false;
    std::deque<Sample> history;  ///< Oldest first, as far back as the longest window asks.
    Peaks quarter_hours{std::chrono::minutes{15}}, half_hours{std::chrono::minutes{30}};  ///< By aligned window and month.

    /// Time-weighted mean over [from, to), each sample holding until the next. Nothing before `from`: no answer.
    std::optional<Power> mean(Steady from, Steady to) const;
    /// The highest mean of an aligned quarter of an hour in this month and the eleven before it; nothing: none was measured yet.
    std::optional<Power> peak_12_months(Instant at, const WallClock& clock = {}) const { return quarter_hours.twelve_months(at, clock); }
    bool knows_year(Instant at, const WallClock& clock = {}) const { return quarter_hours.knows_year(at, clock); }
};

/// What one channel of a source last said of an obligation.
struct ChannelWord {
    SourceId channel{};
    Signal signal;               ///< Its source is the one whose channel it is.
    bool released = false;       ///< The channel took it back; `signal` says when.
};

/// What a policy of an earlier site file asked for a call once its ramp is over, and none of this one does.
struct Held {
    Scope scope;
    bool everything = false;
    Power limit = no_limit;
    Steady from = Steady::min();
    bool operator==(const Held&) const = default;
};

/// A dispatch or an emergency that was accepted and is not over.
struct Obligation {
    EventId event{};
    Signal signal;
    Steady heard{}, begins = never, ends = never;
    Instant begins_utc{};        ///< The same as `begins` by the calendar, fixed when it was placed.
    Power reference;             ///< Of the site. Frozen once, from the meter before the issue.
    Power armed;                 ///< Of a call: the volume its source had armed for that time; 0: none.
    bool estimated = false;      ///< The meter had no history then; taken from the books.
    std::vector<Held> held;      ///< An edit of the site file ends no call.
    bool held_told = false;      ///< And people were told.
    std::string origin;          ///< Its source's name, where the site file has that no more: then it stands in the operator's name.
    std::vector<std::string> joined;  ///< Names of calls for which it stands too, none of them released: see controller/crowded.
    bool released = false;       ///< Its own name was, and it stands for those alone.
    std::vector<Power> feeder_references;  ///< Likewise of each feeder.
    std::vector<ChannelWord> words;        ///< By channel; empty where its source has one only.
    Steady differ_since = never;           ///< The channels that live say different things since then;
    bool differ_told = false;              ///< and people were told.
    bool quota_told = false;               ///< That it is more than its programme may call for.

    Power reference_of(Scope scope) const { return scope.kind == Scope::Kind::feeder ? feeder_references[scope.number] : reference; }
};

/// An obligation that had begun and is over: what quotas count.
struct Call {
    SourceId source{};
    Instant began{}, ended{};
};

/// A release or an ended obligation, remembered so that a redelivered dispatch stays dead.
struct Tombstone {
    SourceId source{};
    std::string id;
    Instant issued{};
};

struct SourceState {
    Steady good_until = never;   ///< Past this it is silent.
    bool stale = false;
    bool ever = false;           ///< It has spoken in this or an earlier epoch.
    bool silent = false;         ///< This channel itself is; `stale` is its source, by all of its channels.
};

/// A load that something else wakes after we put it to sleep.
struct Contest {
    Slot load{};
    unsigned times = 0;          ///< Lately.
    Steady last = Steady::min(); ///< When it was found awake.
    bool waiting = false;        ///< It runs, and is sent back when its turn comes.
};

/// What only firm load could meet: told to its owner.
struct Notice {
    GroupId group{};
    PolicyId policy{};
    EventId event{};
    Power power;                 ///< Its share of what is missing.
    Instant deadline{};          ///< By then,
    Steady due{};                ///< whatever the wall clock does.
    bool now = false;            ///< Confirmed in this step.
};

/// A policy's run of consequences that has no event of the outside behind it, for the shed receipt.
struct Episode {
    PolicyId policy{};
    EventId event{};
    SourceId source{};           ///< On whose word it began; says nothing with cause capacity.
    Cause cause{};
    Steady since{};
    Instant since_utc{};         ///< The same by the calendar, fixed when it began.
};

/// A firm load's recent peaks: falling powers, so the front is the maximum of the window.
struct FirmState {
    Slot load{};
    std::deque<MeterState::Sample> peaks;
};

/// A guard, as its meter told it.
struct GuardState {
    std::uint8_t tripped = 0;         ///< Stages that have tripped and may not come back yet; 0: none.
    Steady calm_since = never;        ///< The frequency has been where it may come back since then; never: it is not, or nobody knows.
    bool disarmed = false;            ///< By a person's abort; stands until cleared.
    std::optional<Frequency> frequency;     ///< As last told.
};

/// What a source last said of something that holds until it says otherwise: a temperature in 10^-3 degC, heat in W.
struct Level {
    std::int64_t value = 0;
    Instant issued{};             ///< By the source's clock.
};

/// A supply, by its meter and by the loads it feeds.
struct SupplyState {
    enum class Phase : std::uint8_t {
        steady,
        failing,                      ///< The meter fell by most of what loads draw; it may be a bad reading.
        lost,                         ///< Nothing, or next to nothing, is drawn.
        back,                         ///< And what was off may not all come back at once.
    };
    Phase phase = Phase::steady;
    Steady since = Steady::min(); ///< Of the phase.
    Power before;                 ///< What was drawn before it fell.
    EventId event{};
};

/// All that a policy may read, with the history it may need. Changed by events only.
struct State {
    const Site* site = nullptr;
    std::vector<LoadState> loads;
    std::vector<Price> strikes;           ///< Per load, ascending within a group.
    std::vector<GroupState> groups;
    std::vector<MeterState> meters;
    std::vector<SourceState> sources;
    std::vector<PriceTimeline> prices;    ///< By source; empty for those that send none.
    std::vector<Obligation> obligations;  ///< Oldest first.
    std::deque<Tombstone> tombstones;     ///< Bounded.
    std::deque<Call> calls;               ///< Oldest first; bounded, of each source.
    std::vector<Episode> episodes;
    std::vector<FirmState> firm;
    std::vector<FlexState> flexible;      ///< Of the flexible loads, whose slots are neighbours.
    Slot first_flexible = 0;
    std::vector<GuardState> guards;
    std::vector<std::optional<Level>> levels;  ///< By source; nothing from those that tell none, or have not yet.
    std::vector<SupplyState> supplies;    ///< By the site's.
    std::vector<PeakWatch> watches;       ///< By WatchId.
    std::vector<PeakForecast> forecasts;  ///< Of the policies' sources, not yet over; bounded, of each source.
    std::vector<Disarm> disarmed;
    std::vector<Maintenance> maintenance;
    std::vector<Override> overrides;
    std::vector<Contest> contests;        ///< By load, ascending.
    std::vector<Notice> notices;
    std::vector<std::int64_t> residual_mw; ///< Learned, by scope: the site, then each feeder. Milliwatt, so that slow learning does not stall.
    /// By scope, likewise: while all that may stop there is to, no more is learned than was known when that began. What grows
    /// beside the loads then may be some that only say they rest. `unbounded`: nobody asks for everything.
    std::vector<std::int64_t> residual_most_mw;
    static constexpr std::int64_t unbounded = INT64_MAX;
    std::optional<Price> hashprice;       ///< Heard; else the config's.
    Instant hashprice_issued{};           ///< By its source's clock.
    bool journal_writes = true;

    bool is_flexible(Slot slot) const { return slot - first_flexible < flexible.size(); }  // Below the first it wraps round.
    FlexState& flex(Slot slot) { return flexible[slot - first_flexible]; }
    const FlexState& flex(Slot slot) const { return flexible[slot - first_flexible]; }

    /// The price source's interval in force is trusted; false: it never spoke, or the next word is overdue.
    bool fresh(SourceId source) const { return sources[index(source)].ever && !sources[index(source)].stale; }
};

/// Asks something of the site. Pure; reads groups, not loads; remembers nothing.
/// Appends to `limits`, and says with `limits.changes` when it would say otherwise without any event.
using Policy = std::function<void(const State& state, Now now, Limits& limits)>;

}  // namespace ballast
