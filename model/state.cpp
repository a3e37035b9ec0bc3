#include "model/state.hpp"

namespace ballast {

std::optional<Power> MeterState::mean(Steady from, Steady to) const {
    if (history.empty() || to <= from || history.front().taken > from) return std::nullopt;
    Int128 sum = 0;
    Steady end = to;
    for (std::size_t i = history.size(); i-- > 0 && end > from;) {
        const Steady begin = std::max(history[i].taken, from);
        if (begin >= end) continue;
        sum += Int128{history[i].power.count} * (end - begin).count();
        end = begin;
    }
    return Power{static_cast<std::int64_t>(sum / (to - from).count())};
}

}  // namespace ballast
