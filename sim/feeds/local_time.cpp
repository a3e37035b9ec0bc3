#include "sim/feeds/local_time.hpp"

#include "sim/feeds/decimal.hpp"

#include <fmt/format.h>

namespace ballast::sim {
namespace {

using namespace std::chrono_literals;

Instant as_instant(Wall wall, Duration offset) { return Instant{wall.time_since_epoch() - offset}; }

std::optional<Duration> parse_offset(std::string_view text) {
    if (text == "Z" || text == "z") return 0ms;
    if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const auto hours = parse_whole(text.substr(1, 2), 15);
    std::string_view rest = text.substr(3);
    if (rest.starts_with(':') && rest.size() == 3) rest.remove_prefix(1);
    const auto minutes = rest.empty() ? std::optional{0} : rest.size() == 2 ? parse_whole(rest, 59) : std::nullopt;
    if (!hours || !minutes) return std::nullopt;
    const Duration size = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return text[0] == '-' ? -size : size;
}

std::optional<Duration> parse_clock(std::string_view text) {
    if (text.size() < 5 || text[2] != ':') return std::nullopt;
    const auto hours = parse_whole(text.substr(0, 2), 24), minutes = parse_whole(text.substr(3, 2), 59);
    if (!hours || !minutes) return std::nullopt;
    Duration of_day = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    std::string_view rest = text.substr(5);
    if (rest.starts_with(':')) {
        if (rest.size() < 3) return std::nullopt;
        const auto seconds = parse_whole(rest.substr(1, 2), 59);
        if (!seconds) return std::nullopt;
        of_day += std::chrono::seconds{*seconds};
        rest.remove_prefix(3);
        if (rest.starts_with('.')) {
            const auto micros = parse_decimal(rest);
            if (!micros) return std::nullopt;
            of_day += Duration{micros->count / 1'000};
            rest = {};
        }
    }
    if (!rest.empty() || of_day > 24h) return std::nullopt;
    return of_day;
}

}  // namespace

Result<Zone> Zone::named(const std::string& name) {
    try {
        return Zone{date::locate_zone(name)};
    } catch (const std::exception&) {
        return fail(Errc::refused, fmt::format("time zone \"{}\" is not in this machine's database; install tzdata, or write one like \"America/Chicago\"", name));
    }
}

Meaning Zone::meaning(Wall wall) const {
    if (sure_from_ <= wall && wall < sure_to_) return {Meaning::Kind::once, as_instant(wall, offset_), {}};
    const date::local_info info = zone_->get_info(wall);
    if (info.result == date::local_info::unique) {
        constexpr auto spare = 24h;
        offset_ = info.first.offset;
        const auto begin = std::max<date::sys_seconds>(info.first.begin, date::sys_days{date::year{1900} / 1 / 1});
        const auto end = std::min<date::sys_seconds>(info.first.end, date::sys_days{date::year{2200} / 1 / 1});
        sure_from_ = Wall{begin.time_since_epoch() + spare};
        sure_to_ = Wall{end.time_since_epoch() - spare};
        return {Meaning::Kind::once, as_instant(wall, offset_), {}};
    }
    if (info.result == date::local_info::ambiguous)
        return {Meaning::Kind::twice, as_instant(wall, info.first.offset), as_instant(wall, info.second.offset)};
    return {Meaning::Kind::never, as_instant(wall, info.first.offset), as_instant(wall, info.second.offset)};
}

Wall Zone::wall(Instant utc) const { return zone_->to_local(utc); }

std::optional<WallDay> parse_day(std::string_view text) {
    if (text.size() != 10) return std::nullopt;
    const bool american = text[2] == '/' && text[5] == '/';
    if (!american && (text[4] != '-' || text[7] != '-')) return std::nullopt;
    const auto year = parse_whole(text.substr(american ? 6 : 0, 4), 2199);
    const auto month = parse_whole(text.substr(american ? 0 : 5, 2), 12);
    const auto day = parse_whole(text.substr(american ? 3 : 8, 2), 31);
    if (!year || !month || !day || *year < 1970) return std::nullopt;
    const auto whole = date::year{*year} / *month / *day;
    return whole.ok() ? std::optional{WallDay{whole}} : std::nullopt;
}

std::optional<Wall> parse_wall(std::string_view text) {
    if (text.size() < 16 || (text[10] != ' ' && text[10] != 'T')) return std::nullopt;
    const auto day = parse_day(text.substr(0, 10));
    const auto clock = parse_clock(text.substr(11));
    if (!day || !clock) return std::nullopt;
    return *day + *clock;
}

std::optional<Instant> parse_instant(std::string_view text) {
    const auto at = text.size() < 16 ? std::string_view::npos : text.find_first_of("Zz+-", 16);
    if (at == std::string_view::npos) return std::nullopt;
    const auto offset = parse_offset(text.substr(at));
    const auto wall = parse_wall(text.substr(0, at));
    if (!offset || !wall) return std::nullopt;
    return as_instant(*wall, *offset);
}

std::string in_utc(Instant instant) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
    const auto fraction = (instant - seconds).count();
    const std::string text = date::format("%Y-%m-%dT%H:%M:%S", seconds);
    return fraction ? fmt::format("{}.{:03}Z", text, fraction) : text + "Z";
}

std::string date_of(Wall wall) { return date::format("%F", std::chrono::floor<date::days>(wall)); }

}  // namespace ballast::sim
