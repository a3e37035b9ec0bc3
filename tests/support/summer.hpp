#pragma once
#include "model/units.hpp"
#include "tests/support/dice.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ballast::tests {

/// A system's demand by five minutes over some days that begin at midnight on the wall, from one seed: a profile of the day over a weather that has a memory of a few days, and a little noise.
struct Summer {
    Instant begins{};
    Duration step{300'000};
    std::vector<Power> demand;

    Summer(Instant first, int days, std::uint64_t seed, double level_mw = 75'000) : begins{first} {
        Dice dice{seed};
        const auto any = [&] { return static_cast<double>(dice.between(-1'000, 1'000) + dice.between(-1'000, 1'000)) / 1'000; };  // About -2 to 2.
        double weather = 0;
        for (int day = 0; day < days; ++day) {
            weather = 0.6 * weather + 0.8 * any();
            const double top = level_mw * (1 + 0.04 * weather + 0.05 * std::sin(3.1415926 * day / days));
            const double hottest = 17 + 0.5 * any();  // On the wall.
            for (int i = 0; i < 288; ++i) {
                const double hour = i / 12.0, shape = 0.62 + 0.38 * std::exp(-(hour - hottest) * (hour - hottest) / 22);
                demand.push_back(Power{static_cast<std::int64_t>((top * shape + 60 * any()) * 1e6)});
            }
        }
    }

    Instant at(std::size_t i) const { return begins + static_cast<std::int64_t>(i) * step; }

    /// Means over an interval that begins at a multiple of it.
    std::vector<std::pair<Instant, Power>> means(Duration interval) const {
        std::vector<std::pair<Instant, Power>> all;
        const auto n = static_cast<std::size_t>(interval / step);
        for (std::size_t i = 0; i + n <= demand.size(); i += n) {
            Int128 sum = 0;
            for (std::size_t k = i; k < i + n; ++k) sum += demand[k].count;
            all.emplace_back(at(i), Power{static_cast<std::int64_t>(sum / static_cast<std::int64_t>(n))});
        }
        return all;
    }
};

}  // namespace ballast::tests
