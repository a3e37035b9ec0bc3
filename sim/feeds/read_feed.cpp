#include "sim/feeds/known_at.hpp"
#include "sim/feeds/lines.hpp"
#include "sim/feeds/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace ballast::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_rows = 4'000'000;   ///< 38 years of five-minute prices.
constexpr std::size_t most_nodes = 2'000;      ///< Remembered for the error that lists them.
constexpr int header_within = 10;              ///< Reports may begin with a title.

/// A file on its way to a Feed.
struct Reading {
    std::string path;
    const FeedOptions& options;
    LineReader lines;
    std::vector<std::string_view> fields;
    const FeedFormat* format = nullptr;
    FeedColumns columns;
    std::vector<FeedRow> rows;
    std::set<std::string, std::less<>> nodes;   ///< Seen, "name" or "name/kind"; at most most_nodes.
    std::string node, kind;                     ///< Of the rows taken.
    FeedReport report;
    Instant from{}, to{};                       ///< What was wanted, as far as the file goes.

    Reading(const std::string& file, const FeedOptions& wanted) : path{file}, options{wanted}, lines{file} {}
};

std::string file_name(const std::string& path) { return std::filesystem::path{path}.filename().string(); }

Result<void> readable(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return fail(Errc::unreachable, fmt::format("{}: there is no such file", path));
    if (error) return fail(Errc::unreachable, fmt::format("{}: {}", path, error.message()));
    if (!std::filesystem::is_regular_file(status)) return fail(Errc::refused, fmt::format("{}: is not a regular file; save the prices to one first", path));
    return {};
}

/// The hourly ERCOT file holds two markets side by side; --node says which column.
Result<void> choose_hourly_column(Reading& r) {
    const std::string wanted = r.options.node.empty() ? "rtm" : r.options.node;
    if (wanted != "rtm" && wanted != "dam") return fail(Errc::refused, fmt::format("{}: node \"{}\": this file has rtm (real-time) and dam (day-ahead)", r.path, printable(wanted, 60)));
    if (wanted == "dam") r.columns.price = find_column(r.fields, {"damlmp"});
    r.node = wanted;
    return {};
}

Result<void> recognise(Reading& r) {
    std::string seen;
    for (int line = 0; line < header_within && r.lines.next(); ++line) {
        split_csv(r.lines.line(), r.fields);
        if (seen.empty()) seen = r.lines.too_long() ? "(a line longer than 64 KiB)" : printable(r.lines.line());
        for (const FeedFormat& format : all_feed_formats()) {
            if (!r.options.format.empty() && r.options.format != format.name) continue;
            r.columns = {};
            if (!format.recognise(r.fields, r.columns)) continue;
            r.columns.count = r.fields.size();
            r.format = &format;
            return format.name == "ercot-hourly" ? choose_hourly_column(r) : Result<void>{};
        }
    }
    if (r.lines.number() == 0) return fail(Errc::malformed, fmt::format("{}: the file is empty", r.path));
    return fail(Errc::malformed, fmt::format("{}: not a price history that is known{}. Its header: \"{}\". Known are:\n{}", r.path, r.options.format.empty() ? "" : " as " + r.options.format, seen, feed_formats()));
}

/// Does this row belong to the node that was asked for? Without a wish, to the node of the first row.
bool wanted(Reading& r) {
    if (r.columns.node < 0) return true;
    const auto name = r.fields[static_cast<std::size_t>(r.columns.node)];
    const auto kind = r.columns.kind < 0 ? std::string_view{} : r.fields[static_cast<std::size_t>(r.columns.kind)];
    const std::string& wish = r.options.node;
    const bool asked = wish.empty() || name == wish ||
                       (wish.size() == name.size() + kind.size() + 1 && wish.starts_with(name) && wish[name.size()] == '/' && wish.ends_with(kind));
    if (asked && r.node.empty() && !name.empty()) r.node = name, r.kind = kind;
    const bool taken = asked && name == r.node && kind == r.kind;
    if (!taken && r.nodes.size() < most_nodes) r.nodes.insert(kind.empty() ? printable(name, 60) : printable(name, 60) + "/" + printable(kind, 40));
    // Asked for by name alone, yet of two kinds: finish() refuses; its rows are not mixed meanwhile.
    return taken;
}

