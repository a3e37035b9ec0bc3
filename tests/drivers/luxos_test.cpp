#include "drivers/asic/asics.hpp"

#include "controller/clock.hpp"
#include "tests/catch.hpp"
#include "tests/drivers/luxos_miner.hpp"
#include "tests/support/process.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <iostream>
#include <map>

using namespace ballast;
using test::Answer;
using test::Miner;
using Manner = Answer::Manner;
using Asked = std::vector<std::string>;

namespace {

/// A driver with its loop and mailbox, and what it told.
class Rig {
public:
    explicit Rig(std::size_t count = 1) {
        spdlog::set_level(spdlog::level::off);
        settings.slow_after = Duration{50};
        settings.deadline = Duration{2'000};
        for (std::size_t i = 0; i < count; ++i) add();
    }
    ~Rig() { stop(); }

    Miner& add() {
        Miner& miner = miners.emplace_back(context);
        AsicMachine machine;
        machine.slot = static_cast<Slot>(3 + 2 * settings.machines.size());  // Slots need not be neighbours.
        machine.host = "127.0.0.1";
        machine.port = miner.port();
        machine.rated = Power{3'500};
        machine.poll = Duration{3'600'000};
        settings.machines.push_back(machine);
        return miner;
    }

    void start() {
        driver = make_asics(context.get_executor(), settings);
        running = true;
        asio::co_spawn(context, driver->run(mailbox), asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr broken) {
            running = false;
            if (broken) std::rethrow_exception(broken);
        }));
        await([] { return false; }, std::chrono::milliseconds{0});
    }

    void stop() {
        if (!running) return;
        cancel.emit(asio::cancellation_type::terminal);
        await([&] { return !running; });
    }

    template <class Condition>
    bool await(Condition holds, std::chrono::milliseconds within = std::chrono::seconds{20}) {
        for (const auto end = std::chrono::steady_clock::now() + within; !holds();) {
            if (std::chrono::steady_clock::now() >= end) {
                context.poll();
                return holds();
            }
            if (context.stopped()) context.restart();
            context.run_one_for(std::chrono::milliseconds{20});
            drain();
        }
        return true;
    }

    void drain() {
        mailbox.drain(events);
        for (const Event& event : events) {
            if (const auto* r = std::get_if<Receipt>(&event)) receipts.push_back(*r);
            if (const auto* r = std::get_if<LoadReading>(&event)) readings.push_back(*r);
            if (const auto* a = std::get_if<Answered>(&event)) answers += a->loads.size();
            if (const auto* h = std::get_if<HashReading>(&event)) hashes.push_back(*h);
        }
    }

    Slot slot(std::size_t i = 0) const { return settings.machines[i].slot; }

    void order(std::uint64_t id, Rung rung, std::size_t i = 0) {
        Order out;
        out.id = OrderId{id};
        out.loads = {slot(i), slot(i) + 1};
        out.rung = rung;
        driver->submit(out);
    }

    /// Orders, waits, and says how it ended.
    Fate fate_of(std::uint64_t id, Rung rung, std::size_t i = 0) {
        order(id, rung, i);
        const auto it = [&] { return std::ranges::find(receipts, OrderId{id}, &Receipt::order); };
        REQUIRE(await([&] { return it() != receipts.end(); }));
        CHECK(it()->loads == Range{slot(i), slot(i) + 1});
        return it()->fate;
    }

    asio::io_context context{1};
    std::deque<Miner> miners;
    AsicSettings settings;
    Mailbox mailbox{128, 0, [] {}};
    std::unique_ptr<Driver> driver;
    asio::cancellation_signal cancel;
    bool running = false;
    std::vector<Event> events;
    std::vector<Receipt> receipts;
    std::vector<LoadReading> readings;
    std::vector<HashReading> hashes;
    std::size_t answers = 0;
};

/// Answers `command` so, all else as usual.
auto when(std::string command, Answer answer) {
    return [=](const wire::cgminer::Request& request) { return request.command == command ? std::optional{answer} : std::nullopt; };
}

}  // namespace

TEST_CASE("an order logs on and curtails, and the next one needs no logon") {
    Rig rig;
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    CHECK(rig.miners[0].asleep);
    CHECK(rig.fate_of(2, Rung::wake) == Fate::accepted);
    CHECK_FALSE(rig.miners[0].asleep);
    CHECK(rig.miners[0].orders() == Asked{"logon", "curtail yJN2nlj1,sleep", "curtail yJN2nlj1,wakeup"});
    CHECK(rig.receipts.size() == 2);
}

