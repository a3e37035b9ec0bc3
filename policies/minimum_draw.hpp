#pragma once
#include "model/calendar.hpp"
#include "model/state.hpp"

namespace ballast::policies {

struct MinimumDraw {
    PolicyId policy{};
    Scope scope;                       ///< A group for heat that was sold; else the site or a feeder.
    Power at_least, keep;              ///< at_least <= keep.
    ContractHours hours;
    WallClock clock;
    std::uint8_t rank = 40;
};

/// Take-or-pay, and heat that was sold: unused power is paid for, so it keeps running below the minimum whatever the
/// price. Limits, calls and persons outweigh it.
Policy minimum_draw(MinimumDraw settings);

}  // namespace ballast::policies
