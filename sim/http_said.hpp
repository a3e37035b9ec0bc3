#pragma once
#include "sim/http_request.hpp"

#include <boost/json.hpp>

namespace ballast::sim {

/// What a device with a web API makes of one request, before it becomes bytes.
struct HttpSaid {
    unsigned status = 200;
    std::string body{};
    std::string_view type = "application/json";
    std::string privileged{};                ///< As AsicDevice::Reply has it.
    bool accepted = false;
};

inline HttpSaid said(unsigned status, std::string body = {}) {
    return {.status = status, .body = std::move(body)};
}

inline AsicDevice::Reply http_reply(HttpSaid told, bool keep_alive) {
    const bool closes = !keep_alive;
    std::string bytes = http_answer({.status = told.status, .body = std::move(told.body), .type = told.type, .closes = closes});
    return {.bytes = std::move(bytes), .closes = closes, .privileged = std::move(told.privileged), .accepted = told.accepted};
}

/// None if the body is no JSON object.
inline std::optional<boost::json::object> object_in(const std::string& body) {
    boost::system::error_code broken;
    const boost::json::value parsed = boost::json::parse(body, broken);
    return broken || !parsed.is_object() ? std::nullopt : std::optional{parsed.get_object()};
}

/// Empty if there is no such string.
inline std::string text_in(const boost::json::object& object, std::string_view name) {
    const boost::json::value* found = object.if_contains(name);
    return found && found->is_string() ? std::string{found->get_string()} : std::string{};
}

}  // namespace ballast::sim
