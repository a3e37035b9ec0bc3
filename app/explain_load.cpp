#include "app/explain_load.hpp"

#include "app/binding_text.hpp"
#include "app/decision_text.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

bool is_about_price(Reason reason) { return reason == Reason::price_above_strike || reason == Reason::price_unknown_held || reason == Reason::price_unknown_shed; }

std::optional<Price> price_of(const Executed& step, const Order& order) {
    const State& state = step.engine.state();
    if (index(order.why.source) >= state.prices.size()) return std::nullopt;
    const auto begun = state.prices[index(order.why.source)].begun(step.stored.now.steady);
    return begun.empty() ? std::nullopt : std::optional{begun.back().price};
}

void take(LoadFacts& facts, const Executed& step, const Order& order) {
    const bool again = order.why.reason == Reason::still_standing && facts.order && facts.order->order.rung == order.rung;
    if (again) {
        ++facts.order->attempts;
        const Reason first = facts.order->order.why.reason;
        facts.order->order = order;
        facts.order->order.why.reason = first;
        return;
    }
    facts.miss = std::nullopt;
    OrderFact& fact = facts.order.emplace();
    fact.order = order;
    fact.at = step.stored.now.utc;
    fact.attempts = order.attempt;
    if (is_about_price(order.why.reason)) fact.price = price_of(step, order);
    for (const Binding& b : step.decision.binding) {
        const bool same = b.why.policy == order.why.policy && b.why.event == order.why.event && b.scope.kind != Scope::Kind::group;
        if (!same || !limits_draw(b.why.reason) || b.limit == Power::max()) continue;
        fact.limit = b.limit;
        const Obligation* obligation = obligation_of(order.why, step.engine.state());
        if (obligation && order.why.reason == Reason::reduction_from_reference) fact.reduction = obligation->signal.power, fact.reference = obligation->reference_of(b.scope);
    }
}

Watts drawn_by(const State& state, const Site& site, Slot load) {
    for (std::size_t g = 0; g < site.groups.size(); ++g)
        if (site.groups[g].loads.contains(load)) return watts_of({site, state.loads, state.groups, state.meters}, g, load);
    return {};
}

const std::uint8_t* bars_of(const State& state, const Site& site, Slot load) {
    for (std::size_t g = 0; g < site.groups.size(); ++g)
        if (site.groups[g].loads.contains(load))
            for (const Run& run : state.groups[g].runs)
                if (load < run.last) return &run.bars;
    return nullptr;
}

}  // namespace

Result<LoadFacts> follow(const JournalReader& journal, const Rebuilt& epoch, Slot load, Instant until, std::int64_t last) {
    auto rebuilt = epoch.engine();
    if (!rebuilt) return tl::unexpected{rebuilt.error()};
    Engine& engine = *rebuilt;
    LoadFacts facts;
    facts.at = epoch.entry.began.utc;
    const auto run = execute(journal, epoch, engine, until, [&](const Executed& step) {
        const bool seen = step.engine.state().loads[load].seen;
        for (const Order& order : step.decision.orders)
            if (order.loads.contains(load)) take(facts, step, order);
        if (facts.order && seen && !facts.order->obeyed && step.engine.state().loads[load].order == facts.order->order.id)
            facts.order->obeyed = step.stored.now.utc;
        for (const Miss& miss : step.decision.misses)
            if (miss.load == load) facts.miss = miss;
        facts.at = step.stored.now.utc;
        return step.stored.id < last;
    });
    if (!run) return tl::unexpected{run.error()};
    facts.state = engine.state().loads[load];
    facts.watts = drawn_by(engine.state(), engine.site(), load);
    if (const auto* bars = bars_of(engine.state(), engine.site(), load)) facts.bars = *bars;
    facts.strike = engine.state().strikes[load];
    if (const auto found = std::ranges::find(engine.state().contests, load, &Contest::load); found != engine.state().contests.end()) facts.contest = *found;
    return facts;
}

