#include "drivers/meters/modbus_meter.hpp"
#include "drivers/signals/modbus_signals.hpp"
#include "drivers/switchgear/contactor.hpp"
#include "drivers/switchgear/heartbeat.hpp"
#include "tests/catch.hpp"
#include "tests/drivers/modbus_peer.hpp"
#include "tests/support/run_drivers.hpp"

#include <map>
#include <mutex>

using namespace ballast;
using namespace ballast::drivers;
using support::Bytes;
using support::DriverBench;
using support::ModbusPeer;
using namespace std::chrono_literals;

namespace {

/// A unit with a few registers and bits, which counts what it is asked.
struct Unit {
    std::mutex mutex;
    std::vector<std::uint16_t> holding = std::vector<std::uint16_t>(32);
    std::vector<bool> bits = std::vector<bool>(32);
    std::vector<bool> writes;          ///< Values written to any coil, in order.
    std::atomic<bool> silent = false, refuses_writes = false;
    std::atomic<int> reads = 0;
    ModbusPeer peer{[this](const Bytes& request, int socket) { return answer(request, socket); }};

    bool answer(const Bytes& request, int socket) {
        if (silent) return true;
        const std::lock_guard lock{mutex};
        const std::size_t address = request[9];
        if (request[7] == 5) {
            if (refuses_writes) return ModbusPeer::send(socket, ModbusPeer::exception(request, 4));
            bits[address] = request[10] == 0xFF;
            writes.push_back(bits[address]);
            return ModbusPeer::send(socket, request);
        }
        ++reads;
        if (request[7] <= 2) {
            const std::uint8_t bit = bits[address] ? 1 : 0;
            return ModbusPeer::send(socket, ModbusPeer::with_header(request, {request[7], 1, bit}));
        }
        const auto first = holding.begin() + static_cast<std::ptrdiff_t>(address);
        return ModbusPeer::send(socket, ModbusPeer::registers(request, {first, first + request[11]}));
    }
    void set(std::size_t address, std::uint16_t word) {
        const std::lock_guard lock{mutex};
        holding[address] = word;
    }
    void set_bit(std::size_t address, bool on) {
        const std::lock_guard lock{mutex};
        bits[address] = on;
    }
    std::vector<bool> written() {
        const std::lock_guard lock{mutex};
        return writes;
    }
    ModbusUnit unit(std::uint8_t id = 1) const { return {TcpEndpoint{"127.0.0.1", peer.port()}, id, Duration{2'000}}; }
};

PowerRegister power_register(const Unit& unit, std::uint8_t id = 1) {
    PowerRegister settings;
    settings.name = "poi";
    settings.unit = unit.unit(id);
    settings.value = {ModbusTable::holding, 0, wire::RegisterType::uint16, wire::WordOrder::abcd};
    settings.period = Duration{20};
    settings.scale_w = 1'000;
    return settings;
}

LimitSignal limit_signal(const Unit& unit) {
    LimitSignal settings;
    settings.watch.name = "rtu-limit";
    settings.watch.source = SourceId{3};
    settings.watch.unit = unit.unit();
    settings.watch.value = {ModbusTable::holding, 10, wire::RegisterType::uint16, wire::WordOrder::abcd};
    settings.watch.period = Duration{20};
    settings.watch.unit_name = "kW";
    settings.watch.unit_size = 1'000;
    settings.watch.plausible_min = 500;
    settings.watch.plausible_max = 50'000;
    settings.none = 65'535;
    return settings;
}

ContactorSettings block(const Unit& unit, Slot load, std::uint16_t coil) {
    ContactorSettings settings;
    settings.name = "block";
    settings.load = load;
    settings.unit = unit.unit();
    settings.coil = coil;
    settings.feedback = {ModbusTable::coil, coil, true};
    settings.poll = Duration{50};
    settings.close_stagger = Duration{600'000};
    return settings;
}

Order order(std::uint64_t id, Slot load, Rung rung) {
    Order made;
    made.id = OrderId{id};
    made.loads = {load, load + 1};
    made.rung = rung;
    return made;
}

}  // namespace

TEST_CASE("meters on one endpoint share its bus, and each puts watts with its own time") {
    Unit unit;
    unit.set(0, 39'500);
    DriverBench bench;
    ModbusBuses buses;
    ModbusMeter meter{MeterId{1}, power_register(unit, 1), buses};
    MeteredLoad hall{Slot{2}, power_register(unit, 3), buses};
    bench.run(meter);
    bench.run(hall);
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() >= 3 && bench.count<LoadReading>() >= 3; }));
    const auto readings = bench.all<MeterReading>();
    CHECK(readings[0].meter == MeterId{1});
    CHECK(readings[0].power == Power{39'500'000});
    CHECK(readings[0].quality == Quality::measured);
    CHECK(readings[1].taken > readings[0].taken);
    const auto load = bench.all<LoadReading>().front();
    CHECK(load.loads == Range{2, 3});
    CHECK(load.mode == Mode::running);
    CHECK(load.power == Power{39'500'000});
    CHECK(unit.peer.connections() == 1);
    CHECK(bench.stop());
}

TEST_CASE("a meter that fails or exceeds belief is silent, and back by itself") {
    Unit unit;
    unit.set(0, 40);
    DriverBench bench;
    ModbusBuses buses;
    auto settings = power_register(unit);
    settings.plausible_high = Power{50'000};
    settings.unit.timeout = Duration{100};
    ModbusMeter meter{MeterId{0}, settings, buses};
    bench.run(meter);
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() > 0; }));
    for (const std::uint16_t bad : {std::uint16_t{51}, std::uint16_t{65'535}}) {
        unit.set(0, bad);
        const int reads = unit.reads;
        REQUIRE(bench.until([&] { return unit.reads > reads + 3; }));
        bench.forget();
        REQUIRE(bench.until([&] { return unit.reads > reads + 6; }));
        CHECK(bench.count<MeterReading>() == 0);
        CHECK(bench.count<Rejected>() == 0);  // Told once, before.
    }
    unit.set(0, 41);
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() > 0; }));
    unit.silent = true;
    bench.pass(300ms);
    bench.forget();
    unit.silent = false;
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() > 0; }));
    CHECK(bench.stop());
}

