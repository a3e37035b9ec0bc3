#include "wire/epic.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::epic;

namespace {

const std::string mining =
    R"({"Status":{"Operating State":"Mining","Last Error":null},"Power Supply Stats":{"Input Power":2166.6,"Input Voltage":231.5,"Input Current":9.4},"HBs":[{"Index":1,"Hashrate":[49440724.0,103.1,0.8]},{"Index":2,"Hashrate":[49925124.0,104.1,0.8]}],"Session":{"Average MHs":90071990.0}})";

}  // namespace

TEST_CASE("an ePIC's summary gives its state, watts that it does not measure, and its hashing") {
    const auto folder = captures("epic");
    if (!folder) return;
    cgminer::Parser parser;
    const auto summary = parse_summary(parser, file_text(*folder / "v1" / "summary.json"));
    REQUIRE(summary);
    CHECK(summary->state == "Mining");
    CHECK_FALSE(summary->idles());
    CHECK(summary->power == Power{2'167});
    CHECK_FALSE(summary->measured);  // Of its input it knows neither volts nor amperes.
    CHECK(std::abs(summary->gigahashes.value_or(0) - 99'365.848) < 0.001);
    CHECK(summary->mean_gigahashes == 90'071.99);
    CHECK(*parse_network(parser, file_text(*folder / "v1" / "network.json")) == 0xe6d441516428);
}

TEST_CASE("every other capture of an ePIC is rejected as a summary with a reason, and tells no MAC") {
    const auto folder = captures("epic");
    if (!folder) return;
    cgminer::Parser parser;
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{*folder}) {
        const auto name = entry.path().filename();
        if (!entry.is_regular_file() || name == "summary.json" || name == "network.json") continue;
        ++files;
        CAPTURE(name);
        const auto bytes = file_text(entry.path());
        const auto summary = parse_summary(parser, bytes);
        REQUIRE_FALSE(summary);
        CHECK(summary.error().detail.size() > 10);
        const auto network = parse_network(parser, bytes);
        CHECK((!network || !*network));
        CHECK_FALSE(parse_order_reply(parser, bytes));
    }
    CHECK(files == 6);
}

TEST_CASE("watts of an ePIC are measured where its supply knows volts and amperes of its input") {
    cgminer::Parser parser;
    CHECK(parse_summary(parser, mining)->measured);
    const auto supply = [&](const std::string& fields) { return *parse_summary(parser, R"({"Status":{"Operating State":"Idling"},"Power Supply Stats":{)" + fields + "}}"); };
    CHECK_FALSE(supply(R"("Input Power":44,"Input Voltage":231,"Input Current":0)").measured);
    CHECK_FALSE(supply(R"("Input Power":0,"Input Voltage":231,"Input Current":1)").power);
    CHECK_FALSE(supply(R"("Input Power":0,"Input Voltage":231,"Input Current":1)").measured);
    CHECK_FALSE(supply(R"("Input Power":-1)").power);
    CHECK_FALSE(supply(R"("Input Power":1e7,"Input Voltage":231,"Input Current":1)").measured);
    CHECK(supply(R"("Input Power":"44.4")").power == Power{44});
    CHECK(supply("").idles());
}

TEST_CASE("boards that hash nothing or are none hash nothing, and boards that were cut off are not known") {
    cgminer::Parser parser;
    const auto boards = [&](const std::string& list) { return parse_summary(parser, R"({"Status":{"Operating State":"Idling"},"HBs":)" + list)->gigahashes; };
    CHECK(boards("[]}") == 0.0);
    CHECK(boards(R"([{"Hashrate":[0.0,0.0,0.0]},{"Hashrate":[]},{"Hashrate":null},7]})") == 0.0);
    CHECK(boards(R"([{"Hashrate":[1000,1,1]},{"Hashrate":["2000"]},{"Hashrate":[-5]},{"Hashrate":[1e300]}]})") == 3.0);
    CHECK_FALSE(boards("["));
    CHECK_FALSE(boards(R"([{"Hashrate":[0.0,)"));
    CHECK_FALSE(boards("null}"));
    for (std::size_t size = 0; size < mining.size(); ++size) {
        CAPTURE(size);
        if (const auto summary = parse_summary(parser, std::string_view{mining}.substr(0, size))) REQUIRE(summary->gigahashes.value_or(1) > 0);
    }
}

TEST_CASE("an order is JSON whatever the password is, and its reply a yes, a no with its words, or neither") {
    cgminer::Parser parser;
    CHECK(miner_order("Stop", "letmein") == R"({"param":"Stop","password":"letmein"})");
    CHECK(miner_order("Stop", "a\"b\\\n") == R"({"param":"Stop","password":"a\"b\\\n"})");
    CHECK(parse_order_reply(parser, R"({"result":true,"error":null})"));
    CHECK(parse_order_reply(parser, R"({"result":false,"error":"Invalid password"})").error().detail == "Invalid password");
    CHECK(parse_order_reply(parser, R"({"result":false,"error":null})").error().code == Errc::refused);
    for (const char* body : {"", "{}", "true", R"({"result":true)", R"({"result":null})", R"({"result":"maybe"})", R"({"error":"x"})"}) {
        CAPTURE(body);
        CHECK(parse_order_reply(parser, body).error().code == Errc::malformed);
    }
}

TEST_CASE("a network tells the MAC of whichever way is connected") {
    cgminer::Parser parser;
    CHECK(*parse_network(parser, R"({"static":{"mac_address":"e6-d4-41-51-64-28"}})") == 0xe6d441516428);
    CHECK(*parse_network(parser, R"({"dhcp":null,"x":[],"static":{"mac_address":"e6:d4:41:51:64:28"}})") == 0xe6d441516428);
    CHECK_FALSE(*parse_network(parser, R"({"dhcp":{"mac_address":"00:00:00:00:00:00"}})"));
    CHECK_FALSE(*parse_network(parser, R"({"dhcp":{"mac_address":7}})"));
    CHECK(parse_network(parser, R"({"result":false,"error":"no"})").error().code == Errc::refused);
    CHECK(parse_network(parser, "[]").error().code == Errc::malformed);
    CHECK(parse_summary(parser, R"({"result":false,"error":"Miner not ready"})").error().code == Errc::refused);
    CHECK(parse_summary(parser, std::string(cgminer::most_bytes + 1, ' ')).error().code == Errc::oversized);
}

TEST_CASE("an ePIC's mutated summary never crashes, and stays within bounds") {
    cgminer::Parser parser;
    std::mt19937_64 random{11};
    for (int round = 0; round < 20'000; ++round) {
        const std::string bytes = mutated(mining, random);
        (void)parse_network(parser, bytes);
        (void)parse_order_reply(parser, bytes);
        const auto summary = parse_summary(parser, bytes);
        if (!summary) continue;
        REQUIRE(summary->power.value_or(Power{0}) >= Power{0});
        REQUIRE(summary->power.value_or(Power{0}) <= Power{100'000});
        REQUIRE(summary->gigahashes.value_or(0) >= 0);
        REQUIRE((!summary->measured || summary->power));
    }
}
