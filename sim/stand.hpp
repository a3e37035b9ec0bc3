#pragma once
#include "sim/asic_devices.hpp"
#include "sim/faults.hpp"
#include "sim/gpu_agents.hpp"
#include "sim/live_plant.hpp"
#include "sim/modbus_devices.hpp"
#include "sim/utility.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ballast::sim {

/// Where a value lies in a Modbus device.
struct RegisterPlace {
    std::string host;
    std::uint16_t port = 502;
    std::uint8_t unit = 1;
    Table table = Table::holding;
    std::uint16_t address = 0;               ///< 0-based.
    wire::RegisterType type = wire::RegisterType::uint16;
    wire::WordOrder order = wire::WordOrder::abcd;
    double scale = 1;                        ///< Register x scale is the value.
};

struct StandSettings {
    struct Meter {
        std::size_t meter = 0;               ///< In the plant.
        RegisterPlace power;                 ///< Scale to W.
    };
    struct FrequencyMeter {
        std::size_t meter = 0;               ///< In the plant.
        RegisterPlace frequency;             ///< Scale to Hz.
    };
    struct Contactor {
        std::size_t contactor = 0;           ///< In the plant.
        RegisterPlace coil;                  ///< 1 closes.
        std::optional<RegisterPlace> feedback;  ///< A discrete input or a coil.
        bool closed_is = true;               ///< What the feedback says when closed.
    };
    /// A register or contact of the utility's RTU; a peer may write it, if it lies in an input or discrete table by
    /// way of the holding register or coil of the same address.
    struct Rtu {
        std::string name;
        RegisterPlace place;
        double value = 0;                    ///< At the start, in the register's own unit after scale.
        bool follows_price = false;          ///< Shows the utility's latest price per MWh instead.
    };
    PlantSettings plant;
    std::vector<AsicSettings> asics;
    AsicDevices::Timing asic_timing;
    std::vector<Meter> meters;
    std::vector<FrequencyMeter> frequencies;
    std::vector<Contactor> contactors;
    std::vector<Rtu> rtu;
    std::optional<UtilitySettings> utility;
    std::vector<GpuAgentsSettings> gpus;     ///< By broker.
    std::vector<Happening> happenings;       ///< By time.
};

/// The truth at one moment, which no controller sees.
struct Truth {
    Steady at{};
    Power site, residual, machines, halls;
    std::size_t running = 0, asleep = 0, dark = 0;  ///< Machines drawing more than standby, no more, nothing.
    std::vector<Power> machine, hall, meter;        ///< By index; a meter's is what it shows.
    std::vector<std::uint8_t> closed;               ///< Contactors, 0 or 1. Not bool, whose references dangle.
};

/// A whole site on loopback: plant, devices and utility on threads of their own, from construction to destruction.
class Stand {
public:
    /// Throws std::runtime_error naming the address that cannot be listened on.
    explicit Stand(StandSettings settings);
    ~Stand();
    Stand(const Stand&) = delete;
    Stand& operator=(const Stand&) = delete;

    Truth truth();
    std::vector<CommandHeard> commands() const { return plant_.commands(); }
    std::vector<CoilOperation> operations() const { return plant_.operations(); }

    /// For anything the plant can be told: faults, trips, a hall's course.
    LivePlant& plant() { return plant_; }
    /// Sets a register or contact of the RTU. False if there is none of that name.
    bool set(const std::string& rtu, double value);
    Utility* utility() { return utility_.get(); }
    const AsicDevices& asics() const { return *asics_; }
    const ModbusDevices& modbus() const { return *modbus_; }
    /// What has happened by itself so far, for people.
    std::vector<std::string> happened() const;

private:
    class Script;
    class Values;
    std::vector<ModbusUnit> units(const StandSettings& settings);
    void add_contactor(const StandSettings::Contactor& contactor, std::vector<ModbusUnit>& units);
    void add_rtu(const std::vector<StandSettings::Rtu>& all, std::vector<ModbusUnit>& units);

    LivePlant plant_;
    std::unique_ptr<Values> values_;
    std::unique_ptr<Utility> utility_;
    std::unique_ptr<AsicDevices> asics_;
    std::unique_ptr<ModbusDevices> modbus_;
    std::unique_ptr<Script> script_;
    std::vector<std::unique_ptr<GpuAgents>> gpus_;
};

}  // namespace ballast::sim