TEST_CASE("what a meter cannot mean is rejected once, by name, until it is plausible again") {
    Unit unit;
    unit.set(0, 51);
    DriverBench bench;
    ModbusBuses buses;
    auto settings = power_register(unit);
    settings.plausible_high = Power{50'000};
    ModbusMeter meter{MeterId{0}, settings, buses};
    MeteredLoad hall{Slot{2}, settings, buses};
    bench.run(meter);
    bench.run(hall);
    REQUIRE(bench.until([&] { return bench.count<Rejected>() == 2; }));
    const auto first = bench.all<Rejected>();
    CHECK(first[0].why == Rejection::implausible);
    CHECK(first[0].detail.starts_with("meter poi: unit 1 register 0: 51000 W is outside"));
    CHECK(first[1].detail.starts_with("load poi: "));
    unit.set(0, 41);
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() > 0 && bench.count<LoadReading>() > 0; }));
    CHECK(bench.count<Rejected>() == 2);
    unit.set(0, 52);
    CHECK(bench.until([&] { return bench.count<Rejected>() == 4; }));
    CHECK(bench.stop());
}

TEST_CASE("a slow bus delays nobody on another, and a driver that waits on it ends when told") {
    Unit slow, quick;
    slow.silent = true;
    DriverBench bench;
    ModbusBuses buses;
    auto settings = power_register(slow);
    settings.unit.timeout = Duration{3'000};
    ModbusMeter dead{MeterId{0}, settings, buses}, dead_too{MeterId{1}, settings, buses};
    ModbusMeter alive{MeterId{2}, power_register(quick), buses};
    bench.run(dead);
    bench.run(dead_too);
    bench.run(alive);
    CHECK(bench.until([&] { return bench.count<MeterReading>() >= 20; }, 2'900ms));
    CHECK(bench.stop(15s));
}

TEST_CASE("a contact says its first stable state, then each change once it has settled") {
    Debounce settled{Duration{200}};
    const Steady start{Duration{1'000'000}};
    const auto at = [&](int ms) { return start + Duration{ms}; };
    CHECK_FALSE(settled.saw(false, at(0)));
    CHECK_FALSE(settled.saw(false, at(100)));
    CHECK(settled.saw(false, at(200)) == false);
    CHECK_FALSE(settled.saw(true, at(300)));
    CHECK_FALSE(settled.saw(false, at(400)));  // a bounce
    CHECK_FALSE(settled.saw(true, at(500)));
    settled.lost_sight();
    CHECK_FALSE(settled.saw(true, at(750)));  // a poll was missed in between
    CHECK(settled.saw(true, at(950)) == true);
    CHECK_FALSE(settled.saw(true, at(1'050)));
    Debounce at_once{Duration{0}};
    CHECK(at_once.saw(true, at(0)) == true);
}

TEST_CASE("an active contact asks for everything until it is released, under one id") {
    Unit unit;
    const bool closes = GENERATE(true, false);
    CAPTURE(closes);
    unit.set_bit(4, !closes);
    DriverBench bench;
    ModbusBuses buses;
    ContactSignal settings;
    settings.name = "curtail-contact";
    settings.source = SourceId{2};
    settings.unit = unit.unit();
    settings.contact = {ModbusTable::discrete, 4, true};
    settings.active_when_closed = closes;
    settings.debounce = Duration{30};
    settings.period = Duration{10};
    ModbusContact contact{settings, buses};
    bench.run(contact);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 1; }));
    unit.set_bit(4, closes);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 2; }));
    unit.set_bit(4, !closes);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 3; }));
    const auto signals = bench.all<Signal>();
    CHECK(signals[0].kind == SignalKind::release);
    CHECK(signals[1].kind == SignalKind::dispatch);
    CHECK(signals[1].ask == Ask::full);
    CHECK(signals[1].end == open_end);
    CHECK(signals[1].start == signals[1].issued);
    CHECK(signals[2].kind == SignalKind::release);
    for (const Signal& signal : signals) {
        CHECK(signal.id == "curtail-contact");
        CHECK(signal.source == SourceId{2});
    }
    CHECK(signals[2].issued > signals[1].issued);
    CHECK(signals[1].issued > signals[0].issued);
    CHECK(bench.count<Heartbeat>() >= 9);
    CHECK(bench.stop());
}

