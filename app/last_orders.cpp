#include "app/last_orders.hpp"

namespace ballast {

void LastOrders::step(const Decision& decision) {
    const Now now = decision.at;
    for (const Order& order : decision.orders) {
        if (order.attempt > 1 || order.why.reason == Reason::still_standing) continue;
        if (by_group_.size() <= index(order.group)) by_group_.resize(index(order.group) + 1u);
        auto& last = by_group_[index(order.group)];
        const bool same = last && last->rung == order.rung && last->why.policy == order.why.policy && last->why.reason == order.why.reason && now.steady <= last->latest_steady + together;
        if (!same) last = LastOrder{order.rung, order.why, order.id, 0, now.utc, now.utc, now.steady};
        last->loads += order.loads.size();
        last->latest = now.utc;
        last->latest_steady = now.steady;
    }
}

}  // namespace ballast
