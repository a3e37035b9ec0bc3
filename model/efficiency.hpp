#pragma once
#include "model/units.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ballast {

/// How much more than its nameplate says a group draws for a hash, from what its machines say of themselves: one factor for
/// all of them, so that their order stays. Bounded in all directions.
class LearnedEfficiency {
public:
    static constexpr std::int64_t enough = 24;   ///< Readings before anything is believed.
    static constexpr std::int64_t least_ppm = 700'000, most_ppm = 1'500'000;  ///< Beyond, a nameplate or a sensor is wrong: neither is believed.

    /// A machine of `loads` like it drew `drawn` for what would take `nominal` by its nameplate. Of less than half or more than
    /// twice that nothing is learned. What was read about a day ago, of each machine once an hour, counts half.
    void add(Power drawn, Power nominal, std::int64_t loads) {
        if (drawn.count <= 0 || nominal.count <= 0 || drawn.count > most || nominal.count > most) return;
        if (drawn.count * 2 < nominal.count || drawn.count > nominal.count * 2) return;
        if (readings_ >= std::max(8 * enough, 24 * loads)) readings_ /= 2, drawn_ /= 2, nominal_ /= 2;
        ++readings_;
        drawn_ += drawn.count;
        nominal_ += nominal.count;
    }
    std::int64_t readings() const { return readings_; }
    /// What was seen, 10^-6; nothing until there is enough.
    std::optional<std::int64_t> seen_ppm() const {
        if (readings_ < enough || nominal_ <= 0) return std::nullopt;
        return static_cast<std::int64_t>(Int128{drawn_} * 1'000'000 / nominal_);
    }
    /// What J/TH by nameplate are to be multiplied with, 10^-6.
    std::int64_t factor_ppm() const {
        const auto seen = seen_ppm();
        return seen && *seen >= least_ppm && *seen <= most_ppm ? *seen : 1'000'000;
    }
    bool operator==(const LearnedEfficiency&) const = default;
    template <class Io> friend void io(Io& f, LearnedEfficiency& e) { f.whole(e.readings_), f.whole(e.drawn_), f.whole(e.nominal_); }

private:
    static constexpr std::int64_t most = 1'000'000'000;  ///< W; nothing that hashes draws as much.
    std::int64_t readings_ = 0;
    std::int64_t drawn_ = 0, nominal_ = 0;  ///< W.
};

}  // namespace ballast
