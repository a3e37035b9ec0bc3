#include "tests/sim/captured.hpp"
#include "tests/sim/one_device.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const json::object by_token{{"Authorization", "Bearer $TOKEN"}};

/// One S19j Pro of 3000 W with VNish.
struct Bench : OneDevice {
    explicit Bench(VnishSettings given = {}, MachineFault fault = MachineFault::none) : OneDevice{"127.33.0.1", given, vnish_physics("v-1", 3000_W), fault} {}

    static json::array unlock(const std::string& password = "admin") { return {"POST", "/api/v1/unlock", json::object{{"pw", password}}}; }
    static json::array get(const std::string& path, const json::object& headers = by_token) { return {"GET", "/api/v1/" + path, nullptr, headers}; }
    static json::array post(const std::string& path, const json::value& body = nullptr, const json::object& headers = by_token) { return {"POST", "/api/v1/" + path, body, headers}; }

    /// Unlocks, and gives the reply to what comes then.
    WebReply unlocked(const json::array& request) const { return web(json::array{json::value(unlock()), json::value(request)}).at(1); }
    std::int64_t status_of(const json::array& request) const { return web_one(request).status; }
    std::int64_t mining(const std::string& what) const { return unlocked(post("mining/" + what)).status; }
    json::object miner() const { return unlocked(get("summary")).object().at("miner").as_object(); }
    std::string state() const { return std::string{miner().at("miner_status").at("miner_state").as_string()}; }
};

/// Of whatever number: the published schema's names.
json::object published_miner() {
    const json::object range{{"min", 0}, {"max", 0}}, mode{{"name", "auto"}};
    const json::object cooling{{"fan_num", 0}, {"fans", json::array{}}, {"settings", json::object{{"mode", mode}}}, {"fan_duty", 0}};
    return {{"miner_status", json::object{{"miner_state", "mining"}, {"miner_state_time", 1}}}, {"miner_type", "Antminer S19 (Vnish 1.2.6)"}, {"hr_stock", 0.0}, {"average_hashrate", 0.0}, {"instant_hashrate", 0.0},
            {"hr_realtime", 0.0}, {"hr_nominal", 0.0}, {"hr_average", 0.0}, {"pcb_temp", range}, {"chip_temp", range}, {"power_consumption", 0}, {"power_usage", 0}, {"power_efficiency", 0.0},
            {"hw_errors_percent", 0.0}, {"hr_error", 0.0}, {"hw_errors", 0}, {"devfee_percent", 0.0}, {"devfee", 0.0}, {"pools", json::array{}}, {"cooling", cooling}, {"chains", json::array{}},
            {"found_blocks", 0}, {"best_share", 0}};
}

}  // namespace

TEST_CASE("a VNish machine's summary has the fields of the published schema, and its watts are where it says") {
    VnishSettings given;
    given.throttles = false;
    const Bench old{given};
    same_shape(old.miner(), published_miner(), "summary");
    CHECK(old.miner().at("power_usage").as_int64() == 3000);
    CHECK(old.miner().at("power_consumption").as_int64() == 3000);
    CHECK(old.mining("throttle") == 404);
    given.usage_is_watts = false;
    const Bench schema{given};
    CHECK(schema.miner().at("power_usage").as_double() == 29.5);
    CHECK(schema.miner().at("power_consumption").as_int64() == 3000);
    const json::object info = schema.web("GET", "/api/v1/info").object();
    CHECK(info.at("system").at("network_status").at("mac").as_string() == "FE:07:26:00:00:00");
    CHECK(info.at("serial").as_string() == "SMTTSIM0000000000");
}

