#include "drivers/modbus/bus.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace ballast::drivers {

ModbusBus::ModbusBus(const ModbusEndpoint& endpoint) : line_{endpoint} {}

ModbusBus::~ModbusBus() {
    thread_.stop();
    thread_.join();
}

asio::awaitable<Result<ModbusReply>> ModbusBus::ask(ModbusRequest request) {
    auto begin = [this, request](auto handler) {
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        Job job{request, std::make_shared<std::atomic<bool>>(false), {}};
        auto slot = asio::get_associated_cancellation_slot(*waiting);
        if (slot.is_connected())
            slot.assign([dropped = job.dropped](asio::cancellation_type) { dropped->store(true); });
        const auto executor = asio::get_associated_executor(*waiting);
        auto work = asio::make_work_guard(executor);
        job.answered = [executor, waiting = std::move(waiting), work = std::move(work)](Result<ModbusReply> reply) mutable {
            // All that keeps the io_context at work goes along, so that nothing of it is left on this thread.
            asio::post(executor, [waiting = std::move(waiting), work = std::move(work), reply = std::move(reply)]() mutable {
                auto resume = std::move(*waiting);
                waiting.reset();
                resume(std::move(reply));
            });
        };
        enqueue(std::move(job));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<ModbusReply>)>(std::move(begin), asio::use_awaitable);
}

void ModbusBus::post(const ModbusRequest& request, std::function<void(Result<ModbusReply>)> answered) {
    enqueue(Job{request, nullptr, std::move(answered)});
}

void ModbusBus::enqueue(Job job) {
    {
        const std::lock_guard lock{mutex_};
        (job.request.urgent ? urgent_ : usual_).push_back(std::move(job));
    }
    asio::post(thread_, [this] { work_one(); });
}

void ModbusBus::work_one() {
    Job job;
    {
        const std::lock_guard lock{mutex_};
        std::deque<Job>& queue = urgent_.empty() ? usual_ : urgent_;
        job = std::move(queue.front());
        queue.pop_front();
    }
    const bool dropped = job.dropped && job.dropped->load();
    job.answered(dropped ? fail(Errc::stale, "nobody waits for the answer") : line_.exchange(job.request));
}

std::shared_ptr<ModbusBus> ModbusBuses::at(const ModbusEndpoint& endpoint) {
    if (const auto found = buses_.find(endpoint); found != buses_.end()) return found->second;
    for (const auto& [other, bus] : buses_)
        if (to_string(other) == to_string(endpoint))
            throw std::runtime_error{fmt::format("{} is given with two different settings (baud, parity, data_bits, stop_bits); "
                                                 "a line has one",
                                                 to_string(endpoint))};
    return buses_.emplace(endpoint, std::make_shared<ModbusBus>(endpoint)).first->second;
}

}  // namespace ballast::drivers
