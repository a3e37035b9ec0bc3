// Makes that may be slowed, each against its simulator, and all of it under an engine.
#include "controller/engine.hpp"
#include "drivers/asic/capabilities.hpp"
#include "tests/drivers/make_rig.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::support;
using namespace std::chrono_literals;

namespace {

Make slowed(Make of) {
    of.slowed = true;
    return of;
}

Make whatsminer2() { return slowed(make(AsicProtocol::whatsminer2, "admin", sim::Whatsminer2Settings{}, sim::whatsminer_physics("w-1", 3'000_W))); }
Make whatsminer3() { return slowed(make(AsicProtocol::whatsminer3, "super", sim::Whatsminer3Settings{}, sim::whatsminer_physics("v-1", 3'000_W))); }
Make braiins() { return slowed(make(AsicProtocol::braiins, "root", sim::BraiinsSettings{}, sim::braiins_physics("b-1", 3'000_W))); }
Make vnish() { return slowed(make(AsicProtocol::vnish, "admin", sim::VnishSettings{}, sim::vnish_physics("n-1", 3'000_W))); }
Make luxos(sim::LuxosSettings device = {}) { return slowed(make(AsicProtocol::luxos, "", std::move(device), {.name = "l-1", .rated = 3'000_W})); }

Make antminer() {
    sim::AntminerSettings device;
    device.write_reply = {50ms, 50ms};
    device.restart = {50ms, 50ms};
    device.low_per_mille = 600;
    device.mode_form = sim::AntminerSettings::ModeForm::number;
    Make of = slowed(make(AsicProtocol::antminer, "root", device, sim::antminer_physics("a-1", 3'000_W)));
    of.low_power = 1'800_W;
    return of;
}

std::vector<Make> all() { return {whatsminer2(), whatsminer3(), braiins(), vnish(), luxos(), antminer()}; }

std::size_t levels(Rig& rig) {
    const auto commands = rig.plant.commands();
    return static_cast<std::size_t>(std::ranges::count_if(commands, [](const sim::CommandHeard& c) { return c.command == "level" && c.accepted; }));
}

/// What it would draw, were it to run.
Power level(Rig& rig) {
    return rig.plant.with([](sim::Plant& p, Steady now) { return p.report(0, now).level; });
}

/// One machine of the make behind an engine that is asked for no more than `limit`.
struct Journey {
    explicit Journey(const Make& of) : rig{of}, engine{site(of), {[this](const State&, Now, Limits& limits) { ask(limits); }}, {}, now()} {}

    static Now now() { return {Instant{std::chrono::floor<Duration>(std::chrono::system_clock::now())}, sim::steady_now()}; }
    static Site site(const Make& of) {
        Site site;
        site.sources = {{"utility", OnStale::hold}};
        for (Slot s = 0; s < slot; ++s) site.loads.push_back({"none-" + std::to_string(s), Power{1}});
        site.loads.push_back({"m", of.physics.rated});
        site.groups = {{.name = "hall", .driver = "metered", .loads = {0, slot}}, {.name = "miners", .driver = "luxos", .loads = {slot, slot + 1}, .tier = Tier::flexible, .standby = of.physics.standby}};
        site.groups[1].flexible = {.order = {FlexStep::power, FlexStep::sleep}, .floor = 1'900_W};
        site.groups[1].off_within = site.groups[1].on_within = 30s;
        site.policies = {"limit"};
        return site;
    }
    void ask(Limits& limits) const {
        if (limit) limits.bounds.push_back({.scope = Scope::site(), .high = *limit, .aim = *limit, .release = *limit, .why = {.policy = PolicyId{0}, .cause = Cause::capacity, .reason = Reason::contract_limit}});
    }

    /// One step with all that was heard since the last.
    void step() {
        const auto readings = rig.bench.all<LoadReading>();
        const auto receipts = rig.bench.all<Receipt>();
        std::vector<Event> heard;
        for (; read < readings.size(); ++read) heard.emplace_back(readings[read]);
        for (; got < receipts.size(); ++got) heard.emplace_back(receipts[got]);
        for (const Order& order : engine.step(now(), heard).orders) {
            orders.push_back(order.rung);
            if (order.rung == Rung::cap) cap = order.cap;
            rig.driver->submit(order);
        }
    }
    template <class Condition>
    bool until(Condition holds, std::chrono::milliseconds patience = 30s) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            rig.bench.pass(50ms);
            step();
        }
        return true;
    }
    const LoadState& load() const { return engine.state().loads[slot]; }

    Rig rig;
    std::optional<Power> limit;
    Engine engine;
    std::size_t read = 0, got = 0;
    std::vector<Rung> orders;
    Power cap;
};

}  // namespace

TEST_CASE("a flexible machine of each make with levels is capped by a limit, and comes back to what it was") {
    for (const Make& of : all()) {
        CAPTURE(capabilities_of(of.protocol).name);
        Journey journey{of};
        REQUIRE(journey.until([&] { return journey.load().seen && journey.load().mode == Mode::running && journey.rig.draws() > 2'900_W; }));
        const Power before = level(journey.rig);
        journey.limit = 2'250_W;
        REQUIRE(journey.until([&] { return !journey.orders.empty() && journey.load().seen; }));
        CHECK(std::ranges::count(journey.orders, Rung::cap) == std::ssize(journey.orders));
        CHECK(journey.cap <= 2'250_W);
        CHECK(journey.rig.bench.until([&] { return journey.rig.draws() <= 2'250_W; }));
        journey.rig.bench.pass(500ms);
        journey.step();
        CHECK(std::ranges::count(journey.orders, Rung::cap) == std::ssize(journey.orders));  // Nor does anything go on beyond that.
        CHECK(level(journey.rig) >= 1'800_W);
        journey.limit.reset();
        REQUIRE(journey.until([&] { return journey.orders.back() == Rung::uncap && journey.load().seen; }));
        CHECK(level(journey.rig) == before);
    }
}

TEST_CASE("a machine that restarts and forgets its cap is capped again") {
    Journey journey{whatsminer2()};
    REQUIRE(journey.until([&] { return journey.load().seen && journey.load().mode == Mode::running; }));
    journey.limit = 2'250_W;
    REQUIRE(journey.until([&] { return !journey.orders.empty() && journey.load().seen; }));
    journey.rig.plant.with([](sim::Plant& p, Steady now) {
        p.set_level(0, 3'000_W, 0ms, now);
        return 0;
    });
    CHECK(journey.until([&] { return journey.orders.size() > 1 && journey.load().seen && journey.rig.draws() <= 2'250_W; }));
    CHECK(journey.orders.back() == Rung::cap);
}

TEST_CASE("one that is put to sleep under a cap draws all it can when it is woken") {
    for (const Make& of : all()) {
        CAPTURE(capabilities_of(of.protocol).name);
        Rig rig{of};
        REQUIRE(rig.comes_to(Mode::running));
        REQUIRE(rig.bench.until([&] { return rig.draws() > 2'900_W; }));
        CHECK(rig.fate_of(Rung::cap, 2'000_W) == Fate::accepted);
        CHECK(level(rig) <= 2'000_W);
        CHECK(rig.fate_of(Rung::sleep) == Fate::accepted);
        CHECK(rig.comes_to(Mode::asleep));
        const std::size_t receipts = rig.bench.count<Receipt>();
        CHECK(rig.fate_of(Rung::wake) == Fate::accepted);
        CHECK(rig.comes_to(Mode::running));
        CHECK(rig.bench.until([&] { return level(rig) == 3'000_W; }));
        CHECK(rig.bench.count<Receipt>() == receipts + 1);  // Of what nobody ordered there is none.
    }
}

TEST_CASE("a cap that a make cannot go down to is met as near as it can, and refused") {
    for (const auto& [of, lowest] : {std::pair{braiins(), 1'700_W}, {vnish(), 600_W}, {luxos(), 842_W}}) {
        CAPTURE(capabilities_of(of.protocol).name);
        Rig rig{of};
        REQUIRE(rig.comes_to(Mode::running));
        CHECK(rig.fate_of(Rung::cap, 500_W) == Fate::refused);
        CHECK(rig.bench.until([&, lowest = lowest] { return level(rig) <= lowest && level(rig) > lowest - 10_W; }));
        CHECK(rig.fate_of(Rung::uncap) == Fate::accepted);
        CHECK(level(rig) == 3'000_W);
    }
}

TEST_CASE("a LuxOS machine gets back the profile that it had, and its own tuning") {
    Rig rig{luxos({.tunes_itself = true, .profile = "540MHz"})};
    REQUIRE(rig.comes_to(Mode::running));
    const Power before = level(rig);
    CHECK(before < 2'700_W);
    CHECK(rig.fate_of(Rung::cap, 2'100_W) == Fate::accepted);
    CHECK(level(rig) <= 2'100_W);
    CHECK(rig.fate_of(Rung::cap, 1'900_W) == Fate::accepted);  // Lower still: what was before is what was before the first.
    CHECK(level(rig) <= 1'900_W);
    CHECK(rig.fate_of(Rung::uncap) == Fate::accepted);
    CHECK(level(rig) == before);
    std::vector<std::string> heard;
    for (const auto& c : rig.plant.commands())
        if (c.command == "config" || c.command == "level") heard.push_back(c.command);
    CHECK(heard == std::vector<std::string>{"config", "level", "level", "level", "config"});
}

TEST_CASE("an Antminer without its low power in the site file takes no cap, and one that has the mode is not written it again") {
    Make of = antminer();
    of.low_power = 0_W;
    Rig none{of};
    REQUIRE(none.comes_to(Mode::running));
    CHECK(none.fate_of(Rung::cap, 2'000_W) == Fate::refused);
    CHECK(none.plant.commands().empty());
    Rig rig{antminer()};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.fate_of(Rung::cap, 1'700_W) == Fate::refused);
    CHECK(rig.fate_of(Rung::cap, 2'000_W) == Fate::accepted);
    REQUIRE(rig.bench.until([&] { return rig.last_said()->mode == Mode::running && rig.last_said()->power == 1'800_W; }));
    CHECK(rig.last_said()->quality == Quality::estimated);
    CHECK(rig.fate_of(Rung::cap, 1'900_W) == Fate::accepted);
    CHECK(levels(rig) == 1);
}

TEST_CASE("makes without levels refuse a cap without asking the machine") {
    Rig rig{make(AsicProtocol::epic, "letmein", sim::EpicSettings{}, sim::epic_physics("e-1", 3'000_W))};
    REQUIRE(rig.comes_to(Mode::running));
    CHECK(rig.fate_of(Rung::cap, 2'000_W) == Fate::refused);
    CHECK(rig.plant.commands().empty());
}
