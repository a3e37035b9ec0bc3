#include "drivers/switchgear/pdu.hpp"

#include "controller/clock.hpp"
#include "drivers/modbus/bus.hpp"
#include "model/check.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ballast::drivers {
namespace {

constexpr Duration look_again{200};  ///< While what was set does not read back.
constexpr unsigned usual_tries = 3;
constexpr Power news{50};            ///< A draw that moved by less is none.

Fate fate_of(const Error& error) { return error.code == Errc::refused || error.code == Errc::malformed ? Fate::refused : Fate::unreachable; }

Range only(Slot slot) { return {slot, slot + 1}; }

}  // namespace

Pdu::Pdu(PduSettings settings, Driver& machines)
    : settings_{std::move(settings)}, machines_{machines}, session_{settings_.agent}, turned_on_{Clock::time_point::min()}, log_{"pdu " + settings_.name} {
    for (const PduOutlet& outlet : settings_.outlets) {
        BALLAST_CHECK(by_load_.emplace(outlet.load, outlets_.size()).second);
        outlets_.push_back({.is = outlet});
    }
}

// ---- orders

void Pdu::submit(const Order& order) {
    const auto found = by_load_.find(order.loads.first);
    BALLAST_CHECK(found != by_load_.end() && order.loads.size() == 1);
    Outlet& outlet = outlets_[found->second];
    overtake(outlet);
    const bool wakes = order.rung == Rung::wake;  // Nothing else turns an outlet on.
    const bool off = outlet.on == false && !outlet.sent, boots = outlet.boots && wakes;
    outlet.boots.reset();
    if (boots) {
        outlet.boots = order;
    } else if (order.rung == Rung::power_off || (wakes && (outlet.on != true || outlet.sent))) {
        outlet.waits = order;
        wake_up();
    } else if (off) {  // It rests already, deeper than it was asked to.
        put(outlet, order, Fate::accepted);
        is_off(outlet, true);
    } else {
        pass_on(outlet, order);
    }
}

void Pdu::pass_on(Outlet& outlet, const Order& order) {
    outlet.told_to_sleep = order.rung == Rung::sleep;
    outlet.told.reset();
    machines_.submit(order);
}

/// What was not sent will not be.
void Pdu::overtake(Outlet& outlet) {
    if (outlet.waits) put(outlet, *std::exchange(outlet.waits, std::nullopt), Fate::withheld);
}

void Pdu::put(const Outlet& outlet, const Order& order, Fate fate) {
    const Event receipt = Receipt{order.id, only(outlet.is.load), fate, steady_now()};
    if (mailbox_) mailbox_->put(receipt);
    else early_.push_back(receipt);
}

void Pdu::wake_up() {
    if (ordered_) ordered_->cancel();
    if (booting_) booting_->cancel();
}

// ---- the PDU's turn

asio::awaitable<void> Pdu::run(Mailbox& mailbox) {
    using namespace asio::experimental::awaitable_operators;
    const auto executor = co_await asio::this_coro::executor;
    ordered_.emplace(executor);
    booting_.emplace(executor);
    mailbox_ = &mailbox;
    for (Event& event : std::exchange(early_, {})) mailbox.put(std::move(event));
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    co_await (operate() && await_boots());
}

