#include "tests/catch.hpp"

#include "tests/sim/whatsminer3_bench.hpp"

using namespace ballast;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;

namespace {

using Bench = Whatsminer3Bench;

}  // namespace

TEST_CASE("a WhatsMiner's frames may come in pieces, after heartbeats, together, or broken") {
    Bench bench;
    RawPeer peer{bench.host, bench.port};
    const std::string asked = frame(R"({"cmd":"get.device.info","param":"salt"})");
    peer.send(frame("") + frame("") + asked.substr(0, 3));
    CHECK(peer.read(1, 100ms).empty());
    CHECK_FALSE(peer.closed());
    peer.send(asked.substr(3) + frame("") + asked);
    const std::string both = peer.read(SIZE_MAX, 1s);
    const std::size_t first = both.find("BQ5hoXV9");
    REQUIRE(first != both.npos);
    CHECK(both.find("BQ5hoXV9", first + 1) != both.npos);
    peer.send(frame("{"));
    CHECK(peer.read(SIZE_MAX, 500ms).find(R"("code":-3)") != std::string::npos);
    peer.send(frame("[]"));
    CHECK(peer.read(SIZE_MAX, 500ms).find(R"("code":-3)") != std::string::npos);
    peer.send(std::string(200'000, '\0'));
    CHECK(peer.read(1, 100ms).empty());
    CHECK_FALSE(peer.closed());
    peer.send("GET / HTTP/1.1\r\n\r\n");
    CHECK(peer.rest(5s).empty());
    CHECK(peer.closed());
}

TEST_CASE("a WhatsMiner ends a connection that says nothing, and heartbeats keep it") {
    Whatsminer3Settings given;
    given.idle = 1'500ms;
    Bench bench{given};
    RawPeer quiet{bench.host, bench.port}, beating{bench.host, bench.port};
    for (int i = 0; i < 8; ++i) {
        beating.send(frame(""));
        CHECK(beating.read(1, 250ms).empty());
        CHECK_FALSE(beating.closed());
    }
    CHECK(quiet.rest(5s).empty());
    CHECK(quiet.closed());
    CHECK(beating.rest(5s).empty());
    CHECK(beating.closed());
}

TEST_CASE("some WhatsMiners beat before each reply, know no power, have a meter in their supply, or hide their pools asleep") {
    Whatsminer3Settings given;
    given.beats = true;
    given.measures = false;
    given.supply_meters = true;
    given.idle_pools = false;
    Bench bench{given};
    CHECK(bench.talk({R"({"cmd":"get.device.info"})"}).at("beats").as_int64() == 2);  // The salt's, and this one's.
    CHECK(bench.summary().at("power-realtime").as_double() == -1);
    CHECK(bench.info().at("power").at("pin").as_int64() == 3600);
    const std::string pools = R"({"cmd":"get.miner.status","param":"pools"})";
    CHECK(bench.code(pools) == 0);
    CHECK(bench.code(R"({"cmd":"set.miner.service","param":"stop"})") == 0);
    CHECK(bench.code(pools) == -1);
    CHECK(bench.code(R"({"cmd":"get.miner.status","param":"summary+pools"})") == 0);
}