Result<void> read_rows(Reading& r) {
    while (r.lines.next()) {
        if (r.lines.line().empty() && !r.lines.too_long()) continue;
        ++r.report.rows;
        if (r.lines.too_long()) {
            fault(r.report, r.lines.number(), "the line is longer than 64 KiB");
            continue;
        }
        split_csv(r.lines.line(), r.fields);
        if (r.fields.size() != r.columns.count) {
            fault(r.report, r.lines.number(), fmt::format("{} columns, the header has {}", r.fields.size(), r.columns.count));
            continue;
        }
        if (!wanted(r)) {
            ++r.report.other_nodes;
            continue;
        }
        FeedRow row;
        row.line = r.lines.number();
        if (auto wrong = r.format->read(r.fields, r.columns, row); !wrong.empty()) {
            fault(r.report, row.line, std::move(wrong));
            continue;
        }
        if (r.rows.size() >= most_rows) return fail(Errc::oversized, fmt::format("{}: more than {} intervals; choose a node, or cut the file", r.path, most_rows));
        r.report.rounded += row.rounded ? 1 : 0;
        r.rows.push_back(row);
    }
    if (r.lines.failed()) return fail(Errc::unreachable, fmt::format("{}: reading stopped at line {}", r.path, r.lines.number()));
    return {};
}

std::string listed(const std::set<std::string, std::less<>>& nodes, const std::string& also) {
    std::string text = also;
    std::size_t shown = also.empty() ? 0 : 1;
    for (const std::string& node : nodes) {
        if (++shown > 20) return fmt::format("{} and {} more", text, nodes.size() + (also.empty() ? 0 : 1) - 20);
        text += (text.empty() ? "" : ", ") + node;
    }
    return text;
}

/// One node only: none found, several found with none chosen, or a name that two kinds share, are errors.
Result<void> one_node(const Reading& r) {
    const std::string& wish = r.options.node;
    if (r.columns.node < 0) {
        if (wish.empty() || r.format->name == "ercot-hourly") return {};
        return fail(Errc::refused, fmt::format("{}: node \"{}\": this file has one price only and no nodes to choose from", r.path, printable(wish, 60)));
    }
    if (!wish.empty() && r.node.empty() && r.report.other_nodes > 0)
        return fail(Errc::refused, fmt::format("{}: no node \"{}\"; there are: {}", r.path, printable(wish, 60), listed(r.nodes, "")));
    const std::string taken = r.kind.empty() ? r.node : r.node + "/" + r.kind;
    if (wish.empty() && !r.nodes.empty()) return fail(Errc::refused, fmt::format("{}: several nodes; choose one with --node: {}", r.path, listed(r.nodes, printable(taken, 100))));
    const auto shared = r.nodes.lower_bound(printable(r.node, 60) + "/");
    if (wish == r.node && !r.kind.empty() && shared != r.nodes.end() && shared->starts_with(printable(r.node, 60) + "/"))
        return fail(Errc::refused, fmt::format("{}: node \"{}\" is of several kinds; choose one with --node: {}, {}", r.path, printable(wish, 60), printable(taken, 100), *shared));
    return {};
}

Result<Zone> zone_of(const Reading& r) {
    if (!r.format->time_zone.empty()) return Zone::named(std::string{r.format->time_zone});
    return Zone::named(r.options.time_zone.empty() ? "UTC" : r.options.time_zone);
}

Result<std::optional<Instant>> parse_edge(const std::string& text, const char* option, const Zone& zone) {
    if (text.empty()) return std::nullopt;
    if (const auto day = parse_day(text)) return zone.meaning(*day).first;
    if (const auto instant = parse_instant(text)) return *instant;
    return fail(Errc::malformed, fmt::format("{} \"{}\": use a day like 2024-03-01 (midnight, {}) or 2024-03-01T06:00:00Z", option, printable(text, 60), zone.name()));
}

