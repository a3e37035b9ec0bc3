#pragma once
#include "app/config.hpp"
#include "sim/asic_devices.hpp"

namespace ballast {

struct Login {
    std::string user, password;  ///< Empty: the make's usual one, or none.
};

/// Of a group, as its secrets say. Fails where one cannot be read.
Result<Login> login_of(const MinersConfig& miners);

/// One machine that isn't there: its side of the conversation, and its physics.
struct PlayedMiner {
    sim::AsicSettings device;
    sim::MachineSettings physics;
};

/// As its make has it; `number`: its place in the plant.
PlayedMiner miner_of(const GroupConfig& group, const MachineConfig& machine, std::size_t number, const Login& login);

}  // namespace ballast
