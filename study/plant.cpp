#include "study/plant.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ballast::study {

namespace {

constexpr unsigned word_bits = 64;

/// The bits of one word that a range covers.
std::uint64_t mask_of(Range range, Slot word) {
    const Slot begin = word * word_bits;
    const Slot from = range.first > begin ? range.first - begin : 0;
    const Slot to = range.last < begin + word_bits ? range.last - begin : word_bits;
    const std::uint64_t below = to == word_bits ? ~std::uint64_t{0} : (std::uint64_t{1} << to) - 1;
    return below & ~((std::uint64_t{1} << from) - 1);
}

/// The loads of one word, neighbours at once.
template <class See>
void neighbours(Slot first_of_word, std::uint64_t loads, See see) {
    while (loads) {
        const int from = std::countr_zero(loads), count = std::countr_one(loads >> from);
        const Slot first = first_of_word + static_cast<Slot>(from);
        see(first, first + static_cast<Slot>(count));
        loads = from + count >= static_cast<int>(word_bits) ? 0 : loads >> (from + count) << (from + count);
    }
}

Power times(Power each, int count) { return Power{each.count * count}; }

}  // namespace

ObedientPlant::ObedientPlant(const Site& site) : site_{site} {
    const std::size_t words = site.loads.size() / word_bits + 1;
    running_.assign(words, ~Word{0});
    dark_.assign(words, 0);
    rated_before_.push_back(0);
    for (const Site::Load& load : site.loads) rated_before_.push_back(rated_before_.back() + load.rated.count);
    for (const Site::Group& group : site.groups) {
        const Power sum = rated(group.loads.first, group.loads.last);
        group_power_.push_back(sum);
        baseline_ += sum;
        if (group.tier == Tier::firm) fixed_ += sum;
        even_.push_back(true);
        for (Slot s = group.loads.first; s < group.loads.last; ++s)
            if (site.loads[s].rated != site.loads[group.loads.first].rated) even_.back() = false;
    }
    baseline_ = with_cooling(baseline_, site.cooling_ppm) + site.overhead;
    fixed_ = with_cooling(fixed_, site.cooling_ppm) + site.overhead;
}

Power ObedientPlant::rated_of(Slot first_of_word, Word loads) const {
    Power sum;
    neighbours(first_of_word, loads, [&](Slot first, Slot last) { sum += rated(first, last); });
    return sum;
}

void ObedientPlant::put(const Order& order, Draws draws) {
    const Power standby = site_.groups[index(order.group)].standby;
    Power& sum = group_power_[index(order.group)];
    for (Slot word = order.loads.first / word_bits; word * word_bits < order.loads.last; ++word) {
        const Word mask = mask_of(order.loads, word);
        const Word ran = running_[word] & mask, runs = draws == Draws::rated ? mask : 0;
        const Word slept = mask & ~ran & ~dark_[word], sleeps = draws == Draws::standby ? mask : 0;
        const Slot first = word * word_bits;
        sum += rated_of(first, runs & ~ran) - rated_of(first, ran & ~runs);
        sum += times(standby, std::popcount(sleeps) - std::popcount(slept));
        transitions_ += static_cast<unsigned>(std::popcount(ran ^ runs));
        if (earnings_) {
            neighbours(first, runs & ~ran, [&](Slot from, Slot to) { earnings_->began(from, to); });
            neighbours(first, ran & ~runs, [&](Slot from, Slot to) { earnings_->ceased(from, to); });
        }
        running_[word] = (running_[word] & ~mask) | runs;
        dark_[word] = (dark_[word] & ~mask) | (draws == Draws::nothing ? mask : 0);
    }
}

/// Running loads of different ratings have no power in common: it is left unsaid, and the reader's books keep the nameplate.
LoadReading ObedientPlant::answer(GroupId group, Range loads, Draws draws, Steady now) const {
    const Power each = site_.loads[loads.first].rated;
    switch (draws) {
    case Draws::rated: return {loads, Mode::running, even_[index(group)] ? Quality::measured : Quality::bad, each, now};
    case Draws::standby: return {loads, Mode::asleep, Quality::measured, site_.groups[index(group)].standby, now};
    case Draws::nothing: break;
    }
    return {loads, Mode::off, Quality::measured, Power{}, now};
}

Power ObedientPlant::power_of(const Site::Group& group, Power sum) const {
    if (!group.contactor) return sum;
    const bool closed = running_[*group.contactor / word_bits] >> (*group.contactor % word_bits) & 1;
    return closed ? sum : Power{};
}

Power ObedientPlant::power() const {
    Power sum;
    for (std::size_t g = 0; g < site_.groups.size(); ++g) sum += power_of(site_.groups[g], group_power_[g]);
    return with_cooling(sum, site_.cooling_ppm) + site_.overhead;
}

void ObedientPlant::read_meters(Steady now, std::vector<Event>& into) const {
    if (site_.meter) into.push_back(MeterReading{*site_.meter, power(), now, Quality::measured});
    for (std::size_t f = 0; f < site_.feeders.size(); ++f) {
        if (!site_.feeders[f].meter) continue;
        Power sum;
        for (std::size_t g = 0; g < site_.groups.size(); ++g)
            for (auto through = site_.groups[g].feeder; through; through = site_.feeders[index(*through)].under)
                if (index(*through) == f) sum += power_of(site_.groups[g], group_power_[g]);
        into.push_back(MeterReading{*site_.feeders[f].meter, with_cooling(sum, site_.feeders[f].cooling_ppm) + site_.feeders[f].overhead, now, Quality::measured});
    }
}

void ObedientPlant::introduce(Steady now, std::vector<Event>& into) const {
    for (std::uint16_t g = 0; g < site_.groups.size(); ++g)
        if (const Range loads = site_.groups[g].loads; !loads.empty()) into.push_back(answer(GroupId{g}, loads, Draws::rated, now));
    read_meters(now, into);
}

/// Flexible loads draw their nameplate or their cap, save their work at once, and say so.
void ObedientPlant::slow(const Order& order, Steady now, std::vector<Event>& into) {
    const bool says = order.rung == Rung::checkpoint || raises(order.rung);
    if (says) into.push_back(Receipt{order.id, order.loads, Fate::accepted, now});
    if (order.rung == Rung::checkpoint) return;
    const Draws draws = order.rung == Rung::sleep ? Draws::standby : Draws::rated;
    Power& sum = group_power_[index(order.group)];
    for (Slot s = order.loads.first; s < order.loads.last; ++s) {
        Power& less = slowed_[s];
        sum += std::exchange(less, {});
        Order one = order;
        one.loads = {s, s + 1};
        put(one, draws);
        if (order.rung == Rung::cap) less = std::max(Power{}, site_.loads[s].rated - order.cap);
        sum -= less;
        LoadReading said = answer(order.group, one.loads, draws, now);
        if (draws == Draws::rated) said.quality = Quality::measured, said.power = site_.loads[s].rated - less;
        into.push_back(said);
    }
}

void ObedientPlant::obey(std::span<const Order> orders, Steady now, std::vector<Event>& into) {
    if (orders.empty()) return;
    const Power before = power();
    for (const Order& order : orders) {
        if (site_.groups[index(order.group)].tier == Tier::flexible) {
            slow(order, now, into);
            continue;
        }
        const Draws draws = raises(order.rung)         ? Draws::rated
                            : order.rung == Rung::sleep ? Draws::standby
                                                        : Draws::nothing;
        put(order, draws);
        into.push_back(answer(order.group, order.loads, draws, now));
    }
    if (power() != before) read_meters(now, into);
}

}  // namespace ballast::study
