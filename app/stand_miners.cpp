#include "app/stand_miners.hpp"

#include <algorithm>

namespace ballast {
namespace {

/// Fields that every make's settings have.
template <class Settings>
Settings placed(Settings settings, const MachineConfig& machine, std::size_t number) {
    settings.host = machine.host;
    settings.port = machine.port;
    settings.machine = number;
    settings.mac = machine.mac;
    settings.joules_per_hash = machine.joules_per_hash;
    return settings;
}

void set(std::string& into, const std::string& given) {
    if (!given.empty()) into = given;
}

}  // namespace

Result<Login> login_of(const MinersConfig& miners) {
    auto user = read_secret(miners.user);
    if (!user) return tl::unexpected{user.error()};
    auto password = read_secret(miners.password);
    if (!password) return tl::unexpected{password.error()};
    return Login{*std::move(user), *std::move(password)};
}

PlayedMiner miner_of(const GroupConfig& group, const MachineConfig& machine, std::size_t number, const Login& login) {
    PlayedMiner played;
    switch (group.miners->protocol) {
    case AsicProtocol::luxos:
        played.device = placed(sim::LuxosSettings{}, machine, number);
        played.physics = {.name = machine.id, .rated = machine.watts};
        break;
    case AsicProtocol::whatsminer2: {
        sim::Whatsminer2Settings device;
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::whatsminer_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::whatsminer3: {
        sim::Whatsminer3Settings device;
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::whatsminer_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::braiins: {
        sim::BraiinsSettings device;
        set(device.user, login.user);
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::braiins_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::antminer: {
        sim::AntminerSettings device;
        if (const Power low = group.miners->low_power; low > Power{}) device.low_per_mille = static_cast<unsigned>(std::min<std::int64_t>(1'000, low.count * 1'000 / machine.watts.count));
        set(device.user, login.user);
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::antminer_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::axeos:
        played.device = placed(sim::AxeosSettings{}, machine, number);
        played.physics = sim::axeos_physics(machine.id, machine.watts);
        break;
    case AsicProtocol::epic: {
        sim::EpicSettings device;
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::epic_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::vnish: {
        sim::VnishSettings device;
        set(device.password, login.password);
        played.device = placed(std::move(device), machine, number);
        played.physics = sim::vnish_physics(machine.id, machine.watts);
        break;
    }
    case AsicProtocol::cgminer: {
        sim::CgminerSettings device;
        device.host = machine.host, device.port = machine.port, device.machine = number;  // It tells no MAC.
        device.joules_per_hash = machine.joules_per_hash;
        played.device = std::move(device);
        played.physics = sim::cgminer_physics(machine.id, machine.watts);
        break;
    }
    }
    played.physics.standby = std::min(group.standby, machine.watts);
    return played;
}

}  // namespace ballast
