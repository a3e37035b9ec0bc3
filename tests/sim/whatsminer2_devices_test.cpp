#include "tests/catch.hpp"

#include "sim/asic_devices.hpp"
#include "tests/sim/captured.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>
#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const AsicDevices::Timing at_once{.reply = {0ms, 0ms}, .slow_reply = 300ms, .idle = 60s};

/// One miner of 3600 W at 127.22.0.1 that sleeps and wakes within a tenth of a second.
struct Bench {
    explicit Bench(Whatsminer2Settings given = {}, MachineFault fault = MachineFault::none) : port{free_port()}, plant{physics(fault)} {
        given.host = "127.22.0.1";
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
    json::object plain(std::string_view request) const { return json::parse(ask("127.22.0.1", port, request)).as_object(); }
    std::int64_t code(std::string_view request) const { return plain(request).at("Code").as_int64(); }
    json::object summary() const { return plain(R"({"cmd":"summary"})").at("SUMMARY").at(0).as_object(); }
    json::object status() const { return plain(R"({"cmd":"status"})").at("Msg").as_object(); }

    /// By the peer that shares no code with ours: {"sealed", "reply"}.
    json::object write(const std::string& command, std::vector<std::string> more = {}, const std::string& password = "admin") const {
        const ScratchFolder scratch{SCRATCH_DIR};
        std::vector<std::string> words{"/usr/bin/python3", PROJECT_DIR "/tests/sim/whatsminer2_peer.py", "127.22.0.1", std::to_string(port), password, command};
        words.insert(words.end(), more.begin(), more.end());
        const int status = run(words, scratch.path() / "out");
        const std::string said = file_text(scratch.path() / "out");
        CAPTURE(command, said);
        REQUIRE(status == 0);
        return json::parse(said).as_object();
    }
    std::int64_t write_code(const std::string& command, std::vector<std::string> more = {}, const std::string& password = "admin") const {
        return write(command, std::move(more), password).at("reply").at("Code").as_int64();
    }
    bool draws(Power power) {
        return await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }

    std::uint16_t port;
    LivePlant plant;
    std::unique_ptr<AsicDevices> devices;
};

}  // namespace

TEST_CASE("the simulator's WhatsMiner packets equal the vectors") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    int seen = 0;
    const json::value vectors = json::parse(file_text(*folder / "crypto_vectors.json"));
    for (const json::value& vector : vectors.as_array()) {
        const auto text = [&vector](const char* name) { return std::string{vector.at(name).as_string()}; };
        if (text("api") != "v2") continue;
        ++seen;
        const std::string crypted = md5crypt(text("password"), text("salt"));
        CHECK(crypted == text("key_md5crypt"));
        CHECK(md5crypt(crypted + text("time"), text("newsalt")) == text("sign"));
        const WhatsminerKey key = whatsminer_key(crypted);
        const std::string packet{vector.at("packet").at("data").as_string()};
        CHECK(whatsminer_sealed(key, text("plaintext")) == packet);
        CHECK(whatsminer_opened(key, packet) == text("plaintext"));
    }
    CHECK(seen == 9);
}

TEST_CASE("what is no packet of a WhatsMiner does not open") {
    const WhatsminerKey key = whatsminer_key("RxmaDUO33TS7O26yeMHZ81");
    CHECK_FALSE(whatsminer_opened(key, ""));
    CHECK_FALSE(whatsminer_opened(key, "YJrac"));
    CHECK_FALSE(whatsminer_opened(key, "****"));
    CHECK_FALSE(whatsminer_opened(key, "AAAA"));
    CHECK(whatsminer_opened(key, whatsminer_sealed(key, "")) == std::nullopt);
    CHECK(whatsminer_opened(key, whatsminer_sealed(key, "0123456789abcdef")) == "0123456789abcdef");
    CHECK(md5crypt("admin", "a$b:c\n").empty());
}

TEST_CASE("what a WhatsMiner answers has the fields and codes of the captured replies") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    const Bench bench;
    for (const char* command : {"summary", "status", "devs", "pools", "get_version", "get_miner_info", "get_psu", "get_error_code"}) {
        const json::value real = json::parse(file_text(*folder / "v2" / (std::string{command} + ".json")));
        const json::value ours = bench.plain(json::serialize(json::object{{"cmd", command}}));
        same_shape(ours, real, command);
        const auto code = [](const json::value& reply) { return reply.as_object().contains("Code") ? reply.at("Code") : reply.at("STATUS").at(0).at("Code"); };
        CHECK(code(ours) == code(real));
    }
    CHECK(bench.plain(R"({"command":"summary"})").contains("SUMMARY"));
    CHECK(bench.plain(R"({"cmd":"summary+devs"})").at("devs").at(0).at("DEVS").as_array().size() == 3);
    CHECK(bench.code(R"({"cmd":"summary+status"})") == 14);
}

