#include "wire/whatsminer3.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

#include <cmath>

using namespace ballast;
using namespace ballast::wire::whatsminer3;
using namespace std::string_literals;
using namespace std::chrono_literals;
using wire::cgminer::Parser;

namespace {

const std::chrono::sys_seconds noon{1'773'869'570s};
const Credentials credentials{"super", "super", "BQ5hoXV9", noon};
const std::string heartbeat(4, '\0');

std::string framed(std::string_view text) {
    std::string frame;
    write_frame(frame, text);
    return frame;
}

std::string text_of(const std::string& frame) { return std::string{unframe(frame).value()}; }

}  // namespace

TEST_CASE("WhatsMiner v3: a frame is its length, little endian, and its text") {
    CHECK(framed("{}") == "\x02\0\0\0{}"s);
    CHECK(framed(std::string(0x1234, ' ')).substr(0, 4) == "\x34\x12\0\0"s);
    CHECK(text_of(framed("{}")) == "{}");
    CHECK(text_of(heartbeat + heartbeat + framed("{}") + framed("[]")) == "{}");
}

TEST_CASE("WhatsMiner v3: a frame is whole with its last byte, however it arrives, and heartbeats are none") {
    const std::string bytes = heartbeat + framed(R"({"code":0})");
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        Framing framing;
        std::size_t at = 0;
        for (; at + step < bytes.size(); at += step) CHECK(framing.feed(bytes.substr(at, step)) == false);
        CHECK(framing.feed(bytes.substr(at)) == true);
        CHECK(framing.missing() == 0);
    }
    Framing framing;
    CHECK(framing.missing() == 4);
    CHECK(framing.feed("") == false);
    CHECK(framing.feed("\x0a\0"s) == false);
    CHECK(framing.missing() == 2);
    CHECK(framing.feed("\0\0{"s) == false);
    CHECK(framing.missing() == 9);
    CHECK(framing.feed(R"("code":0}xxxx)") == true);
    Framing idle;
    CHECK(idle.feed(heartbeat) == false);
    CHECK(idle.missing() == 4);
}

TEST_CASE("WhatsMiner v3: a length beyond 64 KiB is refused before it is awaited") {
    const auto refused = [](const std::string& header) {
        Framing framing;
        const auto fed = framing.feed(header);
        REQUIRE_FALSE(fed);
        CHECK(fed.error().code == Errc::oversized);
        CHECK(unframe(header).error().code == Errc::oversized);
    };
    refused("\x01\0\x01\0"s);
    refused("\xff\xff\xff\xff");
    refused("HTTP/1.1 400 Bad Request");
    Framing framing;
    CHECK(framing.feed("\0\0\x01\0"s) == false);
    CHECK(framing.missing() == most_bytes);
    CHECK(framing.feed(std::string(most_bytes, ' ')) == true);
}

TEST_CASE("WhatsMiner v3: what was cut off is said to be") {
    Parser parser;
    for (const std::string& bytes : {""s, "\x02"s, heartbeat, heartbeat + "\x02\0"s, "\x02\0\0\0"s, "\x02\0\0\0{"s}) {
        const auto reply = parse_reply(bytes, parser);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == Errc::malformed);
    }
    CHECK(unframe("\x02\0\0\0{"s).error().detail == "frame of 2 bytes, cut off after 1");
}

TEST_CASE("WhatsMiner v3: a token is the vectors'") {
    CHECK(token("set.miner.service", credentials) == "JnFl3JMv");
    CHECK(token("set.miner.power_limit", {"super", "super", "BQ5hoXV9", noon + 1s}) == "5sCwBmQ9");
    CHECK(token("set.miner.power_limit", {"user1", "super", "BQ5hoXV9", noon + 1s}) == "5sCwBmQ9");
}

