#pragma once
#include "model/calendar.hpp"
#include "model/ids.hpp"
#include "model/units.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// Which of the system's demands a tariff bills by: the highest of each month, or of the whole season, one a day.
struct PeakTerms {
    enum class Per : std::uint8_t { month, season };
    Per per = Per::month;
    unsigned count = 1;                   ///< So many of each.
    Duration interval{900'000};           ///< A demand is the mean over this long, aligned in UTC.
    ContractHours when;                   ///< Whose demands count; outside of the hours none is expected.
    WallClock clock;
    std::vector<Power> past;              ///< Of the season before, in the order of the calendar; empty: not known.
    std::int64_t within_ppm = 15'000;     ///< The error with which an interval's mean is foreseen.
    Duration lead{900'000};               ///< Machines are gone so long before the interval begins.
    Duration budget{0};                   ///< Hours of a season that may be spent; 0: as many as pay.
    bool operator==(const PeakTerms&) const = default;

    /// Of a whole season: each is worth the year's value by this.
    unsigned counted() const;
    /// The first day of the month or season that a day's demands are compared in.
    std::chrono::sys_days period(std::chrono::sys_days day) const;
    std::chrono::sys_days period_end(std::chrono::sys_days day) const;  ///< One past.
    bool eligible(std::chrono::sys_days day) const;
    /// Of [from, to).
    unsigned eligible_days(std::chrono::sys_days from, std::chrono::sys_days to) const;
};

/// The chance that an interval's demand is one of those that are billed.
struct PeakChance {
    Instant interval{};                   ///< Its beginning.
    Steady ends = Steady::min();
    std::int64_t ppm = 0;
    std::int64_t most_ppm = 0;            ///< The greatest since it was first judged: who stopped for that stays.
    bool operator==(const PeakChance&) const = default;
};

/// What a source foresees: a window in which, with this chance, a demand falls that is billed.
struct PeakForecast {
    SourceId source{};
    std::string id;
    Instant issued{};
    Steady begins = never, ends = never;
    std::int64_t ppm = 0;
    bool operator==(const PeakForecast&) const = default;
};

/// The system's demand as a feed tells it, held against the highest of the season. State: it follows what is told, and
/// nothing else, but for `spent`.
class PeakWatch {
public:
    static constexpr std::size_t levels = 21;  ///< Of chance: level n is from 2^n millionths on.

    /// The system draws `demand` since `at`. False: that is not news.
    bool tell(const PeakTerms& terms, Power demand, Instant at, Now now);

    /// Of a season's budget.
    void spend(const PeakTerms& terms, Duration hours, Instant at);
    Duration spent() const { return spent_; }
    /// Something was heard: a new season has a budget of its own.
    void begin_season(const PeakTerms& terms, Instant at) { roll_season(terms, terms.clock.day(at)); }

    /// The least chance that is worth an hour of what the budget has left.
    std::int64_t least_ppm(const PeakTerms& terms, Duration left) const;

    const PeakChance& running() const { return running_; }   ///< Of the interval that was running when the demand was last told,
    const PeakChance& coming() const { return coming_; }     ///< and of the one a lead later, if that is another.
    const std::vector<Power>& highest() const { return highest_; }  ///< Of the days before in this month or season; highest first.
    std::optional<Power> demand() const { return told_ == Instant{} ? std::nullopt : std::optional{demand_}; }
    bool operator==(const PeakWatch&) const = default;

    // For the snapshot, which keeps all of it.
    template <class Io> friend void io(Io& f, PeakWatch& w) {
        f.quantity(w.demand_), f.utc(w.told_), f.quantity(w.per_hour_), f.utc(w.interval_);
        f.whole(w.drawn_), io_duration(f, w.measured_), f.quantity(w.today_), f.whole(w.day_), f.whole(w.days_), io_duration(f, w.spent_), f.whole(w.season_);
        for (PeakChance* chance : {&w.running_, &w.coming_}) f.utc(chance->interval), f.steady(chance->ends), f.whole(chance->ppm), f.whole(chance->most_ppm);
        for (Duration& time : w.at_level_) io_duration(f, time);
        std::uint8_t tops = static_cast<std::uint8_t>(w.highest_.size());
        f.whole(tops);
        w.highest_.resize(tops);
        for (Power& top : w.highest_) f.quantity(top);
    }

private:
    template <class Io> static void io_duration(Io& f, Duration& d) {
        auto count = d.count();
        f.whole(count);
        d = Duration{count};
    }
    std::int64_t by_experience(Int128 days_to_come, Duration left) const;
    void hold(const PeakTerms& terms, Instant until);
    void close_interval(const PeakTerms& terms);
    void roll(const PeakTerms& terms, std::chrono::sys_days day);
    void roll_season(const PeakTerms& terms, std::chrono::sys_days day);
    PeakChance judge(const PeakTerms& terms, Instant interval, Now now) const;
    std::int64_t chance(const PeakTerms& terms, Instant interval, Power mean) const;

    Power demand_;
    Instant told_{};                      ///< By the feed's clock; the epoch: never.
    Power per_hour_;                      ///< How fast it rises.
    Instant interval_{};                  ///< That `told_` is in,
    std::int64_t drawn_ = 0;              ///< W x ms of it so far,
    Duration measured_{0};                ///< over so long.
    Power today_;                         ///< The highest whole interval of the day.
    std::int32_t day_ = 0;                ///< Days since the epoch, on the wall.
    std::vector<Power> highest_;
    std::array<Duration, levels> at_level_{};  ///< How long the chance was there, this season,
    std::int32_t days_ = 0;               ///< on so many days.
    std::int32_t season_ = 0;             ///< The day it began.
    Duration spent_{0};
    PeakChance running_, coming_;
};

/// The chance that what is the `rank`-th highest of the first `seen` days is among the `count` highest of all `days`, when no
/// day is likelier than another to be high: 10^-6.
std::int64_t stays_ppm(std::int64_t seen, std::int64_t days, std::int64_t rank, std::int64_t count);

}  // namespace ballast
