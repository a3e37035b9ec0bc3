#pragma once
#include "model/units.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace ballast {

/// A place's wall clock as a table of its offsets from UTC, so that what is pure needs no time zone database. Before the
/// first entry the first offset holds; an empty table is UTC.
class WallClock {
public:
    struct Change {
        Instant from{};
        Duration offset{};  ///< Local time less UTC.
        bool operator==(const Change&) const = default;
    };

    WallClock() = default;
    explicit WallClock(std::vector<Change> changes) : changes_{std::move(changes)} {}

    /// Local time, as if it were UTC.
    Instant local(Instant utc) const {
        const auto after = std::ranges::upper_bound(changes_, utc, {}, &Change::from);
        if (changes_.empty()) return utc;
        return utc + (after == changes_.begin() ? after->offset : (after - 1)->offset);
    }
    std::chrono::sys_days day(Instant utc) const { return std::chrono::floor<std::chrono::days>(local(utc)); }
    bool operator==(const WallClock&) const = default;

private:
    std::vector<Change> changes_;
};

/// A part of every year, from its first day to its last, both whole; it may pass the new year (1 December to 31 March).
struct Season {
    std::chrono::month_day first{std::chrono::January / 1}, last{std::chrono::December / 31};
    bool operator==(const Season&) const = default;

    bool contains(std::chrono::sys_days day) const {
        const std::chrono::year_month_day date{day};
        const auto today = date.month() / date.day();
        return first <= last ? first <= today && today <= last : today >= first || today <= last;
    }
    /// The first day of the season that this day is in, or of the last one that was before it.
    std::chrono::sys_days began(std::chrono::sys_days day) const {
        const std::chrono::year_month_day date{day};
        const auto begins = [&](std::chrono::year year) { return std::chrono::sys_days{year / first.month() / std::min(first.day(), (year / first.month() / std::chrono::last).day())}; };
        return begins(date.year()) <= day ? begins(date.year()) : begins(date.year() - std::chrono::years{1});
    }
};

/// Hours of a day on the wall, [from, to); `to` before `from` passes midnight; equal: all day.
struct DayHours {
    Duration from{0}, to{0};
    bool operator==(const DayHours&) const = default;

    bool contains(Instant local) const {
        const Duration at = local - std::chrono::floor<std::chrono::days>(local);
        if (from == to) return true;
        return from < to ? from <= at && at < to : at >= from || at < to;
    }
};

/// Hours and days begin with a minute, so looking each minute is exact.
inline Steady next_minute(Now now) { return later(now.steady, std::chrono::floor<std::chrono::minutes>(now.utc) + std::chrono::minutes{1} - now.utc); }

/// A part of the year, of the week and of the day together, as a contract names it. By default always.
struct ContractHours {
    Season season;
    DayHours hours;
    bool weekdays_only = false;
    bool operator==(const ContractHours&) const = default;

    bool always() const { return *this == ContractHours{}; }
    bool contains(const WallClock& clock, Instant utc) const {
        const auto day = clock.day(utc);
        const std::chrono::weekday weekday{day};
        const bool weekend = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
        return !(weekdays_only && weekend) && season.contains(day) && hours.contains(clock.local(utc));
    }
};

}  // namespace ballast
