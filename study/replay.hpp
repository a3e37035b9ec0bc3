#pragma once
#include "controller/engine.hpp"
#include "sim/feeds/feed.hpp"
#include "study/earnings.hpp"

#include <functional>

namespace ballast::study {

/// Who may look on while a replay runs. All optional.
struct ReplayWatch {
    /// Before the first step at an instant; may renew the engine, as a journal's new epoch does.
    std::function<void(Engine& engine, Now now)> instant;
    /// After every step, before its orders are obeyed.
    std::function<void(Now now, std::span<const Event> heard, const Decision& decision)> stepped;
    /// Now and then: how much of the history is behind us, 0..1.
    std::function<void(double)> progress;
};

/// What the site would have used and paid. All energy and money is at the grid connection, where there was a price.
struct ReplayResult {
    std::string site, feed, settled_by, price_known, currency;
    Instant from, to;
    std::uint64_t intervals = 0;              ///< Prices that decided.
    std::vector<sim::FeedGap> gaps;
    Energy energy, baseline_energy;           ///< Baseline: everything running all the time.
    Money cost, baseline_cost;
    Energy fixed_energy;                      ///< In both: firm loads at nameplate, and overhead.
    Earned earned, baseline_earned;           ///< Baseline likewise; `known` where the site has an economy.
    Duration unpriced{0};                     ///< Without a settlement price: in no total.
    std::uint64_t transitions = 0;            ///< Loads that began or ceased to run.
    std::uint64_t decisions = 0;              ///< Steps that said something.
    std::uint64_t steps = 0;
    std::uint64_t digest = 0;                 ///< Of every decision that said something. Equal: the same decisions.
    double loop_seconds = 0;                  ///< Of the steps alone.
    double seconds = 0;                       ///< Of all; the caller's to set, else the loop's.
};

/// The site as a history can know it: nothing of it is ever silent but the prices.
Site as_replayed(Site site, SourceId prices);

/// Runs the engine over a history: prices when they were known, orders obeyed at once, the bill by `settle`.
/// With an economy, what was earned beside it. `site` and `policies` as a daemon would be given them; `prices` is the source that the feed speaks for.
ReplayResult replay(const Site& site, std::vector<Policy> policies, SourceId prices, const sim::Feed& feed,
                    const sim::Feed& settle, const ReplayWatch& watch = {}, const Economy& economy = {});

/// One JSON object on one line; numbers exact, rounded only here.
std::string to_json(const ReplayResult& result);

/// `value` / `unit` with so many decimals, rounded to the nearest, ties away from zero. Up to nine decimals.
std::string decimal(Int128 value, Int128 unit, int places);

/// What the loads that may stop used, as a part of what they would have used, 0..1; 1 if there are none.
double uptime(const ReplayResult& result);

}  // namespace ballast::study
