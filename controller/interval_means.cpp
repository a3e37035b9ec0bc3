#include "controller/interval_means.hpp"

#include <algorithm>

namespace ballast {

void IntervalMeans::add(Power power, Instant from, Instant to) {
    while (from < to) {
        const Instant start = floor(from);
        const Instant until = std::min(to, start + length_);
        if (means_.empty() || means_.back().start != start) {
            if (means_.size() >= most) return;
            means_.push_back({start, {}, {}});
        }
        means_.back().energy += power * (until - from);
        means_.back().measured += until - from;
        from = until;
    }
}

void IntervalMeans::keep_last() {
    if (means_.size() > 1) means_.erase(means_.begin(), means_.end() - 1);
}

}  // namespace ballast
