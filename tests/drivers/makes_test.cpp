// Makes of miners, each against its simulator, which was written from the facts and not from the driver.
#include "drivers/asic/asics.hpp"

#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;
using namespace std::chrono_literals;
using sim::MachineFault;

namespace {

constexpr Slot slot = 4;
const char* const mac = "d4:01:02:03:04:05";

/// Of a make, ready to answer at once and to follow within tenths of a second.
struct Make {
    AsicProtocol protocol;
    const char* password;
    sim::AsicSettings device;
    sim::MachineSettings physics;
    std::string host = "127.24.0.1";
    std::uint16_t listens = 0;  ///< If that is not where it is asked.
};

template <class Settings>
Make make(AsicProtocol protocol, const char* password, Settings device, sim::MachineSettings physics) {
    device.mac = mac;
    physics.off_after = physics.full_after = {100ms, 100ms};
    physics.boot = {200ms, 200ms};
    return {protocol, password, std::move(device), std::move(physics)};
}

Make whatsminer(sim::Whatsminer2Settings device = {}) { return make(AsicProtocol::whatsminer2, "admin", device, sim::whatsminer_physics("w-1", 3'000_W)); }

Make antminer(sim::AntminerSettings device = {}) {
    device.write_reply = {100ms, 100ms};
    device.restart = {100ms, 100ms};
    return make(AsicProtocol::antminer, "root", device, sim::antminer_physics("a-1", 3'000_W));
}

Make whatsminer3(sim::Whatsminer3Settings device = {}) { return make(AsicProtocol::whatsminer3, "super", device, sim::whatsminer_physics("v-1", 3'000_W)); }

Make braiins(sim::BraiinsSettings device = {}) { return make(AsicProtocol::braiins, "root", device, sim::braiins_physics("b-1", 3'000_W)); }

/// Nobody listens where its REST should be.
Make braiins_without_rest() {
    Make of = braiins({.api = sim::BraiinsSettings::Api::cgminer});
    of.listens = 4'028;
    of.host = fmt::format("127.25.{}.{}", ::getpid() >> 8 & 255, (::getpid() & 255) | 1);  // Whoever else runs this test.
    return of;
}

std::vector<Make> all() { return {whatsminer(), whatsminer3(), antminer(), braiins()}; }

/// The machine, simulated, and a fleet of it.
struct Rig {
    explicit Rig(Make of, MachineFault fault = MachineFault::none, const char* inventory_mac = mac) : port{free_port()}, plant{site(of, fault)} {
        spdlog::set_level(spdlog::level::off);
        std::visit([&](auto& device) { device.host = of.host, device.port = of.listens != 0 ? of.listens : port; }, of.device);
        devices = std::make_unique<sim::AsicDevices>(std::vector{of.device}, plant, 1, sim::AsicDevices::Timing{.reply = {1ms, 1ms}, .slow_reply = 2s, .idle = 60s});
        AsicSettings settings;
        settings.deadline = 3s;
        settings.machines.push_back({.protocol = of.protocol, .slot = slot, .host = of.host, .port = port, .password = of.password, .mac = inventory_mac, .rated = 3'000_W, .standby = 40_W, .poll = 200ms});
        driver = make_asics(bench.io().get_executor(), std::move(settings));
        bench.run(*driver);
    }
    ~Rig() { bench.stop(); }

    static sim::PlantSettings site(const Make& of, MachineFault fault) {
        sim::PlantSettings plant;
        plant.machines = {of.physics};
        plant.machines[0].fault = fault;
        return plant;
    }

    /// How an order ends.
    Fate fate_of(Rung rung) {
        Order order;
        order.id = OrderId{++last};
        order.loads = {slot, slot + 1};
        order.rung = rung;
        driver->submit(order);
        const auto receipt = [&] {
            for (const Receipt& r : bench.all<Receipt>())
                if (r.order == order.id) return std::optional{r.fate};
            return std::optional<Fate>{};
        };
        REQUIRE(bench.until([&] { return receipt().has_value(); }));
        return *receipt();
    }
    std::optional<LoadReading> last_said() const {
        const auto all = bench.all<LoadReading>();
        return all.empty() ? std::nullopt : std::optional{all.back()};
    }
    bool comes_to(Mode mode, std::chrono::milliseconds within = 20s) {
        return bench.until([&] { const auto said = last_said(); return said && said->mode == mode; }, within);
    }
    Power draws() {
        return plant.with([](sim::Plant& p, Steady now) { return p.machine_power(0, now); });
    }

    DriverBench bench;
    std::uint16_t port;
    sim::LivePlant plant;
    std::unique_ptr<sim::AsicDevices> devices;
    std::unique_ptr<Driver> driver;
    std::uint64_t last = 0;
};

/// Told as often as an engine would: some firmware says OK to a form that it does not know.
void come_to(Rig& rig, Rung rung, Mode mode) {
    for (int tries = 0; tries < 2; ++tries) {
        CHECK(rig.fate_of(rung) == Fate::accepted);
        if (rig.comes_to(mode, 3s)) return;
    }
    FAIL("it obeys no order");
}

void sleeps_and_wakes(const Make& of) {
    Rig rig{of};
    CHECK(rig.comes_to(Mode::running));
    come_to(rig, Rung::sleep, Mode::asleep);
    CHECK(rig.draws() < 100_W);
    come_to(rig, Rung::wake, Mode::running);
    CHECK(rig.draws() > 2'000_W);
}

}  // namespace

TEST_CASE("a WhatsMiner sleeps and wakes, and measures") {
    sleeps_and_wakes(whatsminer());
    Rig rig{whatsminer()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.last_said()->quality == Quality::measured);
    CHECK(rig.last_said()->power > 2'500_W);
}

TEST_CASE("a WhatsMiner that does not close its connections, ends its replies otherwise, or knows no watts is understood") {
    sim::Whatsminer2Settings open, nul, blind, older;
    open.closes = false;
    nul.ends_with = std::string(1, '\0');
    blind.measures = false;
    older.says_off_as = "btmineroff";
    for (const auto& device : {open, nul, blind, older}) sleeps_and_wakes(whatsminer(device));
}

TEST_CASE("a WhatsMiner of API v3 sleeps and wakes, and measures") {
    sleeps_and_wakes(whatsminer3());
    Rig rig{whatsminer3()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.last_said()->quality == Quality::measured);
    CHECK(rig.last_said()->power > 2'500_W);
}

TEST_CASE("a WhatsMiner of API v3 is understood with any clock, with heartbeats, and with a supply that meters or says nothing") {
    sim::Whatsminer3Settings early, late, strict, beats, meters, blind;
    early.clock_ahead = -400'000'000s;
    late.clock_ahead = 86'400s;
    strict.clock_ahead = 7'200s;
    strict.clock_tolerance = 2s;
    beats.beats = true;
    meters.supply_meters = true;
    blind.measures = false;
    for (const auto& device : {early, late, strict, beats, meters, blind}) sleeps_and_wakes(whatsminer3(device));
}

TEST_CASE("a miner with Braiins OS sleeps and wakes, and only estimates") {
    sleeps_and_wakes(braiins());
    Rig rig{braiins()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.last_said()->quality == Quality::estimated);
    CHECK(rig.last_said()->power > 2'500_W);
}

TEST_CASE("a miner with Braiins OS that has no REST is slept and woken by its cgminer API") { sleeps_and_wakes(braiins_without_rest()); }

TEST_CASE("a stock Antminer sleeps and wakes, and measures nothing") {
    sleeps_and_wakes(antminer());
    Rig rig{antminer()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.last_said()->quality == Quality::estimated);
    CHECK(rig.last_said()->power == 3'000_W);
}

TEST_CASE("stock Antminers of every firmware are understood") {
    sim::AntminerSettings number, chunked, plain, closes;
    number.mode_form = sim::AntminerSettings::ModeForm::number;
    chunked.chunked = true;
    plain.needs_text_plain = true;
    closes.closes = true;
    for (const auto& device : {number, chunked, plain, closes}) sleeps_and_wakes(antminer(device));
}

TEST_CASE("no make reports sleep of a machine that only says it sleeps") {
    for (const Make& of : all()) {
        Rig rig{of, MachineFault::no_effect};
        REQUIRE(rig.comes_to(Mode::running));
        CHECK(rig.fate_of(Rung::sleep) == Fate::accepted);
        CHECK_FALSE(rig.comes_to(Mode::asleep, 1s));
    }
}

TEST_CASE("a machine of any make that is another than the inventory names is never ordered") {
    for (const Make& of : all()) {
        Rig rig{of, MachineFault::none, "d4:01:02:03:04:06"};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws() > 2'000_W);
        for (const auto& heard : rig.plant.commands()) CHECK(heard.command == "token");
    }
}

TEST_CASE("a token that is over is renewed once, and one that is always wrong is refused") {
    sim::Whatsminer2Settings short_lived;
    short_lived.token_life = 300ms;
    Rig rig{whatsminer(short_lived)};
    REQUIRE(rig.comes_to(Mode::running));
    rig.bench.pass(600ms);
    CHECK(rig.fate_of(Rung::sleep) == Fate::accepted);
    Rig wrong{whatsminer(), MachineFault::bad_tokens};
    CHECK(wrong.fate_of(Rung::sleep) == Fate::refused);
}

TEST_CASE("a locked WhatsMiner, a wrong password and no tokens are refused, and the machine runs on") {
    sim::Whatsminer2Settings locked, other;
    locked.api_open = false;
    other.password = "another";
    for (auto [device, fault] : {std::pair{locked, MachineFault::none}, {other, MachineFault::none}, {sim::Whatsminer2Settings{}, MachineFault::no_tokens}}) {
        Rig rig{whatsminer(device), fault};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws() > 2'000_W);
    }
}

TEST_CASE("a WhatsMiner of API v3 that denies, for whatever reason, is refused, and runs on") {
    sim::Whatsminer3Settings locked, other;
    locked.api_open = false;
    other.password = "another";
    for (auto [device, fault] : {std::pair{locked, MachineFault::none}, {other, MachineFault::none}, {sim::Whatsminer3Settings{}, MachineFault::bad_tokens},
                                 {sim::Whatsminer3Settings{}, MachineFault::no_tokens}, {sim::Whatsminer3Settings{}, MachineFault::refused}}) {
        Rig rig{whatsminer3(device), fault};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws() > 2'000_W);
    }
}

TEST_CASE("a miner with Braiins OS whose tokens run out is renewed, and one that denies is refused and runs on") {
    sim::BraiinsSettings short_lived, other;
    short_lived.token_life = 100ms;
    other.password = "another";
    sleeps_and_wakes(braiins(short_lived));
    for (auto [device, fault] : {std::pair{other, MachineFault::none}, {sim::BraiinsSettings{}, MachineFault::bad_tokens}, {sim::BraiinsSettings{}, MachineFault::no_tokens},
                                 {sim::BraiinsSettings{}, MachineFault::refused}}) {
        Rig rig{braiins(device), fault};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws() > 2'000_W);
    }
}

TEST_CASE("what is garbage, reset or empty is no sleep, and no make says that it was obeyed") {
    for (const Make& of : {whatsminer3(), braiins()})
        for (const MachineFault fault : {MachineFault::garbage, MachineFault::resets, MachineFault::hung, MachineFault::empty_stats}) {
            Rig rig{of, fault};
            if (fault != MachineFault::empty_stats) CHECK(rig.fate_of(Rung::sleep) != Fate::accepted);
            CHECK_FALSE(rig.comes_to(Mode::asleep, 500ms));
        }
}

TEST_CASE("an Antminer whose config came without pools is not written, and keeps them") {
    sim::AntminerSettings young;
    young.half_initialised = 60s;
    Rig rig{antminer(young)};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
    CHECK(rig.plant.commands().empty());
}

TEST_CASE("an Antminer with a wrong password, or whose login runs out, is told apart") {
    sim::AntminerSettings other, short_lived;
    other.password = "another";
    short_lived.nonce_life = 100ms;
    Rig rig{antminer(other)};
    CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
    sleeps_and_wakes(antminer(short_lived));
}
