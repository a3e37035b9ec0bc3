#pragma once
#include "drivers/modbus/poll.hpp"

namespace ballast::drivers {

/// A register that says how much power flows.
struct PowerRegister {
    std::string name;                 ///< Of the meter or load, for errors.
    ModbusUnit unit;
    ModbusRegister value;
    Duration period{1'000};
    double scale_w = 1;               ///< Value x scale_w is W, rounded to nearest; negative turns a meter that counts export.
    Power plausible_low = Power::lowest(), plausible_high = Power::max();  ///< Outside: as if nothing was heard.
};

/// A register of power: its answers, and what of them cannot be. That is told once, until it can be again.
class WatchedPower {
public:
    /// `what`: "meter poi".
    WatchedPower(std::string what, PowerRegister settings) : what_{std::move(what)}, settings_{std::move(settings)} {}
    Result<Power> heard(const ModbusReply& reply, Mailbox& mailbox);

private:
    std::string what_;
    PowerRegister settings_;
    bool refusing_ = false;
};

/// Puts a MeterReading a period. A poll that fails, or a value that cannot be, is no reading: silence makes it stale.
class ModbusMeter final : public ModbusPoll {
public:
    ModbusMeter(MeterId meter, PowerRegister settings, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;

    MeterId meter_;
    WatchedPower power_;
};

/// A load with a meter of its own and no switch of ours: puts a LoadReading, running, a period.
class MeteredLoad final : public ModbusPoll {
public:
    MeteredLoad(Slot load, PowerRegister settings, ModbusBuses& buses);

private:
    Result<void> heard(const ModbusReply& reply, Mailbox& mailbox) override;

    Slot load_;
    WatchedPower power_;
};

/// What the registers of an answer say, in W. Errors: not a number, out of range, not plausible.
Result<Power> power_of(const PowerRegister& settings, const ModbusReply& reply);

}  // namespace ballast::drivers
