#include "sim/modbus_devices.hpp"

#include "sim/modbus_unit.hpp"
#include "sim/sockets.hpp"

#include <fmt/format.h>
#include <modbus/modbus.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace ballast::sim {

namespace {

constexpr std::size_t most_clients = 512;
constexpr std::size_t header = 6;  ///< Of MBAP, before the bytes its length counts.

struct Free {
    void operator()(modbus_t* context) const { modbus_free(context); }
    void operator()(modbus_mapping_t* mapping) const { modbus_mapping_free(mapping); }
};

/// libmodbus' picture of just the registers a request names.
std::unique_ptr<modbus_mapping_t, Free> window(const ModbusRequest& asked) {
    const auto size = [&asked](Table table) { return asked.table == table ? unsigned{asked.quantity} : 0u; };
    const unsigned at = asked.address;
    return std::unique_ptr<modbus_mapping_t, Free>{modbus_mapping_new_start_address(
        at, size(Table::coil), at, size(Table::discrete), at, size(Table::holding), at, size(Table::input))};
}

}  // namespace

class ModbusDevices::Server {
public:
    explicit Server(std::vector<ModbusUnit> units)
        : epoll_{::epoll_create1(EPOLL_CLOEXEC)}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, context_{modbus_new_tcp("127.0.0.1", 0)} {
        if (epoll_.fd() < 0 || wake_.fd() < 0 || !context_) throw std::runtime_error{"Modbus devices: no descriptors left; raise the limit of open files (ulimit -n)"};
        std::map<std::pair<std::uint32_t, std::uint16_t>, Units> servers;
        for (ModbusUnit& unit : units) {
            PointMap& map = servers[{loopback_address(unit.host), unit.port}][unit.unit];
            const std::string where = fmt::format("{}:{} unit {}", unit.host, unit.port, unit.unit);
            for (ModbusPoint& point : unit.points) map.add(std::move(point), where);
        }
        for (auto& [at, map] : servers) {
            Descriptor listener = listen_on(at.first, at.second);
            const int fd = listener.fd();
            watch(fd);
            listeners_.emplace(fd, Listener{std::move(listener), std::move(map)});
        }
        watch(wake_.fd());
        thread_ = std::thread{[this] { run(); }};
    }

    ~Server() {
        stopping_ = true;
        const std::uint64_t one = 1;
        (void)!::write(wake_.fd(), &one, sizeof one);
        thread_.join();
        modbus_set_socket(context_.get(), -1);
    }

    std::atomic<std::uint64_t> requests_{0};

private:
    using Units = std::map<std::uint8_t, PointMap>;
    using Bytes = std::vector<std::uint8_t>;
    struct Listener {
        Descriptor socket;
        Units units;
    };
    struct Client {
        Descriptor socket;
        const Units* units = nullptr;
        Bytes in;
    };

    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event);
    }

    void run() {
        epoll_event events[64];
        while (!stopping_) {
            const int n = ::epoll_wait(epoll_.fd(), events, 64, -1);
            for (int i = 0; i < n; ++i) {
                const int fd = events[i].data.fd;
                if (const auto listener = listeners_.find(fd); listener != listeners_.end()) accept_one(listener->second);
                else if (const auto client = clients_.find(fd); client != clients_.end() && !hear(client->second)) clients_.erase(client);
            }
        }
    }

    void accept_one(const Listener& listener) {
        Descriptor socket{::accept4(listener.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (socket.fd() < 0 && (errno == EMFILE || errno == ENFILE)) std::this_thread::sleep_for(std::chrono::milliseconds{2});
        if (socket.fd() < 0 || clients_.size() >= most_clients) return;
        const int fd = socket.fd();
        clients_.insert_or_assign(fd, Client{std::move(socket), &listener.units, {}});
        watch(fd);
    }

    /// False: this client is done.
    bool hear(Client& client) {
        std::uint8_t buffer[1'024];
        const ssize_t got = ::recv(client.socket.fd(), buffer, sizeof buffer, 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) return false;
        client.in.insert(client.in.end(), buffer, buffer + got);
        while (client.in.size() >= header) {
            const std::size_t length = static_cast<std::size_t>(client.in[4] << 8 | client.in[5]);
            if (client.in[2] != 0 || client.in[3] != 0 || length < 2 || length > 254) return false;
            if (client.in.size() < header + length) break;
            const auto end = client.in.begin() + static_cast<std::ptrdiff_t>(header + length);
            const Bytes adu{client.in.begin(), end};
            client.in.erase(client.in.begin(), end);
            if (!answer(client, adu)) return false;
        }
        return true;
    }

    bool answer(const Client& client, const Bytes& adu) {
        ++requests_;
        modbus_set_socket(context_.get(), client.socket.fd());
        ModbusRequest asked = read_modbus_request(adu);
        const auto unit = client.units->find(asked.unit);
        if (unit == client.units->end()) return refuse(adu, ModbusRequest::Exception::gateway_target);
        if (asked.exception != ModbusRequest::Exception::none) return refuse(adu, asked.exception);
        const PointMap& points = unit->second;
        const bool known = points.covers(asked.table, asked.address, asked.quantity);
        if (!known || (asked.writes && !points.writable(asked.table, asked.address, asked.quantity)))
            return refuse(adu, ModbusRequest::Exception::address);
        const MeterFault fault = points.fault(asked.table, asked.address, asked.quantity);
        if (fault == MeterFault::silent) return true;
        if (fault == MeterFault::exceptions) return refuse(adu, ModbusRequest::Exception::device);
        return serve(points, asked, adu);
    }

    bool serve(const PointMap& points, const ModbusRequest& asked, const Bytes& adu) {
        const auto mapping = window(asked);
        if (!mapping) return refuse(adu, ModbusRequest::Exception::device);
        std::uint8_t* const bits = asked.table == Table::coil ? mapping->tab_bits : mapping->tab_input_bits;
        std::uint16_t* const registers = asked.table == Table::holding ? mapping->tab_registers : mapping->tab_input_registers;
        const bool binary = asked.table == Table::coil || asked.table == Table::discrete;
        const std::vector<std::uint16_t> now = points.read(asked.table, asked.address, asked.quantity);
        for (std::size_t i = 0; i < now.size(); ++i) {
            if (binary) bits[i] = static_cast<std::uint8_t>(now[i]);
            else registers[i] = now[i];
        }
        const bool sent = modbus_reply(context_.get(), adu.data(), static_cast<int>(adu.size()), mapping.get()) > 0;
        if (asked.writes) {
            std::vector<std::uint16_t> written(asked.quantity);
            for (std::size_t i = 0; i < written.size(); ++i) written[i] = binary ? bits[i] : registers[i];
            points.write(asked.table, asked.address, written);
        }
        return sent;
    }

    bool refuse(const Bytes& adu, ModbusRequest::Exception why) {
        return modbus_reply_exception(context_.get(), adu.data(), static_cast<unsigned>(why)) > 0;
    }

    Descriptor epoll_, wake_;
    std::unique_ptr<modbus_t, Free> context_;
    std::unordered_map<int, Listener> listeners_;
    std::unordered_map<int, Client> clients_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

ModbusDevices::ModbusDevices(std::vector<ModbusUnit> units) : server_{std::make_unique<Server>(std::move(units))} {}

ModbusDevices::~ModbusDevices() = default;

std::uint64_t ModbusDevices::requests() const {
    return server_->requests_;
}

}  // namespace ballast::sim
