#pragma once
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/site.hpp"

#include <set>
#include <span>
#include <vector>

namespace ballast::tests {

/// Loads that do at once what they are told, but for the deaf; a meter that shows it.
class ObedientPlant {
public:
    explicit ObedientPlant(Site site) : site_{std::move(site)}, on_(site_.loads.size(), true) {
        for (const Site::Group& group : site_.groups)
            if (group.tier == Tier::firm) firm_ = group.reserve;
    }

    std::set<Slot> deaf;

    void firm(Power draw) { firm_ = draw; }

    void obey(std::span<const Order> orders, Now) {
        for (const Order& order : orders)
            for (Slot s = order.loads.first; s < order.loads.last; ++s)
                if (!deaf.contains(s)) on_[s] = raises(order.rung);
    }

    std::vector<Event> readings(Now now) const {
        std::vector<Event> events;
        for (const Site::Group& group : site_.groups)
            for (Slot s = group.loads.first; s < group.loads.last; ++s)
                events.push_back(LoadReading{{s, s + 1}, on_[s] ? Mode::running : group.driver == "contactor" ? Mode::off : Mode::asleep, Quality::measured, draw(group, s), now.steady});
        events.push_back(MeterReading{MeterId{0}, power(), now.steady, Quality::measured});
        return events;
    }

    Power power() const {
        Power sum = site_.overhead;
        for (const Site::Group& group : site_.groups)
            for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += draw(group, s);
        return sum;
    }

    Slot running(GroupId g) const {
        const Site::Group& group = site_.groups[index(g)];
        Slot n = 0;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) n += on_[s];
        return n;
    }

private:
    Power draw(const Site::Group& group, Slot s) const {
        if (group.tier == Tier::firm) return firm_;
        return on_[s] ? site_.loads[s].rated : group.standby;
    }

    Site site_;
    std::vector<bool> on_;
    Power firm_;
};

}  // namespace ballast::tests
