#include "sim/asic_devices.hpp"

#include "sim/sockets.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <queue>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace ballast::sim {

namespace {

constexpr std::size_t most_listeners_a_port = 512;
constexpr std::size_t most_unread = 1 << 20;  ///< What a peer sends beyond this is dropped.

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

std::uint64_t key(std::uint32_t address, std::uint16_t port) {
    return std::uint64_t{address} << 16 | port;
}

std::unique_ptr<AsicDevice> made(const LuxosSettings& settings, std::uint64_t seed) { return std::make_unique<LuxosMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const Whatsminer2Settings& settings, std::uint64_t seed) { return std::make_unique<Whatsminer2Machine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const Whatsminer3Settings& settings, std::uint64_t seed) { return std::make_unique<Whatsminer3Machine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const BraiinsSettings& settings, std::uint64_t seed) { return std::make_unique<BraiinsMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const AntminerSettings& settings, std::uint64_t seed) { return std::make_unique<AntminerMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const AxeosSettings& settings, std::uint64_t seed) { return std::make_unique<AxeosMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const EpicSettings& settings, std::uint64_t seed) { return std::make_unique<EpicMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const VnishSettings& settings, std::uint64_t seed) { return std::make_unique<VnishMachine>(settings, seed); }
std::unique_ptr<AsicDevice> made(const CgminerSettings& settings, std::uint64_t seed) { return std::make_unique<CgminerMachine>(settings, seed); }

}  // namespace

class AsicDevices::Server {
public:
    Server(const std::vector<AsicSettings>& floor, LivePlant& plant, std::uint64_t seed, Timing timing)
        : plant_{plant}, timing_{timing}, chance_{seed}, epoll_{::epoll_create1(EPOLL_CLOEXEC)}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
        if (epoll_.fd() < 0 || wake_.fd() < 0) throw std::runtime_error{"simulated miners: no descriptors left; raise the limit of open files (ulimit -n)"};
        std::map<std::uint16_t, std::set<std::uint32_t>> by_port;
        for (const AsicSettings& settings : floor) by_port[add(settings, seed + machines_.size())].insert(loopback_address(machines_.back().place.host));
        for (const auto& [port, addresses] : by_port) {
            if (addresses.size() > most_listeners_a_port) add_listener(listen_on(0, port), port);
            else
                for (const std::uint32_t address : addresses) add_listener(listen_on(address, port), port);
        }
        watch(wake_.fd());
        thread_ = std::thread{[this] { run(); }};
    }

    ~Server() {
        stopping_ = true;
        const std::uint64_t one = 1;
        (void)!::write(wake_.fd(), &one, sizeof one);
        thread_.join();
    }

    std::atomic<std::uint64_t> connections_{0}, requests_{0};

