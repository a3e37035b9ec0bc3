#include "app/wiring.hpp"
#include "drivers/switchgear/outlets.hpp"
#include "drivers/switchgear/pdu.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace ballast {
namespace {

using namespace drivers;

PduSettings settings_of(const PduConfig& from, const Config& config, const SiteModel& model) {
    auto community = read_secret(from.community);
    if (!community) throw std::runtime_error{fmt::format("pdu {}: {}", from.name, community.error().detail)};
    PduSettings settings;
    settings.name = from.name;
    settings.agent = {from.host, from.port, from.version, *std::move(community), from.timeout};
    settings.control = from.control;
    settings.turn_on = from.turn_on, settings.turn_off = from.turn_off;
    settings.state = from.state;
    settings.shows_on = from.shows_on, settings.shows_off = from.shows_off;
    settings.watts = from.watts;
    settings.watts_scale = from.watts_scale;
    settings.stagger = from.stagger;
    settings.poll = from.poll;
    settings.boot = from.boot;
    for (const GroupConfig& group : config.groups)
        for (const MachineConfig& machine : group.machines)
            if (machine.pdu == from.name)
                settings.outlets.push_back({model.slots.at(machine.id), machine.outlet, machine.id, machine.watts, group.standby, machine.host, machine.port});
    return settings;
}

}  // namespace

Driver* wire_outlets(Wiring& wiring, const Config& config, const SiteModel& model, Driver& machines) {
    std::map<Slot, Driver*> by_load;
    for (const PduConfig& from : config.pdus) {
        PduSettings settings = settings_of(from, config, model);
        if (settings.outlets.empty()) continue;
        std::vector<Slot> loads;
        for (const PduOutlet& outlet : settings.outlets) loads.push_back(outlet.load);
        wiring.drivers.push_back(std::make_unique<Pdu>(std::move(settings), machines));
        for (const Slot load : loads) by_load.emplace(load, wiring.drivers.back().get());
    }
    if (by_load.empty()) return nullptr;
    wiring.drivers.push_back(std::make_unique<Outlets>(std::move(by_load), machines));
    return wiring.drivers.back().get();
}

}  // namespace ballast
