#pragma once
#include "sim/plant_settings.hpp"
#include "wire/modbus_words.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ballast::sim {

enum class Table : std::uint8_t { coil, discrete, input, holding };

/// One thing a device offers, read at the moment it is asked. Coils and discrete inputs are 0 or 1 and ignore the rest.
struct ModbusPoint {
    Table table = Table::holding;
    std::uint16_t address = 0;                ///< 0-based, as in the PDU.
    wire::RegisterType type = wire::RegisterType::uint16;
    wire::WordOrder order = wire::WordOrder::abcd;
    double scale = 1;                         ///< Register x scale is the value. What an integer cannot hold stays at its end.
    std::function<double()> read;             ///< On the devices' thread: be short, throw nothing.
    std::function<void(double)> write;        ///< Empty: read only, a write gets exception 2.
    std::function<MeterFault()> fault;        ///< Empty: none. A request that touches a silent point is not answered.
};

/// Points at one unit id of one server. Several may name the same unit: their points are joined.
struct ModbusUnit {
    std::string host;                         ///< Loopback.
    std::uint16_t port = 502;
    std::uint8_t unit = 1;
    std::vector<ModbusPoint> points;
};

/// Modbus TCP servers on loopback, all on one thread, each for many clients and many unit ids. Functions 1 to 6, 15 and
/// 16; any other is exception 1, an address nobody gave exception 2, a bad quantity or value 3, a unit nobody gave 0x0B
/// (as a gateway says it). A client that sends no Modbus is dropped; one that sends half a request delays nobody.
class ModbusDevices {
public:
    /// Throws std::runtime_error naming what cannot be listened on, or two points that lie on each other.
    explicit ModbusDevices(std::vector<ModbusUnit> units);
    ~ModbusDevices();
    ModbusDevices(const ModbusDevices&) = delete;
    ModbusDevices& operator=(const ModbusDevices&) = delete;

    std::uint64_t requests() const;

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace ballast::sim
