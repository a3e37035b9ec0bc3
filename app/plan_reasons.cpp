#include "app/plan_reasons.hpp"

#include "app/decision_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

bool is_peak(const Wish& wish) { return wish.signal.kind == SignalKind::system_demand || wish.signal.kind == SignalKind::peak_forecast; }

bool is_price(const Wish& wish) { return wish.signal.kind == SignalKind::price || wish.signal.kind == SignalKind::hashprice || is_peak(wish); }

bool is_limit(const Wish& wish) { return wish.signal.kind == SignalKind::dispatch || wish.signal.kind == SignalKind::emergency; }

std::int64_t seconds(Duration d) { return d.count() / 1'000; }

}  // namespace

const Run& run_of(const State& state, std::size_t group, Slot load) { return *std::ranges::upper_bound(state.groups[group].runs, load, {}, &Run::last); }

SkipReason SkipReasons::of(std::size_t group, Slot load) const {
    const Site::Group& g = engine_.site().groups[group];
    const State& state = engine_.state();
    if (g.tier == Tier::firm) return {"firm", "firm: it is never ordered, and room is kept for it"};
    if (g.tier == Tier::flexible) return flexible(group, load);
    const Run& run = run_of(state, group, load);
    if (run.bars & maintained) return {"maintenance", "in maintenance: left alone, and what it may draw is kept free"};
    if (in_local(group)) return {"local", "in local: a switch forbids orders"};
    if ((run.bars & latched) && state.loads[load].mode != Mode::running) return {"latched", "put to rest by something else: latched, until `ballast clear`"};
    if (g.driver == "contactor") {
        if (!run.on) return {"contactor", "contactor: open, closes when nothing stands over it and its block fits"};
        return {"contactor", "contactor: opens only for what the meter still shows after an obligation's deadline, never for a price"};
    }
    const LoadState* cutter = g.contactor ? &state.loads[*g.contactor] : nullptr;
    if (cutter && !cutter->on && cutter->seen) return {"cut_off", fmt::format("without supply: contactor {} is open", engine_.site().loads[*g.contactor].name)};
    return run.on ? running(group, load) : resting(group, load);
}

/// In the words that the shortfall has for it too. What is not wanted of it comes first.
SkipReason SkipReasons::flexible(std::size_t group, Slot load) const {
    const State& state = engine_.state();
    if (!is_limit(wish_)) return {"flexible", "flexible: no price slows it"};
    if (wish_.signal.ask == Ask::full) return {"flexible", "flexible: everything that is interruptible was asked for, and it is not"};
    if (elsewhere(group)) return {"elsewhere", "flexible: what was asked is not about where it is fed from"};
    const FlexMove next = engine_.next_move(load, wish_.signal.kind == SignalKind::emergency);
    const Site::Flexible& terms = engine_.site().groups[group].flexible;
    switch (next.bar) {
    case FlexBar::none: return {"not_needed", "flexible: the limit is met without it, by what is interruptible or goes before it"};
    case FlexBar::not_in_range: return {"not_in_range", "flexible, but its range has no step down"};
    case FlexBar::not_heard: return {"not_heard", "flexible: it is not heard, and nothing is counted on what nobody knows"};
    case FlexBar::resting: return {"resting", "flexible: it rests by itself and has nothing to give"};
    case FlexBar::cut_off: return {"cut_off", fmt::format("without supply: contactor {} is open", engine_.site().loads[*engine_.site().groups[group].contactor].name)};
    case FlexBar::at_its_floor: return {"at_its_floor", state.loads[load].on ? "flexible: held to its floor already" : "flexible: asleep already"};
    case FlexBar::draws_less: return {"draws_less", fmt::format("flexible: it draws {:.1f} kW, and a cap of {:.1f} kW would give nothing", static_cast<double>(state.loads[load].reading.count) / 1e3, static_cast<double>(std::max(terms.floor, state.flex(load).lowest).count) / 1e3)};
    case FlexBar::in_notice: return {"in_notice", fmt::format("flexible: its notice of {} s runs first", seconds(terms.notice))};
    case FlexBar::awaits_checkpoint: return {"awaits_checkpoint", fmt::format("flexible: it would be asked to save its work, for at most {} s, and then put to sleep", seconds(terms.checkpoint_within))};
    case FlexBar::unsaved: return {"unsaved", "flexible: its checkpoint is overdue or was refused, and unsaved work is not put to sleep"};
    case FlexBar::others_have_it: return {"others_have_it", "flexible: a switch has it in local, or people work on it"};
    case FlexBar::not_obeying: return {"not_obeying", "flexible: it was told to go lower and was not seen to"};
    }
    return {};
}

SkipReason SkipReasons::resting(std::size_t group, Slot load) const {
    const Site::Group& g = engine_.site().groups[group];
    const State& state = engine_.state();
    const Run& run = run_of(state, group, load);
    const LoadState& machine = state.loads[load];
    if (!machine.seen && machine.failing) return {"not_seen", "told to sleep before, did not obey and was given up for now: nothing is counted on it"};
    if (!machine.seen) return {"not_seen", "told to sleep before, and not seen to obey yet"};
    if (machine.mode == Mode::running) return {"contested", "told to sleep and woken by something else: sent back when its turn comes"};
    if (run.bars & locked_out) return {"locked_out", "asleep and locked out by a person, until `ballast clear`"};
    if (run.bars & held) return {"held", "asleep and held by a person"};
    if (is_limit(wish_)) return {"resting", "asleep already: it has nothing to give"};
    const auto price = price_on(group);
    if (price && state.strikes[load] < *price) return {"price", fmt::format("asleep: {} is above its strike", print(*price, config_.site.currency))};
    if (without_supply(group)) return {"supply", "asleep: its supply is lost, or has only just come back (docs/physics.md)"};
    if (peak_on(group)) return {"peak", "asleep: a demand that is billed may come, which is worth more than its mining"};
    if (later(run.since, g.min_off) > now_.steady) return {"min_off", fmt::format("asleep, for no less than its min_off_s of {} s", seconds(g.min_off))};
    return {"no_room", "asleep: what else is in force does not let it start"};
}

