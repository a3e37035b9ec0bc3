#pragma once
#include "model/event.hpp"

#include <functional>
#include <mutex>
#include <vector>

namespace ballast {

/// Where every thread hands its events to the loop. The only mutex in the program.
/// Readings keep one newest per load and meter, answers one bit per load; signals, receipts and words have a bounded
/// queue of their own that readings cannot fill. What it must refuse it counts.
class Mailbox {
public:
    /// `loads` and `meters` size the newest-reading tables, `most_signals` each source's share of the queue; `wake` is called, on the putting thread, when the box was empty.
    /// That a load answered wakes nobody: it is told with whatever comes next, or when the loop looks in.
    Mailbox(std::size_t loads, std::size_t meters, std::function<void()> wake, std::size_t most_signals = 16'384);

    void put(Event event);

    /// All since the last drain, signals before readings, each kind in order of arrival. Reuses `into`.
    void drain(std::vector<Event>& into);

private:
    struct NewestReading {
        LoadReading reading;
        bool waiting = false;
    };

    void put_reading(const LoadReading& reading);
    void put_frequency(const FrequencyReading& reading);
    void queue(Event&& event);

    std::mutex mutex_;
    std::function<void()> wake_;
    std::size_t most_signals_;
    std::vector<Event> queue_;                ///< All but readings and answers.
    std::vector<std::size_t> queued_;         ///< By source: signals and rejections in `queue_`.
    std::vector<bool> heartbeats_;            ///< By source: one waits in `queue_`.
    std::vector<LoadReading> ranges_;         ///< Readings of more than one load.
    std::vector<NewestReading> newest_;       ///< By slot.
    std::vector<Slot> read_;                  ///< Slots waiting in `newest_`, by arrival.
    std::vector<bool> answered_;              ///< By slot.
    bool any_answered_ = false;
    std::vector<std::optional<MeterReading>> meters_;
    std::vector<std::optional<FrequencyReading>> frequencies_;  ///< By guard.
    std::uint64_t lost_ = 0;
    bool waiting_ = false;
};

}  // namespace ballast
