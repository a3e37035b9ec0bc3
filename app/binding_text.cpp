#include "app/binding_text.hpp"

#include "app/decision_text.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

std::string source_of(const Why& why, const Site& site) {
    return index(why.source) < site.sources.size() ? site.sources[index(why.source)].name : std::string{"a source"};
}

std::string policy_of(const Why& why, const Site& site) {
    return index(why.policy) < site.policies.size() ? site.policies[index(why.policy)] : std::string{"that is no more"};
}

/// " (dispatch d-1, until 2026-11-22T01:00:00.000Z)"
std::string called(const Obligation* obligation, const Why& why) {
    if (!obligation) return {};
    const Signal& signal = obligation->signal;
    return fmt::format(" ({} {}, until {})", name_of(signal.kind), signal.id, why.until == open_end ? "its release" : utc_text(why.until));
}

std::string derated(const Binding& b, const State& state) {
    const std::string source = source_of(b.why, *state.site);
    const auto* level = index(b.why.source) < state.levels.size() && state.levels[index(b.why.source)] ? &*state.levels[index(b.why.source)] : nullptr;
    const bool silent = index(b.why.source) < state.sources.size() && state.sources[index(b.why.source)].stale;
    if (!level) return fmt::format("{} was not heard yet, which counts as the hottest of its table", source);
    return fmt::format("{}{} {:.1f} degC", source, silent ? " is silent, and last showed" : " shows", celsius(Temperature{level->value}));
}

std::string said_by_person(const Binding& b, const State& state) {
    const auto found = std::ranges::find(state.overrides, b.scope, &Override::scope);
    if (found == state.overrides.end()) return "a person said so";
    return fmt::format("{} said so ({}), until {}", found->who, found->why, b.why.until == open_end ? "it is cleared" : utc_text(b.why.until));
}

std::string asked(const Binding& b, const State& state) {
    const std::string source = source_of(b.why, *state.site);
    const Obligation* obligation = obligation_of(b.why, state);
    switch (b.why.reason) {
    case Reason::dispatched:
        if (obligation && obligation->signal.ask == Ask::full) return fmt::format("{} called it in{}", source, called(obligation, b.why));
        return fmt::format("{} asked for at most {}{}", source, print(obligation ? obligation->signal.power : b.limit), called(obligation, b.why));
    case Reason::programme_ceiling: return fmt::format("{} called it in{}, and that is what its programme leaves", source, called(obligation, b.why));
    case Reason::dispatched_full: return fmt::format("{} asked for everything interruptible to stop{}", source, called(obligation, b.why));
    case Reason::reduction_from_reference:
        if (!obligation) return source + " asked for a reduction";
        return fmt::format("{} asked for {} less than the {} drawn before{}{}", source, print(obligation->signal.power), print(obligation->reference_of(b.scope)),
                           obligation->estimated ? " by the books, for no meter had that past" : "", called(obligation, b.why));
    case Reason::source_silent_shed: return fmt::format("{} is silent, which the site file says means shed", source);
    case Reason::contract_limit: return "that is its contract";
    case Reason::armed_floor: return fmt::format("that much has to be there while {} counts on it{}", source, called(obligation, b.why));
    case Reason::base_point: return fmt::format("{} asked for so much{}", source, called(obligation, b.why));
    case Reason::minimum_draw: return "what is bought, or sold as heat, is paid for whether it is drawn or not";
    case Reason::feeder_limit: return "that is all it may carry";
    case Reason::ambient_derating: return derated(b, state);
    case Reason::heat_demand: return "the heat that was sold needs it";
    case Reason::demand_peak: return "a higher mean of its billing window would cost more than mining earns";
    case Reason::overridden:
    case Reason::run_regardless: return said_by_person(b, state);
    default: return std::string{name_of(b.why.reason)};
    }
}

std::string against(const Binding& b) {
    if (b.shortfall > Power{}) return fmt::format("{} is expected with all stopped that may be, a SHORTFALL of {}", print(b.expected), print(b.shortfall));
    return fmt::format("{} is expected, {} {} it", print(b.expected), print(b.limit >= b.expected ? b.limit - b.expected : b.expected - b.limit), b.limit >= b.expected ? "within" : "above");
}

// ---- prices

