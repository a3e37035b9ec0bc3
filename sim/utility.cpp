#include "sim/utility.hpp"

#include "sim/broker_client.hpp"
#include "sim/sockets.hpp"

#include <fmt/format.h>
#include <mqtt/async_client.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace ballast::sim {

namespace {

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

}  // namespace

class Utility::Voice {
public:
    explicit Voice(UtilitySettings settings)
        : settings_{std::move(settings)}, begun_{wall_now()}, steady_begun_{std::chrono::steady_clock::now()},
          client_{fmt::format("tcp://{}:{}", dotted(loopback_address(settings_.host)), settings_.port), fmt::format("utility-{}", ::getpid())} {
        thread_ = std::thread{[this] { run(); }};
    }

    ~Voice() {
        {
            const std::scoped_lock lock{mutex_};
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    void say(std::string payload) {
        {
            const std::scoped_lock lock{mutex_};
            words_.push_back(std::move(payload));
        }
        changed_.notify_all();
    }

    std::optional<PastPrice> latest() const {
        const std::scoped_lock lock{mutex_};
        return latest_;
    }

    std::optional<Instant> ends() const {
        if (settings_.prices.empty()) return std::nullopt;
        return mapped(settings_.prices.back().end);
    }

    std::atomic<std::size_t> published_{0};
    std::atomic<bool> connected_{false};

private:
    Duration since_first(Instant at) const {
        const auto passed = static_cast<double>((at - settings_.prices.front().start).count());
        return Duration{static_cast<Duration::rep>(std::llround(passed / settings_.speed))};
    }
    Instant mapped(Instant at) const { return begun_ + since_first(at); }

    /// How many intervals have begun.
    std::size_t begun() const {
        const auto passed = std::chrono::steady_clock::now() - steady_begun_;
        std::size_t n = next_;
        while (n < settings_.prices.size() && since_first(settings_.prices[n].start) <= passed) ++n;
        return n;
    }

    std::chrono::steady_clock::time_point due() const {
        const auto now = std::chrono::steady_clock::now();
        return next_ < settings_.prices.size() ? steady_begun_ + since_first(settings_.prices[next_].start) : now + std::chrono::hours{1};
    }

    void run() {
        std::unique_lock lock{mutex_};
        while (!stopping_) {
            lock.unlock();
            const bool well = connect() && speak();
            lock.lock();
            if (stopping_) break;
            if (!well) changed_.wait_for(lock, std::chrono::milliseconds{500});
            else if (words_.empty()) changed_.wait_until(lock, due(), [this] { return stopping_ || !words_.empty(); });
        }
        lock.unlock();
        leave(client_);
    }

    bool connect() {
        if (client_.is_connected()) return true;
        connected_ = false;
        return connected_ = sim::connect(client_, settings_.user, settings_.password);
    }

    bool speak() {
        std::unique_lock lock{mutex_};
        while (!words_.empty()) {
            const std::string payload = words_.front();
            lock.unlock();
            if (!publish(settings_.dispatch_topic, payload)) return false;
            lock.lock();
            words_.pop_front();
        }
        lock.unlock();
        const std::size_t now = begun();
        if (now == next_) return true;
        const PastPrice& price = settings_.prices[now - 1];
        if (!publish(settings_.price_topic, price_message(wall_now(), mapped(price.start), mapped(price.end), price.price, settings_.currency))) return false;
        next_ = now;
        lock.lock();
        latest_ = price;
        return true;
    }

    bool publish(const std::string& topic, const std::string& payload) {
        try {
            if (!client_.publish(topic, payload.data(), payload.size(), 1, true)->wait_for(std::chrono::seconds{5})) return false;
        } catch (const mqtt::exception&) {
            return false;
        }
        ++published_;
        return true;
    }

    const UtilitySettings settings_;
    const Instant begun_;
    const std::chrono::steady_clock::time_point steady_begun_;
    mqtt::async_client client_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> words_;
    std::optional<PastPrice> latest_;
    bool stopping_ = false;
    std::size_t next_ = 0;  ///< Of the prices; the thread's own.
    std::thread thread_;
};

Utility::Utility(UtilitySettings settings) : voice_{std::make_unique<Voice>(std::move(settings))} {}

Utility::~Utility() = default;

void Utility::dispatch(Dispatch dispatch) {
    voice_->say(dispatch_message(wall_now(), dispatch));
}

void Utility::emergency(Dispatch dispatch) {
    voice_->say(emergency_message(wall_now(), dispatch));
}

void Utility::release(std::string id) {
    voice_->say(release_message(wall_now(), id));
}

std::size_t Utility::published() const {
    return voice_->published_;
}

bool Utility::connected() const {
    return voice_->connected_;
}

std::optional<PastPrice> Utility::latest() const {
    return voice_->latest();
}

std::optional<Instant> Utility::ends() const {
    return voice_->ends();
}

}  // namespace ballast::sim
