// As makes_test.cpp: those whose web servers ask for no Digest, and the one that is only watched.
#include "tests/drivers/make_rig.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;
using namespace std::chrono_literals;
using sim::MachineFault;

namespace {

Make axeos(sim::AxeosSettings device = {}) { return make(AsicProtocol::axeos, "", device, sim::axeos_physics("b-1", 18_W)); }

Make epic(sim::EpicSettings device = {}) { return make(AsicProtocol::epic, "letmein", device, sim::epic_physics("e-1", 3'000_W)); }

Make vnish(sim::VnishSettings device = {}) { return make(AsicProtocol::vnish, "admin", device, sim::vnish_physics("v-1", 3'000_W)); }

Make cgminer() {
    Make of{AsicProtocol::cgminer, "", sim::CgminerSettings{}, sim::cgminer_physics("c-1", 3'000_W)};
    of.physics.full_after = of.physics.boot = {100ms, 100ms};
    return of;
}

}  // namespace

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
