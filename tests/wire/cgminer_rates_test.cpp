#include "wire/cgminer_rates.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::cgminer;

namespace {

std::optional<double> summary_of(Parser& parser, std::string_view fields) { return recent_gigahashes(*parser.parse(R"({"STATUS":[{"STATUS":"S","Code":11}],"SUMMARY":[{)" + std::string{fields} + "}]}")); }
std::optional<double> devices_of(Parser& parser, std::string_view devices) { return devices_gigahashes(*parser.parse(R"({"STATUS":[{"STATUS":"S","Code":9}],"DEVS":)" + std::string{devices})); }

}  // namespace

TEST_CASE("the rate of the shortest window counts, in any unit, and never the mean since the start") {
    Parser parser;
    CHECK(summary_of(parser, R"("MHS av":9,"MHS 5s":2000,"MHS 1m":5000)") == 2.0);
    CHECK(summary_of(parser, R"("MHS 5m":3000,"MHS 1m":2000,"MHS 15m":9)") == 2.0);
    CHECK(summary_of(parser, R"("GHS 5s":"411543.88")") == 411'543.88);
    CHECK(summary_of(parser, R"("THS 30s":2)") == 2'000.0);
    CHECK(summary_of(parser, R"("KHS 20s":1000000)") == 1.0);
    CHECK(summary_of(parser, R"("MHS 5s":"inf","MHS 1m":1000)") == 1.0);
    CHECK(summary_of(parser, R"("MHS 5s":0.00,"MHS av":90000)") == 0.0);
    for (const char* none : {"", R"("MHS av":9)", R"("MHS 15m":9)", R"("MHS 1h":9)", R"("MHS 5":9)", R"("MHS s":9)", R"("MHS 5ss":9)", R"("MHS -5s":9)", R"("MHS 99999999999s":9)", R"("PHS 5s":9)", R"("MHS5s":9)", R"("MHS 5s":-1)",
                             R"("MHS 5s":1e300)", R"("MHS ":9)"}) {
        CAPTURE(none);
        CHECK_FALSE(summary_of(parser, none));
    }
    CHECK(summary_of(parser, R"("MHS 2m":9000,"MHS 60m":1)") == 9.0);
}

TEST_CASE("devices count that are alive and not disabled") {
    Parser parser;
    CHECK(devices_of(parser, R"([{"ASC":0,"Enabled":"Y","Status":"Alive","MHS 5s":1000},{"ASC":1,"MHS 20s":2000},{"ASC":2,"Enabled":"N","MHS 5s":4000},{"ASC":3,"Status":"Dead","MHS 5s":8000},7]})") == 3.0);
    CHECK(devices_of(parser, R"([{"Status":"Sick","MHS 5s":1000}]})") == 0.0);
    CHECK_FALSE(devices_of(parser, R"([{"Status":"Alive","MHS av":1000}]})"));
    CHECK_FALSE(devices_of(parser, "[]}"));
    CHECK_FALSE(devices_of(parser, R"([{"MHS 5s":0},{"MHS 5s":)"));
}

TEST_CASE("rates are found in cgminer's text form too") {
    Parser parser;
    const auto reply = parser.parse("STATUS=S,When=1359591255,Code=11,Msg=Summary,Description=cgminer 2.10.4|SUMMARY,Elapsed=1683,MHS av=67537.13,MHS 5s=64000,Found Blocks=0|");
    REQUIRE(reply);
    CHECK(recent_gigahashes(*reply) == 64.0);
}

TEST_CASE("every summary among the captures tells a rate, or none") {
    for (const char* make : {"luxminer", "whatsminer"}) {
        const auto folder = captures(make);
        if (!folder) return;
        Parser parser;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{*folder})
            if (entry.is_regular_file())
                if (const auto reply = parser.parse(file_text(entry.path()))) {
                    CAPTURE(entry.path());
                    CHECK(recent_gigahashes(*reply).value_or(1) > 0);
                    CHECK(devices_gigahashes(*reply).value_or(1) > 0);
                }
    }
}

TEST_CASE("mutated rates never crash, and stay within bounds") {
    Parser parser;
    std::mt19937_64 random{17};
    const std::string summary = R"({"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"MHS av":9,"MHS 5s":2000,"MHS 1m":5000,"MAC":"C4:11:04:01:02:03"}]})", devices = R"({"DEVS":[{"Status":"Alive","MHS 5s":1000},{"MHS 20s":2000}]})";
    for (int round = 0; round < 20'000; ++round) {
        if (const auto reply = parser.parse(mutated(summary, random))) {
            REQUIRE(recent_gigahashes(*reply).value_or(0) >= 0);
            (void)summary_mac(*reply);
        }
        if (const auto reply = parser.parse(mutated(devices, random))) REQUIRE(devices_gigahashes(*reply).value_or(0) >= 0);
    }
}
