// The least a client can take to put a mixed floor to sleep: bare epoll and the codecs, no journal, no telemetry, no second try.
//   floor_client FLOOR.csv [CONCURRENT=2048]
// First what a daemon has ready from its polls: tokens, salts and clocks, a login, a digest's challenge. Says "prepared", waits for a line, then
// sends the same exchanges as ours, depth first, one connection each; who has his order no longer counts as concurrent, for a stock
// Antminer answers it after 21 s. Prints one JSON line: acknowledged, failed, and what it took of the processor.
#include "bench/floor_file.hpp"
#include "wire/antminer.hpp"
#include "wire/braiins.hpp"
#include "wire/cgminer.hpp"
#include "wire/digest.hpp"
#include "wire/http_exchange.hpp"
#include "wire/whatsminer2.hpp"
#include "wire/whatsminer3.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <deque>
#include <iostream>

namespace {

using namespace ballast;
using Clock = std::chrono::steady_clock;
namespace wire2 = wire::whatsminer2;
namespace wire3 = wire::whatsminer3;

constexpr auto patience = std::chrono::seconds{5}, write_patience = std::chrono::seconds{30};

struct Machine {
    bench::FloorMachine is;
    std::string token;                                  ///< WhatsMiner v3: its salt; Braiins: its login; LuxOS: the session.
    std::string order;                                  ///< WhatsMiner v2: the sealed packet, made when the token came.
    std::chrono::seconds ahead{0};                      ///< WhatsMiner v3.
    std::optional<wire::digest::Challenge> challenge;
    std::uint32_t count = 0;
    std::string body;                                   ///< Antminer: its config, rewritten.
};

/// What is said next, and whether it is the order.
struct Say {
    std::string bytes;
    bool is_order = false;
};

class Client {
public:
    Client(std::vector<bench::FloorMachine> floor, std::size_t most) : most_{most}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
        for (bench::FloorMachine& machine : floor) machines_.push_back({std::move(machine), {}, {}, {}, {}, 0, {}});
        jobs_.resize(65'536);
    }

    /// All of them, once: to be ready, or for the order.
    void run(bool orders) {
        orders_ = orders, acknowledged_ = failed_ = 0;
        std::size_t next = 0;
        epoll_event events[512];
        while (next < machines_.size() || open_ > 0) {
            for (; counted_ < most_ && next < machines_.size(); ++next) begin(next);
            const int n = ::epoll_wait(epoll_, events, 512, 20);
            for (int i = 0; i < n; ++i) serve(events[i].data.fd, events[i].events);
            expire(Clock::now());
        }
    }
    std::size_t acknowledged() const { return acknowledged_; }
    std::size_t failed() const { return failed_; }

private:
    struct Job {
        std::size_t machine = 0;
        bool open = false, counted = false, is_order = false;
        unsigned step = 0;
        std::string out, in;
        Clock::time_point ends;
        std::uint64_t serial = 0;
    };
    struct Ends {
        Clock::time_point at;
        int fd;
        std::uint64_t serial;
    };

    std::string http(Machine& m, std::string_view method, std::string_view target, std::string_view body, std::string_view type) {
        std::string proof;
        std::vector<wire::http::Header> headers;
        if (m.challenge) {
            proof = wire::digest::authorization(*m.challenge, {method, target, "root", "root", "0a4f113b5c9d2e77", ++m.count}).value();
            headers.push_back({"Authorization", proof});
        } else if (!m.token.empty()) {
            headers.push_back({"Authorization", m.token});
        }
        if (!body.empty()) headers.push_back({"Content-Type", type});
        const std::string host = fmt::format("{}:{}", m.is.host, m.is.port);
        return wire::http::write_request({method, target, host, headers, body}).value();
    }

    Say prepare(Machine& m) {
        switch (m.is.make) {
        case AsicProtocol::whatsminer2: return {R"({"cmd":"get_token"})"};
        case AsicProtocol::whatsminer3: {
            std::string out;
            wire3::write_query(out, "get.device.info");
            return {out};
        }
        case AsicProtocol::antminer: return {http(m, "GET", "/cgi-bin/get_miner_conf.cgi", {}, {})};
        case AsicProtocol::braiins: return {http(m, "POST", wire::braiins::login_target, wire::braiins::login_body("root", "root"), "application/json")};
        default: return {};
        }
    }