TEST_CASE("a WhatsMiner sleeps, wakes and follows its power limit by sealed writes") {
    Bench bench;
    const json::object slept = bench.write(R"({"cmd":"power_off","respbefore":"true"})");
    CHECK(slept.at("sealed").as_bool());
    CHECK(slept.at("reply").at("Code").as_int64() == 131);
    CHECK(bench.draws(13_W));
    CHECK(bench.status().at("mineroff").as_string() == "true");
    CHECK(bench.summary().at("Power").as_int64() == 13);
    CHECK(bench.summary().at("HS RT").as_double() == 0);
    CHECK(bench.write_code(R"({"cmd":"power_on"})") == 131);
    CHECK(bench.draws(3600_W));
    CHECK(bench.status().at("mineroff").as_string() == "false");
    CHECK(bench.summary().at("Hash Stable").as_bool());

    CHECK(bench.write_code(R"({"cmd":"adjust_power_limit","power_limit":"3000"})") == 131);
    CHECK(bench.draws(3000_W));
    CHECK(bench.summary().at("Power Limit").as_int64() == 3000);
    CHECK(bench.status().at("power_limit_set").as_string() == "3000");
    CHECK(bench.write_code(R"({"cmd":"set_power_pct","percent":"50"})") == 131);
    CHECK(bench.draws(1500_W));
    CHECK(bench.write_code(R"({"cmd":"adjust_power_limit","power_limit":"99999"})") == 131);
    CHECK(bench.draws(3600_W));
    CHECK(bench.write_code(R"({"cmd":"set_low_power"})") == 131);
    CHECK(bench.draws(2700_W));
    CHECK(bench.summary().at("Power Mode").as_string() == "Low");

    std::vector<std::string> heard;
    for (const CommandHeard& command : bench.plant.commands())
        if (command.command != "token" && command.accepted) heard.push_back(command.command);
    CHECK(heard == std::vector<std::string>{"sleep", "wakeup", "level", "level", "level", "level"});
}

TEST_CASE("a WhatsMiner refuses with the code that the facts name") {
    Bench bench;
    const std::string on = R"({"cmd":"power_on"})";
    CHECK(bench.write_code(on, {"--sign", "w.BNbkCV6n1aNWgiBWLzT/"}) == 135);
    CHECK(bench.write_code(on, {}, "root") == 23);
    CHECK(bench.write_code(R"({"cmd":"fly"})") == 14);
    CHECK(bench.write_code(R"({"cmd":"power_off"})") == 132);
    CHECK(bench.write_code(R"({"cmd":"power_off","respbefore":true})") == 132);
    CHECK(bench.write_code(R"({"cmd":"set_power_pct","percent":50})") == 132);
    CHECK(bench.write_code(R"({"cmd":"set_power_pct","percent":"101"})") == 132);
    CHECK(bench.write_code(R"({"cmd":"adjust_power_limit","power_limit":"-3"})") == 132);
    CHECK(bench.draws(3600_W));
    CHECK(bench.code(R"({"cmd":"fly"})") == 14);
    CHECK(bench.code(R"({"cmd":"power_on","token":"x"})") == 45);
    CHECK(bench.code("summary|") == 23);
    CHECK(bench.code(R"({"cmd":})") == 23);
    CHECK(bench.code(R"({"enc":1,"data":"****"})") == 137);
    CHECK(bench.code(R"({"enc":1})") == 137);
    CHECK(bench.code(R"({"enc":1,"data":"AAAAAAAAAAAAAAAAAAAAAA=="})") == 23);
}

TEST_CASE("a WhatsMiner has sixteen tokens, and each lives its time") {
    Whatsminer2Settings given;
    given.token_life = 1'000ms;
    Bench bench{given};
    CHECK(bench.write_code(R"({"cmd":"power_on"})", {"--wait", "1.2"}) == 135);
    std::set<std::string> salts;
    std::int64_t last = 0;
    for (int i = 0; i < 16; ++i) {
        const json::object told = bench.plain(R"({"cmd":"get_token"})");
        last = told.at("Code").as_int64();
        salts.emplace(told.at("Msg").at("newsalt").as_string());
    }
    CHECK(last == 134);
    CHECK(salts.size() == 16);
    CHECK(bench.code(R"({"cmd":"get_token"})") == 136);
    CHECK(await([&] { return bench.code(R"({"cmd":"get_token"})") == 134; }));
}

