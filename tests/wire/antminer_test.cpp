#include "wire/antminer.hpp"

#include "tests/catch.hpp"

#include <random>

using namespace ballast;
using namespace ballast::wire;
using namespace ballast::wire::antminer;

namespace {

// Written from shared/facts/asic.md, section 1.2: nobody has captured a stock Antminer for us.
const std::string conf_text = R"({
"pools" : [
{ "url" : "stratum+tcp://pool.example:3333", "user" : "site.rack1x01", "pass" : "123" },
{ "url" : "stratum+tcp://second.example:443", "user" : "site.rack1x01", "pass" : "" },
{ "url" : "", "user" : "", "pass" : "" }
]
,
"api-listen" : true,
"api-allow" : "A:0/0,W:*",
"bitmain-fan-ctrl" : false,
"bitmain-fan-pwm" : "100",
"bitmain-freq" : "675",
"bitmain-voltage" : "1360",
"x-unknown" : { "deep" : [ 1.50, null, "\u00e9\n\"\\/" ] },
"bitmain-work-mode" : "0",
"bitmain-freq-level" : "100"
}
)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

MinerConf conf(const std::string& text) {
    cgminer::Parser parser;
    auto read = parse_conf(parser, text);
    REQUIRE(read);
    return *read;
}

JsonNode tree(const std::string& text) {
    auto read = parse_json(text, 40);
    REQUIRE(read);
    return *read;
}

std::string why_refused(const std::string& text) {
    const auto body = with_mode(conf(text), WorkMode::sleep);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == Errc::refused);
    return body.error().detail;
}

/// `text` with a few bytes changed, or cut off.
std::string mutated(std::string bytes, std::mt19937_64& random) {
    const std::string spice = "{}[],:\"\\\n\t0us-.1e \xff" + std::string(1, '\0');
    for (auto edits = 1 + random() % 6; edits > 0 && !bytes.empty(); --edits) {
        const auto at = random() % bytes.size();
        switch (random() % 4) {
        case 0: bytes[at] = spice[random() % spice.size()]; break;
        case 1: bytes.insert(at, 1, spice[random() % spice.size()]); break;
        case 2: bytes.erase(at, 1 + random() % 5); break;
        default: bytes.resize(random() % 4 == 0 ? at : bytes.size());
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("a config is read whole, with its mode and its pools") {
    const MinerConf read = conf(conf_text);
    CHECK(read.fit());
    CHECK(read.mode == WorkMode::normal);
    CHECK(read.pools == 2);
    CHECK(read.whole.keys.size() == 10);
}

TEST_CASE("the mode is a number or a string, under either name, and nothing if it is neither or both") {
    const auto mode = [](const std::string& field) { return conf(replaced(conf_text, R"("bitmain-work-mode" : "0")", field)).mode; };
    CHECK(mode(R"("bitmain-work-mode":"1")") == WorkMode::sleep);
    CHECK(mode(R"("bitmain-work-mode":2)") == WorkMode::high);
    CHECK(mode(R"("miner-mode":3)") == WorkMode::low);
    CHECK(mode(R"("miner-mode":1,"bitmain-work-mode":"1")") == WorkMode::sleep);
    CHECK_FALSE(mode(R"("miner-mode":1,"bitmain-work-mode":"0")"));
    for (const char* odd : {"4", "-1", "1.0", "1e0", "\"\"", "\" 1\"", "\"sleep\"", "true", "null", "[1]", "99999999999999999999"}) {
        CAPTURE(odd);
        CHECK_FALSE(mode(R"("bitmain-work-mode":)" + std::string{odd}));
    }
}

TEST_CASE("a mode is written into the same config: nothing else is changed, moved or dropped") {
    const auto body = with_mode(conf(conf_text), WorkMode::sleep);
    REQUIRE(body);
    CHECK(body->find('\n') == std::string::npos);
    CHECK(*body ==
          R"({"pools":[{"url":"stratum+tcp://pool.example:3333","user":"site.rack1x01","pass":"123"},)"
          R"({"url":"stratum+tcp://second.example:443","user":"site.rack1x01","pass":""},{"url":"","user":"","pass":""}],)"
          R"("api-listen":true,"api-allow":"A:0/0,W:*","bitmain-fan-ctrl":false,"bitmain-fan-pwm":"100","bitmain-freq":"675",)"
          R"("bitmain-voltage":"1360","x-unknown":{"deep":[1.50,null,")" "\xc3\xa9" R"(\u000a\"\\/"]},)"
          R"("bitmain-work-mode":"1","bitmain-freq-level":"100","miner-mode":1,"freq-level":"100"})");
    CHECK(conf(*body).mode == WorkMode::sleep);
    CHECK(conf(*body).pools == 2);
    CHECK(*with_mode(conf(*body), WorkMode::sleep) == *body);
}

