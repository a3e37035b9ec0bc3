#include "tests/catch.hpp"

#include "sim/asic_devices.hpp"
#include "tests/sim/peer.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;

namespace {

/// What begins the reply to each make's own question.
struct Question {
    std::string_view request, reply;
};
constexpr Question questions[] = {
    {R"({"command":"power"})", R"({"POWER":[{"PSU":true,)"},
    {R"({"cmd":"get_psu"})", R"({"Code":131,)"},
    {"GET /cgi-bin/summary.cgi HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\n"},
};

struct Floor {
    PlantSettings plant;
    std::vector<AsicSettings> asics;
    std::vector<std::string> hosts;
};

/// LuxOS, WhatsMiner, Antminer, LuxOS, ... at one port of 127.24.0.1, .2, ...
Floor mixed(std::size_t count, std::uint16_t port) {
    Floor out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string host = "127.24." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), name = "m-" + std::to_string(i);
        if (i % 3 == 0) out.asics.push_back(LuxosSettings{.host = host, .port = port, .machine = i});
        if (i % 3 == 1) out.asics.push_back(Whatsminer2Settings{.host = host, .port = port, .machine = i});
        if (i % 3 == 2) out.asics.push_back(AntminerSettings{.host = host, .port = port, .machine = i, .reply = Between{300ms, 300ms}});
        out.plant.machines.push_back(i % 3 == 0 ? MachineSettings{.name = name, .rated = 3500_W} : i % 3 == 1 ? whatsminer_physics(name, 3500_W) : antminer_physics(name, 3500_W));
        out.hosts.push_back(host);
    }
    return out;
}

}  // namespace

TEST_CASE("one floor has machines of every make, each with its own time, and a hung one delays none") {
    const std::uint16_t port = free_port();
    Floor floor = mixed(600, port);
    floor.plant.machines[1].fault = MachineFault::hung;
    LivePlant plant{floor.plant};
    const AsicDevices devices{floor.asics, plant, 1, {.reply = {0ms, 0ms}}};
    RawPeer hung{floor.hosts[1], port};
    hung.send(questions[1].request);
    for (const std::size_t i : {0u, 2u, 3u, 4u, 5u, 597u, 598u, 599u}) {
        CAPTURE(i);
        const auto before = std::chrono::steady_clock::now();
        CHECK(ask(floor.hosts[i], port, questions[i % 3].request).starts_with(questions[i % 3].reply));
        const auto took = std::chrono::steady_clock::now() - before;
        CHECK((took >= 300ms) == (i % 3 == 2));
    }
    CHECK(hung.read(1, 20ms).empty());
    CHECK_FALSE(hung.closed());
    CHECK(devices.requests() == 9);
}

TEST_CASE("what a peer asks before it has its answer waits its turn on that connection") {
    const std::uint16_t port = free_port();
    const Floor floor = mixed(3, port);
    LivePlant plant{floor.plant};
    const AsicDevices devices{floor.asics, plant, 1, {.reply = {0ms, 0ms}}};
    RawPeer peer{floor.hosts[2], port};
    const auto before = std::chrono::steady_clock::now();
    peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.send(questions[2].request);
    const std::string both = peer.rest();
    CHECK(peer.closed());
    CHECK(both.find("HTTP/1.1 401", both.find("HTTP/1.1 401") + 1) != both.npos);
    CHECK(std::chrono::steady_clock::now() - before >= 600ms);
    CHECK(devices.connections() == 1);
    CHECK(devices.requests() == 2);
}
