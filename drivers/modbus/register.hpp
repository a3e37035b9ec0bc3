#pragma once
#include "drivers/modbus/request.hpp"
#include "wire/modbus_words.hpp"

namespace ballast::drivers {

/// A unit on a bus.
struct ModbusUnit {
    ModbusEndpoint endpoint;
    std::uint8_t unit_id = 1;
    Duration timeout{500};  ///< To connect, and to answer.
};

/// One number in one unit.
struct ModbusRegister {
    ModbusTable table = ModbusTable::holding;  ///< holding or input.
    std::uint16_t address = 0;                 ///< 0-based, as in the PDU: one less than most manuals print.
    wire::RegisterType type = wire::RegisterType::float32;
    wire::WordOrder order = wire::WordOrder::abcd;
};

/// One bit in one unit.
struct ModbusBit {
    ModbusTable table = ModbusTable::discrete;  ///< discrete or coil.
    std::uint16_t address = 0;
    bool true_when = true;                      ///< The level that means closed.
};

/// The whole value in one request: two would straddle an update.
inline ModbusRequest read_request(const ModbusUnit& unit, const ModbusRegister& number) {
    ModbusRequest request;
    request.unit = unit.unit_id;
    request.timeout = unit.timeout;
    request.table = number.table;
    request.address = number.address;
    request.count = static_cast<std::uint16_t>(wire::word_count(number.type));
    return request;
}

inline ModbusRequest read_request(const ModbusUnit& unit, const ModbusBit& bit) {
    ModbusRequest request;
    request.unit = unit.unit_id;
    request.timeout = unit.timeout;
    request.table = bit.table;
    request.address = bit.address;
    return request;
}

inline ModbusRequest write_request(const ModbusUnit& unit, std::uint16_t coil, bool value) {
    ModbusRequest request;
    request.unit = unit.unit_id;
    request.timeout = unit.timeout;
    request.table = ModbusTable::coil;
    request.address = coil;
    request.write = true;
    request.value = value;
    return request;
}

}  // namespace ballast::drivers
