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
const std::string host = "127.24.0.1";

struct Told {
    int status = 0;
    std::string body;
};

/// One miner of 3600 W, with both its sides, that pauses and resumes within a tenth of a second.
struct Bench {
    explicit Bench(BraiinsSettings given = {}, MachineFault fault = MachineFault::none) : port{free_port()}, cgminer_port{free_port()}, plant{physics(fault)} {
        given.host = host;
        given.port = port;
        BraiinsSettings other = given;
        other.api = BraiinsSettings::Api::cgminer;
        other.port = cgminer_port;
        devices = std::make_unique<AsicDevices>(std::vector<AsicSettings>{given, other}, plant, 1, at_once);
    }
    static PlantSettings physics(MachineFault fault) {
        MachineSettings machine = braiins_physics("b-1", 3600_W);
        machine.off_after = machine.full_after = machine.boot = {100ms, 100ms};
        machine.fault = fault;
        PlantSettings out;
        out.machines = {machine};
        return out;
    }

    /// By the peer that shares no code with ours, all over one connection.
    json::array take(std::vector<std::string> steps, std::vector<std::string> more = {}, const std::string& password = "root") const {
        const ScratchFolder scratch{SCRATCH_DIR};
        std::vector<std::string> words{"/usr/bin/python3", "-IS", PROJECT_DIR "/tests/sim/braiins_peer.py", host, std::to_string(port), "root", password};
        words.insert(words.end(), steps.begin(), steps.end());
        words.insert(words.end(), more.begin(), more.end());
        const int status = run(words, scratch.path() / "out");
        const std::string said = file_text(scratch.path() / "out");
        CAPTURE(steps, said);
        REQUIRE(status == 0);
        return json::parse(said).as_array();
    }

    /// By hand.
    Told web(const std::string& method, const std::string& page, const std::string& body, const std::string& token) const {
        const std::string said = ask(host, port, method + " /api/v1/" + page + " HTTP/1.1\r\nConnection: close\r\nAuthorization: " + token + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        CAPTURE(method, page, said);
        REQUIRE(said.starts_with("HTTP/1.1 "));
        return {std::stoi(said.substr(9, 3)), said.substr(said.find("\r\n\r\n") + 4)};
    }
    Told login() const { return web("POST", "auth/login", R"({"username":"root","password":"root"})", ""); }
    Told web(const std::string& method, const std::string& page, const std::string& body = "") const {
        return web(method, page, body, std::string{json::parse(login().body).at("token").as_string()});
    }
    json::value get(const std::string& page) const { return json::parse(web("GET", page).body); }
    json::object plain(const std::string& command) const {
        std::string said = ask(host, cgminer_port, R"({"command":")" + command + R"("})");
        CAPTURE(command, said);
        REQUIRE(said.ends_with('\0'));
        said.pop_back();
        return json::parse(said).as_object();
    }
    std::int64_t code(const std::string& command) const { return plain(command).at("STATUS").at(0).at("Code").as_int64(); }
    std::int64_t watts() const { return get("miner/stats").at("power_stats").at("approximated_consumption").at("watt").as_int64(); }
    bool draws(Power power) {
        return await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }

    std::uint16_t port, cgminer_port;
    LivePlant plant;
    std::unique_ptr<AsicDevices> devices;
};

const std::string pause_it = R"(["PUT","actions/pause"])", resume_it = R"(["PUT","actions/resume"])", details = R"(["GET","miner/details"])";

std::string target(const std::string& watts) {
    return R"(["PUT","performance/power-target",{"watt":)" + watts + "}]";
}

std::vector<std::int64_t> statuses(const json::array& told) {
    std::vector<std::int64_t> out;
    for (const json::value& one : told) out.push_back(one.at("status").as_int64());
    return out;
}

}  // namespace

TEST_CASE("what a miner with Braiins OS answers has the fields of the captured replies") {
    const auto folder = captures("braiins");
    if (!folder) return;
    const Bench bench;
    const std::pair<std::string, std::string> pages[] = {{"miner/details", "miner_details"}, {"miner/stats", "miner_stats"}, {"miner/hw/hashboards", "miner_hw_hashboards"}, {"miner/errors", "miner_errors"},
                                                         {"performance/tuner-state", "performance_tuner_state"}, {"pools/", "pools"}, {"network", "network"}, {"cooling/state", "cooling_state"},
                                                         {"configuration/miner", "configuration_miner"}, {"version/", "version"}, {"actions/locate", "actions_locate"}};
    for (const auto& [page, file] : pages) same_shape(bench.get(page), json::parse(file_text(*folder / "v25_07" / (file + ".json"))), page);
    CHECK(bench.get("configuration/constraints").at("tuner_constraints").at("power_target").at("min").at("watt").as_int64() == 1700);
}

