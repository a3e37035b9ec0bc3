#include "app/wall_clock.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace ballast {

WallClock wall_clock(const std::string& zone) {
    constexpr Instant first{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}}, last{std::chrono::sys_days{std::chrono::year{2060} / 1 / 1}};
    if (zone == "UTC") return {};
    std::vector<WallClock::Change> changes;
    try {
        const date::time_zone* place = date::locate_zone(zone);
        for (Instant at = first; at < last;) {
            const date::sys_info info = place->get_info(std::chrono::floor<std::chrono::seconds>(at));
            changes.push_back({at, info.offset});
            if (info.end >= last) break;
            at = Instant{info.end};
        }
    } catch (const std::runtime_error&) {
        return {};
    }
    return WallClock{std::move(changes)};
}

}  // namespace ballast
