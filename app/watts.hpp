#pragma once
#include "model/state.hpp"

#include <array>
#include <string_view>

namespace ballast {

/// Where watts are from, the best first; a worse one is asked only where the better has nothing to say.
enum class WattSource : std::uint8_t {
    meter,      ///< A meter that shows these loads and no others: their feeder's, or their own.
    pdu,        ///< The outlet that feeds it.
    machine,    ///< What it says of itself.
    learned,    ///< What it, or its group, drew when that was last measured.
    nameplate,  ///< The site file.
};
constexpr std::size_t watt_sources = 5;

std::string_view name_of(WattSource source);

/// Watts, and how far they can be trusted: `estimated` whatever was not measured just now, whoever says it.
struct Watts {
    Power power{};
    WattSource source = WattSource::nameplate;
    Quality quality = Quality::estimated;
};

/// What is known of the loads when somebody asks.
struct WattView {
    const Site& site;
    std::span<const LoadState> loads;
    std::span<const GroupState> groups;
    std::span<const MeterState> meters;  ///< Their histories are not looked at.
};

/// Of one load of that group.
Watts watts_of(const WattView& view, std::size_t group, Slot load);

/// Of a group: its feeder's meter, where that feeds nothing else; else the sum of its loads, as good as the worst of them.
struct GroupWatts {
    Watts all;
    std::array<Power, watt_sources> by_source{};  ///< Sums up to `all`.
    Power measured{};                             ///< Of it.
};
GroupWatts watts_of(const WattView& view, std::size_t group);

}  // namespace ballast
