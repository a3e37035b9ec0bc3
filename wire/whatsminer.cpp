#include "wire/whatsminer.hpp"

#include "wire/loose_json.hpp"

#include <algorithm>

namespace ballast::wire::whatsminer {

std::string_view name(PowerMode mode) {
    switch (mode) {
    case PowerMode::low: return "low";
    case PowerMode::normal: return "normal";
    case PowerMode::high: return "high";
    }
    return "normal";
}

std::optional<PowerMode> power_mode(std::string_view text) {
    for (const PowerMode mode : {PowerMode::low, PowerMode::normal, PowerMode::high})
        if (loose::same(text, name(mode))) return mode;
    return {};
}

bool tells_heat(std::span<const int> error_codes) {
    return std::ranges::any_of(error_codes, [](int code) { return (code >= 350 && code <= 352) || code == 360; });
}

}  // namespace ballast::wire::whatsminer
