#include "drivers/asic/luxos_machine.hpp"

#include <cstdlib>

namespace ballast::asic {

bool wants_config(const Machine& m) {
    if (m.config_asked) return false;
    if (m.polls_to_config == 0 || m.identity != Identity::proven) return true;
    if (m.power && m.power->measured) return m.draws() == m.says_asleep();
    return m.gigahashes && (*m.gigahashes > 0) == m.says_asleep();  // Somebody else may have put it to sleep, or woken it.
}

bool wants_summary(const Machine& m) {
    if (m.summary_asked) return false;
    const bool measured = m.power && m.power->measured;
    return !measured || (m.draws() ? m.hash_wanted : !m.says_asleep());
}

Machine::Seen judge(const Machine& m) {
    const bool measured = m.power && m.power->measured;
    const bool hashes = m.gigahashes.value_or(0) > 0;
    Machine::Seen seen;
    if (m.draws()) seen.mode = Mode::running;
    else if (m.says_asleep() && (measured || !hashes)) seen.mode = Mode::asleep;
    else seen.mode = hashes ? Mode::running : Mode::fault;
    if (measured) {
        seen.quality = Quality::measured;
        seen.power = m.power->power;
    } else if (seen.mode == Mode::asleep) {
        seen.quality = Quality::estimated;  // The firmware's own estimate is its profile's, asleep or not.
        seen.power = m.standby;
    } else if (m.power) {
        seen.quality = Quality::estimated;
        seen.power = m.power->power;
    }
    return seen;
}

bool is_news(const Machine& m, const Machine::Seen& now) {
    if (!m.reported || now.mode != m.seen.mode || now.quality != m.seen.quality) return true;
    return now.quality != Quality::bad && std::abs(now.power.count - m.seen.power.count) > m.deadband.count;
}

Steady next_confirmation(Steady accepted, Steady now) {
    constexpr Duration last{8'000}, apart{15'000};
    for (const Duration after : {Duration{1'500}, Duration{4'000}, last})
        if (now < accepted + after) return accepted + after;
    return accepted + last + ((now - accepted - last) / apart + 1) * apart;
}

Steady next_poll(const Machine& m, Steady start, Steady now) {
    const Steady grid = start + m.phase;
    if (now < grid) return grid;
    return grid + ((now - grid) / m.poll + 1) * m.poll;
}

}  // namespace ballast::asic
