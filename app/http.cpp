#include "app/http.hpp"

#include "app/fleet.hpp"
#include "app/floor_texts.hpp"

#include "wire/plain_json.hpp"
#include "wire/printable.hpp"

#include <boost/asio.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url.hpp>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ballast {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Unix = asio::local::stream_protocol;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr unsigned most_clients = 64, most_turned_away = 64;
constexpr std::chrono::seconds patience{5}, room_within{1};  ///< For one exchange; for some client to be done when there are too many.
constexpr std::size_t longest_body = 4'096, most_left_unread = 16 << 20;
constexpr std::size_t longest_floor = 128 << 20;  ///< 100,000 machines, with the longest names and errors that they can have.

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

std::string error_json(std::string_view what) { return wire::plain_json(boost::json::object{{"error", what}}); }

/// What a daemon that did not do it says of that; of somebody else, the beginning of what he says.
std::string words_of(std::string_view body) {
    boost::system::error_code failed;
    const auto said = boost::json::parse(body, failed);
    const auto* error = !failed && said.is_object() ? said.get_object().if_contains("error") : nullptr;
    return wire::printable(error && error->is_string() ? std::string_view{error->get_string()} : body, 200);
}

/// A list of ten thousand machines is megabytes: so many are under way at once.
constexpr std::size_t long_answer = 256 << 10, most_short = 1'000;  ///< In bytes; in machines, each of which takes some 200 to 800.
constexpr unsigned most_long = 4;
constexpr std::chrono::seconds texts_kept{1};
constexpr std::string_view busy = "long lists are being answered already, as many as may be";

Response too_many(const Request& request, std::string_view what) {
    Response response = reply(request, http::status::service_unavailable, error_json(fmt::format("{}; say it again later", what)));
    response.set(http::field::retry_after, "1");
    return response;
}

Response floor_of(const Request& request, const boost::urls::url_view& target, FloorDesk* desk, FloorTexts& texts, bool room) {
    FloorWish wish;
    for (const auto& param : target.params()) {
        const bool machines = param.key == "machines" && (param.value == "1" || param.value == "0");
        if (machines) wish.machines = param.value == "1";
        else if (param.key == "group" && !param.value.empty()) wish.group = param.value;
        else return reply(request, http::status::bad_request, error_json("known: group=NAME, machines=0 or 1"));
    }
    const auto floor = desk ? desk->look(std::chrono::seconds{2}) : nullptr;
    if (!floor) return reply(request, http::status::gateway_timeout, error_json("the controlling loop did not come round in time; say it again later"));
    if (!wish.group.empty() && std::ranges::find(floor->site->groups, wish.group, &Site::Group::name) == floor->site->groups.end())
        return reply(request, http::status::not_found, error_json("there is no group of that name"));
    if (!room && listed(*floor, wish) > most_short) return too_many(request, busy);  // Before anything that long is made.
    return reply(request, http::status::ok, *texts.of(floor, wish));
}

