#pragma once
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/site.hpp"
#include "study/earnings.hpp"

#include <cstdint>
#include <span>
#include <map>
#include <vector>

namespace ballast::study {

/// A site that does at once what it is told and says so: the loads of a replay, where the past cannot answer back.
/// Running loads and firm ones draw their nameplate, sleeping ones their standby, everything else the site's overhead and what cools them, at once.
/// An order costs as much as its range has words of 64 loads.
class ObedientPlant {
public:
    explicit ObedientPlant(const Site& site);

    /// Everything that can be asked of it before it was ordered anything: all runs.
    void introduce(Steady now, std::vector<Event>& into) const;

    /// Carries out the orders; appends one answer for each, whole, and the meters' readings if they changed.
    void obey(std::span<const Order> orders, Steady now, std::vector<Event>& into);

    /// Who is told which loads begin and cease to run; none: nobody.
    void tell(Earnings* earnings) { earnings_ = earnings; }

    Power power() const;        ///< At the grid connection.
    Power baseline() const { return baseline_; }  ///< The same with everything running.
    Power fixed() const { return fixed_; }        ///< The part of both that no order can change: firm loads and overhead.
    std::uint64_t transitions() const { return transitions_; }  ///< Loads that began or ceased to run.

private:
    enum class Draws : std::uint8_t { rated, standby, nothing };
    using Word = std::uint64_t;

    void put(const Order& order, Draws draws);
    void slow(const Order& order, Steady now, std::vector<Event>& into);
    Power rated(Slot first, Slot last) const { return Power{rated_before_[last] - rated_before_[first]}; }
    Power rated_of(Slot first_of_word, Word loads) const;
    Power power_of(const Site::Group& group, Power sum) const;
    LoadReading answer(GroupId group, Range loads, Draws draws, Steady now) const;
    void read_meters(Steady now, std::vector<Event>& into) const;

    const Site& site_;
    std::vector<std::int64_t> rated_before_;  ///< W, of all slots before this one.
    std::vector<Word> running_, dark_;        ///< A bit a slot; neither: asleep.
    std::vector<bool> even_;                  ///< By group: all rated alike.
    std::map<Slot, Power> slowed_;            ///< Flexible loads: what a cap takes from them.
    std::vector<Power> group_power_;          ///< As if its contactor were closed.
    Power baseline_, fixed_;
    std::uint64_t transitions_ = 0;
    Earnings* earnings_ = nullptr;
};

}  // namespace ballast::study
