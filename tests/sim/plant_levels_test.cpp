#include "tests/catch.hpp"

#include "sim/plant.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace std::chrono_literals;

namespace {

constexpr Steady start{1h};

/// One miner of 3500 W that rests at 25 W, with the times of its kind.
PlantSettings one_machine() {
    PlantSettings out;
    out.machines = {{.name = "m-1", .rated = 3500_W}};
    return out;
}

}  // namespace

TEST_CASE("a machine mines at its level, at once or when it wakes") {
    Plant plant{one_machine(), start};
    plant.set_level(0, 2000_W, 10s, start);
    CHECK(plant.machine_power(0, start + 5s) == 2750_W);
    CHECK(plant.machine_power(0, start + 10s) == 2000_W);
    CHECK(plant.report(0, start + 10s).level == 2000_W);
    plant.sleep(0, start + 20s);
    plant.set_level(0, 3000_W, 10s, start + 40s);
    CHECK(plant.machine_power(0, start + 60s) == 25_W);
    plant.wake(0, start + 60s);
    CHECK(plant.machine_power(0, start + 600s) == 3000_W);
    SECTION("a level given while it rises shortens nothing") {
        plant.restart(0, start + 600s);
        plant.set_level(0, 3500_W, 1s, start + 601s);
        CHECK(plant.machine_power(0, start + 660s) < 3500_W);
        CHECK(plant.machine_power(0, start + 1'000s) == 3500_W);
    }
    SECTION("a reboot is silence, then a rise") {
        plant.reboot(0, start + 600s);
        CHECK_FALSE(plant.answers(0, start + 601s));
        CHECK(plant.machine_power(0, start + 601s) == 25_W);
        CHECK(plant.answers(0, start + 660s));
        CHECK(plant.booted(0) > start + 600s);
        CHECK(plant.machine_power(0, start + 1'100s) == 3000_W);
    }
    SECTION("one that says OK does nothing") {
        plant.set_fault(0, MachineFault::no_effect);
        plant.set_level(0, 1000_W, 1s, start + 600s);
        plant.restart(0, start + 600s);
        CHECK(plant.machine_power(0, start + 700s) == 3000_W);
        CHECK(plant.report(0, start + 700s).level == 3000_W);
        plant.set_fault(0, MachineFault::lies);
        plant.set_level(0, 1000_W, 1s, start + 700s);
        CHECK(plant.machine_power(0, start + 800s) == 3000_W);
        CHECK(plant.report(0, start + 800s).power == 1000_W);
    }
}

TEST_CASE("machines come back short, hot or without pools") {
    Plant plant{one_machine(), start};
    const auto back = [&plant](MachineFault fault) {
        plant.set_fault(0, fault);
        plant.sleep(0, start);
        plant.wake(0, start + 10s);
        return plant.report(0, start + 600s);
    };
    SECTION("with two of three boards") {
        const Plant::Report report = back(MachineFault::few_boards);
        CHECK(report.boards == 2);
        CHECK(report.power == Power{25 + 3475 * 2 / 3});
        CHECK(report.hash_per_mille == 666);
    }
    SECTION("too hot") {
        CHECK(plant.report(0, start).degrees == 80);
        CHECK(back(MachineFault::overheats).degrees == 112);
    }
    SECTION("without pools: the power is drawn all the same") {
        const Plant::Report report = back(MachineFault::loses_pools);
        CHECK_FALSE(report.pools);
        CHECK(report.hash_per_mille == 0);
        CHECK(report.power == 3500_W);
    }
}
