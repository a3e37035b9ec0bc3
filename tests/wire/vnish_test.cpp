#include "wire/vnish.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::vnish;

namespace {

// Written from shared/facts/asic.md, section 1.6, and a description of VNish 1.2.6: nobody has captured one for us.
const std::string mining =
    R"({"miner":{"miner_status":{"miner_state":"mining","miner_state_time":3600},"miner_type":"Antminer S19, Vnish 1.2.6","average_hashrate":95.1,"instant_hashrate":96.2,"hr_realtime":96210.5,"hr_average":95120.0,"power_consumption":3250,"power_usage":3250,"power_efficiency":33.8,"chains":[{"id":1}]}})";
const std::string about = R"({"miner":"Antminer S19","fw_name":"Vnish","system":{"network_status":{"mac":"FE:07:26:3C:BE:1B","dhcp":true}}})";

}  // namespace

TEST_CASE("a VNish's summary gives its state, its watts and its hashing") {
    cgminer::Parser parser;
    const auto summary = parse_summary(parser, mining);
    REQUIRE(summary);
    CHECK(summary->state == "mining");
    CHECK_FALSE(summary->stopped());
    CHECK(summary->power == Power{3'250});
    CHECK(summary->gigahashes == 96'210.5);
    CHECK(parse_summary(parser, R"({"miner":{"miner_status":{"miner_state":"Stopped"}}})")->stopped());
    CHECK_FALSE(parse_summary(parser, R"({"miner":{"miner_status":{"miner_state":"paused"}}})")->stopped());
}

TEST_CASE("of two members that may mean watts, or hashing, the greater counts") {
    cgminer::Parser parser;
    const auto of = [&](const std::string& fields) { return *parse_summary(parser, R"({"miner":{)" + fields + "}}"); };
    CHECK(of(R"("power_usage":29.5,"power_consumption":3250)").power == Power{3'250});
    CHECK(of(R"("power_usage":3250)").power == Power{3'250});
    CHECK(of(R"("power_consumption":0,"power_usage":0)").power == Power{0});
    CHECK_FALSE(of(R"("hr_realtime":0,"power_usage":-1)").power);
    CHECK(of(R"("instant_hashrate":96.2)").gigahashes == 96'200);
    CHECK(of(R"("hr_realtime":0,"instant_hashrate":0.0)").gigahashes == 0);
    CHECK_FALSE(of(R"("power_usage":1,"hr_realtime":"fast")").gigahashes);
}

TEST_CASE("a token can stand in a header, or is none") {
    cgminer::Parser parser;
    CHECK(unlock_order("a\"b") == R"({"pw":"a\"b"})");
    CHECK(*parse_token(parser, R"({"token":"OwpWakIHG7ZE7xg7MGd6uL6UWOMeIzgW"})") == "OwpWakIHG7ZE7xg7MGd6uL6UWOMeIzgW");
    for (const std::string& body : {std::string{}, std::string{"{}"}, std::string{R"({"token":""})"}, std::string{R"({"token":7})"}, std::string{R"({"token":"a b"})"}, std::string{R"({"token":"a\r\nX: y"})"},
                                    std::string{R"({"token":"é"})"}, std::string{R"({"token":"secret-half)"}, R"({"token":")" + std::string(257, 'x') + "\"}", std::string{"secret-half"}}) {
        CAPTURE(body);
        const auto token = parse_token(parser, body);
        REQUIRE_FALSE(token);
        CHECK(token.error().detail.find("secret") == std::string::npos);
    }
}

TEST_CASE("a VNish tells who it is") {
    cgminer::Parser parser;
    CHECK(parse_info(parser, about)->mac == 0xfe07263cbe1b);
    CHECK(parse_info(parser, about)->model == "Antminer S19");
    CHECK(parse_info(parser, R"({"fw_name":"AnthillOS","fw_version":"1.2.6","serial":"SMTT1"})")->firmware == "AnthillOS 1.2.6");
    CHECK(parse_info(parser, R"({"serial":"SMTT1"})")->serial == "SMTT1");
    for (const char* body : {"{}", R"({"system":null})", R"({"system":{"network_status":[]}})", R"({"system":{"network_status":{"mac":"N/A"}}})"}) CHECK_FALSE(parse_info(parser, body)->mac);
    CHECK(parse_info(parser, "<html>").error().code == Errc::malformed);
}

TEST_CASE("a VNish tells its state to all") {
    cgminer::Parser parser;
    CHECK(parse_status(parser, R"({"miner_state":"stopped","unlocked":false})") == "stopped");
    for (const char* body : {"{}", "", "<html>", R"({"miner_state":7})"}) CHECK_FALSE(parse_status(parser, body));
}

TEST_CASE("an order's reply is a yes, a no with its words, or neither") {
    cgminer::Parser parser;
    for (const char* body : {"", "\r\n", "null", "{}", R"({"success":true})"}) CHECK(parse_order_reply(parser, body));
    CHECK(parse_order_reply(parser, R"({"err":"Busy"})").error().detail == "Busy");
    CHECK(parse_order_reply(parser, R"({"success":false})").error().code == Errc::refused);
    for (const char* body : {"OK", "[]", R"({"success":)", "\x01"}) {
        CAPTURE(body);
        CHECK(parse_order_reply(parser, body).error().code == Errc::malformed);
    }
    CHECK(error_words(parser, R"({"err":"Busy"})") == "Busy");
    CHECK(error_words(parser, "Busy").empty());
}

TEST_CASE("what tells of no miner is no summary, with a reason") {
    cgminer::Parser parser;
    for (const char* body : {"", "null", "{}", R"({"miner":null})", R"({"miner":{}})", R"({"miner":[]})", "<html>", "\xff"}) {
        CAPTURE(body);
        CHECK(parse_summary(parser, body).error().code == Errc::malformed);
    }
    CHECK(parse_summary(parser, std::string(cgminer::most_bytes + 1, ' ')).error().code == Errc::oversized);
}

TEST_CASE("a VNish's mutated answers never crash, and stay within bounds") {
    cgminer::Parser parser;
    std::mt19937_64 random{13};
    for (int round = 0; round < 20'000; ++round) {
        (void)parse_info(parser, mutated(about, random));
        if (const auto token = parse_token(parser, mutated(R"({"token":"OwpWakIHG7ZE7xg7"})", random))) REQUIRE(token->find_first_of(" \r\n") == std::string::npos);
        const std::string bytes = mutated(mining, random);
        (void)parse_order_reply(parser, bytes);
        const auto summary = parse_summary(parser, bytes);
        if (!summary) continue;
        REQUIRE(summary->power.value_or(Power{0}) >= Power{0});
        REQUIRE(summary->power.value_or(Power{0}) <= Power{100'000});
        REQUIRE(summary->gigahashes.value_or(0) >= 0);
    }
}

TEST_CASE("a throttle is a whole number of per cent") { CHECK(throttle_order(75) == R"({"percent":75})"); }
