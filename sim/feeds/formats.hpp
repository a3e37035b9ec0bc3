#pragma once
#include "sim/feeds/feed.hpp"
#include "sim/feeds/local_time.hpp"

#include <span>
#include <string_view>

namespace ballast::sim {

/// One row of a history as its file says it. Times are either in UTC, or on the market's clock still to be resolved.
struct FeedRow {
    enum class Hour : std::uint8_t { unsaid, first, second };  ///< Which of autumn's two hours, if the file says.

    std::uint64_t line = 0;
    Price price;
    Instant start{}, end{};         ///< Formats in UTC; end == start where the file gives no end.
    WallDay day{};                  ///< Formats in local time.
    std::int16_t minute = 0;        ///< Of the day, 0..1,499, where the interval begins.
    Hour hour = Hour::unsaid;
    bool rounded = false;
};

/// Where a format's columns are in this very file; -1: there is none.
struct FeedColumns {
    std::size_t count = 0;
    int day = -1, hour = -1, quarter = -1, flag = -1, start = -1, end = -1, price = -1;
    int node = -1, kind = -1;       ///< `kind` tells apart rows of one node: ERCOT's point type, gridstatus' market.
};

using FeedFields = std::span<const std::string_view>;

/// How one kind of file is known and read.
struct FeedFormat {
    std::string_view name, shape;   ///< `shape`: for people, what the header must have.
    std::string_view market, currency, time_zone;  ///< Empty: the file does not say.
    Duration length{0};             ///< Of an interval; 0: each row says.
    KnownRule known;
    bool in_utc = false;
    bool (*recognise)(FeedFields header, FeedColumns& columns);
    /// Empty, or what is wrong with the row.
    std::string (*read)(FeedFields fields, const FeedColumns& columns, FeedRow& row);
};

std::span<const FeedFormat> all_feed_formats();

/// "Delivery Date", "delivery_date" and "DeliveryDate" are one name.
int find_column(FeedFields header, std::initializer_list<std::string_view> names);

/// What came from a file, fit to print: no control characters, at most `most` bytes.
std::string printable(std::string_view text, std::size_t most = 200);

/// Reads `text` into row.price; empty, or what is wrong.
std::string read_price(std::string_view text, FeedRow& row);

}  // namespace ballast::sim
