#include "tests/catch.hpp"

#include "sim/faults.hpp"
#include "sim/plant.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace std::chrono_literals;

namespace {

constexpr Steady start{1'000'000ms};

/// Two miners on a contactor, a hall, a block of its own, and a meter for each.
PlantSettings small_site() {
    PlantSettings settings;
    settings.feeders = {"north"};
    settings.contactors = {{.name = "block-a", .block = 0_W, .feeder = 0}, {.name = "tank", .block = 50_kW, .feeder = 0}};
    settings.machines = {{.name = "a-1", .rated = 3500_W, .feeder = 0, .contactor = 0}, {.name = "a-2", .rated = 3250_W, .feeder = 0, .contactor = 0}};
    settings.halls = {{.name = "hall", .feeder = 0, .profile = growing(600_kW, 900_kW, 300s)}};
    settings.meters = {{.name = "poi", .what = Measures::site}, {.name = "north", .what = Measures::feeder}, {.name = "hall", .what = Measures::hall}};
    settings.house_load = 10_kW;
    settings.cooling_per_mille = 50;
    return settings;
}

}  // namespace

TEST_CASE("a plant draws what its machines, halls, blocks and house draw") {
    Plant plant{small_site(), start};
    const Power loads = 3500_W + 3250_W + 50_kW + 600_kW;
    CHECK(plant.power(1, start) == loads);
    CHECK(plant.residual(start) == 10_kW + Power{loads.count * 50 / 1000});
    CHECK(plant.power(0, start) == loads + plant.residual(start));
    CHECK(plant.hall_power(0, start + 150s) == 750_kW);
    CHECK(plant.hall_power(0, start + 3000s) == 900_kW);
}

TEST_CASE("a miner falls to standby within its time, and comes back like a reboot") {
    Plant plant{small_site(), start};
    plant.sleep(0, start);
    CHECK(plant.machine_power(0, start) == 3500_W);
    CHECK(plant.report(0, start).asleep);
    CHECK(plant.report(0, start).supply_on);
    CHECK(plant.machine_power(0, start + 5s) == 25_W);
    CHECK_FALSE(plant.report(0, start + 5s).supply_on);
    CHECK(plant.report(0, start + 5s).hash_per_mille == 0);
    CHECK(plant.machine_power(1, start + 5s) == 3250_W);

    plant.wake(0, start + 60s);
    CHECK(plant.machine_power(0, start + 70s) == 25_W);
    Power before;
    for (Steady now = start + 60s; now < start + 420s; now += 1s) {
        CHECK(plant.machine_power(0, now) >= before);
        before = plant.machine_power(0, now);
    }
    CHECK(before == 3500_W);
}

TEST_CASE("a fast wake is full after ten seconds, and a wake cut short falls from where it was") {
    Plant plant{small_site(), start};
    plant.sleep(0, start);
    plant.wake(0, start + 10s, true);
    CHECK(plant.machine_power(0, start + 20s) == 3500_W);
    plant.sleep(1, start + 20s);
    plant.wake(1, start + 40s);
    const Power half_way = plant.machine_power(1, start + 140s);
    CHECK(half_way > 25_W);
    CHECK(half_way < 3250_W);
    plant.sleep(1, start + 140s);
    CHECK(plant.machine_power(1, start + 140s) == half_way);
    CHECK(plant.machine_power(1, start + 146s) == 25_W);
}

TEST_CASE("a contactor darkens its machines after its travel, and they boot when it closes") {
    Plant plant{small_site(), start};
    plant.sleep(1, start);
    plant.operate(0, false, start + 10s);
    CHECK(plant.closed(0, start + 10s + 50ms));
    CHECK_FALSE(plant.closed(0, start + 10s + 100ms));
    CHECK(plant.machine_power(0, start + 11s) == 0_W);
    CHECK_FALSE(plant.answers(0, start + 11s));

    plant.operate(0, true, start + 20s);
    CHECK(plant.closed(0, start + 21s));
    CHECK_FALSE(plant.answers(0, start + 21s));
    CHECK(plant.machine_power(0, start + 21s) == 25_W);
    CHECK(plant.answers(0, start + 90s));
    CHECK(plant.machine_power(0, start + 500s) == 3500_W);
    CHECK(plant.machine_power(1, start + 500s) == 25_W);  // Sleep outlives a reboot.
}

