#include "drivers/modbus/line.hpp"
#include "tests/catch.hpp"
#include "tests/drivers/modbus_peer.hpp"
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <map>
#include <mutex>

using namespace ballast;
using namespace ballast::drivers;
using support::Bytes;
using support::ModbusPeer;
using namespace std::chrono_literals;

namespace {

ModbusRequest two_registers(std::uint8_t unit = 1, Duration timeout = Duration{2'000}) {
    ModbusRequest request;
    request.unit = unit;
    request.address = 3059;
    request.count = 2;
    request.timeout = timeout;
    return request;
}

bool answer_well(const Bytes& request, int socket) {
    return ModbusPeer::send(socket, ModbusPeer::registers(request, {0x42F6, 0xE979}));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a line reads what the unit holds, over one connection") {
    ModbusPeer peer{answer_well};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    for (int i = 0; i < 3; ++i) {
        const auto reply = line.exchange(two_registers());
        REQUIRE(reply);
        CHECK(reply->words == std::vector<std::uint16_t>{0x42F6, 0xE979});
    }
    CHECK(peer.connections() == 1);
}

TEST_CASE("each exception is named with its number and a remedy, and costs no connection") {
    struct Row {
        std::uint8_t code;
        Errc errc;
        const char* says;
    };
    const std::vector<Row> rows{{1, Errc::refused, "exception 1, illegal function"},
                                {2, Errc::refused, "addresses here are 0-based"},
                                {3, Errc::refused, "exception 3, illegal data value"},
                                {4, Errc::refused, "exception 4, device failure"},
                                {6, Errc::refused, "exception 6, busy"},
                                {10, Errc::unreachable, "exception 10, gateway path"},
                                {11, Errc::timeout, "exception 11, the unit behind the gateway"},
                                {200, Errc::malformed, "an exception that Modbus does not know"}};
    std::atomic<std::uint8_t> code = 0;
    std::atomic<int> asked = 0;
    ModbusPeer peer{[&](const Bytes& request, int socket) {
        ++asked;
        return ModbusPeer::send(socket, ModbusPeer::exception(request, code));
    }};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    for (const Row& row : rows) {
        CAPTURE(int{row.code});
        code = row.code;
        asked = 0;
        const auto reply = line.exchange(two_registers());
        REQUIRE_FALSE(reply);
        CAPTURE(reply.error().detail);
        CHECK(reply.error().code == row.errc);
        CHECK(contains(reply.error().detail, row.says));
        CHECK(contains(reply.error().detail, "unit 1 holding 3059"));
        CHECK(asked == (row.code == 6 ? 3 : 1));
    }
    CHECK(peer.connections() == 1);
}

TEST_CASE("a busy unit is asked again and its answer taken") {
    std::atomic<int> asked = 0;
    ModbusPeer peer{[&](const Bytes& request, int socket) {
        return ++asked < 3 ? ModbusPeer::send(socket, ModbusPeer::exception(request, 6)) : answer_well(request, socket);
    }};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    CHECK(line.exchange(two_registers()));
}

TEST_CASE("an answer that is none is an error, and the next exchange begins on a new connection") {
    const auto nonsense = GENERATE(Bytes{0, 0, 0, 0, 0xFF, 0xFF, 1, 3, 4}, Bytes(600, 0x41), Bytes(600, 0),
                                   Bytes{0xAA, 0xAA, 0, 0, 0, 7, 1, 3, 4, 1, 2, 3, 4},  // another transaction's
                                   Bytes{0, 1, 0, 0, 0, 5, 1, 3, 2, 1, 2},              // one register where two were asked
                                   Bytes{0, 1, 0, 0, 0, 3, 1, 0x84, 2});                // exception of another function
    std::atomic<bool> sane = false;
    ModbusPeer peer{[&](const Bytes& request, int socket) {
        return sane ? answer_well(request, socket) : ModbusPeer::send(socket, nonsense);
    }};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    const auto reply = line.exchange(two_registers(1, Duration{300}));
    REQUIRE_FALSE(reply);
    CAPTURE(reply.error().detail);
    sane = true;
    CHECK(line.exchange(two_registers()));
    CHECK(peer.connections() == 2);
}

TEST_CASE("an answer byte by byte, or a flood, is cut off at the time limit") {
    const bool flood = GENERATE(false, true);
    CAPTURE(flood);
    ModbusPeer* self = nullptr;
    ModbusPeer peer{[&](const Bytes& request, int socket) {
        const Bytes whole = ModbusPeer::registers(request, {1, 2});
        const Bytes megabyte(1'000'000, 0x41);
        for (std::size_t i = 0; !self->over(); ++i) {
            if (!ModbusPeer::send(socket, flood ? megabyte : Bytes{whole[i % whole.size()]})) return false;
            if (!flood) std::this_thread::sleep_for(200ms);
        }
        return false;
    }};
    self = &peer;
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(line.exchange(two_registers(1, Duration{500})));
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
}

TEST_CASE("a peer that closes while nobody asks is no failure") {
    ModbusPeer peer{[](const Bytes& request, int socket) { return answer_well(request, socket) && false; }};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    for (int i = 0; i < 4; ++i) CHECK(line.exchange(two_registers()));
    CHECK(peer.connections() == 4);
}

TEST_CASE("a silent unit is left alone longer and longer, its neighbours are asked as ever") {
    std::mutex mutex;
    std::map<int, int> asked;
    ModbusPeer peer{[&](const Bytes& request, int socket) {
        const std::lock_guard lock{mutex};
        ++asked[request[6]];
        return request[6] == 9 || answer_well(request, socket);
    }};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    CHECK(line.exchange(two_registers(1)));
    Duration waited{0};
    for (int i = 0; i < 20; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        const auto reply = line.exchange(two_registers(9, Duration{200}));
        waited += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == Errc::timeout);
        CHECK(contains(reply.error().detail, "unit 9 holding 3059: no answer within 200 ms"));
        CHECK(line.exchange(two_registers(1)));
    }
    {
        const std::lock_guard lock{mutex};
        CHECK(asked[9] <= 5);
        CHECK(asked[1] == 21);
    }
    auto urgent = two_registers(9, Duration{200});
    urgent.urgent = true;
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(line.exchange(urgent));
    CHECK(std::chrono::steady_clock::now() - begun >= 190ms);
}

TEST_CASE("where nobody listens each request fails at once and says so") {
    ModbusLine line{TcpEndpoint{"127.0.0.1", support::free_port()}};
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 1'000; ++i) {
        const auto reply = line.exchange(two_registers());
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == Errc::unreachable);
        CHECK(contains(reply.error().detail, "Connection refused; check host, port"));
    }
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("more than one request may carry is refused before it is sent") {
    ModbusLine line{TcpEndpoint{"127.0.0.1", 1}};
    ModbusRequest request;
    request.count = 126;
    CHECK(line.exchange(request).error().code == Errc::refused);
    request.count = 2;
    request.address = 65'535;
    CHECK(line.exchange(request).error().code == Errc::refused);
}

TEST_CASE("ten thousand open sockets elsewhere do not disturb a line made before them") {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 1'200) return;
    ModbusPeer peer{answer_well};
    ModbusLine line{TcpEndpoint{"127.0.0.1", peer.port()}};
    std::vector<int> taken;
    while (taken.empty() || taken.back() < 1'100) taken.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(line.exchange(two_registers()));
    CHECK_THROWS(ModbusLine{TcpEndpoint{"127.0.0.1", peer.port()}});
    for (const int fd : taken) ::close(fd);
}
