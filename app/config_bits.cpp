#include "app/config_parts.hpp"

namespace ballast::config {
namespace {

std::string place_of(const ModbusConfig& unit) {
    const std::string line = unit.transport == Transport::rtu ? unit.device : fmt::format("{}:{}", unit.host, unit.port);
    return fmt::format("{} unit {}", line, unit.unit_id);
}

}  // namespace

void claim_bit(Parse& parse, Position at, const ModbusConfig& unit, RegisterFunction function, std::uint16_t address, BitUse use, const std::string& whose) {
    const std::string bit = fmt::format("{} {} of {}", function == RegisterFunction::coil ? "coil" : "discrete input", address, place_of(unit));
    const auto [known, is_new] = parse.bits.try_emplace(bit, use, whose);
    const auto& [first_use, first] = known->second;
    const bool only_heard = use == BitUse::heard && first_use == BitUse::heard;
    const bool shows_itself = use == BitUse::shown && first_use == BitUse::moved && first == whose;  // A relay that has no auxiliary contact.
    if (is_new || only_heard || shows_itself) return;
    parse.faults.add(at, fmt::format("{} is {} already; what one device moves or shows is nothing else's: give each its own", bit, first));
}

}  // namespace ballast::config
