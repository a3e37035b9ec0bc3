#pragma once
#include "controller/ports.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/fault_log.hpp"
#include "drivers/modbus/register.hpp"

namespace ballast::drivers {

/// Asks one thing of one unit again and again, at its own period; takes no orders. What an answer means is the derived
/// class's; what a failure means is silence, which the engine judges, and a line in the log.
class ModbusPoll : public Driver {
public:
    asio::awaitable<void> run(Mailbox& mailbox) final;
    void submit(const Order&) final {}

protected:
    /// `what`: "meter poi".
    ModbusPoll(std::string what, ModbusRequest request, Duration period, std::shared_ptr<ModbusBus> bus);

    /// An error: the answer is unusable, and why.
    virtual Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) = 0;
    /// The poll failed; what was heard before is no longer a run of consecutive answers.
    virtual void missed() {}

private:
    void conclude(const Result<void>& outcome);

    std::string what_;
    ModbusRequest request_;
    Duration period_;
    std::shared_ptr<ModbusBus> bus_;
    FaultLog log_;
};


}  // namespace ballast::drivers