TEST_CASE("each mode keeps the type it had") {
    const auto field = [](const std::string& text, std::string_view key, ModeType type = ModeType::as_read) {
        const JsonNode whole = tree(*with_mode(conf(text), WorkMode::low, type));
        return json_text(*whole.find(key));
    };
    const std::string number = replaced(conf_text, R"("bitmain-work-mode" : "0")", R"("bitmain-work-mode":0)");
    CHECK(field(conf_text, "bitmain-work-mode") == "\"3\"");
    CHECK(field(number, "bitmain-work-mode") == "3");
    CHECK(field(conf_text, "miner-mode") == "3");
    CHECK(field(conf_text, "miner-mode", ModeType::string) == "\"3\"");
    CHECK(field(conf_text, "bitmain-work-mode", ModeType::number) == "\"3\"");
    const std::string own = replaced(conf_text, R"("bitmain-work-mode" : "0")", R"("miner-mode":"0")");
    CHECK(field(own, "miner-mode") == "\"3\"");
    CHECK(field(own, "miner-mode", ModeType::number) == "3");
    CHECK_FALSE(tree(*with_mode(conf(own), WorkMode::low)).find("bitmain-work-mode"));
    const std::string level = replaced(conf_text, R"("bitmain-freq-level" : "100")", R"("bitmain-freq-level":90,"freq-level":80)");
    CHECK(field(level, "freq-level") == "80");
}

TEST_CASE("a config without a usable pool is never written back") {
    const std::string pools = conf_text.substr(conf_text.find("\"pools\""), conf_text.find("]\n,") + 3 - conf_text.find("\"pools\""));
    const auto with_pools = [&](const std::string& field) { return replaced(conf_text, pools, field); };
    CHECK(why_refused(with_pools("")).find("no pools") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":[],)")).find("URL") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":null,)")).find("null, not a list") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":{"url":"a","user":"b","pass":"c"},)")).find("an object, not a list") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":"stratum+tcp://a:1",)")).find("a string, not a list") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":["stratum+tcp://a:1"],)")).find("pool 1 has no url") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":[{"url":"a","user":"b","pass":"c"},{"url":"a","pass":"c"}],)")).find("pool 2 has no user") != std::string::npos);
    CHECK(why_refused(with_pools(R"("pools":[{"url":"a","user":"b","pass":null}],)")).find("pool 1 has no pass") != std::string::npos);
    for (const char* url : {"", "\\t", "null", "ERR"}) {
        CAPTURE(url);
        const std::string text = with_pools(R"("pools":[{"url":")" + std::string{url} + R"(","user":"b","pass":"c"}],)");
        CHECK(conf(text).pools == 0);
        CHECK_FALSE(conf(text).fit());
        why_refused(text);
    }
}

TEST_CASE("a config that is not all there is never written back") {
    CHECK(why_refused("{}").find("no pools") != std::string::npos);
    CHECK(why_refused(R"({"stats":"error","code":"M001","msg":"busy"})").find("no pools") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, R"("bitmain-fan-ctrl" : false,)", "")).find("no bitmain-fan-ctrl") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, R"("bitmain-fan-pwm" : "100")", R"("bitmain-fan-pwm":null)")).find("no bitmain-fan-pwm") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, R"("bitmain-work-mode" : "0",)", "")).find("no bitmain-work-mode") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, R"("bitmain-work-mode" : "0")", R"("bitmain-work-mode":null)")).find("null") != std::string::npos);
    CHECK(with_mode(MinerConf{}, WorkMode::sleep).error().code == Errc::refused);
    MinerConf forged = conf("{}");
    forged.unfit.clear();
    CHECK(with_mode(forged, WorkMode::sleep).error().code == Errc::refused);
}

TEST_CASE("a config with a blank in a string is never written back, for the firmware's script would lose the pools") {
    CHECK(why_refused(replaced(conf_text, R"("pass" : "123")", R"("pass" : "d=512 x")")).find("blank in its pools") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, "A:0/0,W:*", "A:0/0, W:*")).find("blank in its api-allow") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, "site.rack1x01", "site\\u0020x")).find("blank in its pools") != std::string::npos);
}

