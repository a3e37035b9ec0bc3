#include "drivers/modbus/poll.hpp"

#include "controller/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ballast::drivers {

ModbusPoll::ModbusPoll(std::string what, ModbusRequest request, Duration period, std::shared_ptr<ModbusBus> bus)
    : what_{std::move(what)}, request_{request}, period_{std::max(period, Duration{1})}, bus_{std::move(bus)}, log_{what_} {}

asio::awaitable<void> ModbusPoll::run(Mailbox& mailbox) {
    asio::steady_timer due{co_await asio::this_coro::executor};
    auto next = std::chrono::steady_clock::now();
    while (!stopped(co_await asio::this_coro::cancellation_state)) {
        const Result<ModbusReply> reply = co_await bus_->ask(request_);
        if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
        if (reply) {
            conclude(heard(*reply, mailbox));
        } else {
            missed();
            conclude(tl::unexpected{reply.error()});
        }
        next = std::max(next + period_, std::chrono::steady_clock::now());
        due.expires_at(next);
        co_await due.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void ModbusPoll::conclude(const Result<void>& outcome) {
    if (outcome) log_.worked();
    else log_.failed(outcome.error(), steady_now());
}

}  // namespace ballast::drivers
