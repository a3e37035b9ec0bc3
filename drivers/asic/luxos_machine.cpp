#include "drivers/asic/luxos_machine.hpp"

namespace ballast::asic {
namespace {

bool measures(const LuxosMemory& l) { return l.power && l.power->measured; }

}  // namespace

bool draws(const Machine& m, const LuxosMemory& l) { return measures(l) && is_running_draw(m, l.power->power); }

bool wants_config(const Machine& m, const LuxosMemory& l) {
    if (l.config_asked) return false;
    if (l.polls_to_config == 0 || m.identity != Identity::proven) return true;
    if (measures(l)) return draws(m, l) == l.says_asleep();
    return l.gigahashes && (*l.gigahashes > 0) == l.says_asleep();  // Somebody else may have put it to sleep, or woken it.
}

bool wants_summary(const Machine& m, const LuxosMemory& l) {
    if (l.summary_asked) return false;
    return !measures(l) || (draws(m, l) ? m.hash_wanted : !l.says_asleep());
}

Report judge(const Machine& m, const LuxosMemory& l) {
    const bool hashes = l.gigahashes.value_or(0) > 0;
    Report seen;
    if (draws(m, l)) seen.mode = Mode::running;
    else if (l.says_asleep() && (measures(l) || !hashes)) seen.mode = Mode::asleep;
    else seen.mode = hashes ? Mode::running : Mode::fault;
    if (measures(l)) {
        seen.quality = Quality::measured;
        seen.power = l.power->power;
    } else if (seen.mode == Mode::asleep) {
        seen.quality = Quality::estimated;  // The firmware's own estimate is its profile's, asleep or not.
        seen.power = m.standby;
    } else if (l.power) {
        seen.quality = Quality::estimated;
        seen.power = l.power->power;
    }
    if (m.hash_wanted && draws(m, l)) seen.gigahashes = l.mean_gigahashes;
    return seen;
}

}  // namespace ballast::asic
