#pragma once
#include "model/state.hpp"
#include "policies/ambient_derating.hpp"
#include "policies/coincident_peak.hpp"
#include "policies/demand_charge.hpp"
#include "policies/dispatch.hpp"
#include "policies/earlier_calls.hpp"
#include "policies/heat_demand.hpp"
#include "policies/minimum_draw.hpp"
#include "policies/person_limits.hpp"
#include "policies/price_strike.hpp"
#include "policies/programme.hpp"
#include "policies/site_cap.hpp"
#include "policies/supply_return.hpp"
#include "policies/under_frequency.hpp"
#include "tests/support/dice.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ballast::tests {

constexpr SourceId by_operator{0}, market{1}, utility{2}, contact{3}, programme_calls{4}, yard{5}, greenhouse{6}, system_feed{7}, forecaster{8}, utility_again{9}, lever{10};

/// A site and what its policies were told; the policies can be made as often as an engine is.
struct RandomSite {
    Site site;
    std::vector<policies::PriceStrike> strikes;
    std::vector<policies::Dispatch> dispatches;
    std::vector<policies::SiteCap> caps;
    std::vector<policies::Programme> programmes;
    std::vector<policies::MinimumDraw> minimums;
    std::optional<policies::DemandCharge> demand;
    std::vector<policies::CoincidentPeak> peaks;
    std::vector<policies::UnderFrequency> guards;
    std::vector<policies::AmbientDerating> deratings;
    std::vector<policies::HeatDemand> heats;
    std::vector<policies::SupplyReturn> returns;
    std::optional<policies::PersonLimits> persons;

    std::vector<Policy> policies() const {
        std::vector<Policy> all;
        for (const auto& s : strikes) all.push_back(policies::price_strike(s));
        for (const auto& d : dispatches) all.push_back(policies::dispatch(d));
        for (const auto& c : caps) all.push_back(policies::site_cap(c));
        for (const auto& p : programmes) all.push_back(policies::programme(p));
        for (const auto& m : minimums) all.push_back(policies::minimum_draw(m));
        if (demand) all.push_back(policies::demand_charge(*demand));
        for (const auto& p : peaks) all.push_back(policies::coincident_peak(p));
        if (persons) all.push_back(policies::person_limits(*persons));
        for (const auto& g : guards) all.push_back(policies::under_frequency(g));
        for (const auto& d : deratings) all.push_back(policies::ambient_derating(d));
        for (const auto& h : heats) all.push_back(policies::heat_demand(h));
        for (const auto& r : returns) all.push_back(policies::supply_return(r));
        if (site.earlier_calls) all.push_back(policies::earlier_calls({.policy = *site.earlier_calls}));
        return all;
    }
};

/// One to six groups of up to a dozen loads: firm halls, machines, contactors that carry some of them.
class SiteMaker {
public:
    explicit SiteMaker(Dice& dice) : dice_{dice} {}

