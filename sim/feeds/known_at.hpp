#pragma once
#include "sim/feeds/feed.hpp"
#include "sim/feeds/local_time.hpp"

namespace ballast::sim {

/// When the price of [start, end) becomes known under `rule`, on the clock of the market's `zone`.
Instant known_at(const KnownRule& rule, Instant start, Instant end, const Zone& zone);

}  // namespace ballast::sim
