#include "tests/catch.hpp"
#include "wire/modbus_words.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

using namespace ballast;
using namespace ballast::wire;
using Words = std::vector<std::uint16_t>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Words encoded(RegisterValue value, RegisterType type, WordOrder order) {
    const auto words = encode(value, type, order);
    REQUIRE(words);
    return {words->span().begin(), words->span().end()};
}

double decoded(const Words& words, RegisterType type, WordOrder order = WordOrder::abcd) {
    const auto value = decode(words, type, order);
    REQUIRE(value);
    return as_double(*value);
}

}  // namespace

TEST_CASE("published float32 values decode in all four word orders") {
    struct Vector {
        Words words;
        WordOrder order;
        float value;
    };
    const float hertz = std::bit_cast<float>(0x426FFC67u);  // j2mod issue 26: 60.0 Hz of a PM5xxx, high word first
    const std::vector<Vector> vectors{
        {{0x426F, 0xFC67}, WordOrder::abcd, hertz},    {{0xFC67, 0x426F}, WordOrder::cdab, hertz},
        {{0x6F42, 0x67FC}, WordOrder::badc, hertz},    {{0x67FC, 0x6F42}, WordOrder::dcba, hertz},
        {{0x42F6, 0xE979}, WordOrder::abcd, 123.456f}, {{0xE979, 0x42F6}, WordOrder::cdab, 123.456f},
        {{0xF642, 0x79E9}, WordOrder::badc, 123.456f}, {{0x79E9, 0xF642}, WordOrder::dcba, 123.456f},
    };
    for (const auto& [words, order, value] : vectors) {
        CAPTURE(name(order), value);
        CHECK(decoded(words, RegisterType::float32, order) == double{value});
        CHECK(encoded(double{value}, RegisterType::float32, order) == words);
    }
    CHECK(std::abs(double{hertz} - 60.0) < 0.005);
}

TEST_CASE("integers and wide values lie in the registers as their order says") {
    CHECK(encoded(std::uint64_t{0x0102}, RegisterType::uint16, WordOrder::abcd) == Words{0x0102});
    CHECK(encoded(std::uint64_t{0x0102}, RegisterType::uint16, WordOrder::cdab) == Words{0x0102});
    CHECK(encoded(std::uint64_t{0x0102}, RegisterType::uint16, WordOrder::badc) == Words{0x0201});
    CHECK(encoded(std::uint64_t{0x01020304}, RegisterType::uint32, WordOrder::dcba) == Words{0x0403, 0x0201});
    const std::uint64_t wide = 0x0102030405060708;
    CHECK(encoded(wide, RegisterType::uint64, WordOrder::abcd) == Words{0x0102, 0x0304, 0x0506, 0x0708});
    CHECK(encoded(wide, RegisterType::uint64, WordOrder::cdab) == Words{0x0708, 0x0506, 0x0304, 0x0102});
    CHECK(encoded(wide, RegisterType::uint64, WordOrder::badc) == Words{0x0201, 0x0403, 0x0605, 0x0807});
    CHECK(encoded(wide, RegisterType::uint64, WordOrder::dcba) == Words{0x0807, 0x0605, 0x0403, 0x0201});
    CHECK(encoded(std::int64_t{-2}, RegisterType::int32, WordOrder::abcd) == Words{0xFFFF, 0xFFFE});
    CHECK(decoded({0xFFFE}, RegisterType::int16) == -2.0);
    CHECK(decoded({0xFFFE}, RegisterType::uint16) == 65534.0);
    CHECK(encoded(1.0, RegisterType::float64, WordOrder::abcd) == Words{0x3FF0, 0, 0, 0});
}

