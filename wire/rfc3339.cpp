#include "wire/rfc3339.hpp"

#include <fmt/format.h>

namespace ballast::wire {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view no_time = "is not an RFC 3339 time like 2026-07-01T17:05:00Z";

/// `count` digits at the front, or -1.
int take_number(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

/// ".25" and ".2509" are 250 ms; nothing is 0; a point without digits is -1.
int take_milliseconds(std::string_view& text) {
    if (!take(text, '.')) return 0;
    int value = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits)
        if (digits < 3) value = value * 10 + (text.front() - '0');
    for (std::size_t i = digits; i < 3; ++i) value *= 10;
    return digits == 0 ? -1 : value;
}

/// East of UTC is positive.
tl::expected<minutes, std::string_view> take_zone(std::string_view& text) {
    if (take(text, 'Z') || take(text, 'z')) return minutes{0};
    const bool west = !text.empty() && text.front() == '-';
    if (!take(text, '+') && !take(text, '-'))
        return tl::unexpected{text.empty() ? std::string_view{"has no time zone (Z or +hh:mm)"} : no_time};
    const int hour = take_number(text, 2);
    const bool colon = take(text, ':');
    const int minute = take_number(text, 2);
    if (!colon || hour < 0 || hour > 23 || minute < 0 || minute > 59) return tl::unexpected{no_time};
    const minutes offset = hours{hour} + minutes{minute};
    return west ? -offset : offset;
}

}  // namespace

tl::expected<Instant, std::string_view> parse_rfc3339(std::string_view text) {
    const int year = take_number(text, 4);
    const bool dash = take(text, '-');
    const int month = take_number(text, 2);
    const bool dash_too = take(text, '-');
    const int day = take_number(text, 2);
    if (year < 0 || month < 0 || day < 0 || !dash || !dash_too) return tl::unexpected{no_time};
    if (!take(text, 'T') && !take(text, 't')) return tl::unexpected{no_time};
    const int hour = take_number(text, 2);
    const bool colon = take(text, ':');
    const int minute = take_number(text, 2);
    const bool colon_too = take(text, ':');
    const int second = take_number(text, 2);
    const int millisecond = take_milliseconds(text);
    if (hour < 0 || minute < 0 || second < 0 || millisecond < 0 || !colon || !colon_too)
        return tl::unexpected{no_time};
    const auto zone = take_zone(text);
    if (!zone) return tl::unexpected{zone.error()};
    if (!text.empty()) return tl::unexpected{no_time};
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return tl::unexpected{std::string_view{"is no day of the calendar"}};
    if (hour > 23 || minute > 59 || second > 59)
        return tl::unexpected{std::string_view{"is no time of the day"}};
    if (year < 1970 || year > 2199) return tl::unexpected{std::string_view{"is outside 1970 to 2199"}};
    return Instant{std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second} +
                   Duration{millisecond} - *zone};
}

std::string rfc3339(Instant at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{at - day};
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   time.hours().count(), time.minutes().count(), time.seconds().count());
    if (time.subseconds().count() != 0) text += fmt::format(".{:03}", time.subseconds().count());
    return text + 'Z';
}

}  // namespace ballast::wire
