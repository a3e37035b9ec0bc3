// Feeders, ramps, the way back, derating and heat: from the site file to the site, its policies and its budget.
#include "app/budget.hpp"
#include "app/site_of.hpp"
#include "controller/engine.hpp"
#include "tests/app/config_bad.hpp"
#include "tests/catch.hpp"

#include <algorithm>

namespace ballast {
namespace {

Config with(std::initializer_list<std::pair<const char*, const char*>> changes) {
    std::string site = good_site;
    for (const auto& [from, to] : changes) {
        REQUIRE(site.find(from) != std::string::npos);
        site.replace(site.find(from), std::string{from}.size(), to);
    }
    auto parsed = parse_config(site, "site.toml", [](const std::string&) -> Result<std::string> { return good_inventory; });
    if (!parsed) FAIL(print(parsed.error()));
    return *parsed;
}

constexpr const char* north = "name = \"north\"\nmeter = \"poi\"\n";

Power limit(const char* keys) {
    const std::string feeder = std::string{north} + keys;
    const Config config = with({{north, feeder.c_str()}});
    return config.feeders.at(0).limit.value().watts;
}

TEST_CASE("kW, kVA and A become watts, at the worst that is not known to be better") {
    CHECK(limit("limit_kw = 1000\n") == Power{1'000'000});
    CHECK(limit("limit_kva = 1000\n") == Power{900'000});
    CHECK(limit("limit_kva = 1000\npower_factor = 1\n") == Power{1'000'000});
    // 1000 A x 400 V x 0.9 x sqrt(3) x 0.9, rounded down.
    CHECK(limit("limit_a = 1000\nvoltage_v = 400\n") == Power{561'184});
    CHECK(limit("limit_a = 1000\nvoltage_v = 400\npower_factor = 1\nvoltage_low_percent = 100\n") == Power{692'820});
    CHECK(limit("limit_a = 100\nvoltage_v = 230\nphases = 1\npower_factor = 1\nvoltage_low_percent = 100\n") == Power{23'000});
    CHECK(limit("limit_kw = 500\nlimit_kva = 1000\nlimit_a = 1000\nvoltage_v = 400\n") == Power{500'000});
}

TEST_CASE("a feeder's limit is a bound of its scope, without a policy in the file") {
    const Config config = with({{north, "name = \"north\"\nmeter = \"poi\"\nlimit_kw = 1000\nlimit_window_s = 900\n"}});
    const SiteModel model = build_site(config);
    const Engine engine{model.site, {}, {}, {}};
    Limits limits;
    for (const Policy& policy : build_policies(config, model)) policy(engine.state(), {}, limits);
    const auto bound = std::ranges::find(limits.bounds, Reason::feeder_limit, [](const Bound& b) { return b.why.reason; });
    REQUIRE(bound != limits.bounds.end());
    CHECK(bound->scope == Scope::feeder(FeederId{0}));
    CHECK(bound->high == Power{1'000'000});
    CHECK(bound->aim == Power{990'000});
    CHECK(bound->release == Power{980'000});
    CHECK(bound->window == std::chrono::minutes{15});
    CHECK(model.site.policies[index(bound->why.policy)] == "limit:north");
    CHECK(model.site.meters[0].history >= std::chrono::minutes{15});
}

TEST_CASE("feeders stand under feeders, wherever they stand in the file") {
    const Config config = with({{north, "name = \"north\"\nmeter = \"poi\"\nunder = \"t1\"\noverhead_kw = 1\n\n[[feeder]]\nname = \"t1\"\noverhead_kw = 2\nlimit_kva = 2000\n"}});
    const SiteModel model = build_site(config);
    CHECK(model.site.feeders[0].under == FeederId{1});
    CHECK(model.site.feeders[0].overhead == Power{1'000});
    CHECK(model.site.feeders[1].overhead == Power{3'000});
    const PowerBudget budget = budget_of(config, model);
    const auto row = std::ranges::find(budget.limits, "limit:t1", &PowerBudget::Limit::policy);
    REQUIRE(row != budget.limits.end());
    CHECK(row->act_above == Power{1'800'000});
    CHECK(row->reckoned == "2000.0 kVA, power factor 0.90");
    Power behind{3'000};
    for (const Site::Group& group : model.site.groups)
        if (group.feeder)
            for (Slot s = group.loads.first; s < group.loads.last; ++s) behind += model.site.loads[s].rated;
    CHECK(row->sum == behind);
    CHECK(std::ranges::count(budget.warnings, "feeder \"t1\" has a limit and no meter: the books alone keep it") == 1);
}

TEST_CASE("pace, return and cooling reach the site") {
    const Config config = with({{"overhead_kw = 60\n", "overhead_kw = 60\ncold_start_lockout_s = 120\nrelease_spread_s = 300\ninrush_kw = 150\ncooling_percent = 4\nramp_up_kw_per_min = 10\n"},
                                {north, "name = \"north\"\nmeter = \"poi\"\ncold_start_lockout_s = 30\nramp_down_kw_per_min = 20\ninrush_kw = 50\ninrush_within_s = 5\ncooling_percent = 2.5\n"}});
    const SiteModel model = build_site(config);
    const Site& site = model.site;
    CHECK(site.pace() == Site::Pace{Power{10'000}, Power{}, Power{150'000}, Duration{1'000}});
    CHECK(site.feeders[0].pace == Site::Pace{Power{}, Power{20'000}, Power{50'000}, Duration{5'000}});
    CHECK(site.cooling_ppm == 40'000);
    CHECK(site.feeders[0].cooling_ppm == 25'000);
    REQUIRE(site.supplies.size() == 2);
    CHECK(site.supplies[0].scope == Scope::site());
    CHECK(site.supplies[0].lockout == std::chrono::seconds{120});
    CHECK(site.supplies[0].spread == std::chrono::seconds{300});
    CHECK(site.policies[index(site.supplies[0].policy)] == "return:site");
    CHECK(site.policies[index(site.supplies[1].policy)] == "return:north");
}

TEST_CASE("a table of per cents is of what the feeder may carry") {
    const std::string policy = "\n[[signal]]\nname = \"yard\"\nkind = \"temperature\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"shed\"\n\n[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\n"
                               "signal = \"yard\"\nfeeder = \"north\"\ntable = [{ at_c = 30, percent = 100 }, { at_c = 45.5, kw = 700 }]\n\n[[policy]]\nname = \"heat\"\nkind = \"heat_demand\"\ngroup = \"miners\"\nthermal_kw = 5\n";
    auto parsed = parse_config(good_site + policy, "site.toml", [](const std::string&) -> Result<std::string> { return good_inventory; });
    if (!parsed) FAIL(print(parsed.error()));
    const AmbientDeratingConfig& own = *parsed->policies[parsed->policies.size() - 2].ambient_derating;
    Power nameplates;
    for (const GroupConfig& group : parsed->groups)
        if (group.feeder == "north") {
            nameplates += group.nameplate;
            for (const MachineConfig& m : group.machines) nameplates += m.watts;
        }
    REQUIRE(own.table.size() == 2);
    CHECK(own.table[0] == policies::AmbientDerating::Point{Temperature{30'000}, nameplates});
    CHECK(own.table[1] == policies::AmbientDerating::Point{Temperature{45'500}, Power{700'000}});
    const SignalConfig& yard = parsed->signals.back();
    CHECK(yard.plausible_min == -60'000);
    CHECK(yard.plausible_max == 70'000);
    CHECK(parsed->policies.back().heat_demand->thermal == Power{5'000});
    CHECK(build_policies(*parsed, build_site(*parsed)).size() == parsed->policies.size() + 2);  // And what persons say.
}

}  // namespace
}  // namespace ballast
