#pragma once
#include "app/config_keys.hpp"
#include "app/presets.hpp"

#include <map>
#include <string>
#include <vector>

/// The parts of parse_config, one a table of the site file. Each leaves its part of the Config filled as well as it
/// could and a fault for the rest, so that one run finds them all.
namespace ballast::config {

struct Parse {
    Parse(std::string path, const FileReader& reader);

    std::string path;  ///< Of the site file, as it was given.
    const FileReader& read;
    Faults faults;
    Config config;
    std::map<std::string, std::pair<ModbusConfig, Position>> lines;  ///< Serial lines seen, by device.
    std::map<std::string, std::string> machine_ids;                  ///< Seen so far: id -> "file:line".
    std::map<std::string, std::string> machine_macs;                 ///< Twelve lower-case digits -> id.
    std::map<std::string, std::string> machine_places;               ///< "host:port" -> id.

    std::string beside(const std::string& name) const;  ///< `name`, relative to the site file's folder.
    std::vector<std::string> brokers() const, meters() const, feeders() const, signals() const;
};

void parse_fx(Keys& root, Parse& parse);
void parse_site(Keys& root, Parse& parse);
void parse_journal(Keys& root, Parse& parse);
void parse_http(Keys& root, Parse& parse);
void parse_brokers(Keys& root, Parse& parse);
void parse_meters(Keys& root, Parse& parse);
void parse_feeders(Keys& root, Parse& parse);
void parse_signals(Keys& root, Parse& parse);
void parse_groups(Keys& root, Parse& parse);
/// The groups that local/remote switches are for; needs all of them.
void link_switches(Keys& root, Parse& parse);
void parse_machines(Keys& keys, Parse& parse, GroupConfig& group);
void parse_policies(Keys& root, Parse& parse);
/// kind = "programme"; `rate_ppm` leads from the policy's currency to the site's.
void parse_programme(Keys& keys, Parse& parse, std::int64_t rate_ppm, ProgrammeConfig& programme);
void parse_minimum_draw(Keys& keys, Parse& parse, MinimumDrawConfig& minimum);
/// The `preset` of a programme; null if it names none, or none that there is.
const Preset* preset_of(Keys& keys);
/// A group's name that is a machine's too, and which contactor cuts off which group; needs all of them.
void link_groups(Keys& root, Parse& parse);

/// The `name` of an element of [[section]], checked, and not among `taken`.
std::string unique_name(Keys& keys, const std::vector<std::string>& taken);
/// "[[group]] miners-a", or "[[group]] 3" while it has no name.
std::string title(const toml::table& table, std::string_view section, std::size_t number);

/// transport, host, port, device, baud, parity, stop_bits, unit_id, timeout_ms
ModbusConfig modbus(Keys& keys, Parse& parse);
/// function, address, type, order; the caller reads the scale.
RegisterConfig register_of(Keys& keys);
/// function (discrete or coil) and address of one bit.
std::pair<RegisterFunction, std::uint16_t> bit_of(Keys& keys);
/// A range where the file gives none, or half of one.
void plausible_unless_given(MeterConfig& meter, Power least, Power most);
/// That of each [[meter]]: ten times what the site could draw, either way. Needs the groups.
void bound_meters(Parse& parse);
/// All of a [[meter]] but its name.
MeterConfig meter_of(Keys& keys, Parse& parse);

/// All of a [[policy]] of kind under_frequency but its name. Needs the groups, and the policies before it.
void under_frequency_of(Keys& keys, Parse& parse, UnderFrequencyConfig& policy);

/// Units of a kind of signal; "ct" is a hundredth of the site's currency.
std::optional<Unit> unit_of(Keys& keys, Parse& parse, SignalSort kind);
/// What the signal means when the file is silent: USD/MWh, kW, USD/PH/day.
Unit default_unit(const Parse& parse, SignalSort kind);

constexpr Range port_range() { return {1, 65'535}; }

template <class Part>
std::vector<std::string> names_of(const std::vector<Part>& parts) {
    std::vector<std::string> names;
    for (const Part& part : parts) names.push_back(part.name);
    return names;
}

}  // namespace ballast::config
