#include "policies/heat_demand.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 1 / 14} + 12h};

Limits asked(policies::HeatDemand settings, OnStale on_stale = OnStale::hold, std::optional<Power> told = {}, bool silent = false) {
    Site site;
    site.sources = {{"greenhouse", on_stale}};
    State state;
    state.site = &site;
    state.sources.resize(1);
    state.sources[0].stale = silent;
    state.levels.resize(1);
    if (told) state.levels[0] = Level{told->count, noon};
    Limits limits;
    policies::heat_demand(std::move(settings))(state, {noon, Steady{1h}}, limits);
    return limits;
}

policies::HeatDemand a_greenhouse() { return {.policy = PolicyId{2}, .scope = Scope::group(GroupId{1}), .thermal = 900_kW}; }

}  // namespace

TEST_CASE("heat that was sold is a floor of the electric watts that make it") {
    const Limits limits = asked(a_greenhouse());
    REQUIRE(limits.floors.size() == 1);
    const Floor& floor = limits.floors[0];
    CHECK(floor.scope == Scope::group(GroupId{1}));
    CHECK(floor.of == Floor::Of::all);
    CHECK(floor.low == 1_MW);
    CHECK(floor.keep == 1'050_kW);
    CHECK(floor.why.reason == Reason::heat_demand);
    CHECK(is_floor(floor.why.reason));
    CHECK(limits.bounds.empty());
}

TEST_CASE("the electric watts are rounded up") {
    CHECK(policies::electric(1_W, 900'000) == 2_W);
    CHECK(policies::electric(0_W, 900'000) == 0_W);
    CHECK(policies::electric(1_kW, 1'000'000) == 1_kW);
}

TEST_CASE("a schedule says when how much is wanted, its first slot that holds counts") {
    policies::HeatDemand settings = a_greenhouse();
    ContractHours night, winter;
    night.hours = {22h, 6h};
    winter.season = {std::chrono::December / 1, std::chrono::March / 31};
    settings.thermal = {};
    settings.schedule = {{night, 1_MW}, {winter, 450_kW}};
    const Limits limits = asked(settings);
    REQUIRE(limits.floors.size() == 1);
    CHECK(limits.floors[0].low == 500_kW);
    CHECK(limits.changes_at == Steady{1h + 1min});
    settings.schedule = {{night, 1_MW}};
    CHECK(asked(settings).floors.empty());
}

TEST_CASE("a source says how much is wanted, and its silence what the site file says") {
    policies::HeatDemand settings = a_greenhouse();
    settings.source = SourceId{0};
    struct Row {
        OnStale on_stale;
        std::optional<Power> told;
        bool silent;
        Power low;
    };
    const auto row = GENERATE(Row{OnStale::hold, std::nullopt, false, 1_MW}, Row{OnStale::hold, 450_kW, false, 500_kW}, Row{OnStale::hold, 450_kW, true, 500_kW},
                              Row{OnStale::shed, 450_kW, true, 0_W}, Row{OnStale::run, 450_kW, true, 1_MW}, Row{OnStale::hold, 0_W, false, 0_W});
    const Limits limits = asked(settings, row.on_stale, row.told, row.silent);
    CHECK((limits.floors.empty() ? 0_W : limits.floors[0].low) == row.low);
}
