#pragma once
#include "controller/encoding.hpp"
#include "controller/engine.hpp"
#include "tests/support/random_guard.hpp"
#include "tests/support/random_site.hpp"
#include "tests/support/random_wishes.hpp"
#include "tests/support/rough_plant.hpp"

#include <string>
#include <vector>

namespace ballast::tests {

constexpr Instant any_day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

struct HistoryShape {
    Duration lasts = std::chrono::minutes{30};
    Duration wish_every{20'000};   ///< On average.
    bool gentle = false;           ///< Obedient but slow loads, quiet exact meters.
    bool seldom = false;           ///< Loads and meters are polled as seldom as can be: for long histories.
    Duration settled{0};           ///< Afterwards: gentle, and nobody wishes anything.
    bool kept = false;             ///< The history that comes back has its steps.
};

/// What an engine was told, when, and the bytes of what it said.
struct HistoryStep {
    Now now;
    std::vector<Event> heard;
    std::string said;
    Steady wake;
};

struct History {
    RandomSite site;
    Now start;
    std::vector<HistoryStep> steps;

    Engine engine() const { return Engine{site.site, site.policies(), {}, start}; }
};

inline std::string bytes_of(const Decision& decision) {
    std::string bytes;
    encode(bytes, decision.at, decision);
    return bytes;
}

/// A random site lives through a random history; `watch(now, heard, decision, engine)` sees every step, and says
/// whether to go on.
template <class Watch>
History live(std::uint64_t seed, const HistoryShape& shape, Watch watch) {
    Dice dice{seed};
    History history{SiteMaker{dice}.make(), {}, {}};
    const Steady begin{std::chrono::hours{1000}};
    history.start = {any_day, begin};
    const Instant base = any_day - begin.time_since_epoch();
    RoughPlant plant{history.site.site, dice, shape.gentle, shape.seldom, begin};
    RandomGuard guard{history.site, dice, begin};
    RandomWishes wishes{history.site, dice, base};
    Engine engine = history.engine();
    const Steady wishes_end = begin + shape.lasts, end = wishes_end + shape.settled;
    Steady now = begin, next_wish = begin;
    bool calm = false;
    while (now < end) {
        std::vector<Event> heard;
        if (now < wishes_end && next_wish <= now) {
            for (auto n = 1 + dice.below(3); n > 0; --n) wishes.say(now, heard);
            next_wish = now + Duration{dice.between(0, 2 * shape.wish_every.count())};
        }
        if (now >= wishes_end && !std::exchange(calm, true)) plant.calm_down(), wishes.settle(now, heard);
        guard.say(now, calm, heard);
        plant.advance(now, heard);
        const Now both{base + now.time_since_epoch() + wishes.offset, now};
        const Decision& decision = engine.step(both, heard);
        guard.arm(decision);
        if (shape.kept) history.steps.push_back({both, heard, bytes_of(decision), decision.wake});
        if (!watch(both, heard, decision, engine)) break;
        std::vector<Order> sent;
        for (const Order& order : decision.orders) {
            if (!calm && raises(order.rung) && dice.percent(2)) plant.withhold(order, now);
            else sent.push_back(order);
        }
        plant.obey(sent, now);
        Steady next = std::min({plant.next(), guard.next(), std::max(decision.wake, now + Duration{1}), calm ? end : next_wish, end});
        if (!calm && dice.percent(10)) next = std::min(next, now + Duration{dice.between(1, 5'000)});
        now = std::max(next, now + Duration{dice.percent(5) ? 0 : 1});
    }
    return history;
}

}  // namespace ballast::tests