TEST_CASE("what is encoded decodes to the same in every type and order") {
    for (const auto type : {RegisterType::int16, RegisterType::uint16, RegisterType::int32, RegisterType::uint32,
                            RegisterType::int64, RegisterType::uint64, RegisterType::float32, RegisterType::float64})
        for (const auto order : {WordOrder::abcd, WordOrder::badc, WordOrder::cdab, WordOrder::dcba}) {
            CAPTURE(name(type), name(order));
            CHECK(decoded(encoded(12'345.0, type, order), type, order) == 12'345.0);
            CHECK(*register_type(name(type)) == type);
            CHECK(*word_order(name(order)) == order);
        }
    const auto largest = decode(encoded(std::uint64_t{0xFFFFFFFFFFFFFFFE}, RegisterType::uint64, WordOrder::cdab),
                                RegisterType::uint64, WordOrder::cdab);
    REQUIRE(largest);
    CHECK(std::get<std::uint64_t>(*largest) == 0xFFFFFFFFFFFFFFFE);
}

TEST_CASE("a register that says it has no number gives an error, unless the reader asks for it") {
    const std::vector<std::pair<RegisterType, Words>> sentinels{
        {RegisterType::int16, {0x8000}},
        {RegisterType::uint16, {0xFFFF}},
        {RegisterType::int32, {0x8000, 0}},
        {RegisterType::uint32, {0xFFFF, 0xFFFF}},
        {RegisterType::int64, {0x8000, 0, 0, 0}},
        {RegisterType::uint64, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
        {RegisterType::float32, {0x7FC0, 0}},
        {RegisterType::float32, {0x7F80, 0}},
        {RegisterType::float32, {0xFF80, 0}},
        {RegisterType::float64, {0x7FF8, 0, 0, 0}},
    };
    for (const auto& [type, words] : sentinels) {
        CAPTURE(name(type));
        const auto value = decode(words, type, WordOrder::abcd);
        REQUIRE_FALSE(value);
        CHECK(value.error().code == Errc::malformed);
        CHECK(decode(words, type, WordOrder::abcd, Sentinel::kept));
    }
    const auto split = decode(Words{1}, RegisterType::float32, WordOrder::abcd);
    REQUIRE_FALSE(split);
    CHECK(split.error().detail == "expected 2 words for float32, got 1");
}

TEST_CASE("a scale gives whole units, nearest, halves away from zero, and never wraps") {
    CHECK(*scaled(std::uint64_t{4'294'967'294}, 1'000'000) == 4'294'967'294'000'000);
    CHECK(*scaled(std::int64_t{-32'767}, 10'000) == -327'670'000);
    CHECK(*scaled(std::int64_t{9'223'372'036'854'775'807}, 1) == 9'223'372'036'854'775'807);
    CHECK(*scaled(std::int64_t{15}, 0.1) == 2);
    CHECK(*scaled(std::int64_t{-15}, 0.1) == -2);
    CHECK(*scaled(std::int64_t{14}, 0.1) == 1);
    CHECK(*scaled(39'500.25, 1000) == 39'500'250);
    CHECK(*scaled(-0.0, 1000) == 0);
    for (const double bad : {infinity, -infinity, std::nan(""), 1e300, 9.3e18}) CHECK_FALSE(scaled(bad, 1));
    CHECK_FALSE(scaled(std::uint64_t{0xFFFFFFFFFFFFFFFF}, 1));
    CHECK_FALSE(scaled(std::int64_t{9'223'372'036'854'775'807}, 2));
    CHECK_FALSE(scaled(std::int64_t{1}, infinity));
}

TEST_CASE("what a type cannot hold is not encoded") {
    CHECK_FALSE(encode(std::int64_t{32'768}, RegisterType::int16, WordOrder::abcd));
    CHECK_FALSE(encode(std::int64_t{-1}, RegisterType::uint32, WordOrder::abcd));
    CHECK_FALSE(encode(std::nan(""), RegisterType::uint64, WordOrder::abcd));
    CHECK_FALSE(encode(0x1p64, RegisterType::uint64, WordOrder::abcd));
    CHECK(encode(32'767.4, RegisterType::int16, WordOrder::abcd));
}

TEST_CASE("a word that is no type or order is answered with those that are") {
    CHECK(register_type("float").error().detail ==
          "type \"float\" is none of int16, uint16, int32, uint32, int64, uint64, float32, float64");
    CHECK(word_order("big").error().detail == "order \"big\" is none of abcd, badc, cdab, dcba");
}
