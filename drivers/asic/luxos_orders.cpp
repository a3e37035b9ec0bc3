#include "controller/clock.hpp"
#include "drivers/asic/luxos_fleet.hpp"
#include "model/check.hpp"

namespace ballast::asic {
namespace {

/// More than any course of logon, foreign session and one renewal takes.
constexpr unsigned most_exchanges = 10;

}  // namespace

void Fleet::submit(const Order& order) {
    for (Slot slot = order.loads.first; slot < order.loads.last; ++slot) {
        BALLAST_CHECK(slot < by_slot_.size() && by_slot_[slot] < machines_.size());
        take(machines_[by_slot_[slot]], order);
    }
    wake_soon();
}

void Fleet::take(Machine& m, const Order& order) {
    const bool known = order.rung == Rung::sleep || order.rung == Rung::wake;
    if (!known || m.identity == Identity::foreign) {
        refusals_.warn("luxos {}: order refused: {}", name(m), known ? "another machine answers at its address" : "LuxOS can only sleep and wake");
        return put(Receipt{order.id, Range{m.slot, m.slot + 1}, Fate::refused, steady_now()});
    }
    m.wanted = {order.id, order.rung};
    m.waiting = true;
    if (is_poll(m.step) || m.step == Step::logoff) {
        exchanges_.abort(m.exchange);
        if (std::exchange(m.step, Step::idle) != Step::logoff) drop_poll(m);
    }
    if (m.step == Step::idle) enqueue(m);
}

void Fleet::enqueue(Machine& m) {
    const bool raise = raises(m.wanted.rung);
    if (!std::exchange(raise ? m.raise_queued : m.shed_queued, true)) (raise ? raises_ : sheds_).push(number(m));
}

/// The next exchange of the order that waits; what is already known is not asked.
void Fleet::go_on(Machine& m) {
    if (++m.exchanges > most_exchanges) return refuse(m, "its session changes faster than it can be used");
    if (m.mac != 0 && m.identity == Identity::unproven) {
        ask(m, Step::identify, "config");
    } else if (m.session.empty()) {
        ask(m, Step::logon, "logon");
    } else {
        m.sent = m.wanted;
        m.waiting = false;
        parameter_.assign(m.session.view());
        parameter_ += m.sent.rung == Rung::sleep ? ",sleep" : ",wakeup";
        ask(m, Step::curtail, "curtail", parameter_);
    }
}

void Fleet::logged_on(Machine& m, const wire::cgminer::Reply& reply) {
    const auto id = reply.status.failed() ? std::nullopt : wire::cgminer::session_id(reply);
    if (id) {
        m.session = *id;
        m.ours = true;
        return go_on(m);
    }
    if (!wire::cgminer::session_taken(reply))
        return refuse(m, reply.status.failed() ? reply.status.message : "its answer to logon names no session that can be used");
    if (++m.exchanges > most_exchanges) return refuse(m, reply.status.message);
    ask(m, Step::session, "session");
}

/// A device has one session, whoever opened it; who knows its id may use it.
void Fleet::session_told(Machine& m, const wire::cgminer::Reply& reply) {
    const auto id = wire::cgminer::session_id(reply);
    if (!id) return renew(m);  // It has ended meanwhile.
    m.session = *id;
    m.ours = false;
    go_on(m);
}

void Fleet::curtailed(Machine& m, const wire::cgminer::Reply& reply) {
    if (wire::cgminer::curtail_taken(reply)) return settle(m, m.sent, Fate::accepted);
    const bool forgotten = wire::cgminer::session_invalid(reply);
    if (forgotten) {
        m.session = {};
        // A machine that rebooted forgets its session; one that never had it may be another at the same address.
        if (m.identity == Identity::proven) m.identity = Identity::unproven;
    }
    // A newer order waits: what this one was answered is no answer to that, which goes next, with tries of its own.
    if (!forgotten || m.waiting) return refuse(m, m.sent, reply.status.message);
    m.wanted = m.sent;
    m.waiting = true;
    renew(m);
}

void Fleet::renew(Machine& m) {
    if (std::exchange(m.renewed, true)) return refuse(m, "a fresh session is invalid too");
    go_on(m);
}

/// The order that waits, and will not be sent now.
void Fleet::refuse(Machine& m, std::string_view why) {
    m.waiting = false;
    refuse(m, m.wanted, why);
}

void Fleet::refuse(Machine& m, Machine::Command command, std::string_view why) {
    refusals_.warn("luxos {}: order refused: {}", name(m), why.empty() ? "without a reason" : why.substr(0, 120));
    settle(m, command, Fate::refused);
}

void Fleet::settle(Machine& m, Machine::Command command, Fate fate) {
    const Steady now = steady_now();
    put(Receipt{command.order, Range{m.slot, m.slot + 1}, fate, now});
    if (fate == Fate::accepted) {
        m.expected = command.rung == Rung::sleep ? Mode::asleep : Mode::running;
        m.accepted = now;
        m.reported = false;
    }
    if (m.ours && !m.session.empty()) {
        m.session_used = now;
        rest_session(m, settings_.session_rest);
    }
    if (m.waiting) enqueue(m);
    schedule_next(m);
}

/// After that time it may be closed.
void Fleet::rest_session(Machine& m, Duration time) {
    if (!std::exchange(m.logoff_queued, true)) logoffs_.emplace_back(steady_now() + time, number(m));
}

/// Of sessions we opened and no longer need, the oldest, a few at a time.
void Fleet::log_off(Steady now) {
    if (settings_.logoffs_per_second == 0) return;
    const Duration apart{1'000 / settings_.logoffs_per_second};
    logoff_allowed_ = std::max(logoff_allowed_, now - Duration{100});
    while (!logoffs_.empty() && logoffs_.front().first <= now && logoff_allowed_ <= now && sheds_.empty() && raises_.empty() &&
           exchanges_.room() && !short_) {
        Machine& m = machines_[logoffs_.front().second];
        logoffs_.pop_front();
        m.logoff_queued = false;
        if (m.session.empty() || !m.ours) continue;
        const Steady rested = m.session_used + settings_.session_rest;
        if (rested > now || m.step != Step::idle || m.waiting) {
            rest_session(m, std::max(rested - now, Duration{1'000}));
            continue;
        }
        logoff_allowed_ += apart;
        if (!ask(m, Step::logoff, "logoff", m.session.view())) rest_session(m, settings_.session_rest);
    }
}

}  // namespace ballast::asic
