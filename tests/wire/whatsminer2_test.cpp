#include "wire/whatsminer2.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

#include <fmt/format.h>

#include <cmath>

using namespace ballast;
using namespace ballast::wire::whatsminer2;
using wire::cgminer::most_bytes;

namespace {

const TokenReply handed_out{"5626", "BQ5hoXV9", "jbzkfQls"};
const std::string power_off =
    R"({"enc":1,"data":"YJracrWpLn2XvqWuNiNqyg70K64pfivIJhwE32DXNCeyv4iYIDyJ6mJuwbGpytIytGFk3qcQXxIEGYONPJL4PpGxjzTpYw1ob9fHFP6+QL8="})";
const std::string limit_3000 =
    R"({"enc":1,"data":"O5e/wLPd15lksXZtkQCQiRLBG6LwJEo6ZwiMEuVqiRSDxcMtLz8c20hL5j4yL9l0O9rorR/TkyipP9p9HAmNtHth4xDcsucXPd766FoG1jC6nrZWHIxY13kIxycDkx+T"})";

std::string hex(const wire::Sha256& bytes) {
    std::string out;
    for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
}

Session session() { return *make_session("admin", handed_out); }

Answer answer_to(std::string_view bytes) {
    Parser parser;
    return answer(parser.parse(bytes)->status);
}

std::optional<SummaryReport> summary_of(std::string_view fields, Parser& parser) {
    return summary(*parser.parse(R"({"STATUS":[{"STATUS":"S","Code":11}],"SUMMARY":[{)" + std::string{fields} + "}]}"));
}

std::optional<StatusReport> status_of(std::string_view fields, Parser& parser) {
    return status(*parser.parse(R"({"STATUS":"S","Code":131,"Msg":{)" + std::string{fields} + "}}"));
}

}  // namespace

TEST_CASE("WhatsMiner v2: a report is asked for in plain") {
    std::string out = "before";
    write_request(out, "summary");
    CHECK(out == R"({"cmd":"summary"})");
    write_request(out, "a\"b\n");
    CHECK(out == R"({"cmd":"a\"b\u000a"})");
}

TEST_CASE("WhatsMiner v2: a session is the vectors' proof and key") {
    const Session made = session();
    CHECK(made.sign() == "w.BNbkCV6n1aNWgiBWLzT/");
    CHECK(hex(made.key()) == "199e0a202039bb7b558db7a54697dca29cb278055b7e659a127fb844d5a2fbf6");
    CHECK(make_session("s3cr3t_8", {"9999", "abcdefgh", "ZYXwvut1"})->sign() == "UD.agbg2ILWQ0a7CK2iCD/");
}

TEST_CASE("WhatsMiner v2: an order is, byte for byte, the vectors' packet") {
    CHECK(packet(session(), "power_off", {{"respbefore", "true"}}) == power_off);
    CHECK(packet(session(), "adjust_power_limit", {{"power_limit", "3000"}}) == limit_3000);
}

TEST_CASE("WhatsMiner v2: a machine opens an order, and its sealed reply is opened in turn") {
    Parser parser;
    const auto order = open(session(), power_off, parser);
    REQUIRE(order);
    CHECK(order->body->at("cmd").as_string() == "power_off");
    CHECK(order->body->at("token").as_string() == "w.BNbkCV6n1aNWgiBWLzT/");
    const std::string said = R"({"STATUS":"S","When":1,"Code":131,"Msg":"API command OK","Description":""})";
    const auto reply = open(session(), sealed_reply(session(), said), parser);
    REQUIRE(reply);
    CHECK(answer(reply->status) == Answer::taken);
    CHECK(reply->status.message == "API command OK");
    const auto plain = open(session(), R"({"STATUS":"E","When":1,"Code":135,"Msg":"check token err","Description":""})", parser);
    REQUIRE(plain);
    CHECK(answer(plain->status) == Answer::token_refused);
}

