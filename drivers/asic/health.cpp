#include "drivers/asic/health.hpp"

#include <fmt/format.h>

namespace ballast::asic {

std::uint8_t ails_of(const Health& health, unsigned boards_had, bool runs) {
    std::uint8_t ails = 0;
    if (runs && health.boards && *health.boards < boards_had) ails |= few_boards;
    if (health.hot.value_or(false)) ails |= too_hot;
    if (!health.pools.value_or(true)) ails |= no_pool;
    return ails;
}

std::string ails_text(std::uint8_t ails, const Health& health, unsigned boards_had) {
    std::string text;
    const auto add = [&text](const std::string& ail) { text += (text.empty() ? "" : ", ") + ail; };
    if (ails & few_boards) add(fmt::format("{} of {} boards", health.boards.value_or(0), boards_had));
    if (ails & too_hot) add(health.hottest ? fmt::format("hot ({:.0f} C)", celsius(*health.hottest)) : std::string{"hot"});
    if (ails & no_pool) add("no pool");
    return text;
}

}  // namespace ballast::asic
