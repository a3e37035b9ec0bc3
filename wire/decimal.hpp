#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace ballast::wire {

enum class DecimalFault : std::uint8_t { not_a_number, out_of_range };

/// A number as JSON writes it (RFC 8259, section 6), times 10^`shift`, as a whole number. Read from its digits, never
/// through a float: exact wherever the result is whole, else rounded half away from zero, so off by at most 0.5.
/// Beyond +-`most` (> 0): out_of_range. Takes any text: "NaN", "0x1f", "1,5", "" are not_a_number.
tl::expected<std::int64_t, DecimalFault> scaled(std::string_view text, int shift, std::int64_t most);

/// The other way: `count` / 10^`shift`, exact, without trailing zeros. 45'120'000 and 6 give "45.12".
std::string unscaled(std::int64_t count, int shift);

}  // namespace ballast::wire
