#include "wire/modbus_words.hpp"

#include "model/units.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

namespace ballast::wire {
namespace {

constexpr std::array<std::string_view, 8> type_names{"int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"};
constexpr std::array<std::string_view, 4> order_names{"abcd", "badc", "cdab", "dcba"};

constexpr bool is_float(RegisterType type) { return type == RegisterType::float32 || type == RegisterType::float64; }
constexpr bool is_signed(RegisterType type) {
    return type == RegisterType::int16 || type == RegisterType::int32 || type == RegisterType::int64;
}

constexpr std::uint16_t swap_bytes(std::uint16_t word) { return static_cast<std::uint16_t>(word << 8 | word >> 8); }

/// The most significant word first, each as Modbus means it: its own inverse.
RegisterWords reorder(std::span<const std::uint16_t> words, WordOrder order) {
    const bool low_first = order == WordOrder::cdab || order == WordOrder::dcba;
    const bool swapped = order == WordOrder::badc || order == WordOrder::dcba;
    RegisterWords out;
    out.count = words.size();
    for (std::size_t i = 0; i < out.count; ++i) {
        const std::uint16_t word = words[low_first ? out.count - 1 - i : i];
        out.word[i] = swapped ? swap_bytes(word) : word;
    }
    return out;
}

std::uint64_t all_ones(std::size_t bits) { return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

RegisterValue from_bits(std::uint64_t raw, RegisterType type) {
    switch (type) {
    case RegisterType::int16: return std::int64_t{static_cast<std::int16_t>(raw)};
    case RegisterType::int32: return std::int64_t{static_cast<std::int32_t>(raw)};
    case RegisterType::int64: return static_cast<std::int64_t>(raw);
    case RegisterType::float32: return double{std::bit_cast<float>(static_cast<std::uint32_t>(raw))};
    case RegisterType::float64: return std::bit_cast<double>(raw);
    default: return raw;
    }
}

bool is_sentinel(std::uint64_t raw, RegisterValue value, RegisterType type) {
    if (is_float(type)) return !std::isfinite(std::get<double>(value));
    const std::size_t bits = 16 * word_count(type);
    return raw == (is_signed(type) ? std::uint64_t{1} << (bits - 1) : all_ones(bits));
}

/// The value as an integer, if it is one or may be rounded to one.
Result<Int128> whole(RegisterValue value) {
    if (const auto* i = std::get_if<std::int64_t>(&value)) return Int128{*i};
    if (const auto* u = std::get_if<std::uint64_t>(&value)) return Int128{*u};
    const double rounded = std::round(std::get<double>(value));
    if (!(std::abs(rounded) < 0x1p64)) return fail(Errc::implausible, fmt::format("{} is beyond 64 bits", rounded));
    return static_cast<Int128>(rounded);
}

template <class Names>
std::size_t position(const Names& names, std::string_view word) {
    std::size_t i = 0;
    while (i < names.size() && names[i] != word) ++i;
    return i;
}

}  // namespace

Result<RegisterType> register_type(std::string_view word) {
    const std::size_t i = position(type_names, word);
    if (i == type_names.size())
        return fail(Errc::malformed, fmt::format("type \"{}\" is none of {}", word, fmt::join(type_names, ", ")));
    return static_cast<RegisterType>(i);
}

Result<WordOrder> word_order(std::string_view word) {
    const std::size_t i = position(order_names, word);
    if (i == order_names.size())
        return fail(Errc::malformed, fmt::format("order \"{}\" is none of {}", word, fmt::join(order_names, ", ")));
    return static_cast<WordOrder>(i);
}

std::string_view name(RegisterType type) { return type_names[static_cast<std::size_t>(type)]; }
std::string_view name(WordOrder order) { return order_names[static_cast<std::size_t>(order)]; }

std::size_t word_count(RegisterType type) {
    switch (type) {
    case RegisterType::int16:
    case RegisterType::uint16: return 1;
    case RegisterType::int64:
    case RegisterType::uint64:
    case RegisterType::float64: return 4;
    default: return 2;
    }
}

Result<RegisterValue> decode(std::span<const std::uint16_t> words, RegisterType type, WordOrder order, Sentinel sentinel) {
    if (words.size() != word_count(type))
        return fail(Errc::malformed, fmt::format("expected {} words for {}, got {}", word_count(type), name(type), words.size()));
    const RegisterWords big_endian = reorder(words, order);
    std::uint64_t raw = 0;
    for (const std::uint16_t word : big_endian.span()) raw = raw << 16 | word;
    const RegisterValue value = from_bits(raw, type);
    if (sentinel == Sentinel::refused && is_sentinel(raw, value, type))
        return fail(Errc::malformed, fmt::format("0x{:0{}X} as {} is no number (the unit's mark for \"not available\")", raw,
                                                 4 * words.size(), name(type)));
    return value;
}

Result<RegisterWords> encode(RegisterValue value, RegisterType type, WordOrder order) {
    const std::size_t count = word_count(type);
    std::uint64_t raw = 0;
    if (type == RegisterType::float64) {
        raw = std::bit_cast<std::uint64_t>(as_double(value));
    } else if (type == RegisterType::float32) {
        raw = std::bit_cast<std::uint32_t>(static_cast<float>(as_double(value)));
    } else {
        const Result<Int128> number = whole(value);
        if (!number) return tl::unexpected{number.error()};
        const std::size_t bits = 16 * count - (is_signed(type) ? 1 : 0);
        const Int128 high = static_cast<Int128>(all_ones(bits));
        const Int128 low = is_signed(type) ? -high - 1 : 0;
        if (*number < low || *number > high)
            return fail(Errc::implausible, fmt::format("{} does not fit {}", as_double(value), name(type)));
        raw = static_cast<std::uint64_t>(*number);
    }
    RegisterWords big_endian;
    big_endian.count = count;
    for (std::size_t i = 0; i < count; ++i) big_endian.word[i] = static_cast<std::uint16_t>(raw >> (16 * (count - 1 - i)));
    return reorder(big_endian.span(), order);
}

Result<std::int64_t> scaled(RegisterValue value, double scale) {
    constexpr Int128 low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    Result<Int128> product = Int128{0};
    if (!std::holds_alternative<double>(value) && scale == std::round(scale) && std::abs(scale) < 0x1p53) {
        product = *whole(value) * static_cast<Int128>(scale);
    } else {
        const double real = as_double(value) * scale;
        if (!std::isfinite(real)) return fail(Errc::implausible, fmt::format("{} x {} is no number", as_double(value), scale));
        product = whole(real);
    }
    if (!product || *product < low || *product > high)
        return fail(Errc::implausible, fmt::format("{} x {} is beyond 64 bits", as_double(value), scale));
    return static_cast<std::int64_t>(*product);
}

double as_double(RegisterValue value) {
    return std::visit([](auto number) { return static_cast<double>(number); }, value);
}

}  // namespace ballast::wire