TEST_CASE("WhatsMiner v2: what cannot be opened is an error that tells no secret") {
    Parser parser;
    const auto detail = [&](std::string_view bytes) {
        const auto reply = open(session(), bytes, parser);
        REQUIRE_FALSE(reply);
        for (const std::string_view secret : {"admin", "RxmaDUO33TS7O26yeMHZ81", "w.BNbkCV6n1aNWgiBWLzT/", "199e0a20"})
            CHECK(reply.error().detail.find(secret) == std::string::npos);
        return reply.error().detail;
    };
    CHECK(detail("") == "empty reply");
    CHECK(detail(R"({"enc":1})") == "encrypted reply without a text");
    CHECK(detail(R"({"enc":{"a":"b"},"data":7})") == "encrypted reply without a text");
    CHECK(detail(R"({"enc":"a-b="})") == "encrypted reply that is not base64");
    CHECK(detail(R"({"enc":"Zm9v"})") == "encrypted reply of 3 bytes, not of whole blocks");
    CHECK(detail(R"({"enc":""})") == "encrypted reply of 0 bytes, not of whole blocks");
    CHECK(detail(power_off.substr(0, power_off.size() - 8) + "\"}") == "encrypted reply that is not base64");
    CHECK(detail(std::string(most_bytes + 1, ' ')) == fmt::format("reply of more than {} bytes", most_bytes));
    const std::string garbage = "reply that decrypts to no JSON object, as under a wrong password";
    CHECK(detail(sealed_reply(session(), "w.BNbkCV6n1aNWgiBWLzT/ is not JSON")) == garbage);
    CHECK(detail(sealed_reply(session(), "{garbage w.BNbkCV6n1aNWgiBWLzT/")) == garbage);
    CHECK(detail(sealed_reply(session(), "[1,2]")) == garbage);
    CHECK(detail(sealed_reply(*make_session("other", handed_out), R"({"STATUS":"S","Code":131})")) == garbage);
}

TEST_CASE("WhatsMiner v2: a token is taken as it comes, and only if it is one") {
    Parser parser;
    const auto read = [&](std::string_view message) { return token_reply(*parser.parse(R"({"STATUS":"S","Code":134,"Msg":)" + std::string{message} + "}")); };
    const auto token = read(R"({"time":"5626","salt":"BQ5hoXV9","newsalt":"jbzkfQls"})");
    REQUIRE(token);
    CHECK(token->time == "5626");
    CHECK(token->salt == "BQ5hoXV9");
    CHECK(token->newsalt == "jbzkfQls");
    CHECK(read(R"({"time":5626,"salt":12345678,"newsalt":"jbzkfQls"})")->salt == "12345678");
    for (const char* bad : {"null", "\"x\"", "{}", "[]", R"({"time":"","salt":"a","newsalt":"b"})", R"({"time":"1","salt":"a$b","newsalt":"b"})",
                            R"({"time":"1","salt":"a","newsalt":"123456789"})", R"({"time":"12:3","salt":"a","newsalt":"b"})", R"({"time":-5,"salt":"a","newsalt":"b"})"}) {
        CAPTURE(bad);
        const auto refused = read(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::malformed);
    }
    const auto full = token_reply(*parser.parse(R"({"STATUS":"E","When":1,"Code":136,"Msg":"over max connect","Description":""})"));
    REQUIRE_FALSE(full);
    CHECK(full.error().code == Errc::refused);
    CHECK(full.error().detail == "no token: code 136, over max connect");
}

TEST_CASE("WhatsMiner v2: a session needs a usable password and a token's salts, and says no more than that") {
    const std::string secret = "secret" + std::string(300, 'x');
    const auto refused = make_session(secret, handed_out);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("secret") == std::string::npos);
    CHECK(make_session("admin", {"1", "a$", "b"}).error().code == Errc::malformed);
    CHECK(make_session("admin", {std::string(300, '1'), "a", "b"}).error().code == Errc::malformed);
}

