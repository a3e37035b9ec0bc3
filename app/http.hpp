#pragma once
#include "app/config.hpp"
#include "app/floor_desk.hpp"
#include "app/person.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ballast {

/// What the outside may read: put by the loop after a step, taken by the HTTP thread; never more than one at a time.
class Published {
public:
    void put(std::string state) {
        auto next = std::make_shared<const std::string>(std::move(state));
        const std::lock_guard lock{mutex_};
        state_ = std::move(next);
    }
    std::shared_ptr<const std::string> state() const {
        const std::lock_guard lock{mutex_};
        return state_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const std::string> state_ = std::make_shared<const std::string>("{}");
};

/// HTTP on a thread of its own: GET /state, /fleet (by group; `?group=NAME` and `?machines=1` list machines) and /healthz on the address of `[http]`, and POST /word on a Unix socket that only
/// its owner may open. A slow or hostile client holds up nobody: 8 KiB a request, five seconds, 64 at once.
/// When it cannot listen: `must` throws std::runtime_error naming the address; else the log says so and the rest goes on.
class HttpServer {
public:
    HttpServer(const std::optional<HttpConfig>& listen, const std::string& word_socket, const Published& published, PersonsWords& words, bool must, FloorDesk* floor = nullptr);
    ~HttpServer();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Says a word to the daemon behind a socket; its answer, or why there was none.
Result<void> say_to_daemon(const std::string& word_socket, const OperatorWord& word);

}  // namespace ballast