    Say order(Machine& m, unsigned step) {
        switch (m.is.make) {
        case AsicProtocol::luxos:
            if (step == 0) return {R"({"command":"logon"})"};
            return {fmt::format(R"({{"command":"curtail","parameter":"{},sleep"}})", m.token), true};
        case AsicProtocol::whatsminer2: return {m.order, true};
        case AsicProtocol::whatsminer3: {
            std::string out;
            const auto at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + m.ahead;
            wire3::write_service(out, {"super", "super", m.token, at}, wire3::Service::stop);
            return {out, true};
        }
        case AsicProtocol::antminer:
            if (step == 0) return {http(m, "GET", "/cgi-bin/get_miner_conf.cgi", {}, {})};
            return {http(m, "POST", "/cgi-bin/set_miner_conf.cgi", m.body, "text/plain;charset=UTF-8"), true};
        default: return {http(m, "PUT", wire::braiins::pause_target, {}, {}), true};
        }
    }

    /// Whether the machine is ready now.
    bool prepared(Machine& m, std::string_view in) {
        switch (m.is.make) {
        case AsicProtocol::whatsminer2: {
            const auto reply = parser_.parse(in);
            if (!reply) return false;
            const auto token = wire2::token_reply(*reply);
            if (!token) return false;
            m.order = wire2::packet(wire2::make_session("admin", *token).value(), "power_off", {{"respbefore", "true"}});
            return true;
        }
        case AsicProtocol::whatsminer3: {
            const auto reply = wire3::parse_reply(in, parser_);
            const auto said = reply ? wire3::device(*reply) : std::nullopt;
            if (!said || !reply->when) return false;
            m.token = said->salt;
            m.ahead = *reply->when - std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
            return true;
        }
        case AsicProtocol::antminer: {
            const auto answer = wire::http::parse(in, true);
            const auto challenge = wire::digest::parse_challenge(answer ? answer->www_authenticate : std::vector<std::string>{});
            if (!challenge) return false;
            m.challenge = *challenge;
            return true;
        }
        default: {
            const auto answer = wire::http::parse(in, true);
            const auto login = answer ? wire::braiins::parse_login(parser_, answer->body) : tl::unexpected{answer.error()};
            if (!login) return false;
            m.token = login->token;
            return true;
        }
        }
    }

    /// What came before the order: nothing, if it makes none possible.
    bool opened(Machine& m, std::string_view in) {
        if (m.is.make == AsicProtocol::luxos) {
            const auto reply = parser_.parse(in);
            const auto session = reply ? wire::cgminer::session_id(*reply) : std::nullopt;
            if (session) m.token = session->view();
            return session.has_value();
        }
        const auto answer = wire::http::parse(in, true);
        const auto conf = answer ? wire::antminer::parse_conf(parser_, answer->body) : tl::unexpected{answer.error()};
        if (!conf) return false;
        const auto body = wire::antminer::with_mode(*conf, wire::antminer::WorkMode::sleep);
        if (body) m.body = *body;
        return body.has_value();
    }

    bool taken(Machine& m, std::string_view in) {
        switch (m.is.make) {
        case AsicProtocol::luxos: {
            const auto reply = parser_.parse(in);
            return reply && wire::cgminer::curtail_taken(*reply);
        }
        case AsicProtocol::whatsminer2: return !in.empty();  // It is sealed; the floor knows whether it was taken.
        case AsicProtocol::whatsminer3: {
            const auto reply = wire3::parse_reply(in, parser_);
            return reply && reply->taken();
        }
        case AsicProtocol::antminer: {
            const auto answer = wire::http::parse(in, true);
            return answer && wire::antminer::parse_set_reply(parser_, answer->body);
        }
        default: {
            const auto answer = wire::http::parse(in, true);
            return answer && answer->succeeded();
        }
        }
    }

    void begin(std::size_t number) {
        Machine& m = machines_[number];
        ++counted_;
        say(number, 0, orders_ ? order(m, 0) : prepare(m));
    }