TEST_CASE("a config that had to be repaired is read, and never written back") {
    const std::string broken = replaced(conf_text, "},\n{", "}\n{");
    const MinerConf read = conf(broken);
    CHECK(read.mode == WorkMode::normal);
    CHECK(read.pools == 2);
    CHECK(read.whole.kind == JsonNode::Kind::null);
    CHECK(why_refused(broken).find("repaired") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, R"("api-listen")", R"("pools":[],"api-listen")")).find("twice") != std::string::npos);
    CHECK(why_refused(conf_text + "}").find("repaired") != std::string::npos);
    CHECK(why_refused(replaced(conf_text, "site.rack1x01", "site\xff")).find("repaired") != std::string::npos);
    std::string deep = conf_text;
    deep = replaced(deep, "null", std::string(31, '[') + std::string(31, ']'));
    cgminer::Parser parser;
    if (const auto nested = parse_conf(parser, deep)) CHECK_FALSE(nested->fit());
}

TEST_CASE("a config cut off anywhere is never fit to be written back") {
    const auto end = conf_text.rfind('}');
    cgminer::Parser parser;
    for (std::size_t size = 0; size <= end; ++size) {
        CAPTURE(size);
        const auto read = parse_conf(parser, conf_text.substr(0, size));
        if (!read) continue;
        REQUIRE_FALSE(read->fit());
        REQUIRE_FALSE(with_mode(*read, WorkMode::sleep));
    }
}

TEST_CASE("what is no config is an error that quotes none of it") {
    cgminer::Parser parser;
    for (const char* text : {"", "[]", "[{\"pools\":[]}]", "\"secret\"", "12", "<html>secret</html>", "secret"}) {
        CAPTURE(text);
        const auto read = parse_conf(parser, text);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Errc::malformed);
        CHECK(read.error().detail.find("secret") == std::string::npos);
    }
    CHECK(parse_conf(parser, std::string(70'000, ' ')).error().code == Errc::oversized);
}

TEST_CASE("only success with M000 is a success") {
    cgminer::Parser parser;
    const auto code = [&](std::string_view body) {
        const auto reply = parse_set_reply(parser, body);
        REQUIRE_FALSE(reply);
        return reply.error().code;
    };
    CHECK(parse_set_reply(parser, R"({"stats":"success","code":"M000","msg":"OK!"})"));
    CHECK(parse_set_reply(parser, "{\"stats\":\"success\",\"code\":\"M000\",\"msg\":\"OK!\"}\n"));
    const auto busy = parse_set_reply(parser, R"({"stats":"error","code":"M001","msg":"request busy"})");
    REQUIRE_FALSE(busy);
    CHECK(busy.error().code == Errc::refused);
    CHECK(busy.error().detail == "set_miner_conf.cgi: M001 request busy");
    CHECK(code(R"({"stats":"error","code":"M000","msg":"OK!"})") == Errc::refused);
    CHECK(code(R"({"code":"M000"})") == Errc::refused);
    CHECK(code(R"({"stats":"success","code":"M0000"})") == Errc::refused);
    CHECK(code(R"({"stats":"success","code":0})") == Errc::malformed);
    CHECK(code(R"({"stats":"success"})") == Errc::malformed);
    CHECK(code(R"({"stats":"success","code":"M000")") == Errc::malformed);
    CHECK(code("OK!") == Errc::malformed);
    CHECK(code("") == Errc::malformed);
}

TEST_CASE("mutated configs never crash, and what may be written back has a pool and all keys of what was read") {
    cgminer::Parser parser;
    std::mt19937_64 random{17};
    int written = 0, refused = 0;
    for (int round = 0; round < 10'000; ++round) {
        const std::string bytes = mutated(conf_text, random);
        CAPTURE(bytes);
        parse_set_reply(parser, bytes);
        const auto read = parse_conf(parser, bytes);
        const auto body = read ? with_mode(*read, WorkMode::sleep) : Result<std::string>{fail(Errc::malformed, "")};
        body ? ++written : ++refused;
        if (!body) continue;
        const JsonNode before = tree(bytes), after = tree(*body);
        REQUIRE(read->pools > 0);
        REQUIRE(json_text(*after.find("pools")) == json_text(*before.find("pools")));
        for (const std::string& key : before.keys)
            if (key != "bitmain-work-mode" && key != "miner-mode") REQUIRE(json_text(*after.find(key)) == json_text(*before.find(key)));
        REQUIRE(parse_conf(parser, *body)->mode == WorkMode::sleep);
    }
    CHECK(written > 1'000);
    CHECK(refused > 1'000);
}
