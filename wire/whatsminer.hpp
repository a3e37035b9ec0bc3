#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What both of a WhatsMiner's APIs speak of.
namespace ballast::wire::whatsminer {

enum class PowerMode : std::uint8_t { low, normal, high };

/// "low", "normal", "high", as the commands write it.
std::string_view name(PowerMode mode);

/// In any case, as the reports write it; nothing if it is another word, or empty as old firmware has it.
std::optional<PowerMode> power_mode(std::string_view text);

/// Parts that a machine lists, and those of them that it calls alive.
struct Count {
    std::size_t listed = 0, alive = 0;
    bool operator==(const Count&) const = default;
};

}  // namespace ballast::wire::whatsminer
