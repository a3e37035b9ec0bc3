#include "drivers/switchgear/contactor.hpp"

#include "controller/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ballast::drivers {
namespace {

Fate fate_of(const Result<ModbusReply>& reply) {
    if (reply) return Fate::accepted;
    switch (reply.error().code) {
    case Errc::refused: return Fate::refused;
    case Errc::unreachable: return Fate::unreachable;
    default: return Fate::timed_out;
    }
}

}  // namespace

Contactor::Contactor(ContactorSettings settings, ModbusBuses& buses, std::shared_ptr<CloseStagger> stagger)
    : settings_{std::move(settings)}, bus_{buses.at(settings_.unit.endpoint)}, stagger_{std::move(stagger)},
      feedback_log_{"contactor " + settings_.name + " feedback"}, write_log_{"contactor " + settings_.name} {}

void Contactor::submit(const Order& order) {
    if (!order.loads.contains(settings_.load)) return;
    if (pending_) overtaken_.push_back(pending_->id);
    pending_ = order;
    if (ordered_) ordered_->cancel();
}

asio::awaitable<void> Contactor::run(Mailbox& mailbox) {
    using namespace asio::experimental::awaitable_operators;
    ordered_.emplace(co_await asio::this_coro::executor);
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    // Apart, so that an order need not wait for a poll that waits for its turn.
    co_await (operate(mailbox) && watch(mailbox));
}

asio::awaitable<void> Contactor::operate(Mailbox& mailbox) {
    while (!stopped(co_await asio::this_coro::cancellation_state)) {
        for (const OrderId order : std::exchange(overtaken_, {})) mailbox.put(receipt(order, Fate::withheld, steady_now()));
        const auto due = pending_ ? may_go(*pending_) : Clock::time_point::max();
        if (due <= Clock::now()) {
            Order order = *std::exchange(pending_, std::nullopt);
            co_await carry_out(std::move(order), mailbox);
        } else {
            ordered_->expires_at(due);
            co_await ordered_->async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }
}

Contactor::Clock::time_point Contactor::may_go(const Order& order) const {
    const bool waits = raises(order.rung) && reported_ != Mode::running;
    return waits ? stagger_->next(settings_.close_stagger) : Clock::time_point::min();
}

asio::awaitable<void> Contactor::carry_out(Order order, Mailbox& mailbox) {
    const bool closes = raises(order.rung);
    const bool inrush = closes && reported_ != Mode::running;
    const auto now = Clock::now();
    const auto before = inrush ? stagger_->take(now) : std::nullopt;

    ModbusRequest write = write_request(settings_.unit, settings_.coil, closes == settings_.closes_when_on);
    write.urgent = true;
    const Result<ModbusReply> written = co_await bus_->ask(write);
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    const Fate fate = fate_of(written);
    mailbox.put(receipt(order.id, fate, written ? written->at : steady_now()));
    if (inrush && (fate == Fate::refused || fate == Fate::unreachable)) stagger_->give_back(now, before);
    if (written) write_log_.worked();
    else write_log_.failed(written.error(), steady_now());

    reported_.reset();
    ModbusRequest look = read_request(settings_.unit, settings_.feedback);
    look.urgent = true;
    const Result<ModbusReply> feedback = co_await bus_->ask(look);
    if (!stopped(co_await asio::this_coro::cancellation_state)) report(feedback, mailbox);
}

asio::awaitable<void> Contactor::watch(Mailbox& mailbox) {
    asio::steady_timer due{co_await asio::this_coro::executor};
    const ModbusRequest look = read_request(settings_.unit, settings_.feedback);
    auto next = Clock::now();
    while (!stopped(co_await asio::this_coro::cancellation_state)) {
        const Result<ModbusReply> feedback = co_await bus_->ask(look);
        if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
        report(feedback, mailbox);
        next = std::max(next + settings_.poll, Clock::now());
        due.expires_at(next);
        co_await due.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void Contactor::report(const Result<ModbusReply>& feedback, Mailbox& mailbox) {
    if (!feedback) {
        feedback_log_.failed(feedback.error(), steady_now());
        reported_.reset();
        return;
    }
    feedback_log_.worked();
    const bool closed = (feedback->words.at(0) != 0) == settings_.feedback.true_when;
    const Mode mode = closed ? Mode::running : Mode::off;
    const Range self{settings_.load, settings_.load + 1};
    if (std::exchange(reported_, mode) == mode) mailbox.put(Answered{self});
    else if (settings_.block == Power{}) mailbox.put(LoadReading{self, mode, Quality::measured, Power{}, feedback->at});
    else mailbox.put(LoadReading{self, mode, Quality::estimated, closed ? settings_.block : Power{}, feedback->at});
}

Receipt Contactor::receipt(OrderId order, Fate fate, Steady at) const {
    return Receipt{order, Range{settings_.load, settings_.load + 1}, fate, at};
}

}  // namespace ballast::drivers
