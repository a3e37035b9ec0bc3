#include "study/settlement.hpp"

#include <algorithm>

namespace ballast::study {

void Settlement::drawn(Power power, Instant until) {
    if (until <= at_) return;
    const Duration whole = until - at_;
    Duration priced{0};
    for (; next_ < intervals_.size(); ++next_) {
        const sim::PricePoint& interval = intervals_[next_];
        const Duration within = std::min(interval.end, until) - std::max(interval.start, at_);
        if (within > Duration{0}) {
            const Energy energy = power * within;
            energy_ += energy;
            cost_ += interval.price * energy;
            priced += within;
        }
        if (interval.end > until) break;
    }
    priced_ += priced;
    unpriced_ += whole - priced;
    at_ = until;
}

}  // namespace ballast::study
