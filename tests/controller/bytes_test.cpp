#include "controller/bytes.hpp"
#include "tests/catch.hpp"

#include <limits>
#include <random>
#include <vector>

using namespace ballast;

TEST_CASE("every 64-bit number, signed or not, comes back from its varint") {
    std::mt19937_64 random{1};
    std::vector<std::uint64_t> values{0, 1, 127, 128, 16'383, 16'384, UINT64_MAX, UINT64_MAX - 1, 1ull << 63};
    for (int i = 0; i < 2'000; ++i) values.push_back(random() >> (random() % 64));
    for (const std::uint64_t v : values) {
        std::string bytes;
        Writer writer{bytes};
        writer.number(v);
        writer.integer(static_cast<std::int64_t>(v));
        Reader reader{bytes};
        CHECK(reader.number() == v);
        CHECK(reader.integer() == static_cast<std::int64_t>(v));
        CHECK((reader.ok() && reader.at_end()));
    }
}

TEST_CASE("every pair of times has one code, and for ever takes one byte") {
    const std::vector<std::int64_t> times{0, 1, -1, 1'700'000'000'000, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1};
    for (const auto base : times)
        for (const auto at : times) CHECK(unpack_time(pack_time(at, base), base) == at);
    CHECK(pack_time(INT64_MAX, 1'700'000'000'000) == 0);
    CHECK(pack_time(1'700'000'000'040, 1'700'000'000'000) < 128);
}

TEST_CASE("a reader past its end, or given an overlong or oversized number, fails for good and answers zero") {
    Reader empty{""};
    CHECK(empty.number() == 0);
    CHECK(!empty.ok());
    Reader overlong{std::string_view{"\x81\x00\x05", 3}};
    CHECK(overlong.number() == 0);
    CHECK(!overlong.ok());
    CHECK(overlong.byte() == 0);
    Reader huge{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"};
    CHECK(huge.number() == 0);
    CHECK(!huge.ok());
    Reader text{std::string_view{"\x05" "abc", 4}};
    CHECK(text.text().empty());
    CHECK(!text.ok());
}

TEST_CASE("ranges come back whatever their ends") {
    for (const Range r : {Range{0, 0}, Range{0, 10'000}, Range{7, 3}, Range{UINT32_MAX, 0}, Range{0, UINT32_MAX}}) {
        std::string bytes;
        Writer{bytes}.range(r);
        Reader reader{bytes};
        CHECK(reader.range() == r);
        CHECK((reader.ok() && reader.at_end()));
    }
}
