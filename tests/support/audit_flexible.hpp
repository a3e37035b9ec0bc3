#pragma once
#include "tests/support/audit_orders.hpp"

#include <map>

namespace ballast::tests {

/// The rules that flexible loads are slowed and restored by, from a record of its own.
class FlexibleAudit {
public:
    FlexibleAudit(const RandomSite& made, Verdict& verdict) : site_{made.site}, verdict_{verdict} {}

    std::size_t slowed = 0, asked = 0, slept = 0, restored = 0;   ///< So that a property that never came to it is seen.

    void see(const Seen& seen) {
        for (const Event& event : seen.heard)
            if (const auto* receipt = std::get_if<Receipt>(&event); receipt && receipt->fate == Fate::accepted)
                for (Slot s = receipt->loads.first; s < receipt->loads.last; ++s)
                    if (Known& k = known_[s]; k.checkpoint == receipt->order && k.checkpoint != OrderId{} && k.saved < k.asked) k.saved = seen.now.steady;
        for (const Site::Group& g : site_.groups)
            if (g.tier == Tier::flexible) follow(seen, g.loads);
        for (const Order& order : seen.decision.orders) judge(seen, order);
        for (const Order& order : seen.decision.orders)
            if (order.rung == Rung::wake && order.attempt == 1 && group(order).tier == Tier::interruptible) room_is_kept(seen, order);
    }

private:
    struct Known {
        OrderId checkpoint{};
        Steady asked = never, told = never, saved = Steady::min();
        Power cap = no_limit;
        bool on = true;
    };

    /// What was found at rest and its owner woke has no cap any more.
    void follow(const Seen& seen, Range loads) {
        for (Slot s = loads.first; s < loads.last; ++s) {
            Known& k = known_[s];
            if (!k.on && seen.state.loads[s].on) k.cap = no_limit;
            k.on = seen.state.loads[s].on;
        }
    }

    const Site::Group& group(const Order& order) const { return site_.groups[index(order.group)]; }
    static std::uint64_t raw(OrderId id) { return static_cast<std::uint64_t>(id); }

    void judge(const Seen& seen, const Order& order) {
        const Site::Group& g = group(order);
        const bool own = order.rung == Rung::checkpoint || order.rung == Rung::cap || order.rung == Rung::uncap;
        verdict_.unless(g.tier == Tier::flexible || !own, "order {} is for flexible loads only", raw(order.id));
        if (g.tier != Tier::flexible) return;
        verdict_.unless(!g.flexible.order.empty() || order.rung == Rung::uncap || order.rung == Rung::wake, "order {} reaches {}, which has no steps", raw(order.id), g.name);
        verdict_.unless(order.why.cause != Cause::person || order.why.reason == Reason::overridden || order.why.reason == Reason::still_standing || raises(order.rung), "order {} of a person slows {}", raw(order.id), g.name);
        for (Slot s = order.loads.first; s < order.loads.last; ++s) judge(seen, order, s);
    }

    void judge(const Seen& seen, const Order& order, Slot s) {
        const Site::Flexible& terms = group(order).flexible;
        Known& k = known_[s];
        switch (order.rung) {
        case Rung::checkpoint:
            ++asked;
            verdict_.unless(terms.has(FlexStep::checkpoint), "order {}: {} saves nothing", raw(order.id), s);
            if (k.told == never || k.asked + terms.checkpoint_within + terms.checkpoint_good < seen.now.steady) k.told = seen.now.steady;
            k.checkpoint = order.id, k.asked = seen.now.steady;
            return;
        case Rung::cap:
            ++slowed;
            verdict_.unless(terms.caps() && order.cap >= terms.floor, "order {} caps {} below its floor", raw(order.id), s);
            if (order.attempt == 1 && order.why.reason != Reason::still_standing) {
                binds(seen, order, s);
                lowered(seen, order, s);
            }
            k.cap = order.cap;
            return;
        case Rung::sleep:
            ++slept;
            verdict_.unless(terms.has(FlexStep::sleep), "order {} puts {} to sleep", raw(order.id), s);
            if (order.attempt == 1 && order.why.reason != Reason::still_standing) lowered(seen, order, s), safe(seen, order, s);
            k.cap = no_limit;
            return;
        case Rung::wake:
        case Rung::uncap:
            ++restored;
            if (order.attempt == 1) k = {};   // Said again, it ends nothing that was asked meanwhile.
            return;
        case Rung::close:
        case Rung::power_off:
        case Rung::open: verdict_.unless(false, "order {} is no rung of {}", raw(order.id), s);
        }
    }

