#pragma once
#include "app/config_keys.hpp"
#include "app/presets.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

/// The parts of parse_config, one a table of the site file. Each leaves its part of the Config filled as well as it
/// could and a fault for the rest, so that one run finds them all.
namespace ballast::config {

/// What a coil or a discrete input is there for: we write it, it shows what we wrote, or the outside says something by it.
enum class BitUse : std::uint8_t { moved, shown, heard };

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
    std::map<std::pair<std::string, std::uint32_t>, std::string> outlets;  ///< PDU and number -> id of the machine on it.

    std::map<std::string, std::pair<BitUse, std::string>> bits;      ///< "coil 0 of 10.0.0.7:502 unit 1" -> its use, and whose it is.

    std::string beside(const std::string& name) const;  ///< `name`, relative to the site file's folder.
    std::vector<std::string> brokers() const, meters() const, pdus() const, feeders() const, signals() const;
};

void parse_fx(Keys& root, Parse& parse);
void parse_site(Keys& root, Parse& parse);
void parse_journal(Keys& root, Parse& parse);
void parse_http(Keys& root, Parse& parse);
void parse_brokers(Keys& root, Parse& parse);
void parse_meters(Keys& root, Parse& parse);
void parse_pdus(Keys& root, Parse& parse);
void parse_feeders(Keys& root, Parse& parse);
/// Which feeder stands under which; needs all of them.
void link_feeders(Keys& root, Parse& parse);
void parse_signals(Keys& root, Parse& parse);
void parse_groups(Keys& root, Parse& parse);
/// The groups that local/remote switches are for; needs all of them.
void link_switches(Keys& root, Parse& parse);
void parse_machines(Keys& keys, Parse& parse, GroupConfig& group, std::uint16_t usual_port);
/// All of a gpu group but its name, driver, tier and feeder.
void parse_gpu(Keys& keys, Parse& parse, GroupConfig& group);
/// What of a flexible group its driver decides.
struct UsualSteps {
    std::span<const FlexStep> allowed;
    std::vector<FlexStep> order;       ///< Where the file gives none.
    std::uint32_t turn = 0;            ///< Likewise.
    bool standby_read = false;         ///< `standby` is known already; else it has to be given with a sleep, and only then.
};
/// order, turn, floor_w, standby_w and the naming of a contactor, of any flexible group. Needs its loads.
void parse_flexible(Keys& keys, GroupConfig& group, const UsualSteps& usual);
/// Where a machine's own words stand.
struct MachineAt {
    Position id, host, mac;
};
/// False, with faults, if its id, its address or its MAC is another's. What is empty of it is not looked at.
bool first_of_its_kind(Parse& parse, const MachineConfig& machine, const std::string& file, const MachineAt& at);
/// False, with faults, if the machine's outlet is another's, of no PDU of this file, only half said, or feeds a firm load.
bool has_outlet_of_its_own(Parse& parse, const GroupConfig& group, const MachineConfig& machine, const std::string& file, Position at);
/// All machines of a group hang on outlets or none does, and those that do have the time to boot; needs all groups.
void link_outlets(Keys& root, Parse& parse);
void parse_policies(Keys& root, Parse& parse);
/// kind = "programme"; `rate_ppm` leads from the policy's currency to the site's.
void parse_programme(Keys& keys, Parse& parse, std::int64_t rate_ppm, ProgrammeConfig& programme);
void parse_ambient_derating(Keys& keys, Parse& parse, AmbientDeratingConfig& own);
void parse_heat_demand(Keys& keys, Parse& parse, HeatDemandConfig& own);
void parse_coincident_peak(Keys& keys, Parse& parse, std::int64_t rate_ppm, CoincidentPeakConfig& peak);
/// Every group that a coincident peak may stop has a strike; needs all policies.
void check_strikes(const toml::table& table, Parse& parse, const PolicyConfig& policy);
void parse_minimum_draw(Keys& keys, Parse& parse, std::int64_t rate_ppm, MinimumDrawConfig& minimum);
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
/// A file's path, or "env:NAME".
Secret secret(Keys& keys, Parse& parse, std::string_view key);
/// function (discrete or coil) and address of one bit.
std::pair<RegisterFunction, std::uint16_t> bit_of(Keys& keys);
/// A fault where the bit is there for something else already; `whose` as people say it: "the feedback of block-a".
void claim_bit(Parse& parse, Position at, const ModbusConfig& unit, RegisterFunction function, std::uint16_t address, BitUse use, const std::string& whose);
/// A range where the file gives none, or half of one.
void plausible_unless_given(MeterConfig& meter, Power least, Power most);
/// That of each [[meter]]: ten times what the site could draw, either way. Needs the groups.
void bound_meters(Parse& parse);
/// ramp_up_kw_per_min, ramp_down_kw_per_min, inrush_kw, inrush_within_s
Site::Pace pace_of(Keys& keys);
/// cold_start_lockout_s, release_spread_s, return_settles_s; nothing without the first.
std::optional<ReturnConfig> return_of(Keys& keys, bool metered);
/// cooling_percent, in millionths.
std::int64_t cooling_of(Keys& keys);
/// months, weekdays and hours of a contract
ContractHours contract_hours(Keys& keys);
/// All of a [[meter]] but its name.
MeterConfig meter_of(Keys& keys, Parse& parse);

/// All of a [[policy]] of kind under_frequency but its name. Needs the groups, and the policies before it.
void under_frequency_of(Keys& keys, Parse& parse, UnderFrequencyConfig& policy);

/// Calls and limits, as against what is only told: prices, temperatures.
constexpr bool asks(SignalSort kind) { return kind == SignalSort::dispatch || kind == SignalSort::contact || kind == SignalSort::limit; }

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
