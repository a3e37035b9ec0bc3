// Makes of miners, each against its simulator, which was written from the facts and not from the driver.
#include "drivers/asic/asics.hpp"

#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <spdlog/spdlog.h>

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

Make axeos(sim::AxeosSettings device = {}) { return make(AsicProtocol::axeos, "", device, sim::axeos_physics("b-1", 18_W)); }

Make epic(sim::EpicSettings device = {}) { return make(AsicProtocol::epic, "letmein", device, sim::epic_physics("e-1", 3'000_W)); }

Make vnish(sim::VnishSettings device = {}) { return make(AsicProtocol::vnish, "admin", device, sim::vnish_physics("v-1", 3'000_W)); }

Make cgminer() {
    Make of{AsicProtocol::cgminer, "", sim::CgminerSettings{}, sim::cgminer_physics("c-1", 3'000_W)};
    of.physics.full_after = of.physics.boot = {100ms, 100ms};
    return of;
}

/// The machine, simulated, and a fleet of it.
struct Rig {
    explicit Rig(Make of, MachineFault fault = MachineFault::none, const char* inventory_mac = mac) : port{free_port()}, plant{site(of, fault)} {
        spdlog::set_level(spdlog::level::off);
        std::visit([&](auto& device) { device.host = "127.24.0.1", device.port = port; }, of.device);
        devices = std::make_unique<sim::AsicDevices>(std::vector{of.device}, plant, 1, sim::AsicDevices::Timing{.reply = {1ms, 1ms}, .slow_reply = 2s, .idle = 60s});
        AsicSettings settings;
        settings.deadline = 3s;
        settings.machines.push_back({.protocol = of.protocol, .slot = slot, .host = "127.24.0.1", .port = port, .password = of.password, .mac = inventory_mac, .rated = of.physics.rated, .standby = of.physics.standby, .poll = 200ms});
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
    CHECK(rig.draws().count * 4 < of.physics.rated.count);
    come_to(rig, Rung::wake, Mode::running);
    CHECK(rig.draws().count * 3 > of.physics.rated.count * 2);
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
    for (const Make& of : {whatsminer(), antminer()}) {
        Rig rig{of, MachineFault::no_effect};
        REQUIRE(rig.comes_to(Mode::running));
        CHECK(rig.fate_of(Rung::sleep) == Fate::accepted);
        CHECK_FALSE(rig.comes_to(Mode::asleep, 1s));
    }
}

TEST_CASE("a machine of any make that is another than the inventory names is never ordered") {
    for (const Make& of : {whatsminer(), antminer()}) {
        Rig rig{of, MachineFault::none, "d4:01:02:03:04:06"};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws() > 2'000_W);
        CHECK(rig.plant.commands().empty());
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

TEST_CASE("a Bitaxe, an ePIC and a VNish sleep and wake") {
    for (const Make& of : {axeos(), epic(), vnish()}) sleeps_and_wakes(of);
}

TEST_CASE("a Bitaxe measures, and an ePIC that knows no volts of its input and a VNish estimate") {
    for (const auto& [of, quality] : {std::pair{axeos(), Quality::measured}, {epic(), Quality::estimated}, {vnish(), Quality::estimated}}) {
        Rig rig{of};
        REQUIRE(rig.comes_to(Mode::running));
        CHECK(rig.last_said()->quality == quality);
        CHECK(rig.last_said()->power == of.physics.rated);
    }
}

TEST_CASE("VNish of every firmware is understood") {
    sim::VnishSettings open, efficient, strict, short_lived;
    open.summary_is_open = true;
    efficient.usage_is_watts = false;
    strict.takes_bare = false;
    short_lived.token_life = 300ms;
    short_lived.unlocks_a_minute = 1'000;
    for (const auto& device : {open, efficient, strict, short_lived}) sleeps_and_wakes(vnish(device));
}

TEST_CASE("machines behind HTTP that only say they sleep are not asleep, and strangers among them are not ordered") {
    for (const Make& of : {axeos(), epic(), vnish()}) {
        Rig awake{of, MachineFault::no_effect};
        REQUIRE(awake.comes_to(Mode::running));
        CHECK(awake.fate_of(Rung::sleep) == Fate::accepted);
        CHECK_FALSE(awake.comes_to(Mode::asleep, 1s));
        Rig other{of, MachineFault::none, "d4:01:02:03:04:06"};
        CHECK(other.fate_of(Rung::sleep) == Fate::refused);
        CHECK(other.plant.commands().empty());
    }
}

TEST_CASE("machines behind HTTP that refuse run on") {
    sim::AxeosSettings old, elsewhere;
    old.pauses = false;
    elsewhere.in_range = false;
    sim::EpicSettings epic_password;
    sim::VnishSettings vnish_password;
    epic_password.password = vnish_password.password = "another";
    const std::pair<Make, MachineFault> cases[] = {{axeos(old), MachineFault::none},           {axeos(elsewhere), MachineFault::none},  {axeos(), MachineFault::refused},  {epic(epic_password), MachineFault::none},
                                                   {epic(), MachineFault::refused},            {epic(), MachineFault::bad_tokens},      {vnish(), MachineFault::refused},  {vnish(vnish_password), MachineFault::none},
                                                   {vnish(), MachineFault::bad_tokens},        {vnish(), MachineFault::no_tokens}};
    for (const auto& [of, fault] : cases) {
        CAPTURE(static_cast<int>(of.protocol), static_cast<int>(fault));
        Rig rig{of, fault};
        CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
        CHECK(rig.draws().count * 3 > of.physics.rated.count * 2);
    }
}

TEST_CASE("machines behind HTTP that answer garbage, or without what they measure, are never seen asleep") {
    for (const Make& of : {axeos(), epic(), vnish()})
        for (const auto& [fault, fate] : {std::pair{MachineFault::garbage, Fate::timed_out}, {MachineFault::empty_stats, Fate::accepted}}) {
            Rig rig{of, fault};
            CHECK(rig.fate_of(Rung::sleep) == fate);
            CHECK_FALSE(rig.comes_to(Mode::asleep, 1s));
        }
}

TEST_CASE("a Bitaxe that restarts forgets its pause, and its polls show that it runs") {
    Rig rig{axeos()};
    REQUIRE(rig.comes_to(Mode::running));
    come_to(rig, Rung::sleep, Mode::asleep);
    rig.plant.with([](sim::Plant& p, Steady now) { p.reboot(0, now); });
    CHECK(rig.comes_to(Mode::running));
}

TEST_CASE("a plain cgminer is watched and not ordered") {
    Rig rig{cgminer()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.last_said()->quality == Quality::estimated);
    CHECK(rig.last_said()->power == 3'000_W);
    CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
    CHECK(rig.fate_of(Rung::wake) == Fate::refused);
    CHECK(rig.plant.commands().empty());
    CHECK_FALSE(rig.comes_to(Mode::asleep, 1s));
}
