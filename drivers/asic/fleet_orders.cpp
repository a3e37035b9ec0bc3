#include "controller/clock.hpp"
#include "drivers/asic/fleet.hpp"
#include "model/check.hpp"
#include "wire/printable.hpp"

namespace ballast::asic {

void Fleet::submit(const Order& order) {
    for (Slot slot = order.loads.first; slot < order.loads.last; ++slot) {
        BALLAST_CHECK(slot < by_slot_.size() && by_slot_[slot] < machines_.size());
        take(machines_[by_slot_[slot]], order);
    }
    wake_soon();
}

void Fleet::take(Machine& m, const Order& order) {
    const std::string_view cannot = m.identity == Identity::foreign ? "another machine answers at its address" : m.dialect->cannot(order.rung);
    if (!cannot.empty()) {
        refusals_.warn("{} {}: order refused: {}", m.dialect->name(), name(m), cannot);
        note_error(m, fmt::format("order refused: {}", cannot));
        return put(Receipt{order.id, Range{m.slot, m.slot + 1}, Fate::refused, steady_now()});
    }
    m.wanted = {order.id, order.rung, order.cap};
    m.waiting = true;
    m.lifts = false;             // Whatever was ours to do is over,
    m.expected = Mode::unknown;  // and so is what the last order was for.
    break_off(m);
    if (m.talk == Talk::idle) enqueue(m);
}

void Fleet::enqueue(Machine& m) {
    const bool raise = raises(m.wanted.rung);
    if (!std::exchange(raise ? m.raise_queued : m.shed_queued, true)) (raise ? raises_ : sheds_).push(number(m));
}

void Fleet::begin_order(Machine& m) {
    m.committed = false;
    if (m.identity == Identity::foreign) return refuse(m, "another machine answers at its address");
    converse(m, Talk::order, m.dialect->begin_order(m, steady_now()));
}

/// The device did not take what was sent, and must be asked something else first. False: a newer order waits, which goes
/// next, with tries of its own; what this one was answered is no answer to that.
bool Fleet::uncommitted(Machine& m, const Turn& turn) {
    if (m.waiting) return refuse(m, turn.why), false;
    m.committed = false;
    m.wanted = m.sent;
    m.waiting = true;
    return true;
}

void Fleet::refuse(Machine& m, std::string_view why) {
    if (why.empty()) why = "without a reason";
    refusals_.warn("{} {}: order refused: {}", m.dialect->name(), name(m), wire::printable(why, 120));
    note_error(m, fmt::format("order refused: {}", why));
    settle(m, Fate::refused);
}

namespace {

/// One that is told a share of its whole draw may refuse it while it starts; one that does not know what it drew before never will.
bool tries_again(const Machine& m) { return capabilities_of(m.dialect->protocol()).uncapped == Uncapped::whole; }

}  // namespace

/// Of the order that was sent, or of the one that waits and will not be sent now.
void Fleet::settle(Machine& m, Fate fate) {
    const Machine::Command command = m.committed ? m.sent : m.wanted;
    const bool sent = std::exchange(m.committed, false);
    if (!sent) m.waiting = false;
    m.settled = steady_now();
    if (!command.ours) put(Receipt{command.order, Range{m.slot, m.slot + 1}, fate, m.settled});
    if (fate == Fate::accepted) followed(m, command);
    else if (command.ours && !m.waiting) m.lifts = command.rung == Rung::uncap && (fate != Fate::refused || tries_again(m));  // At its next poll.
    // One that goes lower, though not low enough, is looked at as well: what it then draws is how low it goes.
    if (fate == Fate::accepted || (fate == Fate::refused && sent && command.rung == Rung::cap)) {
        m.expected = command.rung == Rung::sleep ? Mode::asleep : Mode::running;
        m.accepted = m.settled;
        m.reported = false;
    }
    if (m.dialect->untidy(m)) tidy_after(m, settings_.session_rest);
    if (m.waiting) enqueue(m);
    schedule_next(m);
}

/// It took the order, or was so already.
void Fleet::followed(Machine& m, const Machine::Command& command) {
    m.sent = command;
    if (command.rung == Rung::cap) m.capped = true;
    if (command.rung == Rung::uncap) m.capped = false;
    m.lifts = command.rung == Rung::wake && m.capped;
}

/// Whoever was woken is to draw what it can. While it starts some firmware takes no level, so it is told when it runs.
void Fleet::lift_old_cap(Machine& m, const Report& seen) {
    if (!m.lifts || m.waiting || seen.mode != Mode::running) return;
    m.wanted = {.rung = Rung::uncap, .ours = true};
    m.waiting = true;
    enqueue(m);
}

/// What it said OK to and ignored is sent in the form that its dialect now knows, without waiting for the engine's deadline.
void Fleet::send_otherwise(Machine& m, const Report& seen) {
    if (!seen.ignored || m.waiting || m.expected == Mode::unknown) return;
    m.wanted = m.sent;
    m.wanted.ours = true;
    m.waiting = true;
    enqueue(m);
}

/// After that time what was left open may be closed.
void Fleet::tidy_after(Machine& m, Duration time) {
    if (!std::exchange(m.tidy_queued, true)) untidy_.emplace_back(steady_now() + time, number(m));
}

/// What no order has needed for a while, the oldest first, a few at a time.
void Fleet::tidy_up(Steady now) {
    if (settings_.logoffs_per_second == 0) return;
    const Duration apart{1'000 / settings_.logoffs_per_second};
    tidying_allowed_ = std::max(tidying_allowed_, now - Duration{100});
    while (!untidy_.empty() && untidy_.front().first <= now && tidying_allowed_ <= now && sheds_.empty() && raises_.empty() &&
           exchanges_.room() && !short_) {
        Machine& m = machines_[untidy_.front().second];
        untidy_.pop_front();
        m.tidy_queued = false;
        if (!m.dialect->untidy(m)) continue;
        const Steady rested = m.settled + settings_.session_rest;
        if (rested > now || m.talk != Talk::idle || m.waiting) {
            tidy_after(m, std::max(rested - now, Duration{1'000}));
            continue;
        }
        tidying_allowed_ += apart;
        if (!converse(m, Talk::tidying, m.dialect->begin_tidying(m))) tidy_after(m, settings_.session_rest);
    }
}

}  // namespace ballast::asic
