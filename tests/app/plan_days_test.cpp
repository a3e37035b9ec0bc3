#include "app/plan_reasons.hpp"
#include "tests/catch.hpp"
#include "tests/support/random_history.hpp"
#include "tests/support/recount.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

using namespace ballast;
using namespace ballast::tests;

namespace {

/// Somebody asks all of the site for less, and everybody hears it: what `ballast plan` puts to each load.
struct Asked {
    Config config;
    SiteModel model;
    Wish wish{{.kind = SignalKind::dispatch, .ask = Ask::absolute}, "operator", {}, {}};

    Asked() { config.policies.push_back({.name = "any", .dispatch = DispatchConfig{}}); }
};

using Tally = std::map<std::string, std::size_t>;

/// Why each interruptible load of the scope gives no more, as plan has it.
Tally reasons_in(Scope scope, const Asked& asked, const Engine& engine, const Recount& recount, Now now) {
    const SkipReasons reasons{asked.config, asked.model, engine, asked.wish, now};
    Tally tally;
    for (std::size_t g = 0; g < engine.site().groups.size(); ++g) {
        const Site::Group& group = engine.site().groups[g];
        if (group.tier != Tier::interruptible || !recount.in(scope, g)) continue;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) ++tally[reasons.of(g, s).code];
    }
    return tally;
}

bool slows(const Order& order, const Site& site) {
    const bool lowers = order.rung == Rung::cap || order.rung == Rung::sleep;
    return lowers && order.attempt == 1 && order.why.reason != Reason::still_standing && site.groups[index(order.group)].tier == Tier::flexible;
}

/// Some limit of the order's policy where plan finds no interruptible load that could go instead; adds its reasons to the tally.
bool none_eligible(const Order& order, const Asked& asked, const Engine& engine, const Recount& recount, Now now, Tally& all) {
    for (const Bound& bound : recount.limits.bounds) {
        if (bound.why.policy != order.why.policy || bound.everything || bound.standstill || !recount.in(bound.scope, index(order.group))) continue;
        const Tally tally = reasons_in(bound.scope, asked, engine, recount, now);
        if (tally.contains("not_needed") || tally.contains("")) continue;
        for (const auto& [code, n] : tally) all[code] += n;
        return true;
    }
    return false;
}

}  // namespace

TEST_CASE("on any random day a flexible load is slowed only where plan has a reason for each interruptible load that gives nothing") {
    const Asked asked;
    Tally all;
    std::size_t slowed = 0;
    for (std::uint64_t seed = first_seed(), end = seed + seeds(3, 40); seed < end; ++seed) {
        CAPTURE(seed);
        std::string fault;
        std::vector<Policy> policies;
        const HistoryShape day{.lasts = std::chrono::hours{24}, .wish_every = std::chrono::minutes{10}, .gentle = true, .seldom = true};
        Dice dice{seed};
        policies = SiteMaker{dice}.make().policies();
        live(seed, day, [&](Now now, const std::vector<Event>&, const Decision& decision, const Engine& engine) {
            if (std::ranges::none_of(decision.orders, [&](const Order& o) { return slows(o, engine.site()); })) return true;
            const Recount recount{engine.state(), policies, now};
            for (const Order& order : decision.orders) {
                if (!slows(order, engine.site())) continue;
                ++slowed;
                if (!none_eligible(order, asked, engine, recount, now, all)) fault = fmt::format("order {} slows {}", static_cast<std::uint64_t>(order.id), engine.site().loads[order.loads.first].name);
            }
            return fault.empty();
        });
        REQUIRE(fault == "");
    }
    CHECK(slowed > 0);
    SUCCEED(fmt::format("{} orders slowed flexible loads; the interruptible loads beside them: {}", slowed, fmt::join(all, ", ")));
}
