#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace ballast::drivers {

struct MqttMessage {
    std::string topic, payload;
    int qos = 1;
    bool retain = false;
    bool operator==(const MqttMessage&) const = default;
};

/// What waits to be published. Of a retained topic only the newest; of the others at most `most_waiting`, the oldest
/// going first. Never grows beyond its bounds. Not thread-safe: its owner locks.
class MqttOutbox {
public:
    static constexpr std::size_t most_waiting = 1'024;
    static constexpr std::size_t most_retained = 256;  ///< Topics.

    void put(MqttMessage message);

    /// The next one to send: retained topics first, in the order in which they changed.
    std::optional<MqttMessage> next();

    /// It could not be sent: comes first again, unless newer state of its topic has come meanwhile.
    void put_back(MqttMessage message);

    /// A new connection may be to a broker that forgot: every retained topic is sent again.
    void send_retained_again();

    bool empty() const { return changed_ == 0 && waiting_.empty(); }
    std::uint64_t dropped() const { return dropped_; }

private:
    struct Retained {
        MqttMessage message;
        bool changed = true;
    };

    std::vector<Retained> retained_;  ///< The least recently changed first.
    std::size_t changed_ = 0;         ///< Of those, how many are to be sent.
    std::deque<MqttMessage> waiting_;
    std::uint64_t dropped_ = 0;
};

}  // namespace ballast::drivers
