#include "tests/catch.hpp"

#include "sim/asic_devices.hpp"
#include "tests/sim/captured.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const AsicDevices::Timing at_once{.reply = {0ms, 0ms}, .slow_reply = 300ms, .idle = 60s};
const std::string host = "127.23.0.1";

/// One miner of 3600 W that sleeps and wakes within a tenth of a second.
struct Bench {
    explicit Bench(Whatsminer3Settings given = {}, MachineFault fault = MachineFault::none) : port{free_port()}, plant{physics(fault)} {
        given.host = host;
        given.port = port;
        devices = std::make_unique<AsicDevices>(std::vector<AsicSettings>{given}, plant, 1, at_once);
    }
    static PlantSettings physics(MachineFault fault) {
        MachineSettings machine = whatsminer_physics("w-1", 3600_W);
        machine.off_after = machine.full_after = {100ms, 100ms};
        machine.fault = fault;
        PlantSettings out;
        out.machines = {machine};
        return out;
    }

    /// By the peer that shares no code with ours, all over one connection.
    json::object talk(std::vector<std::string> requests, std::vector<std::string> more = {}, const std::string& password = "super") const {
        const ScratchFolder scratch{SCRATCH_DIR};
        std::vector<std::string> words{"/usr/bin/python3", PROJECT_DIR "/tests/sim/whatsminer3_peer.py", host, std::to_string(port), password};
        words.insert(words.end(), requests.begin(), requests.end());
        words.insert(words.end(), more.begin(), more.end());
        const int status = run(words, scratch.path() / "out");
        const std::string said = file_text(scratch.path() / "out");
        CAPTURE(requests, said);
        REQUIRE(status == 0);
        return json::parse(said).as_object();
    }
    json::value ask(const std::string& request, std::vector<std::string> more = {}, const std::string& password = "super") const {
        return talk({request}, std::move(more), password).at("replies").at(0);
    }
    std::int64_t code(const std::string& request, std::vector<std::string> more = {}, const std::string& password = "super") const {
        return ask(request, std::move(more), password).at("code").as_int64();
    }
    json::object summary() const { return ask(R"({"cmd":"get.miner.status","param":"summary"})").at("msg").at("summary").as_object(); }
    json::object info() const { return ask(R"({"cmd":"get.device.info"})").at("msg").as_object(); }
    bool draws(Power power) {
        return await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }

    std::uint16_t port;
    LivePlant plant;
    std::unique_ptr<AsicDevices> devices;
};

const std::string stop = R"({"cmd":"set.miner.service","param":"stop"})";
const std::string start = R"({"cmd":"set.miner.service","param":"start"})";

std::string frame(std::string_view text) {
    std::string out(4, '\0');
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(text.size() >> 8 * i & 255);
    return out.append(text);
}

}  // namespace

TEST_CASE("the simulator's WhatsMiner v3 tokens equal the vectors") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    int seen = 0;
    const json::value vectors = json::parse(file_text(*folder / "crypto_vectors.json"));
    for (const json::value& vector : vectors.as_array()) {
        const auto text = [&vector](const char* name) { return std::string{vector.at(name).as_string()}; };
        if (text("api") != "v3") continue;
        ++seen;
        CHECK(whatsminer3_token(text("cmd"), text("password"), text("salt"), vector.at("ts").as_int64()) == text("token"));
    }
    CHECK(seen == 2);
}

TEST_CASE("what a WhatsMiner answers by API v3 has the fields of the captured replies") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    Bench bench;
    const auto real = [&folder](const std::string& name) { return json::parse(file_text(*folder / "v3" / (name + ".json"))); };
    same_shape(bench.ask(R"({"cmd":"get.device.info"})"), real("get_device_info"), "info");
    for (const std::string part : {"summary", "edevs", "pools"})
        same_shape(bench.ask(R"({"cmd":"get.miner.status","param":")" + part + R"("})"), real("get_miner_status_" + part), part);
    for (const std::string part : {"miner", "system", "power", "network", "salt"}) {
        const json::object one = bench.ask(R"({"cmd":"get.device.info","param":")" + part + R"("})").at("msg").as_object();
        REQUIRE(one.size() == 1);
        same_shape(one.at(part), real("get_device_info").at("msg").at(part), part);
    }
    CHECK(bench.ask(R"({"cmd":"get.device.info","param":"error-code"})").at("msg").at("error-code").as_array().empty());
    CHECK(bench.ask(R"({"cmd":"get.miner.status","param":"summary+pools"})").at("msg").as_object().size() == 2);
    bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::overheats); });
    CHECK(bench.code(stop) == 0);
    CHECK(bench.code(start) == 0);
    const json::object error = bench.info().at("error-code").at(0).as_object();
    CHECK(error.size() == 2);
    CHECK(error.at("350").as_string().size() == std::string_view{"2026-05-23 09:19:10"}.size());
    CHECK(error.at("reason").is_string());
}

