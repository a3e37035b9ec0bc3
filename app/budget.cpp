#include "app/budget.hpp"

#include "wire/plain_json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace ballast {
namespace {

const char* word(Tier tier) {
    switch (tier) {
    case Tier::firm: return "firm";
    case Tier::flexible: return "flexible";
    case Tier::interruptible: return "interruptible";
    }
    return "";
}

std::string kilowatts(Power power) { return fmt::format("{:.1f}", static_cast<double>(power.count) / 1e3); }

Power nameplate(const Site& site, const Site::Group& group) {
    Power sum;
    for (Slot slot = group.loads.first; slot < group.loads.last; ++slot) sum += site.loads[slot].rated;
    return sum;
}

/// "": the site.
Scope scope_of(const SiteModel& model, const std::string& feeder) { return feeder.empty() ? Scope::site() : Scope::feeder(model.feeders.at(feeder)); }

/// Firm is with what cools it, and so is the sum.
PowerBudget::Limit on_feeder(std::string policy, const std::string& name, Power most, const SiteModel& model) {
    const FeederId feeder = model.feeders.at(name);
    PowerBudget::Limit limit{std::move(policy), name, most, {}, {}, {}};
    for (std::size_t g = 0; g < model.site.groups.size(); ++g) {
        const Site::Group& group = model.site.groups[g];
        if (!model.site.feeds(Scope::feeder(feeder), g)) continue;
        limit.sum += nameplate(model.site, group);
        if (group.tier == Tier::firm) limit.firm += nameplate(model.site, group);
    }
    const Site::Feeder& of = model.site.feeders[index(feeder)];
    limit.firm = with_cooling(limit.firm, of.cooling_ppm) + of.overhead;
    limit.sum = with_cooling(limit.sum, of.cooling_ppm) + of.overhead;
    return limit;
}

PowerBudget::Limit limit_of(const PolicyConfig& policy, const SiteModel& model, const PowerBudget& budget) {
    const SiteCapConfig& cap = *policy.site_cap;
    if (!cap.feeder.empty()) return on_feeder(policy.name, cap.feeder, cap.act_above, model);
    return {policy.name, cap.feeder, cap.act_above, budget.firm + budget.overhead, budget.sum, {}};
}

/// "2500 kVA at a power factor of 0.90"
std::string reckoned(const FeederLimit& limit) {
    const auto share = [](std::int64_t ppm) { return static_cast<double>(ppm) / 1e6; };
    std::string text;
    if (limit.kva) text = fmt::format("{} kVA, power factor {:.2f}", kilowatts(*limit.kva), share(limit.power_factor_ppm));
    if (limit.milliamperes)
        text += fmt::format("{}{:g} A at {:g} V less {:.0f} %, power factor {:.2f}", text.empty() ? "" : "; ", static_cast<double>(*limit.milliamperes) / 1e3,
                            static_cast<double>(limit.millivolts) / 1e3, 100 * (1 - share(limit.low_voltage_ppm)), share(limit.power_factor_ppm));
    return text;
}

/// What a contactor carries counts, whatever it is itself.
Power behind(const Site& site, Slot contactor) {
    Power sum = site.loads[contactor].rated;
    for (const Site::Group& group : site.groups)
        if (group.contactor == contactor) sum += nameplate(site, group);
    return sum;
}

void add_stages(const Site::Guard& guard, const Site& site, PowerBudget& budget) {
    for (const Site::Guard::Stage& stage : guard.stages) {
        Power sum;
        for (const Slot contactor : stage.contactors) sum += behind(site, contactor);
        budget.stages.push_back({site.policies[index(guard.policy)], stage.below, sum});
    }
}

bool obeyed(const Config& config, const std::string& signal) {
    return std::ranges::any_of(config.policies, [&](const PolicyConfig& policy) {
        if (policy.price_strike) return policy.price_strike->signal == signal;
        if (policy.ambient_derating) return policy.ambient_derating->signal == signal;
        if (policy.heat_demand) return policy.heat_demand->signal == signal;
        if (const auto& peak = policy.coincident_peak) return peak->demand == signal || std::ranges::find(peak->forecasts, signal) != peak->forecasts.end();
        const auto* signals = obeyed_by(policy);
        return signals && std::ranges::find(*signals, signal) != signals->end();
    });
}

void warn_of_groups(const Config& config, const SiteModel& model, std::vector<std::string>& warnings) {
    const bool priced = std::ranges::any_of(config.policies,
                                            [](const PolicyConfig& p) { return p.price_strike.has_value(); });
    for (std::size_t i = 0; i < model.site.groups.size(); ++i) {
        const Site::Group& group = model.site.groups[i];
        const GroupConfig& from = config.groups[model.group_configs[i]];
        if (from.miners && from.tier == Tier::firm)
            warnings.push_back(fmt::format(
                "\"{}\" holds machines that are never stopped: it is firm{}", group.name,
                from.tier_given
                    ? ""
                    : " because it has no 'tier'; if they may stop, say tier = \"interruptible\""));
        if (from.driver == GroupDriver::contactor && from.tier == Tier::firm)
            warnings.push_back(fmt::format("\"{}\" is never opened: it is firm{}", group.name,
                                           from.tier_given ? "" : " because it has no 'tier'"));
        if (from.driver == GroupDriver::metered && !from.meter)
            warnings.push_back(fmt::format("\"{}\" has no meter: its nameplate of {} kW is reserved always",
                                           group.name, kilowatts(from.nameplate)));
        const auto unknown = std::ranges::count(from.machines, 0, &MachineConfig::joules_per_hash);
        if (group.economics && unknown > 0)
            warnings.push_back(fmt::format(
                "\"{}\": {} without joules_per_terahash, which by a hashprice never pay and stop first",
                group.name, unknown));
        const bool unpriced =
            from.miners && from.tier == Tier::interruptible &&
            std::ranges::none_of(config.policies, [&](const PolicyConfig& p) {
                return p.price_strike &&
                       std::ranges::find(p.price_strike->groups, group.name) != p.price_strike->groups.end();
            });
        if (priced && unpriced)
            warnings.push_back(
                fmt::format("\"{}\" is in no price_strike policy: no price stops it", group.name));
    }
}

/// What may give way there, and what may not, by nameplate.
struct Inside {
    Power can_go, stays;
};

Inside inside(const SiteModel& model, const std::string& feeder) {
    Inside sum;
    for (std::size_t g = 0; g < model.site.groups.size(); ++g) {
        const Site::Group& group = model.site.groups[g];
        if (!model.site.feeds(scope_of(model, feeder), g) || group.driver == "contactor") continue;
        const Power standby{group.standby.count * group.loads.size()};
        if (group.tier == Tier::interruptible) sum.can_go += nameplate(model.site, group) - standby, sum.stays += standby;
        else if (group.tier == Tier::firm) sum.stays += nameplate(model.site, group);
    }
    return sum;
}

/// What a programme's keys promise and cannot keep is known beforehand.
void warn_of_programme(const std::string& name, const ProgrammeConfig& programme, const Inside& there, std::vector<std::string>& warnings) {
    const auto watts = [](const std::optional<policies::Amount>& amount) { return amount && amount->of == policies::Amount::Of::watts ? std::optional{amount->watts} : std::nullopt; };
    if (there.can_go < programme.offered)
        warnings.push_back(fmt::format("programme \"{}\" is offered {} kW, and at most {} kW may ever give way", name, kilowatts(programme.offered), kilowatts(there.can_go)));
    if (const auto ceiling = watts(programme.ceiling); ceiling && *ceiling < there.stays)
        warnings.push_back(fmt::format("programme \"{}\" leaves {} kW when it calls, and what may not stop could draw {} kW by nameplate", name, kilowatts(*ceiling), kilowatts(there.stays)));
    const auto floor = watts(programme.armed_floor), ceiling = watts(programme.armed_ceiling);
    if (floor && ceiling && *floor > *ceiling)
        warnings.push_back(fmt::format("programme \"{}\" wants {} kW running while it is armed and {} kW drawn at most: the most holds", name, kilowatts(*floor), kilowatts(*ceiling)));
    if (programme.quota == policies::Quota{.decline = true})
        warnings.push_back(fmt::format("programme \"{}\" declines what is beyond its quota, and has none: give calls_a_day, calls_a_season, hours_a_season or spacing_s", name));
}

void warn_of_programmes(const Config& config, const SiteModel& model, std::vector<std::string>& warnings) {
    for (const PolicyConfig& policy : config.policies)
        if (policy.programme) warn_of_programme(policy.name, *policy.programme, inside(model, policy.programme->feeder), warnings);
}

/// Keys of a money policy under which it does less than one may think.
void warn_of_money(const Config& config, const SiteModel& model, std::vector<std::string>& warnings) {
    for (const PolicyConfig& policy : config.policies) {
        if (policy.demand_charge && policy.demand_charge->paid == Power{})
            warnings.push_back(fmt::format("policy \"{}\" does not know what is paid for already (paid_kw): with a new journal the first whole window that it measures says so, and until then nothing is limited", policy.name));
        if (const auto& minimum = policy.minimum_draw; minimum && minimum->feeder.empty() && minimum->group.empty())
            for (const PolicyConfig& other : config.policies)
                if (other.site_cap && other.site_cap->feeder.empty() && other.site_cap->act_above < minimum->at_least)
                    warnings.push_back(fmt::format("policy \"{}\" wants {} kW drawn and \"{}\" allows {} kW: the limit holds", policy.name, kilowatts(minimum->at_least), other.name, kilowatts(other.site_cap->act_above)));
        if (!policy.price_strike) continue;
        for (const std::string& name : policy.price_strike->groups) {
            const Site::Group& group = model.site.groups[index(model.groups.at(name))];
            if (const auto& spike = policy.price_strike->expected_spike; spike && *spike < group.min_off)
                warnings.push_back(fmt::format("policy \"{}\" expects a spike to last {} s, and \"{}\" rests for min_off_s = {} s: for the rest of that nothing is reckoned to be saved", policy.name, spike->count() / 1'000, name, group.min_off.count() / 1'000));
        }
    }
}

void warn_of_limits(const Config& config, const PowerBudget& budget, std::vector<std::string>& warnings) {
    for (const PowerBudget::Limit& limit : budget.limits)
        if (limit.firm_headroom() < Power{})
            warnings.push_back(fmt::format("firm load and overhead alone could draw {} kW, {} kW above "
                                           "\"{}\": nothing that may stop is left then",
                                           kilowatts(limit.firm), kilowatts(-limit.firm_headroom()),
                                           limit.policy));
    for (const FeederConfig& feeder : config.feeders)
        if (feeder.limit && feeder.meter.empty())
            warnings.push_back(fmt::format("feeder \"{}\" has a limit and no meter: the books alone keep it", feeder.name));
    const auto capped = [](const PowerBudget::Limit& limit) { return limit.feeder.empty(); };
    if (std::ranges::none_of(budget.limits, capped))
        warnings.push_back("no policy of kind site_cap says what the contract allows");
    if (config.site.meter.empty())
        warnings.push_back("[site] has no 'meter': nothing proves a shed at the grid connection");
    for (const PolicyConfig& policy : config.policies) {
        const std::string feeder = policy.dispatch   ? policy.dispatch->feeder
                                   : policy.site_cap ? policy.site_cap->feeder
                                   : policy.ambient_derating ? policy.ambient_derating->feeder
                                                     : "";
        const auto found = std::ranges::find(config.feeders, feeder, &FeederConfig::name);
        if (found != config.feeders.end() && found->meter.empty())
            warnings.push_back(
                fmt::format("policy \"{}\" limits feeder \"{}\", which has no meter", policy.name, feeder));
    }
    for (const SignalConfig& signal : config.signals)
        if (!signal.same_as.empty() && signal.stale_after == Duration{0})
            warnings.push_back(fmt::format("signal \"{}\" is a channel of \"{}\" and may be silent for ever (stale_after_s = 0): a release on the other waits for it", signal.name, signal.same_as));
    for (const SignalConfig& signal : config.signals)
        if (signal.value && signal.kind == SignalSort::limit && !(signal.plausible_min && signal.plausible_max))
            warnings.push_back(fmt::format("signal \"{}\" has no plausible_min and plausible_max: a unit that starts anew and says 0 would shed the site", signal.name));
    for (const PolicyConfig& policy : config.policies)
        if (policy.under_frequency)
            warnings.push_back(fmt::format("policy \"{}\" backs up an under-frequency relay and replaces none: it does not qualify the site for RRS, FFR or LSSi", policy.name));
    for (const SignalConfig& signal : config.signals)
        if (signal.kind != SignalSort::hashprice && signal.kind != SignalSort::local && !obeyed(config, signal.same_as.empty() ? signal.name : signal.same_as))
            warnings.push_back(fmt::format("no policy listens to signal \"{}\"", signal.name));
}

}  // namespace

