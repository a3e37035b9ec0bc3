#include "controller/clock.hpp"
#include "drivers/asic/fleet.hpp"

#include <algorithm>

namespace ballast::asic {

/// After a poll. As `converse`: asks a machine that is up how it is, when that is due and its poll did not tell.
bool Fleet::look_after(Machine& m, const Report& seen) {
    if (seen.mode != Mode::running && seen.mode != Mode::fault) return lies_down(m), false;
    const Steady now = steady_now();
    rises(m, seen.mode == Mode::running, now);
    if (m.look_due > now) return false;
    if (seen.health) return look_over(m, *seen.health, Duration{0}), false;
    if (m.waiting || m.talk != Talk::idle) return false;
    ++polls_open_;
    return converse(m, Talk::look, m.dialect->begin_look(m, now));
}

/// It rests, or is not the one it should be: nothing ails it that anybody could see.
void Fleet::lies_down(Machine& m) {
    if (std::exchange(m.rested, true)) return;
    if (std::exchange(m.back, false)) health_sums_.given_up(m.group);
    m.ran = false;
    m.suspected = m.ails = 0;
    m.look_due = Steady::min();
    if (settings_.notes) settings_.notes->amend(m.slot, [](MachineNote& note) { note.health = {}, note.ails = 0; });
}

/// One that comes back is given time before it is judged: more where it does not hash yet.
void Fleet::rises(Machine& m, bool runs, Steady now) {
    if (std::exchange(m.rested, false)) {
        m.back = true;
        health_sums_.awaited(m.group);
        m.look_due = now + settings_.looks.started;
    }
    if (runs && !m.ran && m.back) m.look_due = now + settings_.looks.settled;
    m.ran = runs;
}

/// It did not tell, or could not be asked: what was known stays, with its time.
void Fleet::conclude_look(Machine& m, const std::optional<Health>& health) {
    --polls_open_;
    if (health) look_over(m, *health, settings_.looks.every);
    else m.look_due = steady_now() + settings_.looks.every;
}

/// What ails it counts from the second look on that shows it: boards come up one by one, and pools are changed.
void Fleet::look_over(Machine& m, const Health& health, Duration next) {
    const Steady now = steady_now();
    m.boards_had = static_cast<std::uint8_t>(std::clamp(std::max(health.boards.value_or(0), health.built_in.value_or(0)), unsigned{m.boards_had}, 255u));
    const std::uint8_t found = ails_of(health, m.boards_had, m.ran), before = m.ails;
    m.ails = found & (m.suspected | before);
    m.suspected = found;
    const bool sure = m.ails == found;
    m.look_due = now + (sure ? next : settings_.looks.again);
    if (settings_.notes)
        settings_.notes->amend(m.slot, [&](MachineNote& note) { note.health = health, note.boards_had = m.boards_had, note.ails = m.ails, note.looked = now; });
    if (!sure) return;
    const auto told = [&](std::uint8_t ails) { return ails_text(ails, health, m.boards_had); };
    if (m.back && (m.ran || m.ails != 0)) {
        m.back = false;
        health_sums_.judged(m.group, plain_name(m), told(m.ails), now);
    } else if (const auto news = static_cast<std::uint8_t>(m.ails & ~before); !m.back && news != 0) {
        health_sums_.fell_ill(m.group, plain_name(m), told(news), now);
    }
}

void Fleet::note_error(const Machine& m, std::string_view what) {
    if (settings_.notes) settings_.notes->erred(m.slot, what, steady_now());
}

}  // namespace ballast::asic
