#pragma once
#include "model/result.hpp"
#include "sim/plant.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::sim {

/// Something that befalls the plant at a given time after its start.
struct Happening {
    Duration after{0};
    std::string what;                        ///< For people: "meter poi goes silent".
    std::function<void(Plant&, Steady)> happen;
};

/// What will go wrong, as a person writes it: items by comma, each either
///   FAULT=PERCENT               that share of the machines, chosen by the seed: hung, no-effect, lies, self-wakes,
///                               refused, garbage, slow-reply, never-wakes, resets, empty-stats, few-boards,
///                               loses-pools, overheats, moved, bad-tokens, no-tokens
///   NAME:FAULT@AFTER[+LASTS]    in seconds. A meter: silent, exceptions, frozen. A contactor: trip, welded. A hall:
///                               transfer (draws nothing, then as before; LASTS is 1 unless given). A frequency meter: silent, exceptions,
///                               or the Hz that it shows. `site`: dark (LASTS is 1 unless given)
struct FaultPlan {
    struct Befalls {
        std::string name, fault;
        Duration after{0}, lasts{0};         ///< lasts 0: for good.
    };
    std::map<MachineFault, unsigned> percent;
    std::vector<Befalls> befalls;
};

/// `implausible` names the item and what is allowed.
Result<FaultPlan> read_fault_plan(std::string_view text);

/// Gives each fault its share of the machines, none to two, by the seed; sets transfers into the halls' profiles and
/// returns what happens later, by time. Fails on a name that is no meter, contactor, hall or frequency meter of this plant.
Result<std::vector<Happening>> apply(const FaultPlan& plan, PlantSettings& plant);

}  // namespace ballast::sim
