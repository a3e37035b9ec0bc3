#include "wire/cgminer.hpp"

#include "tests/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

using namespace ballast;
using namespace std::string_literals;
using namespace ballast::wire::cgminer;

namespace {

std::filesystem::path shared() {
    const char* given = std::getenv("BALLAST_SHARED");
    return given ? std::filesystem::path{given} : std::filesystem::path{PROJECT_DIR} / ".." / "shared";
}

std::string file(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::string repaired(std::string_view bytes) {
    std::string out;
    return repair(bytes, out) ? out : "(none)";
}

const std::string curtailed =
    R"({"CURTAIL":[{"Action":"sleep mode"}],"STATUS":[{"Code":335,"Description":"LUXminer","Msg":"Curtailment command sent","STATUS":"S","When":1}],"id":1})";

std::string config_with(std::string_view fields) { return R"({"CONFIG":[{)" + std::string{fields} + R"(}],"STATUS":[{"Code":33,"STATUS":"S"}],"id":1})"; }

}  // namespace

TEST_CASE("version tells whose program answers, and what only looks like an answer tells nothing") {
    Parser parser;
    const auto lineage = [&](const std::string& bytes) -> std::optional<Lineage> {
        const auto reply = parser.parse(bytes);
        const auto said = reply ? version(*reply) : std::nullopt;
        return said ? std::optional{said->lineage} : std::nullopt;
    };
    CHECK(lineage(R"({"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"API":"3.7","LUXminer":"2025.4.8","Miner":"2025.4.8","Type":"Antminer S21"}]})") == Lineage::luxos);
    CHECK(lineage(R"({"STATUS":[{"STATUS":"E","Code":45,"Msg":"Access denied to 'version' command","Description":"LUXminer 2025.4.8"}]})") == Lineage::luxos);
    CHECK(lineage(R"({"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"API":"3.7","BOSminer+":"0.9"}]})") == Lineage::braiins);
    CHECK(lineage(R"({"STATUS":"E","Code":14,"Msg":"invalid cmd","Description":""})") == Lineage::whatsminer);
    CHECK(lineage(R"({"STATUS":[{"STATUS":"S","Code":22,"Description":"btminer"}],"VERSION":[{"API":"3.7"}]})") == Lineage::whatsminer);
    CHECK(lineage(R"({"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"BMMiner":"1.0.0","API":"3.1","Miner":"uart_trans.1.3","Type":"Antminer S19 Pro"}]})") == Lineage::other);
    CHECK(lineage(R"({"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}]})") == Lineage::other);
    for (const char* nothing : {R"({"STATUS":"up"})", R"({"STATUS":[{"STATUS":"S","When":nan,}{"Msg":"Curtailment command se)", R"({"error":"not found"})", R"({"STATUS":[]})"}) {
        CAPTURE(nothing);
        CHECK_FALSE(lineage(nothing));
    }
    const auto avalon = parser.parse(R"({"STATUS":[{"STATUS":"S"}],"VERSION":[{"CGMiner":"4.11.1","PROD":"AvalonMiner 1246","MAC":"b4a2eb3e0001"}]})");
    CHECK(version(*avalon)->model == "AvalonMiner 1246");
    CHECK(version(*avalon)->mac == 0xb4a2eb3e0001);
    CHECK(version(*avalon)->firmware == "4.11.1");
}

TEST_CASE("a request is one JSON object, and what goes into it cannot break out") {
    std::string out;
    write_request(out, "logon");
    CHECK(out == R"({"command":"logon"})");
    write_request(out, "curtail", "yJN2nlj1,sleep");
    CHECK(out == R"({"command":"curtail","parameter":"yJN2nlj1,sleep"})");
    write_request(out, "x", "a\"b\\c\n");
    CHECK(out == R"({"command":"x","parameter":"a\"b\\c "})");
    const auto back = parse_request(out);
    REQUIRE(back);
    CHECK(back->parameter == "a\"b\\c ");
}