    /// Nothing to say: it is ready as it is.
    void say(std::size_t number, unsigned step, Say said) {
        if (said.bytes.empty()) {
            --counted_;
            return;
        }
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(machines_[number].is.port);
        ::inet_pton(AF_INET, machines_[number].is.host.c_str(), &to.sin_addr);
        if (fd < 0 || (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)) {
            fmt::print(stderr, "floor_client: {}: {}\n", machines_[number].is.host, std::strerror(errno));
            std::exit(1);
        }
        Job& job = jobs_.at(static_cast<std::size_t>(fd));
        job = {number, true, true, said.is_order, step, std::move(said.bytes), {}, Clock::now() + (said.is_order && machines_[number].is.make == AsicProtocol::antminer ? write_patience : patience), ++serial_};
        ends_[said.is_order && machines_[number].is.make == AsicProtocol::antminer].push_back({job.ends, fd, job.serial});
        ++open_;
        epoll_event event{};
        event.events = EPOLLOUT, event.data.fd = fd;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void serve(int fd, std::uint32_t ready) {
        Job& job = jobs_[static_cast<std::size_t>(fd)];
        if (!job.open) return;
        if (!job.out.empty()) {
            if (::write(fd, job.out.data(), job.out.size()) != static_cast<ssize_t>(job.out.size())) return over(fd, false);
            job.out.clear();
            if (job.is_order) --counted_, job.counted = false;
            epoll_event event{};
            event.events = EPOLLIN, event.data.fd = fd;
            ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
            return;
        }
        char buffer[8'192];
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got > 0) job.in.append(buffer, static_cast<std::size_t>(got));
        if (got > 0 && !whole(job) && !(ready & EPOLLHUP)) return;
        understand(fd, job);
    }

    bool whole(const Job& job) const {
        switch (machines_[job.machine].is.make) {
        case AsicProtocol::antminer:
        case AsicProtocol::braiins: return wire::http::whole(job.in).value_or(true);
        case AsicProtocol::whatsminer3: return wire3::Framing{}.feed(job.in).value_or(true);
        default: return wire::cgminer::Framing{}.feed(job.in);
        }
    }

    void understand(int fd, Job& job) {
        Machine& m = machines_[job.machine];
        if (!orders_) return over(fd, prepared(m, job.in));
        if (job.is_order) return over(fd, taken(m, job.in));
        if (!opened(m, job.in)) return over(fd, false);
        const std::size_t number = job.machine;
        const unsigned step = job.step + 1;
        close(fd);
        say(number, step, order(m, step));  // It keeps its place among those that count.
    }

    void over(int fd, bool well) {
        ++(well ? acknowledged_ : failed_);
        if (jobs_[static_cast<std::size_t>(fd)].counted) --counted_;
        close(fd);
    }

    void close(int fd) {
        jobs_[static_cast<std::size_t>(fd)].open = false;
        ::close(fd);
        --open_;
    }

    void expire(Clock::time_point now) {
        for (auto& line : ends_)
            for (; !line.empty(); line.pop_front()) {
                const Ends& first = line.front();
                const Job& job = jobs_[static_cast<std::size_t>(first.fd)];
                if (!job.open || job.serial != first.serial) continue;
                if (first.at > now) break;
                over(first.fd, false);
            }
    }

    std::vector<Machine> machines_;
    std::vector<Job> jobs_;
    std::deque<Ends> ends_[2];  ///< Of the usual patience, and of the long one; each by time.
    std::size_t most_, counted_ = 0, open_ = 0, acknowledged_ = 0, failed_ = 0;
    std::uint64_t serial_ = 0;
    bool orders_ = false;
    int epoll_;
    wire::cgminer::Parser parser_;
};

double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: floor_client FLOOR.csv [CONCURRENT]\n");
        return 2;
    }
    try {
        Client client{bench::read_floor(argv[1]), static_cast<std::size_t>(argc > 2 ? std::stoul(argv[2]) : 2'048)};
        client.run(false);
        fmt::print("prepared\n");
        std::fflush(stdout);
        std::string line;
        std::getline(std::cin, line);
        const double before = processor_seconds();
        client.run(true);
        fmt::print("{{\"acknowledged\":{},\"failed\":{},\"cpu_s\":{:.3f}}}\n", client.acknowledged(), client.failed(), processor_seconds() - before);
    } catch (const std::exception& error) {
        fmt::print(stderr, "floor_client: {}\n", error.what());
        return 1;
    }
    return 0;
}
