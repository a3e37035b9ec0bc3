#include "drivers/meters/modbus_meter.hpp"
#include "drivers/modbus/line.hpp"
#include "drivers/signals/modbus_signals.hpp"
#include "drivers/switchgear/contactor.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <filesystem>
#include <list>
#include <map>

// Meters and a utility's RTU played by pymodbus, contacts thrown by mbpoll: nobody here wrote either.

using namespace ballast;
using namespace ballast::drivers;
using namespace ballast::support;
using namespace std::chrono_literals;
using wire::RegisterType;
using wire::WordOrder;

namespace {

constexpr std::uint8_t utility = 5, broken = 6, missing = 9;

struct Server {
    std::uint16_t port;
    Process process;

    explicit Server(std::uint16_t at = free_port(), bool rtu = false) : port{at}, process{command(at, rtu)} {
        REQUIRE(await([this] { return process.ended() || listens(port); }, 60s));
        REQUIRE_FALSE(process.ended());  // else: pymodbus is missing; script/setup installs it
    }
    static std::vector<std::string> command(std::uint16_t port, bool rtu) {
        std::vector<std::string> words{"/usr/bin/python3", PROJECT_DIR "/tests/interop/modbus_server.py", std::to_string(port)};
        if (rtu) words.emplace_back("rtu");
        return words;
    }
    ModbusUnit unit(std::uint8_t id) const { return {TcpEndpoint{"127.0.0.1", port}, id, Duration{2'000}}; }

    /// Writes by mbpoll into unit 5: `table` 0 coils, 4 holding registers.
    void write(int table, int address, std::vector<std::string> values) const {
        std::vector<std::string> words{"mbpoll", "-m", "tcp", "-p", std::to_string(port), "-a", std::to_string(utility), "-0",
                                       "-t", std::to_string(table), "-r", std::to_string(address), "127.0.0.1"};
        words.insert(words.end(), values.begin(), values.end());
        REQUIRE(run(words) == 0);
    }
};

PowerRegister power_register(const ModbusUnit& unit, ModbusRegister value, double scale_w = 1) {
    PowerRegister settings;
    settings.name = "poi";
    settings.unit = unit;
    settings.value = value;
    settings.period = Duration{100};
    settings.scale_w = scale_w;
    return settings;
}

const ModbusRegister documented_power{ModbusTable::holding, 3059, RegisterType::float32, WordOrder::abcd};

ModbusRequest one_register(std::uint8_t unit, std::uint16_t address) {
    ModbusRequest request;
    request.unit = unit;
    request.address = address;
    request.timeout = Duration{2'000};
    return request;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("meters of every type and word order read from pymodbus as they were packed there", "[interop]") {
    struct Row {
        ModbusTable table;
        std::uint16_t address;
        RegisterType type;
        double scale_w;
        Power expected;
    };
    const std::vector<Row> rows{
        {ModbusTable::holding, 3059, RegisterType::float32, 1'000, Power{39'500'250}},
        {ModbusTable::holding, 200, RegisterType::int16, 10, Power{-12'000}},
        {ModbusTable::holding, 210, RegisterType::uint16, 1, Power{60'000}},
        {ModbusTable::holding, 220, RegisterType::uint32, 1, Power{3'000'000'000}},
        {ModbusTable::holding, 230, RegisterType::int64, -0.001, Power{5'000'000}},
        {ModbusTable::holding, 240, RegisterType::uint64, 1, Power{5'000'000'000}},
        {ModbusTable::holding, 250, RegisterType::float64, 1'000, Power{123'456}},
        {ModbusTable::input, 100, RegisterType::int32, 1, Power{-1'234'567}},
    };
    Server server;
    DriverBench bench{1, 4 * rows.size()};
    ModbusBuses buses;
    std::list<ModbusMeter> meters;
    for (std::uint8_t unit = 1; unit <= 4; ++unit)
        for (const Row& row : rows) {
            const ModbusRegister value{row.table, row.address, row.type, static_cast<WordOrder>(unit - 1)};
            meters.emplace_back(MeterId{static_cast<std::uint16_t>(meters.size())},
                                power_register(server.unit(unit), value, row.scale_w), buses);
        }
    for (ModbusMeter& meter : meters) bench.run(meter);
    std::map<std::size_t, Power> heard;
    REQUIRE(bench.until([&] {
        for (const MeterReading& reading : bench.all<MeterReading>()) heard[index(reading.meter)] = reading.power;
        return heard.size() == meters.size();
    }));
    for (const auto& [meter, power] : heard) {
        CAPTURE(meter / rows.size() + 1, rows[meter % rows.size()].address);
        CHECK(power.count == rows[meter % rows.size()].expected.count);
    }
    CHECK(bench.stop());
}

TEST_CASE("pymodbus's exceptions are named, and the line goes on", "[interop]") {
    Server server;
    ModbusLine line{TcpEndpoint{"127.0.0.1", server.port}};
    const auto nothing_there = line.exchange(one_register(1, 7));
    REQUIRE_FALSE(nothing_there);
    CHECK(contains(nothing_there.error().detail, "unit 1 holding 7: exception 2, illegal data address"));
    const auto failing = line.exchange(one_register(broken, 0));
    REQUIRE_FALSE(failing);
    CHECK(contains(failing.error().detail, "unit 6 holding 0: exception 4, device failure"));
    const auto nobody = line.exchange(one_register(missing, 0));
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().code == Errc::timeout);
    CHECK(line.exchange(one_register(1, 200)));
}

TEST_CASE("a server that falls silent, or is started anew, is read again by itself", "[interop]") {
    const auto port = free_port();
    auto server = std::make_unique<Server>(port);
    DriverBench bench;
    ModbusBuses buses;
    auto settings = power_register(server->unit(1), documented_power, 1'000);
    settings.unit.timeout = Duration{500};
    ModbusMeter meter{MeterId{0}, settings, buses};
    bench.run(meter);
    const auto reads_again = [&] {
        bench.forget();
        return bench.until([&] { return bench.count<MeterReading>() >= 3; });
    };
    REQUIRE(reads_again());
    server->process.signal(SIGSTOP);
    bench.pass(700ms);
    bench.forget();
    bench.pass(1'500ms);
    CHECK(bench.count<MeterReading>() == 0);
    server->process.signal(SIGCONT);
    REQUIRE(reads_again());
    server.reset();
    bench.pass(300ms);
    bench.forget();
    bench.pass(500ms);
    CHECK(bench.count<MeterReading>() == 0);
    server = std::make_unique<Server>(port);
    REQUIRE(reads_again());
    CHECK(bench.stop());
}

TEST_CASE("mbpoll throws the curtail contact, sets the limit and the price", "[interop]") {
    Server server;
    DriverBench bench;
    ModbusBuses buses;
    ContactSignal contact_settings;
    contact_settings.name = "curtail-contact";
    contact_settings.source = SourceId{0};
    contact_settings.unit = server.unit(utility);
    contact_settings.contact = {ModbusTable::coil, 0, true};
    ModbusContact contact{contact_settings, buses};

    LimitSignal limit_settings;
    limit_settings.watch.name = "rtu-limit";
    limit_settings.watch.source = SourceId{1};
    limit_settings.watch.unit = server.unit(utility);
    limit_settings.watch.value = {ModbusTable::holding, 10, RegisterType::uint32, WordOrder::abcd};
    limit_settings.watch.period = Duration{100};
    limit_settings.watch.unit_name = "kW";
    limit_settings.watch.unit_size = 1'000;
    limit_settings.watch.plausible_min = 500;
    limit_settings.watch.plausible_max = 50'000;
    limit_settings.none = 4'294'967'295.0;
    ModbusLimit limit{limit_settings, buses};

    PriceSignal price_settings;
    price_settings.watch = limit_settings.watch;
    price_settings.watch.name = "rtu-price";
    price_settings.watch.source = SourceId{2};
    price_settings.watch.value = {ModbusTable::holding, 20, RegisterType::int16, WordOrder::abcd};
    price_settings.watch.scale = 0.01;
    price_settings.watch.unit_name = "USD/MWh";
    price_settings.watch.unit_size = 1'000'000;
    price_settings.watch.plausible_min = -500;
    ModbusPrice price{price_settings, buses};

    bench.run(contact);
    bench.run(limit);
    bench.run(price);
    const auto newest = [&](std::uint16_t source) {
        Signal last;
        for (const Signal& signal : bench.all<Signal>())
            if (signal.source == SourceId{source}) last = signal;
        return last;
    };
    REQUIRE(bench.until([&] { return bench.count<Signal>() >= 3; }));
    CHECK(newest(0).kind == SignalKind::release);
    CHECK(newest(1).power == Power{30'000'000});
    CHECK(newest(2).price == Price{45'000'000});

    server.write(0, 0, {"1"});
    REQUIRE(bench.until([&] { return newest(0).kind == SignalKind::dispatch; }));
    CHECK(newest(0).ask == Ask::full);
    server.write(4, 10, {"0", "12000"});
    REQUIRE(bench.until([&] { return newest(1).power == Power{12'000'000}; }));
    server.write(4, 20, {"62986"});  // -2550 in two's complement
    REQUIRE(bench.until([&] { return newest(2).price == Price{-25'500'000}; }));

    server.write(4, 10, {"0", "0"});  // a rebooted RTU
    REQUIRE(bench.until([&] { return bench.count<Rejected>() == 1; }));
    bench.pass(400ms);
    CHECK(bench.count<Rejected>() == 1);
    CHECK(bench.all<Rejected>()[0].source == SourceId{1});
    CHECK(newest(1).power == Power{12'000'000});
    server.write(4, 10, {"65535", "65535"});
    REQUIRE(bench.until([&] { return newest(1).kind == SignalKind::release; }));
    server.write(0, 0, {"0"});
    REQUIRE(bench.until([&] { return newest(0).kind == SignalKind::release; }));
    CHECK(bench.stop());
}

TEST_CASE("a contactor's coil at pymodbus follows orders, and one thrown by mbpoll is seen", "[interop]") {
    Server server;
    DriverBench bench;
    ModbusBuses buses;
    ContactorSettings settings;
    settings.name = "block-a";
    settings.unit = server.unit(utility);
    settings.coil = 1;
    settings.feedback = {ModbusTable::coil, 1, true};
    Contactor contactor{settings, buses, std::make_shared<CloseStagger>()};
    bench.run(contactor);
    const auto mode = [&] {
        const auto readings = bench.all<LoadReading>();
        return readings.empty() ? Mode::unknown : readings.back().mode;
    };
    REQUIRE(bench.until([&] { return mode() == Mode::off; }));
    Order order;
    order.id = OrderId{7};
    order.loads = {0, 1};
    order.rung = Rung::close;
    contactor.submit(order);
    REQUIRE(bench.until([&] { return mode() == Mode::running && bench.count<Receipt>() == 1; }));
    CHECK(bench.all<Receipt>()[0].fate == Fate::accepted);
    server.write(0, 1, {"0"});
    REQUIRE(bench.until([&] { return mode() == Mode::off; }));
    CHECK(bench.stop());
}

TEST_CASE("units on an RTU line are read in turn, and a missing one starves nobody", "[interop]") {
    Server server{free_port(), true};
    const ScratchFolder folder{SCRATCH_DIR};
    const auto device = folder.path() / "ttyRTU";
    Process line{{"socat", "PTY,rawer,link=" + device.string(), "TCP:127.0.0.1:" + std::to_string(server.port)}};
    REQUIRE(await([&] { return std::filesystem::exists(device); }));

    const ModbusEndpoint rtu = SerialEndpoint{device.string(), 19'200, 'E', 8, 1};
    DriverBench bench;
    ModbusBuses buses;
    const auto unit = [&](std::uint8_t id) { return ModbusUnit{rtu, id, Duration{1'000}}; };
    ModbusRegister low_first = documented_power;
    low_first.order = WordOrder::cdab;
    ModbusMeter first{MeterId{0}, power_register(unit(1), documented_power, 1'000), buses};
    ModbusMeter third{MeterId{1}, power_register(unit(3), low_first, 1'000), buses};
    ModbusMeter nobody{MeterId{2}, power_register(unit(missing), documented_power), buses};
    bench.run(first);
    bench.run(third);
    bench.run(nobody);
    std::map<std::size_t, int> heard;
    REQUIRE(bench.until([&] {
        heard.clear();
        for (const MeterReading& reading : bench.all<MeterReading>()) {
            CHECK(reading.power == Power{39'500'250});
            ++heard[index(reading.meter)];
        }
        return heard[0] >= 10 && heard[1] >= 10;
    }));
    CHECK(heard[2] == 0);
    line.signal(SIGKILL);  // the adapter is pulled out ...
    line.wait();
    bench.pass(300ms);
    bench.forget();
    Process again{{"socat", "PTY,rawer,link=" + device.string(), "TCP:127.0.0.1:" + std::to_string(server.port)}};  // ... and plugged in
    REQUIRE(bench.until([&] { return bench.count<MeterReading>() >= 4; }));
    CHECK(bench.stop());
}
