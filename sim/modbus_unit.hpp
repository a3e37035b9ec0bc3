#pragma once
#include "sim/modbus_devices.hpp"

#include <map>
#include <optional>
#include <span>

namespace ballast::sim {

/// What a request asks, taken from its bytes.
struct ModbusRequest {
    enum class Exception : std::uint8_t { none = 0, function = 1, address = 2, value = 3, device = 4, gateway_target = 0x0B };
    std::uint8_t unit = 0;
    Table table = Table::holding;
    bool writes = false;
    std::uint16_t address = 0, quantity = 0;
    Exception exception = Exception::none;    ///< What is wrong with it before anything is looked up.
};

/// `adu` is one whole MBAP frame of at least 8 bytes. Checks function, quantity, lengths and coil values, so that
/// libmodbus is handed nothing it has not been promised.
ModbusRequest read_modbus_request(std::span<const std::uint8_t> adu);

/// The points of one unit, by the registers they cover.
class PointMap {
public:
    /// Throws std::runtime_error naming `where` and the address if it lies on another.
    void add(ModbusPoint point, const std::string& where);

    bool covers(Table table, std::uint16_t address, std::uint16_t quantity) const;
    bool writable(Table table, std::uint16_t address, std::uint16_t quantity) const;
    MeterFault fault(Table table, std::uint16_t address, std::uint16_t quantity) const;
    /// One entry a register or bit. The range must be covered.
    std::vector<std::uint16_t> read(Table table, std::uint16_t address, std::uint16_t quantity) const;
    /// A value of which only a part is written keeps its other words.
    void write(Table table, std::uint16_t address, std::span<const std::uint16_t> words) const;

private:
    using Key = std::pair<Table, std::uint16_t>;
    static std::size_t width(const ModbusPoint& point);
    static std::vector<std::uint16_t> words(const ModbusPoint& point);
    std::vector<const ModbusPoint*> touched(Table table, std::uint16_t address, std::size_t quantity) const;

    std::map<Key, ModbusPoint> points_;       ///< By their first register.
};

}  // namespace ballast::sim
