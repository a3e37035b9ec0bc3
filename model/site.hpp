#pragma once
#include "model/coincident.hpp"
#include "model/economics.hpp"
#include "model/hosting.hpp"
#include "model/ids.hpp"
#include "model/units.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// Whom an order may reach. Not given means firm: forgetting protects.
enum class Tier : std::uint8_t { firm, flexible, interruptible };

/// What loads draw together with what cools them, `ppm` millionths of a watt beside each of theirs.
constexpr Power with_cooling(Power loads, std::int64_t ppm) { return loads + Power{loads.count * ppm / 1'000'000}; }

/// What a source's silence means.
enum class OnStale : std::uint8_t { hold, shed, run };

/// What a local/remote switch in local leaves us: to watch, or also to put machines to sleep. Nothing rises, no contactor moves.
enum class InLocal : std::uint8_t { observe, shed_only };

/// How far a miss may be pressed. A rung that a group's driver lacks is skipped.
enum class EscalateTo : std::uint8_t { repeat, power_off, contactor };

/// What a flexible group's loads work at. Decides whose turn it is to slow down, unless the site file says otherwise.
enum class Workload : std::uint8_t { batch, training, inference };

/// A step down of a flexible load. `power` and `clock` are the same order in watts, met by other means.
enum class FlexStep : std::uint8_t { checkpoint, power, clock, sleep };

/// Whether work that was never saved may be put to sleep once its checkpoint is overdue.
enum class Unsaved : std::uint8_t { kept, emergency };

