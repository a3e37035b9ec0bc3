#include "study/earnings.hpp"

#include <algorithm>

namespace ballast::study {

namespace {

constexpr Int128 hour = 3'600'000;  // ms: 10^-9 per kW x W is 10^-12; Money is 10^-9 per kWh x mJ.

}  // namespace

Earnings::Earnings(const Site& site, std::span<const Worth> worth, std::span<const sim::PricePoint> settle, Instant from)
    : overhead_bill_{settle, from}, standby_bill_{settle, from} {
    before_.resize(site.loads.size() + 1);
    for (const Site::Group& group : site.groups)
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            const Worth& w = worth[s];
            const Int128 watts = site.loads[s].rated.count;
            Sums& sums = before_[s + 1] = before_[s];
            sums.hash += watts * w.hash.count;
            sums.adder += watts * w.overhead_ppm * w.adder.count / 1'000'000;
            sums.overhead += watts * std::max<std::int64_t>(w.overhead_ppm - 1'000'000 - site.cooling_ppm, 0);  // The meter has that cooling already.
            sums.ramp += watts * w.hash.count * w.cycling.ramp.count() / 2;
            sums.wear += watts * w.cycling.wear.count * hour;
            if (group.tier != Tier::firm) sums.standby += group.standby.count;
        }
    const Sums& all = before_.back();
    hash_ = all.hash, adder_ = all.adder, overhead_ = all.overhead;
    earned_.known = true;
}

Earnings::Sums Earnings::of(Slot first, Slot last) const {
    const Sums &a = before_[first], &b = before_[last];
    return {b.hash - a.hash, b.adder - a.adder, b.overhead - a.overhead, b.ramp - a.ramp, b.wear - a.wear, b.standby - a.standby};
}

void Earnings::began(Slot first, Slot last) {
    const Sums sums = of(first, last);
    hash_ += sums.hash, adder_ += sums.adder, overhead_ += sums.overhead, standby_ -= sums.standby;
    earned_.ramp_loss += Money{sums.ramp};
    earned_.wear += Money{sums.wear};
}

void Earnings::ceased(Slot first, Slot last) {
    const Sums sums = of(first, last);
    hash_ -= sums.hash, adder_ -= sums.adder, overhead_ -= sums.overhead, standby_ += sums.standby;
}

void Earnings::until(Instant utc) {
    const Duration before = overhead_bill_.priced();
    overhead_bill_.drawn(Power{static_cast<std::int64_t>(overhead_ / 1'000'000)}, utc);
    standby_bill_.drawn(Power{static_cast<std::int64_t>(standby_)}, utc);
    const Int128 priced = (overhead_bill_.priced() - before).count();
    earned_.hash += Money{hash_ * priced};
    earned_.adder += Money{adder_ * priced};
}

Earned Earnings::earned() const {
    Earned earned = earned_;
    earned.overhead = overhead_bill_.cost();
    earned.standby = standby_bill_.energy();
    earned.standby_cost = standby_bill_.cost();
    return earned;
}

void DemandBill::drawn(Power power, Instant until) {
    while (at_ < until) {
        const Instant month_end = Peaks::month_end(at_, tariff_.clock), end = std::min(until, month_end);
        peaks_.add(power, at_, end, tariff_.clock);
        if (end == month_end) billed_ += of_month(at_);
        at_ = end;
    }
}

Money DemandBill::total() const {
    const Instant last = at_ - Duration{1};
    return at_ == Peaks::month_end(last, tariff_.clock) ? billed_ : billed_ + of_month(last);  // A month that is over was billed.
}

Money DemandBill::of_month(Instant at) const {
    const Power month = peaks_.month(at, tariff_.clock).value_or(Power{}), year = peaks_.twelve_months(at, tariff_.clock).value_or(Power{});
    const Int128 billed = std::max({Int128{month.count}, Int128{year.count} * tariff_.ratchet_ppm / 1'000'000, Int128{tariff_.paid.count}});
    return Money{billed * tariff_.per_kw_month.count * hour};
}

namespace {

/// Of [from, until), how long the contract's hours are; they begin and end with a minute.
Duration within(const MinimumBought& minimum, Instant from, Instant until) {
    if (minimum.hours.always()) return until - from;
    Duration sum{0};
    while (from < until) {
        const Instant end = std::min(until, Instant{std::chrono::floor<std::chrono::minutes>(from) + std::chrono::minutes{1}});
        if (minimum.hours.contains(minimum.clock, from)) sum += end - from;
        from = end;
    }
    return sum;
}

}  // namespace

void UnderuseBill::drawn(Power power, Instant until) {
    for (const MinimumBought& minimum : minimums_)
        if (power < minimum.at_least) total_ += minimum.underuse * ((minimum.at_least - power) * within(minimum, at_, until));
    at_ = until;
}

void settle_hedge(const Hedge& hedge, std::span<const sim::PricePoint> settle, Instant from, Instant to, Earned& earned) {
    if (hedge.power == Power{}) return;
    const auto gains = [&](const sim::PricePoint& sold, Price paid, Instant begin, Instant end) {
        const Duration length = std::min({sold.end, end, to}) - std::max({sold.start, begin, from});
        if (length <= Duration{0}) return;
        earned.hedged += hedge.power * length;
        earned.hedge_gain += (sold.price - paid) * (hedge.power * length);
    };
    std::size_t ahead = 0;
    for (const sim::PricePoint& sold : settle) {
        if (hedge.price) gains(sold, *hedge.price, from, to);
        if (hedge.price || !hedge.day_ahead) continue;
        const auto& bought = hedge.day_ahead->intervals;
        while (ahead < bought.size() && bought[ahead].end <= sold.start) ++ahead;
        for (std::size_t i = ahead; i < bought.size() && bought[i].start < sold.end; ++i) gains(sold, bought[i].price, bought[i].start, bought[i].end);
    }
}

}  // namespace ballast::study