TEST_CASE("a relay opens a contactor whose coil still says closed") {
    Plant plant{small_site(), start};
    plant.trip(1, start + 1s);
    CHECK(plant.coil(1));
    CHECK_FALSE(plant.closed(1, start + 1s));
    CHECK(plant.contactor_power(1, start + 1s) == 0_W);
    REQUIRE(plant.operations().size() == 1);
    CHECK(plant.operations()[0].by_relay);
}

TEST_CASE("a welded contactor takes the command and stays closed") {
    Plant plant{small_site(), start};
    plant.set_fault(0, ContactorFault::welded);
    plant.operate(0, false, start);
    CHECK_FALSE(plant.coil(0));
    CHECK(plant.closed(0, start + 10s));
}

TEST_CASE("each machine fault shows where it should and nowhere else") {
    Plant plant{small_site(), start};
    SECTION("OK without effect: draws on, and says so") {
        plant.set_fault(0, MachineFault::no_effect);
        plant.sleep(0, start);
        CHECK(plant.machine_power(0, start + 60s) == 3500_W);
        CHECK_FALSE(plant.report(0, start + 60s).asleep);
    }
    SECTION("a liar reports standby, only the meter knows") {
        plant.set_fault(0, MachineFault::lies);
        plant.sleep(0, start);
        CHECK(plant.machine_power(0, start + 60s) == 3500_W);
        CHECK(plant.report(0, start + 60s).asleep);
        CHECK(plant.report(0, start + 60s).power == 25_W);
        CHECK_FALSE(plant.report(0, start + 60s).supply_on);
    }
    SECTION("one wakes by itself") {
        plant.set_fault(0, MachineFault::self_wakes);
        plant.sleep(0, start);
        CHECK(plant.machine_power(0, start + 20s) == 25_W);
        CHECK(plant.machine_power(0, start + 600s) == 3500_W);
        CHECK_FALSE(plant.report(0, start + 600s).asleep);
    }
    SECTION("one never wakes") {
        plant.set_fault(0, MachineFault::never_wakes);
        plant.sleep(0, start);
        plant.wake(0, start + 10s);
        CHECK(plant.machine_power(0, start + 900s) == 25_W);
    }
}

TEST_CASE("a frozen meter shows what it showed") {
    Plant plant{small_site(), start};
    const Power then = plant.power(0, start);
    plant.set_fault(0, MeterFault::frozen, start);
    plant.sleep(0, start);
    CHECK(plant.power(0, start + 60s) == then);
    plant.set_fault(0, MeterFault::none, start + 60s);
    CHECK(plant.power(0, start + 60s) == plant.site_power(start + 60s));
}

TEST_CASE("a hall that goes to its batteries draws nothing, then as before") {
    PlantSettings settings = small_site();
    settings.halls[0].profile = with_transfer(settings.halls[0].profile, 60s, 1s);
    Plant plant{settings, start};
    CHECK(plant.hall_power(0, start + 59s) == 659_kW);
    CHECK(plant.hall_power(0, start + 60s + 500ms) == 0_W);
    CHECK(plant.hall_power(0, start + 61s) == 661_kW);
    CHECK(plant.hall_power(0, start + 400s) == 900_kW);
    plant.steer(0, 100_kW, 10s, start + 400s);
    CHECK(plant.hall_power(0, start + 405s) == 500_kW);
    CHECK(plant.hall_power(0, start + 500s) == 100_kW);
}

TEST_CASE("the same seed makes the same plant") {
    const auto seed = GENERATE(range(1u, 20u));
    CAPTURE(seed);
    PlantSettings settings = small_site();
    settings.seed = seed;
    settings.halls[0].profile = wandering(seed, 1200_kW, 3600s);
    Plant one{settings, start}, two{settings, start};
    for (Steady now = start; now < start + 600s; now += 7s) {
        const bool sleeps = (now - start) / 70s % 2 == 0;
        for (Plant* plant : {&one, &two}) sleeps ? plant->sleep(0, now) : plant->wake(0, now);
        CHECK(one.power(0, now) == two.power(0, now));
        CHECK(one.hall_power(0, now) <= 1200_kW);
    }
}

