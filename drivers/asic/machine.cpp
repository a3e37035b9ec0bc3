#include "drivers/asic/machine.hpp"

#include "controller/flex_move.hpp"

#include <algorithm>
#include <cstdlib>

namespace ballast::asic {

bool Machine::meets(std::optional<std::uint64_t> said) {
    if (!said && identity == Identity::foreign) return false;
    const bool other = said ? mac != 0 && *said != mac : followed();
    identity = other ? Identity::foreign : Identity::proven;
    return !other;
}

int percent_wanted(const Machine& m, int least) {
    if (m.wanted.rung != Rung::cap || m.rated.count <= 0) return 100;
    return static_cast<int>(std::clamp<std::int64_t>(m.wanted.cap.count * 100 / m.rated.count, least, 100));
}

bool confirms(const Machine& m, const Report& now) {
    if (m.expected == Mode::unknown || now.mode != m.expected) return false;
    return m.sent.rung != Rung::cap || (now.quality != Quality::bad && within_cap(now.power, m.sent.cap));
}

bool is_running_draw(const Machine& m, Power watts) { return watts.count > (m.rated.count > 0 ? m.rated.count * 3 / 10 : 300); }

bool is_news(const Machine& m, const Report& now) {
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
