#include "policies/price_strike.hpp"

#include <algorithm>

namespace ballast::policies {

namespace {

/// What the source's silence means, as a cutoff; nothing for `run`.
std::optional<Cutoff> while_silent(OnStale on_stale, Why why) {
    switch (on_stale) {
    case OnStale::run: return std::nullopt;
    case OnStale::hold: why.reason = Reason::price_unknown_held; return Cutoff{{}, Price::lowest(), Price::max(), why};
    case OnStale::shed: why.reason = Reason::price_unknown_shed; return Cutoff{{}, Price::max(), Price::max(), why};
    }
    return std::nullopt;
}

/// Above its strike in each of the last `down_after` intervals: the lowest of them decides who stops.
/// At or below it in each of the last `up_after`: the highest of them decides who may start.
Cutoff from_prices(std::span<const PriceInterval> begun, const PriceStrike& settings, const Why& why) {
    Cutoff cutoff{{}, Price::lowest(), Price::lowest(), why};
    const auto latest = [&](std::size_t n) { return begun.last(std::min(n, begun.size())); };
    if (begun.size() >= settings.down_after)
        cutoff.stop_below = std::ranges::min(latest(settings.down_after), {}, &PriceInterval::price).price;
    if (!begun.empty()) cutoff.start_at = std::ranges::max(latest(settings.up_after), {}, &PriceInterval::price).price;
    return cutoff;
}

}  // namespace

Policy price_strike(PriceStrike settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) {
        const Why why{settings.policy, settings.prices, Cause::price, settings.rank, Reason::price_above_strike};
        const PriceTimeline& prices = state.prices[index(settings.prices)];
        limits.changes(prices.next(now.steady));

        const auto begun = prices.begun(now.steady);
        const bool known = state.fresh(settings.prices) && !begun.empty();
        std::optional<Cutoff> cutoff = known ? from_prices(begun, settings, why)
                                             : while_silent(state.site->sources[index(settings.prices)].on_stale, why);
        if (!cutoff) return;
        for (const GroupId group : settings.groups) {
            cutoff->group = group;
            limits.cutoffs.push_back(*cutoff);
        }
    };
}

}  // namespace ballast::policies
