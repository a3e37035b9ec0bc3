#include "controller/books.hpp"
#include "controller/flexible.hpp"

#include "model/check.hpp"

#include <algorithm>

namespace ballast {

namespace {

Steady due_of(const Core& core, const Site::Group& group, Rung rung, std::uint8_t attempt) {
    if (attempt > core.site.tries) return later(core.now.steady, core.site.reassert_every);
    return later(core.now.steady, raises(rung) ? group.on_within : group.off_within);
}

/// The order that these loads join: the one being extended for their group, if they are its neighbours and go alike.
Order& joined(Core& core, GroupId g, Range range, const Order& like) {
    std::size_t& open = core.open_order[index(g)];
    if (open > 0) {
        Order& order = core.orders[open - 1];
        const bool alike = order.rung == like.rung && order.attempt == like.attempt && order.cap == like.cap && order.why == like.why;
        if (alike && order.loads.last == range.first) return order.loads.last = range.last, order;
        if (alike && order.loads.first == range.last) return order.loads.first = range.first, order;
    }
    core.orders.push_back(like);
    core.orders.back().id = OrderId{++core.last_order};
    if (like.rung != Rung::checkpoint)  // Whose acknowledgement is another's business: see FlexState.
        core.pending.push_back({core.orders.back().id, g, range, like.rung, like.attempt, due_of(core, core.group(g), like.rung, like.attempt), 0, like.why});
    open = core.orders.size();
    return core.orders.back();
}

Pending* pending_of(Core& core, OrderId id) {
    const auto found = std::ranges::lower_bound(core.pending, id, {}, &Pending::id);
    return found != core.pending.end() && found->id == id ? &*found : nullptr;
}

/// The order that these loads join, with them in its count.
OrderId joined(Core& core, Range range, const Order& like) {
    const Order& order = joined(core, like.group, range, like);
    Pending& pending = *pending_of(core, order.id);
    pending.loads = order.loads;
    pending.unseen += range.size();
    return order.id;
}

void forget(Core& core, const LoadState& load) {
    if (load.seen) return;
    if (Pending* before = pending_of(core, load.order)) --before->unseen;
}

void change_wish(Core& core, Range range, bool on, bool anew) {
    change_runs(core, range, [&](Run& run) {
        if (run.on != on || anew) run.since = core.now.steady;
        run.on = on;
    });
}

/// What it is ordered for; what lowers belongs to an event.
Why owned(Core& core, Rung rung, const Why& limit) {
    Why why = limit;
    if (!raises(rung)) why.event = event_of(core, limit);
    return why;
}

}  // namespace

void command(Core& core, Range range, Rung rung, const Why& limit, std::uint8_t attempt) {
    const GroupId g = core.group_of[range.first];
    const bool on = raises(rung);
    BALLAST_CHECK(on || core.group(g).tier == Tier::interruptible);
    const Why why = owned(core, rung, limit);
    const OrderId id = joined(core, range, {{}, g, range, rung, attempt, why, {}});
    GroupBooks books{core, g};
    const auto any = [](const LoadState&) { return true; };
    for (Slot s = range.first; s < range.last;) {
        Stance told = core.state.loads[s];
        forget(core, core.state.loads[s]);
        const Range neighbours{s, told.seen ? range.last : s + 1};  // Of those on their way each may follow another order.
        told.failing = told.failing && !on && !told.on;
        told.on = on;
        told.seen = false;
        told.fate = Fate::timed_out;  // Until a receipt says better.
        s = books.amend_alike(neighbours, told, any, [id](Slot, LoadState& load) { load.order = id; });
    }
    change_wish(core, range, on, rung == Rung::close);
}

void order_flexible(Core& core, Slot s, Rung rung, Power cap, const Why& limit, std::uint8_t attempt) {
    const GroupId g = core.group_of[s];
    const bool on = rung != Rung::sleep;
    BALLAST_CHECK(core.is_flexible(g));
    const Why why = owned(core, rung, limit);
    const OrderId id = joined(core, {s, s + 1}, {{}, g, {s, s + 1}, rung, attempt, why, rung == Rung::cap ? cap : Power{}});
    forget(core, core.state.loads[s]);
    amend(core, s, [&](LoadState& l) {
        FlexState& flex = core.state.flex(s);
        flex.cap = rung == Rung::cap ? cap : no_limit;
        flex.since = core.now.steady;
        if (raises(rung) && attempt == 1) flex.told = flex.asked = never, flex.saved = Steady::min(), flex.checkpoint = {}, flex.missed = false;
        l.failing = l.failing && !raises(rung);
        l.on = on;
        l.seen = false;
        l.order = id;
        l.fate = Fate::timed_out;
    });
    change_wish(core, {s, s + 1}, on, false);
}

void ask_for_checkpoint(Core& core, Slot s, const Why& limit) {
    const GroupId g = core.group_of[s];
    Why why = limit;
    why.event = event_of(core, limit);
    Order& order = joined(core, g, {s, s + 1}, {{}, g, {s, s + 1}, Rung::checkpoint, 1, why, {}});
    FlexState& flex = core.state.flex(s);
    const Site::Flexible& terms = core.group(g).flexible;
    if (flex.told == never || later(flex.asked, terms.checkpoint_within + terms.checkpoint_good) < core.now.steady) flex.told = core.now.steady;
    flex.checkpoint = order.id;
    flex.event = why.event;
    flex.asked = core.now.steady;
    flex.missed = false;
    const Steady overdue = later(core.now.steady, terms.checkpoint_within);
    core.next_overdue = std::min(core.next_overdue, overdue);
    core.wake_at(overdue);
}

}  // namespace ballast
