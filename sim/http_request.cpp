#include "sim/http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

namespace ballast::sim {

namespace http_ = boost::beast::http;

namespace {

using Parser = http_::request_parser<http_::string_body>;

constexpr std::size_t most_header = 8'192, most_body = 65'536, chunk = 1'000;

/// How far `bytes` have come; with the error that says they never will.
std::size_t parse(Parser& parser, std::string_view bytes, boost::system::error_code& error) {
    parser.header_limit(most_header);
    parser.body_limit(most_body);
    parser.eager(true);
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error == http_::error::need_more) error.clear();
    return used;
}

std::string in_chunks(std::string_view body) {
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += chunk) {
        const std::string_view part = body.substr(at, chunk);
        out += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
    }
    return out + "0\r\n\r\n";
}

}  // namespace

std::string_view HttpRequest::field(std::string_view name) const {
    for (const auto& [has, value] : header)
        if (boost::beast::iequals(boost::beast::string_view{has.data(), has.size()}, boost::beast::string_view{name.data(), name.size()})) return value;
    return {};
}

std::string_view HttpRequest::path() const {
    return std::string_view{target}.substr(0, target.find('?'));
}

AsicDevice::Heard hear_http(std::string_view bytes) {
    if (bytes.empty()) return {};
    Parser parser;
    boost::system::error_code error;
    const std::size_t used = parse(parser, bytes, error);
    if (error) return {AsicDevice::Form::broken, 0};
    return parser.is_done() ? AsicDevice::Heard{AsicDevice::Form::whole, used} : AsicDevice::Heard{};
}

std::optional<HttpRequest> http_request(std::string_view bytes) {
    Parser parser;
    boost::system::error_code error;
    parse(parser, bytes, error);
    if (error || !parser.is_done()) return std::nullopt;
    const auto& given = parser.get();
    HttpRequest request{.method = std::string{given.method_string()}, .target = std::string{given.target()}, .body = given.body(), .keep_alive = given.keep_alive()};
    for (const auto& field : given) request.header.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    return request;
}

std::string http_answer(const HttpAnswer& answer) {
    const std::string_view reason = http_::obsolete_reason(http_::int_to_status(answer.status));
    std::string out = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason);
    if (!answer.body.empty()) out += fmt::format("Content-Type: {}\r\n", answer.type);
    out += answer.more;
    if (answer.closes) out += "Connection: close\r\n";
    if (answer.status == 204 || answer.status == 304) return out + "\r\n";
    if (!answer.chunked) return out + fmt::format("Content-Length: {}\r\n\r\n{}", answer.body.size(), answer.body);
    return out + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(answer.body);
}

}  // namespace ballast::sim
