#pragma once
#include "model/result.hpp"
#include "model/units.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ballast::drivers {

struct TcpEndpoint {
    std::string host;  ///< A name is resolved at every connect, which may block the bus; an address never does.
    std::uint16_t port = 502;
    auto operator<=>(const TcpEndpoint&) const = default;
};

struct SerialEndpoint {
    std::string device;  ///< "/dev/ttyUSB0"
    int baud = 19'200;
    char parity = 'E';   ///< 'N', 'E' or 'O'.
    int data_bits = 8;
    int stop_bits = 1;
    auto operator<=>(const SerialEndpoint&) const = default;
};

/// What one request at a time may travel on: a Modbus TCP server (often a gateway to many units) or an RTU line.
using ModbusEndpoint = std::variant<TcpEndpoint, SerialEndpoint>;

/// "10.0.0.5:502" or "/dev/ttyUSB0".
std::string to_string(const ModbusEndpoint& endpoint);

/// The four tables of a Modbus unit, named as in the site file.
enum class ModbusTable : std::uint8_t { coil, discrete, holding, input };

/// One exchange. Addresses are 0-based, as in the PDU: one less than most manuals print.
struct ModbusRequest {
    std::uint8_t unit = 1;
    ModbusTable table = ModbusTable::holding;
    std::uint16_t address = 0;
    std::uint16_t count = 1;         ///< At most 125 registers or 2,000 bits.
    bool write = false;              ///< Of one coil (FC05), to `value`.
    bool value = false;
    bool urgent = false;             ///< Goes ahead of those waiting, and waits for no back-off.
    Duration timeout{500};           ///< To connect, and to answer.
};

struct ModbusReply {
    std::vector<std::uint16_t> words;  ///< Registers, or bits as 0 and 1. Empty after a write.
    Steady at{};                       ///< When the answer was whole.
};

/// "modbus 10.0.0.5:502 unit 1 holding 3059": where a request goes, for errors.
std::string place(const ModbusEndpoint& endpoint, const ModbusRequest& request);

/// What libmodbus's error number means, and what to do about it. Exceptions are named with their number.
Error explain(const ModbusEndpoint& endpoint, const ModbusRequest& request, int number);

}  // namespace ballast::drivers
