#include "drivers/modbus/line.hpp"

#include "controller/clock.hpp"
#include "drivers/modbus/connect.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ballast::drivers {
namespace {

constexpr unsigned busy_tries = 3;
constexpr Duration busy_pause{50};
constexpr Duration reconnect_first{100}, reconnect_most{2'000};

/// Between two requests: some gateways lose the second of a pair; RTU ends a frame with 3.5 characters of silence.
Duration gap_of(const ModbusEndpoint& endpoint) {
    const auto* serial = std::get_if<SerialEndpoint>(&endpoint);
    return serial && serial->baud > 0 ? std::max(Duration{5}, Duration{1 + 38'500 / serial->baud}) : Duration{5};
}

modbus_t* make_context(const ModbusEndpoint& endpoint) {
    if (const auto* tcp = std::get_if<TcpEndpoint>(&endpoint))
        return modbus_new_tcp_pi(tcp->host.c_str(), std::to_string(tcp->port).c_str());
    const auto& serial = std::get<SerialEndpoint>(endpoint);
    return modbus_new_rtu(serial.device.c_str(), serial.baud, serial.parity, serial.data_bits, serial.stop_bits);
}

bool is_exception(int number) { return number >= EMBXILFUN && number <= EMBXGTAR; }

bool connection_lost(int number) {
    constexpr std::array lost{ECONNRESET, EPIPE, EBADF, ENOTCONN, ECONNABORTED, EIO, ENODEV, ENXIO};
    return std::ranges::find(lost, number) != lost.end();
}

/// The unit itself, or the way to it behind a gateway, kept the bus waiting.
bool unit_is_silent(int number) { return number == ETIMEDOUT || number == EMBXGTAR || number == EMBXGPATH; }

}  // namespace

ModbusLine::ModbusLine(ModbusEndpoint endpoint)
    : endpoint_{std::move(endpoint)}, context_{make_context(endpoint_)}, gap_{gap_of(endpoint_)} {
    if (!context_)
        throw std::runtime_error{fmt::format("modbus {}: {}", to_string(endpoint_), modbus_strerror(errno))};
    // One time limit for the whole answer, so that a peer who sends byte by byte gains nothing.
    modbus_set_byte_timeout(context_.get(), 0, 0);
    nothing_ = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    slot_ = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing_ >= 0 && slot_ >= 0 && slot_ < FD_SETSIZE) return;
    for (const int fd : {slot_, nothing_})
        if (fd >= 0) ::close(fd);
    throw std::runtime_error{fmt::format("modbus {}: too many open files; make buses before fleets", to_string(endpoint_))};
}

ModbusLine::~ModbusLine() {
    disconnect();
    ::close(slot_);
    ::close(nothing_);
}

Result<ModbusReply> ModbusLine::exchange(const ModbusRequest& request) {
    const int most = request.table == ModbusTable::coil || request.table == ModbusTable::discrete ? MODBUS_MAX_READ_BITS : MODBUS_MAX_READ_REGISTERS;
    if (request.count == 0 || request.count > most || request.address + request.count > 65'536)
        return fail(Errc::refused, fmt::format("{}: {} values are asked for; at most {} in one request, and none past 65535",
                                               place(endpoint_, request), request.count, most));
    if (const Pause& pause = units_[request.unit]; !request.urgent && !pause.over()) return tl::unexpected{pause.why};

    const bool reused = connected_;
    ModbusReply reply;
    if (const auto up = connect(request); !up) return tl::unexpected{up.error()};
    int number = transfer_patiently(request, reply.words);
    if (reused && connection_lost(number)) {
        // The peer closed while nobody asked, as many do: no failure yet.
        disconnect();
        if (const auto up = connect(request); !up) return tl::unexpected{up.error()};
        number = transfer_patiently(request, reply.words);
    }
    reply.at = steady_now();
    learn(request, number);
    if (number != 0) return tl::unexpected{explain(endpoint_, request, number)};
    return reply;
}

Result<void> ModbusLine::connect(const ModbusRequest& request) {
    if (connected_) return {};
    if (!request.urgent && !line_.over()) return tl::unexpected{line_.why};
    const Result<int> fd = open(request.timeout);
    if (fd) {
        line_ = {};
        adopt(*fd);
        return {};
    }
    line_.failures = std::min(line_.failures + 1, 10u);
    line_.why = fd.error();
    line_.until = Clock::now() + std::min(reconnect_first * (1 << (line_.failures - 1)), reconnect_most);
    return tl::unexpected{fd.error()};
}

Result<int> ModbusLine::open(Duration timeout) {
    if (const auto* tcp = std::get_if<TcpEndpoint>(&endpoint_)) return connect_tcp(*tcp, timeout);
    if (modbus_connect(context_.get()) == 0) return modbus_get_socket(context_.get());
    return fail(Errc::unreachable, fmt::format("modbus {}: cannot open the line: {}; check the device, and that we may use it",
                                               to_string(endpoint_), modbus_strerror(errno)));
}

void ModbusLine::adopt(int fd) {
    ::dup3(fd, slot_, O_CLOEXEC);
    ::close(fd);
    modbus_set_socket(context_.get(), slot_);
    connected_ = true;
}

void ModbusLine::disconnect() {
    if (!connected_) return;
    // Not modbus_close: the number stays ours.
    ::dup3(nothing_, slot_, O_CLOEXEC);
    modbus_set_socket(context_.get(), -1);
    connected_ = false;
}

int ModbusLine::transfer_patiently(const ModbusRequest& request, std::vector<std::uint16_t>& words) {
    int number = transfer(request, words);
    for (unsigned tries = 1; number == EMBXSBUSY && tries < busy_tries; ++tries) {
        std::this_thread::sleep_for(busy_pause);
        number = transfer(request, words);
    }
    return number;
}

/// A gateway that loses the second of a pair loses it to a write too; but an opening must not wait for the poll before it,
/// and whoever orders it repeats it.
Duration ModbusLine::gap_before(const ModbusRequest& request) const {
    const bool hurries = request.urgent && request.write && std::holds_alternative<TcpEndpoint>(endpoint_);
    return hurries ? std::min(gap_, Duration{1}) : gap_;
}

/// 0, or libmodbus's error number.
int ModbusLine::transfer(const ModbusRequest& request, std::vector<std::uint16_t>& words) {
    modbus_t* const bus = context_.get();
    std::this_thread::sleep_until(last_ + gap_before(request));
    if (std::holds_alternative<SerialEndpoint>(endpoint_)) ::tcflush(slot_, TCIFLUSH);  // What came late belongs to nobody.
    const auto milliseconds = std::max<Duration::rep>(request.timeout.count(), 1);
    modbus_set_response_timeout(bus, static_cast<std::uint32_t>(milliseconds / 1'000),
                                static_cast<std::uint32_t>(milliseconds % 1'000 * 1'000));
    std::array<std::uint8_t, MODBUS_MAX_READ_BITS> bits{};
    words.assign(request.write ? 0 : request.count, 0);
    int done = modbus_set_slave(bus, request.unit);
    if (done == 0 && request.write) {
        done = modbus_write_bit(bus, request.address, request.value ? 1 : 0);
    } else if (done == 0) {
        switch (request.table) {
        case ModbusTable::coil: done = modbus_read_bits(bus, request.address, request.count, bits.data()); break;
        case ModbusTable::discrete: done = modbus_read_input_bits(bus, request.address, request.count, bits.data()); break;
        case ModbusTable::holding: done = modbus_read_registers(bus, request.address, request.count, words.data()); break;
        case ModbusTable::input: done = modbus_read_input_registers(bus, request.address, request.count, words.data()); break;
        }
    }
    const int number = done < 0 ? errno : 0;
    last_ = Clock::now();
    if (request.table == ModbusTable::coil || request.table == ModbusTable::discrete)
        std::copy_n(bits.begin(), words.size(), words.begin());
    return number;
}

/// Whom to leave alone after this, and whether the connection is still good for the next.
void ModbusLine::learn(const ModbusRequest& request, int number) {
    const bool tcp = std::holds_alternative<TcpEndpoint>(endpoint_);
    // Over TCP a late answer must not meet the next question; on a line it is flushed.
    const bool spoilt = connection_lost(number) || (tcp && number != 0 && !is_exception(number) && number != EINVAL);
    if (spoilt) disconnect();

    Pause& pause = units_[request.unit];
    if (!unit_is_silent(number)) {
        pause = {};
        return;
    }
    pause.why = explain(endpoint_, request, number);
    pause.failures = std::min(pause.failures + 1, 6u);
    const Duration rest = std::min(request.timeout * (1 << (pause.failures - 1)), request.timeout * 20);
    if (!tcp || units_.size() > 1) pause.until = Clock::now() + rest;  // Alone on a socket it starves nobody.
}

}  // namespace ballast::drivers
