#include "policies/price_strike.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

struct Strikes {
    Price stop_below = Price::lowest(), start_at = Price::lowest();
};

/// Above its strike in each of the last `down_after` intervals: the lowest of them decides who stops.
/// At or below it in each of the last `up_after`: the highest of them decides who may start.
Strikes from_prices(std::span<const PriceInterval> begun, const PriceStrike& settings) {
    Strikes strikes;
    const auto latest = [&](std::size_t n) { return begun.last(std::min(n, begun.size())); };
    if (begun.size() >= settings.down_after)
        strikes.stop_below = std::ranges::min(latest(settings.down_after), {}, &PriceInterval::price).price;
    strikes.start_at = std::ranges::max(latest(settings.up_after), {}, &PriceInterval::price).price;
    return strikes;
}

void ask(Limits& limits, GroupId group, Strikes strikes, const Why& why) {
    limits.cutoffs.push_back({group, strikes.stop_below, strikes.start_at, why});
}

/// A group whose cycles cost something moves only where that is worth it.
void ask_if_worth(Limits& limits, const PriceTimeline& prices, Now now, const PriceStrike& settings, Strikes plain, const Why& why) {
    const PriceInterval& latest = prices.begun(now.steady).back();
    const bool told_afterwards = latest.issued >= latest.end;
    const bool weighed = settings.expected_spike || !told_afterwards;
    for (std::size_t i = 0; i < settings.groups.size(); ++i) {
        Strikes strikes = plain;
        if (weighed && i < settings.cycles.size() && settings.cycles[i]) {
            const WorthCycling worth = worth_cycling(prices, now.steady, *settings.cycles[i], settings.expected_spike.value_or(usual_spike),
                                                       settings.expected_calm.value_or(told_afterwards ? Duration{0} : usual_calm));
            strikes = {std::min(plain.stop_below, worth.stop_below), std::max(plain.start_at, worth.start_at)};
        }
        ask(limits, settings.groups[i], strikes, why);
    }
}

/// What the source's silence means.
void ask_while_silent(Limits& limits, const std::vector<GroupId>& groups, OnStale on_stale, Why why) {
    const auto ask_all = [&](Strikes strikes) {
        for (const GroupId group : groups) ask(limits, group, strikes, why);
    };
    switch (on_stale) {
    case OnStale::run: return;
    case OnStale::hold: why.reason = Reason::price_unknown_held; return ask_all({Price::lowest(), Price::max()});
    case OnStale::shed: why.reason = Reason::price_unknown_shed; return ask_all({Price::max(), Price::max()});
    }
}

}  // namespace

Policy price_strike(PriceStrike settings) {
    const Why why{settings.policy, settings.prices, Cause::price, settings.rank, Reason::price_above_strike};
    return [settings = std::move(settings), why](const State& state, Now now, Limits& limits) {
        const PriceTimeline& prices = state.prices[index(settings.prices)];
        limits.changes(prices.next(now.steady));
        const auto begun = prices.begun(now.steady);
        if (!settings.cycles.empty() && !begun.empty() && begun.back().ends > now.steady) limits.changes(begun.back().ends);
        if (state.fresh(settings.prices) && !begun.empty()) ask_if_worth(limits, prices, now, settings, from_prices(begun, settings), why);
        else ask_while_silent(limits, settings.groups, state.site->sources[index(settings.prices)].on_stale, why);
    };
}

}  // namespace ballast::policies
