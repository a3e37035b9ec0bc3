#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace ballast::sim {

/// A decimal number as a whole count of 10^-6, without passing through floating point.
struct Micros {
    std::int64_t count = 0;
    bool rounded = false;  ///< It had more than six decimals; rounded to the nearest, ties away from zero.
    bool operator==(const Micros&) const = default;
};

/// "-12.5", "+3", ".5", "1e-05". Nothing else: no blanks, commas, hexadecimal, NaN or infinity, and none of 10^12 or more.
std::optional<Micros> parse_decimal(std::string_view text);

/// A whole number of decimal digits only, at most `most`.
std::optional<int> parse_whole(std::string_view text, int most);

}  // namespace ballast::sim
