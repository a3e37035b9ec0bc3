#include "app/floor_desk.hpp"

#include <boost/asio/post.hpp>

namespace ballast {

std::future<FloorDesk::Taken> FloorDesk::ask() {
    const auto answer = std::make_shared<std::promise<Taken>>();
    boost::asio::post(loop_, [answer, copy = std::weak_ptr{copy_}] {
        if (const auto take = copy.lock()) answer->set_value({std::make_shared<const FloorState>((*take)()), Clock::now()});
    });
    return answer->get_future();
}

std::shared_ptr<const FloorState> FloorDesk::look(std::chrono::milliseconds patience) {
    const std::lock_guard lock{mutex_};
    const auto until = Clock::now() + patience;
    const auto fresh = [this] { return last_.floor && Clock::now() < last_.at + good_for; };
    while (!fresh()) {  // What was asked for by somebody who did not wait for it may be old when it comes.
        if (!asked_.valid()) asked_ = ask();
        if (asked_.wait_until(until) != std::future_status::ready) return nullptr;
        last_ = asked_.get();
    }
    return last_.floor;
}

}  // namespace ballast
