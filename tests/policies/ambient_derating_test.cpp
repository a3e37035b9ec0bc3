#include "policies/ambient_derating.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;
using policies::AmbientDerating;

namespace {

const std::vector<AmbientDerating::Point> transformer{{Temperature{30'000}, 2_MW}, {Temperature{40'000}, 1'800_kW}, {Temperature{50'000}, 1_MW}};

/// What is asked when the source last told `temperature`, and is silent or not.
Limits asked(OnStale on_stale, std::optional<Temperature> temperature, bool silent) {
    Site site;
    site.sources = {{"yard", on_stale}};
    State state;
    state.site = &site;
    state.sources.resize(1);
    state.sources[0].stale = silent;
    state.levels.resize(1);
    if (temperature) state.levels[0] = Level{temperature->count, {}};
    Limits limits;
    policies::ambient_derating({.policy = PolicyId{3}, .source = SourceId{0}, .scope = Scope::feeder(FeederId{1}), .table = transformer})(state, {}, limits);
    return limits;
}

}  // namespace

TEST_CASE("a derating table is straight between its points and level beyond them") {
    const auto row = GENERATE(table<std::int64_t, Power>({{-20'000, 2_MW}, {30'000, 2_MW}, {35'000, 1'900_kW}, {40'000, 1'800_kW}, {45'000, 1'400_kW}, {45'001, 1'399'920_W}, {50'000, 1_MW}, {70'000, 1_MW}}));
    const auto [at, most] = row;
    CAPTURE(at);
    CHECK(policies::may_carry(transformer, Temperature{at}) == most);
}

TEST_CASE("a derating is a bound on its place, with a band, of no one's making but the weather's") {
    const Limits limits = asked(OnStale::hold, Temperature{45'000}, false);
    REQUIRE(limits.bounds.size() == 1);
    const Bound& bound = limits.bounds[0];
    CHECK(bound.scope == Scope::feeder(FeederId{1}));
    CHECK(bound.high == 1'400_kW);
    CHECK(bound.aim == 1'372_kW);
    CHECK(bound.release == 1'344_kW);
    CHECK(bound.why.cause == Cause::capacity);
    CHECK(bound.why.reason == Reason::ambient_derating);
    CHECK(bound.why.source == SourceId{0});
}

TEST_CASE("what a silent or unheard thermometer means") {
    struct Row {
        OnStale on_stale;
        std::optional<Temperature> told;
        bool silent;
        std::optional<Power> most;
    };
    const auto row = GENERATE(Row{OnStale::hold, std::nullopt, false, 1_MW}, Row{OnStale::run, std::nullopt, false, 1_MW}, Row{OnStale::run, std::nullopt, true, std::nullopt},
                              Row{OnStale::hold, Temperature{30'000}, true, 2_MW}, Row{OnStale::shed, Temperature{30'000}, true, 1_MW}, Row{OnStale::run, Temperature{50'000}, true, std::nullopt},
                              Row{OnStale::shed, Temperature{30'000}, false, 2_MW});
    const Limits limits = asked(row.on_stale, row.told, row.silent);
    CHECK(limits.bounds.size() == (row.most ? 1u : 0u));
    if (row.most) CHECK(limits.bounds[0].high == *row.most);
}
