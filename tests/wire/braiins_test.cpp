#include "wire/braiins.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

#include <cmath>

using namespace ballast;
using namespace ballast::wire::braiins;
using namespace std::chrono_literals;
using wire::cgminer::Parser;

namespace {

// The shapes of 25.07's replies, in few words; the whole ones are among the captures.
const std::string details_text = R"({"status":2,"mac_address":"02:ee:da:a9:b6:4a","hostname":"Antminer","uid":"uUTHH0m8","bosminer_uptime_s":69685,)"
                                 R"("bos_version":{"current":"25.07-plus"},"miner_identity":{"miner_model":"Antminer S19 XP"},"sticker_hashrate":{"gigahash_per_second":141000.0}})";
const std::string stats_text = R"({"miner_stats":{"nominal_hashrate":{"gigahash_per_second":142876.5},"real_hashrate":{"last_5s":{"gigahash_per_second":141463.5},"last_15m":{"gigahash_per_second":142751.9}}},)"
                               R"("power_stats":{"approximated_consumption":{"watt":3137}}})";
const std::string pools_text = R"([{"name":"a","pools":[{"url":"stratum+tcp://one:3333","enabled":true,"alive":true,"active":true},{"url":"two","enabled":true,"alive":false}]},{"pools":[{"url":"three"}]}])";

Result<Stats> stats_of(std::string_view body) {
    Parser parser;
    return parse_stats(parser, body);
}

std::string words_of(std::string_view body) {
    Parser parser;
    return error_text(parser, body);
}

}  // namespace

TEST_CASE("Braiins: a login asks with the words as they are, and gives a token") {
    CHECK(login_body("root", "pa\"ss\\\n") == R"({"username":"root","password":"pa\"ss\\\n"})");
    CHECK(login_body("root", "") == R"({"username":"root","password":""})");
    Parser parser;
    const auto login = parse_login(parser, R"({"token":"e8dLUPYcLqfwzpQ2","timeout_s":3600})");
    REQUIRE(login);
    CHECK(login->token == "e8dLUPYcLqfwzpQ2");
    CHECK(login->lives == 3'600s);
    CHECK_FALSE(parse_login(parser, R"({"token":"x","timeout_s":-1})")->lives);
    CHECK(parse_login(parser, R"({"token":"x"})")->token == "x");
}

