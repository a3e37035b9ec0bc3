#pragma once
#include "model/units.hpp"

#include <vector>

namespace ballast {

/// Time-weighted means of a power over settlement intervals, aligned in UTC; of each, how much was measured.
class IntervalMeans {
public:
    static constexpr std::size_t most = 3'000;  ///< A month of quarters of an hour; later ones are not kept.

    struct Mean {
        Instant start{};
        Energy energy;
        Duration measured{};
        Power mean() const { return Power{static_cast<std::int64_t>(energy.count / std::max<std::int64_t>(measured.count(), 1))}; }
    };

    explicit IntervalMeans(Duration length) : length_{length} {}

    /// `power` was drawn over [from, to). Called with rising times.
    void add(Power power, Instant from, Instant to);
    /// Forgets all but the running interval.
    void keep_last();
    /// Beginning and end of the interval that holds `at`.
    Instant floor(Instant at) const { return Instant{at.time_since_epoch() / length_ * length_}; }
    Instant ceil(Instant at) const { return floor(at + length_ - Duration{1}); }

    Duration length() const { return length_; }
    const std::vector<Mean>& all() const { return means_; }

private:
    Duration length_;
    std::vector<Mean> means_;
};

}  // namespace ballast