Response read_only(const Request& request, const Published& published, FloorDesk* desk, FloorTexts& texts, bool room) {
    if (request.method() != http::verb::get) return reply(request, http::status::method_not_allowed, error_json("only GET; a person's word goes through the journal's socket"));
    if (request.target() == "/healthz") return reply(request, http::status::ok, "ok\n", "text/plain");
    if (request.target() == "/state") return reply(request, http::status::ok, *published.state());
    const auto target = boost::urls::parse_origin_form(boost::core::string_view{request.target().data(), request.target().size()});
    if (target && target->encoded_path() == "/fleet") return floor_of(request, *target, desk, texts, room);
    return reply(request, http::status::not_found, error_json("known: /state, /fleet, /healthz"));
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

/// What is told of a request that is none; nothing where nobody is there to be told.
std::optional<Response> unreadable(boost::system::error_code failed) {
    const Request none;
    if (failed == http::error::body_limit) return reply(none, http::status::payload_too_large, error_json(fmt::format("the body is too long; allowed: {} bytes", longest_body)));
    if (failed == http::error::header_limit) return reply(none, http::status::request_header_fields_too_large, error_json("the header is too long"));
    const bool left = failed == http::error::end_of_stream || failed == http::error::partial_message;
    if (left || failed.category() != make_error_code(http::error::bad_method).category()) return std::nullopt;
    return reply(none, http::status::bad_request, error_json(fmt::format("no HTTP request: {}", failed.message())));
}

/// Clients of one listener, so that whoever only looks at the state keeps nobody's word out.
struct Guests {
    explicit Guests(asio::io_context& io) : room{io} {}

    unsigned here = 0, turned_away = 0;
    std::chrono::steady_clock::time_point last_moved{};
    asio::steady_timer room;  ///< Cancelled when one leaves.

    void enter() {
        ++here;
        last_moved = std::chrono::steady_clock::now();
    }

    void leave() {
        --here;
        last_moved = std::chrono::steady_clock::now();
        room.cancel();
    }

    /// As long as they come and go the next one waits for its turn; where nobody has been done for a while, it need not.
    asio::awaitable<bool> has_room() {
        while (here >= most_clients && std::chrono::steady_clock::now() < last_moved + room_within) {
            room.expires_at(last_moved + room_within);
            co_await room.async_wait(as_values);
        }
        co_return here < most_clients;
    }
};

/// What a client still sends is read before we hang up: else its system throws our answer away.
template <class Stream>
asio::awaitable<void> hang_up(Stream& stream) {
    boost::system::error_code gone;
    stream.socket().shutdown(asio::socket_base::shutdown_send, gone);
    std::array<char, 16'384> unread;
    for (std::size_t all = 0; !gone && all < most_left_unread;) {
        auto [failed, got] = co_await stream.async_read_some(asio::buffer(unread), as_values);
        gone = failed;
        all += got;
    }
}

}  // namespace

/// One more, as long as it is here; null: none.
struct Counted {
    explicit Counted(unsigned* c) : count{c} { if (count) ++*count; }
    ~Counted() { if (count) --*count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    unsigned* count;
};

struct HttpServer::Parts {
    Parts(const Published& p, PersonsWords& w, FloorDesk* f) : published{p}, words{w}, floor{f} {}

    template <class Protocol>
    asio::awaitable<void> serve_all(asio::basic_socket_acceptor<Protocol> acceptor, bool is_word) {
        Guests& guests = is_word ? at_socket : at_port;
        for (;;) {
            auto [failed, socket] = co_await acceptor.async_accept(as_values);
            if (failed == asio::error::operation_aborted) co_return;
            if (failed) {  // Out of descriptors, say: others may free some.
                asio::steady_timer pause{io, std::chrono::milliseconds{100}};
                co_await pause.async_wait(as_values);
                continue;
            }
            if (co_await guests.has_room()) {
                guests.enter();
                auto one = serve(std::move(socket), [this, is_word](const Request& request) { return is_word ? heard_word(request, words) : read(request); }, patience);
                spawn(std::move(one), [&guests] { guests.leave(); });
            } else if (guests.turned_away < most_turned_away) {  // Beyond them nothing but hanging up is left.
                ++guests.turned_away;
                auto one = serve(std::move(socket), [](const Request& request) { return too_many(request, fmt::format("{} others are being answered already, and none of them is done", most_clients)); }, room_within);
                spawn(std::move(one), [&guests] { --guests.turned_away; });
            }
        }
    }

    Response read(const Request& request) {
        Response response = read_only(request, published, floor, texts, long_ones < most_long);
        if (!texts.empty() && !std::exchange(forgetting, true)) {
            forget.expires_after(texts_kept);
            forget.async_wait([this](boost::system::error_code) { forgetting = false, texts = {}; });
        }
        return response;
    }

    void spawn(asio::awaitable<void> one, std::function<void()> done) {
        asio::co_spawn(io, std::move(one), [done = std::move(done)](std::exception_ptr failure) {
            done();
            if (failure) std::rethrow_exception(failure);
        });
    }

