#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct Dispatch {
    PolicyId policy{};
    std::vector<SourceId> sources;         ///< Dispatches, emergencies and contacts it obeys.
    Scope scope;                           ///< The site, unless a feeder is named.
    Duration prove_within{30'000};         ///< The meter must show it this long after the start (and ramp).
    std::int64_t margin_ppm = 10'000;      ///< Aim this far below the limit, refill below twice that; 10,000 is 1 %.
    EscalateTo escalate_to = EscalateTo::power_off;
    EscalateTo emergency_escalate_to = EscalateTo::contactor;
    Duration contactor_after{60'000};      ///< A shortfall at the meter must have lasted this long past `prove_within`.
    std::uint8_t rank = 10, emergency_rank = 0;
};

/// Obeys what was dispatched: from its start (along its ramp) to its end or release. All that stand are passed on;
/// the tightest binds. A silent source with on_stale = shed counts as a full curtailment.
Policy dispatch(Dispatch settings);

}  // namespace ballast::policies