TEST_CASE("WhatsMiner v2: each code has its meaning, in both shapes of STATUS") {
    CHECK(answer_to(R"({"STATUS":"S","Code":131,"Msg":"API command OK"})") == Answer::taken);
    CHECK(answer_to(R"({"STATUS":[{"STATUS":"S","Code":11,"Msg":"Summary"}],"SUMMARY":[{}]})") == Answer::taken);
    CHECK(answer_to(R"({"STATUS":"S","Code":134,"Msg":{}})") == Answer::taken);
    CHECK(answer_to(R"({"STATUS":"E","Code":14,"Msg":"invalid cmd"})") == Answer::unknown_command);
    CHECK(answer_to(R"({"STATUS":[{"STATUS":"E","Code":23,"Msg":"Invalid JSON"}]})") == Answer::unreadable);
    CHECK(answer_to(R"({"STATUS":[{"STATUS":"E","Code":45,"Msg":"Access denied to 'power_off' command"}]})") == Answer::locked);
    CHECK(answer_to(R"({"STATUS":"E","Code":"45","Msg":""})") == Answer::locked);
    CHECK(answer_to(R"({"STATUS":"E","Code":132,"Msg":"can't access write cmd"})") == Answer::locked);
    CHECK(answer_to(R"({"STATUS":"E","Code":132,"Msg":"API command ERROR"})") == Answer::refused);
    CHECK(answer_to(R"({"STATUS":"S","Code":132})") == Answer::refused);
    CHECK(answer_to(R"({"STATUS":"E","Code":135,"Msg":"check token err"})") == Answer::token_refused);
    CHECK(answer_to(R"({"STATUS":"E","Code":136,"Msg":"over max connect"})") == Answer::too_many_tokens);
    CHECK(answer_to(R"({"STATUS":"E","Code":137})") == Answer::unreadable);
    CHECK(answer_to(R"({"hello":1})") == Answer::refused);
}

TEST_CASE("WhatsMiner v2: a summary's fields have their units, also from strings") {
    Parser parser;
    const auto report = summary_of(R"("Power":"3200","Power Limit":3300,"Power Mode":"Normal","HS RT":"124500000.0","Chip Temp Max":81.5,"Hash Stable":"true","MAC":"D4:01:02:03:04:05","Elapsed":"7","Uptime":25500)", parser);
    REQUIRE(report);
    CHECK(report->power == Power{3'200});
    CHECK(report->power_limit == Power{3'300});
    CHECK(report->power_mode == PowerMode::normal);
    CHECK(std::llround(report->gigahashes.value()) == 124'500);
    CHECK(report->chips == Temperature{81'500});
    CHECK(report->hash_stable == true);
    CHECK(report->mac == 0xd40102030405u);
    CHECK(report->elapsed == std::chrono::seconds{7});
    CHECK_FALSE(report->ambient);
    CHECK(summary_of(R"("Power":0)", parser)->power == Power{0});
    for (const char* unknown : {R"("Power":-1)", R"("Power":"-1")", R"("Power":null)", R"("Power":1e9)", R"("Power":"12 W")", R"("Power":{})", R"("Elapsed":1)"})
        CHECK_FALSE(summary_of(unknown, parser)->power);
    CHECK_FALSE(summary_of(R"("HS RT":-3)", parser)->gigahashes);
    CHECK_FALSE(summary_of(R"("Chip Temp Max":32767)", parser)->chips);
    CHECK_FALSE(summary_of(R"("Power Mode":"")", parser)->power_mode);
    CHECK_FALSE(summary(*parser.parse(R"({"SUMMARY":[]})")));
    CHECK_FALSE(summary(*parser.parse(R"({"STATUS":"E","Code":14})")));
}

TEST_CASE("WhatsMiner v2: a machine is off by either firmware's word for it") {
    Parser parser;
    CHECK(status_of(R"("mineroff":"true","mineroff_reason":"by api","power_mode":"Low","hash_percent":"-10","power_limit_set":"3600")", parser)->off == true);
    CHECK(status_of(R"("mineroff":false)", parser)->off == false);
    CHECK(status_of(R"("btmineroff":"true","Firmware Version":"'20200917.22.REL'")", parser)->off == true);
    CHECK(status_of(R"("btmineroff":"false","Firmware Version":"x")", parser)->firmware == "x");
    CHECK_FALSE(status_of(R"("mineroff":"perhaps","power_mode":"","power_limit_set":"")", parser)->off);
    CHECK(status_of(R"("hash_percent":-10,"mineroff_reason":"by api")", parser)->hash_percent == -10);
    CHECK(status_of(R"("mineroff_reason":"by api")", parser)->off_reason == "by api");
    CHECK_FALSE(status(*parser.parse(R"({"STATUS":"E","Code":14,"Msg":"invalid cmd"})")));
}

TEST_CASE("WhatsMiner v2: error codes come in four shapes") {
    Parser parser;
    const auto codes = [&](std::string_view list) { return error_codes(*parser.parse(R"({"STATUS":"S","Code":131,"Msg":{"error_code":)" + std::string{list} + "}}")); };
    const std::vector<int> two{218, 110};
    CHECK(codes(R"([{"218":"2024-06-15 10:30:00"},{"110":"x"}])") == two);
    CHECK(codes(R"(["218":"2024-06-15","110":"x"])") == two);
    CHECK(codes(R"(["218","110"])") == two);
    CHECK(codes(R"([218,110])") == two);
    CHECK(codes(R"([{"reason":"x"},null,-4,"",[1],99999999999])").empty());
    CHECK(codes("7").size() == 1);
    CHECK(error_codes(*parser.parse(R"({"Msg":"none"})")).empty());
    std::string many = "[1";
    for (int i = 0; i < 200; ++i) many += ",5";
    CHECK(codes(many + "]").size() == 64);
}

TEST_CASE("WhatsMiner v2: all vectors") {
    const auto folder = whatsminer_captures();
    if (!folder) return;
    const auto vectors = json::parse(file_text(*folder / "crypto_vectors.json"));
    Parser parser;
    int seen = 0;
    for (const auto& vector : vectors.as_array()) {
        const auto text = [&](std::string_view key) { return std::string{std::string_view{vector.at(key).as_string()}}; };
        if (text("api") != "v2") continue;
        ++seen;
        CHECK(wire::md5crypt(text("password"), text("salt")) == text("key_md5crypt"));
        const auto made = make_session(text("password"), {text("time"), text("salt"), text("newsalt")});
        REQUIRE(made);
        CHECK(made->sign() == text("sign"));
        CHECK(hex(made->key()) == text("aes256_key_hex"));
        const auto order = json::parse(text("plaintext")).as_object();
        const std::string command{std::string_view{order.at("cmd").as_string()}};
        const std::string sent = command == "power_off"  ? packet(*made, command, {{"respbefore", "true"}})
                                 : command == "power_on" ? packet(*made, command)
                                                         : packet(*made, command, {{"power_limit", "3000"}});
        CHECK(sent == json::serialize(vector.at("packet")));
        CHECK(*open(*made, sent, parser)->body == order);
    }
    CHECK(seen == 9);
}

TEST_CASE("WhatsMiner v2: every capture parses and gives its values") {
    const auto folder = whatsminer_captures();
    if (!folder) return;
    Parser parser;
    const auto capture = [&](const char* name) { return *parser.parse(file_text(*folder / "v2" / name)); };
    for (const auto& entry : std::filesystem::directory_iterator{*folder / "v2"}) {
        CAPTURE(entry.path().string());
        const auto reply = open(session(), file_text(entry.path()), parser);
        REQUIRE(reply);
        CHECK_FALSE(reply->repaired);
        CHECK(answer(reply->status) == Answer::taken);
    }
    const auto report = summary(capture("summary.json"));
    CHECK(report->power == Power{3'200});
    CHECK(report->power_limit == Power{3'300});
    CHECK(std::llround(report->gigahashes.value()) == 124'500);
    CHECK(std::llround(report->mean_gigahashes.value()) == 125'000);
    CHECK(report->rated_gigahashes == 126'000);
    CHECK(report->ambient == Temperature{28'500});
    CHECK(report->hash_stable == true);
    const auto status_reply = capture("status.json");
    const auto state = status(status_reply);
    CHECK(state->off == false);
    CHECK(state->power_mode == PowerMode::low);
    CHECK(state->power_limit == Power{3'600});
    CHECK(identity(capture("get_version.json"))->firmware == "20230803.11.REL");
    CHECK(identity(capture("get_psu.json"))->supply_model == "P222B");
    CHECK(identity(capture("get_miner_info.json"))->mac == 0xd40102030405u);
    CHECK(error_codes(capture("get_error_code.json")).empty());
    CHECK(error_codes(capture("get_error_code_with_errors.json")) == std::vector<int>{218, 110});
    CHECK(boards(capture("devs.json")) == Count{3, 3});
    CHECK(pools(capture("pools.json")) == Count{3, 3});
    CHECK_FALSE(boards(capture("pools.json")));
}

TEST_CASE("WhatsMiner v2: mutated replies never crash, whether sealed or changed before or after") {
    const Session made = session();
    const std::string said = R"({"STATUS":"S","When":1,"Code":131,"Msg":{"mineroff":"true","error_code":[{"218":"x"}],"time":"1","salt":"a","newsalt":"b"},"SUMMARY":[{"Power":3200,"HS RT":1.5,"MAC":"D4:01:02:03:04:05"}],"DEVS":[{"Status":"Alive"}]})";
    Parser parser;
    std::mt19937_64 random{11};
    int opened = 0, refused = 0;
    for (int round = 0; round < 6'000; ++round) {
        const std::string bytes = round % 3 == 0   ? mutated(said, random)
                                  : round % 3 == 1 ? sealed_reply(made, mutated(said, random))
                                                   : mutated(sealed_reply(made, said), random);
        CAPTURE(bytes);
        const auto reply = open(made, bytes, parser);
        reply ? ++opened : ++refused;
        if (!reply) continue;
        answer(reply->status);
        token_reply(*reply);
        summary(*reply);
        status(*reply);
        identity(*reply);
        error_codes(*reply);
        boards(*reply);
        pools(*reply);
    }
    CHECK(opened > 2'000);
    CHECK(refused > 500);
}
