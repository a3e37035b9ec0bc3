#pragma once
#include "model/result.hpp"
#include "model/units.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ballast::sim {

/// When a market lets us know a price. Decisions see it from then on.
struct KnownRule {
    enum class Kind : std::uint8_t {
        start,      ///< With the interval's first millisecond.
        end,        ///< Only when it is over.
        delayed,    ///< `delay` after its start.
        day_ahead,  ///< At 13:30 on the market's clock, the day before the interval begins.
    } kind = Kind::start;
    Duration delay{0};
    bool operator==(const KnownRule&) const = default;
};

/// "start", "end", "+90" (seconds after the start), "day-ahead".
Result<KnownRule> parse_known_rule(const std::string& text);

/// As it is printed: "end", "+90 s", "day-ahead (13:30 the day before)".
std::string text_of(const KnownRule& rule);

/// One price of the history, [start, end).
struct PricePoint {
    Instant start, end;
    Price price;
    Instant known_at;
    bool operator==(const PricePoint&) const = default;
};

/// A stretch for which the file has no price. Nothing is put in its place.
struct FeedGap {
    Instant start, end;
    std::string from_date, to_date;  ///< On the market's clock: the days of its first and its last interval.
    std::int64_t intervals = 0;      ///< That are missing.
};

/// Something a line of the file had wrong with it.
struct FeedFault {
    std::uint64_t line = 0;  ///< From 1, the header included.
    std::string what;
};

/// What reading made of the file. Every data row is in exactly one of intervals, duplicates, contradictions, bad_rows,
/// other_nodes or outside.
struct FeedReport {
    static constexpr std::size_t most_faults = 20;  ///< Listed; all are counted.

    std::uint64_t rows = 0;
    std::uint64_t intervals = 0;
    std::uint64_t duplicates = 0;      ///< An interval again, at the same price.
    std::uint64_t contradictions = 0;  ///< An interval again, at another price: the first in the file is kept.
    std::uint64_t bad_rows = 0;
    std::uint64_t other_nodes = 0;
    std::uint64_t outside = 0;         ///< Of `from` and `to`.
    std::uint64_t rounded = 0;         ///< Prices finer than 10^-9 per kWh.
    std::vector<FeedFault> faults;     ///< The first bad rows and contradictions, by line.
    std::vector<FeedGap> gaps;         ///< By time.
    std::vector<std::string> notes;    ///< What was decided about daylight saving, order, nodes; for people.
};

/// A price history. Intervals by start, none overlapping, at least one.
struct Feed {
    std::string file, format, market, node;
    std::string currency;              ///< ISO 4217, of the prices.
    std::string unit;                  ///< As in the file: "USD/MWh".
    std::string time_zone;             ///< The market's clock.
    Duration interval_length{0};       ///< The most common one.
    KnownRule market_rule, known_rule; ///< The market's own, and the one in force.
    std::vector<PricePoint> intervals;
    FeedReport report;
};

struct FeedOptions {
    std::string format;     ///< One of feed_formats(); empty: by the header.
    std::string node;       ///< A location; "rtm" or "dam" for the hourly ERCOT file; empty: the only one there is.
    std::string from, to;   ///< "2024-03-01" (midnight on the market's clock) or RFC 3339; whole intervals in [from, to).
    std::optional<KnownRule> known;  ///< Empty: the market's.
    std::string time_zone;  ///< To name days by, where the file itself is in UTC; empty: UTC.
    std::string currency;   ///< Of a file that does not say; empty: USD.
};

/// Names and shapes, one a line, for help and errors.
std::string feed_formats();

/// Reads a price history, recognised by its first rows. What cannot be used of it is counted and listed, never repaired;
/// a file that is not recognised, has several nodes with none chosen, or no price at all is an error that says what there is.
Result<Feed> read_feed(const std::string& path, const FeedOptions& options = {});

}  // namespace ballast::sim
