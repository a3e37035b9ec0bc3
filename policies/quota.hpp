#pragma once
#include "model/calendar.hpp"
#include "model/state.hpp"

#include <span>
#include <vector>

namespace ballast::policies {

/// What the contract lets the other side ask for. Zeros: no limit.
struct Quota {
    unsigned calls_a_day = 0, calls_a_season = 0;
    Duration a_season{0};      ///< Of calls together.
    Duration spacing{0};       ///< Between the end of one call and the beginning of the next.
    bool decline = false;      ///< What a call beyond it means: nothing; else it is obeyed all the same.
    bool operator==(const Quota&) const = default;

    bool is_none() const { return *this == Quota{.decline = decline}; }
};

/// A call that is over, or stands.
struct AskedOnce {
    Instant began, ended;      ///< Of one that stands, until now.
    const Obligation* call;    ///< Null: it is over.
};

/// What a quota makes of the calls.
struct Spending {
    std::vector<const Obligation*> beyond;  ///< Those that stand and are more than it.
    Duration left = Duration::max();        ///< The season's hours are used up after so long, if nothing else is asked.
};

/// Counts calls a day, hours a season, and rest between two, by the wall clock's days. Calls that overlap are one, told by
/// two signals or going on under another name; those that were declined have spent nothing. `asked` by its beginnings.
Spending spend(const Quota& quota, const WallClock& clock, const Season& season, std::span<const AskedOnce> asked);

}  // namespace ballast::policies
