#pragma once
#include "controller/ports.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/modbus/fault_log.hpp"
#include "drivers/modbus/register.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ballast::drivers {

/// When contactors that share it last closed, so that their inrush does not add up. Used on the loop's thread only.
class CloseStagger {
public:
    using Clock = std::chrono::steady_clock;

    /// The earliest moment of the next close, `apart` after the last one.
    Clock::time_point next(Duration apart) const { return closed_ ? *closed_ + apart : Clock::time_point::min(); }
    /// Takes this moment; answers what to give back should nothing have closed.
    std::optional<Clock::time_point> take(Clock::time_point now) { return std::exchange(closed_, now); }
    void give_back(Clock::time_point taken, std::optional<Clock::time_point> before) {
        if (closed_ == taken) closed_ = before;
    }

private:
    std::optional<Clock::time_point> closed_;
};

struct ContactorSettings {
    std::string name;
    Slot load = 0;
    ModbusUnit unit;
    std::uint16_t coil = 0;          ///< 0-based.
    bool closes_when_on = true;      ///< 0xFF00 closes and 0x0000 opens; false: the other way round.
    ModbusBit feedback;              ///< An auxiliary contact; `true_when` is the level that means closed.
    Duration poll{250};              ///< Of the feedback.
    Power block;                     ///< Of a block of its own, by nameplate: what it is taken to draw when closed.
    Duration close_stagger{15'000};  ///< Least time between two closes among those that share a CloseStagger.
};

/// A contactor: a coil that is written only when ordered, and a feedback contact that says what became of it. Sleep,
/// power_off and open open it at once; wake and close close it in its turn, unless a newer order comes first. Puts a
/// Receipt an order (accepted: the write was answered; withheld: overtaken), a LoadReading when the feedback changes and
/// after each operation, else Answered. Of itself it draws nothing; a block of its own its nameplate, as an estimate.
class Contactor final : public Driver {
public:
    Contactor(ContactorSettings settings, ModbusBuses& buses, std::shared_ptr<CloseStagger> stagger);

    asio::awaitable<void> run(Mailbox& mailbox) override;
    void submit(const Order& order) override;

private:
    using Clock = std::chrono::steady_clock;

    asio::awaitable<void> operate(Mailbox& mailbox);
    asio::awaitable<void> watch(Mailbox& mailbox);
    asio::awaitable<void> carry_out(Order order, Mailbox& mailbox);
    void report(const Result<ModbusReply>& feedback, Mailbox& mailbox);
    Receipt receipt(OrderId order, Fate fate, Steady at) const;
    Clock::time_point may_go(const Order& order) const;

    ContactorSettings settings_;
    std::shared_ptr<ModbusBus> bus_;
    std::shared_ptr<CloseStagger> stagger_;
    std::optional<asio::steady_timer> ordered_;  ///< Cancelled to wake `operate`.
    std::optional<Order> pending_;               ///< The newest that was not sent.
    std::vector<OrderId> overtaken_;
    std::optional<Mode> reported_;               ///< Nothing: the next answer is news.
    FaultLog feedback_log_, write_log_;
};

}  // namespace ballast::drivers
