#pragma once
#include "model/units.hpp"

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace ballast::wire {

/// "2026-07-01T17:05:00Z", "...00.250-05:00" (RFC 3339, section 5.6) to UTC; past the millisecond cut off. A time without
/// a zone is no time. The error is a phrase to follow the text: "has no time zone (Z or +hh:mm)". Years 1970 to 2199.
tl::expected<Instant, std::string_view> parse_rfc3339(std::string_view text);

/// UTC with Z; milliseconds only where there are some.
std::string rfc3339(Instant at);

}  // namespace ballast::wire
