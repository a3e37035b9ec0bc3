#include "tests/catch.hpp"

#include "tests/sim/captured.hpp"
#include "tests/sim/whatsminer3_bench.hpp"

#include <boost/json.hpp>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

using Bench = Whatsminer3Bench;

const std::string stop = R"({"cmd":"set.miner.service","param":"stop"})";
const std::string start = R"({"cmd":"set.miner.service","param":"start"})";

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

TEST_CASE("a WhatsMiner sleeps and wakes by API v3, asked over one connection by a peer that shares no code with ours") {
    Bench bench;
    const std::string summary = R"({"cmd":"get.miner.status","param":"summary"})";
    const json::object said = bench.talk({stop, summary, stop});
    for (const json::value& reply : said.at("replies").as_array()) CHECK(reply.at("code").as_int64() == 0);
    CHECK(said.at("replies").at(2).at("desc").as_string() == "set.miner.service");
    CHECK(bench.draws(13_W));
    CHECK(bench.summary().at("power-realtime").as_double() == 13);
    CHECK(bench.summary().at("hash-realtime").as_double() == 0);
    CHECK(bench.summary().at("up-freq-finish").as_int64() == 0);
    CHECK(bench.info().at("miner").at("working").as_string() == "false");
    CHECK(bench.talk_code(start, {}) == 0);
    CHECK(bench.draws(3600_W));
    CHECK(bench.info().at("miner").at("working").as_string() == "true");
    CHECK(bench.talk_code(R"({"cmd":"set.miner.power_percent","param":{"percent":"50","mode":"fast"}})", {}) == 0);
    CHECK(bench.draws(1800_W));
}

TEST_CASE("a WhatsMiner follows limits, modes and percents by API v3, restarts and boots") {
    Bench bench;
    const std::string half = R"({"cmd":"set.miner.power_percent","param":{"percent":"50","mode":"fast"}})";
    CHECK(bench.code(stop) == 0);
    CHECK(bench.code(half) == -1);
    CHECK(bench.code(R"({"cmd":"set.miner.service","param":"restart"})") == 0);
    CHECK(bench.draws(3600_W));
    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":3000})") == 0);
    CHECK(bench.draws(3000_W));
    CHECK(bench.summary().at("power-limit").as_int64() == 3000);
    CHECK(bench.summary().at("up-freq-finish").as_int64() == 1);
    CHECK(bench.code(half) == 0);
    CHECK(bench.draws(1500_W));
    CHECK(bench.code(R"({"cmd":"set.miner.power_limit","param":99999})") == 0);
    CHECK(bench.draws(3600_W));
    CHECK(bench.code(R"({"cmd":"set.miner.power_mode","param":"low"})") == 0);
    CHECK(bench.draws(2700_W));
    CHECK(bench.code(R"({"cmd":"set.miner.service","param":"restart"})") == 0);
    CHECK(bench.draws(2700_W));
    CHECK(bench.code(R"({"cmd":"set.miner.fastboot","param":"enable"})") == 0);
    CHECK(bench.info().at("miner").at("fast-boot").as_string() == "enable");
    CHECK(bench.code(R"({"cmd":"set.miner.upfreq_speed","param":10})") == 0);
    CHECK(bench.code(R"({"cmd":"set.system.reboot"})") == 0);

    std::vector<std::string> heard;
    for (const CommandHeard& command : bench.plant.commands())
        if (command.accepted) heard.push_back(command.command);
    CHECK(heard == std::vector<std::string>{"sleep", "wakeup", "level", "level", "level", "level", "restart", "config", "config", "reboot"});
}

TEST_CASE("a WhatsMiner goes by its own clock and says which time that is") {
    Whatsminer3Settings given;
    given.clock_ahead = 90'000s;
    Bench bench{given};
    const auto ahead = bench.ask(R"({"cmd":"get.device.info","param":"salt"})").at("when").as_int64() - unix_now();
    CHECK(ahead >= 89'900);
    CHECK(ahead <= 90'001);
    CHECK(bench.code(stop) == -4);
    CHECK(bench.talk_code(stop, {"--skew", "40"}) == -4);
    CHECK(bench.talk_code(stop, {"--skew", "-40"}) == -4);
    CHECK(bench.draws(3600_W));
    CHECK(bench.talk_code(stop, {"--skew", "-10"}) == 0);
    CHECK(bench.draws(13_W));
}

TEST_CASE("a WhatsMiner denies by API v3 what is not its owner's word") {
    Bench bench;
    CHECK(bench.talk_code(stop, {}, "admin") == -4);
    CHECK(bench.talk_code(stop, {"--account", "user1"}) == -4);
    CHECK(bench.talk_code(stop, {"--token", "AAAAAAAA"}) == -4);
    CHECK(bench.talk_code(stop, {"--salt", "uhCiDyVj"}) == -4);
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
        RawPeer peer{bench.host, bench.port};
        peer.send(frame(R"({"cmd":"get.device.info"})"));
        const std::string said = peer.rest(2s);
        REQUIRE(said.size() > 4);
        CHECK(said == frame(said.substr(4)));
    }
}
