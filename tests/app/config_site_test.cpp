#include "app/budget.hpp"
#include "app/site_of.hpp"
#include "app/config_decimal.hpp"
#include "controller/engine.hpp"
#include "tests/app/config_bad.hpp"
#include "tests/catch.hpp"

#include <cstdlib>
#include <filesystem>

namespace ballast {
namespace {

Config good_config(const std::string& from = "", const std::string& to = "") {
    std::string site = good_site;
    if (!from.empty()) site.replace(site.find(from), from.size(), to);
    auto parsed = parse_config(site, "site.toml",
                               [](const std::string&) -> Result<std::string> { return good_inventory; });
    REQUIRE(parsed);
    return *parsed;
}

TEST_CASE("decimals become whole numbers without rounding") {
    using config::scaled;
    CHECK(scaled("17.5", 3) == 17'500);
    CHECK(scaled("-0.001", 3) == -1);
    CHECK(scaled("1.1000", 1) == 11);
    CHECK(scaled(".5", 1) == 5);
    CHECK(!scaled("1.11", 1));
    CHECK(!scaled("", 1));
    CHECK(!scaled(".", 1));
    CHECK(!scaled("1e3", 1));
    CHECK(!scaled("9223372036854775808", 0));
    CHECK(!scaled("9223372036854775807", 1));
    // Every number of up to nine digits that a double can be typed as comes back exactly.
    for (std::int64_t n = 1; n < 1'000'000'000; n = n * 3 + 1)
        for (int decimals = 0; decimals <= 9; ++decimals) {
            const std::string typed = config::unscaled(n, decimals);
            CAPTURE(typed);
            CHECK(scaled(typed, decimals) == n);
            CHECK(scaled(std::stod(typed), decimals) == n);
            CHECK(scaled(-std::stod(typed), decimals) == -n);
        }
}

TEST_CASE("loads stand by tier, group and merit, and their strikes rise") {
    const Config config = good_config();
    const SiteModel model = build_site(config);
    std::vector<std::string> names;
    for (const Site::Load& load : model.site.loads) names.push_back(load.name);
    CHECK(names ==
          std::vector<std::string>{"hall", "m-2", "m-1", "s-1", "block"});  // m-2's J/TH is unknown: worst.
    CHECK(model.site.loads[1].strike == Price::lowest());
    CHECK(model.site.loads[2].strike == break_even({Price{45'000'000'000}, 0, 1'000'000}, 17'500));
    CHECK(model.site.loads[0].strike == Price::max());
    CHECK(model.addresses[2].host == "10.2.0.1");
    CHECK(model.slots.at("s-1") == 3);
    for (const Site::Group& group : model.site.groups)
        for (Slot slot = group.loads.first + 1; slot < group.loads.last; ++slot)
            CHECK(model.site.loads[slot - 1].strike <= model.site.loads[slot].strike);
}

TEST_CASE("what a kWh costs beside its price lowers every strike by as much") {
    const SiteModel model = build_site(good_config("hashprice = 45", "hashprice = 45\nadder_per_mwh = 12.5"));
    CHECK(model.site.loads[2].strike == Price{break_even({Price{45'000'000'000}, 0, 1'000'000}, 17'500).count - 12'500'000});
}

TEST_CASE("a group whose machines hang on outlets can be powered off and no other") {
    const SiteModel model = build_site(good_config("joules_per_terahash = 17.5\n", "joules_per_terahash = 17.5\npdu = \"p\"\noutlet = 1\n[[pdu]]\nname = \"p\"\nhost = \"10.0.0.9\"\ncommunity_file = \"c\"\n"));
    for (const Site::Group& group : model.site.groups) CHECK(group.can_power_off == (group.name == "spare"));
}

TEST_CASE("hosted machines stand by their owners' strikes, which no hashprice moves") {
    const Config config = good_config("joules_per_terahash = 17.5\n", "joules_per_terahash = 17.5\nstrike_per_mwh = 70\n[[group.machine]]\nid = \"s-2\"\nhost = \"10.1.0.2\"\n"
                                      "watts = 3500\njoules_per_terahash = 29.5\nstrike_per_mwh = 90.5\n[[group.machine]]\nid = \"s-3\"\nhost = \"10.1.0.3\"\nwatts = 3500\nstrike_per_mwh = -1\n");
    const SiteModel model = build_site(config);
    const Site::Group& spare = model.site.groups[index(model.groups.at("spare"))];
    CHECK(spare.own_strikes);
    CHECK(!spare.economics);
    std::vector<std::string> names;
    for (Slot slot = spare.loads.first; slot < spare.loads.last; ++slot) names.push_back(model.site.loads[slot].name);
    CHECK(names == std::vector<std::string>{"s-3", "s-1", "s-2"});
    CHECK(model.site.loads[spare.loads.first + 1].strike == Price{70'000'000});
    CHECK(model.site.loads[spare.loads.first + 2].strike == Price{90'500'000});
    Engine engine{model.site, build_policies(config, model), {}, Now{}};
    Signal hashprice{.source = SourceId{0}, .kind = SignalKind::hashprice, .price = Price{1}};
    engine.step(Now{}, std::vector<Event>{hashprice});
    CHECK(engine.state().strikes[spare.loads.first + 2] == Price{90'500'000});
}

TEST_CASE("the economy is what the machines are worth at the wall, and what cycles, demand and hedge cost") {
    const Config config = good_config("hashprice = 45", "hashprice = 45\npool_fee_percent = 1\noverhead_factor = 1.05\nadder_per_mwh = 5");
    const study::Economy economy = economy_of(config, build_site(config));
    CHECK(economy.worth[0] == study::Worth{});  // The hall.
    CHECK(economy.worth[1].hash == Price{});    // J/TH unknown.
    CHECK(economy.worth[2].hash == Price{106'071'428});  // 45 x 0.99 / (0.024 x 17.5)
    CHECK(economy.worth[2].adder == Price{5'000'000});
    CHECK(economy.worth[2].overhead_ppm == 1'050'000);
    CHECK(!economy.demand);
}

TEST_CASE("a contactor's load weighs nothing while it carries others, and they know it") {
    const SiteModel model = build_site(good_config());
    const Slot block = model.slots.at("block");
    CHECK(model.site.loads[block].rated == Power{});
    CHECK(model.site.groups[index(model.groups.at("miners"))].contactor == block);
    CHECK(!model.site.groups[index(model.groups.at("spare"))].contactor);
}

TEST_CASE("names lead to numbers, and a person is a source") {
    const Config config = good_config();
    const SiteModel model = build_site(config);
    CHECK(model.site.sources[index(model.operator_source)].name == "operator");
    CHECK(model.operator_source == model.sources.at("operator"));
    CHECK(model.site.sources[index(model.sources.at("feed"))].on_stale == OnStale::shed);
    CHECK(model.site.meter == model.meters.at("poi"));
    CHECK(model.site.groups[0].feeder == model.feeders.at("north"));
    CHECK(model.site.policies == std::vector<std::string>{"strike", "obligations", "contract", "uf", "calls:earlier", "operator"});
    for (std::size_t i = 0; i < model.group_configs.size(); ++i)
        CHECK(config.groups[model.group_configs[i]].name == model.site.groups[i].name);
}

TEST_CASE("an under-frequency policy becomes a guard with a source of its own, and a backup that says so") {
    const Config config = good_config();
    const SiteModel model = build_site(config);
    REQUIRE(model.site.guards.size() == 1);
    const Site::Guard& guard = model.site.guards[index(model.guards.at("uf"))];
    CHECK(guard.policy == model.policies.at("uf"));
    CHECK(model.site.sources[index(guard.source)].name == "uf meter");
    CHECK(model.site.sources[index(guard.source)].stale_after == Duration{3'000});
    REQUIRE(guard.stages.size() == 1);
    CHECK(guard.stages[0].below == Frequency{59'500});
    CHECK(guard.stages[0].contactors == std::vector<Slot>{model.slots.at("block")});
    CHECK(guard.restore_above == Frequency{59'900});
    CHECK(guard.restore_after == Duration{300'000});
    const PowerBudget budget = budget_of(config, model);
    REQUIRE(budget.stages.size() == 1);
    CHECK(budget.stages[0].nameplate == Power{3'500 + 3'250});
    CHECK(power_budget(config, model).find("it does not qualify the site for RRS, FFR or LSSi") != std::string::npos);
}

TEST_CASE("the power budget adds up and is silent where all is well") {
    const Config config = good_config();
    const PowerBudget budget = budget_of(config, build_site(config));
    CHECK(budget.firm == Power{1'200'000});
    CHECK(budget.interruptible == Power{3'500 + 3'250 + 3'500});
    CHECK(budget.sum == Power{1'200'000 + 10'250 + 60'000});
    REQUIRE(budget.limits.size() == 1);
    CHECK(budget.limits[0].headroom() == Power{40'000'000 - 1'270'250});
    CHECK(budget.limits[0].firm_headroom() == Power{40'000'000 - 1'260'000});
}

TEST_CASE("the budget warns of what is allowed and probably not meant") {
    const auto says = [](const Config& config, const std::string& text) {
        return power_budget(config, build_site(config)).find("warning: " + text) != std::string::npos;
    };
    CHECK(says(good_config(), "\"hall\" has no meter: its nameplate of 1200.0 kW is reserved always"));
    CHECK(says(good_config(), "\"miners\": 1 without joules_per_terahash"));
    CHECK(says(good_config(), "no policy listens to signal \"feed\""));
    CHECK(says(good_config("act_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "act_above_kw = 1250"),
               "firm load and overhead alone could draw 1260.0 kW, 10.0 kW above \"contract\""));
    CHECK(says(good_config("kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000",
                           "kind = \"dispatch\"\nsignals = [\"limit\"]"),
               "no policy of kind site_cap says what the contract allows"));
    CHECK(says(good_config("groups = [\"miners\", \"spare\"]", "groups = [\"miners\"]"),
               "\"spare\" is in no price_strike policy"));
    Config firm = good_config();
    firm.groups[2].tier = Tier::firm;
    firm.groups[2].tier_given = false;
    CHECK(says(firm, "\"spare\" holds machines that are never stopped: it is firm because it has no 'tier'"));
}

TEST_CASE("check names keys that contradict each other, or do less than one may think") {
    struct Row {
        const char* wrong;    ///< Keys that are warned of, and others in their place that are not.
        const char* right;
        const char* warning;
        const char* policy = "";
    };
    constexpr const char* programme = "\n[[policy]]\nname = \"reserve\"\nkind = \"programme\"\nsignals = [\"limit\"]\n";
    for (const Row& row : {Row{"armed_floor_kw = 5\narmed_ceiling_kw = 3\n", "armed_floor_kw = 3\narmed_ceiling_kw = 1250\n", "programme \"reserve\" wants 5.0 kW running while it is armed and 3.0 kW drawn at most", programme},
                           Row{"beyond_quota = \"decline\"\n", "beyond_quota = \"decline\"\ncalls_a_day = 1\n", "programme \"reserve\" declines what is beyond its quota, and has none", programme},
                           Row{"ceiling_kw = 1100\n", "ceiling_kw = 1250\n", "programme \"reserve\" leaves 1100.0 kW when it calls, and what may not stop could draw 12", programme},
                           Row{"at_least_kw = 40001\n", "at_least_kw = 40000\n", "policy \"bought\" wants 40001.0 kW drawn and \"contract\" allows 40000.0 kW: the limit holds", "\n[[policy]]\nname = \"bought\"\nkind = \"minimum_draw\"\n"},
                           Row{"expected_spike_s = 599\n", "expected_spike_s = 600\n", "policy \"again\" expects a spike to last 599 s, and \"spare\" rests for min_off_s = 600 s",
                               "\n[[policy]]\nname = \"again\"\nkind = \"price_strike\"\nsignal = \"feed\"\ngroups = [\"spare\"]\nhashprice = 45\n"},
                           Row{"window_min = 15\n", "window_min = 15\npaid_kw = 900\n", "policy \"demand\" does not know what is paid for already (paid_kw)",
                               "\n[[policy]]\nname = \"demand\"\nkind = \"demand_charge\"\nprice_per_kw_month = 12\nmining_earns_per_mwh = 50\n"}}) {
        const auto says = [&](const char* keys) {
            const Config config = good_config("signals = [\"utility\", \"contact\", \"limit\"]\n", std::string{"signals = [\"utility\", \"contact\"]\n"} + row.policy + keys);
            return power_budget(config, build_site(config)).find(std::string{"warning: "} + row.warning) != std::string::npos;
        };
        CAPTURE(row.wrong);
        CHECK(says(row.wrong));
        CHECK_FALSE(says(row.right));
    }
}

TEST_CASE("every example is a good site file") {
    const std::filesystem::path folder = std::string{PROJECT_DIR} + "/examples";
    int seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.path().extension() != ".toml") continue;
        CAPTURE(entry.path().string());
        const auto config = load_config(entry.path().string(), disk_reader());
        if (!config) FAIL(print(config.error()));
        const SiteModel model = build_site(*config);
        CHECK(!model.site.loads.empty());
        CHECK(!power_budget(*config, model).empty());
        ++seen;
    }
    CHECK(seen >= 3);
}

TEST_CASE("the site of a year of prices is a good site file") {
    const char* shared = std::getenv("BALLAST_SHARED");
    const std::string home = shared ? shared : std::string{PROJECT_DIR} + "/../shared";
    const std::string make = home + "/bench/make_year.py", folder = std::string{SCRATCH_DIR} + "/config_year";
    if (!std::filesystem::exists(make)) {
        WARN("skipped: no " << make);
        return;
    }
    std::filesystem::create_directories(folder);
    REQUIRE(std::system(
                ("/usr/bin/python3 '" + make + "' '" + folder + "' --machines 200 --groups 4").c_str()) == 0);
    REQUIRE(std::system(
                ("/usr/bin/python3 '" PROJECT_DIR "/bench/site_from_year.py' '" + folder + "'").c_str()) ==
            0);
    const auto config = load_config(folder + "/site.toml", disk_reader());
    if (!config) FAIL(print(config.error()));
    const SiteModel model = build_site(*config);
    CHECK(model.site.loads.size() == 200);
    CHECK(model.site.groups[0].standby == Power{});
    CHECK(model.site.groups[0].stagger == Duration{0});
}

}  // namespace
}  // namespace ballast
