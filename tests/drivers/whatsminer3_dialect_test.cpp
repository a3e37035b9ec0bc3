#include "drivers/asic/whatsminer3.hpp"

#include "tests/drivers/dialect_talk.hpp"

using namespace ballast;
using namespace ballast::asic;
using namespace std::chrono_literals;
using Kind = Turn::Kind;
namespace wire3 = wire::whatsminer3;

namespace {

constexpr std::int64_t noon = 1'773'869'570;

std::string framed(std::string_view text) {
    std::string frame;
    wire3::write_frame(frame, text);
    return frame;
}

std::string info(std::string_view salt = "uhCiDyVj", std::int64_t when = noon, std::string_view working = "true", std::string_view mac = "CE:02:01:00:8C:36", std::string_view more = "") {
    return framed(fmt::format(R"({{"code":0,"when":{},"desc":"get.device.info","msg":{{"salt":"{}","network":{{"mac":"{}"}},"miner":{{"working":"{}"}}{}}}}})", when, salt, mac, working, more));
}

std::string summary(std::string_view fields, std::int64_t when = noon) { return framed(fmt::format(R"({{"code":0,"when":{},"desc":"get.miner.status","msg":{{"summary":{{{}}}}}}})", when, fields)); }

const std::string hashing = R"("power-realtime":3156.0,"hash-realtime":171.259,"hash-15min":170.5)";
const std::string resting = R"("power-realtime":14,"hash-realtime":0)";
const std::string taken = framed(R"({"code":0,"when":1773869571,"msg":"ok","desc":"set.miner.service"})");
const std::string denied = framed(R"({"code":-4,"when":1773869571,"msg":"no permission","desc":"set.miner.service"})");

struct Talk3 : DialectTalk<Whatsminer3> {
    Talk3() : DialectTalk{{.password = "super"}} {}

    Report polled(const std::string& who, const std::string& figures) {
        poll();
        hear(who);
        const Turn last = hear(figures);
        REQUIRE(last.kind == Kind::report);
        return last.report;
    }
    /// What the order that went out is proven by.
    bool is_order(std::string_view what, std::string_view salt, std::int64_t at) const {
        const wire3::Credentials proof{"super", "super", salt, std::chrono::sys_seconds{std::chrono::seconds{at}}};
        return asked.substr(4) == fmt::format(R"({{"cmd":"set.miner.service","param":"{}","ts":{},"account":"super","token":"{}"}})", what, at, wire3::token("set.miner.service", proof));
    }
};

}  // namespace

TEST_CASE("WhatsMiner v3: who has been polled is ordered in one exchange, by its own clock") {
    Talk3 talk;
    CHECK(talk.polled(info(), summary(hashing)).mode == Mode::running);
    talk.now += 10s;
    CHECK(talk.order(Rung::sleep).kind == Kind::commit);
    CHECK(talk.is_order("stop", "uhCiDyVj", noon + 10));
    CHECK(talk.hear(taken).kind == Kind::accepted);
    CHECK(talk.order(Rung::wake).kind == Kind::commit);
    CHECK(talk.is_order("start", "uhCiDyVj", noon + 1));
}

