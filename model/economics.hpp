#pragma once
#include "model/units.hpp"

#include <cstdint>

namespace ballast {

/// What turns a machine's efficiency into the price above which it mines at a loss.
struct Economics {
    Price hashprice;                   ///< 10^-9 currency per PH/s and day.
    std::int64_t pool_fee_ppm = 0;     ///< 10,000 is 1 %.
    std::int64_t overhead_ppm = 1'000'000;  ///< Site overhead k (PUE) x 10^6; 1,050,000 is 1.05.
    Price adder;                       ///< What a kWh costs beside its price: transmission, retail. Below 0: what it earns.
    bool operator==(const Economics&) const = default;
};

/// Break-even in 10^-9 currency per kWh, rounded down: hashprice (1 - fee) / (24 h x J/TH x k) - adder, because 1 PH/s at
/// E J/TH draws E kW. `joules_per_hash` in mJ/TH; unknown (<= 0) never pays.
constexpr Price break_even(const Economics& e, std::int64_t joules_per_hash) {
    if (joules_per_hash <= 0) return Price::lowest();
    const Int128 earned = Int128{e.hashprice.count} * (1'000'000 - e.pool_fee_ppm) * 1'000;
    const Int128 spent = Int128{24} * joules_per_hash * e.overhead_ppm;
    const Int128 floor = earned / spent - (earned % spent < 0 ? 1 : 0);
    return Price{static_cast<std::int64_t>(floor)} - e.adder;
}

/// What a stop and the start after it cost a class of machines, and what they go on drawing between.
struct Cycling {
    Duration ramp{0};                  ///< From the wake to full hash; full power is drawn meanwhile, half the hash is lost.
    Price wear;                        ///< 10^-9 currency per kW of nameplate and cycle.
    bool operator==(const Cycling&) const = default;
};

}  // namespace ballast
