#include "sim/plant_settings.hpp"

#include <algorithm>

namespace ballast::sim {

using Point = HallSettings::Point;

std::vector<Point> growing(Power from, Power to, Duration over) {
    return {{Duration{0}, from}, {over, to}};
}

std::vector<Point> with_transfer(std::vector<Point> profile, Duration at, Duration lasts) {
    const auto drawn = [&profile](Duration when) {
        const auto next = std::ranges::upper_bound(profile, when, {}, &Point::after);
        if (next == profile.begin()) return profile.empty() ? Power{} : next->power;
        const auto before = std::prev(next);
        if (next == profile.end()) return before->power;
        const auto width = (next->after - before->after).count();
        return Power{before->power.count +
                     (next->power.count - before->power.count) * (when - before->after).count() / std::max<Duration::rep>(width, 1)};
    };
    const Power leaves = drawn(at), returns = drawn(at + lasts);
    std::erase_if(profile, [&](const Point& point) { return point.after >= at && point.after <= at + lasts; });
    const Point hole[] = {{at - Duration{1}, leaves}, {at, Power{}}, {at + lasts - Duration{1}, Power{}}, {at + lasts, returns}};
    profile.insert(std::ranges::upper_bound(profile, at, {}, &Point::after), std::begin(hole), std::end(hole));
    return profile;
}

std::vector<Point> wandering(std::uint64_t seed, Power nameplate, Duration length) {
    Chance chance{seed};
    std::vector<Point> profile;
    for (Duration at{0}; at <= length;) {
        const auto share = static_cast<std::int64_t>(33 + chance.below(68));
        const Power level{nameplate.count * share / 100};
        profile.push_back({at, level});
        at += chance.in({seconds{60}, seconds{600}});
        profile.push_back({at, level});
        at += chance.in({seconds{5}, seconds{60}});
    }
    return profile;
}

}  // namespace ballast::sim