TEST_CASE("a VNish machine stops, starts, pauses and resumes by its token, over one connection") {
    Bench bench;
    const auto replies = bench.web(json::array{json::value(Bench::unlock()), json::value(Bench::post("mining/stop")), json::value(Bench::post("mining/stop")), json::value(Bench::get("summary"))});
    CHECK(replies.at(1).status == 200);
    CHECK(replies.at(2).status == 200);
    CHECK(replies.at(3).connection == 1);
    CHECK(bench.draws(45_W));
    CHECK(bench.state() == "stopped");
    CHECK(bench.miner().at("power_usage").as_int64() == 45);
    CHECK(bench.mining("start") == 200);
    CHECK(bench.draws(3000_W));
    CHECK(bench.state() == "mining");
    CHECK(bench.mining("pause") == 200);
    CHECK(bench.draws(45_W));
    CHECK(bench.mining("resume") == 200);
    CHECK(bench.draws(3000_W));
    std::vector<std::string> obeyed = bench.obeyed();
    std::erase(obeyed, "token");
    CHECK(obeyed == std::vector<std::string>{"sleep", "sleep", "wakeup", "sleep", "wakeup"});
}

TEST_CASE("a VNish machine throttles to a percent of 20 to 100, and to nothing else") {
    Bench bench;
    CHECK(bench.unlocked(Bench::post("mining/throttle", json::object{{"percent", 100}})).object().at("restart_required").as_bool() == false);
    for (const json::value& percent : {json::value(19), json::value(101), json::value("50"), json::value(50.5), json::value(nullptr)})
        CHECK(bench.unlocked(Bench::post("mining/throttle", json::object{{"percent", percent}})).status == 400);
    VnishSettings often;
    often.unlocks_a_minute = 1'000;
    Bench half{often};
    CHECK(half.unlocked(Bench::post("mining/throttle", json::object{{"percent", 50}})).status == 200);
    CHECK(half.plant.with([](Plant& p, Steady now) { return p.machine_power(0, now + 10s); }) == 1500_W);
    CHECK(half.unlocked(Bench::get("summary")).object().at("miner").at("miner_status").at("throttled").as_int64() == 50);
}

TEST_CASE("a VNish machine's tokens end at their time and at a boot, and one is needed") {
    VnishSettings given;
    given.token_life = 1'000ms;
    Bench bench{given};
    CHECK(bench.status_of(Bench::get("summary")) == 401);
    CHECK(bench.status_of(Bench::post("mining/stop")) == 401);
    CHECK(bench.status_of(Bench::get("status")) == 200);
    const auto late = bench.web(json::array{json::value(Bench::unlock()), json::value(Bench::get("auth-check")), json::array{"WAIT", 1.2}, json::value(Bench::get("auth-check")), json::value(Bench::post("mining/stop"))});
    CHECK(late.at(1).status == 200);
    CHECK(late.at(2).status == 401);
    CHECK(late.at(3).status == 401);
    CHECK(bench.draws(3000_W));

    Bench whole;
    const auto rebooted = whole.web(json::array{json::value(Bench::unlock()), json::value(Bench::post("system/reboot")), json::array{"WAIT", 0.5}, json::value(Bench::get("summary"))});
    CHECK(rebooted.at(1).object().at("after").as_int64() == 3);
    CHECK(rebooted.at(2).status == 401);
}

TEST_CASE("a VNish machine takes a token bare, or a key, where its firmware does") {
    const json::object bare{{"Authorization", "$TOKEN"}}, key{{"x-api-key", "k-1"}};
    VnishSettings given;
    CHECK(Bench{given}.unlocked(Bench::post("mining/stop", nullptr, bare)).status == 200);
    CHECK(Bench{given}.unlocked(Bench::post("system/reboot", nullptr, bare)).status == 401);
    CHECK(Bench{given}.status_of(Bench::post("mining/stop", nullptr, key)) == 401);
    given.takes_bare = false;
    given.api_key = "k-1";
    given.summary_is_open = true;
    const Bench strict{given};
    CHECK(strict.unlocked(Bench::post("mining/stop", nullptr, bare)).status == 401);
    CHECK(strict.status_of(Bench::post("mining/stop", nullptr, key)) == 200);
    CHECK(strict.web("GET", "/api/v1/summary").status == 200);
}

