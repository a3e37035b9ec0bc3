#include "sim/feeds/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ballast::sim {
namespace {

using namespace std::chrono_literals;
using Hour = FeedRow::Hour;

std::string label(const FeedRow& row) {
    return fmt::format("{} {:02}:{:02}", date_of(row.day), row.minute / 60, row.minute % 60);
}

/// Bounded, so that a hostile file cannot make us remember every day since 1970.
void note(FeedReport& report, std::string text) {
    if (report.notes.size() < 100) report.notes.push_back(std::move(text));
}

/// What has to be remembered between rows, and told in the end.
struct Seasons {
    std::set<WallDay> numbered_through;              ///< Days with an hour ending 25.
    std::map<Wall, int> repeated;                    ///< Rows without a flag, by label.
    std::set<WallDay> left_out;                      ///< Spring days with a row for the hour that never was.

    void tell(FeedReport& report) const;
};

void Seasons::tell(FeedReport& report) const {
    std::map<WallDay, bool> both;
    for (const auto& [wall, rows] : repeated) {
        const auto [day, added] = both.try_emplace(std::chrono::floor<date::days>(wall), true);
        day->second = day->second && rows > 1;
    }
    for (const auto& [day, twice] : both) {
        const auto* const rule = twice ? "two rows and no flag: the first row is daylight time, the second standard time"
                                       : "one row and no flag (merged, or one is missing): it counts as the first, daylight hour; the second is a gap";
        note(report, fmt::format("{}: the repeated hour has {}", date_of(day), rule));
    }
    for (const WallDay day : numbered_through)
        note(report, fmt::format("{}: has an hour ending 25: its hours are counted from midnight", date_of(day)));
    for (const WallDay day : left_out)
        note(report, fmt::format("{}: a row is labelled by a time that spring leaves out: it counts as the hour that ends as the clock goes forward", date_of(day)));
}

/// Which instant the label means; fails with what is wrong.
tl::expected<Instant, std::string> place(const FeedRow& row, const Zone& zone, Seasons& seasons) {
    const Wall wall = row.day + std::chrono::minutes{row.minute};
    if (seasons.numbered_through.contains(row.day)) {
        const Instant midnight = zone.meaning(row.day).first;
        if (zone.meaning(row.day + date::days{1}).first - midnight == 25h) return midnight + std::chrono::minutes{row.minute};
        seasons.numbered_through.erase(row.day);
    }
    if (row.minute >= 1'440) return tl::unexpected{fmt::format("hour ending 25 on {}, which has no 25 hours", date_of(row.day))};
    const Meaning meaning = zone.meaning(wall);
    if (meaning.kind == Meaning::Kind::twice) {
        if (row.hour != Hour::unsaid) return row.hour == Hour::second ? meaning.second : meaning.first;
        return ++seasons.repeated[wall] == 1 ? meaning.first : meaning.second;
    }
    if (row.hour == Hour::second) return tl::unexpected{fmt::format("flagged as the second of a repeated hour, but {} is not repeated", label(row))};
    if (meaning.kind == Meaning::Kind::once) return meaning.first;
    seasons.left_out.insert(row.day);
    return meaning.second;
}

}  // namespace

void fault(FeedReport& report, std::uint64_t line, std::string what) {
    ++report.bad_rows;
    if (report.faults.size() < FeedReport::most_faults) report.faults.push_back({line, std::move(what)});
}

void resolve_local(std::vector<FeedRow>& rows, Duration length, const Zone& zone, FeedReport& report) {
    Seasons seasons;
    for (const FeedRow& row : rows)
        if (row.minute >= 1'440) seasons.numbered_through.insert(row.day);

    // Newest first is turned round, so that the first row of a repeated hour is the earlier one.
    const auto at = [](const FeedRow& row) { return row.day + std::chrono::minutes{row.minute}; };
    if (!rows.empty() && at(rows.back()) < at(rows.front())) std::ranges::reverse(rows);

    std::size_t kept = 0;
    for (FeedRow& row : rows) {
        const auto instant = place(row, zone, seasons);
        if (!instant) {
            fault(report, row.line, instant.error());
            continue;
        }
        row.start = *instant;
        row.end = row.start + length;
        rows[kept++] = row;
    }
    rows.resize(kept);
    seasons.tell(report);
}

namespace {

/// The most common of the given lengths, the shortest of equals; 0: none.
Duration most_common(std::vector<Duration> lengths) {
    std::ranges::sort(lengths);
    Duration best{0};
    std::ptrdiff_t most = 0;
    for (auto from = lengths.begin(); from != lengths.end();) {
        const auto to = std::upper_bound(from, lengths.end(), *from);
        if (to - from > most) most = to - from, best = *from;
        from = to;
    }
    return best;
}

/// A file without interval ends: each lasts the most common step.
void give_ends(std::vector<FeedRow>& rows, FeedReport& report) {
    if (rows.empty() || rows.front().end != rows.front().start) return;
    std::vector<Duration> steps;
    for (std::size_t i = 1; i < rows.size(); ++i)
        if (rows[i].start > rows[i - 1].start) steps.push_back(rows[i].start - rows[i - 1].start);
    const Duration step = steps.empty() ? Duration{5min} : most_common(std::move(steps));
    for (FeedRow& row : rows) row.end = row.start + step;
    note(report, fmt::format("the file gives no end of its intervals: each lasts {} s, the most common step", step.count() / 1'000));
}

}  // namespace

void put_in_order(std::vector<FeedRow>& rows, Duration& length, FeedReport& report) {
    std::ranges::sort(rows, [](const FeedRow& a, const FeedRow& b) { return std::pair{a.start, a.line} < std::pair{b.start, b.line}; });
    give_ends(rows, report);
    std::size_t kept = 0;
    for (const FeedRow& row : rows) {
        const FeedRow* const before = kept > 0 ? &rows[kept - 1] : nullptr;
        if (!before || before->end <= row.start) {
            rows[kept++] = row;
        } else if (before->start == row.start && before->end == row.end) {
            const bool same = before->price == row.price;
            ++(same ? report.duplicates : report.contradictions);
            if (!same && report.faults.size() < FeedReport::most_faults)
                report.faults.push_back({row.line, fmt::format("another price for the interval of line {}; the first is kept", before->line)});
        } else {
            fault(report, row.line, fmt::format("overlaps the interval of line {}", before->line));
        }
    }
    rows.resize(kept);
    std::vector<Duration> lengths;
    lengths.reserve(kept);
    for (const FeedRow& row : rows) lengths.push_back(row.end - row.start);
    length = most_common(std::move(lengths));
}

std::vector<FeedGap> find_gaps(std::span<const PricePoint> intervals, Instant begin, Instant end, Duration length, const Zone& zone) {
    std::vector<FeedGap> gaps;
    for (std::size_t i = 0; i <= intervals.size(); ++i) {
        const Instant from = i > 0 ? intervals[i - 1].end : begin, to = i < intervals.size() ? intervals[i].start : end;
        if (from >= to) continue;
        gaps.push_back({from, to, date_of(zone.wall(from)), date_of(zone.wall(to - Duration{1})),
                        std::max<std::int64_t>(1, (to - from + length / 2) / length)});
    }
    return gaps;
}

}  // namespace ballast::sim
