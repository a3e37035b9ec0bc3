#include "tests/catch.hpp"

#include "sim/modbus_devices.hpp"
#include "sim/stand.hpp"
#include "tests/sim/peer.hpp"

#include <atomic>
#include <sstream>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::sim;
using namespace ballast::support;
using namespace std::chrono_literals;
using wire::RegisterType;
using wire::WordOrder;

namespace {

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

/// What pymodbus reads, a line a request.
std::vector<std::string> pymodbus(std::uint16_t port, std::vector<std::string> requests) {
    const ScratchFolder scratch{SCRATCH_DIR};
    std::vector<std::string> command{"/usr/bin/python3", PROJECT_DIR "/tests/sim/modbus_peer.py", std::to_string(port)};
    command.insert(command.end(), requests.begin(), requests.end());
    const int status = run(command, scratch.path() / "out");
    const std::string text = file_text(scratch.path() / "out");
    CAPTURE(text);
    REQUIRE(status == 0);
    return lines(text);
}

/// Everything mbpoll prints of one poll.
std::string mbpoll(std::uint16_t port, std::vector<std::string> words) {
    const ScratchFolder scratch{SCRATCH_DIR};
    std::vector<std::string> command{"mbpoll", "-m", "tcp", "-p", std::to_string(port), "-0", "-1", "-q"};
    command.insert(command.end(), words.begin(), words.end());
    run(command, scratch.path() / "out");
    return file_text(scratch.path() / "out");
}

bool have(const char* command) {
    return run({"sh", "-c", std::string{command} + " >/dev/null 2>&1"}) == 0;
}

bool have_pymodbus() {
    return have("/usr/bin/python3 -c 'import pymodbus'");
}

ModbusPoint constant(Table table, std::uint16_t address, RegisterType type, WordOrder order, double scale, double value) {
    ModbusPoint point{.table = table, .address = address, .type = type, .order = order, .scale = scale};
    point.read = [value] { return value; };
    return point;
}

std::string frame(std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes) out.push_back(static_cast<char>(byte));
    return out;
}

}  // namespace