TEST_CASE("a VNish machine answers 403 to a wrong password, 429 to who asks too often, and only for a minute") {
    VnishSettings given;
    given.unlocks_a_minute = 3;
    given.password = "s3cret";
    const Bench bench{given};
    const auto replies = bench.web(json::array{json::value(Bench::unlock()), json::value(Bench::unlock("")), json::value(Bench::unlock("s3cret")), json::value(Bench::unlock("s3cret")), json::value(Bench::get("summary"))});
    std::vector<std::int64_t> statuses;
    for (const WebReply& reply : replies) statuses.push_back(reply.status);
    CHECK(statuses == std::vector<std::int64_t>{403, 403, 200, 429, 200});
    CHECK(bench.obeyed() == std::vector<std::string>{"token"});

    PlantSettings alone;
    alone.machines = {vnish_physics("v-1", 3000_W)};
    const Steady start{1'000'000ms};
    Plant plant{alone, start};
    VnishMachine machine{given, 1};
    const auto unlocked = [&](Steady now) {
        const std::string request = "POST /api/v1/unlock HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"pw\":\"s3cret\"}";
        return machine.answer({request, false, now, Instant{}}, plant).accepted;
    };
    for (int i = 0; i < 3; ++i) CHECK(unlocked(start));
    CHECK_FALSE(unlocked(start + 59s));
    CHECK(unlocked(start + 60s));
}

TEST_CASE("what a VNish machine does not know is 404 or 405, and what is no HTTP 400") {
    const Bench bench;
    CHECK(bench.status_of(Bench::get("mining/stop")) == 405);
    CHECK(bench.status_of(Bench::post("summary")) == 405);
    CHECK(bench.status_of(Bench::get("settings")) == 404);
    CHECK(bench.web("GET", "/summary").status == 404);
    CHECK(bench.web("POST", "/api/v1/unlock", "{\"pw\":").status == 400);
    CHECK(ask(bench.host, bench.port, "{\"command\":\"summary\"}\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_CASE("faulty VNish machines: OK without effect, lies, refusal, no tokens, empty, moved, short of boards, without pools") {
    SECTION("no effect, and it admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.mining("stop") == 200);
        CHECK(bench.state() == "mining");
        CHECK(bench.miner().at("power_usage").as_int64() == 3000);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.mining("stop") == 200);
        CHECK(bench.state() == "stopped");
        CHECK(bench.miner().at("power_usage").as_int64() == 45);
        CHECK(bench.draws(3000_W));
    }
    SECTION("refusal and tokens") {
        CHECK(Bench{{}, MachineFault::refused}.mining("stop") == 403);
        CHECK(Bench{{}, MachineFault::bad_tokens}.mining("stop") == 401);
        CHECK(Bench{{}, MachineFault::no_tokens}.status_of(Bench::unlock()) == 429);
    }
    SECTION("empty, and moved") {
        CHECK(Bench{{}, MachineFault::empty_stats}.unlocked(Bench::get("summary")).object().empty());
        const json::object info = Bench{{}, MachineFault::moved}.web("GET", "/api/v1/info").object();
        CHECK(info.at("system").at("network_status").at("mac").as_string() == "02:07:26:00:00:00");
        CHECK(info.at("serial").as_string() == "XSMTTSIM0000000000");
    }
    SECTION("comes back short, then without pools, then hot") {
        Bench bench{{}, MachineFault::few_boards};
        CHECK(bench.mining("stop") == 200);
        CHECK(bench.mining("start") == 200);
        CHECK(bench.draws(Power{45 + 2955 * 2 / 3}));
        CHECK(bench.miner().at("chains").as_array().size() == 2);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.miner().at("pools").as_array().size() == 1);
        CHECK(bench.miner().at("hr_realtime").to_number<double>() == 0);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::overheats); });
        CHECK(bench.miner().at("chip_temp").at("max").as_int64() == 112);
    }
}
