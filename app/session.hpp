#pragma once
#include "app/http.hpp"
#include "app/log_sums.hpp"
#include "app/wiring.hpp"
#include "controller/loop.hpp"
#include "controller/shed_receipt.hpp"
#include "drivers/asic/log_limit.hpp"

#include <boost/asio/io_context.hpp>

#include <map>

namespace ballast {

/// One life of the daemon between (re)loads: drivers, mailbox, loop, HTTP.
class Session {
public:
    enum class End { stop, reload };

    Session(const Config& config, const SiteModel& model, std::vector<Policy> policies, const Snapshot& start, EpochCause cause, Journal& journal, bool send);
    ~Session();

    /// Until SIGTERM or SIGINT (stop), or a SIGHUP whose `accepts` agrees (reload). `last`: end by itself after so long.
    End run(const std::function<bool()>& accepts, std::optional<std::chrono::seconds> last = {});

    /// To go on from.
    Snapshot snapshot() const;
    const Engine& engine() const { return loop_.engine(); }

private:
    void watch(const Step& step);
    void log(const Step& step);
    void log(const Note& note, const Site& site);
    void leave_when_done(const Step& step);
    void publish_events(const Step& step);
    void publish_notices(const Step& step);
    void start(Driver& driver);
    void stop_drivers();
    asio::awaitable<void> await_signals(std::function<bool()> accepts);

    const Config& config_;
    Journal& journal_;
    asio::io_context io_{1};
    Mailbox mailbox_;
    Wiring wiring_;
    Loop loop_;
    PersonsWords words_;
    Published published_;
    ReceiptBuilder receipts_;
    std::map<EventId, Steady> next_receipt_;  ///< Of open events: when their receipt is published next.
    LastOrders orders_;
    FloorDesk floor_;
    HttpServer http_;
    std::vector<std::unique_ptr<asio::cancellation_signal>> stops_;
    std::size_t running_ = 0;
    Steady next_state_{};
    const bool leaving_;
    asic::LogLimit refused_, unwritten_;
    OrderSums ordered_;
    Overflows overflows_;
    UnknownPrices unknown_prices_;
    End end_ = End::stop;
};

}  // namespace ballast
