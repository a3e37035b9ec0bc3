#include "sim/luxos_devices.hpp"

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
constexpr std::size_t most_request = 8'192;  ///< As the device's own buffer.

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

std::uint64_t key(std::uint32_t address, std::uint16_t port) {
    return std::uint64_t{address} << 16 | port;
}

}  // namespace

class LuxosDevices::Server {
public:
    Server(std::vector<LuxosSettings> machines, LivePlant& plant, std::uint64_t seed, Timing timing)
        : plant_{plant}, timing_{timing}, chance_{seed}, epoll_{::epoll_create1(EPOLL_CLOEXEC)}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
        if (epoll_.fd() < 0 || wake_.fd() < 0) throw std::runtime_error{"LuxOS devices: no descriptors left; raise the limit of open files (ulimit -n)"};
        std::map<std::uint16_t, std::set<std::uint32_t>> by_port;
        for (LuxosSettings& settings : machines) {
            const std::uint32_t address = loopback_address(settings.host);
            const std::uint16_t port = settings.port;
            if (!devices_.emplace(key(address, port), devices_.size()).second)
                throw std::runtime_error{dotted(address) + ":" + std::to_string(port) + " is given to two machines"};
            by_port[port].insert(address);
            machines_.emplace_back(std::move(settings), seed + machines_.size());
            replies_.push_back(chance_.in(timing_.reply));
        }
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
    struct Connection {
        Descriptor socket;
        std::size_t device = 0;
        std::uint64_t serial = 0;  ///< A descriptor's number comes again; this does not.
        std::string in;
        bool heard = false;        ///< The one request has come.
    };
    struct Due {
        Steady at;
        int fd;
        std::uint64_t serial;
        std::string out;           ///< Empty: just close.
        bool operator<(const Due& other) const { return at > other.at; }
    };

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
                if (found != open_.end() && found->second.serial == due.serial) finish(due.fd, due.out);
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
            const auto device = devices_.find(key(called_address(socket.fd()), port));
            if (device == devices_.end()) continue;
            ++connections_;
            const int fd = socket.fd();
            Connection connection;
            connection.socket = std::move(socket);
            connection.device = device->second;
            connection.serial = ++serial_;
            open_.insert_or_assign(fd, std::move(connection));
            due_.push({steady_now() + timing_.idle, fd, serial_, {}});
            watch(fd);
        }
    }

    void hear(int fd) {
        Connection& connection = open_.at(fd);
        char buffer[4'096];
        const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0 && (connection.heard || connection.in.empty())) {
            // A peer that has only finished sending still waits for its reply; one that is gone costs a failed write.
            if (got == 0 && connection.heard) ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);
            else open_.erase(fd);
            return;
        }
        if (connection.heard) return;
        LuxosRequest request;
        if (got > 0) {
            connection.in.append(buffer, static_cast<std::size_t>(got));
            request = read_luxos_request(connection.in);
        }
        if (got <= 0 || connection.in.size() > most_request) request.form = LuxosRequest::Form::broken;
        if (request.form == LuxosRequest::Form::incomplete) return;
        connection.heard = true;
        if (got <= 0) ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);
        answer(fd, connection, request);
    }

    void answer(int fd, const Connection& connection, const LuxosRequest& request) {
        LuxosMachine& machine = machines_[connection.device];
        const std::size_t index = machine.settings().machine;
        Duration takes = replies_[connection.device];
        bool silent = false;
        LuxosMachine::Answer told;
        const MachineFault fault = plant_.with([&](Plant& plant, Steady now) {
            const MachineFault is = plant.fault(index);
            silent = is == MachineFault::hung || !plant.answers(index, now);
            if (!silent && is != MachineFault::garbage) told = machine.answer(request, plant, now, wall_now());
            return is;
        });
        ++requests_;
        if (silent) return;  // The idle limit ends it.
        if (fault == MachineFault::slow_reply) takes = timing_.slow_reply;
        if (fault == MachineFault::garbage) told.json = garbage();
        if (!told.privileged.empty()) plant_.record(CommandHeard{steady_now(), index, told.privileged, told.accepted});
        told.json.push_back('\0');
        if (takes <= Duration{0}) finish(fd, told.json);
        else due_.push({steady_now() + takes, fd, connection.serial, std::move(told.json)});
    }

    /// Half of the time bytes, half of the time a reply broken the way old firmware breaks it.
    std::string garbage() {
        if (chance_.percent(50)) return R"({"STATUS":[{"STATUS":"S","When":nan,}{"Msg":"Curtailment command se)";
        std::string out;
        for (std::uint64_t n = 1 + chance_.below(2'000); n > 0; --n) out.push_back(static_cast<char>(1 + chance_.below(255)));
        return out;
    }

    void finish(int fd, const std::string& out) {
        char rest[1'024];
        for (int i = 0; i < 64 && ::recv(fd, rest, sizeof rest, 0) > 0; ++i) {}  // Unread bytes would turn our close into a reset.
        if (!out.empty()) (void)!::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
        open_.erase(fd);
    }

    LivePlant& plant_;
    const Timing timing_;
    Chance chance_;
    Descriptor epoll_, wake_;
    std::vector<LuxosMachine> machines_;
    std::vector<Duration> replies_;
    std::unordered_map<std::uint64_t, std::size_t> devices_;
    std::unordered_map<int, std::pair<Descriptor, std::uint16_t>> listeners_;
    std::unordered_map<int, Connection> open_;
    std::priority_queue<Due> due_;
    std::uint64_t serial_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

LuxosDevices::LuxosDevices(std::vector<LuxosSettings> machines, LivePlant& plant, std::uint64_t seed, Timing timing)
    : server_{std::make_unique<Server>(std::move(machines), plant, seed, timing)} {}

LuxosDevices::~LuxosDevices() = default;

std::uint64_t LuxosDevices::connections() const {
    return server_->connections_;
}

std::uint64_t LuxosDevices::requests() const {
    return server_->requests_;
}

}  // namespace ballast::sim
