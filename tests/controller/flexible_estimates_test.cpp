#include "controller/engine.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace std::chrono_literals;

namespace {

Now at(Duration t) { return {Instant{Duration{1'800'000'000'000} + t}, Steady{std::chrono::hours{1'000} + t}}; }

/// One miner of 3 kW that only estimates, under a limit of 2.2 kW.
struct Estimating {
    Estimating() : engine{site(), {[](const State&, Now, Limits& limits) {
                              const Power most{2'200};
                              limits.bounds.push_back({.scope = Scope::site(), .high = most, .aim = most, .release = most, .why = {.policy = PolicyId{0}, .cause = Cause::capacity, .reason = Reason::contract_limit}});
                          }}, {}, at(0s)} {}

    static Site site() {
        Site site;
        site.sources = {{"utility", OnStale::hold}};
        site.loads = {{"m", Power{3'000}}};
        site.groups = {{.name = "miners", .driver = "braiins", .loads = {0, 1}, .tier = Tier::flexible, .standby = Power{30}}};
        site.groups[0].flexible = {.order = {FlexStep::power, FlexStep::sleep}, .floor = Power{1'900}};
        site.groups[0].stale_after = Duration::max();
        site.policies = {"limit"};
        return site;
    }
    void hears(Duration now, Power watts) {
        const std::vector<Event> heard{LoadReading{{0, 1}, Mode::running, Quality::estimated, watts, at(now).steady}};
        for (const Order& order : engine.step(at(now), heard).orders) orders.push_back(order);
    }

    Engine engine;
    std::vector<Order> orders;
};

}  // namespace

TEST_CASE("a capped load that only estimates is slowed once, and counts for its cap once it says that it keeps it") {
    Estimating miner;
    miner.hears(1s, Power{3'000});
    REQUIRE(miner.orders.size() == 1);
    CHECK(miner.orders[0].rung == Rung::cap);
    CHECK(miner.orders[0].cap == Power{2'200});
    for (Duration now = 2s; now < 60s; now += 1s) miner.hears(now, Power{2'230});  // Within what regulation swings by.
    CHECK(miner.orders.size() == 1);
    miner.hears(61s, Power{2'900});  // It restarted, and forgot.
    REQUIRE(miner.orders.size() >= 2);
    CHECK(miner.orders.back().rung == Rung::cap);
}
