#pragma once
#include "drivers/asic/machine.hpp"

#include <optional>

namespace ballast::asic {

/// What one poll's answers say of a machine, whatever its make.
struct Signs {
    std::optional<Power> power;             ///< Of the whole machine.
    bool measured = false;                  ///< `power` is, at its supply; else the firmware reckons it.
    Power constant{0};                      ///< That much of `power` may be said whether it is drawn or not.
    std::optional<double> gigahashes;       ///< Now, GH/s.
    std::optional<double> mean_gigahashes;  ///< Of a while.
    bool says_rest = false;                 ///< It says that it was stopped.
};

/// Watts outweigh hashing, and both what it says of itself: that it rests must show in measured watts, or in hashing that
/// has ended. One that hashes and knows no watts draws its rated power; one that does neither, and was not stopped, is at fault.
Report weigh(const Machine& machine, const Signs& signs);

}  // namespace ballast::asic