SkipReason SkipReasons::running(std::size_t group, Slot load) const {
    const Site::Group& g = engine_.site().groups[group];
    const State& state = engine_.state();
    const Run& run = run_of(state, group, load);
    if (is_limit(wish_)) {
        if (elsewhere(group)) return {"elsewhere", "runs on: what was asked is not about where it is fed from"};
        return {"not_needed", "runs on: the limit is met without it"};
    }
    if (!is_price(wish_)) return {"running", "runs on"};
    if (is_peak(wish_)) {
        if (run.bars & held) return {"held", "runs on: held by a person, and no chance overrules that"};
        if (later(run.since, g.min_on) > now_.steady) return {"min_on", fmt::format("runs on, for no less than its min_on_s of {} s", seconds(g.min_on))};
        return {"pays", "runs on: its mining earns more than that chance is worth"};
    }
    const auto price = price_on(group);
    if (!price || state.strikes[load] == Price::max()) return {"no_price", "runs on: no price policy has heard a price for its group"};
    if (state.strikes[load] >= *price) return {"pays", fmt::format("runs on: its strike withstands {}", print(*price, config_.site.currency))};
    if (run.bars & held) return {"held", "runs on: held by a person, and no price overrules that"};
    if (later(run.since, g.min_on) > now_.steady) return {"min_on", fmt::format("runs on, for no less than its min_on_s of {} s", seconds(g.min_on))};
    if (const std::string policy = kept_by(group); !policy.empty()) return {"floor", fmt::format("runs on: above its strike, but policy {} keeps so much running there", policy)};
    if (model_.group_configs.size() > group && config_.groups[model_.group_configs[group]].cycling != Cycling{})
        return {"not_worth_cycling", "runs on: above its strike, but a stop would cost more than it saves (docs/economics.md)"};
    return {"running", "runs on"};
}

bool SkipReasons::without_supply(std::size_t group) const {
    const Site& site = engine_.site();
    for (std::size_t i = 0; i < site.supplies.size(); ++i) {
        const auto phase = engine_.state().supplies[i].phase;
        if (phase != SupplyState::Phase::lost && phase != SupplyState::Phase::back) continue;
        if (site.feeds(site.supplies[i].scope, group)) return true;
    }
    return false;
}

bool SkipReasons::in_local(std::size_t group) const {
    return std::ranges::any_of(engine_.state().obligations, [&](const Obligation& o) {
        if (o.signal.kind != SignalKind::local || o.begins > now_.steady) return false;
        const Site::Source& source = engine_.site().sources[index(o.signal.source)];
        const bool covered = source.switches.empty() || std::ranges::find(source.switches, GroupId{static_cast<std::uint16_t>(group)}) != source.switches.end();
        return covered && source.in_local == InLocal::observe;
    });
}

std::optional<Price> SkipReasons::price_on(std::size_t group) const {
    std::optional<Price> dearest;
    for (const PolicyConfig& policy : config_.policies) {
        if (!policy.price_strike) continue;
        const auto& groups = policy.price_strike->groups;
        if (std::ranges::find(groups, engine_.site().groups[group].name) == groups.end()) continue;
        const SourceId source = model_.sources.at(policy.price_strike->signal);
        const auto begun = engine_.state().prices[index(source)].begun(now_.steady);
        if (!begun.empty() && engine_.state().fresh(source)) dearest = std::max(dearest.value_or(begun.back().price), begun.back().price);
    }
    return dearest;
}

bool SkipReasons::peak_on(std::size_t group) const {
    const State& state = engine_.state();
    for (const Episode& episode : state.episodes)
        for (const PolicyConfig& policy : config_.policies)
            if (policy.coincident_peak && model_.policies.at(policy.name) == episode.policy &&
                std::ranges::find(policy.coincident_peak->groups, engine_.site().groups[group].name) != policy.coincident_peak->groups.end())
                return true;
    return false;
}

std::string SkipReasons::kept_by(std::size_t group) const {
    const auto keeps = std::ranges::find_if(binding_, [&](const Binding& b) { return is_floor(b.why.reason) && engine_.site().feeds(b.scope, group); });
    return keeps == binding_.end() ? std::string{} : engine_.site().policies[index(keeps->why.policy)];
}

bool SkipReasons::elsewhere(std::size_t group) const {
    std::vector<std::string> fed_by;  // From the nearest feeder up.
    for (auto f = engine_.site().groups[group].feeder; f; f = engine_.site().feeders[index(*f)].under) fed_by.push_back(engine_.site().feeders[index(*f)].name);
    const auto covers = [&](const PolicyConfig& policy) {
        const auto* signals = obeyed_by(policy);
        if (!signals) return false;
        const bool hears = wish_.who == "operator" || std::ranges::find(*signals, wish_.who) != signals->end();
        return hears && (obeyed_for(policy).empty() || std::ranges::find(fed_by, obeyed_for(policy)) != fed_by.end());
    };
    return std::ranges::none_of(config_.policies, covers);
}

}  // namespace ballast
