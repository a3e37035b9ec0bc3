#include "sim/feeds/decimal.hpp"
#include "tests/catch.hpp"

#include <string>

using namespace ballast::sim;

TEST_CASE("a decimal number becomes whole millionths, exactly") {
    struct Row {
        std::string text;
        std::int64_t count;
        bool rounded;
    };
    const auto row = GENERATE(values<Row>({{"0", 0, false},
                                           {"13.8825", 13'882'500, false},
                                           {"-0.2825", -282'500, false},
                                           {"+3", 3'000'000, false},
                                           {".5", 500'000, false},
                                           {"5.", 5'000'000, false},
                                           {"0.1", 100'000, false},
                                           {"999.999999", 999'999'999, false},
                                           {"59.549110000000", 59'549'110, false},
                                           {"0.0000004", 0, true},
                                           {"0.0000005", 1, true},
                                           {"-0.0000005", -1, true},
                                           {"0.00000049999999999999999999999999", 0, true},
                                           {"1.23456789012345678901234567890", 1'234'568, true},
                                           {"1e-05", 10, false},
                                           {"-1.5E+2", -150'000'000, false},
                                           {"1e3", 1'000'000'000, false},
                                           {"000000000000000000000000000000000007", 7'000'000, false},
                                           {"0e999", 0, false},
                                           {"1e-999", 0, true}}));
    CAPTURE(row.text);
    const auto parsed = parse_decimal(row.text);
    REQUIRE(parsed);
    CHECK(parsed->count == row.count);
    CHECK(parsed->rounded == row.rounded);
}

TEST_CASE("what is not a decimal number is refused") {
    const auto text = GENERATE(values<std::string>({"", "-", "+", ".", "abc", "1,000", "1.2.3", "0x10", "nan", "NaN", "inf", " 1", "1 ", "1e", "1e+",
                                                    "1e1000", "e5", "--1", "1-", "1e15", "999999999999999999999", std::string(65, '1'),
                                                    std::string("1\0", 2)}));
    CAPTURE(text);
    CHECK(!parse_decimal(text));
}
