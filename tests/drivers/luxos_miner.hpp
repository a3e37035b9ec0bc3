#pragma once
#include "wire/cgminer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace ballast::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// How a miner behaves after a request.
struct Answer {
    enum class Manner { close, keep_open, hang, reset, drip } manner = Manner::close;
    std::string bytes;
    std::chrono::milliseconds after{0};
};

/// One LuxOS miner on loopback, on the test's own thread; its replies have the shape of real captures. `script` may answer instead.
class Miner {
public:
    explicit Miner(asio::io_context& context, const char* address = "127.0.0.1", std::uint16_t port = 0)
        : context_{context}, acceptor_{context, tcp::endpoint{asio::ip::make_address(address), port}} {
        spawn(accept());
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    /// Nobody listens any more.
    void leave() { acceptor_.close(); }
    void let_go() { held_.clear(); }
    std::size_t held() const { return held_.size(); }

    static constexpr std::string_view telemetry[] = {"power", "config", "summary", "devs", "pools", "tempctrl"};

    /// All that was asked but telemetry: "logon", "curtail yJN2nlj1,sleep".
    std::vector<std::string> orders() const {
        std::vector<std::string> some;
        for (const std::string& request : asked)
            if (std::ranges::find(telemetry, request) == std::end(telemetry)) some.push_back(request);
        return some;
    }
    std::size_t count(std::string_view request) const { return static_cast<std::size_t>(std::ranges::count(asked, request)); }

    std::function<std::optional<Answer>(const wire::cgminer::Request&)> script;
    std::vector<std::string> asked;
    std::string session, next_session = "yJN2nlj1", mac = "62:f7:5e:b7:10:46";
    bool asleep = false, measures = true;
    int watts = 3'400, standby = 25;
    int open = 0, most_open = 0;

    static std::string status(char kind, int code, std::string_view message) {
        return fmt::format(R"("STATUS":[{{"Code":{},"Description":"LUXminer 2025.4.8.220305-57b389c7","Msg":"{}","STATUS":"{}","When":1760242394}}],"id":1}})", code, message, kind);
    }

    std::string reply_to(const wire::cgminer::Request& request) {
        const std::string& command = request.command;
        const auto open_session = [&] { return fmt::format(R"({{"SESSION":[{{"SessionID":"{}"}}],)", session) + status('S', 316, "Session"); };
        if (command == "session") return open_session();
        if (command == "logon") {
            if (!session.empty()) return "{" + status('E', 402, "Another session is active");
            session = next_session;
            return open_session();
        }
        if (command == "logoff") {
            session.clear();
            return "{" + status('S', 317, "Session terminated");
        }
        if (command == "curtail") {
            const auto comma = request.parameter.find(',');
            if (session.empty() || request.parameter.substr(0, comma) != session) return "{" + status('E', 401, "Invalid session");
            asleep = request.parameter.substr(comma + 1) == "sleep";
            return fmt::format(R"({{"CURTAIL":[{{"Action":"{}"}}],)", asleep ? "sleep mode" : "wake up") + status('S', 335, "Curtailment command sent");
        }
        if (command == "power")
            return fmt::format(R"({{"POWER":[{{"PSU":{},"Watts":{}}}],)", measures, asleep && measures ? standby : watts) + status('S', 311, "Power usage");
        if (command == "config")
            return fmt::format(R"({{"CONFIG":[{{"CurtailMode":"{}","IsPowerSupplyOn":{},"MACAddr":"{}","Model":"Antminer S19k Pro"}}],)",
                               asleep ? "Sleep" : "None", !asleep, mac) + status('S', 33, "LUXminer config");
        if (command == "summary") return fmt::format(R"({{"SUMMARY":[{{"GHS 15m":{},"GHS 5s":{}}}],)", asleep ? "12000.5" : "61506.37", asleep ? "0" : "59756.06") + status('S', 11, "Summary");
        return "{" + status('E', 14, "Invalid command");
    }

private:
    void spawn(asio::awaitable<void> work) {
        asio::co_spawn(context_, std::move(work), [](std::exception_ptr broken) {
            if (broken) std::rethrow_exception(broken);
        });
    }

    asio::awaitable<void> accept() {
        for (;;) {
            auto [failed, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (failed) co_return;
            spawn(visit(std::move(socket)));
        }
    }

    asio::awaitable<void> pause(std::chrono::milliseconds time) {
        asio::steady_timer timer{context_, time};
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    /// A real miner serves one request after another; `most_open` tells whether it had to wait.
    asio::awaitable<void> visit(tcp::socket socket) {
        std::string in;
        wire::cgminer::Framing framing;
        for (bool whole = false; !whole;) {
            char buffer[512];
            const auto [failed, size] = co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
            if (failed) co_return;
            in.append(buffer, size);
            whole = framing.feed({buffer, size});
        }
        most_open = std::max(most_open, ++open);
        const auto request = wire::cgminer::parse_request(in);
        if (!request) throw std::runtime_error{"the driver asked nonsense: " + in};
        asked.push_back(request->command + (request->parameter.empty() ? "" : " " + request->parameter));
        std::optional<Answer> answer = script ? script(*request) : std::nullopt;
        if (!answer) answer = Answer{Answer::Manner::close, reply_to(*request) + '\0', {}};
        co_await give(std::move(socket), std::move(*answer));
        --open;
    }

    asio::awaitable<void> give(tcp::socket socket, Answer answer) {
        if (answer.after.count() > 0) co_await pause(answer.after);
        if (answer.manner == Answer::Manner::drip)
            for (bool stays = true; stays;) {
                co_await pause(std::chrono::milliseconds{10});
                const auto [failed, size] = co_await asio::async_write(socket, asio::buffer("{", 1), asio::as_tuple(asio::use_awaitable));
                stays = !failed;
            }
        if (answer.manner == Answer::Manner::reset) {
            socket.set_option(asio::socket_base::linger{true, 0});
            socket.close();  // Left to its destructor Asio would take the option back.
            co_return;
        }
        co_await asio::async_write(socket, asio::buffer(answer.bytes), asio::as_tuple(asio::use_awaitable));
        const bool stays = answer.manner == Answer::Manner::hang || answer.manner == Answer::Manner::keep_open;
        if (stays) held_.push_back(std::move(socket));
    }

    asio::io_context& context_;
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> held_;
};

}  // namespace ballast::test
