// Machines that came back short, hot or without a pool: by make, against simulators that were written from the facts, and against captures.
#include "drivers/asic/braiins.hpp"
#include "drivers/asic/health_sums.hpp"
#include "tests/drivers/make_rig.hpp"
#include "tests/sim/captured.hpp"
#include "wire/braiins.hpp"
#include "wire/cgminer_rates.hpp"
#include "wire/epic.hpp"
#include "wire/whatsminer2.hpp"
#include "wire/whatsminer3.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;
using namespace std::chrono_literals;
using sim::MachineFault;

namespace {

struct Told {
    bool boards = true, hot = true, pools = true;  ///< The make tells of these.
};
struct Tells {
    const char* name;
    Make make;
    Told told = {};
};

Make antminer() {
    sim::AntminerSettings device;
    device.write_reply = device.restart = {100ms, 100ms};
    return make(AsicProtocol::antminer, "root", device, sim::antminer_physics("a-1", 3'000_W));
}

sim::MachineSettings physics() { return sim::whatsminer_physics("x-1", 3'000_W); }

std::vector<Tells> all() {
    return {{"luxos", make(AsicProtocol::luxos, "", sim::LuxosSettings{}, physics())},
            {"whatsminer2", make(AsicProtocol::whatsminer2, "admin", sim::Whatsminer2Settings{}, physics())},
            {"whatsminer3", make(AsicProtocol::whatsminer3, "super", sim::Whatsminer3Settings{}, physics())},
            {"antminer", antminer()},
            {"braiins", make(AsicProtocol::braiins, "root", sim::BraiinsSettings{}, sim::braiins_physics("b-1", 3'000_W))},
            {"epic", make(AsicProtocol::epic, "letmein", sim::EpicSettings{}, physics())},
            {"vnish", make(AsicProtocol::vnish, "admin", sim::VnishSettings{}, physics()), {.hot = false}},
            {"axeos", make(AsicProtocol::axeos, "", sim::AxeosSettings{}, sim::axeos_physics("b-1", 18_W)), {.boards = false, .pools = false}}};
}

/// Looked at within tenths of a second.
AsicSettings quick() {
    AsicSettings settings;
    settings.looks = {.every = 200ms, .again = 100ms, .settled = 100ms, .started = 500ms};
    settings.notes = std::make_shared<asic::MachineNotes>(8);
    return settings;
}

/// It sleeps, comes back, and is looked at.
struct Returning {
    explicit Returning(const Make& of, MachineFault fault) : rig{of, fault, mac, quick()} {
        REQUIRE(rig.bench.until([&] { return note().looked != Steady::min(); }));
        come_to(rig, Rung::sleep, Mode::asleep);
        CHECK(note().health == asic::Health{});
        CHECK(rig.fate_of(Rung::wake) == Fate::accepted);
        // Firmware that takes the other form says OK to this one: as an engine would, once more.
        if (!rig.bench.until([&] { return rig.draws().count * 2 > of.physics.rated.count; }, 3s)) CHECK(rig.fate_of(Rung::wake) == Fate::accepted);
        CHECK(rig.bench.until([&] { return note().looked != Steady::min() && note().health != asic::Health{}; }));
    }
    asic::MachineNote note() const {
        const auto view = rig.settings_notes->read();
        const auto* found = view.note(slot);
        return found ? *found : asic::MachineNote{};
    }
    bool ails(std::uint8_t ail, std::chrono::milliseconds within = 10s) {
        return rig.bench.until([&] { return (note().ails & ail) != 0; }, within);
    }
    std::string text() const { return asic::ails_text(note().ails, note().health, note().boards_had); }

    Rig rig;
};


}  // namespace

TEST_CASE("of every make that tells it a machine that comes back with two of its three boards is found") {
    for (const Tells& known : all()) {
        if (!known.told.boards) continue;
        INFO(known.name);
        Returning machine{known.make, MachineFault::few_boards};
        CHECK(machine.ails(asic::few_boards));
        CHECK(machine.text() == "2 of 3 boards");
    }
}

TEST_CASE("of every make that tells it a machine that comes back without a pool is found") {
    for (const Tells& known : all()) {
        if (!known.told.pools) continue;
        INFO(known.name);
        Returning machine{known.make, MachineFault::loses_pools};
        CHECK(machine.ails(asic::no_pool));
        CHECK(machine.text() == "no pool");
    }
}

TEST_CASE("of every make that tells it a machine that comes back too hot is found") {
    for (const Tells& known : all()) {
        if (!known.told.hot) continue;
        INFO(known.name);
        Returning machine{known.make, MachineFault::overheats};
        CHECK(machine.ails(asic::too_hot));
        CHECK(machine.text().starts_with("hot"));
    }
}

TEST_CASE("nothing ails a machine of any make that comes back whole, and what its make does not tell is unknown") {
    for (const Tells& known : all()) {
        INFO(known.name);
        Returning machine{known.make, MachineFault::none};
        CHECK_FALSE(machine.ails(asic::few_boards | asic::too_hot | asic::no_pool, 500ms));
        const asic::Health health = machine.note().health;
        CHECK(health.boards.has_value() == known.told.boards);
        CHECK(health.hot.has_value() == known.told.hot);
        CHECK(health.pools.has_value() == known.told.pools);
        if (known.told.boards) CHECK(machine.note().boards_had == 3);
        if (known.told.pools) CHECK(health.pools == true);
    }
}

TEST_CASE("what cannot be reached, or is refused, is noted with the machine") {
    Rig rig{make(AsicProtocol::luxos, "", sim::LuxosSettings{}, physics()), MachineFault::refused, mac, quick()};
    CHECK(rig.fate_of(Rung::sleep) == Fate::refused);
    const auto view = rig.settings_notes->read();
    REQUIRE(view.note(slot));
    CHECK(view.note(slot)->error.starts_with("order refused: Access denied"));
    CHECK(view.note(slot)->errors >= 1);
    CHECK_FALSE(view.note(slot + 100));
}

TEST_CASE("what went wrong is noted once, in its own words") {
    const auto noted = [](MachineFault fault, bool order) {
        Rig rig{make(AsicProtocol::luxos, "", sim::LuxosSettings{}, physics()), fault, mac, quick()};
        const auto errors = [&rig] {
            const auto view = rig.settings_notes->read();
            const auto* note = view.note(slot);
            return note ? *note : asic::MachineNote{};
        };
        if (order) rig.fate_of(Rung::sleep);
        REQUIRE(rig.bench.until([&] { return errors().errors > 0; }));
        CHECK(errors().errors == 1);
        return errors().error;
    };
    CHECK(noted(MachineFault::garbage, false).starts_with("garbage in place of an answer: "));
    CHECK(noted(MachineFault::garbage, true).starts_with("garbage in place of an answer: "));
    const std::string stranger = noted(MachineFault::moved, false);
    CHECK(stranger.starts_with("answers with mac "));
    CHECK(stranger.ends_with(", the inventory says d40102030405"));
    CHECK(noted(MachineFault::moved, true) == "order refused: " + stranger);
}

TEST_CASE("a view of the notes stays as it was when it was taken") {
    asic::MachineNotes notes{200};
    notes.erred(3, "first", Steady{1ms});
    const auto before = notes.read();
    notes.erred(3, "second", Steady{2ms});
    notes.erred(190, "third", Steady{3ms});
    CHECK(before.note(3)->error == "first");
    CHECK_FALSE(before.note(190));
    const auto after = notes.read();
    CHECK(after.note(3)->error == "second");
    CHECK(after.note(3)->errors == 2);
    CHECK(after.note(190)->error == "third");
    CHECK(after.note(4)->error.empty());
}

TEST_CASE("who came back is told in one line a group once all are judged, by name") {
    asic::HealthSums sums;
    const auto a = sums.group("block-a"), b = sums.group("block-b");
    CHECK(sums.group("block-a") == a);
    for (int i = 0; i < 5; ++i) sums.awaited(a);
    sums.awaited(b);
    const Steady t{10s};
    sums.judged(a, "m01", "2 of 3 boards", t);
    sums.judged(a, "m02", "", t);
    sums.judged(b, "n01", "", t);
    CHECK(sums.due(t + 1s).empty());
    sums.judged(a, "m03", "hot (112 C)", t + 2s);
    sums.judged(a, "m04", "no pool", t + 2s);
    CHECK(sums.due(t + 3s).empty());  // One is still awaited.
    sums.judged(a, "m05", "", t + 4s);
    const auto lines = sums.due(t + 4s);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "3 of 5 of block-a came back short, hot or without a pool: m01 (2 of 3 boards), m03 (hot (112 C)), m04 (no pool)");
    CHECK(sums.due(t + 100s).empty());
}

TEST_CASE("one that is awaited for ever holds the line up for a minute, and ten thousand are one line") {
    asic::HealthSums sums;
    const auto a = sums.group("block-a");
    for (int i = 0; i < 3; ++i) sums.awaited(a);
    sums.judged(a, "m01", "no pool", Steady{0s});
    sums.given_up(a);
    CHECK(sums.due(Steady{59s}).empty());
    CHECK(sums.due(Steady{60s}).size() == 1);
    for (int i = 0; i < 10'000; ++i) sums.fell_ill(a, fmt::format("m{}", i), "no pool", Steady{70s});
    CHECK(sums.due(Steady{71s}).empty());
    const auto lines = sums.due(Steady{80s});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "10000 of block-a run short, hot or without a pool: m0 (no pool), m1 (no pool), m2 (no pool), m3 (no pool), m4 (no pool) and 9995 more");
}

TEST_CASE("captured machines tell of their boards and pools, and of their heat") {
    const auto luxos = captures("luxminer/v1"), whatsminer = captures("whatsminer/v2"), braiins = captures("braiins/v25_07"), ecaptured = captures("epic/v1");
    if (!luxos || !whatsminer || !braiins || !ecaptured) return;
    wire::cgminer::Parser parser;
    const auto parsed = [&parser](const std::filesystem::path& path) { return parser.parse(file_text(path)).value(); };
    CHECK(wire::cgminer::devices(parsed(*luxos / "devs.json")) == wire::Count{3, 3});
    CHECK(wire::cgminer::hottest_device(parsed(*luxos / "devs.json")) == Temperature{47'000});
    const auto pools = wire::cgminer::pools(parsed(*luxos / "pools.json"));
    REQUIRE(pools);
    CHECK((pools->alive >= 1 && pools->alive < pools->listed));
    CHECK(wire::whatsminer2::boards(parsed(*whatsminer / "devs.json")) == wire::Count{3, 3});
    CHECK_FALSE(wire::whatsminer::tells_heat(wire::whatsminer2::error_codes(parsed(*whatsminer / "get_error_code_with_errors.json"))));
    CHECK(wire::whatsminer::tells_heat(std::vector{218, 351}));

    const auto boards = wire::braiins::parse_hashboards(parser, file_text(*braiins / "miner_hw_hashboards.json"));
    REQUIRE(boards);
    CHECK(boards->count == wire::Count{3, 3});
    CHECK(boards->chips == Temperature{70'500});

    const auto epic = wire::epic::parse_summary(parser, file_text(*ecaptured / "summary.json"));  // One of its boards is switched off.
    REQUIRE(epic);
    CHECK(epic->boards == wire::Count{3, 2});
    CHECK(epic->hottest == Temperature{67'000});
    CHECK(epic->hot_above == Temperature{85'000});
    CHECK(epic->pool_connected == true);
}

TEST_CASE("a list that may have been cut off tells of no missing board and no missing pool") {
    wire::cgminer::Parser parser;
    const std::string boards = R"({"STATUS":[{"STATUS":"S"}],"DEVS":[{"Enabled":"Y","Status":"Alive","MHS 5s":5},{"Enabled":"Y","Status":"Dead","MHS 5s":0}],"id":1})";
    CHECK(wire::cgminer::devices(*parser.parse(boards)) == wire::Count{2, 1});
    CHECK_FALSE(wire::cgminer::devices(*parser.parse(boards.substr(0, boards.size() - 30))));
    const std::string pools = R"({"POOLS":[{"Status":"Dead"},{"Status":"Dead"}]})";
    CHECK(wire::cgminer::pools(*parser.parse(pools)) == wire::Count{2, 0});
    CHECK_FALSE(wire::cgminer::pools(*parser.parse(pools.substr(0, pools.size() - 8))));
}
