#include "app/http.hpp"

#include <boost/asio.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace ballast {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Unix = asio::local::stream_protocol;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr int most_clients = 64;
constexpr std::chrono::seconds patience{5};

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

Response reply(const Request& request, http::status status, std::string body, std::string_view type = "application/json") {
    Response response{status, request.version()};
    response.set(http::field::content_type, type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(false);
    response.body() = std::move(body);
    response.prepare_payload();
    return response;
}

std::string error_json(std::string_view what) { return boost::json::serialize(boost::json::object{{"error", what}}); }

Response read_only(const Request& request, const Published& published) {
    if (request.method() != http::verb::get) return reply(request, http::status::method_not_allowed, error_json("only GET; a person's word goes through the journal's socket"));
    if (request.target() == "/healthz") return reply(request, http::status::ok, "ok\n", "text/plain");
    if (request.target() == "/state") return reply(request, http::status::ok, *published.state());
    return reply(request, http::status::not_found, error_json("known: /state, /healthz"));
}

Response heard_word(const Request& request, PersonsWords& words) {
    if (request.method() != http::verb::post || request.target() != "/word") return reply(request, http::status::not_found, error_json("known: POST /word"));
    auto word = parse_word(request.body());
    if (!word) return reply(request, http::status::bad_request, error_json(word.error().detail));
    const auto answer = words.say(std::move(*word), std::chrono::seconds{3});
    const bool unheard = !answer && answer.error().code == Errc::timeout;
    if (!answer) return reply(request, unheard ? http::status::gateway_timeout : http::status::conflict, error_json(answer.error().detail));
    return reply(request, http::status::ok, "{}");
}

}  // namespace

struct HttpServer::Parts {
    Parts(const Published& p, PersonsWords& w) : published{p}, words{w} {}

    template <class Protocol>
    asio::awaitable<void> serve_all(asio::basic_socket_acceptor<Protocol> acceptor, bool is_word) {
        for (;;) {
            auto [failed, socket] = co_await acceptor.async_accept(as_values);
            if (failed == asio::error::operation_aborted) co_return;
            if (failed) {  // Out of descriptors, say: others may free some.
                asio::steady_timer pause{io, std::chrono::milliseconds{100}};
                co_await pause.async_wait(as_values);
                continue;
            }
            if (clients >= most_clients) continue;
            ++clients;
            auto one = serve(std::move(socket), is_word);
            asio::co_spawn(io, std::move(one), [this](std::exception_ptr failure) {
                --clients;
                if (failure) std::rethrow_exception(failure);
            });
        }
    }

    template <class Socket>
    asio::awaitable<void> serve(Socket socket, bool is_word) {
        beast::basic_stream<typename Socket::protocol_type> stream{std::move(socket)};
        stream.expires_after(patience);
        beast::flat_buffer buffer{8'192};
        http::request_parser<http::string_body> parser;
        parser.body_limit(4'096);
        auto [failed, got] = co_await http::async_read(stream, buffer, parser, as_values);
        if (failed) co_return;
        Response response = is_word ? heard_word(parser.get(), words) : read_only(parser.get(), published);
        stream.expires_after(patience);
        co_await http::async_write(stream, response, as_values);
    }

    template <class Protocol>
    void listen(typename Protocol::endpoint endpoint, bool is_word) {
        asio::basic_socket_acceptor<Protocol> acceptor{io};
        acceptor.open(endpoint.protocol());
        if constexpr (std::is_same_v<Protocol, tcp>) acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen();
        auto serving = serve_all<Protocol>(std::move(acceptor), is_word);
        asio::co_spawn(io, std::move(serving), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
    }

    const Published& published;
    PersonsWords& words;
    int clients = 0;
    std::string socket_path;
    asio::io_context io{1};
    std::thread thread;
};

HttpServer::HttpServer(const std::optional<HttpConfig>& listen, const std::string& word_socket, const Published& published, PersonsWords& words, bool must)
    : parts_{std::make_unique<Parts>(published, words)} {
    const auto cannot = [must](const std::string& why) {
        if (must) throw std::runtime_error{why};
        spdlog::error("{}; controlling goes on without it", why);
    };
    try {
        if (listen) parts_->listen<tcp>({asio::ip::make_address(listen->host), listen->port}, false);
    } catch (const boost::system::system_error& e) {
        cannot(fmt::format("cannot listen on {}:{} ([http] listen): {}; is another ballast running?", listen->host, listen->port, e.code().message()));
    }
    ::unlink(word_socket.c_str());
    const ::mode_t mask = ::umask(0177);
    try {
        parts_->listen<Unix>(word_socket, true);
        parts_->socket_path = word_socket;
        ::umask(mask);
    } catch (const boost::system::system_error& e) {
        ::umask(mask);
        cannot(fmt::format("cannot listen on {}: {}; is the journal's folder writable?", word_socket, e.code().message()));
    }
    parts_->thread = std::thread{[this] { parts_->io.run(); }};
}

HttpServer::~HttpServer() {
    parts_->io.stop();
    if (parts_->thread.joinable()) parts_->thread.join();
    if (!parts_->socket_path.empty()) ::unlink(parts_->socket_path.c_str());
}

Result<void> say_to_daemon(const std::string& word_socket, const OperatorWord& word) {
    asio::io_context io;
    beast::basic_stream<Unix> stream{io};
    stream.expires_after(patience);
    try {
        stream.socket().connect(word_socket);
        Request request{http::verb::post, "/word", 11, word_json(word)};
        request.set(http::field::host, "ballast");
        request.prepare_payload();
        http::write(stream, request);
        beast::flat_buffer buffer;
        Response response;
        http::read(stream, buffer, response);
        if (response.result() == http::status::ok) return {};
        boost::system::error_code failed;
        const auto body = boost::json::parse(response.body(), failed);
        const auto* error = !failed && body.is_object() ? body.as_object().if_contains("error") : nullptr;
        const Errc code = response.result() == http::status::gateway_timeout ? Errc::timeout : Errc::refused;
        return fail(code, error && error->is_string() ? std::string{error->as_string()} : response.body());
    } catch (const boost::system::system_error& e) {
        return fail(Errc::unreachable, fmt::format("{}: {}; is `ballast run` up with this site file, and are you its user?", word_socket, e.code().message()));
    }
}

}  // namespace ballast