TEST_CASE("pymodbus reads every number type in every word order") {
    if (!have_pymodbus()) {
        WARN("skipped: no pymodbus");
        return;
    }
    struct Kind {
        RegisterType type;
        const char* letter;
        double value;
    };
    const Kind kinds[] = {{RegisterType::int16, "h", -12'345}, {RegisterType::uint16, "H", 54'321}, {RegisterType::int32, "i", -1'234'567'890},
                          {RegisterType::uint32, "I", 3'456'789'012}, {RegisterType::int64, "q", -123'456'789'012'345}, {RegisterType::uint64, "Q", 1'234'567'890'123},
                          {RegisterType::float32, "f", -1234.5}, {RegisterType::float64, "d", 123'456.75}};
    const WordOrder orders[] = {WordOrder::abcd, WordOrder::badc, WordOrder::cdab, WordOrder::dcba};
    const std::uint16_t port = free_port();
    ModbusUnit unit{"127.0.0.1", port, 7, {}};
    std::vector<std::string> requests, expected;
    std::uint16_t address = 100;
    for (const Kind& kind : kinds)
        for (const WordOrder order : orders) {
            const auto table = address % 2 == 0 ? Table::holding : Table::input;
            unit.points.push_back(constant(table, address, kind.type, order, 10, kind.value * 10));
            const auto count = wire::word_count(kind.type);
            requests.push_back("7:" + std::string{table == Table::holding ? "3" : "4"} + ":" + std::to_string(address) + ":" + std::to_string(count) + ":" + kind.letter + ":" + std::string{wire::name(order)});
            std::ostringstream text;
            text.precision(15);
            text << kind.value;
            expected.push_back(text.str());
            address = static_cast<std::uint16_t>(address + count + 1);
        }
    ModbusDevices devices{{unit}};
    const auto said = pymodbus(port, requests);
    REQUIRE(said.size() == expected.size());
    for (std::size_t i = 0; i < said.size(); ++i) {
        CAPTURE(requests[i]);
        CHECK(std::abs(std::stod(said[i]) - std::stod(expected[i])) <= 1e-9 * std::abs(std::stod(expected[i])));
    }
}

TEST_CASE("an address, a unit, a quantity and a write that cannot be get their exceptions from pymodbus' point of view") {
    if (!have_pymodbus()) {
        WARN("skipped: no pymodbus");
        return;
    }
    const std::uint16_t port = free_port();
    std::atomic<double> limit{4'294'967'295.0};
    ModbusPoint written{.table = Table::holding, .address = 10, .type = RegisterType::uint32};
    written.read = [&limit] { return limit.load(); };
    written.write = [&limit](double value) { limit = value; };
    ModbusDevices devices{{{"127.0.0.1", port, 1, {written, constant(Table::discrete, 0, RegisterType::uint16, WordOrder::abcd, 1, 1)}},
                           {"127.0.0.1", port, 1, {constant(Table::holding, 14, RegisterType::uint16, WordOrder::abcd, 1, 99'999)}}}};
    const auto said = pymodbus(port, {"1:3:10:2:I:abcd", "1:3:14:1", "1:3:10:5", "1:3:9:2", "1:3:12:1", "1:4:10:2", "2:3:10:2", "1:2:0:1", "1:2:1:1", "1:1:0:1",
                                      "1:16:10=0,12000", "1:3:10:2:I:abcd", "1:6:11=500", "1:3:10:2:I:abcd", "1:6:14=1", "1:6:12=1", "1:5:0=1", "1:3:65535:1"});
    const std::vector<std::string> expected{"4294967295", "65535", "exception 2", "exception 2", "exception 2", "exception 2", "exception 11", "1", "exception 2", "exception 2",
                                            "ok", "12000", "ok", "500", "exception 2", "exception 2", "exception 2", "exception 2"};
    CHECK(said == expected);
}

TEST_CASE("malformed Modbus gets an exception or a closed connection, and other clients their answers") {
    const std::uint16_t port = free_port();
    ModbusDevices devices{{{"127.0.0.1", port, 1, {constant(Table::holding, 0, RegisterType::uint16, WordOrder::abcd, 1, 42)}}}};
    const auto answers = [port] {
        RawPeer well{"127.0.0.1", port};
        well.send(frame({0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1}));
        return well.read(11) == frame({0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 42});
    };
    RawPeer half{"127.0.0.1", port};
    half.send(frame({0, 1, 0, 0, 0, 6, 1, 3}));
    CHECK(answers());

    struct Case {
        std::string request;
        int exception;  ///< 0: closed.
    };
    const Case cases[] = {{frame({0, 1, 0, 0, 0, 2, 1, 0x2B}), 1}, {frame({0, 1, 0, 0, 0, 2, 1, 3}), 3}, {frame({0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 0}), 3},
                          {frame({0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 126}), 3}, {frame({0, 1, 0, 0, 0, 6, 1, 3, 255, 255, 0, 2}), 2},
                          {frame({0, 1, 0, 0, 0, 7, 1, 16, 0, 0, 0, 1, 2}), 3}, {frame({0, 1, 0, 0, 0, 9, 1, 16, 0, 0, 0, 1, 200, 0, 1}), 3},
                          {frame({0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0x12, 0x34}), 3}, {frame({0, 1, 0, 0, 0, 11, 1, 23, 0, 0, 0, 1, 0, 0, 0, 1, 2}), 1},
                          {frame({0, 1, 0, 9, 0, 6, 1, 3, 0, 0, 0, 1}), 0}, {frame({0, 1, 0, 0, 1, 6, 1, 3, 0, 0, 0, 1}), 0}, {frame({0, 1, 0, 0, 0, 1, 1}), 0},
                          {"GET / HTTP/1.1\r\n\r\n", 0}, {std::string(5'000, '\xff'), 0}};
    for (const Case& bad : cases) {
        CAPTURE(bad.exception, bad.request.size(), bad.request.size() > 7 ? int{bad.request[7]} : 0);
        RawPeer peer{"127.0.0.1", port};
        peer.send(bad.request);
        const std::string reply = peer.read(9);
        if (bad.exception == 0) {
            CHECK(reply.empty());
            CHECK(peer.closed());
        } else {
            REQUIRE(reply.size() == 9);
            CHECK(int{reply[8]} == bad.exception);
            CHECK((reply[7] & 0x80) != 0);
        }
        CHECK(answers());
    }
    half.send(frame({0, 0, 0, 1}));
    CHECK(half.read(11) == frame({0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 42}));

    RawPeer hasty{"127.0.0.1", port};  // Two requests in one breath.
    hasty.send(frame({0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1, 0, 2, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1}));
    CHECK(hasty.read(22).size() == 22);
}

TEST_CASE("two values in one place are refused by name") {
    const std::uint16_t port = free_port();
    const auto at = [port](std::uint16_t address) { return ModbusUnit{"127.0.0.1", port, 3, {constant(Table::holding, address, RegisterType::int64, WordOrder::abcd, 1, 0)}}; };
    std::string why;
    try {
        ModbusDevices devices{{at(10), at(13)}};
    } catch (const std::runtime_error& error) {
        why = error.what();
    }
    CHECK(why == "127.0.0.1:" + std::to_string(port) + " unit 3: two values share holding address 13");
    ModbusDevices beside{{at(10), at(14)}};
}

namespace {

/// A meter, a contactor with a miner behind it, and an RTU, each on a port of its own.
struct SmallStand {
    std::uint16_t meter_port = free_port(), contactor_port = free_port(), rtu_port = free_port(), luxos_port = free_port();
    StandSettings settings;
    SmallStand() {
        settings.plant.machines = {{.name = "a", .rated = 3500_W, .contactor = 0}};
        settings.plant.contactors = {{.name = "block", .block = 50_kW}};
        settings.plant.meters = {{.name = "poi"}};
        settings.plant.house_load = 1'000_kW;
        settings.asics = {LuxosSettings{.host = "127.21.0.1", .port = luxos_port, .machine = 0}};
        settings.meters = {{0, {"127.0.0.1", meter_port, 1, Table::holding, 3059, RegisterType::float32, WordOrder::abcd, 1000}}};
        settings.contactors = {{0, {"127.0.0.1", contactor_port, 1, Table::coil, 0}, RegisterPlace{"127.0.0.1", contactor_port, 1, Table::discrete, 0}, true}};
        settings.rtu = {{"contact", {"127.0.0.1", rtu_port, 1, Table::discrete, 0}, 0},
                        {"limit", {"127.0.0.1", rtu_port, 1, Table::holding, 10, RegisterType::uint32}, 4'294'967'295.0}};
    }
};

}  // namespace

TEST_CASE("a stand's meter, contactor and RTU answer mbpoll and pymodbus with the truth") {
    if (!have("mbpoll -V") || !have_pymodbus()) {
        WARN("skipped: no mbpoll or no pymodbus");
        return;
    }
    SmallStand small;
    Stand stand{small.settings};
    CHECK(pymodbus(small.meter_port, {"1:3:3059:2:f:abcd"}) == std::vector<std::string>{"1053.5"});
    CHECK(mbpoll(small.meter_port, {"-a", "1", "-r", "3059", "-t", "4:float", "-B", "127.0.0.1"}).find("1053.5") != std::string::npos);

    CHECK(pymodbus(small.contactor_port, {"1:1:0:1", "1:2:0:1", "1:5:0=0"}) == std::vector<std::string>{"1", "1", "ok"});
    CHECK(await([&] { return pymodbus(small.contactor_port, {"1:1:0:1", "1:2:0:1"}) == std::vector<std::string>{"0", "0"}; }));
    CHECK(await([&] { return stand.truth().site == 1'000_kW; }));
    CHECK(stand.truth().dark == 1);
    CHECK(ask("127.21.0.1", small.luxos_port, R"({"command":"power"})", 200ms).empty());
    REQUIRE(stand.operations().size() == 1);
    CHECK_FALSE(stand.operations()[0].close);

    CHECK(mbpoll(small.contactor_port, {"-a", "1", "-r", "0", "-t", "0", "127.0.0.1", "1"}).find("Written 1") != std::string::npos);
    CHECK(await([&] { return stand.truth().closed[0]; }));
    stand.plant().with([](Plant& plant, Steady now) { plant.trip(0, now); });
    CHECK(pymodbus(small.contactor_port, {"1:1:0:1", "1:2:0:1"}) == std::vector<std::string>{"1", "0"});

    CHECK(pymodbus(small.rtu_port, {"1:2:0:1", "1:3:10:2:I:abcd"}) == std::vector<std::string>{"0", "4294967295"});
    CHECK(mbpoll(small.rtu_port, {"-a", "1", "-r", "0", "-t", "0", "127.0.0.1", "1"}).find("Written 1") != std::string::npos);
    CHECK(stand.set("limit", 12'000));
    CHECK(pymodbus(small.rtu_port, {"1:2:0:1", "1:3:10:2:I:abcd"}) == std::vector<std::string>{"1", "12000"});
    CHECK_FALSE(stand.set("nobody", 1));
}

TEST_CASE("a meter falls silent, answers exceptions and freezes at its time") {
    if (!have_pymodbus()) {
        WARN("skipped: no pymodbus");
        return;
    }
    SmallStand small;
    Stand stand{small.settings};
    const auto set = [&stand](MeterFault fault) { stand.plant().with([fault](Plant& plant, Steady now) { plant.set_fault(0, fault, now); }); };
    set(MeterFault::exceptions);
    CHECK(pymodbus(small.meter_port, {"1:3:3059:2:f:abcd"}) == std::vector<std::string>{"exception 4"});
    set(MeterFault::silent);
    CHECK(pymodbus(small.meter_port, {"1:3:3059:2:f:abcd"}) == std::vector<std::string>{"no answer"});
    set(MeterFault::frozen);
    stand.plant().with([](Plant& plant, Steady now) { plant.trip(0, now); });
    CHECK(pymodbus(small.meter_port, {"1:3:3059:2:f:abcd"}) == std::vector<std::string>{"1053.5"});
    set(MeterFault::none);
    CHECK(await([&] { return pymodbus(small.meter_port, {"1:3:3059:2:f:abcd"}) == std::vector<std::string>{"1000"}; }));
}

TEST_CASE("a stand lets its happenings happen") {
    SmallStand small;
    const auto plan = read_fault_plan("poi:frozen@0.1,block:trip@0.2");
    REQUIRE(plan);
    small.settings.happenings = *ballast::sim::apply(*plan, small.settings.plant);
    Stand stand{small.settings};
    CHECK(await([&] { return !stand.truth().closed[0]; }));
    CHECK(await([&] { return stand.truth().site == 1'000_kW; }));
    CHECK(stand.truth().meter[0] == Power{1'053'500});
    CHECK(await([&] { return stand.happened() == std::vector<std::string>{"meter poi: frozen", "contactor block trips"}; }));
}
