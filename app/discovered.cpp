#include "app/discovered.hpp"

#include "app/config_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ballast {
namespace {

/// MACs that stand for one address each.
std::map<std::string, std::uint64_t> by_address(const std::vector<Neighbour>& neighbours) {
    std::map<std::uint64_t, std::set<std::string>> places;
    for (const Neighbour& one : neighbours) places[one.mac].insert(one.address.to_string());
    std::map<std::string, std::uint64_t> out;
    for (const auto& [mac, addresses] : places)
        if (addresses.size() == 1) out.emplace(*addresses.begin(), mac);
    return out;
}

std::string id_of(const Discovered& machine, const std::map<std::uint64_t, std::string>& ids) {
    if (machine.mac) {
        const auto known = ids.find(*machine.mac);
        return known != ids.end() ? known->second : mac_text(*machine.mac);
    }
    const bool fit = !machine.serial.empty() && config::wrong_machine_id(machine.serial).empty();
    return fit ? machine.serial : machine.address;
}

void add(std::string& remark, const std::string& text) { remark += (remark.empty() ? "" : "; ") + text; }

/// What a person has to say of it, and what may help to.
std::string for_a_person(const asic::Recognised& said) {
    const std::string model = said.model.empty() ? "its model is not known" : "no nameplate is known of " + said.model;
    const std::string rated = said.rated_gigahashes ? fmt::format(" at {:.4g} TH/s", *said.rated_gigahashes / 1'000) : "";
    const std::string draws = said.draws ? fmt::format(" (it says it draws {} W now)", said.draws->count) : "";
    return fmt::format("its watts are yours to say: {}{}{}", model, rated, draws);
}

}  // namespace

std::string mac_text(std::uint64_t mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac >> 40 & 255, mac >> 32 & 255, mac >> 24 & 255, mac >> 16 & 255, mac >> 8 & 255, mac & 255);
}

std::vector<Discovered> discovered(const std::vector<asic::Found>& found, const std::vector<Neighbour>& neighbours, const std::map<std::uint64_t, std::string>& ids) {
    const auto beside = by_address(neighbours);
    std::map<std::uint64_t, std::string> seen;
    std::vector<Discovered> out;
    for (const asic::Found& one : found) {
        Discovered& machine = out.emplace_back();
        machine.address = asic::dotted(one.address);
        machine.port = one.what.port;
        machine.make = one.what.make ? &make_of(*one.what.make) : nullptr;
        machine.beside = one.what.beside ? &make_of(*one.what.beside) : nullptr;
        machine.model = one.what.model;
        machine.serial = one.what.serial;
        machine.firmware = one.what.firmware;
        machine.mac = one.what.mac;
        machine.mode = one.what.mode;
        machine.remark = one.what.remark;
        const auto near = beside.find(machine.address);
        if (!machine.mac && near != beside.end()) machine.mac = near->second, machine.mac_by_neighbours = true;
        machine.id = id_of(machine, ids);
        if (!machine.make) continue;
        machine.plate = nameplate_of(one.what.model, one.what.rated_gigahashes);
        if (!machine.plate) add(machine.remark, for_a_person(one.what));
        if (!machine.mac) continue;
        const auto [first, fresh] = seen.emplace(*machine.mac, machine.address);
        machine.twice = !fresh;
        if (machine.twice) add(machine.remark, "has the mac of " + first->second);
    }
    return out;
}

std::string inventory_csv(const std::vector<Discovered>& machines, const Make& make) {
    std::string out = "id,host,port,mac,watts,joules_per_terahash\n";
    for (const Discovered& machine : machines) {
        if (machine.make != &make || machine.twice) continue;
        const std::string watts = machine.plate ? std::to_string(machine.plate->watts.count) : "";
        const std::int64_t joules = machine.plate ? machine.plate->joules_per_hash : 0;
        const std::string efficiency = joules > 0 ? fmt::format("{}.{:03}", joules / 1'000, joules % 1'000) : "";
        out += fmt::format("{},{},{},{},{},{}\n", machine.id, machine.address, machine.port, machine.mac ? mac_text(*machine.mac) : "", watts, efficiency);
    }
    return out;
}

std::vector<const Make*> makes_of(const std::vector<Discovered>& machines) {
    std::vector<const Make*> out;
    for (const Make& make : makes())
        if (std::ranges::find(machines, &make, &Discovered::make) != machines.end()) out.push_back(&make);
    return out;
}

}  // namespace ballast