PowerBudget budget_of(const Config& config, const SiteModel& model) {
    PowerBudget budget;
    for (const Site::Group& group : model.site.groups) {
        const Power sum = nameplate(model.site, group);
        budget.groups.push_back({group.name, group.driver, group.tier, group.loads.size(), sum});
        budget.of(group.tier) += sum;
    }
    Power feeders;
    for (const FeederConfig& feeder : config.feeders) feeders += feeder.overhead;
    budget.overhead = std::max(config.site.overhead, feeders);
    // What cools the loads grows with them.
    budget.overhead += with_cooling(budget.loads(), config.site.cooling_ppm) - budget.loads();
    budget.sum = budget.loads() + budget.overhead;
    for (const PolicyConfig& policy : config.policies)
        if (policy.site_cap) budget.limits.push_back(limit_of(policy, model, budget));
    for (const FeederConfig& feeder : config.feeders) {
        if (!feeder.limit) continue;
        budget.limits.push_back(on_feeder(limit_policy(feeder.name), feeder.name, feeder.limit->watts, model));
        budget.limits.back().reckoned = reckoned(*feeder.limit);
    }
    for (const Site::Guard& guard : model.site.guards) add_stages(guard, model.site, budget);
    warn_of_limits(config, budget, budget.warnings);
    warn_of_programmes(config, model, budget.warnings);
    warn_of_money(config, model, budget.warnings);
    warn_of_groups(config, model, budget.warnings);
    return budget;
}

