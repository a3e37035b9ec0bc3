#include "controller/mailbox.hpp"

#include "model/check.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

Mailbox::Mailbox(std::size_t loads, std::size_t meters, std::function<void()> wake, std::size_t most_signals)
    : wake_{std::move(wake)}, most_signals_{most_signals}, newest_(loads), answered_(loads), meters_(meters) {}

void Mailbox::put(Event event) {
    bool first = false;
    {
        const std::lock_guard lock{mutex_};
        const bool can_wait = std::holds_alternative<Answered>(event) || std::holds_alternative<HashReading>(event);
        first = !can_wait && !std::exchange(waiting_, true);
        if (const auto* reading = std::get_if<LoadReading>(&event)) {
            put_reading(*reading);
        } else if (const auto* answered = std::get_if<Answered>(&event)) {
            BALLAST_CHECK(answered->loads.last <= answered_.size());
            for (Slot s = answered->loads.first; s < answered->loads.last; ++s) answered_[s] = true;
            any_answered_ = true;
        } else if (const auto* meter = std::get_if<MeterReading>(&event)) {
            meters_.at(index(meter->meter)) = *meter;
        } else if (const auto* frequency = std::get_if<FrequencyReading>(&event)) {
            put_frequency(*frequency);
        } else {
            queue(std::move(event));
        }
    }
    if (first && wake_) wake_();
}

void Mailbox::put_reading(const LoadReading& reading) {
    BALLAST_CHECK(reading.loads.last <= newest_.size());
    if (reading.loads.size() != 1) return ranges_.push_back(reading);
    NewestReading& newest = newest_[reading.loads.first];
    if (!newest.waiting) read_.push_back(reading.loads.first);
    newest = {reading, true};
}

/// The newest stands for those before it, but for how low they went.
void Mailbox::put_frequency(const FrequencyReading& reading) {
    const std::size_t guard = index(reading.guard);
    if (guard >= frequencies_.size()) frequencies_.resize(guard + 1);
    auto& waiting = frequencies_[guard];
    const Frequency lowest = waiting ? std::min(waiting->lowest, reading.lowest) : reading.lowest;
    waiting = reading;
    waiting->lowest = lowest;
}

void Mailbox::queue(Event&& event) {
    if (const auto* heartbeat = std::get_if<Heartbeat>(&event)) {  // One of each source says it all.
        const std::size_t source = index(heartbeat->source);
        if (source >= heartbeats_.size()) heartbeats_.resize(source + 1);
        if (heartbeats_[source]) return;
        heartbeats_[source] = true;
    }
    // Receipts are bounded by our own orders, a person's word by the person; only the outside can flood.
    const auto* signal = std::get_if<Signal>(&event);
    const auto* rejected = std::get_if<Rejected>(&event);
    if (signal || rejected) {  // Each source fills its own share.
        const std::size_t source = index(signal ? signal->source : rejected->source);
        if (source >= queued_.size()) queued_.resize(source + 1);
        if (queued_[source] >= most_signals_) return void(++lost_);
        ++queued_[source];
    }
    queue_.push_back(std::move(event));
}

void Mailbox::drain(std::vector<Event>& into) {
    into.clear();
    const std::lock_guard lock{mutex_};
    waiting_ = false;
    std::swap(into, queue_);
    heartbeats_.assign(heartbeats_.size(), false);
    queued_.assign(queued_.size(), 0);
    for (const LoadReading& reading : ranges_) into.emplace_back(reading);
    ranges_.clear();
    for (const Slot slot : read_) {
        into.emplace_back(newest_[slot].reading);
        newest_[slot].waiting = false;
        answered_[slot] = false;
    }
    read_.clear();
    for (Slot s = 0; any_answered_ && s < answered_.size(); ++s) {
        if (!answered_[s]) continue;
        Range range{s, s};
        for (; range.last < answered_.size() && answered_[range.last]; ++range.last) answered_[range.last] = false;
        into.emplace_back(Answered{range});
        s = range.last;
    }
    any_answered_ = false;
    for (auto& meter : meters_)
        if (meter) into.emplace_back(*std::exchange(meter, std::nullopt));
    for (auto& frequency : frequencies_)
        if (frequency) into.emplace_back(*std::exchange(frequency, std::nullopt));
    if (lost_ > 0) into.emplace_back(Lost{std::exchange(lost_, 0)});
}

}  // namespace ballast
