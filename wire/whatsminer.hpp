#pragma once
#include "wire/count.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// What both of a WhatsMiner's APIs speak of.
namespace ballast::wire::whatsminer {

enum class PowerMode : std::uint8_t { low, normal, high };

/// "low", "normal", "high", as the commands write it.
std::string_view name(PowerMode mode);

/// In any case, as the reports write it; nothing if it is another word, or empty as old firmware has it.
std::optional<PowerMode> power_mode(std::string_view text);

using wire::Count;

/// One of these error codes means that a board protects itself from its heat: 350 to 352, by slot, or 360. Source: MicroBT's list of
/// codes as read by pyasic (data/error_codes/whatsminer.py) and asic-rs.
bool tells_heat(std::span<const int> error_codes);

}  // namespace ballast::wire::whatsminer
