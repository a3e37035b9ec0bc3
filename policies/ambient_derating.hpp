#pragma once
#include "model/state.hpp"

#include <vector>

namespace ballast::policies {

struct AmbientDerating {
    /// At this temperature, so much.
    struct Point {
        Temperature at;
        Power most;
        bool operator==(const Point&) const = default;
    };
    PolicyId policy{};
    SourceId source{};                ///< The thermometer.
    Scope scope;
    std::vector<Point> table;         ///< By temperature, rising; not empty. Straight lines between, beyond its ends as at them.
    std::int64_t margin_ppm = 20'000; ///< Aim this far below, refill below twice that: a tenth of a degree is no reason to start or stop.
    Duration window{0};               ///< Averaging window of the meter; 0: instantaneous.
    Duration prove_within{60'000};
    EscalateTo escalate_to = EscalateTo::power_off;
    Duration contactor_after{60'000};
    std::uint8_t rank = 18;
};

/// What a transformer, a cable or a hall may carry at the temperature that its source last told. Never told, or silent with
/// on_stale = shed: the least of the table. Silent with `hold` the last word holds, with `run` nothing is asked.
Policy ambient_derating(AmbientDerating settings);

/// By the table.
Power may_carry(const std::vector<AmbientDerating::Point>& table, Temperature at);

}  // namespace ballast::policies
