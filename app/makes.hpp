#pragma once
#include "app/config.hpp"
#include "drivers/asic/protocol.hpp"
#include "model/units.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace ballast {

/// A make of miners: how a site file names it, and what holds of a group where it does not say itself.
struct Make {
    AsicProtocol protocol;
    std::string_view driver;      ///< As in the site file.
    std::string_view called;      ///< By people, before "miners".
    std::uint16_t port;
    std::string_view user;        ///< Empty: it asks for none.
    bool has_password;            ///< It takes orders only from who knows it.
    Power standby;
    Duration off_within, on_within;
    bool only_watched = false;    ///< It takes no order: only what feeds it can stop it.
};

/// All of them: the one table. Times and watts are those of the facts about each (asic.md 1.8), with room for a poll.
std::span<const Make> makes();
const Make& make_of(AsicProtocol protocol);

/// As in the site file.
std::string_view driver_name(const GroupConfig& group);

}  // namespace ballast