namespace {

std::string source_of(const Rebuilt& epoch, const Why& why) {
    const auto& sources = epoch.model.site.sources;
    return index(why.source) < sources.size() ? sources[index(why.source)].name : "a source";
}

std::string at_most(const OrderFact& fact) { return fact.limit ? fmt::format("at most {}", print(*fact.limit)) : std::string{"less"}; }

/// "because ..."
std::string because(const LoadFacts& facts, const Rebuilt& epoch) {
    const OrderFact& fact = *facts.order;
    const std::string& currency = epoch.config.site.currency;
    const std::string source = source_of(epoch, fact.order.why);
    switch (fact.order.why.reason) {
    case Reason::price_above_strike:
        return fact.price ? fmt::format("the price from {} was {}, above its strike of {}", source, print(*fact.price, currency), print(facts.strike, currency))
                          : fmt::format("the price from {} was above its strike of {}", source, print(facts.strike, currency));
    case Reason::price_unknown_held: return fmt::format("{} was silent, and what it last said still held", source);
    case Reason::price_unknown_shed:
    case Reason::source_silent_shed: return fmt::format("{} was silent, which the site file says means shed", source);
    case Reason::dispatched: return fmt::format("{} asked the site to draw {}", source, at_most(fact));
    case Reason::programme_ceiling: return fmt::format("{} had called its programme in, which left {}", source, at_most(fact));
    case Reason::dispatched_full: return fmt::format("{} asked for everything interruptible to stop", source);
    case Reason::reduction_from_reference:
        return fact.reduction ? fmt::format("{} asked for {} less than the {} drawn before, which allowed {}", source, print(*fact.reduction), print(*fact.reference), at_most(fact))
                              : fmt::format("{} asked for a reduction, which allowed {}", source, at_most(fact));
    case Reason::contract_limit: return fmt::format("no more than {} was to be drawn there", fact.limit ? print(*fact.limit) : "its contract");
    case Reason::armed_floor: return "a programme pays for load that can be shed, and too little of it ran";
    case Reason::base_point: return fmt::format("{} asked for more to be drawn", source);
    case Reason::minimum_draw: return "less was drawn than was bought, or than the heat that was sold";
    case Reason::heat_demand: return "less ran than the heat that was sold needs";
    case Reason::feeder_limit: return fmt::format("what feeds it was to carry no more than {}", fact.limit ? print(*fact.limit) : "its limit");
    case Reason::ambient_derating: return fmt::format("at the temperature by {} no more than {} was allowed there", source, fact.limit ? print(*fact.limit) : "its table's least");
    case Reason::supply_lost: return "supply was lost";
    case Reason::cold_start: return "supply had only just come back";
    case Reason::beyond_quota:
    case Reason::beyond_quota_obeyed: return fmt::format("{} had called more often than its programme may", source);
    case Reason::demand_peak: return fmt::format("a higher mean of its billing window would have cost more than mining earned, which allowed {}", at_most(fact));
    case Reason::coincident_peak: return fmt::format("by {} a demand that is billed might come, and that was worth more than its mining", source);
    case Reason::maintenance: return "people were to work on it";
    case Reason::overridden: return fmt::format("a person allowed {} there", at_most(fact));
    case Reason::run_regardless: return "a person wanted it to run whatever the price";
    case Reason::under_frequency: return fmt::format("the grid's frequency, by {}, had fallen below its stage", source);
    case Reason::allowed_again: return "nothing in force forbade it any more";
    case Reason::called_back: return "it was on its way up when a person locked it out, or everything was to go";
    case Reason::still_standing: return "what it had been ordered still stood, and it was not seen to obey";
    }
    return {};
}

std::string done_by(const Order& order) {
    switch (order.rung) {
    case Rung::wake: return "ordered woken";
    case Rung::close: return "ordered closed";
    case Rung::sleep: return "ordered put to sleep";
    case Rung::power_off: return "ordered powered off";
    case Rung::open: return "ordered opened";
    case Rung::checkpoint: return "asked to save its work";
    case Rung::cap: return fmt::format("ordered to draw at most {:.1f} kW", static_cast<double>(order.cap.count) / 1e3);
    case Rung::uncap: return "ordered back to its full draw";
    }
    return {};
}

std::string ordered(const LoadFacts& facts, const Rebuilt& epoch, const std::string& load) {
    const OrderFact& fact = *facts.order;
    const auto& policies = epoch.model.site.policies;
    const std::string by = raises(fact.order.rung) || index(fact.order.why.policy) >= policies.size() ? "" : fmt::format(" by policy {}", policies[index(fact.order.why.policy)]);
    return fmt::format("{} was {}{} at {} (order {}{}), because {}.", load, done_by(fact.order), by, utc_text(fact.at), static_cast<std::uint64_t>(fact.order.id),
                       fact.attempts > 1 ? fmt::format(", attempt {}", fact.attempts) : "", because(facts, epoch));
}

/// An estimate is told as one, and whose it is.
std::string drawn(const Watts& watts) {
    const double kw = static_cast<double>(watts.power.count) / 1e3;
    if (watts.quality == Quality::measured) return fmt::format("{:.1f} kW", kw);
    return watts.source == WattSource::machine || watts.source == WattSource::pdu ? fmt::format("about {:.1f} kW by the {}'s own estimate", kw, name_of(watts.source))
                                                                                    : fmt::format("about {:.1f} kW, {}", kw, watts.source == WattSource::learned ? "as was learned" : "by its nameplate");
}

std::string seen(const LoadFacts& facts, const std::string& load) {
    const LoadState& s = facts.state;
    const std::string draws = s.quality == Quality::bad ? std::string{} : fmt::format(", drawing {}", drawn(facts.watts));
    if (facts.miss && !s.seen)
        return fmt::format("It was not seen to obey: {}{}.", name_of(facts.miss->cause), facts.miss->given_up ? ", and given up for the time being" : "");
    if (s.order != OrderId{} && !s.seen) return "It has not been seen to obey yet.";
    if (s.mode == Mode::unknown) return fmt::format("What {} does is not known: it has not answered.", load);
    const std::string after = facts.order && facts.order->obeyed
                                  ? fmt::format(" within {:.1f} s", static_cast<double>((*facts.order->obeyed - facts.order->at).count()) / 1e3) : std::string{};
    return fmt::format("It was seen {}{}{}{}.", name_of(s.mode), after, draws, s.stale ? "; it has been silent since" : "");
}

}  // namespace

