#include "sim/gpu_agents.hpp"

#include "sim/broker_client.hpp"
#include "sim/sockets.hpp"
#include "wire/gpu_json.hpp"

#include <fmt/format.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace ballast::sim {

namespace {

using Result = wire::GpuStatus::Result;
using std::chrono::steady_clock;

Instant wall_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

constexpr std::size_t acks_kept = 8;

/// One node, on the voice's thread.
struct Node {
    GpuNodeSettings settings;
    std::uint64_t last = 0;                 ///< The last order it took, but for checkpoints.
    std::optional<Power> cap;
    bool asleep = false;
    Instant told{};                         ///< Of its last status: each has to be newer.
    std::deque<wire::GpuStatus::Ack> acks;
    std::uint64_t saving = 0, acting = 0;   ///< Orders on their way; 0: none.
    steady_clock::time_point saved_at{}, acted_at{}, tells_at{};

    void say(std::uint64_t order, Result result) {
        std::erase_if(acks, [&](const auto& ack) { return ack.order == order; });
        acks.push_back({order, result});
        if (acks.size() > acks_kept) acks.pop_front();
    }
};

}  // namespace

Power free_draw(const GpuNodeSettings& node) {
    const auto percent = [&](std::int64_t n) { return Power{node.rated.count * n / 100}; };
    switch (node.workload) {
    case Workload::training: return percent(97);
    case Workload::batch: return percent(90);
    case Workload::inference: return percent(30);  // Decode, of an H200: 137 to 300 W of 700.
    }
    return node.rated;
}

class GpuAgents::Voice {
public:
    Voice(GpuAgentsSettings settings, LivePlant& plant)
        : settings_{std::move(settings)}, plant_{plant},
          client_{fmt::format("tcp://{}:{}", dotted(loopback_address(settings_.host)), settings_.port), fmt::format("gpu-agents-{}-{}", ::getpid(), settings_.port)} {
        for (std::size_t i = 0; i < settings_.nodes.size(); ++i) {
            by_name_.emplace(settings_.nodes[i].name, i);
            nodes_.push_back({});
            nodes_.back().settings = settings_.nodes[i];
        }
        client_.set_message_callback([this](mqtt::const_message_ptr message) { heard(message->get_topic(), message->get_payload()); });
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

    std::atomic<std::size_t> orders_{0}, checkpoints_{0};
    std::atomic<bool> connected_{false};

private:
    void heard(std::string_view topic, const std::string& payload) {
        const std::string_view load = wire::load_of_gpu_topic(settings_.site, topic, "order");
        auto order = wire::parse_gpu_order(payload);
        if (load.empty() || !order) return;
        {
            const std::scoped_lock lock{mutex_};
            waiting_.emplace_back(load, *order);
        }
        changed_.notify_all();
    }

    void run() {
        std::unique_lock lock{mutex_};
        while (!stopping_) {
            auto orders = std::exchange(waiting_, {});
            lock.unlock();
            const bool well = connect();
            for (const auto& [load, order] : orders) take(load, order);
            const auto next = go_on(well);
            lock.lock();
            if (stopping_) break;
            if (waiting_.empty()) changed_.wait_until(lock, well ? next : steady_clock::now() + std::chrono::milliseconds{500}, [this] { return stopping_ || !waiting_.empty(); });
        }
        lock.unlock();
        leave(client_);
    }

    bool connect() {
        if (client_.is_connected()) return true;
        connected_ = false;
        if (!sim::connect(client_)) return false;
        try {
            connected_ = client_.subscribe(wire::gpu_topic(settings_.site, "+", "order"), 1)->wait_for(std::chrono::seconds{5});
        } catch (const mqtt::exception&) {
            connected_ = false;  // Not up yet, or down again: tried until it is.
        }
        return connected_;
    }

    void take(const std::string& load, const wire::GpuOrder& order) {
        using Action = wire::GpuOrder::Action;
        const auto found = by_name_.find(load);
        if (found == by_name_.end()) return;
        ++orders_;
        Node& node = nodes_[found->second];
        const auto now = steady_clock::now();
        if (order.action == Action::checkpoint) {
            node.say(order.order, node.settings.saves ? Result::accepted : Result::refused);
            if (node.settings.saves) node.saving = order.order, node.saved_at = now + settings_.checkpoint_takes;
        } else if (order.order >= node.last) {
            const Duration takes = order.action == Action::sleep ? settings_.sleep_takes : node.asleep && order.action == Action::resume ? settings_.wake_takes : settings_.cap_takes;
            node.last = node.acting = order.order;
            node.cap = order.action == Action::cap ? order.watts : std::nullopt;
            node.say(order.order, Result::accepted);
            node.acted_at = now + takes;
            const bool sleeps = order.action == Action::sleep;
            if (sleeps || order.action == Action::resume) node.asleep = sleeps;
            steer(node, takes);
        }
        node.tells_at = now;
    }

    /// It holds a little below its cap; decode below one does not notice it.
    void steer(const Node& node, Duration takes) {
        Power to = node.asleep ? node.settings.standby : free_draw(node.settings);
        if (!node.asleep && node.cap) to = std::min(to, Power{node.cap->count * 99 / 100});
        plant_.with([&](Plant& plant, Steady now) { plant.steer(node.settings.hall, to, takes, now); });
    }

    /// What has come due; when the next thing does.
    steady_clock::time_point go_on(bool well) {
        const auto now = steady_clock::now();
        auto next = now + settings_.status_every;
        for (Node& node : nodes_) {
            if (node.saving != 0 && node.saved_at <= now) node.say(std::exchange(node.saving, 0), Result::done), ++checkpoints_, node.tells_at = now;
            if (node.acting != 0 && node.acted_at <= now) node.say(std::exchange(node.acting, 0), Result::done), node.tells_at = now;
            if (node.tells_at <= now && well) tell(node), node.tells_at = now + settings_.status_every;
            next = std::min(next, node.tells_at);
            if (node.saving != 0) next = std::min(next, node.saved_at);
            if (node.acting != 0) next = std::min(next, node.acted_at);
        }
        return next;
    }

    void tell(Node& node) {
        wire::GpuStatus status;
        status.time = node.told = std::max(wall_now(), node.told + Duration{1});
        status.power = plant_.with([&](Plant& plant, Steady now) { return plant.hall_power(node.settings.hall, now); });
        status.mode = node.asleep && node.acting == 0 ? Mode::asleep : node.asleep || node.acting == 0 || *status.power > node.settings.standby ? Mode::running : Mode::asleep;
        status.cap = node.cap;
        status.acks.assign(node.acks.begin(), node.acks.end());
        const std::string payload = wire::gpu_status_json(status);
        try {
            client_.publish(wire::gpu_topic(settings_.site, node.settings.name, "status"), payload.data(), payload.size(), 1, false);
        } catch (const mqtt::exception&) {
            // Lost; the next one tells as much.
        }
    }

    const GpuAgentsSettings settings_;
    LivePlant& plant_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    std::vector<Node> nodes_;                ///< The thread's own.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<std::string, wire::GpuOrder>> waiting_;
    bool stopping_ = false;
    mqtt::async_client client_;
    std::thread thread_;
};

GpuAgents::GpuAgents(GpuAgentsSettings settings, LivePlant& plant) : voice_{std::make_unique<Voice>(std::move(settings), plant)} {}

GpuAgents::~GpuAgents() = default;

bool GpuAgents::connected() const { return voice_->connected_; }
std::size_t GpuAgents::orders_heard() const { return voice_->orders_; }
std::size_t GpuAgents::checkpoints_done() const { return voice_->checkpoints_; }

}  // namespace ballast::sim
