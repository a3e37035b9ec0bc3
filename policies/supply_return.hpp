#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct SupplyReturn {
    PolicyId policy{};
    std::size_t supply = 0;           ///< Of the site's.
    std::uint8_t rank = 5;
};

/// Lets nothing rise while a supply is lost, nor for its lockout after it has come back; then group after group, each at a
/// moment of its own, so that a thousand substations that went dark together do not come back in the same second.
/// What comes back by itself it does not fight.
Policy supply_return(SupplyReturn settings);

/// When in the spread a group's turn is: as if by chance, yet the same whenever it is asked again. Made of the site's and the
/// group's name and the event's number.
Duration turn_of(const Site& site, GroupId group, EventId event, Duration spread);

}  // namespace ballast::policies
