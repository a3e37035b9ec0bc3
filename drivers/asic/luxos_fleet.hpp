#pragma once
#include "drivers/asic/log_limit.hpp"
#include "drivers/asic/luxos.hpp"
#include "drivers/asic/luxos_machine.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <queue>

namespace ballast::asic {

/// First in, first out, of at most as many machines as there are.
class Line {
public:
    explicit Line(std::size_t most) : ring_(most + 1) {}
    bool empty() const { return first_ == last_; }
    void push(std::uint32_t who) {
        ring_[last_] = who;
        last_ = (last_ + 1) % ring_.size();
    }
    std::uint32_t pop() {
        const std::uint32_t who = ring_[first_];
        first_ = (first_ + 1) % ring_.size();
        return who;
    }

private:
    std::vector<std::uint32_t> ring_;
    std::size_t first_ = 0, last_ = 0;
};

/// The work of the LuxOS driver. Shared, because handlers of Asio may still be on their way when the driver is gone.
class Fleet : public std::enable_shared_from_this<Fleet> {
public:
    Fleet(asio::any_io_executor executor, LuxosSettings settings);

    /// Begins telemetry and whatever was submitted before. `mailbox` must live until `stop`.
    void start(Mailbox& mailbox);
    /// Ends all exchanges; nothing is put into the mailbox afterwards.
    void stop();
    void submit(const Order& order);
    const asio::any_io_executor& executor() const { return executor_; }

private:
    struct HostName {
        std::string host;
        std::vector<std::uint32_t> machines;
        Steady asked{};
        bool asking = false;
    };
    struct Due {
        Steady at;
        std::uint32_t who;
        bool operator<(const Due& other) const { return at > other.at; }
    };
    using Clock = std::chrono::steady_clock;

    // luxos_fleet.cpp: what runs when.
    void add(const LuxosMachine& machine, std::size_t number);
    void wake_soon();
    void pump();
    std::size_t begin_waiting(std::size_t most);
    void watch();
    void tick();
    void arm(Steady at);
    Steady next_tick(Steady now) const;
    void resolve(HostName& name);
    void resolved(std::uint32_t name, const boost::asio::ip::tcp::endpoint* found);
    void put(Event event);
    std::uint32_t number(const Machine& m) const { return static_cast<std::uint32_t>(&m - machines_.data()); }
    const std::string& name(const Machine& m) const { return names_[number(m)]; }
    bool ask(Machine& m, Step step, std::string_view command, std::string_view parameter = {});
    void answered(std::uint32_t who, Outcome outcome, std::string_view bytes);
    void understood(Machine& m, Step step, const wire::cgminer::Reply& reply);
    void no_answer(Machine& m, Step step, Outcome outcome);
    bool learn_config(Machine& m, const wire::cgminer::Reply& reply);

    // luxos_orders.cpp: from an order to its receipt.
    void take(Machine& m, const Order& order);
    void enqueue(Machine& m);
    void go_on(Machine& m);
    void logged_on(Machine& m, const wire::cgminer::Reply& reply);
    void session_told(Machine& m, const wire::cgminer::Reply& reply);
    void curtailed(Machine& m, const wire::cgminer::Reply& reply);
    void renew(Machine& m);
    void refuse(Machine& m, std::string_view why);
    void refuse(Machine& m, Machine::Command command, std::string_view why);
    void settle(Machine& m, Machine::Command command, Fate fate);
    void rest_session(Machine& m, Duration time);
    void log_off(Steady now);

    // luxos_polls.cpp: from a due poll to a reading.
    void schedule(Machine& m, Steady at);
    void schedule_next(Machine& m);
    void collect_due(Steady now);
    void begin_poll(Machine& m);
    void continue_poll(Machine& m);
    void conclude_poll(Machine& m);
    void report_hash(Machine& m);
    void drop_poll(Machine& m);
    void report_foreign(Machine& m);

    asio::any_io_executor executor_;
    LuxosSettings settings_;
    Exchanges exchanges_;
    std::vector<Machine> machines_;
    std::vector<std::string> names_;
    std::vector<HostName> host_names_;
    std::vector<std::uint32_t> by_slot_;
    Mailbox* mailbox_ = nullptr;
    std::vector<Event> early_;              ///< Refused before there was a mailbox.

    Line sheds_, raises_, polls_;
    std::deque<std::pair<Steady, std::uint32_t>> logoffs_;
    std::priority_queue<Due> due_;
    std::size_t polls_open_ = 0;
    bool short_ = false;                    ///< Of sockets; until the next tick.
    Steady started_{}, logoff_allowed_{};

    asio::posix::stream_descriptor watched_;
    asio::steady_timer timer_;
    boost::asio::ip::tcp::resolver resolver_;
    bool watching_ = false, posted_ = false;
    Steady tick_at_ = never;

    wire::cgminer::Parser parser_;
    std::string request_, parameter_;
    LogLimit garbage_, refusals_, strangers_, silence_, shortage_, unresolved_;
};

}  // namespace ballast::asic