TEST_CASE("requests are read in both forms, and bad ones are named") {
    CHECK(parse_request("{\"command\":\"power\"}\n")->command == "power");
    CHECK(parse_request("{\"command\":\"ascset\",\"parameter\":3}")->parameter == "3");
    CHECK(parse_request("curtail|yJN2nlj1,sleep")->command == "curtail");
    CHECK(parse_request("curtail|yJN2nlj1,sleep")->parameter == "yJN2nlj1,sleep");
    CHECK(parse_request("{\"cmd\":1}").error().code == Errc::malformed);
    CHECK(parse_request("{").error().code == Errc::malformed);
    CHECK(parse_request(std::string(most_bytes + 1, ' ')).error().code == Errc::oversized);
}

TEST_CASE("a reply is whole at its NUL, at its last bracket, or at the newline of a line of text") {
    const auto whole = [](std::vector<std::string> chunks) {
        Framing framing;
        for (std::size_t i = 0; i + 1 < chunks.size(); ++i)
            if (framing.feed(chunks[i])) return false;
        return framing.feed(chunks.back());
    };
    CHECK(whole({curtailed + '\0'}));
    CHECK(whole({curtailed}));
    CHECK(whole({curtailed.substr(0, 40), curtailed.substr(40)}));
    CHECK(whole({curtailed + "\r\n"}));
    CHECK(whole({R"({"a":"}]\"")", R"(,"b":1})"}));
    CHECK(whole({R"({"a":[{"b":1}{"b":2}])", "}"}));
    CHECK(whole({R"(,"id":1})"}));
    CHECK(whole({"STATUS=S,Code=11|", "SUMMARY,x=1|\n"}));
    CHECK(whole({"half", std::string(1, '\0')}));
    CHECK_FALSE(whole({R"({"a":)"}));
    CHECK_FALSE(whole({"{\"a\":1,\n"}));
    CHECK_FALSE(whole({"STATUS=S"}));
    CHECK_FALSE(whole({""}));
}

TEST_CASE("known faults are mended") {
    CHECK(repaired(R"({"S":[{"a":1}{"b":2}]})") == R"({"S":[{"a":1},{"b":2}]})");
    CHECK(repaired(R"({"S":[,{"a":1,},]})") == R"({"S":[{"a":1}]})");
    CHECK(repaired("{\"a\":\"x\ny\",\n\"b\":1}") == R"({"a":"xy","b":1})");
    CHECK(repaired(R"({"sn":"x""temp0":40,"b":2})") == R"({"sn":"x","temp0":40,"b":2})");
    CHECK(repaired(R"({"a":inf,"b":-nan,"c":Infinity})") == R"({"a":null,"b":null,"c":null})");
    CHECK(repaired(R"(,"id":1})") == R"({"id":1})");
    CHECK(repaired(R"({"a":1},"id":1})") == R"({"a":1,"id":1})");
    CHECK(repaired(R"({"a":1}{"b":2})") == R"({"a":1,"b":2})");
    CHECK(repaired(R"({}{"b":2})") == R"({"b":2})");
    CHECK(repaired(R"({"error_code":["329":"2023-01","330":"2023-02"]})") == R"({"error_code":{"329":"2023-01","330":"2023-02"}})");
    CHECK(repaired("{\"a\":\"\xff\xc3\xa9\"}") == "{\"a\":\"\xef\xbf\xbd\xc3\xa9\"}");
    CHECK(repaired(R"({"a":007,"b":+5,"c":OK})") == R"({"a":"007","b":"+5","c":"OK"})");
    CHECK(repaired(R"({"a":"\x\ud800\u0041"})") == R"({"a":"\\x\ufffd\u0041"})");
    CHECK(repaired("hello") == "(none)");
    CHECK(repaired("") == "(none)");
    CHECK(repaired("[1,2]") == "(none)");
    CHECK(repaired(std::string(200, '[')) == "(none)");
}

