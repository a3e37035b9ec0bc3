#pragma once
#include "model/order.hpp"

#include <optional>
#include <span>
#include <vector>

namespace ballast {

/// The last thing a group was told: neighbouring orders of one direction and reason, as a stagger gives them one by one.
struct LastOrder {
    Rung rung{};
    Why why;
    OrderId first{};             ///< Loads whose order is this one or later stand under it.
    std::size_t loads = 0;
    Instant at{}, latest{};
    Steady latest_steady{};
};

/// By group; repeats of what was not obeyed begin nothing new. Costs O(orders).
class LastOrders {
public:
    static constexpr Duration together{60'000};  ///< Between two that are one.

    void step(const Decision& decision);
    const std::vector<std::optional<LastOrder>>& by_group() const { return by_group_; }

private:
    std::vector<std::optional<LastOrder>> by_group_;
};

}  // namespace ballast
