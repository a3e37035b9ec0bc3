#include "app/config_decimal.hpp"

#include "model/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace ballast::config {

std::optional<std::int64_t> scaled(std::string_view text, int decimals) {
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    Int128 value = 0;
    int seen = 0, after = -1;  // `after` counts the decimals once the point was met.
    for (const char c : text) {
        if (c == '.' && after < 0) {
            after = 0;
            continue;
        }
        if (c < '0' || c > '9') return {};
        ++seen;
        if (after >= decimals) {
            if (c != '0') return {};
            continue;
        }
        if (after >= 0) ++after;
        value = value * 10 + (c - '0');
        if (value > std::numeric_limits<std::int64_t>::max()) return {};
    }
    if (seen == 0) return {};
    for (int i = after < 0 ? 0 : after; i < decimals; ++i) value *= 10;
    if (value > std::numeric_limits<std::int64_t>::max()) return {};
    return static_cast<std::int64_t>(negative ? -value : value);
}

std::optional<std::int64_t> scaled(double value, int decimals) {
    if (!std::isfinite(value) || std::abs(value) > 1e19) return {};
    std::array<char, 512> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (end.ec != std::errc{}) return {};
    return scaled(std::string_view{text.data(), end.ptr}, decimals);
}

std::string unscaled(std::int64_t value, int decimals) {
    const Int128 size = value < 0 ? -Int128{value} : Int128{value};
    Int128 one = 1;
    for (int i = 0; i < decimals; ++i) one *= 10;
    std::string text = std::to_string(static_cast<std::uint64_t>(size / one));
    std::string after =
        std::to_string(static_cast<std::uint64_t>(size % one + one));  // The 1 in front keeps the zeros.
    while (after.size() > 1 && after.back() == '0') after.pop_back();
    if (after.size() > 1) {
        after.front() = '.';
        text += after;
    }
    if (value < 0) text = '-' + text;
    return text;
}

}  // namespace ballast::config
