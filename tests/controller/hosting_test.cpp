#include "controller/engine.hpp"
#include "controller/hosting.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Power each{3'000};

struct Of {
    std::string name, customer;
    Slot machines;
    std::int64_t joules;
    std::int64_t share_ppm = 1'000'000;
    Duration promised{0};
};

Site site_of(const std::vector<Of>& groups) {
    Site s;
    s.name = "hosting";
    s.sources = {{"lmp", OnStale::run, 0s}, {"operator", OnStale::hold, 0s}};
    s.policies = {"mine", "calls"};
    for (const Of& of : groups) {
        const auto first = static_cast<Slot>(s.loads.size());
        Site::Group group{.name = of.name, .driver = "luxos", .loads = {first, first + of.machines}, .tier = Tier::interruptible, .stale_after = Duration::max()};
        group.hosting = {of.customer, of.share_ppm, of.promised};
        s.groups.push_back(group);
        for (Slot i = 0; i < of.machines; ++i) s.loads.push_back({of.name + "-" + std::to_string(i), each, of.joules, Price{50'000'000}});
    }
    return s;
}

/// Machines that obey at once.
struct Bench {
    Site site;
    Now now{Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}}, Steady{1'000h}};
    Engine engine;
    std::vector<bool> on;

    explicit Bench(const std::vector<Of>& groups) : site{site_of(groups)}, engine{made({})}, on(site.loads.size(), true) { run(1s); }

    Engine made(const Snapshot& from) const {
        std::vector<GroupId> all;
        for (std::uint16_t g = 0; g < site.groups.size(); ++g) all.push_back(GroupId{g});
        return {site, {policies::price_strike({.policy = PolicyId{0}, .prices = SourceId{0}, .groups = all}),
                       policies::dispatch({.policy = PolicyId{1}, .sources = {SourceId{1}}, .margin_ppm = 0})}, from, now};
    }
    std::vector<Note> run(Duration passes, std::vector<Event> events = {}) {
        now.utc += passes, now.steady += passes;
        for (Slot s = 0; s < on.size(); ++s) events.push_back(LoadReading{{s, s + 1}, on[s] ? Mode::running : Mode::asleep, Quality::measured, on[s] ? each : Power{}, now.steady});
        const Decision& decision = engine.step(now, events);
        for (const Order& o : decision.orders) std::fill(on.begin() + o.loads.first, on.begin() + o.loads.last, raises(o.rung));
        return {decision.notes.begin(), decision.notes.end()};
    }
    void call(const std::string& id, Power limit) {
        run(1s, {Signal{.source = SourceId{1}, .kind = SignalKind::dispatch, .id = id, .issued = now.utc, .start = now.utc, .ask = Ask::absolute, .power = limit}});
        run(1s);
    }
    void release(const std::string& id) {
        run(1s, {Signal{.source = SourceId{1}, .kind = SignalKind::release, .id = id, .issued = now.utc, .start = now.utc}});
        for (int i = 0; i < 60; ++i) run(1s);
    }
    void price(Price price, Duration lasts) {
        run(1s, {Signal{.source = SourceId{0}, .kind = SignalKind::price, .issued = now.utc, .start = now.utc, .end = now.utc + lasts, .price = price}});
        run(1s);
    }
    void new_epoch() { engine.renew(engine.snapshot_for_epoch(now), now); }
    std::size_t resting(std::size_t group) const {
        const Range loads = site.groups[group].loads;
        return static_cast<std::size_t>(std::count(on.begin() + loads.first, on.begin() + loads.last, false));
    }
    Duration rested(const std::string& customer) const { return rested_in(engine, customer); }
    static Duration rested_in(const Engine& engine, const std::string& customer) {
        const std::vector<Customer> all = customers_of(engine.site());
        return rested_each(engine.state(), *std::ranges::find(all, customer, &Customer::name));
    }
};

