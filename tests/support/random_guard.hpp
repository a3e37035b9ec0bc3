#pragma once
#include "tests/support/random_site.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace ballast::tests {

/// A guard's meter and its trips: by the table last decided on, or, while that is not armed yet, by the one before.
class RandomGuard {
public:
    RandomGuard(const RandomSite& site, Dice& dice, Steady start) : dice_{dice}, due_{site.site.guards.empty() ? never : start} {}

    Steady next() const { return due_; }

    void say(Steady now, bool calm, std::vector<Event>& heard) {
        if (now < due_) return;
        due_ = now + Duration{dice_.between(500, 10'000)};
        if (!calm && dice_.percent(10)) return;  // Silent.
        const Frequency latest{calm ? 60'000 : dice_.one_of({60'000, 60'000, 59'950, 59'800, 59'400})};
        if (!calm && table_ && dice_.percent(8)) heard.push_back(trip(now));
        heard.push_back(FrequencyReading{GuardId{0}, Frequency{latest.count - (dice_.percent(20) && !calm ? 200 : 0)}, latest, now});
    }

    void arm(const Decision& decision) {
        for (const TripTable& table : decision.tables)
            if (!table_ || dice_.percent(90)) table_ = table;
    }

private:
    Tripped trip(Steady now) {
        const auto stages = 1 + dice_.below(table_->stages.size());
        Tripped tripped{GuardId{0}, table_->id, static_cast<std::uint8_t>(stages), Frequency{59'200}, now, now, {}};
        for (std::size_t i = 0; i < stages; ++i)
            tripped.contactors.insert(tripped.contactors.end(), table_->stages[i].begin(), table_->stages[i].end());
        return tripped;
    }

    Dice& dice_;
    Steady due_;
    std::optional<TripTable> table_;
};

}  // namespace ballast::tests
