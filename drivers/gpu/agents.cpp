#include "drivers/gpu/agents.hpp"

#include "controller/clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace ballast::drivers {

namespace {

constexpr auto tell_every = std::chrono::seconds{60};

}  // namespace

GpuAgents::GpuAgents(std::shared_ptr<GpuNodes> nodes, Publish publish) : nodes_{std::move(nodes)}, publish_{std::move(publish)} {}

asio::awaitable<void> GpuAgents::run(Mailbox&) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer{co_await asio::this_coro::executor};
    boost::system::error_code cancelled;
    while (!cancelled) {
        timer.expires_after(tell_every);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        tell_what_was_ignored();
    }
}

void GpuAgents::submit(const Order& order) {
    for (GpuNodes::Message& message : nodes_->order(order, wall_now())) publish_(std::move(message.topic), std::move(message.payload));
}

void GpuAgents::tell_what_was_ignored() {
    const GpuNodes::Counts counts = nodes_->counts();
    std::string text;
    for (std::size_t i = 0; i < gpu_ignored_kinds; ++i)
        if (const auto more = counts.ignored[i] - told_.ignored[i]; more > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", more, name_of(static_cast<GpuIgnored>(i)));
    if (!text.empty()) spdlog::warn("gpu: statuses ignored within a minute: {}; the last: {}", text, counts.last);
    told_ = counts;
}

}  // namespace ballast::drivers
