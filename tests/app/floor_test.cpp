// The floor, of states made by hand: as JSON, as text, and whose watts it tells.
#include "app/floor.hpp"
#include "app/floor_desk.hpp"
#include "app/floor_text.hpp"
#include "app/floor_texts.hpp"
#include "tests/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <thread>

namespace ballast {
namespace {

using namespace std::chrono_literals;

constexpr Power rated{3'000}, standby{25};

/// Two groups of miners: block-a of five under a feeder of its own with a meter, block-b of two under none.
struct Made {
    Made() {
        site.name = "pecos";
        site.meters = {{.name = "poi"}, {.name = "feeder-a"}};
        site.meter = MeterId{0};
        site.feeders = {{.name = "a", .meter = MeterId{1}, .overhead = {}}};
        for (int i = 1; i <= 5; ++i) site.loads.push_back({.name = "m0" + std::to_string(i), .rated = rated});
        for (int i = 1; i <= 2; ++i) site.loads.push_back({.name = "n0" + std::to_string(i), .rated = rated});
        site.policies = {"strike"};
        add("block-a", "luxos", {0, 5});
        add("block-b", "antminer", {5, 7});
        site.groups[0].feeder = FeederId{0};
        floor.now = {Instant{1'800'000'000s}, Steady{1h}};
        floor.site = &site;
        floor.loads.resize(7);
        for (LoadState& load : floor.loads) runs(load, Quality::measured, Power{2'900});
        floor.groups.resize(2);
        floor.groups[0].runs = {{.last = 5, .since = Steady::min()}};
        floor.groups[1].runs = {{.last = 7, .since = Steady::min()}};
        floor.meters.resize(2);
    }
    void add(const char* name, const char* driver, Range loads) {
        Site::Group& group = site.groups.emplace_back();
        group.name = name, group.driver = driver, group.loads = loads, group.tier = Tier::interruptible, group.standby = standby;
    }
    void runs(LoadState& load, Quality quality, Power reading) const {
        load.mode = Mode::running, load.quality = quality, load.reading = reading;
        load.watts = quality == Quality::measured ? reading : rated;
        load.heard = Steady{1h} - 5s;
    }
    WattView view() const { return {site, floor.loads, floor.groups, floor.meters}; }
    boost::json::object group(std::size_t at, const FloorWish& wish = {}) const { return floor_json(floor, wish, true).at("groups").as_array().at(at).as_object(); }
    bool says(const std::string& what, const FloorWish& wish = {}, bool live = true) const {
        const std::string text = floor_text(floor_json(floor, wish, live));
        INFO(text);
        const bool found = text.find(what) != text.npos;
        CHECK(found);
        return found;
    }

    Site site;
    FloorState floor;
};

}  // namespace

TEST_CASE("a machine's watts are its own measurement, its estimate, what was learned, or its nameplate, in that order") {
    Made made;
    LoadState& load = made.floor.loads[0];
    const auto watts = [&] { return watts_of(made.view(), 0, 0); };
    CHECK((watts().power == Power{2'900} && watts().source == WattSource::machine && watts().quality == Quality::measured));
    load.stale = true;  // It goes on being believed to draw what it last measured.
    CHECK((watts().power == Power{2'900} && watts().source == WattSource::learned && watts().quality == Quality::estimated));
    load.watts = rated;
    CHECK((watts().power == rated && watts().source == WattSource::nameplate && watts().quality == Quality::estimated));
    made.runs(load, Quality::estimated, Power{2'700});
    load.stale = false;
    CHECK((watts().power == Power{2'700} && watts().source == WattSource::machine && watts().quality == Quality::estimated));
    made.runs(load, Quality::estimated, rated);  // As drivers fill it in where a make knows no watts.
    CHECK((watts().power == rated && watts().source == WattSource::nameplate));
    load.mode = Mode::asleep, load.quality = Quality::estimated, load.reading = standby, load.on = false;
    CHECK((watts().power == standby && watts().source == WattSource::nameplate));
    load.mode = Mode::off, load.quality = Quality::bad;
    CHECK(watts().power == Power{});
}

TEST_CASE("a loop that does not come round is asked for one copy, however many look") {
    boost::asio::io_context loop;
    int copies = 0;
    FloorDesk desk{loop.get_executor(), [&] { return ++copies, FloorState{}; }};
    for (int i = 0; i < 5; ++i) CHECK_FALSE(desk.look(1ms));
    CHECK(loop.run() == 1);
    CHECK(copies == 1);
    const auto first = desk.look(1ms);
    CHECK(first);
    CHECK(desk.look(1ms) == first);
}

TEST_CASE("a copy that comes long after it was asked for is not shown as the present") {
    boost::asio::io_context loop;
    int copies = 0;
    FloorDesk desk{loop.get_executor(), [&] { return ++copies, FloorState{}; }};
    CHECK_FALSE(desk.look(1ms));
    loop.run();
    std::this_thread::sleep_for(1100ms);
    CHECK_FALSE(desk.look(1ms));
    loop.restart();
    loop.run();
    CHECK(desk.look(1ms));
    CHECK(copies == 2);
}

TEST_CASE("the same question about the same floor is one text") {
    const Made made;
    const auto floor = std::make_shared<const FloorState>(made.floor), later = std::make_shared<const FloorState>(made.floor);
    FloorTexts texts;
    const auto all = texts.of(floor, {true, ""}), one = texts.of(floor, {true, "block-b"});
    CHECK(texts.of(floor, {true, ""}) == all);
    CHECK(texts.of(floor, {false, "block-b"}) == one);
    CHECK(*texts.of(floor, {}) != *all);
    CHECK(texts.of(later, {true, ""}) != all);
    CHECK(listed(*floor, {}) == 0);
    CHECK(listed(*floor, {true, ""}) == 7);
    CHECK(listed(*floor, {false, "block-b"}) == 2);
}

TEST_CASE("no sum with an estimate in it is presented as measured") {
    Made made;
    CHECK(watts_of(made.view(), 0).all.quality == Quality::measured);
    made.runs(made.floor.loads[3], Quality::estimated, Power{2'800});
    const GroupWatts sum = watts_of(made.view(), 0);
    CHECK((sum.all.quality == Quality::estimated && sum.all.power == Power{4 * 2'900 + 2'800} && sum.measured == Power{4 * 2'900}));
    made.says("14.4 kW, estimated by machine");
    made.runs(made.floor.loads[4], Quality::estimated, rated);
    made.says("14.5 kW, of which 8.7 kW measured (machine 11.5 kW, nameplate 3.0 kW)");
}

TEST_CASE("a feeder's meter that shows one group is that group's, and one that shows two is neither's") {
    Made made;
    made.floor.meters[1].power = Power{15'100};
    CHECK(watts_of(made.view(), 0).all.source == WattSource::machine);  // It is not fresh.
    made.floor.meters[1].fresh = true;
    const GroupWatts one = watts_of(made.view(), 0);
    CHECK((one.all.power == Power{15'100} && one.all.source == WattSource::meter && one.all.quality == Quality::measured));
    made.says("15.1 kW, measured by its meter");
    made.site.groups[1].feeder = FeederId{0};
    CHECK(watts_of(made.view(), 0).all.source == WattSource::machine);
    CHECK(watts_of(made.view(), 1).all.source == WattSource::machine);
}

TEST_CASE("a machine without supply draws nothing, whatever it last said") {
    Made made;
    made.site.loads.push_back({.name = "gear", .rated = Power{}});
    made.add("gear", "contactor", {7, 8});
    made.site.groups[0].contactor = 7;
    made.floor.loads.emplace_back().mode = Mode::off;
    made.floor.groups.resize(3);
    made.floor.groups[2].runs = {{.last = 8}};
    CHECK(watts_of(made.view(), 0).all.power == Power{});
    made.says("gear (contactor, interruptible), 1 load(s): 1 open\n");
}

TEST_CASE("counts tell who runs, rests, is silent, in fault, latched, contested, and who was ordered and not seen to obey") {
    Made made;
    auto& loads = made.floor.loads;
    loads[0].mode = Mode::asleep;
    loads[1].on = loads[1].seen = false;
    loads[2].stale = true;
    loads[3].mode = Mode::fault;
    made.floor.groups[0].runs = {{.last = 1, .since = Steady{1h} - 100s, .on = false, .bars = Bar::latched}, {.last = 2, .since = Steady{1h} - 100s, .on = false}, {.last = 5, .since = Steady::min()}};
    made.floor.contests = {{.load = 4, .times = 3}};
    const auto counts = made.group(0).at("counts").as_object();
    for (const auto& [key, n] : {std::pair{"run", 2}, {"rest", 1}, {"silent", 1}, {"fault", 1}, {"unseen", 1}, {"late", 1}, {"latched", 1}, {"contested", 1}, {"unwell", 0}, {"held", 0}}) {
        INFO(key);
        CHECK(counts.at(key).to_number<int>() == n);
    }
    made.says("2 running, 1 resting, 1 in fault, 1 silent; 1 ordered and not seen to obey, 1 of them late, 1 latched, 1 contested");
}

TEST_CASE("an order is late once most machines of its group would have obeyed it, not before") {
    Made made;
    made.site.groups[0].off_within = 100s;
    made.floor.loads[1].on = made.floor.loads[1].seen = false;
    made.floor.groups[0].runs = {{.last = 5, .since = Steady{1h} - 20s}};
    const auto late = [&] { return made.group(0).at("counts").at("late").to_number<int>(); };
    CHECK(late() == 0);
    made.floor.groups[0].response.rested(3s, 300, {});  // It has learned that they take some three seconds.
    CHECK(late() == 1);
}

TEST_CASE("the last order of a group is told with its fate, and its staggered pieces are one") {
    Made made;
    LastOrders orders;
    const Why why{.policy = PolicyId{0}, .cause = Cause::price, .reason = Reason::price_above_strike};
    for (int i = 0; i < 3; ++i) {
        const std::vector given{Order{.id = OrderId{static_cast<std::uint64_t>(40 + i)}, .group = GroupId{0}, .loads = {static_cast<Slot>(i), static_cast<Slot>(i + 1)}, .rung = Rung::sleep, .why = why}};
        Decision decision;
        decision.at = {Instant{1'799'999'900s + std::chrono::seconds{i}}, Steady{1h} - 100s + std::chrono::seconds{i}};
        decision.orders = given;
        orders.step(decision);
        made.floor.loads[static_cast<std::size_t>(i)].order = OrderId{static_cast<std::uint64_t>(40 + i)};
    }
    made.floor.loads[2].seen = false;
    made.floor.loads[1].seen = false, made.floor.loads[1].fate = Fate::refused;
    made.floor.orders = orders.by_group();
    const auto last = made.group(0).at("last_order").as_object();
    CHECK(last.at("loads").to_number<int>() == 3);
    CHECK(last.at("obeyed").to_number<int>() == 1);
    CHECK(last.at("not_seen").to_number<int>() == 1);
    CHECK(last.at("failed").to_number<int>() == 1);
    CHECK(last.at("policy").as_string() == "strike");
    made.says("sleep for 3 at 07:58:20Z by strike (price_above_strike): 1 obeyed, 1 not seen to, 1 refused or out of reach");
    CHECK(made.group(1).at("last_order").is_null());
}

TEST_CASE("who is unwell and what went wrong last are named, and machines are listed when they are asked for") {
    Made made;
    asic::MachineNotes notes{7};
    notes.amend(0, [](asic::MachineNote& note) {
        note.health = {.boards = 2, .hottest = Temperature{81'000}, .hot = false, .pools = true};
        note.boards_had = 3, note.ails = asic::few_boards, note.looked = Steady{1h} - 30s;
    });
    notes.erred(1, "no answer in time", Steady{1h} - 60s);
    notes.erred(1, "no answer in time", Steady{1h} - 20s);
    notes.erred(2, "order refused: locked", Steady{1h} - 40s);
    made.floor.notes = notes.read();
    made.says("1 short, hot or without a pool");
    made.says("unwell m01 (2 of 3 boards)");
    made.says("error  m02: no answer in time at 07:59:40Z (2 errors so far)");
    CHECK_FALSE(made.group(0).contains("machines"));
    const auto listed = made.group(0, {.machines = false, .group = "block-a"}).at("machines").as_array();
    REQUIRE(listed.size() == 5);
    CHECK(listed[0].at("ails").as_string() == "2 of 3 boards");
    CHECK(listed[0].at("health").at("boards_of").to_number<int>() == 3);
    CHECK(listed[0].at("health").at("hottest_c").to_number<double>() == 81);
    CHECK(listed[0].at("health").at("looked").as_string() == "2027-01-15T07:59:30.000Z");
    CHECK(listed[1].at("health").is_null());  // Not looked at: unknown, not well.
    CHECK(listed[1].at("error").at("times").to_number<int>() == 2);
    made.says("m03  running  2.9 kW  measured by machine  no order yet  order refused: locked at 07:59:20Z", {.machines = true, .group = {}});
}

TEST_CASE("the journal's floor says that it is one, and a stranger's JSON breaks nothing") {
    Made made;
    made.says("pecos, as of 2027-01-15T08:00:00.000Z\n", {}, false);
    made.floor.meters[0].power = Power{21'400}, made.floor.meters[0].fresh = true;
    CHECK(floor_json(made.floor, {}, true).at("site_w").to_number<int>() == 21'400);
    made.says("pecos, as of 2027-01-15T08:00:00.000Z: 21.4 kW at the meter", {}, false);
    made.says("No daemon answered", {}, false);
    for (const char* strange : {R"({})", R"({"groups":[1,{"name":5,"counts":[],"machines":[null,{"order":{}}]},{"last_order":[]}],"time":7})"}) CHECK_FALSE(floor_text(boost::json::parse(strange).as_object()).empty());
}

}  // namespace ballast
