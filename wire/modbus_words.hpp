#pragma once
#include "model/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

/// Numbers in 16-bit Modbus registers. Packed here and not by libmodbus, whose set_float_* of 3.1.6 swaps bytes.
namespace ballast::wire {

enum class RegisterType : std::uint8_t { int16, uint16, int32, uint32, int64, uint64, float32, float64 };

/// Where the bytes of the big-endian value ABCD lie. `abcd`: as Modbus means it; `cdab`: low word first; `badc`: bytes
/// swapped within each word; `dcba`: both. Wider values likewise (`cdab` of ABCDEFGH is GHEFCDAB); of a single
/// word only the swap of its bytes is left (`badc` and `dcba`).
enum class WordOrder : std::uint8_t { abcd, badc, cdab, dcba };

/// What a site file may write: "int16", ..., "float64" and "abcd", "badc", "cdab", "dcba".
Result<RegisterType> register_type(std::string_view word);
Result<WordOrder> word_order(std::string_view word);
std::string_view name(RegisterType type);
std::string_view name(WordOrder order);

/// Registers that one value takes: 1, 2 or 4.
std::size_t word_count(RegisterType type);

/// As it stands in the register, before any scale. Signed types are int64, unsigned uint64, floats double.
using RegisterValue = std::variant<std::int64_t, std::uint64_t, double>;

/// What becomes of "not implemented" as SunSpec marks it: 0x8000..., 0xFFFF..., NaN (and of infinity).
enum class Sentinel : std::uint8_t {
    refused,  ///< An error, `malformed`.
    kept,     ///< The value; where the reader gives it a meaning of its own ("no limit").
};

/// Errors: a count of words that is not the type's; a sentinel.
Result<RegisterValue> decode(std::span<const std::uint16_t> words, RegisterType type, WordOrder order,
                             Sentinel sentinel = Sentinel::refused);

/// Words of one value, as many as its type takes.
struct RegisterWords {
    std::array<std::uint16_t, 4> word{};
    std::size_t count = 0;
    std::span<const std::uint16_t> span() const { return {word.data(), count}; }
};

/// Into an integer type a double is rounded to nearest, halves away from zero. Error: the type cannot hold it.
Result<RegisterWords> encode(RegisterValue value, RegisterType type, WordOrder order);

/// value x scale in whole units. An integer times a whole scale is exact; else the product is a double, rounded to nearest,
/// halves away from zero. Error, `implausible`: not finite, or beyond int64.
Result<std::int64_t> scaled(RegisterValue value, double scale);

double as_double(RegisterValue value);

}  // namespace ballast::wire
