#pragma once
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/register.hpp"

#include <memory>
#include <string>

namespace ballast::drivers {

struct HeartbeatSettings {
    std::string name;
    ModbusUnit unit;
    std::uint16_t coil = 0;   ///< 0-based.
    Duration least_apart{500};  ///< Beats that come sooner are passed over.
};

/// A coil that changes its state at every beat. While it does, the loop's steps are healthy; a PLC may act when it stops.
class HeartbeatCoil {
public:
    HeartbeatCoil(HeartbeatSettings settings, ModbusBuses& buses);

    /// Never waits. Passed over while the one before it is under way.
    void beat();

private:
    struct State;
    HeartbeatSettings settings_;
    std::shared_ptr<ModbusBus> bus_;
    std::shared_ptr<State> state_;  ///< Shared with the answer that is on its way.
    Steady last_ = Steady::min();
};

}  // namespace ballast::drivers