TEST_CASE("a WhatsMiner sleeps, wakes and follows limits, modes and percents by API v3, over one connection") {
    Bench bench;
    CHECK(bench.code(stop) == 0);
    CHECK(bench.draws(13_W));
    CHECK(bench.summary().at("power-realtime").as_double() == 13);
    CHECK(bench.summary().at("hash-realtime").as_double() == 0);
    CHECK(bench.summary().at("up-freq-finish").as_int64() == 0);
    CHECK(bench.info().at("miner").at("working").as_string() == "false");
    CHECK(bench.code(R"({"cmd":"set.miner.power_percent","param":{"percent":"50","mode":"fast"}})") == -1);
    CHECK(bench.code(start) == 0);
    CHECK(bench.draws(3600_W));
    CHECK(bench.info().at("miner").at("working").as_string() == "true");

    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":3000})") == 0);
    CHECK(bench.draws(3000_W));
    CHECK(bench.summary().at("power-limit").as_int64() == 3000);
    CHECK(bench.summary().at("up-freq-finish").as_int64() == 1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_percent","param":{"percent":"50","mode":"fast"}})") == 0);
    CHECK(bench.draws(1500_W));
    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":99999})") == 0);
    CHECK(bench.draws(3600_W));
    CHECK(bench.code(R"({"cmd":"set.miner.power_mode","param":"low"})") == 0);
    CHECK(bench.draws(2700_W));

    std::vector<std::string> heard;
    for (const CommandHeard& command : bench.plant.commands())
        if (command.accepted) heard.push_back(command.command);
    CHECK(heard == std::vector<std::string>{"sleep", "wakeup", "level", "level", "level", "level"});

    const json::object said = bench.talk({stop, R"({"cmd":"get.miner.status","param":"summary"})", R"({"cmd":"set.miner.service","param":"restart"})"});
    const json::array& replies = said.at("replies").as_array();
    for (const json::value& reply : replies) CHECK(reply.at("code").as_int64() == 0);
    CHECK(replies.at(2).at("desc").as_string() == "set.miner.service");
    CHECK(bench.draws(2700_W));
}

TEST_CASE("a WhatsMiner goes by its own clock and says which time that is") {
    Whatsminer3Settings given;
    given.clock_ahead = 90'000s;
    Bench bench{given};
    const auto own = bench.ask(R"({"cmd":"get.device.info","param":"salt"})").at("when").as_int64();
    const auto ours = std::chrono::floor<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    CHECK(own - ours >= 89'900);
    CHECK(own - ours <= 90'001);
    CHECK(bench.code(stop, {"--own-clock"}) == -4);
    CHECK(bench.code(stop, {"--skew", "40"}) == -4);
    CHECK(bench.code(stop, {"--skew", "-40"}) == -4);
    CHECK(bench.draws(3600_W));
    CHECK(bench.code(stop, {"--skew", "-20"}) == 0);
    CHECK(bench.draws(13_W));
}

TEST_CASE("a WhatsMiner denies by API v3 what is not its owner's word") {
    Bench bench;
    CHECK(bench.code(stop, {}, "admin") == -4);
    CHECK(bench.code(stop, {"--account", "user1"}) == -4);
    CHECK(bench.code(stop, {"--token", "AAAAAAAA"}) == -4);
    CHECK(bench.code(stop, {"--salt", "uhCiDyVj"}) == -4);
    Whatsminer3Settings given;
    given.api_open = false;
    const Bench locked{given};
    CHECK(locked.ask(stop).at("msg").as_string() == "no permission");
    CHECK(locked.info().at("system").at("apiswitch").as_string() == "0");
    CHECK(Bench{{}, MachineFault::refused}.code(stop) == -4);
    CHECK(Bench{{}, MachineFault::bad_tokens}.code(stop) == -4);
    const Bench saltless{{}, MachineFault::no_tokens};
    CHECK_FALSE(saltless.info().contains("salt"));
    CHECK(saltless.code(R"({"cmd":"get.device.info","param":"salt"})") == -1);
    CHECK(bench.draws(3600_W));
}

TEST_CASE("a WhatsMiner refuses by API v3 what it does not know or cannot read") {
    Bench bench;
    CHECK(bench.code(R"({"cmd":"set.miner.fly","param":"high"})") == -2);
    CHECK(bench.code(R"({"cmd":"summary"})") == -2);
    CHECK(bench.code(R"({"cmd":"get.miner.status"})") == -1);
    CHECK(bench.code(R"({"cmd":"get.miner.status","param":"summary+"})") == -1);
    CHECK(bench.code(R"({"cmd":"get.device.info","param":"all"})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.service","param":"halt"})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":"3000"})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":-1})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_mode","param":1})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_percent","param":{"percent":50,"mode":"fast"}})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_percent","param":{"percent":"101","mode":"fast"}})") == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.power_percent","param":{"percent":"50"}})") == -1);
    CHECK(bench.draws(3600_W));
}

