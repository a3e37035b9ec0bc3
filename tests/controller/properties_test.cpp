#include "tests/catch.hpp"
#include "tests/support/audit_changes.hpp"
#include "tests/support/audit_limits.hpp"
#include "tests/support/audit_trips.hpp"
#include "tests/support/describe.hpp"
#include "tests/support/random_history.hpp"

using namespace ballast;
using namespace ballast::tests;

namespace {

/// Lives through a history under both audits; what was broken, where, and by which words.
std::string audited(std::uint64_t seed, const HistoryShape& shape) {
    Dice dice{seed};
    const RandomSite made = SiteMaker{dice}.make();
    const std::vector<Policy> policies = made.policies();
    Verdict verdict;
    OrderAudit orders{made, verdict};
    LimitAudit limits{made, verdict};
    TripAudit trips{made, verdict};
    ChangeAudit changes{made, verdict};
    std::size_t step = 0;
    std::string where;
    live(seed, shape, [&](Now now, const std::vector<Event>& heard, const Decision& decision, const Engine& engine) {
        const Recount recount{engine.state(), policies, now};
        const Seen seen{now, heard, decision, engine.state(), recount};
        orders.see(seen);
        limits.see(seen);
        trips.see(seen);
        if (shape.gentle) changes.see(seen);
        if (!verdict.fault.empty()) where = fmt::format("\nstep {} at {}\n{}", step, now.steady.time_since_epoch().count(), describe(decision));
        ++step;
        return verdict.fault.empty();
    });
    return verdict.fault + where;
}

}  // namespace

TEST_CASE("in any random history of a rough site, orders and limits keep every rule") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(120, 2'000); seed < end; ++seed) {
        CAPTURE(seed);
        REQUIRE(audited(seed, {}) == "");
    }
}

TEST_CASE("in any random history of an obedient but slow site, orders and limits keep every rule") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(60, 1'000); seed < end; ++seed) {
        CAPTURE(seed);
        REQUIRE(audited(seed, {.gentle = true}) == "");
    }
}

TEST_CASE("on any random day with conflicting words from five sources every rule is kept, and nobody changes oftener than the cause") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(1, 40); seed < end; ++seed) {
        CAPTURE(seed);
        REQUIRE(audited(seed, {.lasts = std::chrono::hours{24}, .wish_every = std::chrono::minutes{10}, .gentle = true}) == "");
    }
}

TEST_CASE("once nobody wishes anything and everybody obeys, the site comes to rest") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(30, 500); seed < end; ++seed) {
        CAPTURE(seed);
        const HistoryShape shape{.lasts = std::chrono::minutes{15}, .settled = std::chrono::minutes{120}};
        std::string late;
        const Steady quiet = Steady{std::chrono::hours{1000}} + shape.lasts + shape.settled - std::chrono::minutes{30};
        live(seed, shape, [&](Now now, const std::vector<Event>&, const Decision& decision, const Engine& engine) {
            // Only what nobody answers for, behind a contactor that a person opened, is asked again for ever.
            const bool rests = std::ranges::all_of(decision.orders, [&](const Order& o) {
                const auto contactor = engine.site().groups[index(o.group)].contactor;
                return o.attempt > 1 && contactor && engine.state().loads[*contactor].mode == Mode::off;
            });
            // A demand charge may let more run as each window ends.
            const bool windows = std::ranges::find(engine.site().policies, "demand") != engine.site().policies.end();
            if (now.steady < quiet || rests || windows) return true;
            late = describe(decision);
            for (const std::string& line : picture(engine, now).lines) late += line + "\n";
            return late.empty();
        });
        REQUIRE(late == "");
    }
}
