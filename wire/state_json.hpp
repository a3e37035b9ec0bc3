#pragma once
#include "model/units.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ballast::wire {

/// What `ballast/<site>/state` tells, for people and for whoever plans with us (docs/schema/state.json).
struct StateReport {
    /// The limit that binds now. `until` absent: until released.
    struct Binding {
        std::string scope;           ///< "site", or the name of a feeder or group.
        std::optional<Power> limit;  ///< Absent: a cutoff, which is no number of watts.
        std::string policy, source;  ///< `source` empty: a limit of our own.
        std::string reason;          ///< "price_above_strike", ...
        std::optional<Instant> until;
    };
    /// An obligation or an episode of our own that is not over.
    struct Event {
        std::uint32_t number = 0;  ///< As in `ballast receipt`.
        std::string id;            ///< The source's own; of ours, as its receipt is called.
        std::string source, cause;
        Instant since{};
        std::optional<Instant> until;
    };

    /// A limit that the binding one outweighs.
    struct Overruled {
        std::string scope;
        Power limit;                 ///< With a floor's reason the least it asks to be drawn.
        std::string policy, source, reason;
    };
    /// A rule that a person took out of force.
    struct Disarmed {
        std::string policy, who, why;
        std::optional<Instant> until;  ///< Absent: until cleared.
        bool protections = false;      ///< Emergencies and the contract too.
    };
    /// What a person has said of loads: `limit` absent of maintenance, and of a word to run whatever the price.
    struct Said {
        std::string word, target, who, why;
        std::optional<Power> limit;
        Instant until{};
    };
    struct Switch {
        std::string source;
        Instant since{};
        bool sheds = false;            ///< Machines are still put to sleep.
    };
    /// What only firm load could meet.
    struct Notice {
        std::string group, owner, policy;
        Power power;
        Instant deadline{};
    };

    Instant time{};
    std::optional<Power> site;      ///< At the meter; absent: no fresh reading.
    std::optional<Power> residual;  ///< Meter less loads, as learned.
    Power firm, interruptible;      ///< Drawn now.
    Power flexible;                 ///< Drawn now by loads that may be slowed once nothing interruptible is left.
    Power available_down, available_up;
    Power available_flexible;       ///< What they could give within their ranges, after all of `available_down`.
    std::optional<Binding> binding;
    Power shortfall;  ///< > 0: all that is eligible was shed and it is not enough.
    std::vector<Event> events;
    std::vector<Overruled> overruled;
    std::vector<Disarmed> disarmed;
    std::vector<Said> said;
    std::vector<Switch> local;
    std::size_t contested = 0;             ///< Loads that somebody else wakes, and has often enough to be named;
    std::vector<std::string> contesting;   ///< the first few of them.
    std::vector<Notice> notices;
};

/// One JSON object; what is absent is null.
std::string state_json(const StateReport& report);

}  // namespace ballast::wire
