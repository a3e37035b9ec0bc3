#include "app/config_parts.hpp"
#include "app/inventory.hpp"

#include <algorithm>
#include <cctype>

namespace ballast::config {
namespace {

std::string bare(const std::string& mac) {
    std::string digits;
    for (const char c : mac)
        if (c != ':' && c != '-') digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return digits;
}

void from_inventory(Keys& keys, Parse& parse, GroupConfig& group, std::uint16_t port) {
    const auto name = keys.text("inventory");
    if (!name) return;
    const std::string path = parse.beside(*name);
    const bool again =
        std::ranges::find(parse.config.files, path, &ConfigFile::path) != parse.config.files.end();
    if (again)
        return keys.fault(
            "inventory",
            fmt::format("'inventory' is {}, which another group reads already; one machine is in one group",
                        shown(*name)));
    auto text = parse.read(path);
    if (!text)
        return keys.fault(
            "inventory",
            fmt::format("'inventory' is {}, which cannot be read: {}; expected a CSV beside the site file",
                        shown(*name), text.error().detail));
    Inventory found = parse_inventory(*text, path, port);
    for (Fault& fault : found.faults)
        parse.faults.add_in(fault.file, {fault.line, fault.column}, std::move(fault.text));
    parse.config.files.push_back({path, std::move(*text), ""});
    for (InventoryRow& row : found.rows)
        if (first_of_its_kind(parse, row.machine, path, {{row.line, row.id_at}, {row.line, row.host_at}, {row.line, row.mac_at}}) && row.good &&
            has_outlet_of_its_own(parse, group, row.machine, path, {row.line, row.outlet_at}))
            group.machines.push_back(std::move(row.machine));
    if (found.rows.empty() && found.faults.empty()) keys.fault("inventory", "'inventory' has no machine");
}

void inline_machine(const toml::table& table, Parse& parse, GroupConfig& group, std::uint16_t port) {
    Keys keys{table, fmt::format("[[group.machine]] {} of {}", group.machines.size() + 1, shown(group.name)),
              parse.faults};
    MachineConfig machine;
    machine.id = keys.must_text("id", "an id that no other machine has", wrong_machine_id);
    machine.host = keys.must_text("host", "its address", wrong_host);
    machine.port = static_cast<std::uint16_t>(keys.number_or("port", port_range(), port));
    machine.mac = keys.text_or("mac", "", wrong_mac);
    machine.watts = Power{keys.must_number("watts", {1, 1'000'000})};
    machine.joules_per_hash = keys.number_or("joules_per_terahash", {1, 10'000'000, 3}, 0);
    if (const auto strike = keys.number("strike_per_mwh", {-100'000'000'000, 100'000'000'000, 6})) machine.strike = Price{*strike};
    machine.pdu = keys.text_or("pdu", "", wrong_name);
    machine.outlet = static_cast<std::uint32_t>(keys.number_or("outlet", {1, 65'535}, 0));
    const bool outlet_good = machine.outlet != 0 || !keys.has("outlet");
    keys.finish();
    if (first_of_its_kind(parse, machine, parse.path, {keys.at(), keys.at(), keys.at()}) && outlet_good && has_outlet_of_its_own(parse, group, machine, parse.path, keys.at()))
        group.machines.push_back(std::move(machine));
}

}  // namespace

bool first_of_its_kind(Parse& parse, const MachineConfig& machine, const std::string& file, const MachineAt& at) {
    bool good = true;
    const auto fault = [&](Position where, std::string text) {
        parse.faults.add_in(file, where, std::move(text));
        good = false;
    };
    if (machine.id == "site")
        fault(at.id, "id is \"site\", which means all of it in a person's word; allowed: any other");
    const std::string place_in_file = fmt::format("{}:{}", file, at.id.line), who = machine.id.empty() ? place_in_file : machine.id;
    const auto [id, new_id] = parse.machine_ids.try_emplace(who, place_in_file);
    if (!new_id)
        fault(at.id, fmt::format("machine \"{}\" is at {} already; an id is given once", machine.id, id->second));
    if (machine.host.empty()) return good;
    const std::string address = fmt::format("{}:{}", machine.host, machine.port);
    const auto [place, new_place] = parse.machine_places.try_emplace(address, who);
    if (!new_place && place->second != who)  // That an id is repeated is told above.
        fault(at.host, fmt::format("machines \"{}\" and \"{}\" share {}; one address is one machine", place->second, who, address));
    if (machine.mac.empty()) return good;
    const auto [mac, new_mac] = parse.machine_macs.try_emplace(bare(machine.mac), who);
    if (!new_mac && mac->second != who)
        fault(at.mac, fmt::format("machines \"{}\" and \"{}\" share the MAC {}; one MAC is one machine", mac->second, who, machine.mac));
    return good;
}

void parse_machines(Keys& keys, Parse& parse, GroupConfig& group, std::uint16_t usual_port) {
    const auto port = static_cast<std::uint16_t>(keys.number_or("port", port_range(), usual_port));
    from_inventory(keys, parse, group, port);
    for (const auto* table : keys.tables("machine")) inline_machine(*table, parse, group, port);
    if (!keys.has("inventory") && !keys.has("machine"))
        keys.missing("inventory", "expected a CSV of its machines, or [[group.machine]] for each");
}

}  // namespace ballast::config