private:
    struct Machine {
        std::unique_ptr<AsicDevice> device;
        AsicPlace place;
        Duration reply{0};
    };
    struct Connection {
        Descriptor socket;
        std::size_t machine = 0;
        std::uint64_t serial = 0;  ///< A descriptor's number comes again; this does not.
        std::string in;            ///< The request that is being answered, and what came after it.
        std::size_t taken = 0;     ///< That request's bytes.
        Steady last{};             ///< Accepted, or last answered.
        bool busy = false;         ///< A request is being answered: one at a time.
        bool finished = false;     ///< The peer will send no more.
    };
    struct Due {
        enum class What : std::uint8_t { reply, idle } what{};
        Steady at;
        int fd;
        std::uint64_t serial;
        std::string out{};         ///< Empty: nothing is said.
        bool closes = true;
        bool operator<(const Due& other) const { return at > other.at; }
    };

    /// The port it listens on.
    std::uint16_t add(const AsicSettings& settings, std::uint64_t seed) {
        auto device = std::visit([seed](const auto& one) { return made(one, seed); }, settings);
        AsicPlace place = device->place();
        const std::uint32_t address = loopback_address(place.host);
        if (!by_address_.emplace(key(address, place.port), machines_.size()).second)
            throw std::runtime_error{dotted(address) + ":" + std::to_string(place.port) + " is given to two machines"};
        const Duration reply = chance_.in(place.reply.value_or(timing_.reply));
        machines_.push_back({std::move(device), std::move(place), reply});
        return machines_.back().place.port;
    }

    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event);
    }

    void add_listener(Descriptor listener, std::uint16_t port) {
        const int fd = listener.fd();
        watch(fd);
        listeners_.emplace(fd, std::pair{std::move(listener), port});
    }

    void run() {
        epoll_event events[256];
        while (!stopping_) {
            int wait = -1;
            if (!due_.empty()) wait = static_cast<int>(std::clamp<Duration::rep>((due_.top().at - steady_now()).count() + 1, 0, 1'000));
            const int n = ::epoll_wait(epoll_.fd(), events, 256, wait);
            for (int i = 0; i < n; ++i) {
                const int fd = events[i].data.fd;
                if (fd == wake_.fd()) continue;
                if (const auto listener = listeners_.find(fd); listener != listeners_.end()) accept_all(fd, listener->second.second);
                else if (open_.contains(fd)) hear(fd);
            }
            while (!due_.empty() && due_.top().at <= steady_now()) {
                const Due due = due_.top();
                due_.pop();
                const auto found = open_.find(due.fd);
                if (found == open_.end() || found->second.serial != due.serial) continue;
                if (due.what == Due::What::reply) finish(due.fd, due.out, due.closes);
                else idle(due.fd, found->second);
            }
        }
    }

    void accept_all(int listener, std::uint16_t port) {
        for (int taken = 0; taken < 256; ++taken) {
            Descriptor socket{::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (socket.fd() < 0) {
                // Out of descriptors: let some finish rather than spin on a listener that stays ready.
                if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(std::chrono::milliseconds{2});
                return;
            }
            const auto machine = by_address_.find(key(called_address(socket.fd()), port));
            if (machine == by_address_.end()) continue;
            ++connections_;
            const int fd = socket.fd();
            Connection connection;
            connection.socket = std::move(socket);
            connection.machine = machine->second;
            connection.serial = ++serial_;
            connection.last = steady_now();
            due_.push({Due::What::idle, connection.last + idle_of(connection), fd, serial_});
            open_.insert_or_assign(fd, std::move(connection));
            watch(fd);
        }
    }

    Duration idle_of(const Connection& connection) const { return machines_[connection.machine].place.idle.value_or(timing_.idle); }

    void idle(int fd, const Connection& connection) {
        const Steady ends = connection.last + idle_of(connection);
        if (ends <= steady_now()) open_.erase(fd);
        else due_.push({Due::What::idle, ends, fd, connection.serial});
    }

    void hear(int fd) {
        Connection& connection = open_.at(fd);
        char buffer[4'096];
        const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got < 0 || (got == 0 && !connection.busy && connection.in.empty())) {
            open_.erase(fd);
            return;
        }
        if (got > 0 && connection.in.size() < most_unread) connection.in.append(buffer, static_cast<std::size_t>(got));
        if (got == 0) {
            // A peer that has only finished sending still waits for its reply; one that is gone costs a failed write.
            connection.finished = true;
            ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);
        }
        take(fd, connection);
    }

    /// The next request, if it has come and none is being answered.
    void take(int fd, Connection& connection) {
        if (connection.busy) return;
        AsicDevice::Heard heard = machines_[connection.machine].device->hear(connection.in);
        if (heard.form == AsicDevice::Form::incomplete) {
            if (!connection.finished) return;
            heard.form = AsicDevice::Form::broken;
        }
        const bool broken = heard.form == AsicDevice::Form::broken;
        connection.busy = true;
        connection.taken = broken ? connection.in.size() : heard.length;
        answer(fd, connection, broken);
    }

    void answer(int fd, const Connection& connection, bool broken) {
        Machine& machine = machines_[connection.machine];
        const std::size_t index = machine.place.machine;
        AsicDevice::Reply told;
        const MachineFault fault = plant_.with([&](Plant& plant, Steady now) {
            const MachineFault is = plant.fault(index);
            told.silent = is == MachineFault::hung || !plant.answers(index, now);
            if (!told.silent && is != MachineFault::garbage)
                told = machine.device->answer({std::string_view{connection.in}.substr(0, connection.taken), broken, now, wall_now()}, plant);
            return is;
        });
        ++requests_;
        if (!told.privileged.empty()) plant_.record(CommandHeard{steady_now(), index, told.privileged, told.accepted});
        if (told.silent) return;  // The idle limit ends it.
        Duration takes = told.takes.value_or(machine.reply);
        if (fault == MachineFault::slow_reply) takes = timing_.slow_reply;
        if (fault == MachineFault::resets) told.bytes.clear(), told.closes = true;
        if (fault == MachineFault::garbage) told.bytes = machine.device->framed(garbage());
        if (takes <= Duration{0}) finish(fd, told.bytes, told.closes);
        else due_.push({Due::What::reply, steady_now() + takes, fd, connection.serial, std::move(told.bytes), told.closes});
    }

    MachineFault fault_of(const Connection& connection) {
        const std::size_t index = machines_[connection.machine].place.machine;
        return plant_.with([index](Plant& plant, Steady) { return plant.fault(index); });
    }

    /// Half of the time bytes, half of the time a reply broken the way old firmware breaks it.
    std::string garbage() {
        if (chance_.percent(50)) return R"({"STATUS":[{"STATUS":"S","When":nan,}{"Msg":"Curtailment command se)";
        std::string out;
        for (std::uint64_t n = 1 + chance_.below(2'000); n > 0; --n) out.push_back(static_cast<char>(1 + chance_.below(255)));
        return out;
    }

    void finish(int fd, const std::string& out, bool closes) {
        Connection& connection = open_.at(fd);
        if (!out.empty()) (void)!::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
        connection.in.erase(0, connection.taken);
        connection.busy = false;
        connection.last = steady_now();
        if (closes && fault_of(connection) == MachineFault::resets) {
            const linger at_once{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            open_.erase(fd);
        } else if (closes || (connection.finished && connection.in.empty())) {
            char rest[1'024];
            for (int i = 0; i < 64 && ::recv(fd, rest, sizeof rest, 0) > 0; ++i) {}  // Unread bytes would turn our close into a reset.
            open_.erase(fd);
        } else if (!connection.in.empty()) {
            take(fd, connection);
        }
    }

    LivePlant& plant_;
    const Timing timing_;
    Chance chance_;
    Descriptor epoll_, wake_;
    std::vector<Machine> machines_;
    std::unordered_map<std::uint64_t, std::size_t> by_address_;
    std::unordered_map<int, std::pair<Descriptor, std::uint16_t>> listeners_;
    std::unordered_map<int, Connection> open_;
    std::priority_queue<Due> due_;
    std::uint64_t serial_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

AsicDevices::AsicDevices(const std::vector<AsicSettings>& floor, LivePlant& plant, std::uint64_t seed, Timing timing)
    : server_{std::make_unique<Server>(floor, plant, seed, timing)} {}

AsicDevices::~AsicDevices() = default;

std::uint64_t AsicDevices::connections() const {
    return server_->connections_;
}

std::uint64_t AsicDevices::requests() const {
    return server_->requests_;
}

}  // namespace ballast::sim