Result<void> cut(Reading& r, const Zone& zone) {
    const auto from = parse_edge(r.options.from, "--from", zone), to = parse_edge(r.options.to, "--to", zone);
    if (!from) return tl::unexpected{from.error()};
    if (!to) return tl::unexpected{to.error()};
    if (*from && *to && **to <= **from) return fail(Errc::malformed, "--to is not after --from");
    if (r.rows.empty()) return {};
    const Instant first = r.rows.front().start, last = r.rows.back().end;
    const auto outside = [&](const FeedRow& row) { return (*from && row.start < **from) || (*to && row.end > **to); };
    r.report.outside = std::erase_if(r.rows, outside);
    if (r.rows.empty()) return fail(Errc::refused, fmt::format("{}: no interval in --from and --to; the file has {} to {}", r.path, in_utc(first), in_utc(last)));
    r.from = std::max(from->value_or(first), first);
    r.to = std::min(to->value_or(last), last);
    if (*from && **from < first) r.report.notes.push_back(fmt::format("--from {} is before the file's first interval, {}", r.options.from, in_utc(first)));
    if (*to && **to > last) r.report.notes.push_back(fmt::format("--to {} is after the file's last interval, {}", r.options.to, in_utc(last)));
    return {};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Day-ahead prices are known the day before, five-minute ones as they begin, all others when they are over.
KnownRule market_rule(const Reading& r, Duration length) {
    using Kind = KnownRule::Kind;
    if (r.format->name == "ercot-hourly" && r.node == "dam") return {Kind::day_ahead};
    if (!r.format->in_utc) return r.format->known;
    if (contains(r.kind, "DAY_AHEAD") || contains(r.kind, "DAM")) return {Kind::day_ahead};
    return {length <= 5min ? Kind::start : Kind::end};
}

Feed finish(Reading&& r, const Zone& zone, Duration length) {
    Feed feed;
    feed.file = file_name(r.path);
    feed.format = r.format->name;
    feed.node = r.node;
    feed.currency = !r.format->currency.empty() ? std::string{r.format->currency} : r.options.currency.empty() ? "USD" : r.options.currency;
    feed.unit = feed.currency + "/MWh";
    feed.market = !r.format->market.empty() ? std::string{r.format->market} : r.kind.empty() ? "gridstatus prices" : printable(r.kind, 60);
    if (r.format->name == "ercot-hourly") feed.market += r.node == "dam" ? ", day-ahead" : ", real-time";
    feed.time_zone = zone.name();
    feed.interval_length = length;
    feed.market_rule = market_rule(r, length);
    feed.known_rule = r.options.known.value_or(feed.market_rule);
    feed.intervals.reserve(r.rows.size());
    for (const FeedRow& row : r.rows) feed.intervals.push_back({row.start, row.end, row.price, known_at(feed.known_rule, row.start, row.end, zone)});
    r.report.intervals = feed.intervals.size();
    r.report.gaps = find_gaps(feed.intervals, r.from, r.to, length, zone);
    std::ranges::stable_sort(r.report.faults, {}, &FeedFault::line);
    feed.report = std::move(r.report);
    return feed;
}

}  // namespace

Result<Feed> read_feed(const std::string& path, const FeedOptions& options) {
    if (auto fine = readable(path); !fine) return tl::unexpected{fine.error()};
    const auto named = [&](const FeedFormat& format) { return format.name == options.format; };
    if (!options.format.empty() && std::ranges::none_of(all_feed_formats(), named))
        return fail(Errc::malformed, fmt::format("--format \"{}\" is not known. Known are:\n{}", printable(options.format, 60), feed_formats()));
    Reading reading{path, options};
    if (!reading.lines.opened()) return fail(Errc::unreachable, fmt::format("{}: may not be read", path));
    if (auto known = recognise(reading); !known) return tl::unexpected{known.error()};
    if (auto read = read_rows(reading); !read) return tl::unexpected{read.error()};
    if (auto one = one_node(reading); !one) return tl::unexpected{one.error()};

    const auto zone = zone_of(reading);
    if (!zone) return tl::unexpected{zone.error()};
    if (!reading.format->in_utc) resolve_local(reading.rows, reading.format->length, *zone, reading.report);
    Duration length{0};
    put_in_order(reading.rows, length, reading.report);
    if (auto within = cut(reading, *zone); !within) return tl::unexpected{within.error()};
    if (!reading.rows.empty()) return finish(std::move(reading), *zone, length);
    const auto& faults = reading.report.faults;
    return fail(Errc::malformed, fmt::format("{}: no price in {} rows{}", path, reading.report.rows, faults.empty() ? "" : fmt::format("; line {}: {}", faults.front().line, faults.front().what)));
}

}  // namespace ballast::sim
