// Flexible loads: the second tranche. What slows them, in which order, after what notice, and what brings them back.
#include "controller/engine.hpp"
#include "controller/flexible.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"
#include "tests/catch.hpp"

#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr SourceId utility{0};
using Heard = std::vector<Event>;

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

constexpr Slot batch_nodes = 2, training_nodes = 4, inference_nodes = 2, miners = 10;
constexpr Range batch{0, 2}, training{2, 6}, inference{6, 8}, asics{8, 18};

Site::Group nodes(const char* name, Range loads, Workload workload, std::vector<FlexStep> order, Power floor) {
    Site::Group g{.name = name, .driver = "gpu", .loads = loads, .tier = Tier::flexible};
    g.flexible = {.workload = workload, .turn = static_cast<std::uint32_t>(workload), .order = std::move(order), .floor = floor};
    g.flexible.checkpoint_within = 60s;
    g.standby = 500_W;
    g.off_within = 5s;
    g.on_within = 60s;
    g.stale_after = Duration::max();
    return g;
}

/// Eight nodes of 10 kW, two of them at inference, and ten miners of 3 kW: 110 kW.
Site hybrid() {
    Site site;
    site.meters = {{"poi", 24h, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"utility", OnStale::hold}, {"operator", OnStale::hold}};
    for (Slot s = 0; s < inference.last; ++s) site.loads.push_back({"node-" + std::to_string(s), 10_kW});
    for (Slot s = 0; s < miners; ++s) site.loads.push_back({"m-" + std::to_string(s), 3_kW, 20'000, 80_per_MWh});
    site.groups = {nodes("batch", batch, Workload::batch, {FlexStep::power, FlexStep::sleep}, 6_kW),
                   nodes("training", training, Workload::training, {FlexStep::checkpoint, FlexStep::power, FlexStep::sleep}, 6_kW),
                   nodes("inference", inference, Workload::inference, {FlexStep::power}, 5_kW),
                   {.name = "miners", .driver = "luxos", .loads = asics, .tier = Tier::interruptible}};
    site.groups[3].stale_after = Duration::max();
    site.policies = {"obligations"};
    return site;
}

std::vector<Policy> obligations() { return {policies::dispatch({.policy = PolicyId{0}, .sources = {utility, SourceId{1}}, .margin_ppm = 0})}; }

/// Plays the site: everybody does what they are told, at once; inference draws 3 kW a node.
struct Plant {
    Site site;
    std::vector<Power> draws;
    std::vector<Power> caps;
    std::vector<bool> on;
    std::set<Slot> never_saves, deaf;
    std::vector<Event> said;

    explicit Plant(Site of) : site{std::move(of)}, caps(site.loads.size(), no_limit), on(site.loads.size(), true) {
        for (Slot s = 0; s < site.loads.size(); ++s) draws.push_back(inference.contains(s) ? 3_kW : site.loads[s].rated);
    }
    Power draw(Slot s) const { return on[s] ? std::min(draws[s], caps[s]) : s < inference.last ? 500_W : 0_W; }
    Power total() const {
        Power sum;
        for (Slot s = 0; s < draws.size(); ++s) sum += draw(s);
        return sum;
    }
    void obey(const Decision& decision, Steady now) {
        for (const Order& order : decision.orders)
            for (Slot s = order.loads.first; s < order.loads.last; ++s) {
                const bool gpu = s < inference.last;
                if (deaf.contains(s)) continue;
                if (order.rung == Rung::checkpoint) {
                    if (!never_saves.contains(s)) said.push_back(Receipt{order.id, {s, s + 1}, Fate::accepted, now});
                    continue;
                }
                if (order.rung == Rung::cap) caps[s] = order.cap;
                else on[s] = raises(order.rung);
                if (gpu && raises(order.rung)) caps[s] = no_limit, said.push_back(Receipt{order.id, {s, s + 1}, Fate::accepted, now});
            }
    }
    Heard hear(Now now) {
        Heard heard = std::exchange(said, {});
        for (Slot s = 0; s < draws.size(); ++s) heard.push_back(LoadReading{{s, s + 1}, on[s] ? Mode::running : Mode::asleep, Quality::measured, draw(s), now.steady});
        heard.push_back(MeterReading{MeterId{0}, total(), now.steady, Quality::measured});
        return heard;
    }
};

Signal limit_of(Power limit, Duration issued, SignalKind kind = SignalKind::dispatch) {
    Signal s{.source = utility, .kind = kind, .id = "d-1"};
    s.issued = s.start = midnight + issued;
    s.ask = Ask::absolute;
    s.power = limit;
    return s;
}

/// Every order from here on, second by second.
struct Life {
    Plant plant;
    Engine engine;
    std::vector<std::pair<Duration, Order>> orders;
    std::vector<std::pair<Duration, Miss>> misses;
    std::vector<Note> notes;
    Power shortfall;
    Duration now{0};

    explicit Life(Site site, std::vector<Policy> policies = obligations()) : plant{site}, engine{site, std::move(policies), {}, at(0s)} { go(2s); }

    void go(Duration until, Heard extra = {}) {
        for (; now < until; now += 1s) {
            Heard heard = plant.hear(at(now));
            heard.insert(heard.end(), extra.begin(), extra.end());
            extra.clear();
            const Decision& decision = engine.step(at(now), heard);
            for (const Order& o : decision.orders) orders.emplace_back(now, o);
            for (const Miss& m : decision.misses) misses.emplace_back(now, m);
            for (const Note& n : decision.notes) notes.push_back(n);
            shortfall = {};
            for (const Binding& b : decision.binding) shortfall = std::max(shortfall, b.shortfall);
            plant.obey(decision, at(now).steady);
        }
    }
    std::vector<Slot> told(Rung rung, Range among) const {
        std::vector<Slot> slots;
        for (const auto& [when, o] : orders)
            for (Slot s = o.loads.first; s < o.loads.last; ++s)
                if (o.rung == rung && among.contains(s)) slots.push_back(s);
        return slots;
    }
    std::optional<Duration> first(Rung rung, Range among) const {
        for (const auto& [when, o] : orders)
            if (o.rung == rung && among.contains(o.loads.first)) return when;
        return std::nullopt;
    }
};

}  // namespace

TEST_CASE("no flexible watt is touched while an interruptible one is left") {
    Life life{hybrid()};
    life.go(30s, {limit_of(66_kW, 2s)});  // 96 kW less all ten miners.
    CHECK(life.told(Rung::sleep, asics).size() == 10);
    CHECK(life.told(Rung::cap, {0, 8}).empty());
    CHECK(life.told(Rung::checkpoint, {0, 8}).empty());
    CHECK(life.plant.total() == 66_kW);
}

TEST_CASE("then batch goes first, then training, and inference last") {
    Life life{hybrid()};
    life.go(30s, {limit_of(64_kW, 2s)});
    CHECK(life.told(Rung::cap, batch) == std::vector<Slot>{0});
    CHECK(life.orders.back().second.cap == 8_kW);  // As much as is wanted, and no more.
    life.go(40s, {limit_of(46_kW, 30s)});
    CHECK(life.told(Rung::sleep, batch).size() == 2);  // 58 kW when both are capped, 47 when both sleep.
    CHECK(life.told(Rung::cap, training) == std::vector<Slot>{2});
    CHECK(life.told(Rung::cap, inference).empty());
    life.go(200s, {limit_of(8_kW, 40s)});  // Everything asleep but inference: 3 kW + 6 kW, and decode draws less than its cap.
    CHECK(life.told(Rung::sleep, training).size() == 4);
    CHECK(life.told(Rung::cap, inference).empty());
    CHECK(life.told(Rung::sleep, inference).empty());
    CHECK(life.plant.total() == 9_kW);
    CHECK(life.shortfall == 1_kW);
    const auto told = std::ranges::find(life.notes, NoteKind::shortfall, &Note::kind);
    REQUIRE(told != life.notes.end());
    CHECK(told->text.find("2 drawing no more than a cap could leave them") != std::string::npos);
}

TEST_CASE("training saves before it sleeps, and a cap does not wait for that") {
    Site site = hybrid();
    Life life{site};
    for (Slot s = training.first; s < training.last; ++s) life.plant.never_saves.insert(s);
    life.go(100s, {limit_of(20_kW, 2s)});
    CHECK(life.first(Rung::checkpoint, training) == 2s);
    CHECK(life.first(Rung::cap, training) == 2s);
    CHECK(life.told(Rung::sleep, training).empty());  // Nobody acknowledged.
    CHECK(std::ranges::count(life.misses, MissCause::no_answer, [](const auto& m) { return m.second.cause; }) >= 4);
    CHECK(life.shortfall > 0_W);
    for (const Slot s : {2u, 3u, 4u, 5u}) CHECK(life.plant.caps[s] == 6_kW);
    life.plant.never_saves.clear();
    life.go(200s);  // Asked again, it saves; now it may.
    CHECK(!life.told(Rung::sleep, training).empty());
    CHECK(life.shortfall == 0_W);
}

TEST_CASE("unsaved work is lost only in an emergency, after its deadline, where the site file says so") {
    Site site = hybrid();
    site.groups[1].flexible.unsaved = Unsaved::emergency;
    for (const SignalKind kind : {SignalKind::dispatch, SignalKind::emergency}) {
        Life life{site};
        for (Slot s = training.first; s < training.last; ++s) life.plant.never_saves.insert(s);
        life.go(61s, {limit_of(20_kW, 2s, kind)});
        CHECK(life.told(Rung::sleep, training).empty());
        life.go(90s);
        CHECK(life.told(Rung::sleep, training).empty() == (kind == SignalKind::dispatch));
    }
}

TEST_CASE("a notice runs before the first watt, but for an emergency") {
    Site site = hybrid();
    site.groups[1].flexible.notice = 30s;
    Life life{site};
    life.go(60s, {limit_of(45_kW, 2s)});
    CHECK(life.first(Rung::checkpoint, training) == 2s);
    CHECK(life.first(Rung::cap, training) == 32s);
    Life urgent{site};
    urgent.go(60s, {limit_of(45_kW, 2s, SignalKind::emergency)});
    CHECK(urgent.first(Rung::cap, training) == 2s);
}

TEST_CASE("work is saved at notice, for an obligation that has yet to begin and will need it") {
    Life life{hybrid()};
    Signal later_on = limit_of(40_kW, 2s);
    later_on.start = midnight + 300s;
    life.go(239s, {later_on});
    CHECK(life.told(Rung::checkpoint, training).empty());
    life.go(299s);
    CHECK(life.first(Rung::checkpoint, training) == 240s);
    CHECK(life.told(Rung::cap, {0, 8}).empty());
    CHECK(life.told(Rung::sleep, {0, 18}).empty());
    life.go(320s);
    CHECK(life.first(Rung::sleep, training).value_or(0s) <= 301s);
    CHECK(life.plant.total() <= 40_kW);
    Life enough{hybrid()};  // The miners are enough: nobody is asked to save anything.
    later_on.power = 70_kW;
    enough.go(320s, {later_on});
    CHECK(enough.told(Rung::checkpoint, {0, 8}).empty());
}

TEST_CASE("flexible loads are back before the first miner is woken") {
    Site site = hybrid();
    site.groups[1].stagger = 5s;
    Life life{site};
    life.go(60s, {limit_of(15_kW, 2s)});
    REQUIRE(life.told(Rung::sleep, training).size() > 1);
    Signal release = limit_of(0_W, 61s, SignalKind::release);
    const std::size_t before = life.orders.size();
    life.go(120s, {release});
    std::optional<Duration> last_node, first_miner;
    for (std::size_t i = before; i < life.orders.size(); ++i) {
        const auto& [when, o] = life.orders[i];
        if (!raises(o.rung)) continue;
        if (o.loads.first < inference.last) last_node = when;
        else if (!first_miner) first_miner = when;
    }
    REQUIRE(last_node);
    REQUIRE(first_miner);
    CHECK(*last_node <= *first_miner);
    CHECK(life.plant.total() == 96_kW);
    for (const FlexState& flex : life.engine.state().flexible) CHECK(flex.cap == no_limit);
}

TEST_CASE("a cap that is not kept has no credit, teaches where the floor is, and the next step is taken") {
    Site site = hybrid();
    Life life{site};
    life.plant.deaf = {0};
    life.go(120s, {limit_of(64_kW, 2s)});
    CHECK(life.plant.total() <= 64_kW);           // Its neighbour gave the watts,
    CHECK(!life.told(Rung::cap, {1, 2}).empty());
    CHECK(life.engine.state().flex(0).lowest == 10_kW);
    CHECK(std::ranges::any_of(life.misses, [](const auto& m) { return m.second.load == 0 && m.second.cause != MissCause::unproven; }));
}

TEST_CASE("a load that leaves its cap is told again, and one that its owner wakes goes down from the first step") {
    Life life{hybrid()};
    life.go(20s, {limit_of(58_kW, 2s)});
    REQUIRE(life.told(Rung::cap, batch).size() == 2);
    life.plant.caps[1] = no_limit;
    life.go(25s);
    CHECK(life.plant.caps[1] == 6_kW);
    life.go(45s, {limit_of(50_kW, 25s)});
    REQUIRE(!life.plant.on[0]);
    life.plant.on[0] = true, life.plant.caps[0] = no_limit;
    life.go(60s);
    CHECK(!life.plant.on[0]);
    CHECK(life.plant.total() <= 50_kW);
}

TEST_CASE("neither a price, nor everything off, nor a silent load slows anybody flexible") {
    Site site = hybrid();
    Life life{site};
    Signal all = limit_of(0_W, 2s, SignalKind::emergency);
    all.ask = Ask::full;
    life.go(60s, {all});
    CHECK(life.told(Rung::sleep, asics).size() == 10);
    CHECK(life.told(Rung::cap, {0, 8}).empty());
    CHECK(life.told(Rung::checkpoint, {0, 8}).empty());
    CHECK(life.shortfall == 0_W);
    // Never heard: its nameplate counts, and nothing may be counted on it.
    Engine engine{site, obligations(), {}, at(0s)};
    const Decision& decision = engine.step(at(1s), Heard{limit_of(40_kW, 1s), MeterReading{MeterId{0}, 96_kW, at(1s).steady, Quality::measured}});
    for (const Order& o : decision.orders) CHECK(o.loads.first >= asics.first);
}

TEST_CASE("a load that nobody may slow is let alone, and what is slowed survives a restart") {
    Site site = hybrid();
    Life life{site};
    life.go(30s, {limit_of(40_kW, 2s)});
    const Snapshot snapshot = life.engine.snapshot(at(30s));
    Engine again{site, obligations(), snapshot, at(30s)};
    CHECK(again.snapshot(at(30s)).bytes == snapshot.bytes);
    for (Slot s = 0; s < inference.last; ++s) {
        CHECK(again.state().flex(s).cap == life.engine.state().flex(s).cap);
        CHECK(again.state().loads[s].on == life.engine.state().loads[s].on);
    }
    site.groups[0].flexible.order.clear();
    site.groups[1].flexible.order.clear();
    Life still{site};
    still.go(30s, {limit_of(40_kW, 2s)});
    CHECK(still.told(Rung::cap, {0, 6}).empty());
    CHECK(still.told(Rung::sleep, {0, 6}).empty());
    CHECK(still.shortfall > 0_W);
}
