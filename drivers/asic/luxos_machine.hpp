#pragma once
#include "drivers/asic/exchanges.hpp"
#include "model/event.hpp"
#include "model/order.hpp"

namespace ballast::asic {

/// What is being asked of a machine; never two things at once.
enum class Step : std::uint8_t { idle, power, config, summary, identify, logon, session, curtail, logoff };

constexpr bool is_poll(Step step) { return step == Step::power || step == Step::config || step == Step::summary; }
constexpr bool is_order(Step step) { return step >= Step::identify && step <= Step::curtail; }

/// Whether who answers is who the inventory names. Lost contact makes it unproven again: addresses move.
enum class Identity : std::uint8_t { unproven, proven, foreign };

/// All that is remembered of one machine. No I/O here.
struct Machine {
    struct Command {
        OrderId order{};
        Rung rung{};
    };
    struct Seen {
        Mode mode = Mode::unknown;
        Quality quality = Quality::bad;
        Power power;
    };

    // From the site file.
    Slot slot = 0;
    Power rated, standby, deadband;
    Duration poll{}, phase{};
    std::uint64_t mac = 0;               ///< 0: not given.
    boost::asio::ip::tcp::endpoint endpoint;
    bool resolved = false;
    std::uint32_t host_name = 0;         ///< In the fleet's list, where the host is a name.
    bool named = false;

    // The conversation.
    Step step = Step::idle;
    Exchanges::Handle exchange = 0;
    bool waiting = false;                ///< `wanted` has not been sent.
    Command wanted, sent;
    std::uint8_t exchanges = 0;          ///< Of this order.
    bool renewed = false;                ///< This order has had its one fresh logon.
    wire::cgminer::SessionId session;
    bool ours = false;                   ///< We opened it, so we close it.
    Steady session_used{};
    bool shed_queued = false, raise_queued = false, poll_queued = false, logoff_queued = false;

    // Telemetry.
    Steady due = never;
    Mode expected = Mode::unknown;       ///< Of the last accepted order, until seen; unknown: nothing to confirm.
    Steady accepted{};
    std::uint8_t polls_to_config = 0;
    Identity identity = Identity::unproven;
    std::optional<bool> asleep, supply_on;  ///< As `config` last said.
    std::optional<wire::cgminer::PowerReport> power;  ///< This poll's, as the next two.
    std::optional<double> gigahashes, mean_gigahashes;
    Steady hash_due = Steady::min();     ///< What it hashes is asked for then, though nothing else hangs on it.
    bool hash_wanted = false;            ///< In this poll.
    bool config_asked = false, summary_asked = false;

    bool reported = false;               ///< `seen` is what the mailbox was last told.
    Seen seen;

    bool says_asleep() const { return asleep.value_or(false) || !supply_on.value_or(true); }
    /// Draws what only a running machine draws: over 30 % of rated, and the firmware measured it.
    bool draws() const { return power && power->measured && power->power.count > (rated.count > 0 ? rated.count * 3 / 10 : 300); }
};

/// `config` is due, or the power, or the hashing of one that only estimates it, does not fit what it last said.
bool wants_config(const Machine& machine);

/// Only hashing tells, because the power is estimated, unknown, or low though nothing says sleep; or it is time to learn what it draws for that.
bool wants_summary(const Machine& machine);

/// What this poll's answers amount to. Measured watts outweigh what the firmware says of itself.
Machine::Seen judge(const Machine& machine);

/// `now` is news compared with what was last reported.
bool is_news(const Machine& machine, const Machine::Seen& now);

/// When an order accepted at `accepted` is looked after next: 1.5, 4 and 8 s on, then every 15 s.
Steady next_confirmation(Steady accepted, Steady now);

/// The first moment after `now` on the machine's own grid of polls, which began at `start`.
Steady next_poll(const Machine& machine, Steady start, Steady now);

}  // namespace ballast::asic
