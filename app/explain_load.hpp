#pragma once
#include "app/rebuilt.hpp"
#include "app/watts.hpp"

#include <optional>

namespace ballast {

/// The order that a load stands under, and what was in force when it was given.
struct OrderFact {
    Order order;             ///< The latest attempt; its reason is the first one's, if that was seen.
    Instant at{};            ///< First attempt.
    unsigned attempts = 1;
    std::optional<Price> price;   ///< In force at the source, for price reasons.
    std::optional<Power> limit;   ///< That bound for the same policy or event.
    std::optional<Power> reduction, reference;  ///< For a reduction: how much less was asked, and than what.
    std::optional<Instant> obeyed;
};

/// A load at a moment, by executing its epoch again.
struct LoadFacts {
    Instant at{};            ///< The last step looked at.
    LoadState state;
    Watts watts;
    std::uint8_t bars = 0;
    Price strike;
    std::optional<OrderFact> order;
    std::optional<Contest> contest;  ///< Somebody else wakes it.
    std::optional<Miss> miss;     ///< The latest of that order.
};

/// Follows one load through the steps of an epoch, `until` they are later or its step `last` was looked at.
Result<LoadFacts> follow(const JournalReader& journal, const Rebuilt& epoch, Slot load, Instant until, std::int64_t last);

/// The sentences.
std::vector<std::string> sentences(const LoadFacts& facts, const Rebuilt& epoch, Slot load);

}  // namespace ballast
