#pragma once
#include "model/ids.hpp"
#include "model/units.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ballast {

enum class SignalKind : std::uint8_t { price, dispatch, emergency, release, hashprice, arm, temperature, heat, system_demand, peak_forecast, local };

/// What asks something to go, and has a receipt: neither an award nor a switch.
constexpr bool is_call(SignalKind kind) { return kind == SignalKind::dispatch || kind == SignalKind::emergency; }

/// What a dispatch or an emergency asks of the site.
enum class Ask : std::uint8_t {
    full,      ///< Everything interruptible off.
    absolute,  ///< Draw at most `power`.
    relative,  ///< Draw at least `power` less than the reference.
};

/// What the outside wishes or tells. For an equal id of one source the newer issue time wins.
struct Signal {
    SourceId source{};
    SignalKind kind{};
    std::string id;               ///< The source's own; a price's may be empty (its start identifies it).
    Instant issued{};             ///< By the source's clock.
    Instant start{};
    Instant end = open_end;       ///< `open_end`: until released.
    Price price{};                ///< price; hashprice in 10^-9 currency per PH/day.
    Ask ask = Ask::full;
    Power power{};                ///< With absolute and relative; of an arm the volume that must be ready to go; heat; of the whole system its demand at `start`.
    Duration ramp{0};             ///< From the reference down to the target, beginning at `start`.
    Temperature temperature{};    ///< temperature.
    std::int64_t chance_ppm = 0;  ///< peak_forecast: that a demand which is billed falls into [start, end).
    bool operator==(const Signal&) const = default;
};

/// A source lives, though it says nothing new.
struct Heartbeat {
    SourceId source{};
    bool operator==(const Heartbeat&) const = default;
};

enum class Rejection : std::uint8_t { malformed, oversized, implausible, flooded };

/// A message that did not become a signal. Counted and journaled; never decides anything.
struct Rejected {
    SourceId source{};
    Rejection why{};
    std::string detail;           ///< At most 200 bytes, valid UTF-8, no secrets.
    bool operator==(const Rejected&) const = default;
};

enum class Quality : std::uint8_t { measured, estimated, bad };

struct MeterReading {
    MeterId meter{};
    Power power{};
    Steady taken{};
    Quality quality = Quality::measured;
    bool operator==(const MeterReading&) const = default;
};

/// What a load says it is doing. `asleep` and `off` draw standby or nothing; `fault` answers, but neither runs nor rests.
enum class Mode : std::uint8_t { unknown, running, asleep, off, fault };

/// Every load of the range says the same of itself; live drivers report one at a time.
struct LoadReading {
    Range loads;
    Mode mode{};
    Quality quality = Quality::measured;  ///< `bad`: power is not known.
    Power power{};                        ///< Of each; with quality bad ignored.
    Steady taken{};
    bool operator==(const LoadReading&) const = default;
};

/// These answered a poll and said nothing new.
struct Answered {
    Range loads;
    bool operator==(const Answered&) const = default;
};

/// What a machine hashes, and what it draws for that; now and then, of those that measure both.
struct HashReading {
    Slot load = 0;
    Power power{};
    std::int64_t gigahashes = 0;          ///< A second, > 0; a mean over minutes.
    bool operator==(const HashReading&) const = default;
};

/// The fate of an order at one or more loads. An acknowledgement is not a shed.
enum class Fate : std::uint8_t { accepted, refused, unreachable, timed_out, withheld };

struct Receipt {
    OrderId order{};
    Range loads;
    Fate fate{};
    Steady at{};
    bool operator==(const Receipt&) const = default;
};

/// What a guard's meter showed since it was last told: it is asked far more often than it tells.
struct FrequencyReading {
    GuardId guard{};
    Frequency lowest, latest;
    Steady taken{};               ///< Of `latest`.
    bool operator==(const FrequencyReading&) const = default;
};

/// A guard has opened contactors by a table that was armed, without asking anybody.
struct Tripped {
    GuardId guard{};
    OrderId table{};              ///< That authorised it.
    std::uint8_t stage = 0;       ///< The deepest one tripped, from 1.
    Frequency frequency;          ///< The reading that did it,
    Steady taken{}, sent{};       ///< when it was whole, and when the first coil was sent for.
    std::vector<Slot> contactors;
    bool operator==(const Tripped&) const = default;
};

/// A person's word to the running daemon. All but lockout and abort must expire.
enum class Word : std::uint8_t { hold, lockout, abort, clear, maintenance, override_ };

struct OperatorWord {
    Word word{};
    std::string target;           ///< A load, a group, "site"; for abort an event or a policy.
    std::string who, why;
    Duration lasts{0};            ///< 0, of an abort: until cleared.
    bool force = false;           ///< Of an abort: also what protects, for at most an hour.
    Power limit = Power::max();   ///< Of an override: draw at most; max: run whatever the price.
    bool operator==(const OperatorWord&) const = default;
};

/// The journal's health, as the loop sees it. While it cannot write, nothing is raised.
struct JournalHealth {
    bool writes = true;
    bool operator==(const JournalHealth&) const = default;
};

/// The wall clock left the steady clock's pace by this much. Told, never obeyed at once.
struct ClockJump {
    Duration by{0};
    bool operator==(const ClockJump&) const = default;
};

/// Events that a full mailbox refused since the last drain.
struct Lost {
    std::uint64_t signals = 0;
    bool operator==(const Lost&) const = default;
};

/// Everything that can happen to us. Nothing else may change State.
using Event = std::variant<Signal, Heartbeat, Rejected, MeterReading, LoadReading, Answered, Receipt, OperatorWord,
                           JournalHealth, ClockJump, Lost, FrequencyReading, Tripped, HashReading>;

}  // namespace ballast
