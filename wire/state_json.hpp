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
        std::string id;            ///< The source's own; empty: ours.
        std::string source, cause;
        Instant since{};
        std::optional<Instant> until;
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
};

/// One JSON object; what is absent is null.
std::string state_json(const StateReport& report);

}  // namespace ballast::wire
