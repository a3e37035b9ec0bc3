#pragma once
#include "controller/interval_means.hpp"
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/site.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ballast {

/// Far-off and nonsensical times become ten years.
constexpr Duration between(Instant from, Instant to) {
    constexpr Int128 limit = 315'360'000'000;
    const Int128 apart = Int128{to.time_since_epoch().count()} - from.time_since_epoch().count();
    return Duration{static_cast<std::int64_t>(std::clamp(apart, -limit, limit))};
}

/// When, after its beginning, the meter is looked at for an event.
constexpr std::array<Duration, 4> moments_after{Duration{1'000}, Duration{5'000}, Duration{15'000}, Duration{30'000}};

/// Within three weeks, either way.
constexpr std::int32_t clamped_ms(Duration d) { return static_cast<std::int32_t>(std::clamp<std::int64_t>(d.count(), -2'000'000'000, 2'000'000'000)); }

constexpr Instant utc_of(Now now, Steady at) { return now.utc - (now.steady - at); }

/// The evidence of one event: what was asked, when it was passed on, and what the meter showed. Powers are at the site's
/// meter unless they say otherwise; changes count from the reference, a fall is a positive shed.
struct ShedReceipt {
    /// What the meter showed some seconds after the event began.
    struct Moment {
        Duration after{};
        std::optional<Power> meter;            ///< Last reading by then; none: no reading since the beginning.
        Power firm_change;                     ///< Of the firm loads, since the beginning.
        std::optional<Power> residual_change;  ///< Meter less all loads; none while ordered loads have not said what they draw.
        Power reference;                       ///< The receipt's.

        /// What the meter shows that was given: a hall that grew meanwhile, by its own meter, does not hide it. The residual
        /// is named and not counted: in what grew there may be loads that say they rest.
        std::optional<Power> shed() const {
            if (!meter) return std::nullopt;
            return reference - *meter + firm_change;
        }
    };
    /// A settlement interval that the event touched, whole: also what of it lies before and after the event.
    struct Interval {
        Instant start{};
        Power mean;               ///< Time-weighted, of the measured part.
        Duration measured{};      ///< How much of it the meter covered,
        Duration missing{};       ///< and how much of it has passed without.
    };
    /// Five minutes of the time in which it had to be met, counted from its beginning: what was allowed then, and what the
    /// meter of its scope showed.
    struct Judged {
        Energy allowed, drawn;
        Duration measured{};      ///< How much of the five minutes both are of.
    };
    struct MissLine {
        std::string load;
        MissCause cause{};
        unsigned times = 0;
        bool given_up = false;
        std::string ordered_by;   ///< Another event that had ordered it off before this one counted on it; empty: this one.
    };

    /// How the loads of one group took the event's orders: shares are of those ordered, times from each one's first order to
    /// the reading that shows it at rest (of a flexible load, under its cap).
    struct GroupResponse {
        std::string group;
        std::size_t ordered = 0, obeyed = 0;
        std::optional<Duration> half_within, most_within;  ///< 50 % and 95 %; nothing: fewer were seen.
        std::optional<Power> residual;                     ///< What those at rest go on drawing each, where they measured it.
    };

    /// A time of the event that the journal could not record.
    struct Unrecorded {
        Instant from{}, to{};
        std::uint64_t steps = 0;  ///< Of the whole gap; 0: there was none, for nobody ran.
    };

    EventId event{};
    std::string name;             ///< The signal's id, or the policy and when it began.
    std::string policy, source;   ///< Empty until the first order or limit names them.
    Cause cause{};
    Reason reason{};
    std::optional<Signal> signal; ///< Of a dispatch or an emergency, as it was last accepted.
    Now heard;                    ///< The step that opened the event.
    Now began;                    ///< What the seconds count from: heard, or the signal's start if that is later.
    std::optional<Now> closed;
    Power reference;              ///< What a shed counts from: of a reduction the mean below, else the meter at the beginning.
    Power mean_before;            ///< Over the reference window before its issue; frozen when it opened.
    bool reference_estimated = false;  ///< The meter had no such past.
    std::optional<Power> limit;   ///< The tightest that bound a metered scope.
    std::optional<Instant> first_command, last_command, first_acknowledgement, last_acknowledgement;
    std::size_t ordered = 0, acknowledged = 0, obeyed = 0;  ///< Loads, each counted once.
    Power ordered_rated;          ///< Nameplate of those ordered.
    std::vector<GroupResponse> groups;  ///< Those of which a load was ordered, in the site's order.
    std::size_t flexible = 0;     ///< Of those ordered: slowed or put to sleep after all that is interruptible.
    std::size_t checkpoints = 0, saved = 0;  ///< Requests to save work, and acknowledged ones.
    std::array<Moment, 4> moments{};  ///< After 1, 5, 15 and 30 s.
    std::vector<Interval> five_minutes, fifteen_minutes;
    std::vector<Judged> judged;   ///< One after another; those of a week.
    Duration measured{};          ///< How long it had to be met and the meter spoke.
    Energy asked;                 ///< Over that time, from the reference (of a feeder, what its meter showed when it began) down to the limit.
    Energy undelivered;           ///< Meter above the limit, over the same time.
    Duration unmeasured{};        ///< How long it had to be met and the meter was silent.
    Instant met_by{};             ///< From then on it had to be met.
    Power worst_shortfall;
    std::vector<MissLine> misses; ///< By name.
    std::vector<std::string> contactors_opened;
    std::string aborted;          ///< "d-1 by jo: the RTU is stuck"; empty: nobody did.
    std::optional<Duration> issue_to_heard;  ///< Transport and the offset of the two clocks together.
    std::vector<Duration> clock_jumps;       ///< Of our wall clock, while it was open.
    std::vector<Unrecorded> unrecorded;      ///< What of it no journal knows; numbers and names are of the rest.

    /// What the meter showed at that moment is no longer this event's doing.
    bool over_by(const Moment& moment) const { return closed && closed->steady < later(began.steady, moment.after); }
};

struct State;

/// An event that stands in a snapshot: what is known of it without the step that opened it.
struct StandingEvent {
    EventId event{};
    std::string name;
    std::string policy, source;
    std::optional<Signal> signal;
    Steady heard{};
    Power reference;
    bool estimated = false;
};

/// Those of a state, of this site. Of an event of a policy's own neither reference nor signal.
std::vector<StandingEvent> standing_events(const State& state, const Site& site, Now now);

/// Makes receipts from what the loop heard and decided, step by step; the daemon feeds it live, `ballast receipt` from
/// the journal. Pure. Keeps all open events and the newest closed ones.
class ReceiptBuilder {
public:
    static constexpr std::size_t most_closed = 64;
    static constexpr std::size_t most_open = 4'096;      ///< As many obligations as can stand, and more.
    static constexpr std::size_t most_orders = 200'000;  ///< Whose acknowledgements are still looked for.

    /// Before the first step, and when an epoch begins: slots may be others, and the steady clock too. `absent`: another
    /// process began it, and nobody looked since the last step.
    void begin_epoch(const Site& site, Now now, bool absent = false);

    void step(Now now, std::span<const Event> heard, const Decision& decision);

    /// After the epoch has begun whose journal missed `steps` before it: what stands now goes on, also if it began meanwhile;
    /// what does not is over.
    void resume(std::uint64_t steps, std::span<const StandingEvent> standing);

    /// Those that closed in the last step.
    std::span<const EventId> just_closed() const { return just_closed_; }

    /// As far as it is known now.
    std::optional<ShedReceipt> receipt(EventId event) const;
    /// By signal id or event name; the newest of that name.
    std::optional<ShedReceipt> receipt(std::string_view name) const;
    std::vector<EventId> events() const;
    /// When it was over; nothing: it is not, or is not known.
    std::optional<Now> closed(EventId event) const;

private:
    struct Load {
        Power power;
        GroupId group{};
        bool read = false, firm = false, flexible = false;
        Power cap = no_limit;                  ///< Ordered; no_limit: none.
    };
    struct Meter {
        Power power;
        Steady taken{};
        bool read = false;
    };
    /// What is known of a load in an event. Bits.
    enum : std::uint8_t { was_ordered = 1, was_acknowledged = 2, was_seen = 4 };

    /// How a load that was ordered went. Ten thousand of them are kept for each event.
    struct Went {
        std::int32_t ordered_ms = 0;           ///< After the event's beginning; below 0: before it.
        std::int32_t took_ms = -1;             ///< -1: not seen to have gone.
        std::int32_t residual_w = -1;          ///< -1: not measured.
    };

    struct Trace {
        ShedReceipt receipt;
        std::vector<std::uint8_t> loads;       ///< By slot; empty until one is ordered.
        std::vector<Went> went;                ///< Likewise.
        std::map<std::string, ShedReceipt::MissLine> misses;
        IntervalMeans five{std::chrono::minutes{5}}, fifteen{std::chrono::minutes{15}};
        std::array<Steady, 4> shown_at{};      ///< By moment: when the meter's reading was taken.
        std::vector<Power> meters_before;      ///< When it began, by meter.
        Power firm_before;
        std::optional<Power> residual_before;
        std::optional<Power> limit;            ///< In force, on the scope of `meter`.
        std::optional<MeterId> meter;
        Scope scope;                           ///< Of the last limit.
        Steady must{};                         ///< It has to be met from then on.
        Steady pieces_from = never;            ///< The first of `judged` begins.
        Steady counted{};                      ///< What is undelivered is counted up to here.
        bool late = false;                     ///< Known from a snapshot: its beginning was not seen.
    };
    /// A load that was not seen to obey, and for which event.
    struct Failing {
        ShedReceipt::MissLine line;
        EventId event{};
    };

    void hear(Now now, const Event& event);
    void read(const LoadReading& reading);
    void read_load(Slot slot, const LoadReading& reading);
    void read(Now now, const MeterReading& reading);
    void acknowledge(Now now, const Receipt& receipt);
    void note(Now now, const Note& note, std::span<const Event> heard);
    void open(Now now, const Note& note, std::span<const Event> heard);
    void take_over(const StandingEvent& event, std::uint64_t steps);
    void miss_time(Trace& trace, bool obliged, Now now);
    static void leave_gap(ShedReceipt& receipt, const ShedReceipt::Unrecorded& gap);
    void place(Now now, Trace& trace, const Signal& signal);
    void order(Now now, const Order& order);
    static void see_gone(Trace& trace, Slot slot, const LoadReading& reading);
    std::vector<ShedReceipt::GroupResponse> group_responses(const Trace& trace) const;
    bool rests_as_told(Slot slot, const LoadReading& reading) const;
    void miss(const Miss& miss);
    void bind(const Decision& decision);
    void count_on(Trace& trace, Slot slot, const Failing& failing);
    bool covers(const Trace& trace, Slot slot) const;
    void name(Trace& trace, const Why& why);
    void advance(Now now, Steady to);
    void count_undelivered(Trace& trace, Steady to);
    void judge_pieces(Trace& trace, Steady from, Steady to) const;
    Steady measured_until(MeterId meter, Steady from, Steady to) const;
    void sample(Trace& trace, Steady at);
    void forget();
    std::optional<Power> residual() const;
    const Meter* site_meter() const;
    Trace* find(EventId event);

    Site site_;
    std::vector<Load> loads_;
    std::vector<Meter> meters_;
    Power firm_, all_loads_;
    std::size_t unread_ = 0;
    std::map<Slot, Failing> failing_;          ///< Ordered off, missed, and not seen to rest since.
    IntervalMeans five_{std::chrono::minutes{5}}, fifteen_{std::chrono::minutes{15}};
    Steady metered_{};                         ///< The means are made up to here.
    std::map<EventId, Trace> traces_;
    std::map<OrderId, EventId> orders_;        ///< Of the traces kept.
    std::map<OrderId, EventId> checkpoints_;   ///< Likewise, of the last thousands.
    std::vector<EventId> just_closed_;
    Now last_;
    Instant before_{}, until_{};               ///< When the epoch before this one ended; the last that was recorded.
};

}  // namespace ballast