TEST_CASE("somebody else's session is used and never closed") {
    Rig rig;
    rig.miners[0].session = "person01";
    rig.settings.session_rest = Duration{1};
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    CHECK(rig.miners[0].orders() == Asked{"logon", "session", "curtail person01,sleep"});
    rig.await([&] { return rig.miners[0].count("logoff person01") > 0; }, std::chrono::milliseconds{200});
    CHECK(rig.miners[0].session == "person01");
}

TEST_CASE("a session we opened is closed once it has rested, so that people can log on") {
    Rig rig;
    rig.settings.session_rest = Duration{50};
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    CHECK(rig.await([&] { return rig.miners[0].session.empty(); }));
    CHECK(rig.miners[0].orders().back() == "logoff yJN2nlj1");
    CHECK(rig.fate_of(2, Rung::wake) == Fate::accepted);
}

TEST_CASE("a logoff that gets no answer is tried again, and telemetry goes on") {
    Rig rig;
    rig.settings.session_rest = Duration{50};
    rig.settings.deadline = Duration{100};
    rig.settings.machines[0].poll = Duration{100};
    rig.miners[0].script = when("logoff", {Manner::hang, "", {}});
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    REQUIRE(rig.await([&] { return rig.miners[0].count("logoff yJN2nlj1") == 2; }));
    rig.miners[0].script = {};
    CHECK(rig.await([&] { return rig.miners[0].session.empty(); }));
    const auto polls = rig.miners[0].count("power");
    CHECK(rig.await([&] { return rig.miners[0].count("power") > polls; }));
}

TEST_CASE("a session that the device forgot is opened once anew") {
    Rig rig;
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    rig.miners[0].session.clear();
    rig.miners[0].next_session = "fresh002";
    CHECK(rig.fate_of(2, Rung::wake) == Fate::accepted);
    CHECK(rig.miners[0].orders() == Asked{"logon", "curtail yJN2nlj1,sleep", "curtail yJN2nlj1,wakeup", "logon", "curtail fresh002,wakeup"});
}

TEST_CASE("a device that calls every session invalid is refused, not asked for ever") {
    Rig rig;
    rig.miners[0].script = when("curtail", {Manner::close, "{" + Miner::status('E', 401, "Invalid session") + '\0', {}});
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::refused);
    CHECK(rig.miners[0].orders().size() < 12);
}

TEST_CASE("a session id that could smuggle a command is not used") {
    Rig rig;
    rig.miners[0].script = when("logon", {Manner::close, R"({"SESSION":[{"SessionID":"a,wakeup\"}"}],)" + Miner::status('S', 316, "Session") + '\0', {}});
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::refused);
    CHECK(rig.miners[0].orders() == Asked{"logon"});
}

TEST_CASE("a refusal is a receipt, and so is a rung that LuxOS does not have") {
    Rig rig;
    rig.miners[0].script = when("curtail", {Manner::close, "{" + Miner::status('E', 45, "Access denied to 'curtail' command") + '\0', {}});
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::refused);
    CHECK(rig.fate_of(2, Rung::power_off) == Fate::refused);
    CHECK(rig.fate_of(3, Rung::open) == Fate::refused);
}