    template <class Socket>
    asio::awaitable<void> serve(Socket socket, std::function<Response(const Request&)> answer, std::chrono::seconds within) {
        beast::basic_stream<typename Socket::protocol_type> stream{std::move(socket)};
        stream.expires_after(within);
        beast::flat_buffer buffer{8'192};
        http::request_parser<http::string_body> parser;
        parser.body_limit(longest_body);
        auto [failed, got] = co_await http::async_read(stream, buffer, parser, as_values);
        std::optional<Response> response = failed ? unreadable(failed) : std::optional{answer(parser.get())};
        if (!response) co_return;
        const bool is_long = response->body().size() > long_answer;
        if (is_long && long_ones >= most_long) *response = too_many(parser.get(), busy);
        const Counted counted{is_long ? &long_ones : nullptr};
        stream.expires_after(within);
        auto [unsent, put] = co_await http::async_write(stream, *response, as_values);
        if (failed && !unsent) co_await hang_up(stream);
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
    FloorDesk* floor;
    FloorTexts texts;
    unsigned long_ones = 0;
    std::string socket_path;
    asio::io_context io{1};
    Guests at_socket{io}, at_port{io};
    asio::steady_timer forget{io};
    bool forgetting = false;
    std::thread thread;
};

HttpServer::HttpServer(const std::optional<HttpConfig>& listen, const std::string& word_socket, const Published& published, PersonsWords& words, bool must, FloorDesk* floor)
    : parts_{std::make_unique<Parts>(published, words, floor)} {
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
        const bool unheard = response.result() == http::status::gateway_timeout || response.result() == http::status::service_unavailable;
        const Errc code = unheard ? Errc::timeout : Errc::refused;
        return fail(code, words_of(response.body()));
    } catch (const boost::system::system_error& e) {
        const bool hung_up = e.code() == asio::error::connection_reset || e.code() == asio::error::broken_pipe || e.code() == http::error::end_of_stream;
        const std::string_view remedy = hung_up ? "it hung up without an answer, as one that ends, or that too many talk to: say it again" : "is `ballast run` up with this site file, and are you its user?";
        return fail(Errc::unreachable, fmt::format("{}: {}; {}", word_socket, e.code().message(), remedy));
    }
}

Result<std::string> got_from_daemon(const HttpConfig& listens, const std::string& target) {
    asio::io_context io;
    beast::basic_stream<tcp> stream{io};
    const auto address = asio::ip::make_address(listens.host);
    const bool any = address.is_unspecified();
    const tcp::endpoint there{any ? address.is_v6() ? asio::ip::address{asio::ip::address_v6::loopback()} : asio::ip::address{asio::ip::address_v4::loopback()} : address, listens.port};
    const std::string who = fmt::format("{}:{}", listens.host, listens.port);
    Result<std::string> got = fail(Errc::timeout, who + " does not answer in time");
    auto ask = [&]() -> asio::awaitable<void> {
        stream.expires_after(patience);
        auto [refused] = co_await stream.async_connect(there, as_values);
        if (refused) co_return got = fail(Errc::unreachable, fmt::format("{}: {}", who, refused.message())), void();
        Request request{http::verb::get, target, 11};
        request.set(http::field::host, "ballast");
        auto [unsent, put] = co_await http::async_write(stream, request, as_values);
        stream.expires_after(3 * patience);
        beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        parser.body_limit(longest_floor);
        auto [failed, read] = co_await http::async_read(stream, buffer, parser, as_values);
        if (failed == beast::error::timeout) co_return;
        if (failed == http::error::body_limit) co_return got = fail(Errc::oversized, fmt::format("{} answers with more than {} MB; --group asks for less", who, longest_floor >> 20)), void();
        if (unsent || failed) co_return got = fail(Errc::malformed, fmt::format("{} took the question and did not answer as Ballast does: {}", who, (unsent ? unsent : failed).message())), void();
        if (parser.get().result() == http::status::ok) got = std::move(parser.get().body());
        else got = fail(Errc::refused, fmt::format("{} answers {}: {}", who, parser.get().result_int(), words_of(parser.get().body())));
    };
    auto asking = ask();
    asio::co_spawn(io, std::move(asking), [](std::exception_ptr failure) { if (failure) std::rethrow_exception(failure); });
    io.run();
    return got;
}

}  // namespace ballast