TEST_CASE("a limit is put when it changes, and a reboot to zero is refused once and changes nothing") {
    Unit unit;
    unit.set(10, 30'000);
    DriverBench bench;
    ModbusBuses buses;
    ModbusLimit limit{limit_signal(unit), buses};
    bench.run(limit);
    REQUIRE(bench.until([&] { return bench.count<Heartbeat>() >= 5; }));
    REQUIRE(bench.count<Signal>() == 1);
    CHECK(bench.all<Signal>()[0].kind == SignalKind::dispatch);
    CHECK(bench.all<Signal>()[0].ask == Ask::absolute);
    CHECK(bench.all<Signal>()[0].power == Power{30'000'000});
    CHECK(bench.all<Signal>()[0].id == "rtu-limit");

    const auto implausible_polls = [&](int polls) {
        const int reads = unit.reads;
        return bench.until([&] { return unit.reads > reads + polls; });
    };
    unit.set(10, 0);
    REQUIRE(implausible_polls(6));
    CHECK(bench.count<Signal>() == 1);
    REQUIRE(bench.count<Rejected>() == 1);
    CHECK(bench.all<Rejected>()[0].why == Rejection::implausible);
    CHECK(bench.all<Rejected>()[0].detail ==
          "unit 1 register 10: 0 kW is outside 500..50000 (plausible_min, plausible_max); what was heard before stands");
    const auto beats = bench.count<Heartbeat>();
    REQUIRE(implausible_polls(3));
    CHECK(bench.count<Heartbeat>() == beats);  // a source that talks nonsense is not alive

    unit.set(10, 30'000);
    REQUIRE(bench.until([&] { return bench.count<Heartbeat>() > beats + 2; }));
    CHECK(bench.count<Signal>() == 1);
    unit.set(10, 65'535);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 2; }));
    CHECK(bench.all<Signal>()[1].kind == SignalKind::release);
    unit.set(10, 0);
    REQUIRE(bench.until([&] { return bench.count<Rejected>() == 2; }));
    unit.set(10, 500);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 3; }));
    CHECK(bench.all<Signal>()[2].power == Power{500'000});
    CHECK(bench.stop());
}

TEST_CASE("a limit within the dead-band of the last is no news") {
    Unit unit;
    unit.set(10, 30'000);
    DriverBench bench;
    ModbusBuses buses;
    auto settings = limit_signal(unit);
    settings.dead_band = Power{100'000};
    ModbusLimit limit{settings, buses};
    bench.run(limit);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 1; }));
    for (const std::uint16_t near : {std::uint16_t{30'100}, std::uint16_t{29'900}}) {
        unit.set(10, near);
        const auto beats = bench.count<Heartbeat>();
        REQUIRE(bench.until([&] { return bench.count<Heartbeat>() > beats + 3; }));
        CHECK(bench.count<Signal>() == 1);
    }
    unit.set(10, 29'899);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 2; }));
    CHECK(bench.stop());
}

TEST_CASE("a price holds for its whole interval, and a change within one corrects it") {
    Unit unit;
    unit.set(10, static_cast<std::uint16_t>(-25 * 4));
    DriverBench bench;
    ModbusBuses buses;
    PriceSignal settings;
    settings.watch = limit_signal(unit).watch;
    settings.watch.value.type = wire::RegisterType::int16;
    settings.watch.scale = 0.25;
    settings.watch.unit_name = "USD/MWh";
    settings.watch.unit_size = 1'000'000;
    settings.watch.plausible_min = -500;
    settings.watch.plausible_max = 6'000;
    settings.interval = Duration{86'400'000};
    ModbusPrice price{settings, buses};
    bench.run(price);
    REQUIRE(bench.until([&] { return bench.count<Heartbeat>() >= 5; }));
    unit.set(10, 81 * 4 + 2);
    REQUIRE(bench.until([&] { return bench.all<Signal>().size() >= 2 && bench.all<Signal>().back().price.count > 0; }));
    const auto signals = bench.all<Signal>();
    CHECK(signals.front().kind == SignalKind::price);
    CHECK(signals.front().price == Price{-25'000'000});
    CHECK(signals.back().price == Price{81'500'000});
    CHECK(signals.back().start.time_since_epoch() % settings.interval == Duration{0});
    CHECK(signals.back().end == signals.back().start + settings.interval);
    CHECK(signals.back().issued > signals.front().issued);
    CHECK(bench.stop());
}

TEST_CASE("a thermometer that counts tenths is put when it changes, also below zero, and refused where it cannot be so hot") {
    Unit unit;
    unit.set(10, static_cast<std::uint16_t>(-125));
    DriverBench bench;
    ModbusBuses buses;
    SignalRegister watch = limit_signal(unit).watch;
    watch.value.type = wire::RegisterType::int16;
    watch.scale = 0.1;
    watch.unit_name = "degC";
    watch.unit_size = 1'000;
    watch.plausible_min = -60;
    watch.plausible_max = 70;
    ModbusLevel yard{SignalKind::temperature, watch, buses};
    bench.run(yard);
    REQUIRE(bench.until([&] { return bench.count<Heartbeat>() >= 5; }));
    REQUIRE(bench.count<Signal>() == 1);
    CHECK(bench.all<Signal>()[0].kind == SignalKind::temperature);
    CHECK(bench.all<Signal>()[0].temperature == Temperature{-12'500});
    unit.set(10, 385);
    REQUIRE(bench.until([&] { return bench.count<Signal>() == 2; }));
    CHECK(bench.all<Signal>()[1].temperature == Temperature{38'500});
    CHECK(bench.all<Signal>()[1].issued > bench.all<Signal>()[0].issued);
    unit.set(10, 32'767);
    REQUIRE(bench.until([&] { return bench.count<Rejected>() == 1; }));
    CHECK(bench.count<Signal>() == 2);
    CHECK(bench.stop());
}

TEST_CASE("a contactor opens at once, closes in turn, and a newer order to open overtakes a waiting close") {
    Unit unit;
    unit.set_bit(0, true);
    unit.set_bit(1, true);
    DriverBench bench;
    ModbusBuses buses;
    const auto stagger = std::make_shared<CloseStagger>();
    Contactor a{block(unit, 0, 0), buses, stagger}, b{block(unit, 1, 1), buses, stagger};
    bench.run(a);
    bench.run(b);
    REQUIRE(bench.until([&] { return bench.count<LoadReading>() == 2 && bench.count<Answered>() > 4; }));
    CHECK(unit.written().empty());  // never unless ordered
    CHECK(bench.all<LoadReading>()[0].mode == Mode::running);

    a.submit(order(1, 0, Rung::open));
    b.submit(order(2, 1, Rung::power_off));
    b.submit(order(99, 5, Rung::close));  // not its own
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 2 && bench.count<LoadReading>() == 4; }));
    CHECK(bench.all<LoadReading>()[3].mode == Mode::off);
    CHECK(bench.all<Receipt>()[0].fate == Fate::accepted);

    a.submit(order(3, 0, Rung::close));
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 3; }));
    b.submit(order(4, 1, Rung::close));
    bench.pass(200ms);
    CHECK(bench.count<Receipt>() == 3);  // ten minutes apart
    CHECK(unit.written() == std::vector<bool>{false, false, true});
    b.submit(order(5, 1, Rung::open));
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 5; }));
    CHECK(unit.written() == std::vector<bool>{false, false, true, false});
    std::map<std::uint64_t, Fate> fates;
    for (const Receipt& receipt : bench.all<Receipt>()) fates[static_cast<std::uint64_t>(receipt.order)] = receipt.fate;
    CHECK(fates == std::map<std::uint64_t, Fate>{{1, Fate::accepted}, {2, Fate::accepted}, {3, Fate::accepted},
                                                 {4, Fate::withheld}, {5, Fate::accepted}});
    CHECK(bench.stop());
}

