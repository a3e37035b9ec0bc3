#include "sim/feeds/decimal.hpp"
#include "sim/feeds/known_at.hpp"

#include <fmt/format.h>

namespace ballast::sim {

using namespace std::chrono_literals;

Result<KnownRule> parse_known_rule(const std::string& text) {
    using Kind = KnownRule::Kind;
    if (text == "start") return KnownRule{Kind::start};
    if (text == "end") return KnownRule{Kind::end};
    if (text == "day-ahead") return KnownRule{Kind::day_ahead};
    if (text.starts_with('+'))
        if (const auto seconds = parse_whole(std::string_view{text}.substr(1), 366 * 86'400))
            return KnownRule{Kind::delayed, std::chrono::seconds{*seconds}};
    return fail(Errc::malformed, fmt::format("price-known \"{}\": use start, end, day-ahead or +SECONDS (after the interval's start, at most a year)", text.substr(0, 60)));
}

std::string text_of(const KnownRule& rule) {
    switch (rule.kind) {
    case KnownRule::Kind::start: return "start";
    case KnownRule::Kind::end: return "end";
    case KnownRule::Kind::delayed: return fmt::format("+{} s", rule.delay.count() / 1'000);
    case KnownRule::Kind::day_ahead: break;
    }
    return "day-ahead (13:30 the day before)";
}

Instant known_at(const KnownRule& rule, Instant start, Instant end, const Zone& zone) {
    switch (rule.kind) {
    case KnownRule::Kind::start: return start;
    case KnownRule::Kind::end: return end;
    case KnownRule::Kind::delayed: return start + rule.delay;
    case KnownRule::Kind::day_ahead: break;
    }
    const auto day = std::chrono::floor<date::days>(zone.wall(start));
    return zone.meaning(day - 24h + 13h + 30min).first;
}

}  // namespace ballast::sim
