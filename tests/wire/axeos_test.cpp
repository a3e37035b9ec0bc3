#include "wire/axeos.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::axeos;

namespace {

const std::string newer =
    R"({"power":17.63,"voltage":5100,"current":14200,"hashRate":1101.5,"hashRate_10m":1090.25,"hashRate_1h":1080,"miningPaused":false,"macAddr":"24:58:7c:00:11:22","version":"v2.14.0"})";

}  // namespace

TEST_CASE("a Bitaxe's capture gives who it is, its watts and its hashing, and no pause, which it does not know") {
    const auto folder = captures("bitaxe");
    if (!folder) return;
    cgminer::Parser parser;
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{*folder})
        if (entry.is_regular_file()) {
            ++files;
            CAPTURE(entry.path());
            const auto info = parse_info(parser, file_text(entry.path()));
            REQUIRE(info);
            CHECK(info->mac == 0xaabbccddeeff);
            CHECK(info->power == Power{3});
            CHECK(info->gigahashes == 1000);
            CHECK(info->mean_gigahashes == 1000);
            CHECK_FALSE(info->paused);
            CHECK(info->version == "v2.4.5-3-gb5d1e36-dirty");
        }
    CHECK(files == 1);
}

TEST_CASE("newer AxeOS tells a mean, and whether it is paused") {
    cgminer::Parser parser;
    const auto info = parse_info(parser, newer);
    REQUIRE(info);
    CHECK(info->power == Power{18});
    CHECK(info->gigahashes == 1101.5);
    CHECK(info->mean_gigahashes == 1090.25);
    CHECK(info->paused == false);
    for (const char* text : {"true", "1", "\"true\""}) CHECK(parse_info(parser, R"({"hashRate":0,"miningPaused":)" + std::string{text} + "}")->paused == true);
    for (const char* text : {"null", "\"yes\"", "[]"}) CHECK_FALSE(parse_info(parser, R"({"hashRate":0,"miningPaused":)" + std::string{text} + "}")->paused);
}

TEST_CASE("what a Bitaxe cannot mean is nothing") {
    cgminer::Parser parser;
    for (const char* text : {"0", "-1", "1e9", "null", "\"NaN\"", "{}"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_info(parser, R"({"macAddr":"24:58:7c:00:11:22","power":)" + std::string{text} + "}")->power);
    }
    CHECK(parse_info(parser, R"({"hashRate":1,"power":"12.4"})")->power == Power{12});
    CHECK(parse_info(parser, R"({"hashRate":1,"power":0.2})")->power == Power{0});
    CHECK_FALSE(parse_info(parser, R"({"hashRate":-5,"power":3})")->gigahashes);
    CHECK_FALSE(parse_info(parser, R"({"hashRate":0,"power":3})")->mean_gigahashes);
    CHECK_FALSE(parse_info(parser, R"({"hashRate":0,"macAddr":"00:00:00:00:00:00"})")->mac);
}

TEST_CASE("no AxeOS, no JSON and too much of it are rejected with a reason") {
    cgminer::Parser parser;
    for (const char* body : {"", "null", "[]", "{}", "<html>", R"({"error":"not found"})", R"({"power":0})", "\xff\xfe"}) {
        CAPTURE(body);
        const auto info = parse_info(parser, body);
        REQUIRE_FALSE(info);
        CHECK(info.error().code == Errc::malformed);
        CHECK(info.error().detail.starts_with("system/info: "));
    }
    CHECK(parse_info(parser, std::string(cgminer::most_bytes + 1, ' ')).error().code == Errc::oversized);
}

TEST_CASE("a Bitaxe's mutated telemetry never crashes, and stays within bounds") {
    cgminer::Parser parser;
    std::mt19937_64 random{7};
    for (int round = 0; round < 20'000; ++round) {
        const auto info = parse_info(parser, mutated(newer, random));
        if (!info) continue;
        REQUIRE(info->power.value_or(Power{0}) >= Power{0});
        REQUIRE(info->power.value_or(Power{0}) <= Power{100'000});
        REQUIRE(info->gigahashes.value_or(0) >= 0);
        REQUIRE(info->version.size() <= 64);
    }
}