TEST_CASE("Braiins: a token that could break a header, was cut off or is endless is none, and no error quotes it") {
    Parser parser;
    const std::string endless = R"({"token":")" + std::string(1'025, 'x') + "\"}";
    for (const std::string& body : {std::string{R"({"token":"SECRET\r\nX: y"})"}, std::string{R"({"token":"SECRET two"})"}, std::string{R"({"token":"SECRET)"}, std::string{R"({"token":"SECRET"})"}.substr(0, 17),
                                    std::string{R"({"token":""})"}, std::string{R"({"token":7})"}, std::string{"SECRET"}, std::string{"<html>SECRET</html>"}, std::string{}, endless}) {
        CAPTURE(body);
        const auto login = parse_login(parser, body);
        REQUIRE_FALSE(login);
        CHECK(login.error().code == Errc::malformed);
        CHECK(login.error().detail.find("SECRET") == std::string::npos);
    }
    CHECK(parse_login(parser, std::string(70'000, ' ')).error().code == Errc::oversized);
}

TEST_CASE("Braiins: details say who it is and what it says it does") {
    Parser parser;
    const auto details = parse_details(parser, details_text);
    REQUIRE(details);
    CHECK(details->status == Status::normal);
    CHECK(details->mac == 0x02eedaa9b64au);
    CHECK(details->model == "Antminer S19 XP");
    CHECK(details->firmware == "25.07-plus");
    CHECK(details->sticker_gigahashes == 141'000.0);
    CHECK(details->uptime == 69'685s);
    CHECK(parse_details(parser, R"({"status":3})")->status == Status::paused);
    CHECK(parse_details(parser, R"({"status":"3"})")->status == Status::paused);
    for (const char* odd : {R"({"status":0})", R"({"status":6})", R"({"status":-1})", R"({"status":99999999999})"}) CHECK(parse_details(parser, odd)->status == Status::other);
    for (const char* none : {"{}", R"({"status":null})", R"({"status":2.5})", R"({"status":"paused"})", "[]", "true", "", "<html>"}) CHECK(parse_details(parser, none).error().code == Errc::malformed);
    const auto bare = parse_details(parser, R"({"status":2,"mac_address":7,"bos_version":"x","miner_identity":[],"sticker_hashrate":{"gigahash_per_second":-1},"bosminer_uptime_s":"a"})");
    REQUIRE(bare);
    CHECK_FALSE(bare->mac);
    CHECK_FALSE(bare->sticker_gigahashes);
    CHECK_FALSE(bare->uptime);
}

TEST_CASE("Braiins: stats tell the newest hashing there is, and watts that are within belief") {
    const auto stats = stats_of(stats_text);
    REQUIRE(stats);
    CHECK(stats->gigahashes == 141'463.5);
    CHECK(stats->mean_gigahashes == 142'751.9);
    CHECK(stats->nominal_gigahashes == 142'876.5);
    CHECK(stats->approximate_power == Power{3'137});
    CHECK(stats_of(R"({"miner_stats":{"real_hashrate":{"last_1m":{"gigahash_per_second":5},"last_15s":{"gigahash_per_second":0}}}})")->gigahashes == 0.0);
    CHECK(stats_of(R"({"miner_stats":{"real_hashrate":{"last_1m":{"gigahash_per_second":"5"}}}})")->gigahashes == 5.0);
    const auto power_only = stats_of(R"({"miner_stats":null,"power_stats":{"approximated_consumption":{"watt":0}}})");
    REQUIRE(power_only);
    CHECK(power_only->approximate_power == Power{0});
    CHECK_FALSE(power_only->gigahashes);
    for (const char* watts : {"-1", "1e9", "null", "\"much\"", "[]"})
        CHECK_FALSE(stats_of(std::string{R"({"miner_stats":{"real_hashrate":{"last_5s":{"gigahash_per_second":1}}},"power_stats":{"approximated_consumption":{"watt":)"} + watts + "}}}")->approximate_power);
    for (const char* none : {"{}", R"({"miner_stats":{}})", R"({"miner_stats":{"real_hashrate":{"last_5s":{"gigahash_per_second":-3}}}})", R"({"power_stats":7})", "false", ""})
        CHECK(stats_of(none).error().code == Errc::malformed);
}

TEST_CASE("Braiins: pools of all groups are listed") {
    Parser parser;
    const auto pools = parse_pools(parser, pools_text);
    REQUIRE(pools);
    REQUIRE(pools->size() == 3);
    CHECK(pools->at(0).url == "stratum+tcp://one:3333");
    CHECK((pools->at(0).enabled && pools->at(0).alive && pools->at(0).active));
    CHECK_FALSE(pools->at(1).alive);
    CHECK_FALSE(pools->at(2).enabled);
    CHECK(parse_pools(parser, "[]")->empty());
    CHECK(parse_pools(parser, R"([7,{"pools":"x"},{"pools":[null]}])")->empty());
    for (const char* none : {R"({"pools":[]})", "7", "", "x"}) CHECK_FALSE(parse_pools(parser, none));
    CHECK(parse_pools(parser, std::string(wire::cgminer::most_bytes, '[')).error().code == Errc::oversized);
}

TEST_CASE("Braiins: what answers an action is the API's own, and no page") {
    for (const char* own : {"true", "false", " true\n", "", "null", R"({"already_paused":true})"}) CHECK(is_action_reply(own));
    for (const char* other : {"<html>", "OK", "[true]", "\"true\"", "truer"}) CHECK_FALSE(is_action_reply(other));
}

TEST_CASE("Braiins: an error's words are shown, pages and the rest are not") {
    CHECK(words_of(R"({"message":"power target out of range"})") == "power target out of range");
    CHECK(words_of(R"({"error":"no"})") == "no");
    CHECK(words_of(R"({"error":{"code":7,"message":"inner"}})") == "inner");
    CHECK(words_of("Unauthorized\nmore") == "Unauthorized");
    CHECK(words_of(R"({"message":"a\u0007b"})") == "a?b");
    CHECK(words_of(std::string(500, 'x')).size() == 120);
    for (const char* none : {"", "  ", "<!doctype html>", "{}", R"({"message":7})", "{"}) CHECK(words_of(none).empty());
}

TEST_CASE("Braiins: the allowed range of a power target is read from the words of its refusal") {
    const std::optional range{PowerRange{Power{1'700}, Power{6'500}}};
    for (const char* words :
         {"allowed 1700–6500 W", "allowed 1700-6500 W", "allowed 1700 W – 6500 W", "Power target 900 is out of range (1700..=6500)", "power target out of range: 1700..6500", "must be in [1700, 6500]", "must be in [1700,6500]",
          "S19: requested 900 W, allowed range 1700 to 6500 watts", "between 1700 W and 6500 W", "min: 1700, max: 6500", "min 1700 W; max 6500 W", "minimum: 1700 and maximum: 6500",
          R"({"min":{"watt":1700},"max":{"watt":6500}})", "allowed 1700.2 - 6499.9 W", "12 is too little, (1700 ~ 6500)", "hashrate 80-140 TH, power 1700-6500 W"}) {
        CAPTURE(words);
        CHECK(allowed_range(words) == range);
    }
}

TEST_CASE("Braiins: where the range is in doubt there is none") {
    for (const char* words : {"", "out of range", "at most 6500 W", "6500", "requested 900, allowed 6500 W", "6500-1700 W", "1700-1700 W", "0-6500 W", "-1700-6500 W", "1700-650000 W", "1.7-6.5 kW", "80-140 TH", "20-100 %",
                              "[1,700]", "1,700 W", "192.168.0.1", "900 and 1700", "900, 1700", "S19-21", "99999999999999999999999999999999-999999999999999999999999999999999999", "12-", "1700–", "\xff\xfe 7"}) {
        CAPTURE(words);
        CHECK_FALSE(allowed_range(words));
    }
    CHECK_FALSE(allowed_range(std::string(3'000, ' ') + "1700-6500 W"));
    CHECK_FALSE(allowed_range(std::string(400'000, '9')));
}

TEST_CASE("Braiins: the cgminer API says that it was paused, and estimates") {
    Parser parser;
    CHECK(paused_or_resumed(*parser.parse(R"({"STATUS":[{"STATUS":"S","Code":1,"Msg":"ok"}],"PAUSE":[true],"id":1})")));
    CHECK(paused_or_resumed(*parser.parse(R"({"RESUME":[true]})")));
    CHECK_FALSE(paused_or_resumed(*parser.parse(R"({"STATUS":[{"STATUS":"E","Code":14,"Msg":"invalid command"}],"id":1})")));
    CHECK_FALSE(paused_or_resumed(*parser.parse(R"({"STATUS":[{"STATUS":"E","Code":45,"Msg":"Access denied"}],"PAUSE":[true]})")));
    CHECK_FALSE(paused_or_resumed(*parser.parse("{}")));
    CHECK(tuner_power(*parser.parse(R"({"TUNERSTATUS":[{"ApproximateMinerPowerConsumption":1234}]})")) == Power{1'234});
    CHECK_FALSE(tuner_power(*parser.parse(R"({"TUNERSTATUS":[]})")));
    CHECK_FALSE(tuner_power(*parser.parse(R"({"TUNERSTATUS":[{"ApproximateMinerPowerConsumption":-4}]})")));
}

TEST_CASE("Braiins: every capture gives its values to its own reader, and nothing wrong to another's") {
    const auto folder = captures("braiins");
    if (!folder) return;
    Parser parser;
    const auto text = [&](const char* name) { return file_text(*folder / "v25_07" / name); };
    int seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator{*folder / "v25_07"}) {
        CAPTURE(entry.path().string());
        const std::string name = entry.path().filename().string(), body = file_text(entry.path());
        ++seen;
        CHECK_FALSE(parse_login(parser, body));
        CHECK(parse_details(parser, body).has_value() == (name == "miner_details.json"));
        CHECK(parse_stats(parser, body).has_value() == (name == "miner_stats.json"));
        CHECK(parse_pools(parser, body).has_value() == (name == "pools.json"));
        CHECK_FALSE(allowed_range(body));
        error_text(parser, body);
    }
    CHECK(seen == 11);
    CHECK(is_action_reply(text("actions_locate.json")));
    const auto details = parse_details(parser, text("miner_details.json"));
    REQUIRE(details);
    CHECK(details->status == Status::normal);
    CHECK(details->mac == 0x02eedaa9b64au);
    CHECK(details->model == "Antminer S19 XP");
    CHECK(details->firmware == "2025-08-06-0-3881c51d-25.07-plus");
    CHECK(details->hostname == "Antminer");
    CHECK(details->uid == "uUTHH0m8zu3DAak8");
    CHECK(details->sticker_gigahashes == 141'000.0);
    CHECK(details->uptime == 69'685s);
    const auto stats = parse_stats(parser, text("miner_stats.json"));
    REQUIRE(stats);
    CHECK(std::llround(stats->gigahashes.value()) == 141'464);
    CHECK(std::llround(stats->mean_gigahashes.value()) == 142'752);
    CHECK(std::llround(stats->nominal_gigahashes.value()) == 142'877);
    CHECK(stats->approximate_power == Power{3'137});
    const auto pools = parse_pools(parser, text("pools.json"));
    REQUIRE(pools);
    REQUIRE(pools->size() == 2);
    CHECK(pools->at(0).active);
    CHECK(pools->at(1).alive);
    CHECK_FALSE(pools->at(1).active);
}

TEST_CASE("Braiins: mutated bodies never crash") {
    Parser parser;
    std::mt19937_64 random{25};
    const std::string refusal = "Power target 900 W is out of range, allowed 1700-6500 W (min: 1700, max: 6500)";
    int parsed = 0;
    for (int round = 0; round < 4'000; ++round) {
        for (const std::string* said : {&details_text, &stats_text, &pools_text, &refusal}) {
            const std::string body = mutated(*said, random);
            CAPTURE(body);
            parsed += parse_details(parser, body).has_value() + parse_stats(parser, body).has_value() + parse_pools(parser, body).has_value();
            parse_login(parser, body);
            is_action_reply(body);
            error_text(parser, body);
            if (const auto range = allowed_range(body)) CHECK((range->least > Power{0} && range->least < range->most && range->most <= Power{100'000}));
        }
    }
    CHECK(parsed > 2'000);
}

TEST_CASE("the power target of a tuner is its own where it tunes to one, and nothing where it tunes to a hash rate or not at all") {
    Parser parser;
    const auto target = [&](std::string_view tuner) { return parse_power_target(parser, R"({"pool_groups":[],"tuner":)" + std::string{tuner} + "}"); };
    CHECK(target(R"({"enabled":true,"hashrate_target":null,"power_target":{"watt":3031},"tuner_mode":1})").value() == Power{3'031});
    CHECK(target(R"({"enabled":true,"power_target":null})").value() == std::nullopt);
    CHECK(target(R"({"enabled":false,"power_target":{"watt":3031}})").value() == std::nullopt);
    CHECK(target(R"({"enabled":true,"power_target":{"watt":-1}})").value() == std::nullopt);
    for (const char* body : {"", "{}", "[]", R"({"tuner":null})", "<html>"}) CHECK(parse_power_target(parser, body).error().code == Errc::malformed);
    CHECK(power_target_body(Power{2'400}) == R"({"watt":2400})");
}
