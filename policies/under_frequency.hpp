#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct UnderFrequency {
    PolicyId policy{};
    GuardId guard{};
    SourceId source{};           ///< The meter.
    std::uint8_t rank = 5;
};

/// While a stage's contactors are open for the grid's frequency, nothing on the site rises: what they gave is not refilled
/// by others. Who opens them is the guard, and when they may close the engine's.
Policy under_frequency(UnderFrequency settings);

}  // namespace ballast::policies
