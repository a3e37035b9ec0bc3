#pragma once
#include "model/state.hpp"
#include "policies/demand_charge.hpp"
#include "policies/dispatch.hpp"
#include "policies/minimum_draw.hpp"
#include "policies/person_limits.hpp"
#include "policies/price_strike.hpp"
#include "policies/programme.hpp"
#include "policies/site_cap.hpp"
#include "policies/under_frequency.hpp"
#include "tests/support/dice.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ballast::tests {

constexpr SourceId by_operator{0}, market{1}, utility{2}, contact{3}, programme_calls{4}, utility_again{5}, lever{6};

/// A site and what its policies were told; the policies can be made as often as an engine is.
struct RandomSite {
    Site site;
    std::vector<policies::PriceStrike> strikes;
    std::vector<policies::Dispatch> dispatches;
    std::vector<policies::SiteCap> caps;
    std::vector<policies::Programme> programmes;
    std::vector<policies::MinimumDraw> minimums;
    std::optional<policies::DemandCharge> demand;
    std::vector<policies::UnderFrequency> guards;
    std::optional<policies::PersonLimits> persons;

    std::vector<Policy> policies() const {
        std::vector<Policy> all;
        for (const auto& s : strikes) all.push_back(policies::price_strike(s));
        for (const auto& d : dispatches) all.push_back(policies::dispatch(d));
        for (const auto& c : caps) all.push_back(policies::site_cap(c));
        for (const auto& p : programmes) all.push_back(policies::programme(p));
        for (const auto& m : minimums) all.push_back(policies::minimum_draw(m));
        if (demand) all.push_back(policies::demand_charge(*demand));
        if (persons) all.push_back(policies::person_limits(*persons));
        for (const auto& g : guards) all.push_back(policies::under_frequency(g));
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
        site.reference_window = seconds({10, 60, 300});
        site.reassert_every = seconds({10, 30, 60});
        site.tries = static_cast<unsigned>(dice_.between(1, 4));
        if (dice_.percent(25)) site.ramp_up_per_minute = Power{dice_.between(1'000, 60'000)};
        if (dice_.percent(25)) site.ramp_down_per_minute = Power{dice_.between(1'000, 60'000)};
        meters();
        sources();
        for (auto halls = dice_.below(3); halls > 0; --halls) hall();
        const auto groups = 1 + dice_.below(3), contactors = dice_.below(3);
        for (std::size_t i = 0; i < groups; ++i) machines(i);
        for (std::size_t i = 0; i < contactors; ++i) contactor(i);
        policies();
        guard();
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

    void machines(std::size_t number) {
        Site::Group group{.name = "miners-" + std::to_string(number), .driver = "luxos", .loads = {next(), next()}, .tier = Tier::interruptible};
        place(group);
        group.standby = Power{dice_.between(0, 60)};
        group.min_off = seconds({0, 30, 120, 600});
        group.min_on = seconds({0, 30, 300});
        group.off_within = seconds({2, 10, 20});
        group.on_within = seconds({30, 60, 300});
        group.stale_after = dice_.percent(10) ? Duration::max() : seconds({40, 90, 200});
        group.stagger = Duration{dice_.one_of({0, 0, 20, 500, 5'000})};
        if (dice_.percent(40)) group.economics = Economics{Price{45'000'000'000}, dice_.between(0, 30'000), dice_.between(1'000'000, 1'200'000)};
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

    void minimum() {
        policies::MinimumDraw terms;
        terms.policy = policy("minimum");
        terms.scope = dice_.percent(40) ? Scope::group(GroupId{static_cast<std::uint16_t>(dice_.below(made_.site.groups.size()))}) : scope();
        terms.at_least = Power{nameplate().count * dice_.between(10, 80) / 100};
        terms.keep = Power{terms.at_least.count * dice_.between(100, 110) / 100};
        made_.minimums.push_back(terms);
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
