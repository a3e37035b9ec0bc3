#include "sim/feeds/decimal.hpp"

#include <algorithm>

namespace ballast::sim {
namespace {

constexpr bool is_digit(char c) { return '0' <= c && c <= '9'; }

struct Digits {
    std::int64_t value = 0;  ///< Of the first eighteen that matter.
    int exponent = 0;        ///< value x 10^exponent, save for what was cut off.
    bool cut = false;        ///< A digit that is not zero did not fit.
    bool any = false;
};

void take_digit(Digits& into, char c, bool fraction) {
    into.any = true;
    constexpr std::int64_t full = 100'000'000'000'000'000;
    if (into.value < full) {
        into.value = into.value * 10 + (c - '0');
        if (fraction) --into.exponent;
    } else {
        if (!fraction) ++into.exponent;
        into.cut = into.cut || c != '0';
    }
}

/// "e-05" and the like, removed from the front of `text`.
std::optional<int> take_exponent(std::string_view& text) {
    if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return 0;
    text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    const auto value = parse_whole(text, 999);
    if (!value) return std::nullopt;
    text = {};
    return negative ? -*value : *value;
}

}  // namespace

std::optional<int> parse_whole(std::string_view text, int most) {
    if (text.empty() || text.size() > 9 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    int value = 0;
    for (const char c : text) value = value * 10 + (c - '0');
    return value <= most ? std::optional{value} : std::nullopt;
}

std::optional<Micros> parse_decimal(std::string_view text) {
    if (text.size() > 64) return std::nullopt;
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    Digits digits;
    bool fraction = false;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (is_digit(text[0])) take_digit(digits, text[0], fraction);
        else if (text[0] == '.' && !fraction) fraction = true;
        else break;
    }
    const auto exponent = take_exponent(text);
    if (!digits.any || !exponent || !text.empty()) return std::nullopt;

    int scale = digits.exponent + *exponent + 6;
    if (digits.value == 0) return Micros{0, digits.cut};
    constexpr std::int64_t limit = 1'000'000'000'000'000'000;
    for (; scale > 0; --scale) {
        if (digits.value >= limit / 10) return std::nullopt;
        digits.value *= 10;
    }
    std::int64_t dropped = 0;  // The last digit cut off decides the rounding.
    bool rounded = digits.cut;
    for (; scale < 0; ++scale) {
        rounded = rounded || dropped != 0;
        dropped = digits.value % 10;
        digits.value /= 10;
    }
    rounded = rounded || dropped != 0;
    if (dropped >= 5) ++digits.value;
    if (digits.value >= limit) return std::nullopt;
    return Micros{negative ? -digits.value : digits.value, rounded};
}

}  // namespace ballast::sim
