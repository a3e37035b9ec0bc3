#include "sim/feeds/formats.hpp"

#include "sim/feeds/decimal.hpp"

#include <fmt/format.h>

#include <array>

namespace ballast::sim {
namespace {

using namespace std::chrono_literals;

bool same_name(std::string_view header, std::string_view name) {
    std::size_t at = 0;
    for (const char c : header) {
        if (c == ' ' || c == '_') continue;
        const char lower = 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (at >= name.size() || name[at++] != lower) return false;
    }
    return at == name.size();
}

std::string_view field(FeedFields fields, int column) { return fields[static_cast<std::size_t>(column)]; }

std::string read_day(std::string_view text, FeedRow& row) {
    const auto day = parse_day(text);
    if (!day) return fmt::format("date \"{}\" is not like 2024-03-10 or 03/10/2024", printable(text, 40));
    row.day = *day;
    return {};
}

/// Hour-ending 1..25; 25 is the last of autumn's long day, numbered by hours gone by.
std::string read_hour_ending(std::string_view text, FeedRow& row) {
    if (text.size() == 5 && text.ends_with(":00")) text.remove_suffix(3);
    const auto hour = parse_whole(text, 25);
    if (!hour || *hour < 1) return fmt::format("hour ending \"{}\" is not 1..25", printable(text, 40));
    row.minute = static_cast<std::int16_t>((*hour - 1) * 60);
    return {};
}

std::string read_flag(std::string_view text, FeedRow& row) {
    using Hour = FeedRow::Hour;
    for (const auto word : {"N", "n", "false", "False", "FALSE", "0"}) if (text == word) return row.hour = Hour::first, "";
    for (const auto word : {"Y", "y", "true", "True", "TRUE", "1"}) if (text == word) return row.hour = Hour::second, "";
    if (text.empty()) return {};
    return fmt::format("DST flag \"{}\" is not Y or N", printable(text, 40));
}

// ERCOT report 12301 (NP6-905), settlement point prices every 15 minutes.
bool recognise_ercot_spp(FeedFields header, FeedColumns& c) {
    c.day = find_column(header, {"deliverydate"});
    c.hour = find_column(header, {"deliveryhour"});
    c.quarter = find_column(header, {"deliveryinterval"});
    c.node = find_column(header, {"settlementpointname", "settlementpoint"});
    c.kind = find_column(header, {"settlementpointtype"});
    c.price = find_column(header, {"settlementpointprice"});
    c.flag = find_column(header, {"dstflag", "repeatedhourflag"});
    return c.day >= 0 && c.hour >= 0 && c.quarter >= 0 && c.node >= 0 && c.price >= 0;
}

std::string read_ercot_spp(FeedFields fields, const FeedColumns& c, FeedRow& row) {
    if (auto wrong = read_day(field(fields, c.day), row); !wrong.empty()) return wrong;
    if (auto wrong = read_hour_ending(field(fields, c.hour), row); !wrong.empty()) return wrong;
    const auto quarter = parse_whole(field(fields, c.quarter), 4);
    if (!quarter || *quarter < 1) return fmt::format("delivery interval \"{}\" is not 1..4", printable(field(fields, c.quarter), 40));
    row.minute = static_cast<std::int16_t>(row.minute + (*quarter - 1) * 15);
    if (c.flag >= 0)
        if (auto wrong = read_flag(field(fields, c.flag), row); !wrong.empty()) return wrong;
    return read_price(field(fields, c.price), row);
}

// ERCOT hub averages by the hour, day-ahead beside real-time.
bool recognise_ercot_hourly(FeedFields header, FeedColumns& c) {
    c.day = find_column(header, {"deliverydate"});
    c.hour = find_column(header, {"hourending"});
    c.price = find_column(header, {"rtmlmp"});
    c.flag = find_column(header, {"dstflag", "repeatedhourflag"});
    return c.day >= 0 && c.hour >= 0 && c.price >= 0 && find_column(header, {"damlmp"}) >= 0;
}

std::string read_ercot_hourly(FeedFields fields, const FeedColumns& c, FeedRow& row) {
    if (auto wrong = read_day(field(fields, c.day), row); !wrong.empty()) return wrong;
    if (auto wrong = read_hour_ending(field(fields, c.hour), row); !wrong.empty()) return wrong;
    if (c.flag >= 0)
        if (auto wrong = read_flag(field(fields, c.flag), row); !wrong.empty()) return wrong;
    return read_price(field(fields, c.price), row);
}

// AESO's actual pool price, stamped with the hour's end: 02:00 is hour ending 02, the one that autumn repeats; spring has no 02.
bool recognise_aeso_hourly(FeedFields header, FeedColumns& c) {
    c.start = find_column(header, {"datehe"});
    c.price = find_column(header, {"actualprice"});
    return c.start >= 0 && c.price >= 0;
}

std::string read_aeso_hourly(FeedFields fields, const FeedColumns& c, FeedRow& row) {
    const auto stamp = field(fields, c.start);
    const auto wall = parse_wall(stamp);
    if (!wall) return fmt::format("time \"{}\" is not like 2024-03-10 05:00:00", printable(stamp, 40));
    const Wall begins = *wall - 1h;
    row.day = std::chrono::floor<date::days>(begins);
    const Duration of_day = begins - row.day;
    if (of_day % 1h != Duration{0}) return fmt::format("time \"{}\" is not the end of an hour", printable(stamp, 40));
    row.minute = static_cast<std::int16_t>(of_day / 1min);
    return read_price(field(fields, c.price), row);
}

// AESO's own report: "Date (HE)" like 11/05/2023 02*, the star on the second of autumn's two hours.
bool recognise_aeso_report(FeedFields header, FeedColumns& c) {
    c.start = find_column(header, {"date(he)"});
    c.price = find_column(header, {"price($)", "actualpostedpoolprice", "actualpoolprice"});
    return c.start >= 0 && c.price >= 0;
}

std::string read_aeso_report(FeedFields fields, const FeedColumns& c, FeedRow& row) {
    auto stamp = field(fields, c.start);
    const bool star = stamp.ends_with('*');
    if (star) stamp.remove_suffix(1);
    if (stamp.size() < 12 || stamp[10] != ' ') return fmt::format("\"{}\" is not like 11/05/2023 02 or 11/05/2023 02*", printable(field(fields, c.start), 40));
    if (auto wrong = read_day(stamp.substr(0, 10), row); !wrong.empty()) return wrong;
    if (auto wrong = read_hour_ending(stamp.substr(11), row); !wrong.empty()) return wrong;
    row.hour = star ? FeedRow::Hour::second : FeedRow::Hour::first;
    return read_price(field(fields, c.price), row);
}

// As the gridstatus library writes any market: times with their offset.
bool recognise_gridstatus(FeedFields header, FeedColumns& c) {
    c.start = find_column(header, {"intervalstart", "time"});
    c.end = find_column(header, {"intervalend"});
    c.node = find_column(header, {"location"});
    c.kind = find_column(header, {"market"});
    c.price = find_column(header, {"lmp", "spp"});
    return c.start >= 0 && c.price >= 0 && (c.end >= 0 || c.node >= 0);
}

std::string read_gridstatus(FeedFields fields, const FeedColumns& c, FeedRow& row) {
    const auto instant = [&](int column, Instant& into) -> std::string {
        const auto read = parse_instant(field(fields, column));
        if (!read) return fmt::format("time \"{}\" is not like 2025-01-01 00:00:00-06:00, from 1970 to 2199; without its offset from UTC it could mean two hours", printable(field(fields, column), 40));
        into = *read;
        return {};
    };
    if (auto wrong = instant(c.start, row.start); !wrong.empty()) return wrong;
    row.end = row.start;
    if (c.end >= 0) {
        if (auto wrong = instant(c.end, row.end); !wrong.empty()) return wrong;
        if (row.end <= row.start) return "the interval does not end after it begins";
        if (row.end - row.start > 24h) return "the interval is longer than a day";
    }
    return read_price(field(fields, c.price), row);
}

using Kind = KnownRule::Kind;
constexpr std::array formats{
    FeedFormat{"ercot-spp", "DeliveryDate, DeliveryHour, DeliveryInterval, SettlementPointName, SettlementPointPrice (ERCOT NP6-905)",
               "ERCOT 15-minute settlement point prices", "USD", "America/Chicago", 15min, {Kind::end}, false,
               recognise_ercot_spp, read_ercot_spp},
    FeedFormat{"ercot-hourly", "delivery_date, hour_ending, dam_lmp, rtm_lmp", "ERCOT hub average by the hour", "USD",
               "America/Chicago", 60min, {Kind::end}, false, recognise_ercot_hourly, read_ercot_hourly},
    FeedFormat{"aeso-hourly", "date_he, actual_price (the hour's end, Mountain time)", "AESO pool price", "CAD",
               "America/Edmonton", 60min, {Kind::end}, false, recognise_aeso_hourly, read_aeso_hourly},
    FeedFormat{"aeso-report", "Date (HE), Price ($)", "AESO pool price", "CAD", "America/Edmonton", 60min, {Kind::end}, false,
               recognise_aeso_report, read_aeso_report},
    FeedFormat{"gridstatus", "Interval Start, Interval End, Location, LMP or SPP (times with their offset)", "", "", "", 0min,
               {Kind::end}, true, recognise_gridstatus, read_gridstatus},
};

}  // namespace

std::span<const FeedFormat> all_feed_formats() { return formats; }

std::string feed_formats() {
    std::string text;
    for (const FeedFormat& format : formats) text += fmt::format("  {:<13} {}\n", format.name, format.shape);
    return text;
}

int find_column(FeedFields header, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        for (std::size_t i = 0; i < header.size(); ++i)
            if (same_name(header[i], name)) return static_cast<int>(i);
    return -1;
}

std::string printable(std::string_view text, std::size_t most) {
    std::string clean;
    for (const char c : text.substr(0, most)) clean += ' ' <= c && c <= '~' ? c : '?';
    return text.size() > most ? clean + "..." : clean;
}

std::string read_price(std::string_view text, FeedRow& row) {
    if (text.empty()) return "the price is empty";
    const auto micros = parse_decimal(text);
    if (!micros) return fmt::format("price \"{}\" is not a decimal number", printable(text, 40));
    constexpr std::int64_t most = 1'000'000'000'000;  // A million per MWh, far above every market's cap.
    if (micros->count > most || micros->count < -most) return fmt::format("price {} is beyond a million per MWh", printable(text, 40));
    row.price = Price{micros->count};  // 10^-6 per MWh is 10^-9 per kWh.
    row.rounded = micros->rounded;
    return {};
}

}  // namespace ballast::sim
