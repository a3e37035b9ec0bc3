#include "wire/http_exchange.hpp"

#include "wire/printable.hpp"

#include <boost/asio/buffers_iterator.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ballast::wire::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using AnswerParser = beast_http::response_parser<beast_http::string_body>;

/// The characters of a method or of a header's name (RFC 9110, section 5.6.2).
bool is_token(std::string_view text) {
    const auto fits = [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || (c != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos);
    };
    return !text.empty() && std::ranges::all_of(text, fits);
}

/// Without blanks, so that it stays one word of the request line or of Host.
bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// Without control characters, so that it stays on its line.
bool is_line(std::string_view text) {
    return std::ranges::none_of(text,
                                [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

Result<void> checked(const Request& request) {
    if (!is_token(request.method)) return fail(Errc::malformed, "HTTP request: the method is not one word");
    if (!is_word(request.target))
        return fail(Errc::malformed, "HTTP request: the target is not one word of ASCII");
    if (!is_word(request.host))
        return fail(Errc::malformed, "HTTP request: the host is not one word of ASCII");
    std::size_t header_bytes = request.target.size() + request.host.size();
    for (const Header& header : request.headers) {
        header_bytes += header.name.size() + header.value.size();
        if (!is_token(header.name) || !is_line(header.value))
            return fail(Errc::malformed, fmt::format("HTTP request: header {} would break its line",
                                                     printable(header.name, 40)));
    }
    if (header_bytes > most_header_bytes)
        return fail(Errc::oversized, fmt::format("HTTP request: header of {} bytes", header_bytes));
    if (request.body.size() > most_bytes)
        return fail(Errc::oversized, fmt::format("HTTP request: body of {} bytes", request.body.size()));
    return {};
}

std::string bytes_of(const beast_http::request<beast_http::string_body>& message) {
    std::string bytes;
    beast_http::request_serializer<beast_http::string_body> serializer{message};
    error_code fault;
    while (!serializer.is_done() && !fault)
        serializer.next(fault, [&](error_code&, const auto& buffers) {
            const std::size_t before = bytes.size();
            bytes.append(boost::asio::buffers_begin(buffers), boost::asio::buffers_end(buffers));
            serializer.consume(bytes.size() - before);
        });
    return bytes;
}

Error described(const error_code& fault) {
    if (fault == beast_http::error::body_limit || fault == beast_http::error::buffer_overflow)
        return {Errc::oversized, fmt::format("HTTP answer of more than {} bytes", most_bytes)};
    if (fault == beast_http::error::header_limit)
        return {Errc::oversized,
                fmt::format("HTTP answer with a header of more than {} bytes", most_header_bytes)};
    return {Errc::malformed, fmt::format("HTTP answer: {}", fault.message())};
}

/// Gives `parser` what it can take of `bytes`; returns how much that was.
Result<std::size_t> feed(AnswerParser& parser, std::string_view bytes) {
    parser.eager(true);
    parser.header_limit(most_header_bytes);
    parser.body_limit(most_bytes);
    std::size_t used = 0;
    while (used < bytes.size() && !parser.is_done()) {
        error_code fault;
        const std::string_view rest = bytes.substr(used);
        const std::size_t taken = parser.put(boost::asio::const_buffer{rest.data(), rest.size()}, fault);
        used += taken;
        if (fault && fault != beast_http::error::need_more) return tl::unexpected{described(fault)};
        if (fault || taken == 0) break;
    }
    return used;
}

/// 100 Continue and 103 Early Hints come before the answer; 101 is one.
bool only_announces(const AnswerParser& parser) {
    const unsigned status = parser.get().result_int();
    return parser.is_done() && status >= 100 && status < 200 && status != 101;
}

/// Parses the answer itself into `parser`, made anew for each one that only announces it.
Result<void> read(std::optional<AnswerParser>& parser, std::string_view bytes) {
    if (bytes.size() > most_bytes)
        return fail(Errc::oversized, fmt::format("HTTP answer of more than {} bytes", most_bytes));
    do {
        parser.emplace();
        const auto used = feed(*parser, bytes);
        if (!used) return tl::unexpected{used.error()};
        bytes.remove_prefix(*used);
    } while (only_announces(*parser));
    return {};
}

}  // namespace

Result<std::string> write_request(const Request& request) {
    if (const auto fit = checked(request); !fit) return tl::unexpected{fit.error()};
    beast_http::request<beast_http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.target);
    message.set(beast_http::field::host, request.host);
    message.set(beast_http::field::connection, "close");
    for (const Header& header : request.headers) message.insert(header.name, header.value);
    message.body() = request.body;
    const auto method = message.method();
    if (!request.body.empty() || method == beast_http::verb::post || method == beast_http::verb::put ||
        method == beast_http::verb::patch)
        message.content_length(request.body.size());
    return bytes_of(message);
}

Result<bool> whole(std::string_view bytes) {
    std::optional<AnswerParser> parser;
    if (const auto fine = read(parser, bytes); !fine) return tl::unexpected{fine.error()};
    return parser->is_done();
}

Result<Answer> parse(std::string_view bytes, bool ended) {
    std::optional<AnswerParser> parser;
    if (const auto fine = read(parser, bytes); !fine) return tl::unexpected{fine.error()};
    if (!parser->got_some()) return fail(Errc::malformed, "HTTP answer: nothing came");
    if (!parser->is_done()) {
        error_code fault;
        if (ended) parser->put_eof(fault);
        if (!ended || fault)
            return fail(Errc::malformed,
                        fmt::format("HTTP answer: it ends early, after {} bytes", bytes.size()));
    }
    auto message = parser->release();
    Answer answer;
    answer.status = static_cast<int>(message.result_int());
    if (answer.status < 100 || answer.status > 599)
        return fail(Errc::malformed, fmt::format("HTTP answer: status {}", answer.status));
    const auto [first, last] = message.equal_range(beast_http::field::www_authenticate);
    for (auto field = first; field != last; ++field) answer.www_authenticate.emplace_back(field->value());
    answer.body = std::move(message.body());
    return answer;
}

}  // namespace ballast::wire::http
