#include "drivers/switchgear/heartbeat.hpp"

#include "controller/clock.hpp"
#include "drivers/modbus/fault_log.hpp"

#include <atomic>
#include <utility>

namespace ballast::drivers {

struct HeartbeatCoil::State {
    explicit State(std::string what) : log{std::move(what)} {}
    std::atomic<bool> under_way = false;
    bool on = false;   // This and the log belong to whoever set `under_way`.
    FaultLog log;
};

HeartbeatCoil::HeartbeatCoil(HeartbeatSettings settings, ModbusBuses& buses)
    : settings_{std::move(settings)}, bus_{buses.at(settings_.unit.endpoint)},
      state_{std::make_shared<State>("heartbeat " + settings_.name)} {}

void HeartbeatCoil::beat() {
    const Steady now = steady_now();
    if (last_ != Steady::min() && now < last_ + settings_.least_apart) return;
    if (state_->under_way.exchange(true)) return;
    last_ = now;
    const ModbusRequest write = write_request(settings_.unit, settings_.coil, !state_->on);
    bus_->post(write, [state = state_](const Result<ModbusReply>& reply) {
        if (reply) {
            state->on = !state->on;
            state->log.worked();
        } else {
            state->log.failed(reply.error(), steady_now());
        }
        state->under_way = false;
    });
}

}  // namespace ballast::drivers
