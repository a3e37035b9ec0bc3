#pragma once
#include "drivers/modbus/line.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace ballast::drivers {

namespace asio = boost::asio;

/// One endpoint and the one thread that talks to it: requests of all its meters, signals and contactors take turns,
/// urgent ones first. Slow or dead, it delays nobody on another bus.
/// Must be gone before the io_context from which it is asked.
class ModbusBus {
public:
    explicit ModbusBus(const ModbusEndpoint& endpoint);
    /// Drops what waits; blocks for the exchange under way.
    ~ModbusBus();
    ModbusBus(const ModbusBus&) = delete;
    ModbusBus& operator=(const ModbusBus&) = delete;

    /// Never throws, but for cancellation of the caller at its next await: then the request is dropped if it has not begun.
    asio::awaitable<Result<ModbusReply>> ask(ModbusRequest request);

    /// `answered` is called on the bus's thread.
    void post(const ModbusRequest& request, std::function<void(Result<ModbusReply>)> answered);

private:
    struct Job {
        ModbusRequest request;
        std::shared_ptr<std::atomic<bool>> dropped;
        std::function<void(Result<ModbusReply>)> answered;
    };

    void enqueue(Job job);
    void work_one();

    ModbusLine line_;  // Touched by the thread only.
    std::mutex mutex_;
    std::deque<Job> urgent_, usual_;
    asio::thread_pool thread_{1};
};

/// Whether a coroutine was told to end. Ask before each await: one that was told throws there.
inline bool stopped(const asio::cancellation_state& state) { return state.cancelled() != asio::cancellation_type::none; }

/// One bus per endpoint, whoever asks for it.
class ModbusBuses {
public:
    /// Throws if the endpoint makes no sense, or one serial device is given with two different settings.
    std::shared_ptr<ModbusBus> at(const ModbusEndpoint& endpoint);

private:
    std::map<ModbusEndpoint, std::shared_ptr<ModbusBus>> buses_;
};

}  // namespace ballast::drivers
