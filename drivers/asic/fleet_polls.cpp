#include "controller/clock.hpp"
#include "drivers/asic/fleet.hpp"

#include <cmath>

namespace ballast::asic {

void Fleet::schedule(Machine& m, Steady at) {
    m.due = at;
    due_.push({at, number(m)});
}

void Fleet::schedule_next(Machine& m) {
    const Steady now = steady_now();
    const Steady regular = next_poll(m, started_, now);
    schedule(m, m.expected == Mode::unknown ? regular : std::min(regular, next_confirmation(m.accepted, now)));
}

void Fleet::collect_due(Steady now) {
    while (!due_.empty() && due_.top().at <= now) {
        const Due due = due_.top();
        due_.pop();
        Machine& m = machines_[due.who];
        if (m.due != due.at) continue;  // Scheduled anew since.
        m.due = never;
        if (m.talk == Talk::tidying || m.talk == Talk::look) schedule(m, now + Duration{1'000});
        else if (m.talk == Talk::idle && !m.waiting && !std::exchange(m.poll_queued, true)) polls_.push(due.who);
    }
}

void Fleet::begin_poll(Machine& m) {
    const Steady now = steady_now();
    m.hash_wanted = m.hash_due <= now;
    if (m.hash_wanted) m.hash_due += settings_.hash_every * ((now - m.hash_due) / settings_.hash_every + 1);  // Whatever becomes of the answer.
    ++polls_open_;
    converse(m, Talk::poll, m.dialect->begin_poll(m, now));
}

/// As `converse`: a look may follow.
bool Fleet::conclude_poll(Machine& m, const Report& seen) {
    --polls_open_;
    const Range load{m.slot, m.slot + 1};
    const bool obeyed = confirms(m, seen);
    // Another driver may have said that it is off: that it runs all the same is said each time.
    const bool contradicts = m.shared && seen.mode == Mode::running && m.wanted.rung == Rung::sleep;
    if (obeyed || contradicts || is_news(m, seen)) {
        m.seen = seen;
        m.reported = true;
        put(LoadReading{load, seen.mode, seen.quality, seen.power, steady_now()});
    } else {
        put(Answered{load});
    }
    if (seen.gigahashes) put(HashReading{m.slot, seen.power, std::llround(*seen.gigahashes)});
    if (obeyed) m.expected = Mode::unknown;
    lift_old_cap(m, seen);
    send_otherwise(m, seen);
    schedule_next(m);
    return look_after(m, seen);
}

/// Once; then silence, because the load itself does not answer.
void Fleet::report_foreign(Machine& m) {
    --polls_open_;
    lies_down(m);
    if (!m.reported || m.seen.mode != Mode::unknown) {
        m.seen = {};
        m.reported = true;
        put(LoadReading{Range{m.slot, m.slot + 1}, Mode::unknown, Quality::bad, Power{}, steady_now()});
    }
    schedule_next(m);
}

}  // namespace ballast::asic
