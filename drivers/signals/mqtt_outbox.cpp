#include "drivers/signals/mqtt_outbox.hpp"

#include <algorithm>

namespace ballast::drivers {

void MqttOutbox::put(MqttMessage message) {
    if (!message.retain) {
        if (waiting_.size() >= most_waiting) {
            waiting_.pop_front();
            ++dropped_;
        }
        waiting_.push_back(std::move(message));
        return;
    }
    const auto same = std::ranges::find(
        retained_, message.topic, [](const Retained& r) -> const std::string& { return r.message.topic; });
    const auto out = same != retained_.end()             ? same
                     : retained_.size() >= most_retained ? retained_.begin()
                                                         : retained_.end();
    if (out != retained_.end()) {
        changed_ -= out->changed ? 1 : 0;
        dropped_ += out->changed && same == retained_.end() ? 1 : 0;
        retained_.erase(out);
    }
    retained_.push_back({std::move(message), true});
    ++changed_;
}

std::optional<MqttMessage> MqttOutbox::next() {
    if (changed_ > 0) {
        const auto at = std::ranges::find(retained_, true, &Retained::changed);
        at->changed = false;
        --changed_;
        return at->message;
    }
    if (waiting_.empty()) return {};
    MqttMessage message = std::move(waiting_.front());
    waiting_.pop_front();
    return message;
}

void MqttOutbox::put_back(MqttMessage message) {
    if (!message.retain) {
        if (waiting_.size() < most_waiting) waiting_.push_front(std::move(message));
        else ++dropped_;
        return;
    }
    const auto same = std::ranges::find(
        retained_, message.topic, [](const Retained& r) -> const std::string& { return r.message.topic; });
    if (same == retained_.end() || same->changed) return;
    same->changed = true;
    ++changed_;
}

void MqttOutbox::send_retained_again() {
    for (Retained& retained : retained_) retained.changed = true;
    changed_ = retained_.size();
}

}  // namespace ballast::drivers
