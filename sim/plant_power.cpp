#include "sim/plant.hpp"

#include <algorithm>

namespace ballast::sim {

bool Plant::fed_through(std::size_t feeder, std::optional<std::size_t> by) const {
    for (; by; by = *by < settings_.under.size() ? settings_.under[*by] : std::nullopt)
        if (*by == feeder) return true;
    return false;
}

Power Plant::machine_power(std::size_t machine, Steady now) {
    const Steady at = advance(now);
    return machines_.at(machine).course.at(at);
}

Power Plant::machines(std::span<const std::size_t> which, Steady now) const {
    Power sum;
    for (const std::size_t i : which) sum += machines_[i].course.at(now);
    return sum;
}

Power Plant::hall_power(std::size_t which, Steady now) {
    const Duration after = advance(now) - start_;
    const auto& profile = settings_.halls.at(which).profile;
    const auto next = std::ranges::upper_bound(profile, after, {}, &HallSettings::Point::after);
    if (profile.empty() || dark_) return Power{};
    if (next == profile.begin()) return next->power;
    const auto before = std::prev(next);
    if (next == profile.end()) return before->power;
    return Course{before->power, next->power, start_ + before->after, Duration{0}, next->after - before->after}.at(start_ + after);
}

Power Plant::contactor_power(std::size_t which, Steady now) {
    const Steady at = advance(now);
    const Contactor& contactor = contactors_.at(which);
    return machines(contactor.carries, at) + (contactor.closed && !dark_ ? settings_.contactors[which].block : Power{});
}

Power Plant::feeder_power(std::size_t feeder, Steady now) {
    const Steady at = advance(now);
    Power sum = machines(fed_.at(feeder), at);
    for (std::size_t i = 0; i < contactors_.size(); ++i)
        if (fed_through(feeder, settings_.contactors[i].feeder) && contactors_[i].closed && !dark_) sum += settings_.contactors[i].block;
    for (std::size_t i = 0; i < settings_.halls.size(); ++i)
        if (fed_through(feeder, settings_.halls[i].feeder)) sum += hall_power(i, at);
    const std::int64_t cooling = feeder < settings_.feeder_cooling_per_mille.size() ? settings_.feeder_cooling_per_mille[feeder] : 0;
    return sum + Power{sum.count * cooling / 1000};
}

Power Plant::drawn(Steady now) {
    const Steady at = advance(now);
    Power sum;
    for (const Machine& machine : machines_) sum += machine.course.at(at);
    for (std::size_t i = 0; i < contactors_.size(); ++i)
        if (contactors_[i].closed && !dark_) sum += settings_.contactors[i].block;
    for (std::size_t i = 0; i < settings_.halls.size(); ++i) sum += hall_power(i, at);
    return sum;
}

Power Plant::beyond(Power drawn) const {
    if (dark_) return Power{};
    return settings_.house_load + Power{drawn.count * settings_.cooling_per_mille / 1000};
}

Power Plant::residual(Steady now) {
    return beyond(drawn(now));
}

Power Plant::site_power(Steady now) {
    const Power loads = drawn(now);
    return loads + beyond(loads);
}

Power Plant::measured(const MeterSettings& meter, Steady now) {
    switch (meter.what) {
        case Measures::site: return site_power(now);
        case Measures::feeder: return feeder_power(meter.which, now);
        case Measures::hall: return hall_power(meter.which, now);
        case Measures::contactor: return contactor_power(meter.which, now);
    }
    return Power{};
}

Power Plant::power(std::size_t meter, Steady now) {
    const Meter& state = meters_.at(meter);
    return state.fault == MeterFault::frozen ? state.frozen : measured(settings_.meters[meter], now);
}

void Plant::set_fault(std::size_t meter, MeterFault fault, Steady now) {
    const Power shown = power(meter, now);
    meters_[meter] = {fault, shown};
}

}  // namespace ballast::sim
