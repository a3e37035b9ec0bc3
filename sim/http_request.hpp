#pragma once
#include "sim/asic_device.hpp"

#include <utility>
#include <vector>

/// HTTP/1.1 from a device's side: what was asked, and the answer's bytes. Boost.Beast does the reading.
namespace ballast::sim {

struct HttpRequest {
    std::string method{}, target{};          ///< As sent; the target with its query.
    std::string body{};                      ///< Chunks put together.
    std::vector<std::pair<std::string, std::string>> header{};  ///< Names as sent, in their order.
    bool keep_alive = false;                 ///< The peer would go on with this connection.

    /// The first value under this name, in any case; empty if there is none.
    std::string_view field(std::string_view name) const;
    /// The target without its query.
    std::string_view path() const;
};

/// One request with its body, 8 KiB of header and 64 KiB of body at most: broken as soon as it can be none.
AsicDevice::Heard hear_http(std::string_view bytes);

/// None if it is no whole one.
std::optional<HttpRequest> http_request(std::string_view bytes);

struct HttpAnswer {
    unsigned status = 200;
    std::string body{};
    std::string_view type = "application/json";  ///< With a body only.
    std::string more{};                      ///< Further header lines, each with its CRLF.
    bool closes = true;                      ///< Says so.
    bool chunked = false;                    ///< In chunks of 1000 bytes, without Content-Length.
};

/// The bytes. One with status 204 or 304 has no body, and no length.
std::string http_answer(const HttpAnswer& answer);

}  // namespace ballast::sim
