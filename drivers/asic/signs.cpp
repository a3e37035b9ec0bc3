#include "drivers/asic/signs.hpp"

#include <algorithm>

namespace ballast::asic {

Report weigh(const Machine& m, const Signs& s) {
    const bool hashes = s.gigahashes.value_or(0) > 0;
    const bool draws = s.power && is_running_draw(m, *s.power - s.constant);
    const bool measures = s.power && s.measured;
    Report seen;
    if (draws) seen.mode = Mode::running;
    else if (s.says_rest && (measures || (s.gigahashes && !hashes))) seen.mode = Mode::asleep;
    else seen.mode = hashes ? Mode::running : Mode::fault;
    if (measures) {
        seen.quality = Quality::measured;
        seen.power = *s.power;
    } else if (seen.mode != Mode::fault) {
        seen.quality = Quality::estimated;
        seen.power = seen.mode == Mode::asleep ? std::max(m.standby, s.power.value_or(m.standby)) : draws ? *s.power : m.rated;
    }
    if (m.hash_wanted && measures && draws) seen.gigahashes = s.mean_gigahashes;
    return seen;
}

}  // namespace ballast::asic
