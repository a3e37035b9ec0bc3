#include "tests/sim/captured.hpp"
#include "tests/sim/one_device.hpp"

#include <cmath>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// One Bitaxe of 20 W.
struct Bench : OneDevice {
    explicit Bench(AxeosSettings given = {}, MachineFault fault = MachineFault::none) : OneDevice{"127.31.0.1", given, axeos_physics("b-1", 20_W), fault} {}
    json::object info() const { return web("GET", "/api/system/info").object(); }
    std::int64_t post(const std::string& what) const { return web("POST", "/api/system/" + what).status; }
    std::int64_t patch(const json::object& body) const { return web("PATCH", "/api/system", body).status; }
};

}  // namespace

TEST_CASE("what a Bitaxe of old firmware says of itself has the fields of the captured reply") {
    const auto folder = captures("bitaxe");
    if (!folder) return;
    const json::value real = json::parse(file_text(*folder / "v2_0_0/system_info.json"));
    AxeosSettings given;
    given.pauses = false;
    const Bench old{given};
    same_shape(old.info(), real, "info");
    CHECK(old.post("pause") == 404);
    CHECK(old.post("resume") == 404);
    json::object with_pause = real.as_object();
    with_pause["miningPaused"] = false;
    same_shape(Bench{}.info(), with_pause, "info");
}

