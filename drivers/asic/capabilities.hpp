#pragma once
#include "drivers/asic/protocol.hpp"
#include "model/order.hpp"
#include "model/units.hpp"

#include <span>
#include <string_view>

namespace ballast {

/// How a make may be slowed.
enum class Levels : std::uint8_t {
    none,
    modes,  ///< Some that it names; what each draws is known, from it or from the site file.
    watts,  ///< Any, within its range, in watts or in per cent of them.
};

/// What it says that it draws.
enum class WattsTold : std::uint8_t { none, estimated, measured };

/// A fact that may be missing. What is decided upon takes unknown for the worse.
enum class Known : std::uint8_t { unknown, no, yes };

/// What its full draw is after a cap.
enum class Uncapped : std::uint8_t {
    whole,   ///< All that it may draw: a cap is a share of that, and needs no memory.
    before,  ///< What was set before the cap, which only who gave the cap remembers.
};

/// What a make of miners can do, and how long it takes. Watts and times are those of the facts about it (asic.md 1.8), with
/// room for a poll; where nobody has written any down, those of like hardware.
struct Capabilities {
    AsicProtocol protocol;
    std::string_view name;          ///< As in the site file.
    bool rests = true;              ///< It is put to sleep and woken. False: it takes no order, and only what feeds it can stop it.
    Levels levels = Levels::none;
    Uncapped uncapped = Uncapped::before;
    WattsTold watts = WattsTold::none;
    Known sleep_persists = Known::unknown;  ///< Over a reboot. One of which it is not known may come back mining, and counts as running when it does.
    Power standby;                  ///< Asleep.
    Duration off_within, on_within; ///< From an order to what shows it.
    Duration level_within{0};       ///< Likewise of a cap; 0: it takes none.
};

/// All of them: the one table.
std::span<const Capabilities> capabilities();
const Capabilities& capabilities_of(AsicProtocol protocol);

std::string_view name_of(Levels levels);
std::string_view name_of(WattsTold watts);
std::string_view name_of(Known known);

namespace asic {

/// Why a make has no such order; empty: it has.
std::string_view cannot(AsicProtocol protocol, Rung rung);

}  // namespace asic

}  // namespace ballast
