#include "tests/catch.hpp"

#include "app/stand_of.hpp"
#include "tests/support/process.hpp"

#include <cstdlib>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;

namespace {

const std::string folder = PROJECT_DIR "/examples/";

/// The example site with one thing changed.
Config pecos(const std::string& what = {}, const std::string& with = {}) {
    std::string text = file_text(folder + "pecos.toml");
    if (!what.empty()) {
        const std::size_t at = text.find(what);
        REQUIRE(at != std::string::npos);
        text.replace(at, what.size(), with);
    }
    const auto config = parse_config(text, folder + "pecos.toml", disk_reader());
    if (!config) FAIL(print(config.error()));
    return *config;
}

}  // namespace

TEST_CASE("a make is played as its own firmware, with the login of the site file") {
    ::setenv("BALLAST_TEST_FLOOR", "s3cret", 1);
    const auto plan = stand_of(pecos("name = \"miners-a\"\ndriver = \"luxos\"", "name = \"miners-a\"\ndriver = \"antminer\"\npassword_file = \"env:BALLAST_TEST_FLOOR\""), {});
    ::unsetenv("BALLAST_TEST_FLOOR");
    REQUIRE(plan);
    const auto* device = std::get_if<sim::AntminerSettings>(&plan->settings.asics[0]);
    REQUIRE(device);
    CHECK(device->user == "root");
    CHECK(device->password == "s3cret");
    CHECK(plan->settings.plant.machines[0].full_after.least >= Duration{300'000});
}

TEST_CASE("the example site becomes a stand with everything it names") {
    const auto plan = stand_of(pecos(), {});
    REQUIRE(plan);
    const sim::StandSettings& settings = plan->settings;
    CHECK(settings.asics.size() == 502);
    CHECK(std::get<sim::LuxosSettings>(settings.asics[0]).host == "127.20.0.1");
    CHECK(settings.plant.machines[0].rated == 3500_W);
    CHECK(settings.plant.machines[0].contactor == 0u);
    CHECK_FALSE(settings.plant.machines[501].contactor);
    CHECK(settings.plant.meters.size() == 3);
    CHECK(settings.meters.size() == 3);
    CHECK(settings.contactors.size() == 1);
    CHECK(settings.rtu.size() == 2);
    CHECK(settings.rtu[0].value == 0);
    CHECK(settings.rtu[1].value == 4'294'967'295.0);
    REQUIRE(settings.utility);
    CHECK(settings.utility->price_topic == "ballast/pecos/signal/ercot");
    CHECK(settings.utility->dispatch_topic == "ballast/pecos/signal/utility");

    sim::Plant plant{settings.plant, Steady{}};
    const Power residual = plant.residual(Steady{});
    CHECK(residual >= 40_kW);
    CHECK(residual <= 60_kW);
    const auto read = [&](const std::string& name) {
        const auto meter = std::ranges::find(settings.plant.meters, name, [](const auto& m) { return m.name; });
        REQUIRE(meter != settings.plant.meters.end());
        return plant.power(static_cast<std::size_t>(meter - settings.plant.meters.begin()), Steady{});
    };
    CHECK(read("poi") == plant.site_power(Steady{}));
    CHECK(read("north-feeder") == plant.feeder_power(0, Steady{}));
    CHECK(read("gpu-hall") == 600_kW);
}

TEST_CASE("what is not on loopback is refused by name") {
    const auto why = [](const std::string& what, const std::string& with) {
        const auto plan = stand_of(pecos(what, with), {});
        REQUIRE_FALSE(plan);
        return plan.error().detail;
    };
    CHECK(why("127.20.8.2", "10.0.0.7") == "group miners-b, machine b-0002: host \"10.0.0.7\" is not loopback; simulate stands devices up on 127.0.0.0/8 only, so "
                                           "give it an address there");
    CHECK(why("host = \"127.0.0.1\"\nport = 18830", "host = \"broker.example\"\nport = 18830").starts_with("mqtt.main: host \"broker.example\" is not loopback"));
    CHECK(why("host = \"127.0.0.1\"\nport = 15020\nunit_id = 1", "host = \"192.168.1.9\"\nport = 15020\nunit_id = 1").starts_with("meter poi: host \"192.168.1.9\""));
    CHECK(why("transport = \"tcp\"\nhost = \"127.0.0.1\"\nport = 15021", "transport = \"rtu\"\ndevice = \"/dev/ttyS0\"").starts_with("signal curtail-contact: device \"/dev/ttyS0\""));
}

TEST_CASE("the example prices are the real day of the spike") {
    const auto feed = sim::read_feed(folder + "ercot-2024-08-20.csv");
    REQUIRE(feed);
    CHECK(feed->intervals.size() == 24);
    const auto spike = std::ranges::max_element(feed->intervals, {}, &sim::PricePoint::price);
    CHECK(spike->price == Price{3'060'448'000});
    StandWishes wishes;
    wishes.prices = *feed;
    const auto plan = stand_of(pecos(), wishes);
    REQUIRE(plan);
    CHECK(plan->settings.utility->prices.size() == 24);
    CHECK(plan->settings.utility->currency == "USD");
}

TEST_CASE("a fault that names nothing of the site is refused") {
    StandWishes wishes;
    wishes.faults = *sim::read_fault_plan("poi:silent@10+5,block-a:trip@20,gpu-hall:transfer@30,hung=5");
    const auto plan = stand_of(pecos(), wishes);
    REQUIRE(plan);
    CHECK(plan->settings.happenings.size() == 4);
    CHECK(std::ranges::count(plan->settings.plant.machines, sim::MachineFault::hung, &sim::MachineSettings::fault) == 25);
    wishes.faults = *sim::read_fault_plan("pio:silent@10");
    const auto none = stand_of(pecos(), wishes);
    REQUIRE_FALSE(none);
    CHECK(none.error().detail.find("pio:silent") != std::string::npos);
}

TEST_CASE("each GPU node is a hall of its own that its agent steers, and no miner") {
    const auto config = parse_config(file_text(folder + "hybrid-gpus.toml"), folder + "hybrid-gpus.toml", disk_reader());
    REQUIRE(config);
    const auto plan = stand_of(*config, {});
    REQUIRE(plan);
    CHECK(plan->settings.asics.size() == 4);
    REQUIRE(plan->settings.gpus.size() == 1);
    const auto& agents = plan->settings.gpus[0];
    CHECK(agents.site == "hybrid");
    REQUIRE(agents.nodes.size() == 10);
    for (const auto& node : agents.nodes) CHECK(plan->settings.plant.halls[node.hall].name == node.name);
    CHECK(sim::free_draw(agents.nodes[4]) == Power{9'894});  // Training draws nearly its nameplate,
    CHECK(sim::free_draw(agents.nodes[2]) == Power{3'060});  // decode far less.
}
