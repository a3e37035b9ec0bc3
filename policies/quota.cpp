#include "policies/quota.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

/// What has been asked of a quota up to some call.
struct Spent {
    std::chrono::sys_days day, season;   ///< That are counted.
    unsigned calls_today = 0, calls_in_season = 0;
    Duration hours{0};                   ///< Of the season.
    std::optional<Instant> ended;        ///< The last call so far,
    bool runs = false;                   ///< or it has not.

    void turn_to(std::chrono::sys_days today, const Season& seasons) {
        const auto began = seasons.began(today);
        if (today != day) day = today, calls_today = 0;
        if (began != season) season = began, calls_in_season = 0, hours = Duration{0};
    }
    bool goes_on(Instant began) const { return ended && (runs || began < *ended); }
    Duration grown_by(Instant from, Instant until) const { return std::max(Duration{0}, until - (goes_on(from) ? *ended : from)); }
    /// Of a call as it begins.
    bool is_beyond(const Quota& quota, Instant began) const {
        const auto used_up = [](unsigned used, unsigned allowed) { return allowed > 0 && used >= allowed; };
        if (quota.a_season > Duration{0} && hours >= quota.a_season) return true;
        if (goes_on(began)) return false;
        return used_up(calls_today, quota.calls_a_day) || used_up(calls_in_season, quota.calls_a_season) || (ended && began - *ended < quota.spacing);
    }
    void take(Instant from, Instant until, bool still_runs) {
        const bool another = !goes_on(from);
        calls_today += another, calls_in_season += another;
        hours += grown_by(from, until);
        ended = ended ? std::max(*ended, until) : until;
        runs = runs || still_runs;
    }
};

}  // namespace

Spending spend(const Quota& quota, const WallClock& clock, const Season& season, std::span<const AskedOnce> asked) {
    Spending spending;
    Spent spent;
    for (const AskedOnce& one : asked) {
        spent.turn_to(clock.day(one.began), season);
        bool beyond = spent.is_beyond(quota, one.began);
        const bool declined = beyond && quota.decline && !(one.call && one.call->signal.kind == SignalKind::emergency);
        if (one.call && quota.a_season > Duration{0}) {
            const Duration left = quota.a_season - spent.hours - spent.grown_by(one.began, one.ended);
            if (left > Duration{0}) spending.left = std::min(spending.left, left);
            else beyond = true;
        }
        if (one.call && beyond) spending.beyond.push_back(one.call);
        if (!declined) spent.take(one.began, one.ended, one.call != nullptr);
    }
    return spending;
}

}  // namespace ballast::policies