    /// A cap above what is drawn would give nothing.
    void binds(const Seen& seen, const Order& order, Slot s) {
        const LoadState& load = seen.state.loads[s];
        verdict_.unless(load.mode == Mode::running && load.quality != Quality::bad && !load.stale, "order {} caps {}, of which nothing is known", raw(order.id), s);
        verdict_.unless(load.failing || order.cap < std::max(load.reading, site_.loads[s].rated), "order {} caps {} above what it draws", raw(order.id), s);
        verdict_.unless(known_[s].cap == no_limit || order.cap < known_[s].cap, "order {} caps {} no lower than before", raw(order.id), s);
    }

    /// By a limit that is no price and no "everything off", and where nothing interruptible may still go; after its notice.
    void lowered(const Seen& seen, const Order& order, Slot s) {
        const Site::Flexible& terms = group(order).flexible;
        const FlexStep step = order.rung == Rung::sleep ? FlexStep::sleep : terms.has(FlexStep::power) ? FlexStep::power : FlexStep::clock;
        verdict_.unless(!is_for_money(order.why), "order {} slows {} for money", raw(order.id), s);
        const bool emergency = order.why.cause == Cause::emergency;
        if (terms.notice > Duration{0} && !emergency && terms.saves_before(step))
            verdict_.unless(known_[s].told != never && known_[s].told + terms.notice <= seen.now.steady, "order {} slows {} within its notice", raw(order.id), s);
        bool asked_for = false;
        for (const Bound& bound : seen.recount.limits.bounds) {
            if (bound.why.policy != order.why.policy || bound.everything || bound.standstill || !seen.recount.in(bound.scope, index(order.group))) continue;
            asked_for = asked_for || eligible(seen, bound.scope) == 0;
        }
        verdict_.unless(asked_for, "order {} slows {} though interruptible loads may still go", raw(order.id), s);
    }

    /// Unsaved work is put to sleep only in an emergency, if the site file says so, and after its deadline.
    void safe(const Seen& seen, const Order& order, Slot s) {
        const Site::Flexible& terms = group(order).flexible;
        if (!terms.saves_before(FlexStep::sleep)) return;
        const Known& k = known_[s];
        const bool saved = k.saved != Steady::min() && k.saved + terms.checkpoint_good > seen.now.steady;
        const bool given_up = order.why.cause == Cause::emergency && terms.unsaved == Unsaved::emergency && k.asked != never;
        verdict_.unless(saved || given_up, "order {} puts {} to sleep with unsaved work", raw(order.id), s);
    }

    std::size_t eligible(const Seen& seen, Scope scope) const {
        std::size_t n = 0;
        for (std::size_t g = 0; g < site_.groups.size(); ++g) {
            const Site::Group& other = site_.groups[g];
            if (!seen.recount.in(scope, g) || !seen.recount.can_move(other) || seen.recount.dead(other)) continue;
            Slot first = other.loads.first;
            for (const Run& run : seen.state.groups[g].runs) {
                for (Slot s = first; s < run.last; ++s) n += run.on && !(run.bars & maintained) && (!(run.bars & latched) || seen.state.loads[s].mode == Mode::running);
                first = run.last;
            }
        }
        return n;
    }

    /// After an interruptible load was woken, every slowed flexible load that shares a limit with it still has its room.
    void room_is_kept(const Seen& seen, const Order& order) {
        for (std::size_t g = 0; g < site_.groups.size(); ++g) {
            const Site::Group& other = site_.groups[g];
            if (other.tier != Tier::flexible || seen.recount.dead(other) || seen.recount.local(other)) continue;
            Slot first = other.loads.first;
            for (const Run& run : seen.state.groups[g].runs) {
                for (Slot s = first; s < run.last; ++s) {
                    const LoadState& load = seen.state.loads[s];
                    if (run.bars != 0 || (load.on && seen.state.flex(s).cap == no_limit)) continue;
                    for (const Bound& bound : seen.recount.limits.bounds) {
                        if (is_for_money(bound.why)) continue;
                        if (!seen.recount.in(bound.scope, g) || !seen.recount.in(bound.scope, index(order.group))) continue;
                        const Power full = std::max(load.watts, site_.loads[s].rated) - flex_draw(load, seen.state.flex(s), site_.loads[s].rated, other.standby, false).possible;
                        verdict_.unless(seen.recount.balance(bound.scope).at_most() + full <= bound.aim,
                                        "order {} wakes interruptible loads and takes the room of {}, which is slowed under the same limit", raw(order.id), s);
                    }
                }
                first = run.last;
            }
        }
    }

    const Site& site_;
    Verdict& verdict_;
    std::map<Slot, Known> known_;
};

}  // namespace ballast::tests
