#pragma once
#include "model/order.hpp"
#include "model/state.hpp"

#include <map>
#include <string>
#include <vector>

namespace ballast {

/// How many loads were ordered down and up, as the log tells it: what begins at once, what follows in sums, so that a
/// thousand machines coming back one by one are not a thousand lines.
class OrderSums {
public:
    static constexpr Duration every{10'000};

    /// The line to tell now; empty: nothing, or it is summed up with what follows.
    std::string ordered(Steady now, std::size_t down, std::size_t up);
    /// Likewise of what was summed up; asked each second.
    std::string due(Steady now);
    /// What was not told yet.
    std::string rest();

private:
    std::size_t down_ = 0, up_ = 0;          ///< Not told yet.
    bool told_down_ = false, told_up_ = false;  ///< Since `next_` was set.
    Steady next_ = Steady::min();
};

/// A source that says more than can stand: its first word of that kind is told, then how many there were, now and then.
class Overflows {
public:
    static constexpr Duration every{60'000};

    /// The line to tell; empty: it only counts. `sentence` is what one such word gets.
    std::string told(Steady now, const Note& note, const std::string& sentence);

private:
    struct Since { Steady next = Steady::min(); std::size_t untold = 0; };
    std::map<std::uint32_t, Since> by_source_;
};

/// Prices that became unknown, and are back: each told once, with what that means for the machines.
class UnknownPrices {
public:
    std::vector<std::string> changed(const Decision& decision, const State& state);

private:
    std::map<PolicyId, SourceId> unknown_;  ///< By policy: whose price.
};

}  // namespace ballast
