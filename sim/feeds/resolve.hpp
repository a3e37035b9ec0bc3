#pragma once
#include "sim/feeds/formats.hpp"

namespace ballast::sim {

/// Counts a row that cannot be used, and lists it while the list has room.
void fault(FeedReport& report, std::uint64_t line, std::string what);

/// Gives rows of the market's clock their place in UTC, each lasting `length`. By rule:
/// - a day with an hour ending 25 numbers its hours by those gone by since midnight;
/// - of autumn's repeated hour the flag (or star) says which; without one the first row in time order is the first hour, a
///   second row the second; a lone row leaves the second hour a gap;
/// - a label that spring left out counts as the hour that ends as the clock goes forward.
/// Rows that have no place are counted bad and removed. What the rules touched is noted.
void resolve_local(std::vector<FeedRow>& rows, Duration length, const Zone& zone, FeedReport& report);

/// Sorts by start, drops and counts repeats and overlaps. `length` is the most common one afterwards.
void put_in_order(std::vector<FeedRow>& rows, Duration& length, FeedReport& report);

/// What is missing of [begin, end), between intervals and at its ends.
std::vector<FeedGap> find_gaps(std::span<const PricePoint> intervals, Instant begin, Instant end, Duration length, const Zone& zone);

}  // namespace ballast::sim