std::string power_budget(const Config& config, const SiteModel& model) {
    PowerBudget budget = budget_of(config, model);
    std::string text = fmt::format("Power budget of {}, by nameplate\n", config.site.name);
    const auto row = [&](std::string_view name, std::string_view what, Power power) {
        text += fmt::format("  {:<24} {:<26} {:>12} kW\n", name, what, kilowatts(power));
    };
    for (const Tier tier : {Tier::firm, Tier::flexible, Tier::interruptible}) {
        if (tier == Tier::flexible && budget.flexible == Power{}) continue;
        for (const auto& group : budget.groups)
            if (group.tier == tier)
                row(group.name,
                    fmt::format("{}, {} {}", group.driver, group.loads, group.loads == 1 ? "load" : "loads"),
                    group.nameplate);
        row(word(tier), "", budget.of(tier));
    }
    row("overhead", "until it is learned", budget.overhead);
    row("sum", "", budget.sum);
    for (const auto& limit : budget.limits) {
        text += "\n";
        row(limit.policy, limit.feeder.empty() ? "limit of the site" : "limit of feeder " + limit.feeder,
            limit.act_above);
        if (!limit.reckoned.empty()) text += fmt::format("  {:<24} {}\n", "", limit.reckoned);
        row("", limit.headroom() < Power{} ? "to be shed at full load" : "headroom left",
            limit.headroom() < Power{} ? -limit.headroom() : limit.headroom());
    }
    if (!budget.stages.empty()) text += "\n";
    for (const auto& stage : budget.stages) row(stage.policy, fmt::format("below {:.3f} Hz, opens", hertz(stage.below)), stage.nameplate);
    if (!budget.warnings.empty()) text += "\n";
    for (const std::string& warning : budget.warnings) text += "warning: " + warning + "\n";
    return text;
}

