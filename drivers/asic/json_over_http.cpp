#include "drivers/asic/json_over_http.hpp"

#include "wire/printable.hpp"

#include <fmt/format.h>

#include <array>

namespace ballast::asic {

Result<Request> JsonOverHttp::request(const Call& call, Duration patience) {
    std::array<wire::http::Header, 2> headers;
    std::size_t used = 0;
    if (!call.authorization.empty()) headers[used++] = {"Authorization", call.authorization};
    if (!call.body.empty()) headers[used++] = {"Content-Type", "application/json"};
    auto bytes = wire::http::write_request({call.method, call.target, call.host, std::span{headers}.first(used), call.body});
    if (!bytes) return tl::unexpected{bytes.error()};
    bytes_ = std::move(*bytes);
    return Request{bytes_, Frame::http, patience};
}

std::string http_host(std::string_view host, std::uint16_t port) {
    const bool colons = host.find(':') != host.npos;
    std::string out = colons ? fmt::format("[{}]", host) : std::string{host};
    if (port != 80) out += fmt::format(":{}", port);
    return out;
}

bool is_web_page(std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != body.npos && body[first] == '<';
}

std::string fit_to_log(std::string_view words, std::initializer_list<std::string_view> secrets) {
    for (const std::string_view secret : secrets)
        if (!secret.empty() && words.find(secret) != words.npos) return "(its words repeat a secret)";
    return wire::printable(words, 80);
}

}  // namespace ballast::asic