TEST_CASE("a miner with Braiins OS pauses, resumes and follows its power target by REST, over one connection") {
    Bench bench;
    const json::array said = bench.take({pause_it, pause_it, details});
    CHECK(said.at(0).at("status").as_int64() == 200);
    CHECK_FALSE(said.at(0).at("body").as_bool());
    CHECK(said.at(1).at("body").as_bool());
    CHECK(said.at(2).at("body").at("status").as_int64() == 3);
    CHECK(bench.draws(30_W));
    CHECK(bench.watts() == 30);
    CHECK(bench.get("miner/stats").at("miner_stats").at("real_hashrate").at("last_5s").at("gigahash_per_second").as_double() == 0);
    CHECK(bench.get("performance/tuner-state").at("overall_tuner_state").as_int64() == 2);

    const json::array back = bench.take({resume_it, resume_it});
    CHECK_FALSE(back.at(0).at("body").as_bool());
    CHECK(back.at(1).at("body").as_bool());
    CHECK(bench.draws(3600_W));
    CHECK(bench.get("miner/details").at("status").as_int64() == 2);

    CHECK(bench.take({target("3580")}).at(0).at("body").at("watt").as_int64() == 3580);
    CHECK(bench.get("configuration/miner").at("tuner").at("power_target").at("watt").as_int64() == 3580);
    CHECK(bench.draws(3580_W));

    std::vector<std::string> heard;
    for (const CommandHeard& command : bench.plant.commands())
        if (command.command != "token" && command.accepted) heard.push_back(command.command);
    CHECK(heard == std::vector<std::string>{"sleep", "sleep", "wakeup", "wakeup", "level"});
}

TEST_CASE("a miner with Braiins OS names the range of a power target that is out of it") {
    Bench bench;
    for (const json::value& said : bench.take({target("1699"), target("6501"), target("0")})) {
        CHECK(said.at("status").as_int64() == 400);
        CHECK(std::string{said.at("body").as_string()}.find("1700-6500 W") != std::string::npos);
    }
    for (const char* body : {R"({"watt":"3000"})", R"({"watt":3000.5})", R"({"watts":3000})", "3000", "", "{"}) CHECK(bench.web("PUT", "performance/power-target", body).status == 400);
    CHECK(bench.draws(3600_W));
}

TEST_CASE("a token of Braiins OS lives for as long as it is used") {
    BraiinsSettings given;
    given.token_life = 3s;
    Bench bench{given};
    CHECK(statuses(bench.take({details, details, details, details}, {"--wait", "1"})) == std::vector<std::int64_t>{200, 200, 200, 200});
    CHECK(statuses(bench.take({details}, {"--wait", "3.5"})) == std::vector<std::int64_t>{401});
    CHECK(statuses(bench.take({details, pause_it, R"(["GET","version"])"}, {"--token", "ABCDEFGHIJKLMNOP"})) == std::vector<std::int64_t>{401, 401, 200});
    CHECK(statuses(bench.take({details}, {}, "admin")) == std::vector<std::int64_t>{401});
    CHECK(bench.web("PUT", "actions/pause", "", "").status == 401);
    CHECK(bench.draws(3600_W));
}

TEST_CASE("a token of Braiins OS does not outlive a boot") {
    Bench bench;
    const json::object given = json::parse(bench.login().body).as_object();
    CHECK(given.at("timeout_s").as_int64() == 3600);
    const std::string token{given.at("token").as_string()};
    CHECK(bench.web("GET", "miner/details", "", token).status == 200);
    CHECK(bench.web("PUT", "actions/reboot", "", token).status == 204);
    CHECK(await([&] { return bench.plant.with([](Plant& p, Steady now) { return p.answers(0, now); }); }));
    CHECK(bench.web("GET", "miner/details", "", token).status == 401);
    CHECK(bench.web("GET", "miner/details").status == 200);
}

