#pragma once
#include "app/last_orders.hpp"
#include "app/watts.hpp"
#include "drivers/asic/machine_notes.hpp"
#include "model/state.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// A site at one moment, copied for whoever wants to look at it without holding anybody up. O(loads), and nothing of meters' histories.
struct FloorState {
    Now now;
    const Site* site = nullptr;          ///< Outlives it.
    std::vector<LoadState> loads;
    std::vector<GroupState> groups;
    std::vector<MeterState> meters;      ///< Without history.
    std::vector<Contest> contests;
    std::vector<std::optional<LastOrder>> orders;  ///< By group; may be shorter.
    asic::MachineNotes::View notes;      ///< Empty: nothing was noted, as in a journal.
};
FloorState floor_state(const State& state, const Site& site, Now now, const LastOrders& orders, asic::MachineNotes::View notes = {});

/// Which machines are listed one by one.
struct FloorWish {
    bool machines = false;
    std::string group;                   ///< Only that one, with its machines; empty: all.
    bool operator==(const FloorWish&) const = default;
};

/// What `GET /fleet` tells (docs/schema/fleet.json). `live`: by the running daemon, else as its journal ends.
boost::json::object floor_json(const FloorState& floor, const FloorWish& wish, bool live);

}  // namespace ballast
