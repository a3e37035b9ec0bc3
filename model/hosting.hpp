#pragma once
#include "model/units.hpp"

#include <chrono>
#include <string>

namespace ballast {

/// Whose machines a group's are, and what their owner was promised. By default they are the site's own.
struct Hosting {
    std::string customer;                ///< The groups of one customer count together. Empty: the site's own.
    std::int64_t share_ppm = 1'000'000;  ///< Of what has to give way, beside the other customers'; > 0.
    Duration rest_per_month{0};          ///< For the sake of others each machine rests no longer, in the mean; 0: no promise.
    bool operator==(const Hosting&) const = default;
};

/// For how long the machines of a group were to rest this month for the sake of others: under a limit, while the price let them run.
/// In machine-milliseconds; a month is UTC's.
class Rested {
public:
    /// Between two steps so many of them did.
    void pass(Instant from, Instant to, Duration passed, std::int64_t resting) {
        const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(to)};
        const std::int64_t month = static_cast<int>(day.year()) * 12LL + static_cast<unsigned>(day.month());
        if (month != month_) {
            const Instant begins{std::chrono::sys_days{day.year() / day.month() / 1}};
            machine_ms_ = 0;
            told_ = false;
            if (from < begins) passed = std::min(passed, Duration{to - begins});
            month_ = month;
        }
        machine_ms_ += passed.count() * resting;
    }
    std::int64_t machine_ms() const { return machine_ms_; }
    /// That a promise is used up was told this month.
    bool told() const { return told_; }
    void tell() { told_ = true; }
    bool operator==(const Rested&) const = default;
    template <class Io> friend void io(Io& f, Rested& r) { f.whole(r.month_), f.whole(r.machine_ms_), f.flag(r.told_); }

private:
    std::int64_t month_ = 0, machine_ms_ = 0;
    bool told_ = false;
};

}  // namespace ballast
