#pragma once
#include "drivers/asic/exchanges.hpp"
#include "drivers/asic/health.hpp"
#include "model/event.hpp"
#include "model/order.hpp"

namespace ballast::asic {

class Dialect;

/// What is being talked about with a machine; never two things at once.
enum class Talk : std::uint8_t { idle, poll, look, order, tidying };

/// Whether who answers is who the inventory names. Lost contact makes it unproven again: addresses move.
enum class Identity : std::uint8_t { unproven, proven, foreign };

/// What a poll came to.
struct Report {
    Mode mode = Mode::unknown;
    Quality quality = Quality::bad;
    Power power = {};
    std::optional<double> gigahashes = {};   ///< The mean of a while, GH/s, of one that runs and measures what it draws; only if it was wanted.
    std::optional<Health> health = {};   ///< Of a look, and of a poll that has to ask nothing more for it.
    bool ignored = false;                ///< It did not take the order that it said OK to, and may take it in another form.
};

/// What is remembered of one machine whatever it speaks. No I/O here.
struct Machine {
    struct Command {
        OrderId order{};
        Rung rung{};
        Power cap{};           ///< With `cap` only.
        bool ours = false;     ///< The fleet's own, for whose receipt nobody waits.
        bool operator==(const Command&) const = default;
    };

    // From the site file.
    Slot slot = 0;
    Power rated, standby, deadband, low_power;
    Duration poll{}, phase{};
    std::uint64_t mac = 0;               ///< 0: not given.
    boost::asio::ip::tcp::endpoint endpoint;  ///< Where it is asked.
    boost::asio::ip::address home;       ///< Where the inventory has it.
    bool resolved = false;
    std::uint32_t host_name = 0;         ///< In the fleet's list, where the host is a name.
    bool named = false;
    Dialect* dialect = nullptr;
    std::uint32_t own = 0;               ///< Its place in the dialect's memory.

    // The conversation.
    Talk talk = Talk::idle;
    Exchanges::Handle exchange = 0;
    bool waiting = false;                ///< `wanted` has not been sent.
    bool committed = false;              ///< `sent` is what is under way: nothing replaces it before its answer.
    Command wanted, sent;
    bool capped = false;                 ///< A cap of ours may be in force; only an uncap that was taken ends it.
    bool lifts = false;                  ///< It was woken under a cap, which may have outlived its sleep: it is lifted once it runs.
    Steady settled{};                    ///< The last order.
    bool shed_queued = false, raise_queued = false, poll_queued = false, tidy_queued = false;

    // Telemetry.
    Steady due = never;
    Mode expected = Mode::unknown;       ///< Of the last accepted order, until seen; unknown: nothing to confirm.
    Steady accepted{};
    Identity identity = Identity::unproven;
    Steady hash_due = Steady::min();     ///< What it hashes is asked for then, though nothing else hangs on it.
    bool hash_wanted = false;            ///< In this poll.
    bool shared = false;                 ///< Others tell of it as well, so that a silence ends what `reported` says.
    bool reported = false;               ///< `seen` is what the mailbox was last told.
    Report seen;

    // Health.
    Steady look_due = Steady::min();     ///< Looked at then, after a poll.
    std::uint32_t group = 0;             ///< In the sums.
    std::uint8_t boards_had = 0;         ///< The most it ever showed.
    std::uint8_t suspected = 0, ails = 0;  ///< By the last look; by two in a row.
    bool rested = false, ran = false;    ///< By the last polls.
    bool back = false;                   ///< It has rested, and is to be judged now that it does not.

    /// It is asked elsewhere than where the inventory has it.
    bool followed() const { return endpoint.address() != home; }

    /// Who answers said its MAC, or answered and does not tell it: differing is what forbids, and silence too where it was followed.
    /// False: it is somebody else.
    bool meets(std::optional<std::uint64_t> said);
};

/// What is ordered, of what it draws at most, in whole per cent, rounded down: `least` to 100; all of it unless that is a cap.
int percent_wanted(const Machine& machine, int least);

/// It does what the last order that it took was for.
bool confirms(const Machine& machine, const Report& now);

/// The watts are such as only a running machine draws: over 30 % of rated.
bool is_running_draw(const Machine& machine, Power watts);

/// `now` is news compared with what was last reported.
bool is_news(const Machine& machine, const Report& now);

/// When an order accepted at `accepted` is looked after next: 1.5, 4 and 8 s on, then every 15 s.
Steady next_confirmation(Steady accepted, Steady now);

/// The first moment after `now` on the machine's own grid of polls, which began at `start`.
Steady next_poll(const Machine& machine, Steady start, Steady now);

}  // namespace ballast::asic
