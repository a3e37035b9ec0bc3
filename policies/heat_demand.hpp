#pragma once
#include "model/calendar.hpp"
#include "model/state.hpp"

#include <optional>
#include <vector>

namespace ballast::policies {

struct HeatDemand {
    /// From then to then on the wall, so much.
    struct Slot {
        ContractHours hours;
        Power thermal;
        bool operator==(const Slot&) const = default;
    };
    PolicyId policy{};
    Scope scope;                      ///< The group, feeder or site whose heat is sold.
    std::optional<SourceId> source;   ///< Who tells how much is wanted.
    Power thermal;                    ///< W of heat: what no slot, and no source, says otherwise.
    std::vector<Slot> schedule;       ///< The first that holds counts.
    WallClock clock;
    std::int64_t heat_ppm = 900'000;  ///< Of each electric watt, what arrives as heat that is sold.
    std::int64_t margin_ppm = 50'000; ///< So much more is kept, so that nobody starts and stops at the number itself.
    std::uint8_t rank = 40;
};

/// Heat that was sold keeps the best machines running, whatever the price: thermal / heat share electric watts. Bounds and
/// persons outweigh it. A source that is silent means its last word (`hold`), nothing (`shed`), or the schedule (`run`);
/// one that was never heard means the schedule.
Policy heat_demand(HeatDemand settings);

/// Electric watts that make so much heat, rounded up.
Power electric(Power thermal, std::int64_t heat_ppm);

}  // namespace ballast::policies