TEST_CASE("Braiins OS knows its pages, their methods, and HTTP") {
    const Bench bench;
    CHECK(bench.web("GET", "miner/secrets").status == 404);
    CHECK(bench.web("GET", "actions/pause").status == 405);
    CHECK(bench.web("POST", "actions/pause").status == 405);
    CHECK(bench.web("PUT", "miner/details").status == 405);
    CHECK(bench.web("GET", "auth/login").status == 405);
    CHECK(bench.web("POST", "auth/login", "{").status == 400);
    CHECK(bench.web("POST", "auth/login", R"({"username":"root"})").status == 400);
    CHECK(ask(host, bench.port, "GET /api/v2/miner/details HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 401 "));
    CHECK(ask(host, bench.port, "what\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_CASE("a miner with Braiins OS speaks cgminer too, and is one machine by either") {
    Bench bench;
    CHECK(bench.plain("version").at("VERSION").at(0).as_object().contains("BOSer"));
    CHECK(bench.plain("pause").at("PAUSE").at(0).as_bool());
    CHECK(bench.draws(30_W));
    CHECK(bench.get("miner/details").at("status").as_int64() == 3);
    CHECK(bench.plain("summary").at("SUMMARY").at(0).at("MHS 5s").as_double() == 0);
    CHECK(bench.plain("tunerstatus").at("TUNERSTATUS").at(0).at("ApproximateMinerPowerConsumption").as_int64() == 0);
    CHECK(bench.web("PUT", "actions/resume").body == "false");
    CHECK(bench.draws(3600_W));
    CHECK(bench.plain("resume").at("RESUME").at(0).as_bool());
    CHECK(bench.plain("tunerstatus").at("TUNERSTATUS").at(0).at("ApproximateMinerPowerConsumption").as_int64() == 3600);
    const json::object both = bench.plain("summary+devs");
    CHECK(both.at("devs").at(0).at("DEVS").as_array().size() == 3);
    CHECK(both.at("summary").at(0).at("SUMMARY").at(0).at("MHS 1m").as_double() > 1e8);
    CHECK(bench.code("pools") == 7);
    CHECK(bench.code("temps") == 201);
    CHECK(bench.code("fans") == 202);
    CHECK(bench.code("fly") == 14);
    CHECK(bench.code("summary+pause") == 14);
    CHECK(ask(host, bench.cgminer_port, "summary|").find(R"("Code":23)") != std::string::npos);
}

TEST_CASE("faulty miners with Braiins OS: refusing, without tokens, OK without effect, lies, empty, moved, short, without pools") {
    SECTION("refused") {
        Bench bench{{}, MachineFault::refused};
        CHECK(bench.web("PUT", "actions/pause").status == 403);
        CHECK(bench.code("pause") == 45);
        CHECK(bench.draws(3600_W));
    }
    SECTION("tokens") {
        CHECK(Bench{{}, MachineFault::no_tokens}.login().status == 500);
        CHECK(Bench{{}, MachineFault::bad_tokens}.web("PUT", "actions/pause").status == 401);
    }
    SECTION("no effect, and the telemetry admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.web("PUT", "actions/pause").status == 200);
        CHECK(bench.get("miner/details").at("status").as_int64() == 2);
        CHECK(bench.watts() == 3600);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.web("PUT", "actions/pause").status == 200);
        CHECK(bench.get("miner/details").at("status").as_int64() == 3);
        CHECK(bench.watts() == 30);
        CHECK(bench.draws(3600_W));
    }
    SECTION("empty") {
        const Bench bench{{}, MachineFault::empty_stats};
        CHECK(bench.get("miner/stats").at("power_stats").is_null());
        CHECK(bench.get("miner/hw/hashboards").at("hashboards").as_array().empty());
        CHECK(bench.plain("summary").at("SUMMARY").as_array().empty());
    }
    SECTION("moved") {
        const Bench bench{{}, MachineFault::moved};
        CHECK(bench.get("miner/details").at("mac_address").as_string() == "02:e2:98:00:00:00");
        CHECK(bench.get("network").at("mac_address").as_string() == "02:e2:98:00:00:00");
    }
    SECTION("comes back short, too hot, and without pools") {
        Bench bench{{}, MachineFault::few_boards};
        CHECK(bench.web("PUT", "actions/pause").status == 200);
        CHECK(bench.draws(30_W));
        CHECK(bench.web("PUT", "actions/resume").status == 200);
        CHECK(bench.draws(Power{30 + 3570 * 2 / 3}));
        CHECK_FALSE(bench.get("miner/hw/hashboards").at("hashboards").at(2).at("enabled").as_bool());
        CHECK(bench.plain("devs").at("DEVS").as_array().size() == 2);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::overheats); });
        CHECK(bench.get("cooling/state").at("highest_temperature").at("temperature").at("degree_c").as_double() == 112);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.get("pools").as_array().empty());
    }
    SECTION("nonsense in a right answer") {
        const Bench bench{{}, MachineFault::garbage};
        CHECK(ask(host, bench.port, "GET /api/v1/version HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    }
}
