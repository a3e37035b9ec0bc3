#include "controller/clock.hpp"
#include "drivers/asic/luxos_fleet.hpp"

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
        if (m.step == Step::logoff) schedule(m, now + Duration{1'000});
        else if (m.step == Step::idle && !m.waiting && !std::exchange(m.poll_queued, true)) polls_.push(due.who);
    }
}

void Fleet::begin_poll(Machine& m) {
    m.power.reset();
    m.gigahashes.reset();
    m.mean_gigahashes.reset();
    const Steady now = steady_now();
    m.hash_wanted = m.hash_due <= now;
    if (m.hash_wanted) m.hash_due += settings_.hash_every * ((now - m.hash_due) / settings_.hash_every + 1);  // Whatever becomes of the answer.
    m.config_asked = m.summary_asked = false;
    if (m.expected != Mode::unknown || m.identity != Identity::proven) m.polls_to_config = 0;
    ++polls_open_;
    ask(m, Step::power, "power");
}

/// Whatever this poll still wants to know, else its conclusion.
void Fleet::continue_poll(Machine& m) {
    if (wants_config(m)) {
        m.config_asked = true;
        ask(m, Step::config, "config");
    } else if (wants_summary(m)) {
        m.summary_asked = true;
        ask(m, Step::summary, "summary");
    } else {
        conclude_poll(m);
    }
}

void Fleet::conclude_poll(Machine& m) {
    drop_poll(m);
    if (m.polls_to_config > 0) --m.polls_to_config;
    const Machine::Seen seen = judge(m);
    const Range load{m.slot, m.slot + 1};
    if (is_news(m, seen)) {
        m.seen = seen;
        m.reported = true;
        put(LoadReading{load, seen.mode, seen.quality, seen.power, steady_now()});
    } else {
        put(Answered{load});
    }
    if (m.hash_wanted && m.draws()) report_hash(m);
    if (seen.mode == m.expected) m.expected = Mode::unknown;
    schedule_next(m);
}

void Fleet::report_hash(Machine& m) {
    if (m.mean_gigahashes) put(HashReading{m.slot, m.power->power, std::llround(*m.mean_gigahashes)});
}

void Fleet::drop_poll(Machine&) { --polls_open_; }

/// Once; then silence, because the load itself does not answer.
void Fleet::report_foreign(Machine& m) {
    drop_poll(m);
    if (!m.reported || m.seen.mode != Mode::unknown) {
        m.seen = {};
        m.reported = true;
        put(LoadReading{Range{m.slot, m.slot + 1}, Mode::unknown, Quality::bad, Power{}, steady_now()});
    }
    schedule_next(m);
}

}  // namespace ballast::asic