TEST_CASE("WhatsMiner v3: questions and orders are these") {
    std::string out = "before";
    write_query(out, "get.device.info", "salt");
    CHECK(text_of(out) == R"({"cmd":"get.device.info","param":"salt"})");
    write_query(out, "get.miner.status", "summary+pools");
    CHECK(text_of(out) == R"({"cmd":"get.miner.status","param":"summary+pools"})");
    write_query(out, "get.device.info");
    CHECK(text_of(out) == R"({"cmd":"get.device.info"})");

    const auto proof = [](std::string_view command) { return R"(,"ts":1773869570,"account":"super","token":")" + token(command, credentials) + "\"}"; };
    write_service(out, credentials, Service::stop);
    CHECK(text_of(out) == R"({"cmd":"set.miner.service","param":"stop","ts":1773869570,"account":"super","token":"JnFl3JMv"})");
    write_service(out, credentials, Service::start);
    CHECK(text_of(out).find(R"("param":"start")") != std::string::npos);
    write_power_limit(out, credentials, Power{3'000});
    CHECK(text_of(out) == R"({"cmd":"set.miner.power_limit","param":3000)" + proof("set.miner.power_limit"));
    write_power_percent(out, credentials, 85, Pace::fast);
    CHECK(text_of(out) == R"({"cmd":"set.miner.power_percent","param":{"percent":"85","mode":"fast"})" + proof("set.miner.power_percent"));
    write_power_percent(out, credentials, 100, Pace::normal);
    CHECK(text_of(out).find(R"({"percent":"100","mode":"normal"})") != std::string::npos);
    write_power_mode(out, credentials, PowerMode::low);
    CHECK(text_of(out) == R"({"cmd":"set.miner.power_mode","param":"low")" + proof("set.miner.power_mode"));
    write_order(out, credentials, "set.miner.upfreq_speed", "7");
    CHECK(text_of(out) == R"({"cmd":"set.miner.upfreq_speed","param":7)" + proof("set.miner.upfreq_speed"));
    write_service(out, {"a\"b", "p", "s", noon}, Service::stop);
    CHECK(text_of(out).find(R"("account":"a\"b")") != std::string::npos);
}

TEST_CASE("WhatsMiner v3: a reply says what it is of, when, and whether it was taken") {
    Parser parser;
    const auto taken = parse_reply(heartbeat + framed(R"({"code":0,"when":1692685512,"msg":"ok","desc":"set.miner.service"})"), parser);
    REQUIRE(taken);
    CHECK(taken->taken());
    CHECK_FALSE(taken->denied());
    CHECK(taken->message == "ok");
    CHECK(taken->command == "set.miner.service");
    CHECK(taken->when == std::chrono::sys_seconds{1'692'685'512s});
    CHECK_FALSE(taken->content);
    CHECK_FALSE(device(*taken));
    CHECK_FALSE(summary(*taken));

    const auto read = [&](std::string_view text) { return *parse_reply(framed(text), parser); };
    CHECK(read(R"({"code":"0","when":"5"})").taken());
    CHECK(read(R"({"code":-4,"msg":"no permission"})").denied());
    CHECK(read(R"({"code":-1,"msg":"No Permission"})").denied());
    CHECK_FALSE(read(R"({"code":-1,"msg":"fail"})").denied());
    CHECK_FALSE(read(R"({"code":-2,"msg":"invalid command"})").taken());
    CHECK_FALSE(read(R"({"msg":"ok"})").taken());
    CHECK_FALSE(read(R"({"code":null,"when":-5,"msg":[1],"desc":7})").taken());
    CHECK_FALSE(read(R"({"code":0.5,"when":1e300})").code);
    CHECK_FALSE(read(R"({"code":1e300,"when":1e300})").when);
}

TEST_CASE("WhatsMiner v3: what is no reply is an error that quotes nothing") {
    Parser parser;
    for (const char* text : {"token JnFl3JMv", "[\"JnFl3JMv\"]", "\"JnFl3JMv", "\xff\xfe"}) {
        const auto reply = parse_reply(framed(text), parser);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().detail == "frame without a JSON object");
    }
}

TEST_CASE("WhatsMiner v3: reports have their units, and unlikely values are none") {
    Parser parser;
    const auto report = [&](std::string_view fields) { return *summary(*parse_reply(framed(R"({"code":0,"msg":{"summary":{)" + std::string{fields} + "}}}"), parser)); };
    CHECK(report(R"("power-realtime":"3156.4")").power == Power{3'156});
    CHECK(std::llround(report(R"("hash-realtime":171.259)").gigahashes.value()) == 171'259);
    CHECK(report(R"("up-freq-finish":0)").tuned == false);
    CHECK(report(R"("up-freq-finish":"1")").tuned == true);
    CHECK_FALSE(report(R"("power-realtime":-1)").power);
    CHECK_FALSE(report(R"("power-realtime":null,"hash-realtime":"x","elapsed":-4,"chip-temp-max":[])").power);
    CHECK_FALSE(report(R"("elapsed":-4)").elapsed);
    const auto info = [&](std::string_view fields) { return *device(*parse_reply(framed(R"({"code":0,"msg":{)" + std::string{fields} + "}}"), parser)); };
    CHECK(info(R"("salt":"uhCiDyVj")").salt == "uhCiDyVj");
    CHECK(info(R"("miner":{"working":false,"fast-boot":"enable","power-limit-set":"3600"})").working == false);
    CHECK(info(R"("miner":{"fast-boot":"enable"})").fast_boot == true);
    CHECK(info(R"("power":{"pin":3264})").supply_power == Power{3'264});
    CHECK(info(R"("system":{"apiswitch":"0"})").writable == false);
    const auto odd = info(R"("salt":7,"miner":"x","network":[],"system":null,"power":[[]],"error-code":{"1":"x"})");
    CHECK(odd.salt.empty());
    CHECK_FALSE(odd.mac);
    CHECK_FALSE(odd.writable);
}

TEST_CASE("WhatsMiner v3: all vectors") {
    const auto folder = whatsminer_captures();
    if (!folder) return;
    const auto vectors = json::parse(file_text(*folder / "crypto_vectors.json"));
    int seen = 0;
    for (const auto& vector : vectors.as_array()) {
        const auto text = [&](std::string_view key) { return std::string{std::string_view{vector.at(key).as_string()}}; };
        if (text("api") != "v3") continue;
        ++seen;
        const std::string password = text("password"), salt = text("salt");
        CHECK(token(text("cmd"), {"super", password, salt, std::chrono::sys_seconds{std::chrono::seconds{vector.at("ts").as_int64()}}}) == text("token"));
    }
    CHECK(seen == 2);
}

TEST_CASE("WhatsMiner v3: every capture parses and gives its values") {
    const auto folder = whatsminer_captures();
    if (!folder) return;
    Parser parser;
    std::string frame;
    const auto capture = [&](const std::filesystem::path& path) {
        write_frame(frame, file_text(path));
        Framing framing;
        CHECK(framing.feed(frame) == true);
        const auto reply = parse_reply(frame, parser);
        REQUIRE(reply);
        return *reply;
    };
    for (const auto& entry : std::filesystem::directory_iterator{*folder / "v3"}) {
        CAPTURE(entry.path().string());
        const Reply reply = capture(entry.path());
        CHECK(reply.taken());
        CHECK(reply.when == noon);
        CHECK(reply.content);
    }
    const auto report = summary(capture(*folder / "v3" / "get_miner_status_summary.json"));
    REQUIRE(report);
    CHECK(report->power == Power{3'156});
    CHECK(report->mean_power == Power{3'100});
    CHECK(report->power_limit == Power{3'600});
    CHECK(std::llround(report->gigahashes.value()) == 171'259);
    CHECK(std::llround(report->mean_gigahashes.value()) == 170'800);
    CHECK(std::llround(report->quarter_gigahashes.value()) == 170'500);
    CHECK(std::llround(report->rated_gigahashes.value()) == 181'051);
    CHECK(report->chips == Temperature{82'000});
    CHECK(report->tuned == true);
    CHECK(report->elapsed == 50'000s);
    CHECK(report->boot_time == 1'323s);
    const Reply reply = capture(*folder / "v3" / "get_device_info_with_errors.json");
    const auto info = device(reply);
    REQUIRE(info);
    CHECK(info->salt == "uhCiDyVj");
    CHECK(info->mac == 0xce0201008c36u);
    CHECK(info->serial == "BTM3CS40HD24083100000000000000000");
    CHECK(info->model == "M60S_VK40");
    CHECK(info->working == true);
    CHECK(info->fast_boot == false);
    CHECK(info->writable == true);
    CHECK(info->firmware == "20251209.16.Rel2");
    CHECK(info->supply_model == "P221B");
    CHECK_FALSE(info->supply_power);
    CHECK(info->error_codes == std::vector<int>{264, 265, 266, 267, 270});
    CHECK(device(capture(*folder / "v3" / "get_device_info.json"))->error_codes.empty());
    CHECK(boards(capture(*folder / "v3" / "get_miner_status_edevs.json")) == Count{3, 3});
    CHECK(pools(capture(*folder / "v3" / "get_miner_status_pools.json")) == Count{3, 3});
}

TEST_CASE("WhatsMiner v3: mutated frames never crash, and both readers agree on what is whole") {
    const std::string said = R"({"code":0,"when":5,"desc":"x","msg":{"salt":"uhCiDyVj","miner":{"working":"true"},"network":{"mac":"CE:02:01:00:8C:36"},"error-code":[{"264":"x"}],"summary":{"power-realtime":3156.0},"edevs":[{"status":"alive"}],"pools":[{}]}})";
    Parser parser;
    std::mt19937_64 random{13};
    int parsed = 0;
    for (int round = 0; round < 6'000; ++round) {
        const std::string bytes = round % 2 == 0 ? framed(mutated(said, random)) : mutated(framed(said), random);
        CAPTURE(bytes);
        Framing framing;
        const auto whole = framing.feed(bytes);
        CHECK((whole && *whole) == unframe(bytes).has_value());
        const auto reply = parse_reply(bytes, parser);
        if (!reply) continue;
        ++parsed;
        reply->denied();
        device(*reply);
        summary(*reply);
        boards(*reply);
        pools(*reply);
    }
    CHECK(parsed > 2'000);
}
