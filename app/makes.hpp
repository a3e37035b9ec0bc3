#pragma once
#include "app/config.hpp"
#include "drivers/asic/capabilities.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace ballast {

/// A make of miners: how a site file names it, and what holds of a group where it does not say itself.
struct Make {
    AsicProtocol protocol;
    std::string_view called;      ///< By people, before "miners".
    std::uint16_t port;
    std::string_view user;        ///< Empty: it asks for none.
    bool has_password;            ///< It takes orders only from who knows it.

    const Capabilities& can() const { return capabilities_of(protocol); }
    std::string_view driver() const { return can().name; }  ///< As in the site file.
};

/// All of them: how they are reached. What they can do is in `capabilities`.
std::span<const Make> makes();
const Make& make_of(AsicProtocol protocol);

/// As in the site file.
std::string_view driver_name(const GroupConfig& group);

}  // namespace ballast
