#pragma once
#include "model/calendar.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace ballast {

/// A meter's demand as tariffs bill it: the mean over windows aligned in UTC, and the highest of each month by the site's
/// wall clock. Kept for thirteen months, so that a whole year lies behind the one that runs.
class Peaks {
public:
    static constexpr std::size_t kept = 13;

    struct Month {
        std::int32_t number = -1;      ///< Months since year 0; -1: none.
        Power peak;                    ///< Highest mean of a window that was measured for at least half of its length.
        bool operator==(const Month&) const = default;
    };

    explicit Peaks(Duration window = std::chrono::minutes{15}) : window_{window} {}

    static std::int32_t month_of(Instant at, const WallClock& clock = {}) {
        const std::chrono::year_month_day date{clock.day(at)};
        return static_cast<int>(date.year()) * 12 + static_cast<std::int32_t>(static_cast<unsigned>(date.month())) - 1;
    }
    static Instant month_begin(Instant at, const WallClock& clock = {}) { return first_of_month(at, clock, std::chrono::months{0}); }
    static Instant month_end(Instant at, const WallClock& clock = {}) { return first_of_month(at, clock, std::chrono::months{1}); }

    Duration window() const { return window_; }
    Instant floor(Instant at) const { return Instant{at.time_since_epoch() / window_ * window_}; }

    /// `power` was drawn over [from, to). What lies before what was added already is left out.
    void add(Power power, Instant from, Instant to, const WallClock& clock = {}) {
        if (until_ > to + window_) *this = since(from);  // The clock was ahead, and was set back.
        from = std::max(from, until_);
        from = std::max(from, to - std::chrono::months{kept});  // What lies further back is in no month that is kept.
        while (from < to) {
            roll(from, clock);
            const Instant end = std::min(to, start_ + window_);
            energy_ += power * (end - from);
            measured_ += end - from;
            from = until_ = end;
        }
        roll(std::max(to, until_), clock);
    }

    /// Of the window that holds `at`: what was drawn of it so far, for how long.
    Energy energy(Instant at) const { return floor(at) == start_ ? energy_ : Energy{}; }
    Duration measured(Instant at) const { return floor(at) == start_ ? measured_ : Duration{0}; }

    /// The highest of the month that holds `at`, whole windows only.
    std::optional<Power> month(Instant at, const WallClock& clock = {}) const {
        const std::int32_t number = month_of(at, clock);
        const Month& month = months_[place(number)];
        return month.number == number ? std::optional{month.peak} : std::nullopt;
    }

    /// The highest of the twelve months that end with the one of `at`.
    std::optional<Power> twelve_months(Instant at, const WallClock& clock = {}) const {
        std::optional<Power> highest;
        const std::int32_t now = month_of(at, clock);
        for (const Month& month : months_)
            if (month.number >= 0 && month.number > now - 12 && month.number <= now) highest = std::max(highest.value_or(month.peak), month.peak);
        return highest;
    }

    /// It has measured since before those twelve months.
    bool knows_year(Instant at, const WallClock& clock = {}) const {
        const std::int32_t year_ago = month_of(at, clock) - 12;
        return months_[place(year_ago)].number == year_ago;
    }

    bool operator==(const Peaks&) const = default;

    // For the snapshot, which keeps all of it.
    template <class Io> friend void io(Io& f, Peaks& p) {
        std::int64_t energy = static_cast<std::int64_t>(p.energy_.count), measured = p.measured_.count();
        f.utc(p.start_), f.utc(p.until_), f.whole(energy), f.whole(measured);
        p.energy_ = Energy{energy}, p.measured_ = Duration{measured};
        for (Month& month : p.months_) f.whole(month.number), f.quantity(month.peak);
    }

private:
    static Instant first_of_month(Instant at, const WallClock& clock, std::chrono::months on) {
        const std::chrono::year_month_day date{clock.day(at)};
        const Instant on_the_wall = std::chrono::sys_days{(date.year() / date.month() + on) / 1};
        const Instant about = at + (on_the_wall - clock.local(at));  // But for a change of the clock between.
        return on_the_wall - (clock.local(about) - about);
    }

    /// Its months, and a window of which nothing is known before `from`.
    Peaks since(Instant from) const {
        Peaks anew = *this;
        anew.start_ = floor(from), anew.until_ = from;
        anew.energy_ = {}, anew.measured_ = Duration{0};
        return anew;
    }

    static std::size_t place(std::int32_t month) { return static_cast<std::size_t>(month) % kept; }

    /// The window that holds `at` runs; the one before it, if it is over, counts for its month.
    void roll(Instant at, const WallClock& clock) {
        if (floor(at) == start_) return;
        if (measured_ * 2 >= window_) {
            const Power mean{static_cast<std::int64_t>(energy_.count / measured_.count())};
            const std::int32_t number = month_of(start_, clock);
            Month& month = months_[place(number)];
            if (month.number != number || mean > month.peak) month = {number, mean};
        }
        start_ = floor(at);
        energy_ = {};
        measured_ = Duration{0};
    }

    Duration window_;
    Instant start_{}, until_{};        ///< Of the running window; up to where all is added.
    Energy energy_;
    Duration measured_{0};
    std::array<Month, kept> months_{};
};

}  // namespace ballast
