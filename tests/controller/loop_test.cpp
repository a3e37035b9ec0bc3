#include "controller/loop.hpp"

#include "controller/clock.hpp"
#include "policies/dispatch.hpp"
#include "tests/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

/// Ten miners of 100 kW and a utility.
Site ten_miners() {
    Site site;
    site.name = "ten";
    site.meters = {{"poi", 5s, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"utility", OnStale::hold, 0ms, 5s}};
    site.policies = {"obligations"};
    for (int i = 0; i < 10; ++i) site.loads.push_back({"m-" + std::to_string(i), 100_kW, 30'000, 50_per_MWh});
    site.groups = {{.name = "miners", .driver = "luxos", .loads = {0, 10}, .tier = Tier::interruptible}};
    return site;
}

std::vector<Policy> obligations() { return {policies::dispatch({.policy = PolicyId{0}, .sources = {SourceId{0}}})}; }

/// Says what the test wants of each record, and remembers what the engine was told of its health.
struct ScriptedJournal : Journal {
    std::function<Written()> next = [] { return Written::yes; };
    std::vector<bool> told;
    std::vector<Event> heard;

    asio::awaitable<Written> begin_epoch(EpochStart) override { co_return Written::yes; }
    asio::awaitable<Written> append(StepRecord step) override {
        heard.insert(heard.end(), step.heard.begin(), step.heard.end());
        for (const Event& event : step.heard)
            if (const auto* health = std::get_if<JournalHealth>(&event)) told.push_back(health->writes);
        co_return next();
    }
    std::string trouble() const override { return {}; }
};

struct RecordingDriver : Driver {
    std::vector<Order> orders;
    asio::awaitable<void> run(Mailbox&) override { co_return; }
    void submit(const Order& order) override { orders.push_back(order); }
};

/// A loop over those, run for a while.
struct Bench {
    asio::io_context io;
    ScriptedJournal journal;
    RecordingDriver driver;
    std::unique_ptr<Loop> loop;
    Mailbox mailbox{10, 1, [this] { loop->notify(); }};

    explicit Bench(const Snapshot& start = {}, LoopSettings settings = {}, std::vector<Event> waiting = {}) {
        loop = std::make_unique<Loop>(io, Engine{ten_miners(), obligations(), start, read_clocks().now}, mailbox, journal,
                                      std::vector<Driver*>{&driver}, std::move(settings));
        for (Event& event : waiting) mailbox.put(std::move(event));
        asio::co_spawn(io, loop->run(), asio::detached);
    }
    void run_for(Duration time) { io.restart(), io.run_for(time); }
    ~Bench() {
        loop->stop();
        run_for(1s);
    }
};

}  // namespace

TEST_CASE("a load that answered wakes nobody, and is told with what comes next") {
    int woken = 0;
    Mailbox box{10, 1, [&] { ++woken; }};
    box.put(Answered{{3, 4}});
    CHECK(woken == 0);
    box.put(LoadReading{{5, 6}, Mode::running, Quality::measured, 100_kW, Steady{1s}});
    CHECK(woken == 1);
    std::vector<Event> heard;
    box.drain(heard);
    REQUIRE(heard.size() == 2);
    CHECK(std::get<LoadReading>(heard[0]).loads == Range{5, 6});
    CHECK(std::get<Answered>(heard[1]).loads == Range{3, 4});
    box.put(Answered{{3, 4}});
    box.drain(heard);  // As when the loop looks in by itself.
    REQUIRE(heard.size() == 1);
}

TEST_CASE("what lowers and was not seen to be obeyed is sent again by whoever takes over") {
    const Now now = read_clocks().now;
    Engine before{ten_miners(), obligations(), {}, now};
    Signal wish{.source = SourceId{0}, .kind = SignalKind::dispatch, .id = "d-1"};
    wish.issued = wish.start = now.utc;
    wish.ask = Ask::absolute;
    wish.power = 450_kW;
    const auto orders = before.step(now, std::vector<Event>{wish}).orders;
    REQUIRE(orders.size() == 1);
    const Order sent = orders[0];
    REQUIRE(sent.loads.size() > 1);
    // One had obeyed before the process died.
    before.step(now, std::vector<Event>{LoadReading{{sent.loads.first, sent.loads.first + 1}, Mode::asleep, Quality::measured, 0_W, now.steady}});

    Bench after{before.snapshot(now)};
    after.run_for(50ms);
    REQUIRE(after.driver.orders.size() == 1);
    CHECK(after.driver.orders[0].id == sent.id);
    CHECK(after.driver.orders[0].rung == Rung::sleep);
    CHECK(after.driver.orders[0].loads == Range{sent.loads.first + 1, sent.loads.last});

    Bench dry{before.snapshot(now), {.send = false}};
    dry.run_for(50ms);
    CHECK(dry.driver.orders.empty());
}

namespace {

/// A site that slept for a dispatch and was just told to wake, and by now nobody has been seen to.
Engine just_woken(Now now) {
    Engine engine{ten_miners(), obligations(), {}, now};
    Signal wish{.source = SourceId{0}, .kind = SignalKind::dispatch, .id = "d-1"};
    wish.issued = wish.start = now.utc;
    engine.step(now, std::vector<Event>{wish, MeterReading{MeterId{0}, 1_MW, now.steady, Quality::measured}});
    engine.step(now, std::vector<Event>{LoadReading{{0, 10}, Mode::asleep, Quality::measured, 0_W, now.steady}, MeterReading{MeterId{0}, 0_W, now.steady, Quality::measured}});
    wish.kind = SignalKind::release;
    wish.issued += 1ms;
    const auto orders = engine.step(now, std::vector<Event>{wish}).orders;
    REQUIRE(orders.size() == 1);
    REQUIRE(orders[0].rung == Rung::wake);
    return engine;
}

}  // namespace

TEST_CASE("wakes that a reload may have dropped are sent again once their engine has decided anew, unless something speaks against it") {
    const Now now = read_clocks().now;
    const Engine before = just_woken(now);

    Bench after{before.snapshot(now)};
    after.run_for(50ms);
    REQUIRE(after.driver.orders.size() == 1);
    CHECK(after.driver.orders[0].rung == Rung::wake);
    CHECK(after.driver.orders[0].id == before.last_order());
    CHECK(after.driver.orders[0].loads == Range{0, 10});

    Bench locked{before.snapshot(now), {}, {OperatorWord{Word::lockout, "miners", "eva", "maintenance"}}};
    locked.run_for(50ms);
    for (const Order& order : locked.driver.orders) CHECK(order.rung == Rung::sleep);

    Bench slow{before.snapshot(now)};
    slow.journal.next = [] { return Written::late; };
    slow.run_for(50ms);
    CHECK(slow.driver.orders.empty());
}

namespace {

struct RecordingTripper : Tripper {
    std::vector<TripTable> tables;
    void arm(const TripTable& table) override { tables.push_back(table); }
};

/// A loop over one contactor and its guard.
struct Guarded {
    asio::io_context io;
    ScriptedJournal journal;
    RecordingDriver driver;
    RecordingTripper tripper;
    std::unique_ptr<Loop> loop;
    Mailbox mailbox{1, 0, [this] { loop->notify(); }};

    static Site site() {
        Site site;
        site.sources = {{"uf meter", OnStale::hold}};
        site.policies = {"uf"};
        site.loads = {{"block", 1_MW}};
        site.groups = {{.name = "block", .driver = "contactor", .loads = {0, 1}, .tier = Tier::interruptible}};
        site.guards = {{PolicyId{0}, SourceId{0}, {{Frequency{59'500}, {0}}}, Frequency{59'900}, 300s}};
        return site;
    }
    explicit Guarded(std::function<Written()> next) {
        journal.next = std::move(next);
        loop = std::make_unique<Loop>(io, Engine{site(), {}, {}, read_clocks().now}, mailbox, journal, std::vector<Driver*>{&driver}, LoopSettings{.trippers = {&tripper}});
        asio::co_spawn(io, loop->run(), asio::detached);
    }
    ~Guarded() {
        loop->stop();
        run_for(1s);
    }
    void run_for(Duration time) { io.restart(), io.run_for(time); }
    void says(Event event) {
        mailbox.put(std::move(event));
        run_for(20ms);
    }
};

FrequencyReading nominal() { return {GuardId{0}, Frequency{60'000}, Frequency{60'000}, read_clocks().now.steady}; }

}  // namespace

TEST_CASE("no table is armed that the journal does not have: the last one stays, less what may no more be opened") {
    Written written = Written::late;
    Guarded bench{[&] { return written; }};
    bench.run_for(20ms);
    CHECK(bench.tripper.tables.empty());
    written = Written::yes;  // A later yes covers what was late.
    bench.says(nominal());
    REQUIRE(bench.tripper.tables.size() == 1);
    CHECK(bench.tripper.tables[0].stages == std::vector<std::vector<Slot>>{{0}});

    written = Written::missed;
    bench.says(OperatorWord{Word::lockout, "block", "eva", "maintenance"});
    REQUIRE(bench.tripper.tables.size() == 2);  // A lockout waits for no disk.
    CHECK(bench.tripper.tables[1].stages == std::vector<std::vector<Slot>>{{}});
    CHECK(bench.tripper.tables[1].id == bench.tripper.tables[0].id);
    bench.says(OperatorWord{Word::clear, "block", "eva", "done"});
    CHECK(bench.tripper.tables.size() == 2);  // To allow does.
    bench.says(OperatorWord{Word::lockout, "block", "eva", "maintenance"});
    written = Written::yes;
    bench.run_for(1'500ms);  // An epoch mends the gap, and decides anew.
    bench.says(nominal());
    REQUIRE(bench.tripper.tables.size() == 3);
    CHECK(bench.tripper.tables[2].stages == std::vector<std::vector<Slot>>{{}});
    CHECK(bench.tripper.tables[2].id != bench.tripper.tables[0].id);
}

TEST_CASE("a disk that is slow now and then stops the raises once, not with every write") {
    Bench bench{{}, {.calm = Duration{300}}};
    int writes = 0;
    const auto slow_until = std::chrono::steady_clock::now() + 400ms;
    bench.journal.next = [&] { return std::chrono::steady_clock::now() < slow_until && ++writes % 2 == 1 ? Written::late : Written::yes; };
    for (int i = 0; i < 100; ++i) {
        bench.mailbox.put(MeterReading{MeterId{0}, 1_MW, read_clocks().now.steady, Quality::measured});
        bench.run_for(10ms);
    }
    CHECK(bench.journal.told == std::vector{false, true});
}

TEST_CASE("what drivers tell while they end is journaled and in the snapshot, and what is decided of it is sent by whoever goes on") {
    Bench bench;
    bench.run_for(50ms);
    bench.loop->stop();
    bench.run_for(50ms);
    bench.journal.heard.clear();

    Signal wish{.source = SourceId{0}, .kind = SignalKind::dispatch, .id = "d-1"};
    wish.issued = wish.start = read_clocks().now.utc;
    wish.ask = Ask::full;
    bench.mailbox.put(wish);
    bench.mailbox.put(LoadReading{{0, 1}, Mode::asleep, Quality::measured, 25_W, read_clocks().now.steady});
    const auto last_step = [&] {
        asio::co_spawn(bench.io, bench.loop->last_step(), [](std::exception_ptr failure) { CHECK(!failure); });
        bench.run_for(50ms);
    };
    last_step();
    REQUIRE(bench.journal.heard.size() == 2);
    CHECK(bench.loop->engine().state().loads[0].mode == Mode::asleep);
    CHECK(bench.driver.orders.empty());

    last_step();
    CHECK(bench.journal.heard.size() == 2);  // Nothing to tell is no step.

    Bench after{bench.loop->engine().snapshot(read_clocks().now)};
    after.run_for(50ms);
    REQUIRE(after.driver.orders.size() == 1);
    CHECK(after.driver.orders[0].loads == Range{1, 10});
}