    RandomSite make() {
        Site& site = made_.site;
        site.name = "any";
        site.overhead = Power{dice_.between(0, 5'000)};
        site.residual_settles = seconds({10, 60, 300});
        const Duration reference_window = seconds({10, 60, 300});
        site.reassert_every = seconds({10, 30, 60});
        site.tries = static_cast<unsigned>(dice_.between(1, 4));
        if (dice_.percent(25)) site.ramp_up_per_minute = Power{dice_.between(1'000, 60'000)};
        if (dice_.percent(25)) site.ramp_down_per_minute = Power{dice_.between(1'000, 60'000)};
        if (dice_.percent(25)) site.cooling_ppm = dice_.between(0, 200'000);
        if (dice_.percent(25)) site.inrush = Power{dice_.between(1'000, 30'000)}, site.inrush_within = seconds({1, 2, 30});
        meters();
        sources();
        for (Site::Source& source : site.sources) source.reference_window = reference_window;
        for (auto halls = dice_.below(3); halls > 0; --halls) hall();
        for (auto nodes = dice_.percent(60) ? 1 + dice_.below(3) : 0; nodes > 0; --nodes) flexible();
        const auto groups = 1 + dice_.below(3), contactors = dice_.below(3);
        for (std::size_t i = 0; i < groups; ++i) machines(i);
        for (std::size_t i = 0; i < contactors; ++i) contactor(i);
        policies();
        guard();
        physics();
        made_.site.earlier_calls = policy("calls:earlier");
        made_.persons = policies::PersonLimits{.policy = policy("operator"), .source = by_operator};
        if (dice_.percent(30)) made_.site.sources[index(lever)].switches = {GroupId{static_cast<std::uint16_t>(dice_.below(made_.site.groups.size()))}};
        for (Site::Group& group : made_.site.groups)
            if (group.tier == Tier::firm && dice_.percent(50)) group.owner = "tenant";
        return made_;
    }

private:
    Duration seconds(std::initializer_list<int> choices) { return std::chrono::seconds{dice_.one_of(choices)}; }

    void meters() {
        if (dice_.percent(90)) made_.site.meter = meter("poi");
        for (auto feeders = dice_.below(3); feeders > 0; --feeders) {
            const std::string name = "feeder-" + std::to_string(feeders);
            Site::Feeder feeder{name, std::nullopt, Power{dice_.between(0, 1'000)}};
            if (dice_.percent(70)) feeder.meter = meter(name);
            if (!made_.site.feeders.empty() && dice_.percent(40)) feeder.under = FeederId{static_cast<std::uint16_t>(dice_.below(made_.site.feeders.size()))};
            if (dice_.percent(25)) feeder.pace = {Power{dice_.between(1'000, 60'000)}, Power{dice_.between(0, 60'000)}, Power{dice_.between(0, 20'000)}, seconds({1, 5})};
            if (dice_.percent(25)) feeder.cooling_ppm = dice_.between(0, 200'000);
            made_.site.feeders.push_back(feeder);
        }
    }

    MeterId meter(const std::string& name) {
        made_.site.meters.push_back({name, seconds({10, 15, 30}), std::chrono::seconds{900}});
        return MeterId{static_cast<std::uint16_t>(made_.site.meters.size() - 1)};
    }

    void sources() {
        const auto any = [this] { return dice_.one_of({OnStale::hold, OnStale::shed, OnStale::run}); };
        made_.site.sources = {{"operator", OnStale::hold, Duration{0}},
                              {"market", any(), seconds({0, 60, 600})},
                              {"utility", any(), seconds({0, 0, 600})},
                              {"contact", any(), seconds({0, 30, 120})},
                              {"calls", OnStale::hold, Duration{0}},
                              {"yard", any(), seconds({0, 120, 600})},
                              {"greenhouse", any(), seconds({0, 120, 600})},
                              {"system", any(), seconds({0, 60, 600})},
                              {"forecaster", any(), seconds({0, 600})},
                              {"utility-2", OnStale::hold, seconds({0, 60, 600})},
                              {"lever", OnStale::hold, Duration{0}}};
        if (dice_.percent(60)) made_.site.sources[index(utility_again)].same_as = utility;
        made_.site.sources[index(utility)].agree_within = seconds({0, 10, 60});
        made_.site.sources[index(lever)].in_local = dice_.one_of({InLocal::observe, InLocal::shed_only});
        made_.site.contested_after = static_cast<unsigned>(dice_.between(1, 4));
    }

    void place(Site::Group& group) {
        if (!made_.site.feeders.empty() && dice_.percent(60)) group.feeder = FeederId{static_cast<std::uint16_t>(dice_.below(made_.site.feeders.size()))};
    }

    Slot next() const { return static_cast<Slot>(made_.site.loads.size()); }

    void hall() {
        Site::Group group{.name = "hall-" + std::to_string(next()), .driver = "metered", .loads = {next(), next() + 1}, .tier = Tier::firm};
        place(group);
        group.stale_after = seconds({60, 120});
        group.reserve = Power{dice_.between(0, 30'000)};
        group.reserve_window = seconds({0, 120, 900});
        made_.site.loads.push_back({group.name, Power{dice_.between(30'000, 60'000)}});
        made_.site.groups.push_back(group);
    }

    void flexible() {
        Site::Group group{.name = "nodes-" + std::to_string(next()), .driver = "gpu", .loads = {next(), next()}, .tier = Tier::flexible};
        place(group);
        const Power rated{dice_.between(4'000, 12'000)};
        Site::Flexible& terms = group.flexible;
        terms.workload = dice_.one_of({Workload::batch, Workload::training, Workload::inference});
        terms.turn = static_cast<std::uint32_t>(terms.workload);
        const FlexStep slower = dice_.one_of({FlexStep::power, FlexStep::clock});
        if (terms.workload == Workload::inference) terms.order = {slower};
        else if (terms.workload == Workload::batch) terms.order = {slower, FlexStep::sleep};
        else terms.order = dice_.percent(70) ? std::vector{FlexStep::checkpoint, slower, FlexStep::sleep} : std::vector{slower, FlexStep::checkpoint, FlexStep::sleep};
        if (dice_.percent(10)) terms.order.clear();
        terms.floor = Power{rated.count * dice_.between(20, 80) / 100};
        if (terms.saves_before(slower)) terms.notice = seconds({0, 0, 20, 120});
        terms.checkpoint_within = seconds({10, 60, 120});
        terms.checkpoint_good = seconds({60, 900});
        terms.unsaved = dice_.one_of({Unsaved::kept, Unsaved::emergency});
        group.standby = Power{dice_.between(100, 900)};
        group.min_off = seconds({0, 10, 30});
        group.off_within = seconds({2, 10});
        group.on_within = seconds({10, 60});
        group.stale_after = seconds({40, 90});
        group.stagger = Duration{dice_.one_of({0, 200, 2'000})};
        for (auto n = dice_.between(1, 8); n > 0; --n) made_.site.loads.push_back({group.name + "-" + std::to_string(n), rated});
        group.loads.last = next();
        made_.site.groups.push_back(group);
    }

    void machines(std::size_t number) {
        Site::Group group{.name = "miners-" + std::to_string(number), .driver = "luxos", .loads = {next(), next()}, .tier = Tier::interruptible};
        place(group);
        group.can_power_off = number % 2 == 0;
        group.standby = Power{dice_.between(0, 60)};
        group.min_off = seconds({0, 30, 120, 600});
        group.min_on = seconds({0, 30, 300});
        group.off_within = seconds({2, 10, 20});
        group.on_within = seconds({30, 60, 300});
        group.stale_after = dice_.percent(10) ? Duration::max() : seconds({40, 90, 200});
        group.stagger = Duration{dice_.one_of({0, 0, 20, 500, 5'000})};
        if (dice_.percent(30)) group.inrush_ppm = dice_.between(0, 5'000'000);
        if (dice_.percent(40)) group.economics = Economics{Price{45'000'000'000}, dice_.between(0, 30'000), dice_.between(1'000'000, 1'200'000)};
        if (dice_.percent(30)) group.hosting = dice_.percent(50) ? Hosting{"acme", 1'000'000, Duration{1'200'000}} : Hosting{"basin", 2'000'000, Duration{0}};
        std::vector<Site::Load> fleet(static_cast<std::size_t>(dice_.between(1, 12)));
        for (Site::Load& load : fleet) load = {{}, Power{dice_.between(1'000, 5'000)}, dice_.percent(5) ? 0 : dice_.between(15, 40) * 1'000, Price{dice_.between(30, 150) * 1'000'000}};
        std::ranges::sort(fleet, {}, [](const Site::Load& l) { return l.joules_per_hash == 0 ? std::numeric_limits<std::int64_t>::min() : -l.joules_per_hash; });
        std::vector<Price> strikes;
        for (const Site::Load& load : fleet) strikes.push_back(load.strike);
        std::ranges::sort(strikes);
        for (std::size_t i = 0; i < fleet.size(); ++i) {
            fleet[i].strike = strikes[i];
            fleet[i].name = group.name + "-" + std::to_string(i);
            made_.site.loads.push_back(fleet[i]);
        }
        group.loads.last = next();
        made_.site.groups.push_back(group);
    }

    /// Carries some of the machines' groups that nothing else carries, or stands for a block of its own.
    void contactor(std::size_t number) {
        Site::Group group{.name = "block-" + std::to_string(number), .driver = "contactor", .loads = {next(), next() + 1}, .tier = Tier::interruptible};
        place(group);
        group.off_within = seconds({2, 5});
        group.on_within = seconds({5, 10});
        group.stale_after = seconds({60, 120});
        group.contactor_rest = seconds({30, 120, 600});
        bool carries = false;
        for (Site::Group& other : made_.site.groups) {
            if (other.driver != "luxos" || other.contactor || !dice_.percent(50)) continue;
            other.contactor = next();
            group.feeder = other.feeder;
            carries = true;
            break;
        }
        made_.site.loads.push_back({group.name, carries ? Power{} : Power{dice_.between(5'000, 20'000)}});
        made_.site.groups.push_back(group);
    }

    /// Over some of the contactors, in one stage or two.
    void guard() {
        Site::Guard guard{.stages = {{Frequency{59'500}, {}}, {Frequency{59'300}, {}}}, .restore_above = Frequency{59'900}};
        for (const Site::Group& group : made_.site.groups)
            if (group.driver == "contactor" && dice_.percent(70)) guard.stages[dice_.below(2)].contactors.push_back(group.loads.first);
        std::erase_if(guard.stages, [](const Site::Guard::Stage& stage) { return stage.contactors.empty(); });
        if (guard.stages.empty()) return;
        guard.restore_after = seconds({0, 10, 60});
        guard.policy = policy("uf");
        guard.source = SourceId{static_cast<std::uint16_t>(made_.site.sources.size())};
        made_.site.sources.push_back({"uf meter", OnStale::hold, seconds({0, 30})});
        made_.site.guards.push_back(guard);
        made_.guards.push_back({guard.policy, GuardId{0}, guard.source});
    }

    PolicyId policy(const std::string& name) {
        made_.site.policies.push_back(name);
        return PolicyId{static_cast<std::uint16_t>(made_.site.policies.size() - 1)};
    }

    Scope scope() {
        const auto feeders = made_.site.feeders.size();
        return feeders == 0 || dice_.percent(70) ? Scope::site() : Scope::feeder(FeederId{static_cast<std::uint16_t>(dice_.below(feeders))});
    }

    Power nameplate() const {
        Power sum = made_.site.overhead;
        for (const Site::Load& load : made_.site.loads) sum += load.rated;
        return sum;
    }

    void policies() {
        for (auto n = dice_.percent(80) ? 1 + dice_.below(2) : 0; n > 0; --n) {
            policies::PriceStrike strike{.policy = policy("strike-" + std::to_string(n)), .prices = market};
            for (std::uint16_t g = 0; g < made_.site.groups.size(); ++g)
                if (made_.site.groups[g].driver == "luxos" && dice_.percent(70)) strike.groups.push_back(GroupId{g});
            strike.down_after = static_cast<unsigned>(dice_.between(1, 2));
            strike.up_after = static_cast<unsigned>(dice_.between(1, 3));
            if (dice_.percent(50)) weigh(strike);
            made_.strikes.push_back(strike);
        }
        for (auto n = 1 + dice_.below(2); n > 0; --n) {
            policies::Dispatch obligations{.policy = policy("obligations-" + std::to_string(n)), .sources = {by_operator, n == 1 ? utility : contact}};
            obligations.scope = scope();
            obligations.prove_within = seconds({10, 30});
            obligations.contactor_after = seconds({10, 60});
            made_.dispatches.push_back(obligations);
        }
        for (auto n = dice_.below(3); n > 0; --n) {
            policies::SiteCap cap{.policy = policy("cap-" + std::to_string(n)), .scope = scope()};
            cap.act_above = Power{nameplate().count * dice_.between(40, 110) / 100};
            cap.aim = Power{cap.act_above.count * dice_.between(90, 100) / 100};
            cap.release = Power{cap.aim.count * dice_.between(85, 100) / 100};
            cap.window = seconds({0, 0, 60});
            cap.prove_within = seconds({10, 30});
            cap.contactor_after = seconds({10, 60});
            made_.caps.push_back(cap);
        }
        if (dice_.percent(50)) programme();
        if (dice_.percent(40)) minimum();
        if (dice_.percent(40)) peak();
        if (made_.site.meter && dice_.percent(30))
            made_.demand = policies::DemandCharge{.policy = policy("demand"), .meter = *made_.site.meter, .window = seconds({900, 1'800}), .per_kw_month = Price{dice_.between(0, 40) * 1'000'000'000},
                                                  .mining_earns = Price{dice_.between(0, 60) * 1'000'000}, .ratchet_ppm = dice_.between(0, 1'000'000),
                                                  .paid = Power{nameplate().count * dice_.between(0, 110) / 100}};
    }

    policies::Amount amount() {
        using Of = policies::Amount::Of;
        return {dice_.one_of({Of::watts, Of::offered, Of::peak, Of::below_reference}), Power{dice_.between(0, nameplate().count)}, dice_.between(0, 1'200'000)};
    }

    void programme() {
        policies::Programme terms{.policy = policy("programme"), .sources = {programme_calls}, .scope = scope()};
        terms.offered = Power{nameplate().count * dice_.between(0, 60) / 100};
        terms.peak = nameplate();
        if (dice_.percent(50)) terms.ceiling = amount();
        if (dice_.percent(60)) terms.armed_floor = policies::Amount{policies::Amount::Of::offered, {}, dice_.between(500'000, 1'000'000)};
        if (dice_.percent(20)) terms.armed_ceiling = amount();
        if (dice_.percent(25)) terms.follow = Power{dice_.between(500, 10'000)};
        terms.armed.when = dice_.one_of({policies::Armed::When::never, policies::Armed::When::always, policies::Armed::When::signalled});
        if (dice_.percent(30)) terms.armed.hours.hours = {std::chrono::minutes{dice_.between(0, 60)}, std::chrono::minutes{dice_.between(60, 120)}};
        terms.quota = {static_cast<unsigned>(dice_.between(0, 3)), static_cast<unsigned>(dice_.between(0, 5)), seconds({0, 600}), seconds({0, 300}), dice_.percent(50)};
        terms.lead = seconds({0, 30});
        terms.prove_within = seconds({10, 30});
        terms.contactor_after = seconds({10, 60});
        made_.site.sources[index(programme_calls)].terms = {seconds({0, 60, 300}), seconds({0, 120}), seconds({0, 120}), dice_.one_of({Duration::max(), Duration{600'000}}), dice_.percent(30)};
        made_.programmes.push_back(terms);
    }

    /// The histories' day is one of a season in which peaks count, in some of its hours.
    void peak() {
        policies::CoincidentPeak terms;
        terms.policy = policy("peaks");
        Site::Watch watch{terms.policy, {}, {}, {}};
        if (dice_.percent(80)) watch.demand = system_feed;
        if (!watch.demand || dice_.percent(50)) watch.forecasts = {forecaster};
        watch.terms.per = dice_.one_of({PeakTerms::Per::month, PeakTerms::Per::season});
        watch.terms.count = static_cast<unsigned>(dice_.between(1, 3));
        watch.terms.interval = seconds({300, 900});
        watch.terms.lead = seconds({0, 60, 300});
        if (dice_.percent(30)) watch.terms.when.hours = {std::chrono::minutes{dice_.between(0, 10)}, std::chrono::minutes{dice_.between(10, 40)}};
        if (dice_.percent(40)) watch.terms.budget = seconds({60, 600, 3'600});
        made_.site.watches.push_back(watch);
        for (std::uint16_t g = 0; g < made_.site.groups.size(); ++g) {
            if (made_.site.groups[g].driver != "luxos" || !dice_.percent(80)) continue;
            policies::CoincidentPeak::Machines machines{GroupId{g}, {}, {}};
            if (dice_.percent(80)) machines.prices = market;
            if (dice_.percent(30)) machines.cycle = policies::Cycle{{seconds({0, 60, 600}), Price{dice_.between(0, 20'000'000)}}, {}, dice_.between(0, 100'000), made_.site.groups[g].min_off, made_.site.groups[g].min_on};
            terms.machines.push_back(machines);
        }
        terms.per_kw_year = Price{dice_.between(0, 100'000'000'000)};
        made_.peaks.push_back(terms);
    }

    void minimum() {
        policies::MinimumDraw terms;
        terms.policy = policy("minimum");
        terms.scope = dice_.percent(40) ? Scope::group(GroupId{static_cast<std::uint16_t>(dice_.below(made_.site.groups.size()))}) : scope();
        terms.at_least = Power{nameplate().count * dice_.between(10, 80) / 100};
        terms.keep = Power{terms.at_least.count * dice_.between(100, 110) / 100};
        made_.minimums.push_back(terms);
    }

    /// Limits of feeders under the site's, what the weather takes off them, heat that was sold, and the way back from a blackout.
    void physics() {
        for (std::uint16_t f = 0; f < made_.site.feeders.size(); ++f) {
            if (!dice_.percent(40)) continue;
            policies::SiteCap cap{.policy = policy("limit:" + made_.site.feeders[f].name), .scope = Scope::feeder(FeederId{f}), .rank = 15};
            cap.act_above = Power{nameplate().count * dice_.between(20, 90) / 100};
            cap.aim = Power{cap.act_above.count * 99 / 100};
            cap.release = Power{cap.act_above.count * 98 / 100};
            cap.window = seconds({0, 0, 300});
            cap.reason = Reason::feeder_limit;
            made_.caps.push_back(cap);
        }
        if (dice_.percent(30)) {
            policies::AmbientDerating derating{.policy = policy("derating"), .source = yard, .scope = dice_.percent(30) ? Scope::group(GroupId{static_cast<std::uint16_t>(dice_.below(made_.site.groups.size()))}) : scope()};
            derating.table = {{Temperature{20'000}, nameplate()}, {Temperature{40'000}, Power{nameplate().count * dice_.between(30, 100) / 100}}};
            made_.deratings.push_back(derating);
        }
        if (dice_.percent(30)) {
            policies::HeatDemand heat{.policy = policy("heat"), .scope = Scope::group(GroupId{static_cast<std::uint16_t>(dice_.below(made_.site.groups.size()))})};
            heat.thermal = Power{nameplate().count * dice_.between(5, 50) / 100};
            if (dice_.percent(50)) heat.source = greenhouse;
            made_.heats.push_back(heat);
        }
        const auto supply = [&](const std::string& name, Scope scope) {
            made_.site.supplies.push_back({policy("return:" + name), scope, seconds({0, 30, 120}), seconds({0, 60}), seconds({0, 120})});
            made_.returns.push_back({.policy = made_.site.supplies.back().policy, .supply = made_.returns.size()});
        };
        if (made_.site.meter && dice_.percent(50)) supply("site", Scope::site());
        for (std::uint16_t f = 0; f < made_.site.feeders.size(); ++f)
            if (made_.site.feeders[f].meter && dice_.percent(30)) supply(made_.site.feeders[f].name, Scope::feeder(FeederId{f}));
    }

    /// Some of its groups say what their cycles cost.
    void weigh(policies::PriceStrike& strike) {
        for (const GroupId group : strike.groups) {
            const Site::Group& of = made_.site.groups[index(group)];
            strike.cycles.emplace_back();
            if (dice_.percent(70)) strike.cycles.back() = policies::Cycle{{seconds({0, 60, 600}), Price{dice_.between(0, 20'000'000)}}, {}, dice_.between(0, 100'000), of.min_off, of.min_on};
        }
        if (dice_.percent(50)) strike.expected_spike = seconds({60, 600, 7'200});
        strike.expected_calm = seconds({0, 0, 600});
    }

    Dice& dice_;
    RandomSite made_;
};

}  // namespace ballast::tests
