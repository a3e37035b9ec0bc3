#pragma once
#include "drivers/asic/asics.hpp"
#include "drivers/asic/dialect.hpp"
#include "drivers/asic/health_sums.hpp"
#include "drivers/asic/log_limit.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
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

/// Who is talked to when, and what becomes of it; in which words is the dialects'. Shared, because handlers of Asio may still be on their way when the driver is gone.
class Fleet : public std::enable_shared_from_this<Fleet> {
public:
    Fleet(asio::any_io_executor executor, AsicSettings settings);

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

    // fleet.cpp: what runs when.
    void add(const AsicMachine& machine, std::size_t number);
    Dialect& dialect(AsicProtocol protocol);
    void wake_soon();
    void pump();
    std::size_t begin_waiting(std::size_t most);
    void watch();
    void tick();
    void arm(Steady at);
    Steady next_tick(Steady now) const;
    void put(Event event);
    std::uint32_t number(const Machine& m) const { return static_cast<std::uint32_t>(&m - machines_.data()); }
    const std::string& name(const Machine& m) const { return names_[number(m)]; }
    std::string_view plain_name(const Machine& m) const { return std::string_view{name(m)}.substr(0, name(m).rfind(" (")); }

    // fleet_names.cpp: where they are.
    void place(Machine& m, const AsicMachine& said);
    void resolve(HostName& name);
    void resolved(std::uint32_t name, const boost::asio::ip::tcp::endpoint* found);
    void look_up_again(Machine& m);
    void follow(Machine& m);
    void tell_move(const Machine& m);
    const std::vector<Neighbour>& neighbours();

    // fleet_talk.cpp: one exchange after another.
    bool converse(Machine& m, Talk talk, const Turn& turn);
    bool ask(Machine& m, Talk talk, const Request& request);
    void answered(std::uint32_t who, Outcome outcome, std::string_view bytes);
    bool unreachable(Machine& m, Talk talk);
    void no_answer(Machine& m, Talk talk, Outcome outcome, std::string_view why);
    void break_off(Machine& m);

    // fleet_orders.cpp: from an order to its receipt.
    void take(Machine& m, const Order& order);
    void enqueue(Machine& m);
    void begin_order(Machine& m);
    bool uncommitted(Machine& m, const Turn& turn);
    void refuse(Machine& m, std::string_view why);
    void settle(Machine& m, Fate fate);
    void followed(Machine& m, const Machine::Command& command);
    void lift_old_cap(Machine& m, const Report& seen);
    void send_otherwise(Machine& m, const Report& seen);
    void tidy_after(Machine& m, Duration time);
    void tidy_up(Steady now);

    // fleet_polls.cpp: from a due poll to a reading.
    void schedule(Machine& m, Steady at);
    void schedule_next(Machine& m);
    void collect_due(Steady now);
    void begin_poll(Machine& m);
    bool conclude_poll(Machine& m, const Report& seen);
    void report_foreign(Machine& m);

    // fleet_health.cpp: how those are that are up.
    bool look_after(Machine& m, const Report& seen);
    void lies_down(Machine& m);
    void rises(Machine& m, bool runs, Steady now);
    void conclude_look(Machine& m, const std::optional<Health>& health);
    void look_over(Machine& m, const Health& health, Duration next);
    void note_error(const Machine& m, std::string_view what);

    asio::any_io_executor executor_;
    AsicSettings settings_;
    Exchanges exchanges_;
    std::map<AsicProtocol, std::unique_ptr<Dialect>> dialects_;
    std::vector<Machine> machines_;
    std::vector<std::string> names_;
    std::vector<HostName> host_names_;
    std::vector<Neighbour> neighbours_;     ///< By MAC; as last read, at:
    std::optional<Steady> neighbours_at_;
    std::map<std::uint32_t, boost::asio::ip::address> moves_told_;  ///< Where to, of those that moved.
    std::vector<std::uint32_t> by_slot_;
    Mailbox* mailbox_ = nullptr;
    std::vector<Event> early_;              ///< Refused before there was a mailbox.

    Line sheds_, raises_, polls_;
    std::deque<std::pair<Steady, std::uint32_t>> untidy_;
    std::priority_queue<Due> due_;
    std::size_t polls_open_ = 0;
    bool short_ = false;                    ///< Of sockets; until the next tick.
    Steady started_{}, tidying_allowed_{};

    asio::posix::stream_descriptor watched_;
    asio::steady_timer timer_;
    boost::asio::ip::tcp::resolver resolver_;
    bool watching_ = false, posted_ = false;
    Steady tick_at_ = never;

    HealthSums health_sums_;
    LogLimit garbage_, refusals_, strangers_, silence_, shortage_, unresolved_;
};

}  // namespace ballast::asic
