#pragma once
#include "controller/ports.hpp"
#include "drivers/modbus/fault_log.hpp"
#include "drivers/snmp/session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ballast::drivers {

/// A machine that hangs on an outlet, and where it listens once it has booted.
struct PduOutlet {
    Slot load = 0;
    std::uint32_t number = 1;        ///< As the PDU counts its outlets.
    std::string machine;             ///< For the log.
    Power rated, standby;
    std::string host;
    std::uint16_t port = 4028;
};

/// A PDU whose outlets are told apart by the last number of an OID. What is written and read are INTEGERs.
struct PduSettings {
    std::string name;
    SnmpAgent agent;
    Oid control;                     ///< SET, and where it is not given elsewhere also GET.
    std::int32_t turn_on = 1, turn_off = 2;
    Oid state;
    std::int32_t shows_on = 1, shows_off = 2;
    std::optional<Oid> watts;        ///< What an outlet gives; nothing: it does not measure.
    double watts_scale = 1;          ///< To W.
    Duration stagger{15'000};        ///< Between two outlets that it turns on.
    Duration poll{10'000};           ///< Of each outlet.
    Duration settles{5'000};         ///< What was set must read back within this time.
    Duration boot{600'000};          ///< A machine that does not listen by then is woken all the same.
    std::vector<PduOutlet> outlets;
};

/// The outlets of one PDU, in front of the machines' own driver. power_off turns the outlet off; wake turns it on in its
/// turn if it is off, waits until the machine listens, and only then lets its own driver wake it; everything else passes on.
/// Each SET is read back. Puts a Receipt an order that ends here (accepted: it reads back as told; refused: it does not, or
/// the agent says no; unreachable: nobody answered; withheld: overtaken before it was sent), a LoadReading of 0 W, measured,
/// of an outlet that is off, and Answered while it stays so. Of one that is on and measured: that it runs, while it draws as
/// only a running machine does, and that it sleeps, while it draws next to nothing and was told to.
/// Orders that lower go ahead of all else, and wait for one exchange at most.
class Pdu final : public Driver {
public:
    /// `machines` must outlive this.
    Pdu(PduSettings settings, Driver& machines);

    asio::awaitable<void> run(Mailbox& mailbox) override;
    /// Of one load, which must be on an outlet of this PDU.
    void submit(const Order& order) override;

private:
    using Clock = std::chrono::steady_clock;

    struct Outlet {
        PduOutlet is;
        std::optional<bool> on;          ///< As it last read; nothing: not known.
        std::optional<Order> waits;      ///< The newest for us that was not sent: power_off or wake.
        std::optional<Order> sent;       ///< Set, and not read back yet;
        Clock::time_point settled_by{};  ///< which has to be by then.
        Clock::time_point due{};         ///< When it is looked at next.
        std::optional<Order> boots;      ///< The wake of a machine that has its supply again, and does not listen yet;
        Clock::time_point booted_by{};   ///< which is passed on by then.
        bool told_to_sleep = false;      ///< By the last order that was passed on.
        std::optional<Power> told;       ///< Watts, since the outlet is on.
    };

    asio::awaitable<void> operate();
    asio::awaitable<void> serve(Outlet& outlet);
    asio::awaitable<void> turn(Outlet& outlet);
    asio::awaitable<void> look(Outlet& outlet);
    asio::awaitable<void> measure(Outlet& outlet);
    asio::awaitable<void> await_boots();
    asio::awaitable<bool> listens(std::string host, std::uint16_t port);

    Outlet* next(Clock::time_point now);
    Clock::time_point next_due() const;
    bool waits_to_rise(const Outlet& outlet) const { return outlet.waits && raises(outlet.waits->rung) && !outlet.sent && outlet.on == false; }
    void shows(Outlet& outlet, std::optional<bool> on);
    void settled(Outlet& outlet, bool as_told);
    void is_on(Outlet& outlet, bool was_off);
    void is_off(Outlet& outlet, bool news);
    void pass_on(Outlet& outlet, const Order& order);
    void overtake(Outlet& outlet);
    void put(const Outlet& outlet, const Order& order, Fate fate);
    void wake_up();
    unsigned tries(unsigned usual) const { return silent_ ? 1 : usual; }
    void answered(const Result<std::int64_t>& answer);

    PduSettings settings_;
    Driver& machines_;
    SnmpSession session_;
    std::vector<Outlet> outlets_;
    std::map<Slot, std::size_t> by_load_;
    Clock::time_point turned_on_{};      ///< The last of them; min: none yet.
    bool silent_ = false;                ///< The last exchange had no answer.
    Mailbox* mailbox_ = nullptr;
    std::vector<Event> early_;           ///< Before there was a mailbox.
    std::optional<asio::steady_timer> ordered_, booting_;  ///< Cancelled to wake who waits.
    FaultLog log_;
};

}  // namespace ballast::drivers
