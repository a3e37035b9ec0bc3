#include "tests/catch.hpp"

#include "sim/utility.hpp"
#include "tests/support/process.hpp"
#include "wire/rfc3339.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr Instant noon{std::chrono::sys_days{std::chrono::year{2024} / 8 / 20} + std::chrono::hours{12}};

/// Hours from noon on, at 20, 3000.5, -1.25 and 30 per MWh.
std::vector<PastPrice> four_hours() {
    const Price prices[] = {20_per_MWh, Price{3'000'500'000}, Price{-1'250'000}, 30_per_MWh};
    std::vector<PastPrice> out;
    for (int i = 0; i < 4; ++i) out.push_back({noon + std::chrono::hours{i}, noon + std::chrono::hours{i + 1}, prices[i]});
    return out;
}

struct Broker {
    ScratchFolder scratch{SCRATCH_DIR};
    std::uint16_t port = free_port();
    Broker() { std::ofstream{scratch.path() / "conf"} << "listener " << port << " 127.0.0.1\nallow_anonymous true\n"; }
    Process start() const { return Process{{"mosquitto", "-c", (scratch.path() / "conf").string()}, scratch.path() / "broker.log"}; }
    std::filesystem::path heard() const { return scratch.path() / "heard"; }
    Process subscribe(const std::string& topic) const {
        return Process{{"mosquitto_sub", "-p", std::to_string(port), "-V", "5", "-q", "1", "-t", topic, "-F", "%r %q %p"}, heard()};
    }
};

std::vector<json::object> messages(const std::string& text) {
    std::vector<json::object> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
        if (const auto brace = line.find('{'); brace != line.npos) out.push_back(json::parse(line.substr(brace)).as_object());
    return out;
}

bool no_broker() {
    if (run({"sh", "-c", "command -v mosquitto && command -v mosquitto_sub"}) == 0) return false;
    WARN("skipped: no mosquitto");
    return true;
}

}  // namespace

TEST_CASE("messages are written as the interface says, to the millisecond and the last digit") {
    CHECK(release_message(noon + 7ms, "d-1").find("T12:00:00.007Z") != std::string::npos);
    CHECK(price_message(noon, noon, noon + 1h, Price{45'120'000}, "USD") ==
          R"({"kind":"price","issued":"2024-08-20T12:00:00Z","start":"2024-08-20T12:00:00Z","end":"2024-08-20T13:00:00Z","price":45.12,"unit":"USD/MWh"})");
    CHECK(price_message(noon, noon, noon + 1h, Price{-1}, "CAD").find(R"("price":-0.000001,"unit":"CAD/MWh")") != std::string::npos);
    CHECK(price_message(noon, noon, noon + 1h, Price{-30'000'000}, "USD").find(R"("price":-30.00,)") != std::string::npos);
    CHECK(dispatch_message(noon, {.id = "d-1", .start = noon, .end = noon + 1h, .limit = 12'000_kW, .ramp = 60s}) ==
          R"({"kind":"dispatch","id":"d-1","issued":"2024-08-20T12:00:00Z","start":"2024-08-20T12:00:00Z","end":"2024-08-20T13:00:00Z","limit":12000,"unit":"kW","ramp_s":60})");
    CHECK(dispatch_message(noon, {.id = "d-2", .start = noon, .reduce = 5'000_kW}).ends_with(R"("start":"2024-08-20T12:00:00Z","reduce":5000,"unit":"kW"})"));
    CHECK(emergency_message(noon, {.id = "e-1", .start = noon}) == R"({"kind":"emergency","id":"e-1","issued":"2024-08-20T12:00:00Z","start":"2024-08-20T12:00:00Z","full":true})");
    CHECK(release_message(noon, "d-1") == R"({"kind":"release","id":"d-1","issued":"2024-08-20T12:00:00Z"})");
}

TEST_CASE("mosquitto_sub hears a price history go by faster than time, mapped onto the present") {
    if (no_broker()) return;
    Broker broker;
    const Process running = broker.start();
    REQUIRE(await([&] { return listens(broker.port); }));
    const Process subscriber = broker.subscribe("ballast/pecos/signal/#");

    UtilitySettings settings{.port = broker.port, .price_topic = "ballast/pecos/signal/ercot", .dispatch_topic = "ballast/pecos/signal/utility"};
    settings.speed = 7'200;  // An hour in half a second.
    settings.prices = four_hours();
    const Instant before = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    Utility utility{settings};
    REQUIRE(await([&] { return messages(file_text(broker.heard())).size() >= 4; }));
    const auto heard = messages(file_text(broker.heard()));
    const double expected[] = {20, 3000.5, -1.25, 30};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(heard[i].at("price").to_number<double>() == expected[i]);
        CHECK(heard[i].at("unit").as_string() == "USD/MWh");
        if (i > 0) CHECK(heard[i].at("start") == heard[i - 1].at("end"));
    }
    CHECK(heard[0].at("start").as_string() >= json::string{wire::rfc3339(before)});
    REQUIRE(await([&] { return utility.latest()->price == 30_per_MWh; }));  // Its own word comes with the broker's acknowledgement.

    utility.dispatch({.id = "d-1", .start = before, .limit = 12'000_kW});
    utility.release("d-1");
    REQUIRE(await([&] { return messages(file_text(broker.heard())).size() >= 6; }));
    CHECK(messages(file_text(broker.heard())).back().at("kind").as_string() == "release");

    const Process late = broker.subscribe("ballast/pecos/signal/ercot");  // It is retained.
    REQUIRE(await([&] { return file_text(broker.heard()).find("1 1 {\"kind\":\"price\"") != std::string::npos; }));
}

TEST_CASE("a utility whose broker comes late, or goes and comes back, says what it had to say") {
    if (no_broker()) return;
    Broker broker;
    UtilitySettings settings{.port = broker.port, .price_topic = "p", .dispatch_topic = "d"};
    settings.prices = four_hours();
    Utility utility{settings};
    utility.dispatch({.id = "d-1", .start = noon});
    CHECK(utility.published() == 0);
    {
        const Process first = broker.start();
        REQUIRE(await([&] { return utility.published() == 2; }));
        CHECK(utility.connected());
    }
    utility.release("d-1");
    const Process second = broker.start();
    REQUIRE(await([&] { return listens(broker.port); }));
    const Process subscriber = broker.subscribe("#");
    REQUIRE(await([&] { return utility.published() == 3; }, 40s));
    REQUIRE(await([&] { return file_text(broker.heard()).find("release") != std::string::npos; }));
}