TEST_CASE("WhatsMiner v3: a clock that is years off, or jumps, is followed with each reply") {
    Talk3 talk;
    talk.polled(info("salt", 1'200), summary(hashing, 1'203));
    talk.now += 60s;
    talk.order(Rung::sleep);
    CHECK(talk.is_order("stop", "salt", 1'263));
    talk.polled(info("salt", noon), summary(hashing, noon));
    talk.order(Rung::sleep);
    CHECK(talk.is_order("stop", "salt", noon));
    talk.polled(info("salt", noon), framed(R"({"code":0,"msg":{"summary":{"power-realtime":1}}})"));
    talk.order(Rung::sleep);
    CHECK(talk.is_order("stop", "salt", noon));
}

TEST_CASE("WhatsMiner v3: an order to one not met yet asks first who it is, and what proves an order") {
    Talk3 talk;
    CHECK(talk.order(Rung::sleep).kind == Kind::ask);
    CHECK(talk.asked.substr(4) == R"({"cmd":"get.device.info"})");
    CHECK(talk.hear(info()).kind == Kind::commit);
    CHECK(talk.is_order("stop", "uhCiDyVj", noon));
}

TEST_CASE("WhatsMiner v3: a denied order is tried once more with a fresh salt and clock, and then refused with the remedy") {
    Talk3 talk;
    talk.polled(info(), summary(hashing));
    talk.order(Rung::sleep);
    Turn turn = talk.hear(denied);
    CHECK(turn.kind == Kind::ask);
    CHECK_FALSE(turn.why.empty());
    CHECK(talk.hear(info("newSalt1", noon + 500)).kind == Kind::commit);
    CHECK(talk.is_order("stop", "newSalt1", noon + 500));
    SECTION("and is taken") { CHECK(talk.hear(taken).kind == Kind::accepted); }
    SECTION("and refused") {
        CHECK(talk.hear(denied).kind == Kind::refused);
        CHECK(talk.why.find("password") != std::string::npos);
        CHECK(talk.why.find("super") == std::string::npos);
        CHECK(talk.order(Rung::sleep).kind == Kind::ask);
    }
    SECTION("but never of somebody else, who has come to its address meanwhile") {
        talk.hear(denied);
        talk.order(Rung::sleep);
        CHECK(talk.hear(info("x", noon, "true", "CE:02:01:00:8C:37")).kind == Kind::foreign);
    }
}

TEST_CASE("WhatsMiner v3: another refusal is not tried again, and shows no secret") {
    Talk3 talk;
    talk.polled(info(), summary(hashing));
    talk.order(Rung::sleep);
    CHECK(talk.hear(framed(R"({"code":-2,"msg":"invalid command","desc":"set.miner.service"})")).kind == Kind::refused);
    CHECK(talk.why == "code -2: invalid command");
    talk.order(Rung::sleep);
    talk.hear(framed(R"({"code":-1,"msg":"bad password super"})"));
    CHECK(talk.why == "code -1");
    talk.order(Rung::sleep);
    const std::string proof = talk.asked.substr(talk.asked.find("\"token\":\"") + 9, 8);
    CHECK(talk.hear(framed(R"({"code":-1,"msg":"what is )" + proof + "\"}")).kind == Kind::refused);
    CHECK(talk.why == "code -1");
    talk.order(Rung::sleep);
    CHECK(talk.hear(framed("{}")).kind == Kind::refused);
    CHECK(talk.why == "no code");
}

TEST_CASE("WhatsMiner v3: without a salt or a clock nothing is ordered") {
    Talk3 salt, clock, endless, shut;
    salt.order(Rung::sleep);
    CHECK(salt.hear(info("")).kind == Kind::refused);
    clock.order(Rung::sleep);
    CHECK(clock.hear(framed(R"({"code":0,"msg":{"salt":"abc"}})")).kind == Kind::refused);
    endless.order(Rung::sleep);
    CHECK(endless.hear(info(std::string(65, 'x'))).kind == Kind::refused);
    shut.order(Rung::sleep);
    CHECK(shut.hear(framed(R"({"code":-1,"msg":"fail","desc":"get.device.info"})")).kind == Kind::refused);
}

TEST_CASE("WhatsMiner v3: what answers another question, half or not at all is garbage, to a poll and to an order") {
    const std::string bad[] = {"", framed("no JSON"), info().substr(0, 40), std::string(4, '\0'), summary(hashing), framed(R"({"code":0,"desc":"set.miner.pools"})"), "HTTP/1.1 400 Bad Request\r\n\r\n"};
    for (const std::string& bytes : bad) {
        Talk3 talk;
        talk.poll();
        CHECK(talk.hear(bytes).kind == Kind::garbage);
        talk.polled(info(), summary(hashing));
        talk.order(Rung::sleep);
        CHECK(talk.hear(bytes).kind == Kind::garbage);
    }
}

TEST_CASE("WhatsMiner v3: it is asleep only if its watts and its hashing agree with what it says") {
    Talk3 talk;
    const auto mode = [&](std::string_view working, const std::string& figures, std::string_view more = "") { return talk.polled(info("s", noon, working, "CE:02:01:00:8C:36", more), figures).mode; };
    CHECK(mode("false", summary(resting)) == Mode::asleep);
    CHECK(mode("false", summary(hashing)) == Mode::running);
    CHECK(mode("false", summary(R"("power-realtime":3000,"hash-realtime":0)")) == Mode::running);
    CHECK(mode("false", summary(R"("power-realtime":14,"hash-realtime":170)")) == Mode::running);
    CHECK(mode("false", summary(resting), R"(,"power":{"pin":3100})") == Mode::running);
    CHECK(mode("true", summary(resting)) == Mode::fault);
    CHECK(mode("perhaps", summary(resting)) == Mode::fault);
    CHECK(mode("false", summary(R"("power-realtime":-1)")) == Mode::fault);
    CHECK(mode("false", framed(R"({"code":-1,"msg":"fail","desc":"get.miner.status"})")) == Mode::fault);
    CHECK(mode("false", framed(R"({"code":-1,"msg":"fail"})"), R"(,"power":{"pin":13})") == Mode::asleep);
    CHECK(mode("true", summary(hashing)) == Mode::running);
}

TEST_CASE("WhatsMiner v3: its watts are measured, of a sleeper without any they are estimated") {
    Talk3 talk;
    Report seen = talk.polled(info(), summary(hashing));
    CHECK(seen.quality == Quality::measured);
    CHECK(seen.power == Power{3'156});
    CHECK_FALSE(seen.gigahashes);
    talk.m.hash_wanted = true;
    CHECK(talk.polled(info(), summary(hashing)).gigahashes == 170'500.0);
    CHECK_FALSE(talk.polled(info(), summary(resting)).gigahashes);
    seen = talk.polled(info("s", noon, "false"), summary(R"("hash-realtime":0)"));
    CHECK(seen.mode == Mode::asleep);
    CHECK(seen.quality == Quality::estimated);
    CHECK(seen.power == Power{15});
    CHECK(talk.polled(info(), summary("")).quality == Quality::bad);
}

TEST_CASE("WhatsMiner v3: another machine at its address is a stranger in the first exchange") {
    Talk3 talk;
    talk.poll();
    CHECK(talk.hear(info("s", noon, "true", "CE:02:01:00:8C:37")).kind == Kind::foreign);
}
