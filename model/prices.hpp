#pragma once
#include "model/units.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace ballast {

struct PriceInterval {
    Instant start, end;
    Price price;
    Instant issued;
    Steady begins, ends;   ///< The same, by the clock that never jumps, fixed when heard.
    Steady good_until;     ///< Past this the source is silent: the next word was due and its grace is over.
    bool operator==(const PriceInterval&) const = default;
};

/// The intervals of one source by their start, each once: a correction replaces, the newer issue wins.
class PriceTimeline {
public:
    static constexpr std::size_t most_past = 128;      ///< Kept behind the present.
    static constexpr std::size_t most_ahead = 4'096;   ///< Refused beyond.

    enum class Fate : std::uint8_t { added, corrected, duplicate, older, full };
    Fate add(const PriceInterval& interval, Steady now) {
        forget(now);
        const auto at = std::ranges::lower_bound(intervals_, interval.start, {}, &PriceInterval::start);
        if (at != intervals_.end() && at->start == interval.start) {
            if (interval.issued < at->issued) return Fate::older;
            const bool same = interval.price == at->price && interval.end == at->end;
            if (same) at->good_until = std::max(at->good_until, interval.good_until);
            else *at = interval;
            return same ? Fate::duplicate : Fate::corrected;
        }
        if (intervals_.size() >= most_past + most_ahead) return Fate::full;
        if (at == intervals_.begin() && begun(now).size() >= most_past) return Fate::older;
        intervals_.insert(at, interval);
        return Fate::added;
    }

    /// Intervals that have begun, oldest first; the last is the one that prices see as "now".
    std::span<const PriceInterval> begun(Steady now) const {
        std::size_t n = intervals_.size();
        while (n > 0 && intervals_[n - 1].begins > now) --n;
        return {intervals_.data(), n};
    }

    /// When the next known interval begins; `never` if none is known.
    Steady next(Steady now) const {
        const std::size_t n = begun(now).size();
        return n < intervals_.size() ? intervals_[n].begins : never;
    }

    std::span<const PriceInterval> all() const { return intervals_; }

    /// From a snapshot: sorted by start, each once.
    static PriceTimeline of(std::vector<PriceInterval> intervals) {
        PriceTimeline timeline;
        timeline.intervals_ = std::move(intervals);
        return timeline;
    }

private:
    void forget(Steady now) {
        const std::size_t past = begun(now).size();
        if (past >= 2 * most_past) intervals_.erase(intervals_.begin(), intervals_.begin() + static_cast<std::ptrdiff_t>(past - most_past));
    }

    std::vector<PriceInterval> intervals_;
};

}  // namespace ballast