asio::awaitable<void> Pdu::operate() {
    while (!stopped(co_await asio::this_coro::cancellation_state)) {
        if (Outlet* outlet = next(Clock::now())) {
            co_await serve(*outlet);
        } else {
            ordered_->expires_at(next_due());
            co_await ordered_->async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }
}

/// Who goes down, then who has to read back, then whose turn it is to rise, then whoever was not looked at for the longest.
Pdu::Outlet* Pdu::next(Clock::time_point now) {
    for (Outlet& outlet : outlets_)
        if (outlet.waits && !raises(outlet.waits->rung)) return &outlet;
    for (Outlet& outlet : outlets_)
        if (outlet.sent && outlet.due <= now) return &outlet;
    Outlet* rises = nullptr;
    for (Outlet& outlet : outlets_) {
        if (outlet.waits && !outlet.sent && !outlet.on) return &outlet;  // Perhaps it is on.
        if (waits_to_rise(outlet) && (!rises || outlet.waits->id < rises->waits->id)) rises = &outlet;
    }
    if (rises && (turned_on_ == Clock::time_point::min() || turned_on_ + settings_.stagger <= now)) return rises;
    const auto longest = std::ranges::min_element(outlets_, {}, &Outlet::due);
    return longest != outlets_.end() && longest->due <= now ? &*longest : nullptr;
}

Pdu::Clock::time_point Pdu::next_due() const {
    auto due = Clock::time_point::max();
    for (const Outlet& outlet : outlets_) {
        due = std::min(due, outlet.due);
        if (waits_to_rise(outlet)) due = std::min(due, turned_on_ + settings_.stagger);
    }
    return due;
}

asio::awaitable<void> Pdu::serve(Outlet& outlet) {
    const bool lowers = outlet.waits && !raises(outlet.waits->rung);
    const bool turns = lowers || (waits_to_rise(outlet) && (turned_on_ == Clock::time_point::min() || turned_on_ + settings_.stagger <= Clock::now()));
    if (turns) return turn(outlet);
    return look(outlet);
}

void Pdu::answered(const Result<std::int64_t>& answer) {
    silent_ = !answer && answer.error().code != Errc::refused && answer.error().code != Errc::malformed;
    if (answer) log_.worked();
    else log_.failed(answer.error(), steady_now());
}

asio::awaitable<void> Pdu::turn(Outlet& outlet) {
    if (outlet.sent) put(outlet, *std::exchange(outlet.sent, std::nullopt), Fate::accepted);  // The PDU took it.
    const Order order = *std::exchange(outlet.waits, std::nullopt);
    const bool on = raises(order.rung);
    if (on) outlet.told_to_sleep = false;
    outlet.sent = order;
    outlet.settled_by = Clock::now() + settings_.settles;
    outlet.due = Clock::now();
    Oid object = instance(settings_.control, outlet.is.number);
    const auto answer = co_await session_.set(std::move(object), on ? settings_.turn_on : settings_.turn_off, tries(usual_tries));
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    answered(answer);
    if (on) turned_on_ = Clock::now();  // Or perhaps it is, and only the answer was lost.
    if (answer) co_return;
    outlet.sent.reset();  // It may have done it all the same.
    outlet.on.reset();
    put(outlet, order, fate_of(answer.error()));
}

asio::awaitable<void> Pdu::look(Outlet& outlet) {
    Oid object = instance(settings_.state, outlet.is.number);
    const bool ordered = outlet.sent || outlet.waits;
    const auto answer = co_await session_.get(std::move(object), tries(ordered ? usual_tries : 1));
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    answered(answer);
    outlet.due = Clock::now() + (outlet.sent ? look_again : settings_.poll);
    if (answer) shows(outlet, *answer == settings_.shows_on ? std::optional{true} : *answer == settings_.shows_off ? std::optional{false} : std::nullopt);
    else shows(outlet, std::nullopt);
    const bool lowers = std::ranges::any_of(outlets_, [](const Outlet& o) { return o.waits && !raises(o.waits->rung); });
    if (outlet.on == true && !outlet.sent && settings_.watts && !lowers) co_await measure(outlet);
}

// ---- what it shows

void Pdu::shows(Outlet& outlet, std::optional<bool> on) {
    const auto before = std::exchange(outlet.on, on);
    if (outlet.sent) {
        const bool wanted = raises(outlet.sent->rung);
        if (on == wanted) settled(outlet, true);
        else if (outlet.settled_by <= Clock::now()) settled(outlet, false);
        return;
    }
    if (on == true) is_on(outlet, before == false);
    else if (on == false) is_off(outlet, before != false);
    else if (outlet.waits && raises(outlet.waits->rung)) pass_on(outlet, *std::exchange(outlet.waits, std::nullopt));  // It may be on, and listen.
}

/// It reads back as it was told, or it does not and had its time.
void Pdu::settled(Outlet& outlet, bool as_told) {
    const Order order = *std::exchange(outlet.sent, std::nullopt);
    outlet.due = Clock::now() + settings_.poll;
    if (!as_told) {
        const std::string reads = outlet.on ? *outlet.on ? "on" : "off" : "neither on nor off";
        spdlog::warn("pdu {} outlet {} ({}): told to turn {}, and reads {} after {} ms", settings_.name, outlet.is.number, outlet.is.machine, raises(order.rung) ? "on" : "off", reads, settings_.settles.count());
        return put(outlet, order, silent_ ? Fate::unreachable : Fate::refused);
    }
    if (raises(order.rung)) {
        outlet.told.reset();
        if (outlet.told_to_sleep || (outlet.waits && !raises(outlet.waits->rung))) return;  // It was called back.
        outlet.boots = outlet.waits ? *std::exchange(outlet.waits, std::nullopt) : order;
        outlet.booted_by = Clock::now() + settings_.boot;
        return wake_up();
    }
    put(outlet, order, Fate::accepted);
    is_off(outlet, true);
}

void Pdu::is_on(Outlet& outlet, bool was_off) {
    if (was_off) outlet.told.reset();
    if (outlet.waits && raises(outlet.waits->rung)) pass_on(outlet, *std::exchange(outlet.waits, std::nullopt));
}

void Pdu::is_off(Outlet& outlet, bool is_news) {
    outlet.told.reset();
    if (!mailbox_) return;
    if (is_news) mailbox_->put(LoadReading{only(outlet.is.load), Mode::off, Quality::measured, Power{}, steady_now()});
    else mailbox_->put(Answered{only(outlet.is.load)});
}

asio::awaitable<void> Pdu::measure(Outlet& outlet) {
    Oid object = instance(*settings_.watts, outlet.is.number);
    const auto answer = co_await session_.get(std::move(object), 1);
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    answered(answer);
    if (!answer || outlet.sent || outlet.on != true) co_return;
    const double watts = static_cast<double>(*answer) * settings_.watts_scale;
    if (!(watts >= 0 && watts <= 1e6)) co_return;
    const Power draw{std::llround(watts)};
    const bool runs = draw.count * 10 >= outlet.is.rated.count * 3;
    const bool sleeps = outlet.told_to_sleep && draw <= std::max(Power{outlet.is.rated.count / 10}, Power{outlet.is.standby.count * 2});
    if (!runs && !sleeps) co_return;  // It boots, or something ails it: its own word says more.
    const bool defies = runs && outlet.told_to_sleep;  // Said with each look: its own word may be that it sleeps.
    if (!defies && outlet.told && *outlet.told - draw <= news && draw - *outlet.told <= news) co_return;
    outlet.told = draw;
    mailbox_->put(LoadReading{only(outlet.is.load), runs ? Mode::running : Mode::asleep, Quality::measured, draw, steady_now()});
}

// ---- machines that boot

/// One after the other: each is asked for a second at most.
asio::awaitable<void> Pdu::await_boots() {
    constexpr Duration again{1'000};
    while (!stopped(co_await asio::this_coro::cancellation_state)) {
        bool any = false;
        for (Outlet& outlet : outlets_) {
            if (!outlet.boots) continue;
            const OrderId asked_for = outlet.boots->id;
            const bool there = co_await listens(outlet.is.host, outlet.is.port);
            if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
            if (!outlet.boots || outlet.boots->id != asked_for) continue;
            if (there || outlet.booted_by <= Clock::now()) pass_on(outlet, *std::exchange(outlet.boots, std::nullopt));
            else any = true;
        }
        booting_->expires_at(any ? Clock::now() + again : Clock::time_point::max());
        if (!any && std::ranges::any_of(outlets_, [](const Outlet& o) { return o.boots.has_value(); })) continue;
        co_await booting_->async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<bool> Pdu::listens(std::string host, std::uint16_t port) {
    using namespace asio::experimental::awaitable_operators;
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver names{executor};
    asio::ip::tcp::socket socket{executor};
    asio::steady_timer patience{executor, std::chrono::seconds{1}};
    const auto [unknown, found] = co_await names.async_resolve(host, std::to_string(port), asio::as_tuple(asio::use_awaitable));
    if (unknown || found.empty() || stopped(co_await asio::this_coro::cancellation_state)) co_return false;
    const asio::ip::tcp::endpoint at = found.begin()->endpoint();
    const auto first = co_await (socket.async_connect(at, asio::as_tuple(asio::use_awaitable)) || patience.async_wait(asio::as_tuple(asio::use_awaitable)));
    co_return first.index() == 0 && !std::get<0>(std::get<0>(first));
}

}  // namespace ballast::drivers