TEST_CASE("what becomes of a write is told: refused by an exception, unreachable, timed out") {
    Unit unit, gone;
    const ModbusUnit nowhere{TcpEndpoint{"127.0.0.1", 1}, 1, Duration{500}};
    unit.refuses_writes = true;
    DriverBench bench;
    ModbusBuses buses;
    const auto stagger = std::make_shared<CloseStagger>();
    Contactor refusing{block(unit, 0, 0), buses, stagger};
    auto lost = block(gone, 1, 0), mute = block(gone, 2, 0);
    lost.unit = nowhere;
    gone.silent = true;
    mute.unit.timeout = Duration{200};
    Contactor unreachable{lost, buses, stagger}, silent{mute, buses, stagger};
    bench.run(refusing);
    bench.run(unreachable);
    bench.run(silent);
    refusing.submit(order(1, 0, Rung::close));
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 1; }));
    unreachable.submit(order(2, 1, Rung::close));  // the refused close kept nobody waiting
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 2; }));
    silent.submit(order(3, 2, Rung::sleep));
    REQUIRE(bench.until([&] { return bench.count<Receipt>() == 3; }));
    CHECK(bench.all<Receipt>()[0].fate == Fate::refused);
    CHECK(bench.all<Receipt>()[1].fate == Fate::unreachable);
    CHECK(bench.all<Receipt>()[2].fate == Fate::timed_out);
    CHECK(unit.written().empty());
    CHECK(bench.stop());
}

