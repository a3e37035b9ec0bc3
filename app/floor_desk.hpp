#pragma once
#include "app/floor.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>

namespace ballast {

/// Where the HTTP thread gets a floor to look at: copied on the loop's thread when somebody asks, between two steps, and then the same for
/// all who ask within a second; no second copy is asked for while one is on its way. While nobody asks it costs nothing.
class FloorDesk {
public:
    using Copy = std::function<FloorState()>;  ///< Called on the loop's thread.

    FloorDesk(boost::asio::any_io_executor loop, Copy copy) : loop_{std::move(loop)}, copy_{std::make_shared<Copy>(std::move(copy))} {}
    FloorDesk(const FloorDesk&) = delete;
    FloorDesk& operator=(const FloorDesk&) = delete;

    /// From any thread but the loop's. Null: the loop did not come round in time.
    std::shared_ptr<const FloorState> look(std::chrono::milliseconds patience);

private:
    using Clock = std::chrono::steady_clock;
    struct Taken {
        std::shared_ptr<const FloorState> floor;
        Clock::time_point at{};
    };
    static constexpr std::chrono::seconds good_for{1};

    std::future<Taken> ask();

    boost::asio::any_io_executor loop_;
    std::shared_ptr<Copy> copy_;         ///< A copy that was asked for may come up after this is gone.
    std::mutex mutex_;
    Taken last_;
    std::future<Taken> asked_;           ///< On its way; invalid: none is.
};

}  // namespace ballast
