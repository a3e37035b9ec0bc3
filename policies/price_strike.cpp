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

void ask(Limits& limits, const std::vector<GroupId>& groups, Strikes strikes, const Why& why) {
    for (const GroupId group : groups) limits.cutoffs.push_back({group, strikes.stop_below, strikes.start_at, why});
}

/// What the source's silence means.
void ask_while_silent(Limits& limits, const std::vector<GroupId>& groups, OnStale on_stale, Why why) {
    switch (on_stale) {
    case OnStale::run: return;
    case OnStale::hold: why.reason = Reason::price_unknown_held; return ask(limits, groups, {Price::lowest(), Price::max()}, why);
    case OnStale::shed: why.reason = Reason::price_unknown_shed; return ask(limits, groups, {Price::max(), Price::max()}, why);
    }
}

}  // namespace

Policy price_strike(PriceStrike settings) {
    const Why why{settings.policy, settings.prices, Cause::price, settings.rank, Reason::price_above_strike};
    return [settings = std::move(settings), why](const State& state, Now now, Limits& limits) {
        const PriceTimeline& prices = state.prices[index(settings.prices)];
        limits.changes(prices.next(now.steady));
        const auto begun = prices.begun(now.steady);
        if (state.fresh(settings.prices) && !begun.empty()) ask(limits, settings.groups, from_prices(begun, settings), why);
        else ask_while_silent(limits, settings.groups, state.site->sources[index(settings.prices)].on_stale, why);
    };
}

}  // namespace ballast::policies
