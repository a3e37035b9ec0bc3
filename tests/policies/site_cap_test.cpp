#include "policies/site_cap.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

TEST_CASE("a cap is always asked, in its three bands, and never changes by itself") {
    const Scope scope = GENERATE(Scope::site(), Scope::feeder(FeederId{2}));
    Limits limits;
    policies::site_cap({.policy = PolicyId{4}, .scope = scope, .act_above = 40_MW, .aim = 39_MW, .release = 38_MW, .window = 15min,
                        .prove_within = 20s, .escalate_to = EscalateTo::power_off, .contactor_after = 90s, .rank = 21})(State{}, {}, limits);
    REQUIRE(limits.bounds.size() == 1);
    const Bound& bound = limits.bounds[0];
    CHECK(bound.scope == scope);
    CHECK_FALSE(bound.everything);
    CHECK(bound.high == 40_MW);
    CHECK(bound.aim == 39_MW);
    CHECK(bound.release == 38_MW);
    CHECK(bound.window == 15min);
    CHECK(bound.since == Steady::min());
    CHECK(bound.prove_within == 20s);
    CHECK(bound.contactor_after == 90s);
    CHECK(bound.why.policy == PolicyId{4});
    CHECK(bound.why.cause == Cause::capacity);
    CHECK(bound.why.reason == Reason::contract_limit);
    CHECK(bound.why.escalate_to == EscalateTo::power_off);
    CHECK(bound.why.rank == 21);
    CHECK(bound.why.until == open_end);
    CHECK(limits.changes_at == never);
    CHECK(limits.cutoffs.empty());
}