TEST_CASE("what was cut off is left out, never guessed") {
    CHECK(repaired(R"({"POWER":[{"PSU":true,"Watts":34)") == R"({"POWER":[{"PSU":true,"Watts":null}]})");
    CHECK(repaired(R"({"a":[{"b":"yJN2)") == R"({"a":[{"b":null}]})");
    Parser parser;
    const auto reply = parser.parse(R"({"POWER":[{"PSU":true,"Watts":34)");
    REQUIRE(reply);
    CHECK_FALSE(power(*reply));
}

TEST_CASE("the text form of old firmware is read") {
    Parser parser;
    const auto reply = parser.parse("STATUS=E,When=1,Code=14,Msg=Invalid \"command\",Description=cgminer|SUMMARY,GHS 5s=12.5|");
    REQUIRE(reply);
    CHECK(reply->status.kind == 'E');
    CHECK(reply->status.code == 14);
    CHECK(reply->status.message == "Invalid \"command\"");
    CHECK(gigahashes(*reply) == 12.5);
    CHECK(mean_gigahashes(*reply) == 12.5);  // It keeps no longer mean.
}

TEST_CASE("a mean of hashing is above nothing and below what no machine hashes") {
    Parser parser;
    const auto mean = [&](std::string_view fields) {
        const auto reply = parser.parse(R"({"SUMMARY":[{)" + std::string{fields} + R"(}],"STATUS":[{"STATUS":"S","Code":11}]})");
        REQUIRE(reply);
        return mean_gigahashes(*reply);
    };
    CHECK(mean(R"("GHS 5s":90000,"GHS 15m":80000.5)") == 80000.5);
    CHECK(mean(R"("MHS 15m":2000)") == 2.0);
    CHECK_FALSE(mean(R"("GHS 15m":0)"));
    CHECK_FALSE(mean(R"("GHS 15m":1e12)"));
    CHECK_FALSE(mean(R"("GHS 15m":-4)"));
    CHECK_FALSE(mean(R"("Elapsed":5)"));
}

TEST_CASE("a session id is plain text of bounded length, or none") {
    Parser parser;
    const auto id = [&](std::string_view said) {
        const auto reply = parser.parse(R"({"SESSION":[{"SessionID":")" + std::string{said} + R"("}],"STATUS":[{"STATUS":"S","Code":316}]})");
        const auto found = session_id(*reply);
        return found ? std::string{found->view()} : std::string{};
    };
    CHECK(id("yJN2nlj1") == "yJN2nlj1");
    CHECK(id("").empty());
    CHECK(id("a,sleep").empty());
    CHECK(id("a\\\"}").empty());
    CHECK(id(std::string(33, 'a')).empty());
}

TEST_CASE("fields are taken with their meaning, also from strings") {
    Parser parser;
    CHECK(power(*parser.parse(R"({"POWER":[{"PSU":true,"Watts":"3400"}]})"))->power == Power{3'400});
    CHECK(power(*parser.parse(R"({"POWER":{"PSU":"true","Watts":3400.6}})"))->measured);
    CHECK_FALSE(power(*parser.parse(R"({"POWER":[{"PSU":true,"Watts":-1}]})")));
    CHECK_FALSE(power(*parser.parse(R"({"POWER":[{"PSU":true,"Watts":1e300}]})")));
    CHECK_FALSE(power(*parser.parse(R"({"POWER":[{"PSU":true,"Watts":inf}]})")));
    CHECK_FALSE(power(*parser.parse(R"({"POWER":[]})")));
    CHECK(config(*parser.parse(config_with(R"("CurtailMode":"SLEEP")")))->asleep == true);
    CHECK(config(*parser.parse(config_with(R"("CurtailMode":"None","IsPowerSupplyOn":false)")))->power_supply_on == false);
    CHECK_FALSE(config(*parser.parse(config_with("")))->asleep);
    CHECK(gigahashes(*parser.parse(R"({"SUMMARY":[{"MHS 5s":"5000"}]})")) == 5.0);
    CHECK(curtail_taken(*parser.parse(curtailed)));
    CHECK_FALSE(curtail_taken(*parser.parse(R"({"CURTAIL":[{}],"STATUS":[{"STATUS":"E","Code":335}]})")));
    CHECK(session_taken(*parser.parse(R"({"STATUS":[{"STATUS":"E","Code":402,"Msg":"Another session is active"}]})")));
    CHECK(session_invalid(*parser.parse(R"({"STATUS":[{"STATUS":"E","Code":99,"Msg":"Invalid Session"}]})")));
    CHECK(parser.parse(R"({"STATUS":"E","Code":"45","Msg":"x"})")->status.code == 45);
}

TEST_CASE("a MAC address is read in every usual spelling") {
    CHECK(mac_address("62:f7:5e:b7:10:46") == 0x62f75eb71046u);
    CHECK(mac_address("62-F7-5E-B7-10-46") == 0x62f75eb71046u);
    CHECK(mac_address("62f75eb71046") == 0x62f75eb71046u);
    CHECK_FALSE(mac_address("62:f7:5e:b7:10"));
    CHECK_FALSE(mac_address("62:f7:5e:b7:10:46:00"));
    CHECK_FALSE(mac_address("00:00:00:00:00:00"));
    CHECK_FALSE(mac_address("hello"));
}

TEST_CASE("garbage and excess are told apart, with a short printable excerpt") {
    Parser parser;
    CHECK(parser.parse("").error().detail == "empty reply");
    CHECK(parser.parse(std::string_view{"\0", 1}).error().code == Errc::malformed);
    CHECK(parser.parse(std::string(500, '\x80')).error().detail.size() < 120);
    CHECK(parser.parse(std::string(most_bytes + 1, '{')).error().code == Errc::oversized);
    CHECK(parser.parse(std::string(most_bytes, '{')).error().code == Errc::malformed);
    CHECK(parser.parse(std::string(most_bytes, '"')).error().code == Errc::malformed);
}

TEST_CASE("every capture parses, strictly, and gives its values") {
    const auto folder = shared() / "captures" / "luxminer" / "v1";
    if (!std::filesystem::exists(folder)) {
        WARN("skipped: no captures in " << folder.string() << "; set BALLAST_SHARED");
        return;
    }
    Parser parser;
    for (const auto& from : {folder, shared() / "captures" / "whatsminer" / "v2"})
        for (const auto& entry : std::filesystem::directory_iterator{from}) {
            CAPTURE(entry.path().string());
            std::string bytes = file(entry.path());
            Framing framing;
            CHECK(framing.feed(bytes));
            const auto reply = parser.parse(bytes += '\0');
            REQUIRE(reply);
            CHECK_FALSE(reply->repaired);
            CHECK(reply->status.kind == 'S');
            CHECK(reply->status.code > 0);
        }
    CHECK(power(*parser.parse(file(folder / "power.json")))->power == Power{1'051});
    CHECK_FALSE(power(*parser.parse(file(folder / "power.json")))->measured);
    CHECK(gigahashes(*parser.parse(file(folder / "summary.json"))) == 59756.06);
    CHECK(mean_gigahashes(*parser.parse(file(folder / "summary.json"))) == 61506.37);
    const auto reply = parser.parse(file(folder / "config.json"));
    const auto said = config(*reply);
    REQUIRE(said);
    CHECK(said->asleep == false);
    CHECK(said->power_supply_on == true);
    CHECK(said->mac == 0x62f75eb71046u);
    CHECK(said->model == "Antminer S19k Pro");
    CHECK(said->serial == "JYZZB0UBDJABF06RB");
}

TEST_CASE("long replies take no more memory the hundredth time than the first") {
    std::string bytes = R"({"STATS":[)";  // Its values need more than the parser has of its own.
    for (int i = 0; i < 1'000; ++i) bytes += fmt::format(R"({{"chain":{},"rate":1.5}},)", i);
    bytes.back() = ']';
    Parser parser;
    for (int round = 0; round < 100; ++round) {
        const auto reply = parser.parse(round % 2 == 0 ? bytes + '}' : bytes);
        REQUIRE(reply);
        CHECK(reply->body->at("STATS").as_array().size() == 1'000);
    }
}

TEST_CASE("mutated replies never crash, hang or grow, and what repair makes is JSON") {
    std::vector<std::string> seeds{curtailed, config_with(R"("CurtailMode":"Sleep","MACAddr":"62:f7:5e:b7:10:46")"),
                                   R"({"POWER":[{"PSU":true,"Watts":3400}],"STATUS":[{"Code":311,"STATUS":"S"}]})",
                                   R"({"error_code":["1":"a","2":"b"],"S":[{"x":1}{"y":"z""temp0":1}],"n":nan})",
                                   "STATUS=S,Code=11,Msg=x|SUMMARY,GHS 5s=1|"};
    const std::string spice = "{}[],:\"\\\n\0u0d8e+-.x|=\xff\xc3 1"s;
    Parser parser;
    std::mt19937_64 random{7};
    std::string mended;
    int parsed = 0, broken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = seeds[random() % seeds.size()];
        for (auto edits = 1 + random() % 8; edits > 0 && !bytes.empty(); --edits) {
            const auto at = random() % bytes.size();
            switch (random() % 4) {
            case 0: bytes[at] = spice[random() % spice.size()]; break;
            case 1: bytes.insert(at, 1, spice[random() % spice.size()]); break;
            case 2: bytes.erase(at, 1 + random() % 5); break;
            default: bytes.resize(random() % 4 == 0 ? at : bytes.size());
            }
        }
        CAPTURE(bytes);
        Framing framing;
        framing.feed(bytes);
        const auto reply = parser.parse(bytes);
        reply ? ++parsed : ++broken;
        if (reply) {
            session_id(*reply);
            power(*reply);
            config(*reply);
            gigahashes(*reply);
            curtail_taken(*reply);
        }
        if (repair(bytes, mended)) {
            json::error_code code;
            json::parse(mended, code);
            CAPTURE(mended);
            REQUIRE_FALSE(code.failed());
            REQUIRE(mended.size() < 8 * bytes.size() + 64);
        }
        parse_request(bytes);
    }
    CHECK(parsed > 10'000);
    CHECK(broken > 0);
}

TEST_CASE("profiles have watts and a name that can be asked for, and the active one is known by it") {
    Parser parser;
    const auto found = [&](std::string_view listed) { return profiles(*parser.parse(R"({"PROFILES":[)" + std::string{listed} + R"(],"STATUS":[{"Code":323,"STATUS":"S"}]})")); };
    const auto all = found(R"({"Profile Name":"190MHz","Watts":784},{"Profile Name":"my own","Watts":"900"},{"Profile Name":"a,b","Watts":900},{"Profile Name":"x=y","Watts":900},{"Profile Name":"","Watts":900},{"Profile Name":"no watts"},7)");
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "190MHz");
    CHECK(all[0].power == Power{784});
    CHECK(all[1].name == "my own");
    CHECK(all[1].power == Power{900});
    CHECK(found("").empty());
    std::string many;
    for (int i = 0; i < 400; ++i) many += (i > 0 ? "," : "") + R"({"Profile Name":"p","Watts":1})"s;
    CHECK(found(many).size() == 256);
    const auto named = config(*parser.parse(config_with(R"("Profile":"290MHz","IsAtmEnabled":true)")));
    CHECK(named->profile == "290MHz");
    CHECK(named->tunes_itself == true);
    CHECK(config(*parser.parse(config_with(R"("Profile":"a,b")")))->profile.empty());
}
