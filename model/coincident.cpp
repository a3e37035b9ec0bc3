#include "model/coincident.hpp"

#include <algorithm>

namespace ballast {

namespace {

using std::chrono::sys_days;

constexpr std::int64_t certain = 1'000'000;
constexpr unsigned experience = 5;  ///< Days that have to have been watched before the budget is spent by what they taught.
constexpr std::int64_t likely = 262'144;
constexpr std::int64_t unlike_the_past = 50'000;  ///< A season that begins below the one before may still be lower altogether, which its days tell by and by.

/// Days since the epoch, as the state keeps them.
std::int32_t number(sys_days day) { return static_cast<std::int32_t>(day.time_since_epoch().count()); }

/// How likely a mean foreseen with an error of `within` is above another: one at the upper edge of the error, a half at its middle.
std::int64_t above(Power mean, Power other, std::int64_t within_ppm) {
    if (other <= Power{}) return certain;
    const Int128 edge = Int128{other.count} * std::max<std::int64_t>(within_ppm, 1);  // x 10^6
    const Int128 over = Int128{(mean - other).count} * certain + edge;
    return static_cast<std::int64_t>(std::clamp(over * certain / (2 * edge), Int128{0}, Int128{certain}));
}

std::int64_t times(std::int64_t a_ppm, std::int64_t b_ppm) { return a_ppm * b_ppm / certain; }

unsigned months_between(sys_days from, sys_days to) {
    const std::chrono::year_month_day a{from}, b{to};
    return static_cast<unsigned>((b.year() / b.month() - a.year() / a.month()).count());
}

std::size_t level_of(std::int64_t ppm) {
    std::size_t level = 0;
    while (ppm > 1 && level + 1 < PeakWatch::levels) ppm /= 2, ++level;
    return level;
}

/// One past the season's last day.
sys_days season_end(const Season& season, sys_days began) {
    const std::chrono::year_month_day first{began};
    const auto in = [&](std::chrono::year year) { return sys_days{year / season.last.month() / std::min(season.last.day(), (year / season.last.month() / std::chrono::last).day())} + std::chrono::days{1}; };
    return in(first.year()) > began ? in(first.year()) : in(first.year() + std::chrono::years{1});
}

}  // namespace

std::int64_t stays_ppm(std::int64_t seen, std::int64_t days, std::int64_t rank, std::int64_t count) {
    if (rank > count || seen <= 0) return 0;
    if (seen >= days) return certain;
    rank = std::min(rank, seen);
    constexpr Int128 one = 1'000'000'000'000;
    Int128 none_higher = one;
    for (std::int64_t i = 0; i < rank; ++i) none_higher = none_higher * (seen - i) / (days - i);
    Int128 sum = 0, higher = none_higher;  // Just j of the days to come are higher.
    for (std::int64_t j = 0; j <= count - rank && j <= days - seen; ++j) {
        sum += higher;
        if (days - rank - j <= 0) break;
        higher = higher * (j + rank) * (days - seen - j) / ((j + 1) * (days - rank - j));
    }
    return static_cast<std::int64_t>(std::min(sum, one) / (one / certain));
}

unsigned PeakTerms::counted() const {
    if (per == Per::season) return count;
    const sys_days began = when.season.began(sys_days{std::chrono::year{2023} / 12 / 31});
    return count * (months_between(began, season_end(when.season, began) - std::chrono::days{1}) + 1);
}

sys_days PeakTerms::period(sys_days day) const {
    const sys_days season = when.season.began(day);
    if (per == Per::season) return season;
    const std::chrono::year_month_day date{day};
    return std::max(season, sys_days{date.year() / date.month() / 1});
}

sys_days PeakTerms::period_end(sys_days day) const {
    const sys_days end = season_end(when.season, when.season.began(day));
    if (per == Per::season) return end;
    const std::chrono::year_month_day date{day};
    return std::min(end, sys_days{(date.year() / date.month() + std::chrono::months{1}) / 1});
}

bool PeakTerms::eligible(sys_days day) const {
    const std::chrono::weekday weekday{day};
    return when.season.contains(day) && !(when.weekdays_only && (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday));
}

unsigned PeakTerms::eligible_days(sys_days from, sys_days to) const {
    unsigned days = 0;
    for (sys_days day = from; day < to; day += std::chrono::days{1}) days += eligible(day);
    return days;
}

// ---- what is told

bool PeakWatch::tell(const PeakTerms& terms, Power demand, Instant at, Now now) {
    if (at <= told_) return false;
    hold(terms, at);
    const Duration since = at - told_;
    if (told_ == Instant{} || since > terms.interval) per_hour_ = Power{};
    else {  // Half of what is new, half of what was thought before: a feed that ticks is no trend.
        const Int128 rate = Int128{(demand - demand_).count} * 3'600'000 / since.count();
        const Int128 most = Int128{demand.count} / 4;
        per_hour_ = Power{static_cast<std::int64_t>((Int128{per_hour_.count} + std::clamp(rate, -most, most)) / 2)};
    }
    demand_ = demand;
    told_ = at;
    const PeakChance before = coming_.interval == interval_ ? coming_ : running_;
    running_ = judge(terms, interval_, now);
    if (before.interval == running_.interval) running_.most_ppm = std::max(before.most_ppm, running_.ppm);
    const Instant led{(at + terms.lead).time_since_epoch() / terms.interval * terms.interval};
    const PeakChance led_before = coming_;
    coming_ = led == interval_ ? PeakChance{} : judge(terms, led, now);
    if (led_before.interval == coming_.interval) coming_.most_ppm = std::max(led_before.most_ppm, coming_.ppm);
    return true;
}

/// What was last told holds until now, though not for longer than an interval: a silence is not filled in.
void PeakWatch::hold(const PeakTerms& terms, Instant until) {
    const auto floor = [&](Instant at) { return Instant{at.time_since_epoch() / terms.interval * terms.interval}; };
    const Instant held = told_ == Instant{} ? until : std::min(until, told_ + terms.interval);
    const Duration watched = held - told_;
    if (told_ != Instant{}) at_level_[level_of(std::max(running_.ppm, coming_.ppm))] += watched;
    for (Instant from = told_ == Instant{} ? until : told_; from < held;) {
        if (floor(from) != interval_) close_interval(terms), interval_ = floor(from);
        const Instant to = std::min(held, interval_ + terms.interval);
        drawn_ += demand_.count * (to - from).count();
        measured_ += to - from;
        from = to;
    }
    if (floor(until) != interval_) close_interval(terms), interval_ = floor(until);
    roll(terms, terms.clock.day(until));
}

/// An interval that was watched for half of its length counts for its day.
void PeakWatch::close_interval(const PeakTerms& terms) {
    if (measured_ * 2 >= terms.interval && terms.when.contains(terms.clock, interval_)) {
        roll(terms, terms.clock.day(interval_));
        today_ = std::max(today_, Power{drawn_ / measured_.count()});
    }
    drawn_ = 0;
    measured_ = Duration{0};
}

void PeakWatch::roll(const PeakTerms& terms, sys_days day) {
    if (number(day) == day_) return;
    if (today_ > Power{}) {
        highest_.insert(std::ranges::lower_bound(highest_, today_, std::ranges::greater{}), today_);
        if (highest_.size() > terms.count) highest_.resize(terms.count);
    }
    today_ = Power{};
    const sys_days before{std::chrono::days{day_}};
    if (terms.period(before) != terms.period(day)) highest_.clear();
    roll_season(terms, day);
    day_ = number(day);
    days_ += terms.eligible(day);
}

void PeakWatch::roll_season(const PeakTerms& terms, sys_days day) {
    const std::int32_t season = number(terms.when.season.began(day));
    if (season == season_) return;
    season_ = season;
    at_level_ = {};
    days_ = 0;
    spent_ = Duration{0};
}

// ---- how likely

/// The interval's mean, from what of it was measured and the demand going on as it rises now.
PeakChance PeakWatch::judge(const PeakTerms& terms, Instant interval, Now now) const {
    PeakChance judged;
    judged.interval = interval;
    judged.ends = later(now.steady, interval + terms.interval - now.utc);
    if (!terms.when.contains(terms.clock, interval)) return judged;
    const Duration known = interval == interval_ ? measured_ : Duration{0}, rest = terms.interval - known;
    const Instant middle = interval + terms.interval - rest / 2;
    const Int128 foreseen = Int128{demand_.count} + Int128{per_hour_.count} * (middle - told_).count() / 3'600'000;
    const Int128 drawn = (interval == interval_ ? Int128{drawn_} : Int128{0}) + foreseen * rest.count();
    judged.ppm = judged.most_ppm = chance(terms, interval, Power{static_cast<std::int64_t>(drawn / terms.interval.count())});
    return judged;
}

std::int64_t PeakWatch::chance(const PeakTerms& terms, Instant interval, Power mean) const {
    const sys_days day = terms.clock.day(interval), from = terms.period(day), to = terms.period_end(day);
    const std::int64_t days = terms.eligible_days(from, to), seen = terms.eligible_days(from, day + std::chrono::days{1});
    const auto rank = 1 + std::ranges::count_if(highest_, [&](Power top) { return top > mean; });
    std::int64_t ppm = stays_ppm(seen, days, std::min<std::int64_t>(rank, terms.count), terms.count);
    if (highest_.size() >= terms.count) ppm = times(ppm, above(mean, highest_[terms.count - 1], terms.within_ppm));
    ppm = times(ppm, above(mean, today_, terms.within_ppm));
    if (terms.past.size() != terms.counted()) return ppm;
    const std::size_t first = terms.per == PeakTerms::Per::season ? 0 : terms.count * months_between(terms.when.season.began(day), day);
    const Power lowest = *std::min_element(terms.past.begin() + static_cast<std::ptrdiff_t>(first), terms.past.begin() + static_cast<std::ptrdiff_t>(first + terms.count));
    const std::int64_t like_the_past = std::max(unlike_the_past, above(mean, lowest, terms.within_ppm)), gone = certain * seen / std::max<std::int64_t>(days, 1);
    return times(ppm, like_the_past + times(certain - like_the_past, times(gone, gone)));
}

// ---- the budget

void PeakWatch::spend(const PeakTerms& terms, Duration hours, Instant at) {
    roll_season(terms, terms.clock.day(at));
    spent_ += hours;
}

/// Two measures, and the stricter holds. By experience: the greatest chances that the hours left can pay for, if they go on to
/// come as often as they did. By the calendar: who has spent a quarter of the budget more than the season's share that is
/// gone keeps the rest for what is likely, as a season whose peaks come late has no experience of them.
std::int64_t PeakWatch::least_ppm(const PeakTerms& terms, Duration left) const {
    if (days_ < static_cast<std::int32_t>(experience)) return 0;
    const sys_days day{std::chrono::days{day_}}, began = terms.when.season.began(day), ends = season_end(terms.when.season, began);
    const Int128 to_come = terms.eligible_days(day, ends), gone = terms.eligible_days(began, day);
    const Int128 early = Int128{(terms.budget - left).count()} - Int128{terms.budget.count()} / 4 - Int128{terms.budget.count()} * gone / (gone + to_come);
    return std::max(early > 0 ? likely : 0, by_experience(to_come, left));
}

std::int64_t PeakWatch::by_experience(Int128 to_come, Duration left) const {
    Duration reached{0};
    std::size_t best = 0;
    for (std::size_t level = levels; level-- > 0;) {
        if (at_level_[level] > Duration{0}) best = std::max(best, level);
        reached += at_level_[level];
        const bool fits = Int128{reached.count()} * to_come / days_ <= left.count();
        if (!fits) return std::int64_t{1} << std::min(level + 1, best);
    }
    return 0;
}

}  // namespace ballast