TEST_CASE("a locked WhatsMiner denies writes, with its own password or none") {
    Whatsminer2Settings given;
    given.api_open = false;
    given.password = "s3cr3t_8";
    Bench locked{given};
    CHECK(locked.write_code(R"({"cmd":"power_off","respbefore":"true"})", {}, "s3cr3t_8") == 45);
    given.api_open = true;
    Bench open{given};
    CHECK(open.write_code(R"({"cmd":"power_off","respbefore":"true"})", {}, "s3cr3t_8") == 131);
    Bench refused{{}, MachineFault::refused};
    CHECK(refused.write_code(R"({"cmd":"power_off","respbefore":"true"})") == 45);
    CHECK(refused.draws(3600_W));
}

TEST_CASE("some WhatsMiners leave the connection open, end replies in their own way, or know no power") {
    Whatsminer2Settings given;
    given.closes = false;
    given.ends_with = "\n";
    given.measures = false;
    given.says_off_as = "btmineroff";
    Bench bench{given};
    RawPeer peer{"127.22.0.1", bench.port};
    for (int i = 0; i < 2; ++i) {
        peer.send(R"({"cmd":"status"})");
        const std::string reply = peer.read(SIZE_MAX, 200ms);
        CHECK_FALSE(peer.closed());
        REQUIRE(reply.ends_with("}\n"));
        CHECK(json::parse(reply).at("Msg").at("btmineroff").as_string() == "false");
    }
    peer.send(R"({"cmd":"get_psu"}{"cmd":"summary"})");
    const std::string both = peer.read(SIZE_MAX, 200ms);
    CHECK(std::count(both.begin(), both.end(), '\n') == 2);
    CHECK(both.find(R"("Power":-1,)") != both.npos);
    CHECK(bench.write_code(R"({"cmd":"power_on"})") == 131);
    CHECK(bench.devices->connections() == 3);
}

TEST_CASE("a WhatsMiner that need not answer first may cut the line as it goes off") {
    Whatsminer2Settings given;
    given.cuts_percent = 100;
    Bench bench{given};
    CHECK(bench.write(R"({"cmd":"power_off","respbefore":"false"})").at("reply").is_null());
    CHECK(bench.draws(13_W));
}

TEST_CASE("faulty WhatsMiners: OK without effect, lies, no tokens, empty, moved, short of boards, without pools") {
    const std::string off = R"({"cmd":"power_off","respbefore":"true"})";
    SECTION("no effect, and the telemetry admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.write_code(off) == 131);
        CHECK(bench.status().at("mineroff").as_string() == "false");
        CHECK(bench.summary().at("Power").as_int64() == 3600);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.write_code(off) == 131);
        CHECK(bench.status().at("mineroff").as_string() == "true");
        CHECK(bench.summary().at("Power").as_int64() == 13);
        CHECK(bench.draws(3600_W));
    }
    SECTION("tokens") {
        CHECK(Bench{{}, MachineFault::no_tokens}.write_code(off) == 136);
        CHECK(Bench{{}, MachineFault::bad_tokens}.write_code(off) == 135);
    }
    SECTION("empty") {
        Bench bench{{}, MachineFault::empty_stats};
        CHECK(bench.plain(R"({"cmd":"summary"})").at("SUMMARY").as_array().empty());
        CHECK(bench.plain(R"({"cmd":"devs"})").at("DEVS").as_array().empty());
    }
    SECTION("moved") {
        CHECK(Bench{{}, MachineFault::moved}.summary().at("MAC").as_string() == "02:01:02:00:00:00");
    }
    SECTION("comes back short, and without pools") {
        Bench bench{{}, MachineFault::few_boards};
        CHECK(bench.write_code(off) == 131);
        CHECK(bench.write_code(R"({"cmd":"power_on"})") == 131);
        CHECK(bench.draws(Power{13 + 3587 * 2 / 3}));
        CHECK(bench.plain(R"({"cmd":"devs"})").at("DEVS").as_array().size() == 2);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.plain(R"({"cmd":"pools"})").at("POOLS").as_array().empty());
        CHECK(bench.summary().at("HS RT").as_double() == 0);
    }
}
