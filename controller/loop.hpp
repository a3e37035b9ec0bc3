#pragma once
#include "controller/engine.hpp"
#include "controller/journal.hpp"
#include "controller/mailbox.hpp"
#include "controller/ports.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace ballast {

/// What the loop did in one step, for those who watch: publishing, the shed receipt, the page. Valid during the call.
struct Step {
    Now now;
    std::span<const Event> heard;
    const Decision& decision;
    const Engine& engine;
};

struct LoopSettings {
    bool send = true;                           ///< False: decide and journal, but send nothing.
    Duration epoch_every = std::chrono::hours{1};
    Duration calm{5'000};                       ///< A journal that was slow is trusted again when it has not been for this long.
    EpochCause cause = EpochCause::start;
    std::vector<EpochFile> files;              ///< What the config was made of, for the journal.
    std::vector<Tripper*> trippers = {};       ///< By GuardId; they themselves know whether to send.
};

/// The only place that reads a clock. Wakes at once for what is heard, else when the decision says; everything heard and
/// decided is in the journal before anything that raises is sent.
class Loop {
public:
    Loop(asio::io_context& io, Engine engine, Mailbox& mailbox, Journal& journal, std::vector<Driver*> by_group, LoopSettings settings);

    /// After every step that was taken; on this thread; must not wait.
    std::function<void(const Step&)> watch;
    /// About once a second while steps are healthy: the watchdog, the heartbeat.
    std::function<void()> beat;

    asio::awaitable<void> run();

    /// After `run` has ended and the drivers have: one more step over what they and the loop still had to tell, if anything.
    /// What it decides is journaled and sent to nobody: whoever goes on from here sends what lowers, and asks again for what
    /// raises when it was not seen to be obeyed.
    asio::awaitable<void> last_step();

    /// Wakes the loop. From any thread.
    void notify();
    /// Ends `run` after the step at hand. On the loop's thread.
    void stop();

    const Engine& engine() const { return engine_; }

private:
    Now listen();
    asio::awaitable<void> step(Now now);
    asio::awaitable<void> begin_epoch(EpochCause cause);
    void arm(std::span<const TripTable> tables, Written written);
    void put_in_force(std::size_t guard, TripTable table);
    void send(const std::vector<Order>& outstanding);
    void submit(const Decision& decision, Written written);
    void send(const Order& order, Steady now);
    void judge(Now now, Written written);
    void trust_again(Now now);
    asio::awaitable<void> keep_epochs(Now now);
    asio::awaitable<void> sleep(Now now);

    asio::io_context& io_;
    asio::steady_timer timer_;
    Engine engine_;
    Mailbox& mailbox_;
    Journal& journal_;
    std::vector<Driver*> by_group_;
    LoopSettings settings_;
    std::vector<std::optional<TripTable>> to_arm_;  ///< By guard: decided on, and not known to be in the journal.
    std::vector<std::optional<TripTable>> in_force_;  ///< By guard.
    std::vector<Event> heard_, own_;   ///< `own_`: what the loop itself has to tell the engine at the next step.
    Steady wake_{};                    ///< Of the last decision.
    Steady next_epoch_ = never, next_beat_{}, next_gap_{};
    Steady calm_at_{};                 ///< Raises resume then, if the journal keeps up until then.
    Written last_ = Written::yes;      ///< Of the last step.
    bool journal_writes_;              ///< As the engine was last told.
    bool missed_ = false, notified_ = false, stopping_ = false;
};

}  // namespace ballast