TEST_CASE("a coil and a contact may work the other way round") {
    Unit unit;
    unit.set_bit(0, false);
    DriverBench bench;
    ModbusBuses buses;
    auto settings = block(unit, 0, 0);
    settings.closes_when_on = false;
    settings.feedback.true_when = false;
    Contactor contactor{settings, buses, std::make_shared<CloseStagger>()};
    bench.run(contactor);
    REQUIRE(bench.until([&] { return bench.count<LoadReading>() == 1; }));
    CHECK(bench.all<LoadReading>()[0].mode == Mode::running);
    contactor.submit(order(1, 0, Rung::open));
    REQUIRE(bench.until([&] { return bench.count<LoadReading>() == 2; }));
    CHECK(bench.all<LoadReading>()[1].mode == Mode::off);
    CHECK(unit.written() == std::vector<bool>{true});
    CHECK(bench.stop());
}

TEST_CASE("the heartbeat coil changes at every beat that is not too soon") {
    Unit unit;
    ModbusBuses buses;
    HeartbeatSettings settings;
    settings.name = "plc";
    settings.unit = unit.unit();
    settings.coil = 7;
    settings.least_apart = Duration{20};
    HeartbeatCoil heart{settings, buses};
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (unit.written().size() < 4 && std::chrono::steady_clock::now() < deadline) {
        heart.beat();
        std::this_thread::sleep_for(1ms);
    }
    const auto written = unit.written();
    REQUIRE(written.size() >= 4);
    for (std::size_t i = 0; i < written.size(); ++i) CHECK(written[i] == (i % 2 == 0));
}

TEST_CASE("one endpoint has one bus, and a serial line one setting") {
    ModbusBuses buses;
    const ModbusEndpoint rtu = SerialEndpoint{"/dev/ttyUSB7", 9'600, 'N', 8, 1};
    CHECK(buses.at(rtu) == buses.at(rtu));
    CHECK(buses.at(TcpEndpoint{"127.0.0.1", 502}) != buses.at(TcpEndpoint{"127.0.0.1", 503}));
    CHECK_THROWS(buses.at(SerialEndpoint{"/dev/ttyUSB7", 19'200, 'E', 8, 1}));
}
