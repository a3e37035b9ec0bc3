#include "app/config_parts.hpp"

#include "model/names.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

using drivers::Oid, drivers::SnmpVersion;

const Choices<SnmpVersion> versions{{"1", SnmpVersion::v1}, {"2c", SnmpVersion::v2c}};

/// sPDUOutletCtl of APC's PowerNet-MIB, which is written and read.
const Oid apc_outlet{1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3};

std::string wrong_oid(std::string_view text) {
    return drivers::parse_oid(text) ? "" : "allowed: an object identifier in numbers, without the outlet's, like \"1.3.6.1.4.1.318.1.1.4.4.2.1.3\"";
}

std::optional<Oid> oid_of(Keys& keys, std::string_view key) {
    const auto text = keys.text(key, wrong_oid);
    return text ? drivers::parse_oid(*text) : std::nullopt;
}

/// What is written or read for on and off: two numbers that differ.
void values_of(Keys& keys, const char* on_key, const char* off_key, std::int32_t& on, std::int32_t& off) {
    const Range integers{-2'147'483'648, 2'147'483'647};
    on = static_cast<std::int32_t>(keys.number_or(on_key, integers, on));
    off = static_cast<std::int32_t>(keys.number_or(off_key, integers, off));
    if (on == off) keys.fault(off_key, fmt::format("'{}' is {}, and so is '{}'; allowed: another number for each", off_key, off, on_key));
}

void objects_of(Keys& keys, PduConfig& pdu) {
    pdu.control = oid_of(keys, "control_oid").value_or(apc_outlet);
    values_of(keys, "control_on", "control_off", pdu.turn_on, pdu.turn_off);
    const bool apart = keys.has("state_oid");
    pdu.state = oid_of(keys, "state_oid").value_or(pdu.control);
    if (apart && !keys.has("state_on")) keys.missing("state_on", "expected what 'state_oid' reads of an outlet that is on: PDUs do not agree about it");
    if (apart && !keys.has("state_off")) keys.missing("state_off", "expected what 'state_oid' reads of an outlet that is off: PDUs do not agree about it");
    pdu.shows_on = pdu.turn_on, pdu.shows_off = pdu.turn_off;
    if (apart && keys.has("state_on") && keys.has("state_off")) values_of(keys, "state_on", "state_off", pdu.shows_on, pdu.shows_off);
    if (!apart)
        for (const char* key : {"state_on", "state_off"}) keys.refuse(key, "without 'state_oid' an outlet reads what is written to 'control_oid'");
    pdu.watts = oid_of(keys, "watts_oid");
    if (!keys.has("watts_oid")) keys.refuse("watts_scale", "it belongs to 'watts_oid'");
    else pdu.watts_scale = keys.real("watts_scale", 1e-6, 1e6).value_or(1);
}