/// The fixed description of a site for one epoch: names, ratings, dwell. Values only; nothing here changes by an event.
struct Site {
    struct Load {
        std::string name;
        Power rated;                      ///< Nameplate at the wall, > 0 but for a contactor that only carries others.
        std::int64_t joules_per_hash = 0;  ///< mJ/TH; 0: unknown, which counts as the worst.
        Price strike = Price::max();      ///< Stops above it. max: no strike of its own.
    };
    /// How far, after what notice and in which order the loads of a flexible group may be slowed.
    struct Flexible {
        Workload workload = Workload::inference;
        std::uint32_t turn = 0;           ///< The lower the sooner; alike, by slot.
        std::vector<FlexStep> order;      ///< Empty: never slowed.
        Power floor;                      ///< Of each: no cap is lower.
        Duration notice{0};               ///< From its checkpoint's request to the first watt less; an emergency does not wait.
        Duration checkpoint_within{120'000};  ///< Its acknowledgement is due so long after it was asked for.
        Duration checkpoint_good{900'000};    ///< What was saved longer ago is saved again before a sleep.
        Unsaved unsaved = Unsaved::kept;

        bool operator==(const Flexible&) const = default;
        bool has(FlexStep step) const { return std::ranges::find(order, step) != order.end(); }
        bool caps() const { return has(FlexStep::power) || has(FlexStep::clock); }
        /// It saves before it takes this step.
        bool saves_before(FlexStep step) const {
            const auto saves = std::ranges::find(order, FlexStep::checkpoint), takes = std::ranges::find(order, step);
            return saves != order.end() && takes != order.end() && saves < takes;
        }
    };
    struct Group {
        std::string name;
        std::string driver;               ///< "luxos", "contactor", "metered", ...
        Range loads;
        Tier tier = Tier::firm;
        std::optional<FeederId> feeder;
        std::optional<Slot> contactor;    ///< The load that can cut this whole group off.
        Power standby;                    ///< Each, when asleep.
        std::optional<Economics> economics;  ///< Present: strikes follow the hashprice.
        bool own_strikes = false;         ///< Its loads stand by their strikes, lowest first, as their owners set them.
        bool can_power_off = false;       ///< The driver has a rung between sleep and the contactor.
        Duration min_off{0}, min_on{0};   ///< Dwell. Economic moves wait for it; obligations do not, on the way down.
        Duration off_within{10'000};      ///< A sleep must be seen by then.
        Duration on_within{600'000};      ///< A wake must be seen by then.
        Duration stale_after{90'000};     ///< Without an answer for this long a load is unknown.
        Duration stagger{0};              ///< Between two wakes.
        std::int64_t inrush_ppm = 1'000'000;  ///< What a load takes in the moment it starts, of its nameplate.
        Duration contactor_rest{600'000}; ///< Least time between two operations of a contactor (contactor groups).
        Hosting hosting = {};             ///< Whose machines they are (interruptible groups).
        // Firm groups only:
        Power reserve;                    ///< `reserve_kw`: never refill below this, whatever is drawn now.
        Duration reserve_window{0};       ///< The rolling maximum counts this far back.
        std::string owner;                ///< Gets notice when only firm load could meet a limit; empty: nobody does.
        // Flexible groups only:
        Flexible flexible;
    };
    /// How fast what is drawn may change by our own choice. Zeros: no limit.
    struct Pace {
        Power up_per_minute = {}, down_per_minute = {};  ///< Economic moves only.
        Power inrush = {};                ///< Of all that starts within `inrush_within`.
        Duration inrush_within{1'000};
        bool operator==(const Pace&) const = default;
    };
    struct Feeder {
        std::string name;
        std::optional<MeterId> meter;
        Power overhead;                   ///< With that of the feeders under it.
        std::optional<FeederId> under = {};  ///< It is fed through that one: no ring.
        Pace pace = {};
        std::int64_t cooling_ppm = 0;     ///< What is drawn beside each watt of a load, to cool it.
    };
    /// Where a loss of supply is recognised, and how loads come back from it. The scope has a meter.
    struct Supply {
        PolicyId policy{};
        Scope scope;                      ///< The site or a feeder.
        Duration lockout{0};              ///< Nothing rises for so long after it has returned.
        Duration spread{0};               ///< Groups are released over so long after that.
        Duration settles{600'000};        ///< What comes back by itself has come back by then.
    };
    struct Meter {
        std::string name;
        Duration stale_after{5'000};
        Duration history{900'000};        ///< How far back its readings are kept, for references and averages.
        Duration lag{1'500};              ///< What it shows is at most this old when it is taken.
    };
    /// What a programme's contract says of the calls of a source, whatever the calls say.
    struct CallTerms {
        Duration notice{0};               ///< Need not be met sooner after it was heard.
        Duration default_ramp{0};         ///< Where the call names none.
        Duration at_least{0};             ///< Not over sooner, but by its release.
        Duration at_most = Duration::max();  ///< Over by then.
        bool until_release = false;       ///< Not over before its release.
        bool replaces = false;            ///< One that begins ends the older ones: base points.
        bool operator==(const CallTerms&) const = default;

        Duration ramp(Duration named) const { return named > Duration{0} ? named : default_ramp; }
        /// From when on it has to be met.
        Steady met_by(Steady heard, Steady begins, Duration named_ramp) const { return later(std::max(begins, later(heard, notice)), ramp(named_ramp)); }
    };
    struct Source {
        std::string name;
        OnStale on_stale = OnStale::hold;
        Duration stale_after{0};          ///< Silence allowed after the next word was due; 0: may be silent for ever.
        Duration future_tolerance{5'000}; ///< An issue time further ahead than this is refused.
        CallTerms terms;
        std::optional<PolicyId> programme;  ///< Whose terms they are: what one of its sources awards, another may call in.
        Duration reference_window{300'000};  ///< A reduction counts from the meter's mean over this long before its issue.
        std::optional<SourceId> same_as;  ///< It is another channel of that source: what it says is said there.
        Duration agree_within{60'000};    ///< Channels that differ for longer are told of.
        InLocal in_local = InLocal::observe;  ///< Of a local/remote switch;
        std::vector<GroupId> switches;    ///< and the groups it is for. Empty: all.
        bool answered = true;             ///< Some policy of the site file obeys its calls, for a part of the site or all of it.
    };

    /// An under-frequency policy: what its meter may open without asking the engine, and when that is over.
    struct Guard {
        struct Stage {
            Frequency below;
            std::vector<Slot> contactors;  ///< Ascending; each in one stage of one guard.
        };
        PolicyId policy{};
        SourceId source{};                ///< Its meter.
        std::vector<Stage> stages;        ///< The highest frequency first.
        Frequency restore_above;          ///< Above every stage.
        Duration restore_after{0};        ///< It has to have been there for so long.
    };

    /// A coincident_peak policy: what its tariff counts, and who tells of it.
    struct Watch {
        PolicyId policy{};
        std::optional<SourceId> demand;   ///< The system-demand feed.
        std::vector<SourceId> forecasts;
        PeakTerms terms;
    };

    std::string name;
    std::vector<Load> loads;              ///< By tier (firm first), group, merit (worst J/TH first; by strike where owners set them).
    std::vector<Group> groups;            ///< In the order of their slots.
    std::vector<Feeder> feeders;
    std::vector<Meter> meters;
    std::vector<Source> sources;
    std::vector<std::string> policies;    ///< By PolicyId.
    std::optional<PolicyId> earlier_calls;  ///< Obeys what policies of an earlier site file obeyed and none of this one does.
    std::vector<Guard> guards;            ///< By GuardId.
    std::vector<Supply> supplies = {};
    std::vector<Watch> watches;           ///< By WatchId.
    std::optional<MeterId> meter;         ///< The one at the grid connection.
    WallClock clock = {};                 ///< By which demand is billed, month by month.
    Power overhead;                       ///< The residual assumed until it is learned.
    Duration residual_settles{300'000};   ///< Time constant with which a falling residual is believed.
    Duration reassert_every{60'000};      ///< Standing orders that are not seen obeyed are repeated this often.
    unsigned tries = 3;                   ///< Orders sent for one miss before it is given up, loudly.
    unsigned contested_after = 3;         ///< Woken by somebody else so many times after we put it to sleep, a load is named.
    Power ramp_up_per_minute, ramp_down_per_minute;  ///< Economic moves only; 0: no limit.
    Power inrush = {};                    ///< As a feeder's pace.
    Duration inrush_within{1'000};
    std::int64_t cooling_ppm = 0;         ///< As a feeder's.

    Pace pace() const { return {ramp_up_per_minute, ramp_down_per_minute, inrush, inrush_within}; }

    /// The group is in the scope: it, all of the site, or fed through that feeder, however many lie between.
    bool feeds(Scope scope, std::size_t group) const {
        if (scope.kind == Scope::Kind::site) return true;
        if (scope.kind == Scope::Kind::group) return scope.number == group;
        for (auto f = groups[group].feeder; f; f = feeders[index(*f)].under)
            if (index(*f) == scope.number) return true;
        return false;
    }
};

}  // namespace ballast
