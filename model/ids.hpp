#pragma once
#include <cstddef>
#include <cstdint>

namespace ballast {

/// Position of a load in every per-load array: by tier, group, merit; fixed for an epoch.
using Slot = std::uint32_t;

/// Neighbouring loads, [first, last).
struct Range {
    Slot first = 0;
    Slot last = 0;
    constexpr Slot size() const { return last - first; }
    constexpr bool empty() const { return first >= last; }
    constexpr bool contains(Slot s) const { return first <= s && s < last; }
    bool operator==(const Range&) const = default;
};

enum class GroupId : std::uint16_t {};
enum class FeederId : std::uint16_t {};
enum class MeterId : std::uint16_t {};
enum class SourceId : std::uint16_t {};  ///< A `[[signal]]`; the operator is a source too.
enum class PolicyId : std::uint16_t {};
enum class GuardId : std::uint16_t {};   ///< An under-frequency policy's stages and their meter.
enum class WatchId : std::uint16_t {};   ///< A coincident_peak policy's terms, and what is known of the season's peaks.
enum class OrderId : std::uint64_t {};   ///< Rises for ever, across epochs.
enum class EventId : std::uint32_t {};   ///< What one shed receipt is about; rises for ever. 0: none.

template <class Id>
constexpr std::size_t index(Id id) { return static_cast<std::size_t>(id); }

/// What a limit applies to: the whole site, a feeder, or a group.
struct Scope {
    enum class Kind : std::uint8_t { site, feeder, group } kind = Kind::site;
    std::uint16_t number = 0;
    static constexpr Scope site() { return {}; }
    static constexpr Scope feeder(FeederId f) { return {Kind::feeder, static_cast<std::uint16_t>(f)}; }
    static constexpr Scope group(GroupId g) { return {Kind::group, static_cast<std::uint16_t>(g)}; }
    bool operator==(const Scope&) const = default;
};

}  // namespace ballast
