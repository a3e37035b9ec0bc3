#include "wire/antminer.hpp"

#include "tests/catch.hpp"

#include <random>

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::antminer;

namespace {

// Written from shared/facts/asic.md, section 1.2: nobody has captured a stock Antminer for us.
const std::string summary_text =
    R"({"STATUS":{"STATUS":"S","Msg":"summary"},"INFO":{"type":"Antminer S19k Pro"},"SUMMARY":[{"elapsed":3600,"rate_5s":119873.4,"rate_30m":"120110.25","rate_avg":120004,"rate_unit":"GH/s","status":[{"type":"rate","status":"s","code":0,"msg":""},{"type":"temp","status":"w","code":7,"msg":"too hot"},{"type":"fans","status":"e","code":1,"msg":"fan 2 lost"}]}]})";

const std::string stats_text =
    R"({"STATUS":{"STATUS":"S"},"STATS":[{"rate_unit":"GH/s","chain_num":3,"fan_num":4,"fan":[5880,"5760",null,0],"miner-mode":0,"chain":[{"index":0,"rate_real":40012.5,"asic_num":77,"temp_pcb":[52,50,61,0],"temp_chip":["68","",71,9999]},{"index":1,"rate_real":"39955","asic_num":"77","temp_pcb":[],"temp_chip":[]},{"index":2,"rate_real":-1,"asic_num":-5,"temp_pcb":"47"}]}]})";

}  // namespace

TEST_CASE("a summary gives rates with their unit, and the firmware's own checks") {
    cgminer::Parser parser;
    const auto said = parse_summary(parser, summary_text);
    REQUIRE(said);
    CHECK_FALSE(said->empty);
    CHECK(said->rate_5s == 119873.4);
    CHECK(said->rate_30m == 120110.25);
    CHECK(said->rate_average == 120004.0);
    CHECK(said->unit == "GH/s");
    REQUIRE(said->checks.size() == 3);
    CHECK(said->checks[0].status == 's');
    CHECK(said->checks[1].type == "temp");
    CHECK(said->checks[2].status == 'e');
    CHECK(said->checks[2].message == "fan 2 lost");
    CHECK(parse_summary(parser, R"({"SUMMARY":[{}],"status":[{"type":"rate","status":"maybe"},7]})")->checks.at(0).status == '?');
    const auto odd = parse_summary(parser, R"({"SUMMARY":[{"rate_5s":-1,"rate_30m":"fast","rate_avg":1e999,"rate_unit":5,"status":"s"}]})");
    REQUIRE(odd);
    CHECK_FALSE(odd->rate_5s);
    CHECK_FALSE(odd->rate_30m);
    CHECK_FALSE(odd->rate_average);
    CHECK(odd->unit.empty());
}

