#include "tests/catch.hpp"

#include "sim/asic_devices.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>
#include <cmath>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const AsicDevices::Timing at_once{.reply = {0ms, 0ms}, .slow_reply = 300ms, .idle = 60s};

/// Answers at once and is back in a tenth of a second, but for what a case sets.
AntminerSettings quick() {
    AntminerSettings out;
    out.write_reply = {0ms, 0ms};
    out.restart = {100ms, 100ms};
    return out;
}

struct Page {
    std::string status, body;
    json::object object() const {
        CAPTURE(status, body);
        REQUIRE(status == "200");
        return json::parse(body).as_object();
    }
};

/// One miner of 3000 W at 127.23.0.1, and curl.
struct Bench {
    explicit Bench(AntminerSettings given = quick(), MachineFault fault = MachineFault::none) : port{free_port()}, plant{physics(fault)} {
        given.host = "127.23.0.1";
        given.port = port;
        devices = std::make_unique<AsicDevices>(std::vector<AsicSettings>{given}, plant, 1, at_once);
    }
    static PlantSettings physics(MachineFault fault) {
        MachineSettings machine = antminer_physics("a-1", 3000_W);
        machine.off_after = machine.full_after = {100ms, 100ms};
        machine.boot = {300ms, 300ms};
        machine.fault = fault;
        PlantSettings out;
        out.machines = {machine};
        return out;
    }
    Page curl(const std::string& page, std::vector<std::string> more = {}, const std::string& who = "root:root") const {
        const ScratchFolder scratch{SCRATCH_DIR};
        std::vector<std::string> words{"curl", "-q", "-s", "--max-time", "10", "--noproxy", "*", "--digest", "-u", who, "-o", (scratch.path() / "body").string(), "-w", "%{http_code}"};
        words.insert(words.end(), more.begin(), more.end());
        words.push_back("http://127.23.0.1:" + std::to_string(port) + "/cgi-bin/" + page);
        (void)run(words, scratch.path() / "status");
        return {file_text(scratch.path() / "status"), file_text(scratch.path() / "body")};
    }
    json::object read(const std::string& page) const { return curl(page).object(); }
    json::object config() const { return read("get_miner_conf.cgi"); }
    /// The code of the reply.
    std::string write(const json::object& config, const std::string& type = "text/plain;charset=UTF-8") const {
        return std::string{curl("set_miner_conf.cgi", {"-H", "Content-Type: " + type, "--data-raw", json::serialize(config)}).object().at("code").as_string()};
    }
    std::string write_mode(const json::value& mode) const {
        json::object whole = config();
        whole["miner-mode"] = mode;
        return write(whole);
    }
    /// Once its miner program runs again.
    json::object stats() const {
        CHECK(await([&] { return !read("stats.cgi").at("STATS").as_array().empty(); }));
        return read("stats.cgi").at("STATS").at(0).as_object();
    }
    bool draws(Power power) {
        return await([&] { return plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }

    std::uint16_t port;
    LivePlant plant;
    std::unique_ptr<AsicDevices> devices;
};

/// {"status", "stale", "body"} of the four exchanges of digest_peer.py.
json::array digest(const Bench& bench, const std::string& password, const std::string& wait = "0") {
    const ScratchFolder scratch{SCRATCH_DIR};
    const int status = run({"/usr/bin/python3", PROJECT_DIR "/tests/sim/digest_peer.py", "127.23.0.1", std::to_string(bench.port), "/cgi-bin/summary.cgi", "root", password, "--wait", wait},
                           scratch.path() / "out");
    const std::string said = file_text(scratch.path() / "out");
    CAPTURE(said);
    REQUIRE(status == 0);
    return json::parse(said).as_array();
}

std::vector<std::int64_t> statuses(const json::array& replies) {
    std::vector<std::int64_t> out;
    for (const json::value& reply : replies) out.push_back(reply.at("status").as_int64());
    return out;
}

}  // namespace

TEST_CASE("an Antminer lets in by digest, and says when a nonce is stale") {
    AntminerSettings given = quick();
    given.nonce_life = 500ms;
    const Bench bench{given};
    CHECK(statuses(digest(bench, "root")) == std::vector<std::int64_t>{401, 200, 200, 200});
    CHECK(bench.devices->connections() == 1);
    const json::array late = digest(bench, "root", "0.6");
    CHECK(statuses(late) == std::vector<std::int64_t>{401, 200, 401, 200});
    CHECK_FALSE(late[0].at("stale").as_bool());
    CHECK(late[2].at("stale").as_bool());
    const json::array wrong = digest(bench, "toor");
    CHECK(statuses(wrong) == std::vector<std::int64_t>{401, 401, 401, 401});
    CHECK_FALSE(wrong[1].at("stale").as_bool());
    CHECK(bench.curl("summary.cgi", {}, "root:toor").status == "401");
    CHECK(ask("127.23.0.1", bench.port, "GET /cgi-bin/summary.cgi HTTP/1.1\r\nAuthorization: Basic cm9vdDpyb290\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 401 "));
    CHECK(bench.curl("fly.cgi").status == "404");
}

TEST_CASE("an Antminer tells its config, hashrate, pools and identity, and no watts") {
    const Bench bench;
    const json::object config = bench.config();
    CHECK(config.at("pools").as_array().size() == 3);
    CHECK(config.at("bitmain-work-mode").as_string() == "0");
    CHECK(config.at("bitmain-fan-pwm").as_string() == "100");
    const json::object summary = bench.read("summary.cgi").at("SUMMARY").at(0).as_object();
    CHECK(std::llround(summary.at("rate_5s").to_number<double>()) == 101'695);  // 3000 W at 29.5 J/TH, in GH/s.
    CHECK(summary.at("status").as_array().size() == 4);
    const json::object stats = bench.stats();
    CHECK(stats.at("miner-mode").as_int64() == 0);
    CHECK(stats.at("chain").as_array().size() == 3);
    CHECK(bench.read("pools.cgi").at("POOLS").as_array().size() == 2);
    CHECK(bench.read("get_system_info.cgi").at("macaddr").as_string() == "28:E2:97:00:00:00");
    CHECK(bench.curl("stats.cgi").body.find("att") == std::string::npos);
}

TEST_CASE("an Antminer sleeps with empty lists, wakes, and takes the lower mode, each time with a new start") {
    Bench bench;
    CHECK(bench.write_mode("1") == "M000");
    CHECK(bench.draws(45_W));
    CHECK(bench.read("summary.cgi").at("SUMMARY").as_array().empty());
    CHECK(bench.read("stats.cgi").at("STATS").as_array().empty());
    CHECK(bench.config().at("bitmain-work-mode").as_string() == "1");
    CHECK(bench.write_mode("0") == "M000");
    CHECK(bench.draws(3000_W));
    CHECK(bench.stats().at("miner-mode").as_int64() == 0);
    CHECK(bench.write_mode("3") == "M000");
    CHECK(bench.draws(2100_W));
    CHECK(bench.stats().at("miner-mode").as_int64() == 3);
    CHECK(bench.write_mode("3") == "M000");
    CHECK(bench.curl("reboot.cgi").status == "200");
    CHECK(bench.curl("summary.cgi", {"--max-time", "0.1"}).status == "000");
    CHECK(await([&] { return bench.curl("summary.cgi", {"--max-time", "0.2"}).status == "200"; }));
    CHECK(bench.draws(2100_W));
    std::vector<std::string> heard;
    for (const CommandHeard& command : bench.plant.commands()) heard.push_back(command.command);
    CHECK(heard == std::vector<std::string>{"sleep", "wakeup", "level", "config", "reboot"});
}

TEST_CASE("a config that an Antminer is given is the whole config: without pools it has none, and hashes nothing") {
    Bench bench;
    json::object without = bench.config();
    without.erase("pools");
    CHECK(bench.write(without) == "M000");
    CHECK(bench.read("pools.cgi").at("POOLS").as_array().empty());
    CHECK(bench.config().at("pools").at(0).at("url").as_string().empty());
    CHECK(bench.stats().at("rate_5s").to_number<double>() == 0);
    CHECK(bench.draws(3000_W));
    json::object with = bench.config();
    with["pools"] = json::array{json::object{{"url", "stratum+tcp://new.example:1"}, {"user", "u"}, {"pass", "p"}}};
    with["bitmain-freq"] = "500";
    CHECK(bench.write(with) == "M000");
    CHECK(bench.read("pools.cgi").at("POOLS").at(0).at("url").as_string() == "stratum+tcp://new.example:1");
    CHECK(bench.stats().at("rate_5s").to_number<double>() > 0);
    CHECK(bench.config().at("bitmain-freq").as_string() == "500");
    CHECK(bench.write({{"pools", with.at("pools")}}) == "M000");
    CHECK(bench.config().at("bitmain-freq").as_string() == "675");
}

TEST_CASE("an Antminer heeds miner-mode in its firmware's form and nothing else, and M001 is for what it cannot read") {
    AntminerSettings given = quick();
    given.mode_form = AntminerSettings::ModeForm::number;
    Bench bench{given};
    json::object config = bench.config();
    CHECK(config.at("bitmain-work-mode").as_int64() == 0);
    config["bitmain-work-mode"] = 1;
    CHECK(bench.write(config) == "M000");
    CHECK(bench.write_mode("1") == "M000");
    CHECK(bench.draws(3000_W));
    CHECK(bench.config().at("bitmain-work-mode").as_int64() == 0);
    CHECK(bench.write_mode(4) == "M001");
    CHECK(bench.write_mode("sleep") == "M001");
    CHECK(bench.write({{"pools", 3}}) == "M001");
    CHECK(bench.curl("set_miner_conf.cgi", {"--data-raw", "{\"pools\":["}).object().at("code").as_string() == "M001");
    CHECK(bench.curl("set_miner_conf.cgi").object().at("code").as_string() == "M001");
    CHECK(bench.read("pools.cgi").at("POOLS").as_array().size() == 2);
    CHECK(bench.write_mode(1) == "M000");
    CHECK(bench.draws(45_W));

    given = quick();
    given.needs_text_plain = true;
    Bench strict{given};
    CHECK(strict.write(strict.config(), "application/json") == "M001");
    CHECK(strict.write(strict.config()) == "M000");
}

TEST_CASE("an Antminer's write takes its time, its effect does not, and some are dark meanwhile, some half awake") {
    AntminerSettings given = quick();
    given.write_reply = {400ms, 400ms};
    given.half_initialised = 600s;
    Bench bench{given};
    CHECK(bench.config().at("pools").at(0).at("url").as_string().empty());
    CHECK(bench.read("pools.cgi").at("POOLS").as_array().size() == 2);
    const auto before = std::chrono::steady_clock::now();
    CHECK(bench.write({{"miner-mode", "1"}}) == "M000");
    CHECK(std::chrono::steady_clock::now() - before >= 400ms);
    CHECK(bench.plant.commands().at(0).command == "sleep");

    given = quick();
    given.restart = {2s, 2s};
    given.dark_in_restart = true;
    Bench dark{given};
    CHECK(dark.write_mode("3") == "M000");
    CHECK(dark.curl("summary.cgi", {"--max-time", "0.1"}).status == "000");
    CHECK(await([&] { return dark.curl("summary.cgi", {"--max-time", "0.2"}).status == "200"; }));
}

TEST_CASE("some Antminers reply in chunks, and some close") {
    AntminerSettings given = quick();
    given.chunked = true;
    const Bench bench{given};
    CHECK(bench.stats().at("chain").as_array().size() == 3);
    CHECK(statuses(digest(bench, "root")) == std::vector<std::int64_t>{401, 200, 200, 200});
    given.chunked = false;
    given.closes = true;
    const Bench closing{given};
    CHECK(statuses(digest(closing, "root")) == std::vector<std::int64_t>{401, 200, 200, 200});
    CHECK(closing.devices->connections() == 4);
}

TEST_CASE("what is no HTTP request an Antminer answers with 400, and closes") {
    const Bench bench;
    for (const std::string& request : {std::string{"{\"command\":\"summary\"}\r\n\r\n"}, std::string{"GET\r\n\r\n"}, "GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x'),
                                       std::string{"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"}, std::string{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}}) {
        CAPTURE(request.substr(0, 40));
        const std::string reply = ask("127.23.0.1", bench.port, request);
        CHECK(reply.starts_with("HTTP/1.1 400 "));
    }
    RawPeer half{"127.23.0.1", bench.port};
    half.send("GET /cgi-bin/summary.cgi HTTP/1.1\r\nHo");
    half.finish_sending();
    CHECK(half.rest().starts_with("HTTP/1.1 400 "));
    RawPeer slow{"127.23.0.1", bench.port};
    for (const char letter : std::string_view{"GET / HTTP/1.0\r\n\r\n"}) slow.send({&letter, 1});
    CHECK(slow.rest().starts_with("HTTP/1.1 401 "));
    RawPeer two{"127.23.0.1", bench.port};
    two.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    const std::string both = two.rest();
    CHECK(both.find("HTTP/1.1 401 ", 1) != both.npos);
}

TEST_CASE("faulty Antminers: OK without effect, lies, refusal, endless staleness, another identity, short of boards") {
    SECTION("no effect: the config says sleep, the statistics hash on") {
        Bench bench{quick(), MachineFault::no_effect};
        CHECK(bench.write_mode("1") == "M000");
        CHECK(bench.config().at("bitmain-work-mode").as_string() == "1");
        CHECK(bench.read("summary.cgi").at("SUMMARY").at(0).at("rate_5s").to_number<double>() > 0);
        CHECK(bench.draws(3000_W));
    }
    SECTION("a lie: nothing tells but a meter") {
        Bench bench{quick(), MachineFault::lies};
        CHECK(bench.write_mode("1") == "M000");
        CHECK(bench.read("summary.cgi").at("SUMMARY").as_array().empty());
        CHECK(bench.draws(3000_W));
    }
    SECTION("refusal") {
        const Bench bench{quick(), MachineFault::refused};
        CHECK(bench.curl("set_miner_conf.cgi", {"--data-raw", "{}"}).status == "403");
        CHECK(bench.curl("summary.cgi").status == "200");
    }
    SECTION("every nonce is stale") {
        const Bench bench{quick(), MachineFault::bad_tokens};
        CHECK(statuses(digest(bench, "root")) == std::vector<std::int64_t>{401, 401, 401, 401});
    }
    SECTION("garbage in a good frame") {
        const Bench bench{quick(), MachineFault::garbage};
        const Page page = bench.curl("summary.cgi");
        CHECK(page.status == "200");
        boost::system::error_code error;
        (void)json::parse(page.body, error);
        CHECK(error);
    }
    SECTION("another identity, and empty statistics") {
        CHECK(Bench{quick(), MachineFault::moved}.read("get_system_info.cgi").at("macaddr").as_string() == "02:E2:97:00:00:00");
        CHECK(Bench{quick(), MachineFault::empty_stats}.read("stats.cgi").at("STATS").as_array().empty());
    }
    SECTION("comes back with two boards; or without pools") {
        Bench bench{quick(), MachineFault::few_boards};
        CHECK(bench.write_mode("1") == "M000");
        CHECK(bench.write_mode("0") == "M000");
        CHECK(bench.draws(Power{45 + 2955 * 2 / 3}));
        CHECK(bench.stats().at("chain").as_array().size() == 2);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.config().at("pools").at(0).at("url").as_string().empty());
    }
}
