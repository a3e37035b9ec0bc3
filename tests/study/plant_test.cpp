#include "study/plant.hpp"
#include "tests/catch.hpp"

#include <random>

using namespace ballast;
using namespace ballast::study;
using namespace ballast::literals;

namespace {

Site site_of(Slot firm, Slot uneven, Slot even) {
    Site site;
    site.overhead = 7_kW;
    site.meter = MeterId{0};
    site.meters = {{"poi", {}}, {"north", {}}};
    site.feeders = {{"north", MeterId{1}, 1_kW}};
    const auto add = [&](const char* name, Tier tier, Slot count, auto rated) {
        Site::Group group;
        group.name = name;
        group.tier = tier;
        group.standby = 25_W;
        group.loads.first = static_cast<Slot>(site.loads.size());
        for (Slot i = 0; i < count; ++i) site.loads.push_back({.name = name, .rated = rated(i)});
        group.loads.last = static_cast<Slot>(site.loads.size());
        site.groups.push_back(group);
    };
    add("hall", Tier::firm, firm, [](Slot) { return 1_MW; });
    add("uneven", Tier::interruptible, uneven, [](Slot i) { return Power{3'000 + i}; });
    add("even", Tier::interruptible, even, [](Slot) { return 3_kW; });
    site.groups[2].feeder = FeederId{0};
    return site;
}

}  // namespace

TEST_CASE("the plant's power is the sum that one would add up load by load, whatever is ordered") {
    const auto seed = GENERATE(range(1u, 20u));
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const Site site = site_of(2, 197, 130);
    ObedientPlant plant{site};
    std::vector<int> draws(site.loads.size(), 2);  // 2 runs, 1 sleeps, 0 is off.
    std::uint64_t transitions = 0;
    for (int i = 0; i < 200; ++i) {
        const std::uint16_t g = 1 + random() % 2;
        const Range loads = site.groups[g].loads;
        const Slot first = loads.first + static_cast<Slot>(random() % loads.size());
        Order order;
        order.group = GroupId{g};
        order.loads = {first, first + 1 + static_cast<Slot>(random() % (loads.last - first))};
        order.rung = std::array{Rung::wake, Rung::sleep, Rung::power_off}[random() % 3];
        const int now = order.rung == Rung::wake ? 2 : order.rung == Rung::sleep ? 1 : 0;
        for (Slot s = order.loads.first; s < order.loads.last; ++s) {
            transitions += (draws[s] == 2) != (now == 2);
            draws[s] = now;
        }
        std::vector<Event> events;
        plant.obey({&order, 1}, Steady{}, events);
        REQUIRE(!events.empty());
        CHECK(std::get<LoadReading>(events[0]).loads == order.loads);
        Power sum = site.overhead, north = 1_kW;
        for (const Site::Group& group : site.groups)
            for (Slot s = group.loads.first; s < group.loads.last; ++s) {
                const Power power = draws[s] == 2 ? site.loads[s].rated : draws[s] == 1 ? 25_W : 0_W;
                sum += power;
                if (group.feeder) north += power;
            }
        CHECK(plant.power() == sum);
        if (events.size() > 1) {
            CHECK(std::get<MeterReading>(events[1]).power == sum);
            CHECK(std::get<MeterReading>(events[2]).power == north);
        }
    }
    CHECK(plant.transitions() == transitions);
}

TEST_CASE("baseline is everything running, firm loads and overhead are the part no order can change") {
    const Site site = site_of(2, 10, 10);
    const ObedientPlant plant{site};
    CHECK(plant.power() == plant.baseline());
    CHECK(plant.fixed() == 2'007_kW);
    std::vector<Event> events;
    plant.introduce(Steady{}, events);
    CHECK(events.size() == 5);
}

TEST_CASE("running loads of one rating say what they draw, of several, only that they run") {
    const Site site = site_of(1, 10, 10);
    ObedientPlant plant{site};
    std::vector<Event> events;
    plant.introduce(Steady{}, events);
    CHECK(std::get<LoadReading>(events[1]).quality == Quality::bad);
    CHECK(std::get<LoadReading>(events[2]).quality == Quality::measured);
    CHECK(std::get<LoadReading>(events[2]).power == 3_kW);
}

TEST_CASE("a contactor that opens takes what it carries with it, and brings it back") {
    Site site = site_of(1, 10, 10);
    Site::Group block;
    block.name = "block";
    block.driver = "contactor";
    block.tier = Tier::interruptible;
    block.loads = {21, 22};
    site.loads.push_back({.name = "block"});
    site.groups.push_back(block);
    site.groups[2].contactor = Slot{21};
    ObedientPlant plant{site};
    const Power before = plant.power();
    Order order;
    order.group = GroupId{3};
    order.loads = {21, 22};
    order.rung = Rung::open;
    std::vector<Event> events;
    plant.obey({&order, 1}, Steady{}, events);
    CHECK(before - plant.power() == 30_kW);
    order.rung = Rung::close;
    plant.obey({&order, 1}, Steady{}, events);
    CHECK(plant.power() == before);
}

TEST_CASE("the plant's meters show what cools the loads, and what is fed through a feeder at any depth") {
    Site site = site_of(1, 10, 10);
    site.cooling_ppm = 100'000;
    site.meters.push_back({"t1", {}});
    site.feeders[0].under = FeederId{1};
    site.feeders.push_back({"t1", MeterId{2}, 2_kW});
    site.feeders[1].cooling_ppm = 50'000;
    ObedientPlant plant{site};
    const Power loads = 1_MW + Power{30'045} + 30_kW;
    CHECK(plant.power() == with_cooling(loads, 100'000) + 7_kW);
    CHECK(plant.baseline() == plant.power());
    CHECK(plant.fixed() == 1'107_kW);
    std::vector<Event> events;
    plant.introduce(Steady{}, events);
    std::vector<Power> shown;
    for (const Event& event : events)
        if (const auto* reading = std::get_if<MeterReading>(&event)) shown.push_back(reading->power);
    CHECK(shown == std::vector<Power>{plant.power(), 31_kW, 33'500_W});
}