TEST_CASE("faults are read as a person writes them") {
    const auto plan = read_fault_plan("hung=5,self-wakes=2,poi:silent@60+20,block-a:trip@90,hall:transfer@30");
    REQUIRE(plan);
    CHECK(plan->percent.at(MachineFault::hung) == 5);
    REQUIRE(plan->befalls.size() == 3);

    PlantSettings settings = small_site();
    settings.machines.assign(1000, settings.machines[0]);
    auto happens = ballast::sim::apply(*plan, settings);
    REQUIRE(happens);
    CHECK(happens->size() == 4);
    std::size_t hung = 0, wakers = 0;
    for (const MachineSettings& machine : settings.machines) {
        hung += machine.fault == MachineFault::hung;
        wakers += machine.fault == MachineFault::self_wakes;
    }
    CHECK(hung == 50);
    CHECK(wakers == 20);

    Plant plant{settings, start};
    CHECK(plant.hall_power(0, start + 30s + 500ms) == 0_W);
    for (const Happening& happening : *happens) happening.happen(plant, start + happening.after);
    CHECK(plant.meter_fault(0) == MeterFault::none);
    CHECK_FALSE(plant.closed(0, start + 90s));
}

TEST_CASE("a fault that cannot be read names itself and what is allowed") {
    for (const char* text : {"hang=5", "hung=101", "hung", "poi:silent", "poi:silent@", "poi:silent@5+x", "hung=-1", "=", "@", ":@1"}) {
        CAPTURE(text);
        const auto plan = read_fault_plan(text);
        REQUIRE_FALSE(plan);
        CHECK(plan.error().detail.find(text) != std::string::npos);
        CHECK(plan.error().detail.find("self-wakes") != std::string::npos);
    }
    PlantSettings settings = small_site();
    const auto none = ballast::sim::apply(*read_fault_plan("nobody:silent@1"), settings);
    REQUIRE_FALSE(none);
    CHECK(none.error().detail.find("nobody") != std::string::npos);
}

TEST_CASE("in a blackout nothing is drawn, and afterwards machines boot, and mine if they did not sleep") {
    PlantSettings settings = small_site();
    settings.machines.push_back({.name = "b-1", .rated = 3000_W});
    Plant plant{settings, start};
    plant.sleep(0, start);
    plant.black_out(true, start + 10s);
    CHECK(plant.power(0, start + 11s) == 0_W);
    CHECK(plant.power(1, start + 11s) == 0_W);
    CHECK(plant.power(2, start + 11s) == 0_W);
    CHECK_FALSE(plant.answers(1, start + 11s));
    CHECK(plant.closed(0, start + 11s));
    plant.black_out(false, start + 100s);
    CHECK(plant.hall_power(0, start + 100s) == 700_kW);
    CHECK_FALSE(plant.answers(2, start + 101s));
    CHECK(plant.answers(2, start + 161s));
    CHECK(plant.machine_power(0, start + 700s) == 25_W);  // Sleep outlives it.
    CHECK(plant.machine_power(1, start + 700s) == 3250_W);
    CHECK(plant.machine_power(2, start + 700s) == 3000_W);
}

TEST_CASE("a contactor that opened in the dark keeps its machines dark") {
    Plant plant{small_site(), start};
    plant.black_out(true, start + 10s);
    plant.operate(0, false, start + 20s);
    plant.black_out(false, start + 30s);
    CHECK(plant.machine_power(0, start + 700s) == 0_W);
    plant.operate(0, true, start + 700s);
    CHECK(plant.machine_power(0, start + 1400s) == 3500_W);
}

TEST_CASE("a feeder shows what is fed through it at any depth, and what cools that") {
    PlantSettings settings = small_site();
    settings.feeders = {"north", "t1"};
    settings.under = {1, std::nullopt};
    settings.feeder_cooling_per_mille = {0, 100};
    settings.meters = {{.name = "t1", .what = Measures::feeder, .which = 1}, {.name = "north", .what = Measures::feeder, .which = 0}};
    Plant plant{settings, start};
    CHECK(plant.power(1, start) == 656'750_W);
    CHECK(plant.power(0, start) == 722'425_W);
}

TEST_CASE("a machine that forgets its sleep at a boot mines when its supply is back") {
    PlantSettings settings = small_site();
    for (MachineSettings& machine : settings.machines) machine.sleep_persists = false;
    settings.machines[1].fault = MachineFault::never_wakes;
    Plant plant{settings, start};
    for (const std::size_t machine : {0u, 1u}) plant.sleep(machine, start);
    plant.operate(0, false, start + 10s);
    plant.operate(0, true, start + 20s);
    CHECK(plant.report(0, start + 90s).asleep == false);
    CHECK(plant.machine_power(0, start + 600s) == 3500_W);
    CHECK(plant.report(1, start + 90s).asleep);
    CHECK(plant.machine_power(1, start + 600s) == 25_W);
}