std::string power_budget_json(const Config& config, const SiteModel& model) {
    const PowerBudget budget = budget_of(config, model);
    boost::json::array groups, limits, stages, warnings;
    for (const auto& g : budget.groups)
        groups.push_back(boost::json::object{{"name", g.name},
                                             {"driver", g.driver},
                                             {"tier", word(g.tier)},
                                             {"loads", g.loads},
                                             {"nameplate_w", g.nameplate.count}});
    for (const auto& l : budget.limits)
        limits.push_back(boost::json::object{
            {"policy", l.policy},
            {"feeder", l.feeder.empty() ? boost::json::value{} : boost::json::value(l.feeder)},
            {"act_above_w", l.act_above.count},
            {"firm_w", l.firm.count},
            {"sum_w", l.sum.count},
            {"reckoned", l.reckoned},
            {"headroom_w", l.headroom().count},
            {"firm_headroom_w", l.firm_headroom().count}});
    for (const auto& s : budget.stages) stages.push_back(boost::json::object{{"policy", s.policy}, {"below_hz", hertz(s.below)}, {"nameplate_w", s.nameplate.count}});
    for (const std::string& warning : budget.warnings) warnings.push_back(boost::json::value(warning));
    const boost::json::object all{{"site", config.site.name},
                                  {"groups", std::move(groups)},
                                  {"firm_w", budget.firm.count},
                                  {"flexible_w", budget.flexible.count},
                                  {"interruptible_w", budget.interruptible.count},
                                  {"overhead_w", budget.overhead.count},
                                  {"sum_w", budget.sum.count},
                                  {"limits", std::move(limits)},
                                  {"under_frequency", std::move(stages)},
                                  {"warnings", std::move(warnings)}};
    return wire::plain_json(all);
}

}  // namespace ballast