std::vector<std::string> sentences(const LoadFacts& facts, const Rebuilt& epoch, Slot load) {
    const Site& site = epoch.model.site;
    const std::string& name = site.loads[load].name;
    std::vector<std::string> all;
    for (const Site::Group& group : site.groups)
        if (group.loads.contains(load) && group.tier == Tier::firm)
            return {fmt::format("{} is firm: Ballast never orders it down, and sheds others to make room for it.", name), seen(facts, name)};
    if (facts.bars & locked_out) all.push_back(fmt::format("{} is locked out by a person: it is not raised until that is cleared.", name));
    if (facts.bars & latched) all.push_back(fmt::format("{} was put to rest by something other than Ballast: it is not raised until a person clears it.", name));
    if (facts.bars & held) all.push_back(fmt::format("{} is held by a person: it is neither raised nor lowered for money.", name));
    if (facts.bars & maintained) all.push_back(fmt::format("{} is in maintenance: it is neither raised nor lowered, and what it may draw is kept free.", name));
    if (facts.contest && facts.contest->times > 0)
        all.push_back(fmt::format("Something else woke it {} time(s) after it was put to sleep{}.", facts.contest->times, facts.contest->waiting ? "; it runs, and is sent back when its turn comes" : ""));
    if (facts.order) all.push_back(ordered(facts, epoch, name));
    else if (facts.state.order != OrderId{})
        all.push_back(fmt::format("{} stands under order {} ({}), which the journal no longer holds.", name, static_cast<std::uint64_t>(facts.state.order), facts.state.on ? "to run" : "to rest"));
    else if (facts.state.on) all.push_back(fmt::format("{} has had no order: nothing that was in force asked it to stop.", name));
    all.push_back(seen(facts, name));
    return all;
}

}  // namespace ballast