TEST_CASE("a Bitaxe pauses and resumes over one connection, and says so") {
    Bench bench;
    CHECK(std::abs(bench.info().at("hashRate").to_number<double>() - 1'142.857) < 0.001);
    const auto replies = bench.web({json::array{"POST", "/api/system/pause"}, json::array{"POST", "/api/system/pause"}, json::array{"GET", "/api/system/info"}});
    CHECK(replies.at(0).status == 200);
    CHECK(replies.at(1).status == 200);
    CHECK(replies.at(2).connection == 1);
    CHECK(replies.at(2).object().at("miningPaused").as_bool());
    CHECK(bench.draws(2_W));
    CHECK(bench.info().at("power").to_number<double>() == 2);
    CHECK(bench.info().at("hashRate").to_number<double>() == 0);
    CHECK(bench.post("resume") == 200);
    CHECK(bench.draws(20_W));
    CHECK_FALSE(bench.info().at("miningPaused").as_bool());
    CHECK(bench.obeyed() == std::vector<std::string>{"sleep", "sleep", "wakeup"});
}

TEST_CASE("a Bitaxe forgets its pause when it restarts, and is not heard meanwhile") {
    Bench bench;
    CHECK(bench.post("pause") == 200);
    CHECK(bench.draws(2_W));
    CHECK(bench.post("restart") == 200);
    RawPeer early{bench.host, bench.port};
    early.send("GET /api/system/info HTTP/1.1\r\n\r\n");
    CHECK(early.read(1, 50ms).empty());
    CHECK(bench.draws(20_W));
    CHECK_FALSE(bench.info().at("miningPaused").as_bool());
    CHECK(bench.obeyed() == std::vector<std::string>{"sleep", "reboot"});
}

TEST_CASE("a Bitaxe draws in proportion to its frequency, and takes no setting of another kind") {
    Bench bench;
    CHECK(bench.patch({{"frequency", 245}, {"hostname", "axe-7"}, {"nobody", "knows"}}) == 200);
    CHECK(await([&] { return bench.plant.with([](Plant& p, Steady now) { return p.machine_power(0, now); }) == 11_W; }));
    CHECK(bench.info().at("frequency").as_int64() == 245);
    CHECK(bench.info().at("hostname").as_string() == "axe-7");
    CHECK_FALSE(bench.info().contains("nobody"));
    CHECK(bench.patch({{"frequency", "490"}}) == 400);
    CHECK(bench.patch({{"frequency", 0}}) == 400);
    CHECK(bench.patch({{"hostname", nullptr}}) == 400);
    CHECK(bench.web("PATCH", "/api/system", "[]").status == 400);
    CHECK(bench.web("PATCH", "/api/system", "{\"frequency\":").status == 400);
    CHECK(bench.patch({{"frequency", std::int64_t{1} << 60}}) == 200);
    CHECK(bench.draws(40_W));
}

TEST_CASE("who is not of a Bitaxe's network gets 401, and what it does not know 404 or 405") {
    AxeosSettings given;
    given.in_range = false;
    const Bench closed{given};
    CHECK(closed.web("GET", "/api/system/info").status == 401);
    CHECK(closed.post("pause") == 401);
    CHECK(closed.patch({{"frequency", 245}}) == 401);
    CHECK(closed.plant.commands().at(0).command == "pause");
    CHECK(closed.obeyed().empty());
    const Bench bench;
    CHECK(bench.web("GET", "/api/system/pause").status == 405);
    CHECK(bench.web("POST", "/api/system/info").status == 405);
    CHECK(bench.web("GET", "/api/v1/summary").status == 404);
    CHECK(bench.post("fly") == 404);
    CHECK(ask(bench.host, bench.port, "{\"command\":\"summary\"}\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_CASE("faulty Bitaxes: OK without effect, lies, refusal, empty, moved, short of chips, on its fallback pool, too hot") {
    SECTION("no effect, and it admits it") {
        Bench bench{{}, MachineFault::no_effect};
        CHECK(bench.post("pause") == 200);
        CHECK_FALSE(bench.info().at("miningPaused").as_bool());
        CHECK(bench.info().at("power").to_number<double>() == 20);
    }
    SECTION("a lie") {
        Bench bench{{}, MachineFault::lies};
        CHECK(bench.post("pause") == 200);
        CHECK(bench.info().at("miningPaused").as_bool());
        CHECK(bench.info().at("power").to_number<double>() == 2);
        CHECK(bench.draws(20_W));
    }
    SECTION("refusal") {
        const Bench bench{{}, MachineFault::refused};
        CHECK(bench.post("pause") == 401);
        CHECK(bench.info().at("power").to_number<double>() == 20);
    }
    SECTION("empty, and moved") {
        const json::object empty = Bench{{}, MachineFault::empty_stats}.info();
        CHECK_FALSE(empty.contains("power"));
        CHECK_FALSE(empty.contains("miningPaused"));
        CHECK(empty.at("macAddr").as_string() == "30:ED:A0:00:00:00");
        CHECK(Bench{{}, MachineFault::moved}.info().at("macAddr").as_string() == "02:ED:A0:00:00:00");
    }
    SECTION("comes back short, then without its pool, then hot") {
        AxeosSettings given;
        given.chips = 6;
        Bench bench{given, MachineFault::few_boards};
        CHECK(bench.post("pause") == 200);
        CHECK(bench.post("resume") == 200);
        CHECK(bench.draws(14_W));
        CHECK(bench.info().at("asicCount").as_int64() == 4);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::loses_pools); });
        CHECK(bench.info().at("isUsingFallbackStratum").as_int64() == 1);
        CHECK(bench.info().at("hashRate").to_number<double>() == 0);
        bench.plant.with([](Plant& p, Steady) { p.set_fault(0, MachineFault::overheats); });
        CHECK(bench.info().at("temp").to_number<double>() == 112);
    }
    SECTION("never wakes, not even by a restart") {
        Bench bench{{}, MachineFault::never_wakes};
        CHECK(bench.post("pause") == 200);
        CHECK(bench.post("restart") == 200);
        CHECK(await([&] { return bench.plant.with([](Plant& p, Steady now) { return p.answers(0, now); }); }));
        CHECK(bench.info().at("miningPaused").as_bool());
        CHECK(bench.draws(2_W));
    }
    SECTION("garbage in a good frame") {
        const WebReply reply = Bench{{}, MachineFault::garbage}.web("GET", "/api/system/info");
        CHECK(reply.status == 200);
        boost::system::error_code error;
        (void)json::parse(reply.body, error);
        CHECK(error);
    }
}
