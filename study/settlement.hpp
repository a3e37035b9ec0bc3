#pragma once
#include "sim/feeds/feed.hpp"

#include <cstdint>
#include <span>

namespace ballast::study {

/// The bill: energy times the price of the interval it falls in. What falls where there is no price is neither energy nor
/// cost here, but counted as `unpriced`.
class Settlement {
public:
    /// `intervals` by start, not overlapping, and outliving this; counting begins at `from`.
    Settlement(std::span<const sim::PricePoint> intervals, Instant from) : intervals_{intervals}, at_{from} {}

    /// `power` was drawn since the last call, or `from`. Time never runs backwards.
    void drawn(Power power, Instant until);

    Energy energy() const { return energy_; }
    Money cost() const { return cost_; }
    Duration priced() const { return priced_; }
    Duration unpriced() const { return unpriced_; }

private:
    std::span<const sim::PricePoint> intervals_;
    std::size_t next_ = 0;   ///< No interval before it ends after `at_`.
    Instant at_;
    Energy energy_;
    Money cost_;
    Duration priced_{0}, unpriced_{0};
};

}  // namespace ballast::study
