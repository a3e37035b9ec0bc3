#include "wire/decimal.hpp"

#include "model/units.hpp"

#include <algorithm>

namespace ballast::wire {

namespace {

std::string_view take_digits(std::string_view& text) {
    const std::size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view digits = text.substr(0, size);
    text.remove_prefix(size);
    return digits;
}

bool take(std::string_view& text, std::string_view any) {
    if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

struct Parts {
    bool negative = false;
    std::string digits;  ///< Significant: none in front is zero.
    long exponent = 0;   ///< The value is digits x 10^exponent.
};

/// Saturates, far beyond anything that fits.
long small_number(std::string_view digits) {
    long value = 0;
    for (const char c : digits) value = std::min(value * 10 + (c - '0'), 100'000'000L);
    return value;
}

bool split(std::string_view text, Parts& parts) {
    parts.negative = take(text, "-");
    const std::string_view whole = take_digits(text);
    if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
    std::string_view fraction;
    if (take(text, ".")) {
        fraction = take_digits(text);
        if (fraction.empty()) return false;
    }
    if (take(text, "eE")) {
        const bool down = !text.empty() && text.front() == '-';
        take(text, "+-");
        const std::string_view exponent = take_digits(text);
        if (exponent.empty()) return false;
        parts.exponent = down ? -small_number(exponent) : small_number(exponent);
    }
    parts.exponent -= static_cast<long>(fraction.size());
    parts.digits.append(whole).append(fraction);
    parts.digits.erase(0, parts.digits.find_first_not_of('0'));
    return text.empty();
}

}  // namespace

tl::expected<std::int64_t, DecimalFault> scaled(std::string_view text, std::int64_t factor,
                                                std::int64_t most) {
    Parts parts;
    if (!split(text, parts)) return tl::unexpected{DecimalFault::not_a_number};
    if (parts.digits.empty()) return 0;
    constexpr std::size_t most_digits = 19;
    constexpr long most_zeros = 37;
    Int128 value = 0;
    for (const char c : parts.digits.substr(0, most_digits)) value = value * 10 + (c - '0');
    value *= factor;
    long zeros =
        parts.exponent + static_cast<long>(parts.digits.size() - std::min(parts.digits.size(), most_digits));
    for (; zeros > 0 && value <= most; --zeros) value *= 10;
    if (zeros < -most_zeros) return 0;
    Int128 divisor = 1;
    for (; zeros < 0; ++zeros) divisor *= 10;
    value = (value + divisor / 2) / divisor;
    if (zeros > 0 || value > most) return tl::unexpected{DecimalFault::out_of_range};
    return static_cast<std::int64_t>(parts.negative ? -value : value);
}

std::string unscaled(std::int64_t count, int shift) {
    Int128 rest = count < 0 ? -Int128{count} : Int128{count};
    std::string digits;
    for (int place = 0; rest > 0 || place <= shift; ++place, rest /= 10) {
        if (place == shift && shift > 0) digits.push_back('.');
        digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    }
    if (count < 0) digits.push_back('-');
    std::ranges::reverse(digits);
    if (shift > 0) {
        digits.erase(digits.find_last_not_of('0') + 1);
        if (digits.back() == '.') digits.pop_back();
    }
    return digits;
}

}  // namespace ballast::wire
