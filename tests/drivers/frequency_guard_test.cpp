#include "drivers/switchgear/frequency_guard.hpp"
#include "tests/catch.hpp"
#include "tests/drivers/modbus_peer.hpp"
#include "tests/support/run_drivers.hpp"

#include <mutex>

using namespace ballast;
using namespace ballast::drivers;
using support::Bytes;
using support::DriverBench;
using support::ModbusPeer;
using namespace std::chrono_literals;

namespace {

/// A meter that shows what the test says, one word after the other, and then the last one for ever. 0 Hz steps are words too.
struct Meter {
    std::mutex mutex;
    std::vector<std::uint16_t> script{6'000};
    int last = 0;  ///< So often the script's last word was said.
    std::atomic<bool> silent = false;
    std::atomic<int> reads = 0;
    ModbusPeer peer{[this](const Bytes& request, int socket) {
        ++reads;
        if (silent) return true;
        const std::lock_guard lock{mutex};
        const std::uint16_t word = script.front();
        if (script.size() > 1) script.erase(script.begin());
        else ++last;
        return ModbusPeer::send(socket, ModbusPeer::registers(request, {word}));
    }};
    void shows(std::vector<std::uint16_t> words) {
        const std::lock_guard lock{mutex};
        script = std::move(words);
        last = 0;
    }
    /// All of the script was asked for, and its last word twice: the first time it has been judged.
    bool said_all() {
        const std::lock_guard lock{mutex};
        return last >= 2;
    }
};

struct Gear {
    std::mutex mutex;
    std::vector<std::pair<int, bool>> writes;  ///< Coil, value.
    ModbusPeer peer{[this](const Bytes& request, int socket) {
        const std::lock_guard lock{mutex};
        if (request[7] == 5) writes.emplace_back(request[9], request[10] == 0xFF);
        return ModbusPeer::send(socket, request);
    }};
    std::vector<std::pair<int, bool>> written() {
        const std::lock_guard lock{mutex};
        return writes;
    }
};

ModbusUnit unit_of(const ModbusPeer& peer) { return {TcpEndpoint{"127.0.0.1", peer.port()}, 1, Duration{500}}; }

FrequencyGuardSettings settings_of(const Meter& meter, const Gear& gear) {
    FrequencyGuardSettings settings;
    settings.source = SourceId{3};
    settings.meter = {"uf", unit_of(meter.peer), {ModbusTable::holding, 0, wire::RegisterType::uint16, wire::WordOrder::abcd}, 10, Frequency{54'000}, Frequency{66'000}};
    settings.period = 10ms;
    settings.stages = {Frequency{59'500}, Frequency{59'300}};
    settings.restore_above = Frequency{59'900};
    settings.coils = {{0, {unit_of(gear.peer), 4}}, {1, {unit_of(gear.peer), 5}}, {2, {unit_of(gear.peer), 6}}};
    return settings;
}

TripTable table(std::uint64_t id, std::vector<Slot> first, std::vector<Slot> second) { return {OrderId{id}, GuardId{0}, {std::move(first), std::move(second)}}; }

}  // namespace

TEST_CASE("readings below a stage, one after the other, open what the table says at once") {
    Meter meter;
    Gear gear;
    DriverBench bench;
    ModbusBuses buses;
    FrequencyGuard guard{settings_of(meter, gear), buses};
    bench.run(guard);
    REQUIRE(bench.until([&] { return bench.count<FrequencyReading>() > 0; }));
    CHECK(bench.all<FrequencyReading>()[0].latest == Frequency{60'000});

    meter.shows({5'940, 5'940, 5'940, 6'000});
    REQUIRE(bench.until([&] { return meter.said_all(); }));
    CHECK(bench.count<Tripped>() == 0);  // Nothing is armed yet.

    guard.arm(table(7, {0, 1}, {2}));
    meter.shows({5'940, 6'000, 5'940, 6'000});
    REQUIRE(bench.until([&] { return meter.said_all(); }));
    bench.pass(100ms);
    CHECK(bench.count<Tripped>() == 0);  // One alone is none.

    meter.shows({5'945, 5'940, 5'941, 5'942});
    REQUIRE(bench.until([&] { return bench.count<Tripped>() == 1 && gear.written().size() == 2; }));
    const Tripped first = bench.all<Tripped>()[0];
    CHECK(first.table == OrderId{7});
    CHECK(first.stage == 1);
    CHECK(first.frequency == Frequency{59'400});
    CHECK(first.sent >= first.taken);
    CHECK(first.contactors == std::vector<Slot>{0, 1});
    CHECK(gear.written() == std::vector<std::pair<int, bool>>{{4, false}, {5, false}});
    bench.pass(200ms);
    CHECK(bench.count<Tripped>() == 1);  // Once a table.
    CHECK(gear.written().size() == 2);

    meter.shows({5'920});
    REQUIRE(bench.until([&] { return bench.count<Tripped>() == 2; }));
    CHECK(bench.all<Tripped>()[1].stage == 2);
    CHECK(bench.all<Tripped>()[1].contactors == std::vector<Slot>{2});
    CHECK(bench.all<FrequencyReading>().back().lowest < Frequency{59'900});

    guard.arm(table(9, {}, {1}));  // Another table: its stages have not tripped.
    REQUIRE(bench.until([&] { return bench.count<Tripped>() == 3; }));
    CHECK(bench.all<Tripped>()[2].table == OrderId{9});
    CHECK(bench.all<Tripped>()[2].contactors == std::vector<Slot>{1});
    REQUIRE(bench.stop());
}

TEST_CASE("a meter that is silent or says what cannot be trips nothing, and breaks off the run of readings") {
    Meter meter;
    Gear gear;
    DriverBench bench;
    ModbusBuses buses;
    auto settings = settings_of(meter, gear);
    settings.meter.unit.timeout = Duration{50};
    FrequencyGuard guard{settings, buses};
    guard.arm(table(7, {0}, {1}));
    bench.run(guard);
    for (const std::uint16_t nonsense : {std::uint16_t{0}, std::uint16_t{1'000}, std::uint16_t{0xFFFF}, std::uint16_t{9'999}}) {
        meter.shows({nonsense, nonsense, nonsense, 5'940, nonsense, 5'940, 6'000});
        REQUIRE(bench.until([&] { return meter.said_all(); }));
    }
    REQUIRE(bench.until([&] { return bench.count<Rejected>() >= 4; }));
    CHECK(bench.all<Rejected>()[0].source == SourceId{3});
    CHECK(bench.all<Rejected>()[0].detail.find("uf meter") == 0);
    meter.silent = true;
    const int before = meter.reads;
    REQUIRE(bench.until([&] { return meter.reads > before + 3; }));
    CHECK(bench.count<Tripped>() == 0);
    CHECK(gear.written().empty());
    REQUIRE(bench.stop());
}

TEST_CASE("a dry run tells of the trip and writes no coil") {
    Meter meter;
    Gear gear;
    DriverBench bench;
    ModbusBuses buses;
    auto settings = settings_of(meter, gear);
    settings.send = false;
    FrequencyGuard guard{settings, buses};
    guard.arm(table(7, {0}, {1}));
    meter.shows({5'920});
    bench.run(guard);
    REQUIRE(bench.until([&] { return bench.count<Tripped>() == 1; }));
    CHECK(bench.all<Tripped>()[0].contactors == std::vector<Slot>{0, 1});
    bench.pass(200ms);
    CHECK(gear.written().empty());
    REQUIRE(bench.stop());
}
