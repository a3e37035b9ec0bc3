// Makes of miners, each against its simulator, which was written from the facts and not from the driver.
#include "tests/drivers/make_rig.hpp"

#include <unistd.h>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;
using namespace std::chrono_literals;
using sim::MachineFault;

namespace {

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

TEST_CASE("an Antminer that takes modes in the other form obeys its first order, and the next ones at once") {
    for (const auto form : {sim::AntminerSettings::ModeForm::text, sim::AntminerSettings::ModeForm::number}) {
        Rig rig{antminer({.mode_form = form})};
        REQUIRE(rig.comes_to(Mode::running));
        for (const auto& [rung, mode] : {std::pair{Rung::sleep, Mode::asleep}, {Rung::wake, Mode::running}, {Rung::sleep, Mode::asleep}}) {
            CHECK(rig.fate_of(rung) == Fate::accepted);
            CHECK(rig.comes_to(mode, 6s));
        }
        const auto heard = rig.plant.commands();
        const auto lost = std::ranges::count(heard, "config", &sim::CommandHeard::command);
        CHECK(lost == (form == sim::AntminerSettings::ModeForm::text ? 1 : 0));
        CHECK(rig.bench.count<Receipt>() == 3);
    }
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
    short_lived.nonce_life = 250ms;
    Rig rig{antminer(other)};
    CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
    sleeps_and_wakes(antminer(short_lived));
}

TEST_CASE("an Antminer that takes its time with an answer holds no place that others wait for") {
    const std::uint16_t port = free_port();
    sim::AntminerSettings slow;
    slow.host = "127.24.0.2", slow.port = port, slow.write_reply = {3s, 3s}, slow.mode_form = sim::AntminerSettings::ModeForm::number;
    sim::LuxosSettings quick;
    quick.host = "127.24.0.3", quick.port = port, quick.machine = 1;
    sim::PlantSettings plant;
    plant.machines = {sim::antminer_physics("a-1", 3'000_W), {.name = "l-1", .rated = 3'000_W}};
    sim::LivePlant live{std::move(plant)};
    sim::AsicDevices devices{{slow, quick}, live, 1, sim::AsicDevices::Timing{.reply = {1ms, 1ms}}};
    DriverBench bench;
    AsicSettings settings;
    settings.connections = 1;
    settings.slow_after = 10s;
    settings.machines = {{.protocol = AsicProtocol::antminer, .slot = 0, .host = slow.host, .port = port, .password = "root", .rated = 3'000_W},
                         {.protocol = AsicProtocol::luxos, .slot = 1, .host = quick.host, .port = port, .rated = 3'000_W}};
    const auto driver = make_asics(bench.io().get_executor(), std::move(settings));
    bench.run(*driver);
    REQUIRE(bench.until([&] { return bench.count<LoadReading>() >= 2; }));
    Order order;
    order.id = OrderId{1};
    order.loads = {0, 2};
    order.rung = Rung::sleep;
    driver->submit(order);
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 2; }));
    CHECK(bench.all<Receipt>().front().loads.first == 1);
    CHECK(bench.stop());
}
