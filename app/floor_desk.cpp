#include "app/floor_desk.hpp"

#include <boost/asio/post.hpp>

#include <future>

namespace ballast {

std::shared_ptr<const FloorState> FloorDesk::look(std::chrono::milliseconds patience) {
    const std::lock_guard lock{mutex_};
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now < taken_ + good_for) return last_;
    const auto answer = std::make_shared<std::promise<FloorState>>();
    auto floor = answer->get_future();
    boost::asio::post(loop_, [answer, copy = std::weak_ptr{copy_}] {
        if (const auto take = copy.lock()) answer->set_value((*take)());
    });
    if (floor.wait_for(patience) != std::future_status::ready) return nullptr;
    last_ = std::make_shared<const FloorState>(floor.get());
    taken_ = std::chrono::steady_clock::now();
    return last_;
}

}  // namespace ballast