TEST_CASE("a WhatsMiner's frames may come in pieces, after heartbeats, together, or broken") {
    Bench bench;
    RawPeer peer{host, bench.port};
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
    RawPeer quiet{host, bench.port}, beating{host, bench.port};
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
    CHECK(bench.talk({R"({"cmd":"get.device.info"})"}).at("beats").as_int64() == 2);
    CHECK(bench.summary().at("power-realtime").as_double() == -1);
    CHECK(bench.info().at("power").at("pin").as_int64() == 3600);
    const std::string pools = R"({"cmd":"get.miner.status","param":"pools"})";
    CHECK(bench.code(pools) == 0);
    CHECK(bench.code(stop) == 0);
    CHECK(bench.code(pools) == -1);
    CHECK(bench.code(R"({"cmd":"get.miner.status","param":"summary+pools"})") == 0);
}

TEST_CASE("faulty WhatsMiners by API v3: OK without effect, lies, empty, moved, short of boards, without pools, mute, garbled") {
    SECTION("no effect, and the telemetry admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.code(stop) == 0);
        CHECK(bench.info().at("miner").at("working").as_string() == "true");
        CHECK(bench.summary().at("power-realtime").as_double() == 3600);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.code(stop) == 0);
        CHECK(bench.info().at("miner").at("working").as_string() == "false");
        CHECK(bench.summary().at("power-realtime").as_double() == 13);
        CHECK(bench.draws(3600_W));
    }
    SECTION("empty") {
        const Bench bench{{}, MachineFault::empty_stats};
        CHECK(bench.summary().empty());
        CHECK(bench.ask(R"({"cmd":"get.miner.status","param":"edevs"})").at("msg").at("edevs").as_array().empty());
    }
    SECTION("moved") {
        const json::object info = Bench{{}, MachineFault::moved}.info();
        CHECK(info.at("network").at("mac").as_string() == "02:02:01:00:00:00");
        CHECK(info.at("miner").at("miner-sn").as_string().starts_with("XBTM"));
    }
    SECTION("comes back short, and without pools") {
        Bench bench{{}, MachineFault::few_boards};
        CHECK(bench.code(stop) == 0);
        CHECK(bench.code(start) == 0);
        CHECK(bench.draws(Power{13 + 3587 * 2 / 3}));
        CHECK(bench.ask(R"({"cmd":"get.miner.status","param":"edevs"})").at("msg").at("edevs").at(2).at("status").as_string() == "dead");
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.ask(R"({"cmd":"get.miner.status","param":"pools"})").at("msg").at("pools").as_array().empty());
        CHECK(bench.summary().at("hash-realtime").as_double() == 0);
    }
    SECTION("does it and cuts the line") {
        Bench bench{{}, MachineFault::resets};
        CHECK(bench.ask(R"({"cmd":"get.device.info"})").is_null());
    }
    SECTION("nonsense in a right frame") {
        Bench bench{{}, MachineFault::garbage};
        RawPeer peer{host, bench.port};
        peer.send(frame(R"({"cmd":"get.device.info"})"));
        const std::string said = peer.rest(2s);
        REQUIRE(said.size() > 4);
        CHECK(said == frame(said.substr(4)));
    }
}
