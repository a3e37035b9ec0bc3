#include "controller/contests.hpp"

#include "controller/books.hpp"
#include "controller/flexible.hpp"

#include <algorithm>

namespace ballast {

namespace {

constexpr Duration longest_wait = std::chrono::hours{1};

Contest& contest_of(Core& core, Slot slot) {
    auto& contests = core.state.contests;
    const auto at = std::ranges::lower_bound(contests, slot, {}, &Contest::load);
    if (at != contests.end() && at->load == slot) return *at;
    return *contests.insert(at, Contest{slot});
}

/// Who wants a resting load to rest: the price, else the first limit over it, else a person's or its dwell.
Why standing_over(const Core& core, Slot s) {
    const GroupId g = core.group_of[s];
    Why why{{}, {}, Cause::person, 0, Reason::still_standing};
    if (s < paying_from(core, g)) {
        const GroupEnvelope& envelope = core.envelope[index(g)];
        why = (envelope.stops ? envelope.stops : envelope.starts)->why;
    } else {
        for (const Bound& bound : core.limits.bounds) {
            if (!under(core, bound.scope, g)) continue;
            why = bound.why;
            break;
        }
    }
    why.reason = Reason::still_standing;
    return why;
}

/// An obligation over the load's group that asks for less than is expected.
bool owed(const Core& core, Slot slot) {
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& bound) {
        return bound.why.cause != Cause::price && under(core, bound.scope, core.group_of[slot]) && triggered(core, bound, balance(core, bound.scope));
    });
}

/// After the first time, the site's `reassert_every`, then twice as long each time.
Duration wait_of(const Core& core, const Contest& contest) {
    if (contest.times <= 1) return Duration{0};
    const Duration shortest = core.site.reassert_every, longest = std::max(shortest, longest_wait);
    const unsigned doublings = std::min(contest.times - 2, 20u);
    return std::min(shortest * (1 << doublings), owed(core, contest.load) ? shortest : longest);
}

void send_back(Core& core, const Contest& contest) {
    const Slot s = contest.load;
    command(core, {s, s + 1}, Rung::sleep, standing_over(core, s));
    if (contest.times < core.site.contested_after) return;
    const OrderId order = core.state.loads[s].order;
    const auto pending = std::ranges::lower_bound(core.pending, order, {}, &Pending::id);
    core.misses.push_back({order, s, pending->why.event, MissCause::contested, false});
}

}  // namespace

void contest(Core& core, Slot slot) {
    Contest& contest = contest_of(core, slot);
    if (contest.waiting) return;
    if (later(contest.last, contest_memory) <= core.now.steady) contest.times = 0;
    ++contest.times;
    contest.last = core.now.steady;
    contest.waiting = true;
    if (contest.times >= core.site.contested_after) core.note(NoteKind::contested, slot, std::to_string(contest.times));
}

void return_strays(Core& core) {
    for (const Slot s : core.above_cap) cap_again(core, s, standing_over(core, s));
    for (Contest& contest : core.state.contests) {
        if (!contest.waiting) continue;
        const LoadState& load = core.state.loads[contest.load];
        contest.waiting = !load.on && load.seen && load.mode == Mode::running;
        if (!contest.waiting || !core.can_move(core.group_of[contest.load])) continue;
        const Steady due = later(contest.last, wait_of(core, contest));
        if (due > core.now.steady) {
            core.wake_at(due);
            continue;
        }
        contest.waiting = false;
        send_back(core, contest);
    }
    std::erase_if(core.state.contests, [&](const Contest& c) { return !c.waiting && later(c.last, contest_memory) <= core.now.steady; });
}

}  // namespace ballast