const std::vector<Of> three{{"worst", "acme", 100, 34'000}, {"middle", "basin", 50, 25'000}, {"best", "cobalt", 50, 17'500}};

}  // namespace

TEST_CASE("without customers the worst machines go, whoever's they are") {
    std::vector<Of> nobody = three;
    for (Of& of : nobody) of.customer.clear();
    Bench bench{nobody};
    bench.call("d", 300_kW);
    CHECK(bench.resting(0) == 100);
    CHECK(bench.resting(2) == 0);
}

TEST_CASE("customers give equal shares of what must go, each its worst machines first") {
    Bench bench{three};
    bench.call("d", 300_kW);  // Half of two hundred.
    CHECK(bench.resting(0) == 50);
    CHECK(bench.resting(1) == 25);
    CHECK(bench.resting(2) == 25);
    for (const Site::Group& group : bench.site.groups) CHECK(!bench.on[group.loads.first]);
    bench.release("d");
    CHECK(std::ranges::count(bench.on, false) == 0);
}

TEST_CASE("the groups of one customer count together") {
    Bench bench{{{"old", "acme", 50, 34'000}, {"new", "acme", 50, 17'500}, {"other", "basin", 100, 25'000}}};
    bench.call("d", 300_kW);
    CHECK(bench.resting(0) == 50);  // The worst of acme's.
    CHECK(bench.resting(1) == 0);
    CHECK(bench.resting(2) == 50);
}

TEST_CASE("who agreed to a greater share gives more") {
    std::vector<Of> terms = three;
    terms[2].share_ppm = 3'000'000;
    Bench bench{terms};
    bench.call("d", 420_kW);  // Sixty of two hundred: a fifth of those at one share, three fifths of those at three.
    CHECK(bench.resting(0) == 20);
    CHECK(bench.resting(1) == 10);
    CHECK(bench.resting(2) == 30);
}

TEST_CASE("machines of the site's own stand where they stood") {
    std::vector<Of> terms = three;
    terms.insert(terms.begin(), {"own", "", 20, 40'000});
    Bench bench{terms};
    bench.call("d", 600_kW);
    CHECK(bench.resting(0) == 20);
    CHECK(std::ranges::count(bench.on, false) == 20);
}

TEST_CASE("who has rested longer this month goes later, from an epoch on") {
    Bench bench{{{"a", "acme", 50, 20'000}, {"b", "basin", 50, 20'000}}};
    bench.run(1s, {OperatorWord{Word::lockout, "b", "jo", "repair", {}}});
    bench.call("first", 90_kW);  // Of acme's alone.
    const std::size_t alone = bench.resting(0);
    REQUIRE(alone > 0);
    bench.run(2h);
    CHECK(bench.rested("acme") >= 2h * static_cast<std::int64_t>(alone) / 50);
    CHECK(bench.rested("basin") == 0s);  // A person did that, and nobody's limit.
    bench.run(1s, {OperatorWord{Word::clear, "b", "jo", "repaired", {}}});
    bench.release("first");
    REQUIRE(std::ranges::count(bench.on, false) == 0);
    bench.new_epoch();
    bench.call("second", 180_kW);
    CHECK(bench.resting(0) == 0);
    CHECK(bench.resting(1) == 40);
}

TEST_CASE("who has rested for as long as was promised goes last, and is told of, and what must go still goes") {
    Bench bench{{{"a", "acme", 50, 20'000, 1'000'000, 1h}, {"b", "basin", 50, 17'500}}};
    bench.call("first", 3_kW);
    std::size_t told = 0;
    for (int minutes = 0; minutes < 90; ++minutes) {
        for (const Note& note : bench.run(60s)) told += note.kind == NoteKind::rest_spent;
        if (minutes == 59) bench.new_epoch();  // The very minute in which it is used up.
    }
    CHECK(told == 1);
    bench.release("first");
    bench.new_epoch();
    bench.call("second", 180_kW);
    CHECK(bench.resting(0) == 0);
    CHECK(bench.resting(1) == 40);
    bench.call("third", 0_W);
    CHECK(bench.resting(0) == 50);
}

TEST_CASE("a price that its owner's strike does not withstand is no rest for others") {
    Bench bench{three};
    bench.price(Price{60'000'000}, 3h);
    CHECK(bench.resting(0) == 100);
    bench.run(2h);
    CHECK(bench.rested("acme") == 0s);
    bench.call("d", 0_W);  // Asked as well: it rests for its own sake all the same.
    bench.run(30min);
    CHECK(bench.rested("acme") == 0s);
}

TEST_CASE("a month begins with nothing, and a restart forgets nothing") {
    Bench bench{three};
    bench.now.utc = Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 30}} + 20h;
    bench.call("d", 300_kW);
    bench.run(3h);
    const Duration november = bench.rested("acme");
    CHECK(november >= 3h / 2);
    const Engine again = bench.made(bench.engine.snapshot(bench.now));
    CHECK(Bench::rested_in(again, "acme") == november);
    Bench later{three};
    later.now = {bench.now.utc + 10min, bench.now.steady + 10min};  // Another process, ten minutes afterwards: they rested on.
    CHECK(Bench::rested_in(later.made(bench.engine.snapshot(bench.now)), "acme") >= november + 290s);
    bench.run(2h);  // An hour of it in December.
    const Duration december = bench.rested("acme");
    CHECK(december > 20min);
    CHECK(december < 40min);
}