PduConfig pdu_of(Keys& keys, Parse& parse) {
    PduConfig pdu;
    pdu.name = unique_name(keys, parse.pdus());
    pdu.host = keys.must_text("host", "a host name or address", wrong_host);
    pdu.port = static_cast<std::uint16_t>(keys.number_or("port", port_range(), pdu.port));
    pdu.version = keys.choice_or("version", versions, pdu.version);
    if (!keys.has("community_file")) keys.missing("community_file", "expected the path of a file that holds the community that may write, or \"env:NAME\"");
    pdu.community = secret(keys, parse, "community_file");
    pdu.timeout = keys.span_or("timeout_ms", {50, 60'000}, pdu.timeout);
    objects_of(keys, pdu);
    pdu.stagger = keys.span_or("stagger_s", seconds(0, 300'000), pdu.stagger);
    pdu.poll = keys.span_or("poll_s", seconds(500, 3'600'000), pdu.poll);
    pdu.boot = keys.span_or("boot_s", seconds(1'000, 3'600'000), pdu.boot);
    return pdu;
}

/// From the wake of all machines of a PDU at once until the last one has booted.
Duration time_to_return(const Parse& parse, const GroupConfig& group) {
    Duration longest{0};
    for (const PduConfig& pdu : parse.config.pdus) {
        const auto on = [&](const MachineConfig& machine) { return machine.pdu == pdu.name; };
        if (std::ranges::none_of(group.machines, on)) continue;
        std::int64_t outlets = 0;
        for (const GroupConfig& other : parse.config.groups) outlets += std::ranges::count_if(other.machines, on);
        longest = std::max(longest, pdu.boot + (outlets - 1) * pdu.stagger);
    }
    return longest;
}

void link_outlets_of(Keys& keys, const Parse& parse, GroupConfig& group) {
    const auto without = [](const MachineConfig& machine) { return machine.pdu.empty(); };
    const auto bare = std::ranges::find_if(group.machines, without);
    if (std::ranges::all_of(group.machines, without)) return;
    if (bare != group.machines.end())
        return keys.fault(keys.has("inventory") ? "inventory" : "name", fmt::format("machine \"{}\" of {} has no outlet, and others have; allowed: one for each machine of a group, or for none", bare->id, shown(group.name)));
    const Duration needed = time_to_return(parse, group);
    if (!keys.has("on_within_s")) group.on_within = std::max(group.on_within, needed);
    else if (group.on_within < needed)
        keys.fault("on_within_s", fmt::format("'on_within_s' is {} and machines that come back by their outlets take up to {}: 'boot_s' of their PDU, and 'stagger_s' for each other outlet of it; allowed: at least that",
                                              unscaled(group.on_within.count(), 3), unscaled(needed.count(), 3)));
}

}  // namespace

void parse_pdus(Keys& root, Parse& parse) {
    for (const auto* table : root.tables("pdu")) {
        Keys keys{*table, title(*table, "pdu", parse.config.pdus.size()), parse.faults};
        PduConfig pdu = pdu_of(keys, parse);
        keys.finish();
        parse.config.pdus.push_back(std::move(pdu));
    }
}

bool has_outlet_of_its_own(Parse& parse, const GroupConfig& group, const MachineConfig& machine, const std::string& file, Position at) {
    const auto fault = [&](std::string text) {
        parse.faults.add_in(file, at, std::move(text));
        return false;
    };
    if (machine.pdu.empty() && machine.outlet == 0) return true;
    if (machine.pdu.empty()) return fault(fmt::format("machine \"{}\" has outlet {} and no pdu; expected both or neither", machine.id, machine.outlet));
    if (machine.outlet == 0) return fault(fmt::format("machine \"{}\" has pdu {} and no outlet; expected both or neither", machine.id, shown(machine.pdu)));
    const auto known = parse.pdus();
    if (std::ranges::find(known, machine.pdu) == known.end()) {
        const std::string near = nearest(machine.pdu, known);
        return fault(fmt::format("machine \"{}\" names the pdu {}, which is not in the site file; {}", machine.id, shown(machine.pdu),
                                 !near.empty() ? fmt::format("did you mean \"{}\"?", near) : known.empty() ? "there is no [[pdu]]" : "known: " + listed(known)));
    }
    if (group.tier != Tier::interruptible)
        return fault(fmt::format("machine \"{}\" hangs on outlet {} of {}, and its group \"{}\" is {}{}; allowed: interruptible groups only, as what is {} is never switched", machine.id, machine.outlet, shown(machine.pdu), group.name,
                                 name_of(group.tier), group.tier_given ? "" : " because it has no 'tier'", group.tier == Tier::firm ? "firm" : "slowed"));
    const auto [taken, is_new] = parse.outlets.try_emplace({machine.pdu, machine.outlet}, machine.id);
    return is_new || fault(fmt::format("machines \"{}\" and \"{}\" share outlet {} of {}; one outlet is one machine", taken->second, machine.id, machine.outlet, shown(machine.pdu)));
}

void link_outlets(Keys& root, Parse& parse) {
    const auto tables = root.tables("group");
    if (tables.size() != parse.config.groups.size()) return;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        Keys keys{*tables[i], title(*tables[i], "group", i), parse.faults};
        link_outlets_of(keys, parse, parse.config.groups[i]);
    }
}

}  // namespace ballast::config
