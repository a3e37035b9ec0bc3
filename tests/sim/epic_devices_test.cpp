#include "tests/sim/captured.hpp"
#include "tests/sim/one_device.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// One S19 XP of 3010 W with ePIC's control board.
struct Bench : OneDevice {
    explicit Bench(EpicSettings given = {}, MachineFault fault = MachineFault::none) : OneDevice{"127.32.0.1", given, epic_physics("e-1", 3010_W), fault} {}
    json::object summary() const { return web("GET", "/summary").object(); }
    std::string state() const { return std::string{summary().at("Status").at("Operating State").as_string()}; }
    double watts() const { return summary().at("Power Supply Stats").at("Input Power").to_number<double>(); }

    json::object post(const std::string& path, const json::value& param, const std::string& password = "letmein") const {
        return web("POST", path, json::object{{"param", param}, {"password", password}}).object();
    }
    bool miner(const std::string& param, const std::string& password = "letmein") const {
        const json::object told = post("/miner", json::value(param), password);
        CHECK(told.at("error").is_null() == told.at("result").as_bool());
        return told.at("result").as_bool();
    }
};

}  // namespace

TEST_CASE("what an ePIC machine says has the fields of the captured replies") {
    const auto folder = captures("epic");
    if (!folder) return;
    const Bench bench;
    for (const std::string page : {"summary", "network", "capabilities"})
        same_shape(bench.web("GET", "/" + page).object(), json::parse(file_text(*folder / "v1" / (page + ".json"))), page);
}

TEST_CASE("an ePIC machine stops and starts by its password, over one connection") {
    Bench bench;
    CHECK(bench.state() == "Mining");
    CHECK(bench.watts() == 3010);
    const json::object stop{{"param", "Stop"}, {"password", "letmein"}};
    const auto replies = bench.web({json::array{"POST", "/miner", stop}, json::array{"POST", "/miner", stop}, json::array{"GET", "/summary"}});
    CHECK(replies.at(0).object().at("result").as_bool());
    CHECK(replies.at(1).object().at("result").as_bool());
    CHECK(replies.at(2).connection == 1);
    CHECK(bench.draws(40_W));
    CHECK(bench.state() == "Idling");
    CHECK(bench.watts() == 40);
    CHECK(bench.summary().at("Session").at("Average MHs").to_number<double>() == 0);
    CHECK(bench.summary().at("Status").at("Last Command").as_string() == "Stop");
    CHECK(bench.miner("Autostart"));
    CHECK(bench.draws(3010_W));
    CHECK(bench.state() == "Mining");
    CHECK(bench.summary().at("Session").at("Average MHs").to_number<double>() == 140e6);
    CHECK(bench.obeyed() == std::vector<std::string>{"sleep", "sleep", "wakeup"});
}

TEST_CASE("an ePIC machine starts by itself at a boot, and a soft reboot ends no Stop") {
    Bench bench;
    CHECK(bench.miner("Stop"));
    CHECK(bench.draws(40_W));
    CHECK(bench.post("/softreboot", 0).at("result").as_bool());
    CHECK(bench.state() == "Idling");
    CHECK(bench.post("/reboot", 0).at("result").as_bool());
    CHECK(bench.draws(3010_W));
    CHECK(bench.state() == "Mining");
    CHECK(bench.summary().at("Status").at("Last Command").is_null());
}

TEST_CASE("an ePIC machine answers false with an error to a wrong password and to what it does not understand") {
    EpicSettings given;
    given.password = "s3cret";
    Bench bench{given};
    CHECK_FALSE(bench.miner("Stop"));
    CHECK_FALSE(bench.miner("Stop", ""));
    CHECK_FALSE(bench.miner("Sleep", "s3cret"));
    CHECK_FALSE(bench.miner("stop", "s3cret"));
    CHECK_FALSE(bench.post("/miner", nullptr, "s3cret").at("result").as_bool());
    for (const json::value& body : {json::value("[]"), json::value(""), json::value("{\"param\":\"Stop\""), json::value("{\"param\":\"Stop\",\"password\":[\"s3cret\"]}")}) {
        CAPTURE(json::serialize(body));
        CHECK_FALSE(bench.web("POST", "/miner", body).object().at("result").as_bool());
    }
    CHECK(bench.web("GET", "/miner").status == 405);
    CHECK(bench.web("POST", "/summary").status == 405);
    CHECK(bench.web("GET", "/").status == 404);
    CHECK(ask(bench.host, bench.port, "{\"command\":\"summary\"}\r\n\r\n").starts_with("HTTP/1.1 400 "));
    CHECK(bench.obeyed().empty());
    CHECK(bench.draws(3010_W));
    CHECK(bench.miner("Stop", "s3cret"));
}

TEST_CASE("faulty ePIC machines: OK without effect, lies, refusal, no password good, empty, moved, short of boards, without pools") {
    SECTION("no effect, and it admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.miner("Stop"));
        CHECK(bench.state() == "Mining");
        CHECK(bench.watts() == 3010);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.miner("Stop"));
        CHECK(bench.state() == "Idling");
        CHECK(bench.watts() == 40);
        CHECK(bench.draws(3010_W));
    }
    SECTION("refusal, and a password that is never right") {
        const Bench refused{{}, MachineFault::refused};
        CHECK_FALSE(refused.miner("Stop"));
        CHECK(refused.plant.commands().at(0).command == "Stop");
        CHECK_FALSE(Bench{{}, MachineFault::bad_tokens}.miner("Stop"));
    }
    SECTION("empty, and moved") {
        CHECK(Bench{{}, MachineFault::empty_stats}.summary().empty());
        const Bench moved{{}, MachineFault::moved};
        CHECK(moved.web("GET", "/network").object().at("dhcp").at("mac_address").as_string() == "02:D4:41:00:00:00");
        CHECK(moved.web("GET", "/capabilities").object().at("Control Board Version").at("cpuSerial").as_string().starts_with("X"));
    }
    SECTION("comes back short, then without pools, then hot") {
        Bench bench{{}, MachineFault::few_boards};
        CHECK(bench.miner("Stop"));
        CHECK(bench.miner("Autostart"));
        CHECK(bench.draws(Power{40 + 2970 * 2 / 3}));
        CHECK(bench.summary().at("HBs").as_array().size() == 2);
        CHECK_FALSE(bench.summary().at("HBStatus").at(2).at("Detected").as_bool());
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK_FALSE(bench.summary().at("Stratum").at("IsPoolConnected").as_bool());
        CHECK(bench.summary().at("Session").at("Average MHs").to_number<double>() == 0);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::overheats); });
        CHECK(bench.summary().at("HBs").at(0).at("Temperature").to_number<double>() == 112);
    }
}
