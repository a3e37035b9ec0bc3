#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct PriceStrike {
    PolicyId policy{};
    SourceId prices{};             ///< The signal whose intervals decide.
    std::vector<GroupId> groups;
    unsigned down_after = 1;       ///< Distinct intervals above the strike before a machine stops; >= 1.
    unsigned up_after = 1;         ///< Distinct intervals at or below it before it may start; >= 1.
    std::uint8_t rank = 50;
};

/// Mines while the price pays. A machine stops when the last `down_after` intervals were all above its strike and may
/// start when the last `up_after` were all at or below it; between, it stays as it is. Intervals that have not
/// been heard of do not count either way. What a silent source means is the source's `on_stale`.
Policy price_strike(PriceStrike settings);

}  // namespace ballast::policies