TEST_CASE("rates of every usual unit are GH/s, and those that count no hashes are none") {
    CHECK(gigahashes(120, "") == 120.0);
    CHECK(gigahashes(120, "GH/s") == 120.0);
    CHECK(gigahashes(120, "TH/s") == 120'000.0);
    CHECK(gigahashes(9'500, "MH/s") == 9.5);
    CHECK(gigahashes(1, "GHS") == 1.0);
    CHECK(gigahashes(2, "ph/s") == 2e6);
    CHECK(gigahashes(1e9, "H/s") == 1.0);
    for (const char* odd : {"KSol/s", "/s", "s", "XH/s", "G", "TTH/s", "MB/s"}) {
        CAPTURE(odd);
        CHECK_FALSE(gigahashes(1, odd));
    }
}

TEST_CASE("stats give boards, fans and the mode") {
    cgminer::Parser parser;
    const auto said = parse_stats(parser, stats_text);
    REQUIRE(said);
    CHECK_FALSE(said->repaired);
    CHECK(said->mode == WorkMode::normal);
    CHECK(said->fans == std::vector<int>{5880, 5760, 0, 0});
    REQUIRE(said->chains.size() == 3);
    CHECK(said->chains[0].rate == 40012.5);
    CHECK(said->chains[0].board_celsius == 61.0);
    CHECK(said->chains[0].chip_celsius == 71.0);
    CHECK(said->chains[0].asics == 77);
    CHECK(said->chains[1].rate == 39955.0);
    CHECK(said->chains[1].asics == 77);
    CHECK_FALSE(said->chains[1].chip_celsius);
    CHECK_FALSE(said->chains[2].rate);
    CHECK_FALSE(said->chains[2].asics);
    CHECK(said->chains[2].board_celsius == 47.0);
    CHECK(parse_stats(parser, R"({"STATS":[{"chain":[null,7],"fan":{"a":1},"miner-mode":"1"}]})")->mode == WorkMode::sleep);
    CHECK(parse_stats(parser, R"({"STATS":[{"chain":[null,7]}]})")->chains.size() == 2);
    for (const char* odd : {"4", "-1", "0.5", "\"on\"", "true"}) CHECK_FALSE(parse_stats(parser, R"({"STATS":[{"miner-mode":)" + std::string{odd} + "}]}")->mode);
    CHECK(parse_stats(parser, R"({"STATS":[{"fan":[1,]}{"fan":[2]}]})")->repaired);
}

TEST_CASE("an empty list means sleep, but not where a reply was cut off, and nothing else means it") {
    cgminer::Parser parser;
    CHECK(parse_summary(parser, R"({"STATUS":{},"SUMMARY":[]})")->empty);
    CHECK(parse_stats(parser, R"({"STATS":[],"INFO":{}})")->empty);
    CHECK(parse_pools(parser, R"({"POOLS":[]})")->empty());
    for (const char* body : {R"({"SUMMARY":[)", R"({"SUMMARY":[,]})", R"({"SUMMARY":null})", R"({"SUMMARY":{}})", R"({"SUMMARY":""})", R"({"SUMMARY":[[]]})",
                             R"({"SUMMARY":[null]})", "{}", "", "[]"}) {
        CAPTURE(body);
        CHECK(parse_summary(parser, body).error().code == Errc::malformed);
    }
    CHECK_FALSE(parse_stats(parser, R"({"STATS":[)"));
    CHECK_FALSE(parse_pools(parser, R"({"POOLS":[)"));
    for (std::size_t size = 0; size < summary_text.size(); ++size) {
        CAPTURE(size);
        if (const auto said = parse_summary(parser, summary_text.substr(0, size))) REQUIRE_FALSE(said->empty);
    }
    for (std::size_t size = 0; size < stats_text.size(); ++size) {
        CAPTURE(size);
        if (const auto said = parse_stats(parser, stats_text.substr(0, size))) REQUIRE_FALSE(said->empty);
    }
}

TEST_CASE("system information says who a machine is") {
    cgminer::Parser parser;
    const auto said = parse_system_info(
        parser, R"({"minertype":"Antminer S19k Pro","macaddr":"02:AB:cd:00:11:22","serinum":"SN-1","system_filesystem_version":"Mon Jan 1 2024"})");
    REQUIRE(said);
    CHECK(said->type == "Antminer S19k Pro");
    CHECK(said->mac == 0x02abcd001122u);
    CHECK(said->serial == "SN-1");
    CHECK(said->firmware == "Mon Jan 1 2024");
    CHECK(parse_system_info(parser, R"({"minertype":"A","serial_no":"SN-2"})")->serial == "SN-2");
    CHECK_FALSE(parse_system_info(parser, R"({"minertype":"A","macaddr":"00:00:00:00:00:00"})")->mac);
    CHECK(parse_system_info(parser, "{\"minertype\":\"A\x01\\u0007\"}")->type.find('\x07') == std::string::npos);
    CHECK(parse_system_info(parser, R"({"minertype":7})").error().code == Errc::malformed);
    CHECK(parse_system_info(parser, R"({"minertype":")" + std::string(5'000, 'x') + "\"}")->type.size() <= 64);
}

TEST_CASE("a pool counts if it is alive") {
    cgminer::Parser parser;
    const auto pools = parse_pools(parser, R"({"POOLS":[{"url":"a:1","status":"Dead"},{"URL":"b:2","Status":"ALIVE"},{"url":"","status":"Alive"},9]})");
    REQUIRE(pools);
    REQUIRE(pools->size() == 3);
    CHECK(any_alive(*pools));
    CHECK_FALSE(any_alive({pools->at(0), pools->at(2)}));
    CHECK_FALSE(any_alive({}));
    CHECK(parse_pools(parser, R"({"POOLS":{"url":"a"}})").error().code == Errc::malformed);
}


TEST_CASE("mutated pages never crash, and what is read of them stays within bounds") {
    const std::vector<std::string> seeds{summary_text, stats_text, R"({"POOLS":[{"url":"a:1","status":"Alive"}]})",
                                         R"({"minertype":"A","macaddr":"02:ab:cd:00:11:22"})"};
    const std::string spice = "{}[],:\"\\\n\t0us-.1e \xff" + std::string(1, '\0');
    cgminer::Parser parser;
    std::mt19937_64 random{19};
    int read = 0, broken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = seeds[random() % seeds.size()];
        for (auto edits = 1 + random() % 6; edits > 0 && !bytes.empty(); --edits) {
            const auto at = random() % bytes.size();
            switch (random() % 4) {
            case 0: bytes[at] = spice[random() % spice.size()]; break;
            case 1: bytes.insert(at, 1, spice[random() % spice.size()]); break;
            case 2: bytes.erase(at, 1 + random() % 5); break;
            default: bytes.resize(random() % 4 == 0 ? at : bytes.size());
            }
        }
        CAPTURE(bytes);
        const auto summary = parse_summary(parser, bytes);
        summary ? ++read : ++broken;
        if (summary) REQUIRE(summary->rate_5s.value_or(0) >= 0);
        if (const auto stats = parse_stats(parser, bytes))
            for (const Chain& chain : stats->chains) {
                REQUIRE(chain.rate.value_or(0) >= 0);
                REQUIRE(chain.asics.value_or(0) >= 0);
                REQUIRE(chain.chip_celsius.value_or(0) <= 200);
            }
        if (const auto pools = parse_pools(parser, bytes)) any_alive(*pools);
        parse_system_info(parser, bytes);
    }
    CHECK(read > 1'000);
    CHECK(broken > 1'000);
}