/// How a group's strikes lie to a price.
struct Strikes {
    std::size_t loads = 0, below = 0, resting = 0;
    Price lowest = Price::max(), highest = Price::lowest();  ///< Of those below.
};

Strikes strikes_of(const State& state, const Site::Group& group, std::optional<Price> price) {
    Strikes strikes;
    for (Slot s = group.loads.first; s < group.loads.last; ++s) {
        ++strikes.loads;
        strikes.resting += !state.loads[s].on;
        if (!price || state.strikes[s] >= *price) continue;
        ++strikes.below;
        strikes.lowest = std::min(strikes.lowest, state.strikes[s]);
        strikes.highest = std::max(strikes.highest, state.strikes[s]);
    }
    return strikes;
}

std::string peaking(const Binding& b, const State& state, Now now, const std::string& currency) {
    const Site& site = *state.site;
    const Site::Group& group = site.groups[b.scope.number];
    std::size_t resting = 0;
    for (Slot s = group.loads.first; s < group.loads.last; ++s) resting += !state.loads[s].on;
    const auto watch = std::ranges::find(site.watches, b.why.policy, &Site::Watch::policy);
    std::int64_t ppm = 0;
    Steady ends = now.steady;
    const auto see = [&](std::int64_t chance, Steady until) {
        if (chance > ppm && until > now.steady) ppm = chance, ends = until;
    };
    if (watch != site.watches.end()) {
        const PeakWatch& known = state.watches[static_cast<std::size_t>(watch - site.watches.begin())];
        if (watch->demand == b.why.source)
            for (const PeakChance& chance : {known.running(), known.coming()}) see(chance.most_ppm, chance.ends);
    }
    for (const PeakForecast& forecast : state.forecasts)
        if (forecast.source == b.why.source && (watch == site.watches.end() || forecast.begins - watch->terms.lead <= now.steady)) see(forecast.ppm, forecast.ends);
    const bool foreseen = watch != site.watches.end() && watch->demand != b.why.source;
    const std::string chance = fmt::format("{} {} a demand that is billed with a chance of {:.2f} %", source_of(b.why, site), foreseen ? "foresees" : "shows", static_cast<double>(ppm) / 1e4);
    const std::string until = utc_text(now.utc + (ends - now.steady)), where = name_of(b.scope, site), policy = policy_of(b.why, site);
    if (resting == 0) return fmt::format("Policy {} would stop loads of {} until {}, because {}; but the mining of each of its {} earns more than that is worth: {} is expected there", policy, where, until, chance, group.loads.size(), print(b.expected));
    return fmt::format("Policy {} stops {} of the {} load(s) of {} until {}, because {}, which is worth more {} than their mining: {} is expected there", policy, resting, group.loads.size(), where, until, chance, currency, print(b.expected));
}

std::string priced(const Binding& b, const State& state, Now now, const std::string& currency) {
    const Site& site = *state.site;
    const std::string source = source_of(b.why, site), group = name_of(b.scope, site), policy = "Policy " + policy_of(b.why, site);
    const auto begun = index(b.why.source) < state.prices.size() ? state.prices[index(b.why.source)].begun(now.steady) : std::span<const PriceInterval>{};
    const auto price = begun.empty() ? std::nullopt : std::optional{begun.back().price};
    const Strikes strikes = strikes_of(state, site.groups[b.scope.number], price);
    const std::string then = fmt::format("{} of its {} load(s) rest, and {} is expected there", strikes.resting, strikes.loads, print(b.expected));
    if (b.why.reason == Reason::price_unknown_held)
        return fmt::format("{} lets nobody of {} start, because {}: {}", policy, group, begun.empty() ? source + " has not been heard yet" : source + " is silent, and what it last said holds", then);
    if (b.why.reason == Reason::price_unknown_shed) return fmt::format("{} stops {}, because {} is silent, which the site file says means shed: {}", policy, group, source, then);
    if (!price) return fmt::format("{} stops {}, whatever the price: {}", policy, group, then);
    const std::string costs = fmt::format("the price from {} is {}", source, print(*price, currency));
    if (strikes.below == 0) return fmt::format("{} lets {} run, because {}, which all its strikes allow: {}", policy, group, costs, then);
    const std::string bare = strikes.lowest == strikes.highest ? print(strikes.lowest, currency) : fmt::format("{:.2f} to {}", per_megawatt_hour(strikes.lowest), print(strikes.highest, currency));
    if (strikes.resting < strikes.below)  // A dwell, a person, or a stop that is not worth its cycle keeps some.
        return fmt::format("{} may stop {} of the {} load(s) of {}, because {}, above their strikes of {}: {}", policy, strikes.below, strikes.loads, group, costs, bare, then);
    return fmt::format("{} stops {} of the {} load(s) of {}, because {}, above their strikes of {}: {}", policy, strikes.below, strikes.loads, group, costs, bare, then);
}

}  // namespace

