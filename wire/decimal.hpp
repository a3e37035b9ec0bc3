#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace ballast::wire {

enum class DecimalFault : std::uint8_t { not_a_number, out_of_range };

/// A number as JSON writes it (RFC 8259, section 6), times `factor` (1 to 10^18), as a whole number. Read from its digits,
/// never through a float: exact wherever the result is whole, else rounded half away from zero, so off by at most 0.5.
/// (Of more than 19 significant digits the rest counts as 0.) Beyond +-`most` (> 0): out_of_range. Takes any text: "NaN",
/// "0x1f", "1,5", "" are not_a_number.
tl::expected<std::int64_t, DecimalFault> scaled(std::string_view text, std::int64_t factor,
                                                std::int64_t most);

/// The other way: `count` / 10^`shift`, exact, without trailing zeros. 45'120'000 and 6 give "45.12".
std::string unscaled(std::int64_t count, int shift);

}  // namespace ballast::wire
