#include "drivers/asic/axeos.hpp"

#include "tests/drivers/dialect_by_hand.hpp"

using namespace ballast;
using namespace ballast::support;
using asic::Identity;

namespace {

using Bitaxe = ByHand<asic::Axeos>;

const std::string mac = "AA:BB:CC:DD:EE:FF";

std::string info(double watts, double gigahashes, std::string_view paused, std::string_view address = mac) {
    return http(200, fmt::format(R"({{"power":{},"hashRate":{},"macAddr":"{}"{}}})", watts, gigahashes, address, paused.empty() ? "" : fmt::format(R"(,"miningPaused":{})", paused)));
}

Bitaxe polled(const std::string& answer, std::string_view inventory_mac = {}) {
    Bitaxe b{inventory_mac, Power{18}};
    b.poll();
    b.hears(answer);
    return b;
}

}  // namespace

TEST_CASE("a Bitaxe runs, sleeps or is at fault by its watts") {
    CHECK(polled(info(17.6, 1'100, "false")).reports(Mode::running, Quality::measured, Power{18}));
    CHECK(polled(info(2.4, 0, "true")).reports(Mode::asleep, Quality::measured, Power{2}));
    CHECK(polled(info(2.4, 800, "true")).reports(Mode::asleep));  // Its mean hash rate is still falling.
    CHECK(polled(info(5, 0, "true")).reports(Mode::asleep));      // 5 W are what some boards add to whatever they measure.
    CHECK(polled(info(2.4, 0, "false")).reports(Mode::fault, Quality::measured, Power{2}));
    CHECK(polled(info(2.4, 0, "")).reports(Mode::fault));
}

TEST_CASE("a Bitaxe that says it is paused and draws on runs") { CHECK(polled(info(17.6, 1'100, "true")).reports(Mode::running, Quality::measured, Power{18})); }

TEST_CASE("a Bitaxe without a sensor is judged by its hashing, and nothing is presented as measured") {
    CHECK(polled(info(0, 1'100, "false")).reports(Mode::running, Quality::estimated, Power{18}));
    CHECK(polled(info(0, 1'100, "true")).reports(Mode::running, Quality::estimated, Power{18}));
    CHECK(polled(info(0, 0, "true")).reports(Mode::asleep, Quality::estimated, Power{40}));
    CHECK(polled(info(0, 0, "false")).reports(Mode::fault));
}

TEST_CASE("a Bitaxe is paused and resumed by one POST each") {
    Bitaxe b;
    b.order(Rung::sleep);
    CHECK(b.kind == Bitaxe::Kind::commit);
    CHECK(b.sends("POST /api/system/pause"));
    CHECK(b.request.find("\r\nContent-Length: 0\r\n") != b.request.npos);
    b.hears(http(200, "Mining paused"));
    CHECK(b.kind == Bitaxe::Kind::accepted);
    b.order(Rung::wake);
    CHECK(b.sends("POST /api/system/resume"));
    b.hears(http(200));
    CHECK(b.kind == Bitaxe::Kind::accepted);
}

TEST_CASE("a Bitaxe that does not pause says why, and what helps") {
    for (const auto& [status, because] : {std::pair{401, "its own network"}, {404, "2.14"}, {405, "2.14"}, {500, "HTTP 500"}, {301, "HTTP 301"}}) {
        Bitaxe b;
        b.order(Rung::sleep);
        b.hears(http(status, "no"));
        CAPTURE(b.why);
        CHECK(b.refuses(because));
        CHECK(b.why.size() <= 120);  // The log shows no more.
    }
}

TEST_CASE("a web page, or half an answer, is no pause") {
    for (const std::string& bytes : {http(200, "\n<!doctype html><html></html>"), std::string{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"}, std::string{"\x01\x02 nonsense"}, std::string{}}) {
        Bitaxe b;
        b.order(Rung::sleep);
        b.hears(bytes);
        CAPTURE(bytes);
        CHECK(b.kind == Bitaxe::Kind::garbage);
    }
}

TEST_CASE("garbage in place of a Bitaxe's telemetry is garbage") {
    for (const std::string& bytes : {std::string{"\x01\x02 nonsense"}, std::string{}, http(200, "<html>"), http(200, "[]"), http(200, "{}"), http(401), http(404), http(500), http(200, R"({"power":)")}) {
        CAPTURE(bytes);
        CHECK(polled(bytes).kind == Bitaxe::Kind::garbage);
    }
}

TEST_CASE("a Bitaxe is asked who it is before it is ordered, and a stranger is not") {
    Bitaxe b{mac};
    b.order(Rung::sleep);
    CHECK(b.sends("GET /api/system/info"));
    b.hears(info(17, 1'100, "false"));
    CHECK(b.sends("POST /api/system/pause"));

    Bitaxe other{mac};
    other.order(Rung::sleep);
    other.hears(info(17, 1'100, "false", "AA:BB:CC:DD:EE:00"));
    CHECK(other.kind == Bitaxe::Kind::foreign);
    CHECK(polled(info(2, 0, "true", "AA:BB:CC:DD:EE:00"), mac).kind == Bitaxe::Kind::foreign);

    Bitaxe walled{mac};
    walled.order(Rung::sleep);
    walled.hears(http(401));
    CHECK(walled.refuses("its own network"));
}

TEST_CASE("AxeOS knows no other orders") {
    asic::Axeos dialect;
    CHECK(dialect.cannot(Rung::sleep).empty());
    CHECK(dialect.cannot(Rung::wake).empty());
    for (const Rung rung : {Rung::close, Rung::power_off, Rung::open, Rung::checkpoint, Rung::cap, Rung::uncap}) CHECK_FALSE(dialect.cannot(rung).empty());
}