const Obligation* obligation_of(const Why& why, const State& state) {
    if (why.event == EventId{} || (why.cause != Cause::dispatch && why.cause != Cause::emergency)) return nullptr;
    const auto found = std::ranges::find(state.obligations, why.event, &Obligation::event);
    return found == state.obligations.end() ? nullptr : &*found;
}

std::string name_of(Scope scope, const Site& site) {
    if (scope.kind == Scope::Kind::feeder && scope.number < site.feeders.size()) return "feeder " + site.feeders[scope.number].name;
    if (scope.kind == Scope::Kind::group && scope.number < site.groups.size()) return "group " + site.groups[scope.number].name;
    return "the site";
}

std::string sentence_of(const Binding& b, const State& state, Now now, const std::string& currency) {
    if (b.why.reason == Reason::coincident_peak) return peaking(b, state, now, currency);
    if (b.scope.kind == Scope::Kind::group && b.why.cause == Cause::price) return priced(b, state, now, currency);
    if (b.why.reason == Reason::beyond_quota)
        return fmt::format("Policy {} declines a call{}: it is more than {} may call for", policy_of(b.why, *state.site), called(obligation_of(b.why, state), b.why), source_of(b.why, *state.site));
    if (b.why.reason == Reason::beyond_quota_obeyed)
        return fmt::format("Policy {} obeys a call{} though it is more than {} may call for", policy_of(b.why, *state.site), called(obligation_of(b.why, state), b.why), source_of(b.why, *state.site));
    if (b.why.reason == Reason::armed_floor)
        return fmt::format("Policy {} keeps {} or more running of what could be shed on {}, because {}: {} is expected{}", policy_of(b.why, *state.site), print(b.limit), name_of(b.scope, *state.site), asked(b, state),
                           print(b.expected), b.shortfall > Power{} ? fmt::format(", {} too little", print(b.shortfall)) : "");
    if (is_floor(b.why.reason))
        return fmt::format("Policy {} keeps {} at {} or more, because {}: {} is expected{}", policy_of(b.why, *state.site), name_of(b.scope, *state.site), print(b.limit), asked(b, state),
                           print(b.expected), b.shortfall > Power{} ? fmt::format(", {} too little", print(b.shortfall)) : "");
    if (b.why.reason == Reason::under_frequency)
        return fmt::format("Policy {} lets nothing rise, because {} showed the grid's frequency below a stage, and has not shown it back for long enough: {} is expected", policy_of(b.why, *state.site), source_of(b.why, *state.site), print(b.expected));
    if (b.why.reason == Reason::supply_lost || b.why.reason == Reason::cold_start)
        return fmt::format("Policy {} lets nothing rise on {}, because {}: {} is expected", policy_of(b.why, *state.site), name_of(b.scope, *state.site),
                           b.why.reason == Reason::supply_lost ? "its supply is lost" : "its supply has only just come back, and its turn is yet to come", print(b.expected));
    return fmt::format("Policy {} holds {} to {}, because {}: {}", policy_of(b.why, *state.site), name_of(b.scope, *state.site), print(b.limit), asked(b, state), against(b));
}

std::string proof_of(const Binding& b, const Site& site) {
    if (b.shortfall > Power{} || b.limit >= no_limit) return {};
    const bool metered = b.scope.kind == Scope::Kind::feeder ? site.feeders[b.scope.number].meter.has_value() : site.meter.has_value();
    if (b.scope.kind == Scope::Kind::group || !metered) return {};
    return b.proven ? ", and the meter shows it" : ", not yet shown by the meter";
}

}  // namespace ballast