TEST_CASE("each way of answering badly has its receipt") {
    Rig rig;
    rig.settings.deadline = Duration{400};
    Miner& miner = rig.miners[0];
    Fate expected = Fate::timed_out;
    SECTION("accepts and hangs") { miner.script = when("logon", {Manner::hang, "", {}}); }
    SECTION("hangs after half a reply") { miner.script = when("logon", {Manner::hang, R"({"SESSION":[{"Sess)", {}}); }
    SECTION("drips for ever") { miner.script = when("logon", {Manner::drip, "", {}}); }
    SECTION("garbage") { miner.script = when("logon", {Manner::close, "\xff\xfe<html>not a miner</html>\n", {}}); }
    SECTION("closes without a word") { miner.script = when("logon", {Manner::close, "", {}}); }
    SECTION("oversized") { miner.script = when("logon", {Manner::close, R"({"SESSION":[)" + std::string(200'000, '{'), {}}); }
    SECTION("resets") {
        miner.script = when("logon", {Manner::reset, "", {}});
        expected = Fate::unreachable;
    }
    SECTION("is not there") {
        miner.leave();
        expected = Fate::unreachable;
    }
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == expected);
    CHECK_FALSE(miner.asleep);
}

TEST_CASE("a reply counts however it ends") {
    Rig rig;
    Miner& miner = rig.miners[0];
    const std::string taken = R"({"CURTAIL":[{"Action":"sleep mode"}],)" + Miner::status('S', 335, "Curtailment command sent");
    SECTION("by NUL, the connection staying open") { miner.script = when("curtail", {Manner::keep_open, taken + '\0', {}}); }
    SECTION("by its last bracket") { miner.script = when("curtail", {Manner::keep_open, taken, {}}); }
    SECTION("by a newline") { miner.script = when("curtail", {Manner::keep_open, taken + "\r\n", {}}); }
    SECTION("by the connection's end, cut off after what matters") { miner.script = when("curtail", {Manner::close, taken.substr(0, taken.size() - 60), {}}); }
    SECTION("late, in the slow lane") { miner.script = when("curtail", {Manner::close, taken + '\0', std::chrono::milliseconds{300}}); }
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
}

TEST_CASE("an order does not wait for telemetry that hangs") {
    Rig rig;
    rig.settings.deadline = Duration{60'000};
    rig.miners[0].script = when("power", {Manner::hang, "", {}});
    rig.start();
    REQUIRE(rig.await([&] { return rig.miners[0].count("power") == 1; }));
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
}

TEST_CASE("a refusal of an order on the wire is not one of the newer that waits") {
    Rig rig;
    bool on_the_wire = false;
    std::string refusal = Miner::status('E', 45, "Access denied to 'curtail' command");
    SECTION("refused") {}
    SECTION("its session forgotten") { refusal = Miner::status('E', 401, "Invalid session"); }
    rig.miners[0].script = [&](const wire::cgminer::Request& request) -> std::optional<Answer> {
        if (request.command != "curtail" || std::exchange(on_the_wire, true)) return {};
        return Answer{Manner::close, "{" + refusal + '\0', std::chrono::milliseconds{200}};
    };
    rig.miners[0].asleep = false;
    rig.start();
    rig.order(1, Rung::wake);
    REQUIRE(rig.await([&] { return on_the_wire; }));
    CHECK(rig.fate_of(2, Rung::sleep) == Fate::accepted);
    CHECK(rig.miners[0].asleep);
    REQUIRE(rig.receipts.size() == 2);
    CHECK(rig.receipts[0].order == OrderId{1});
    CHECK(rig.receipts[0].fate == Fate::refused);
}

TEST_CASE("a newer order replaces one that was not sent, which gets no receipt") {
    Rig rig;
    SECTION("still waiting in line") {
        rig.start();
        rig.order(1, Rung::sleep);
    }
    SECTION("its logon under way") {
        rig.miners[0].script = [&](const wire::cgminer::Request& request) -> std::optional<Answer> {
            if (request.command != "logon") return {};
            return Answer{Manner::close, rig.miners[0].reply_to(request) + '\0', std::chrono::milliseconds{200}};
        };
        rig.start();
        rig.order(1, Rung::sleep);
        REQUIRE(rig.await([&] { return rig.miners[0].count("logon") == 1; }));
    }
    CHECK(rig.fate_of(2, Rung::wake) == Fate::accepted);
    rig.await([] { return false; }, std::chrono::milliseconds{100});
    CHECK(rig.receipts.size() == 1);
    CHECK(rig.miners[0].orders() == Asked{"logon", "curtail yJN2nlj1,wakeup"});
}

TEST_CASE("an order that was sent gets its receipt before anything else is asked, telemetry too") {
    Rig rig;
    rig.settings.machines[0].poll = Duration{100};
    rig.miners[0].script = [&](const wire::cgminer::Request& request) -> std::optional<Answer> {
        if (request.command != "curtail") return {};
        return Answer{Manner::close, rig.miners[0].reply_to(request) + '\0', std::chrono::milliseconds{150}};
    };
    rig.start();
    rig.order(1, Rung::sleep);
    REQUIRE(rig.await([&] { return rig.miners[0].count("curtail yJN2nlj1,sleep") == 1; }));
    CHECK(rig.fate_of(2, Rung::wake) == Fate::accepted);
    REQUIRE(rig.receipts.size() == 2);
    CHECK(rig.receipts[0].order == OrderId{1});
    CHECK(rig.miners[0].most_open == 1);
}

TEST_CASE("lowering orders go before raising ones, and a machine is finished before the last is begun") {
    Rig rig{6};
    rig.settings.connections = 1;
    rig.start();
    for (std::size_t i = 0; i < 3; ++i) rig.order(i, Rung::wake, i);
    for (std::size_t i = 3; i < 6; ++i) rig.order(i, Rung::sleep, i);
    REQUIRE(rig.await([&] { return rig.receipts.size() == 6; }));
    std::vector<std::uint64_t> ids;
    for (const Receipt& receipt : rig.receipts) ids.push_back(static_cast<std::uint64_t>(receipt.order));
    CHECK(ids == std::vector<std::uint64_t>{3, 4, 5, 0, 1, 2});
}

TEST_CASE("hung machines do not cost the others: the slow lane") {
    Rig rig{40};
    rig.settings.connections = 2;
    rig.settings.slow_connections = 64;
    rig.settings.slow_after = Duration{30};
    rig.settings.deadline = Duration{60'000};
    for (std::size_t i = 0; i < 40; i += 2) rig.miners[i].script = when("logon", {Manner::hang, "", {}});
    rig.start();
    for (std::size_t i = 0; i < 40; ++i) rig.order(i, Rung::sleep, i);
    CHECK(rig.await([&] { return rig.receipts.size() == 20; }));
    CHECK(std::ranges::all_of(rig.receipts, [](const Receipt& r) { return r.fate == Fate::accepted && static_cast<std::uint64_t>(r.order) % 2 == 1; }));
}

TEST_CASE("who answers with another MAC is never ordered") {
    Rig rig;
    rig.settings.machines[0].mac = "62-F7-5E-00-00-01";
    bool seen_first = false;
    SECTION("found out by telemetry") { seen_first = true; }
    SECTION("found out by the order itself") { rig.miners[0].script = when("power", {Manner::hang, "", {}}); }
    rig.start();
    if (seen_first) {
        REQUIRE(rig.await([&] { return !rig.readings.empty(); }));
        CHECK(rig.readings[0].quality == Quality::bad);
        CHECK(rig.readings[0].mode == Mode::unknown);
        CHECK(rig.answers == 0);
    }
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::refused);
    CHECK(rig.miners[0].orders().empty());
    CHECK_FALSE(rig.miners[0].asleep);
}

TEST_CASE("the machine of the inventory is ordered, though its address is checked first") {
    Rig rig;
    rig.settings.machines[0].mac = "62f75eb71046";
    rig.start();
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    const auto& asked = rig.miners[0].asked;
    CHECK(std::ranges::find(asked, "config") < std::ranges::find(asked, "logon"));
    CHECK(std::ranges::count(asked, "logon") == 1);
}

TEST_CASE("telemetry is news by exception") {
    Rig rig;
    rig.settings.machines[0].poll = Duration{100};
    rig.start();
    REQUIRE(rig.await([&] { return rig.answers >= 2; }));
    REQUIRE(rig.readings.size() == 1);
    CHECK(rig.readings[0].mode == Mode::running);
    CHECK(rig.readings[0].quality == Quality::measured);
    CHECK(rig.readings[0].power == Power{3'400});
    CHECK(rig.miners[0].count("config") == 1);
    CHECK(rig.miners[0].count("summary") == 0);
    rig.miners[0].watts = 3'300;
    REQUIRE(rig.await([&] { return rig.readings.size() == 2; }));
    CHECK(rig.readings[1].power == Power{3'300});
    rig.miners[0].asleep = true;  // By somebody else.
    REQUIRE(rig.await([&] { return rig.readings.size() == 3; }));
    CHECK(rig.readings[2].mode == Mode::asleep);
}

TEST_CASE("a machine that others tell of too says anew what it does after a silence") {
    const bool shared = GENERATE(false, true);
    Rig rig;
    rig.settings.machines[0].shared = shared;
    rig.settings.machines[0].poll = Duration{100};
    rig.start();
    REQUIRE(rig.await([&] { return rig.readings.size() == 1; }));
    int unanswered = 0;
    rig.miners[0].script = [&](const auto&) { return ++unanswered, Answer{Manner::reset, "", {}}; };  // As when its outlet is turned off, and on again.
    REQUIRE(rig.await([&] { return unanswered > 1; }));
    rig.miners[0].script = {};
    const std::size_t answers = rig.answers;
    REQUIRE(rig.await([&] { return rig.answers > answers + 2; }));
    CHECK(rig.readings.size() == (shared ? 2u : 1u));
}

TEST_CASE("where power is only estimated, hashing decides") {
    Rig rig;
    rig.miners[0].measures = false;
    rig.start();
    REQUIRE(rig.await([&] { return rig.readings.size() == 1; }));
    CHECK(rig.readings[0].mode == Mode::running);
    CHECK(rig.readings[0].quality == Quality::estimated);
    CHECK(rig.miners[0].count("summary") == 1);
}

TEST_CASE("an accepted order is looked after until the machine is seen to obey") {
    Rig rig;
    rig.start();
    REQUIRE(rig.await([&] { return rig.readings.size() == 1; }));
    CHECK(rig.fate_of(1, Rung::sleep) == Fate::accepted);
    REQUIRE(rig.await([&] { return rig.readings.size() == 2; }));
    CHECK(rig.readings[1].mode == Mode::asleep);
    CHECK(rig.readings[1].power == Power{25});
}

TEST_CASE("telemetry that is garbage says nothing, and heals") {
    Rig rig;
    rig.settings.machines[0].poll = Duration{100};
    rig.miners[0].script = when("power", {Manner::close, "???", {}});
    rig.start();
    REQUIRE(rig.await([&] { return rig.miners[0].count("power") >= 3; }));
    CHECK(rig.readings.empty());
    CHECK(rig.answers == 0);
    rig.miners[0].script = {};
    CHECK(rig.await([&] { return rig.readings.size() == 1; }));
}

TEST_CASE("a host may be a name, resolved once") {
    Rig rig;
    rig.settings.machines[0].host = "localhost";
    rig.start();
    CHECK(rig.await([&] {
        if (rig.receipts.empty() || rig.receipts.back().fate != Fate::accepted) rig.order(rig.receipts.size() + 1, Rung::sleep);
        rig.await([] { return false; }, std::chrono::milliseconds{20});
        return !rig.receipts.empty() && rig.receipts.back().fate == Fate::accepted;
    }));
}

TEST_CASE("an inventory that cannot be right is refused at the start") {
    asio::io_context context;
    AsicSettings settings;
    settings.machines = {AsicMachine{.slot = 1, .name = "a", .host = "127.0.0.1", .port = 1, .mac = "hello", .rated = Power{1}}};
    CHECK_THROWS_AS(make_asics(context.get_executor(), settings), std::invalid_argument);
    settings.machines[0].mac.clear();
    settings.machines.push_back(settings.machines[0]);
    CHECK_THROWS_AS(make_asics(context.get_executor(), settings), std::invalid_argument);
}

TEST_CASE("it ends cleanly at any moment") {
    Rig rig{8};
    for (Miner& miner : rig.miners) miner.script = when("logon", {Manner::hang, "", {}});
    SECTION("before it ran") { rig.driver = make_asics(rig.context.get_executor(), rig.settings); }
    SECTION("cancelled with exchanges open") {
        rig.start();
        for (std::size_t i = 0; i < 8; ++i) rig.order(i, Rung::sleep, i);
        CHECK(rig.await([&] { return rig.miners[7].count("logon") == 1; }));
        rig.stop();
        CHECK_FALSE(rig.running);
        rig.order(99, Rung::sleep);
        rig.await([] { return false; }, std::chrono::milliseconds{50});
        CHECK(rig.receipts.empty());
    }
    SECTION("destroyed with exchanges open, its coroutine never resumed") {
        rig.start();
        for (std::size_t i = 0; i < 8; ++i) rig.order(i, Rung::sleep, i);
        CHECK(rig.await([&] { return rig.miners[7].count("logon") == 1; }));
        rig.running = false;
    }
    SECTION("destroyed, and the loop goes on") {
        rig.start();
        rig.order(1, Rung::sleep);
        rig.driver.reset();
        rig.running = false;
        rig.await([] { return false; }, std::chrono::milliseconds{50});
        CHECK(rig.receipts.empty());
    }
}

TEST_CASE("a thousand miners of the yardstick's fleet, one in twenty hung") {
    const char* given = std::getenv("BALLAST_SHARED");
    const std::filesystem::path source = (given ? std::filesystem::path{given} : std::filesystem::path{PROJECT_DIR} / ".." / "shared") / "bench" / "luxos_fleet.cpp";
    if (!std::filesystem::exists(source)) {
        std::cout << "skipped: no " << source << " (set BALLAST_SHARED)\n";
        return;
    }
    const support::ScratchFolder scratch{SCRATCH_DIR};
    const std::string binary = (scratch.path() / "luxos_fleet").string();
    REQUIRE(support::run({"g++", "-std=c++20", "-O1", source.string(), "-o", binary}) == 0);
    const std::uint16_t port = support::free_port();
    const support::Process fleet{{binary, "1000", std::to_string(port), "5", "5"}};
    REQUIRE(support::await([&] { return support::listens(port); }));

    spdlog::set_level(spdlog::level::off);
    asio::io_context context{1};
    Mailbox mailbox{1'000, 0, [] {}};
    AsicSettings settings;
    settings.deadline = Duration{3'000};
    for (Slot i = 0; i < 1'000; ++i) {
        AsicMachine machine;
        machine.slot = i;
        machine.host = fmt::format("127.20.{}.{}", i / 250, i % 250 + 1);
        machine.port = port;
        machine.rated = Power{3'500};
        settings.machines.push_back(machine);
    }
    const auto driver = make_asics(context.get_executor(), settings);
    asio::co_spawn(context, driver->run(mailbox), [](std::exception_ptr broken) { CHECK_FALSE(broken); });
    Order order;
    order.id = OrderId{1};
    order.loads = {0, 1'000};
    order.rung = Rung::sleep;
    driver->submit(order);
    std::vector<Event> events;
    std::map<Fate, int> fates;
    std::size_t asleep = 0;
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
         (fates[Fate::accepted] + fates[Fate::timed_out] < 1'000 || asleep < 950) && std::chrono::steady_clock::now() < end;) {
        context.run_one_for(std::chrono::milliseconds{50});
        mailbox.drain(events);
        for (const Event& event : events) {
            if (const auto* receipt = std::get_if<Receipt>(&event)) ++fates[receipt->fate];
            if (const auto* reading = std::get_if<LoadReading>(&event)) asleep += reading->mode == Mode::asleep;
        }
    }
    CHECK(fates[Fate::accepted] == 950);
    CHECK(fates[Fate::timed_out] == 50);
    CHECK(asleep == 950);
}

TEST_CASE("a machine whose summary hangs is asked for it now and then, and polled all the same") {
    Rig rig;
    rig.settings.machines[0].poll = Duration{50};
    rig.settings.hash_every = Duration{1'000};
    rig.settings.deadline = Duration{300};
    rig.miners[0].script = [](const wire::cgminer::Request& request) -> std::optional<Answer> {
        if (request.command == "summary") return Answer{Manner::hang, "", {}};
        return std::nullopt;
    };
    rig.start();
    REQUIRE(rig.await([&] { return rig.miners[0].count("summary") >= 3; }));
    CHECK(rig.answers + rig.readings.size() > 3 * rig.miners[0].count("summary"));
    CHECK(rig.hashes.empty());
}

TEST_CASE("a machine that runs and measures says now and then what it hashes for its watts") {
    Rig rig{3};
    for (auto& machine : rig.settings.machines) machine.poll = Duration{100};
    rig.settings.hash_every = Duration{400};
    rig.miners[1].asleep = true;
    rig.miners[2].measures = false;  // Its watts are its profile's.
    rig.start();
    REQUIRE(rig.await([&] { return rig.hashes.size() >= 3; }));
    for (const HashReading& h : rig.hashes) CHECK(h == HashReading{rig.slot(0), Power{3'400}, 61'506});
    CHECK(rig.miners[0].count("summary") <= rig.hashes.size() + 1);
    CHECK(rig.miners[0].count("power") > 2 * rig.miners[0].count("summary"));
    CHECK(rig.miners[1].count("summary") == 0);
}
