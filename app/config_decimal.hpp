#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Decimals as whole numbers: "17.5" with 3 decimals is 17,500, exactly. Nothing is rounded.
namespace ballast::config {

/// No exponent, no blanks; nothing when it is no number, has more than `decimals` decimals (but trailing zeros), or
/// does not fit.
std::optional<std::int64_t> scaled(std::string_view text, int decimals);

/// The same of a double, taken as the shortest decimal that reads back as it: what the person typed, up to 15 digits.
std::optional<std::int64_t> scaled(double value, int decimals);

/// The way back: 17,500 with 3 decimals is "17.5".
std::string unscaled(std::int64_t value, int decimals);

}  // namespace ballast::config
