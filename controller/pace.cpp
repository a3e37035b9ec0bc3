#include "controller/pace.hpp"

#include "controller/books.hpp"

#include <algorithm>

namespace ballast {

namespace {

/// Staggered and ramped moves are made in batches this long, so that a stagger of 2 ms is not 500 steps a second.
constexpr Duration batch{250};

// Moves are paid for in time.

Duration ramp_time(Power moved, Power per_minute) {
    return Duration{static_cast<std::int64_t>(Int128{moved.count} * 60'000 / per_minute.count)};
}

/// Paid up when the step began, a batch may go; else nothing does before it is, however often somebody looks.
bool pace_allows(Core& core, bool open, Steady paid) {
    if (open && paid < later(core.now.steady, batch)) return true;
    core.wake_at(paid);
    return false;
}

void pay(const Core& core, Steady& paid, Power moved, Power per_minute) {
    if (per_minute > Power{}) paid = later(std::max(paid, core.now.steady), ramp_time(moved, per_minute));
}

/// Calls `visit` with each pace over a group; false ends it.
template <class Visit>
bool every_pace(Core& core, GroupId g, Visit visit) {
    for (Pace& pace : core.paces)
        if (under(core, pace.scope, g) && !visit(pace)) return false;
    return true;
}

Power started_in(const Pace& pace, Steady now) { return pace.inrush_until <= now ? Power{} : pace.inrush; }

}  // namespace

std::vector<Pace> paces_of(const Site& site) {
    std::vector<Pace> paces{{Scope::site(), site.pace()}};
    for (std::uint16_t f = 0; f < site.feeders.size(); ++f)
        if (site.feeders[f].pace != Site::Pace{}) paces.push_back({Scope::feeder(FeederId{f}), site.feeders[f].pace});
    return paces;
}

void open_paces(Core& core) {
    for (Pace& pace : core.paces) {
        pace.may_up = pace.up_paid <= core.now.steady;
        pace.may_down = pace.down_paid <= core.now.steady;
    }
    for (std::size_t i = 0; i < core.may_wake.size(); ++i) core.may_wake[i] = core.state.groups[i].next_wake <= core.now.steady;
}

bool may_stop(Core& core, GroupId g) {
    return every_pace(core, g, [&](const Pace& pace) { return pace.terms.down_per_minute <= Power{} || pace_allows(core, pace.may_down, pace.down_paid); });
}

void stopped(Core& core, GroupId g, Power watts) {
    every_pace(core, g, [&](Pace& pace) { return pay(core, pace.down_paid, watts, pace.terms.down_per_minute), true; });
}

bool may_start(Core& core, GroupId g, Slot s) {
    if (core.group(g).stagger > Duration{0} && !pace_allows(core, core.may_wake[index(g)], core.sums(g).next_wake)) return false;
    if (!core.paced_up) return true;
    const auto ramped = [&](const Pace& pace) { return pace.terms.up_per_minute <= Power{} || pace_allows(core, pace.may_up, pace.up_paid); };
    return every_pace(core, g, ramped) && inrush_allows(core, g, inrush_of(core, s));
}

void started(Core& core, GroupId g, Slot s, Power added) {
    if (core.group(g).stagger > Duration{0}) core.sums(g).next_wake = later(std::max(core.sums(g).next_wake, core.now.steady), core.group(g).stagger);
    if (!core.paced_up) return;
    every_pace(core, g, [&](Pace& pace) { return pay(core, pace.up_paid, added, pace.terms.up_per_minute), true; });
    take_inrush(core, g, inrush_of(core, s));
}

Power inrush_of(const Core& core, Slot s) {
    const auto times = [](Power power, std::int64_t ppm) { return Power{static_cast<std::int64_t>(Int128{power.count} * ppm / 1'000'000)}; };
    const GroupId g = core.group_of[s];
    Power inrush = times(core.rated[s], core.group(g).inrush_ppm);
    for (const GroupId c : core.carried[index(g)])
        if (core.group(c).contactor == s) inrush += times(core.nameplate[index(c)], core.group(c).inrush_ppm);
    return inrush;
}

bool inrush_allows(Core& core, GroupId g, Power inrush) {
    return every_pace(core, g, [&](const Pace& pace) {
        const Power before = started_in(pace, core.now.steady);
        if (pace.terms.inrush <= Power{} || before == Power{} || before + inrush <= pace.terms.inrush) return true;
        core.wake_at(pace.inrush_until);
        return false;
    });
}

void take_inrush(Core& core, GroupId g, Power inrush) {
    every_pace(core, g, [&](Pace& pace) {
        if (pace.terms.inrush <= Power{}) return true;
        pace.inrush = started_in(pace, core.now.steady) + inrush;
        pace.inrush_until = later(core.now.steady, pace.terms.inrush_within);  // All of it counts until there was a pause that long.
        return true;
    });
}

}  // namespace ballast
