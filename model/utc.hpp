#pragma once
#include "model/units.hpp"

#include <cstdio>
#include <string>

namespace ballast {

/// RFC 3339 in UTC with milliseconds, "2026-07-01T14:05:00.000Z". Empty for "for ever"; what lies outside the years 1 to
/// 9999 is held to them, so that nothing a source says can be unprintable.
inline std::string utc_text(Instant at) {
    using namespace std::chrono;
    if (at == open_end) return {};
    constexpr Instant first = sys_days{year{1} / 1 / 1}, last = sys_days{year{9999} / 12 / 31} + days{1} - milliseconds{1};
    at = at < first ? first : at > last ? last : at;
    const sys_days day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{at - day};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()) % 100, static_cast<unsigned>(date.day()) % 100, static_cast<int>(time.hours().count()) % 100,
                  static_cast<int>(time.minutes().count()) % 100, static_cast<int>(time.seconds().count()) % 100,
                  static_cast<int>(time.subseconds().count()) % 1000);
    return text;
}

}  // namespace ballast
