#include "app/plan_reasons.hpp"

#include "app/decision_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

bool is_price(const Wish& wish) { return wish.signal.kind == SignalKind::price || wish.signal.kind == SignalKind::hashprice; }

bool is_limit(const Wish& wish) { return wish.signal.kind == SignalKind::dispatch || wish.signal.kind == SignalKind::emergency; }

std::int64_t seconds(Duration d) { return d.count() / 1'000; }

}  // namespace

const Run& run_of(const State& state, std::size_t group, Slot load) { return *std::ranges::upper_bound(state.groups[group].runs, load, {}, &Run::last); }

SkipReason SkipReasons::of(std::size_t group, Slot load) const {
    const Site::Group& g = engine_.site().groups[group];
    const State& state = engine_.state();
    if (g.tier == Tier::firm) return {"firm", "firm: it is never ordered, and room is kept for it"};
    if (g.tier == Tier::flexible) return {"flexible", "flexible: no order of this version lowers it"};
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
    const auto price = price_on(group);
    if (!price || state.strikes[load] == Price::max()) return {"no_price", "runs on: no price policy has heard a price for its group"};
    if (state.strikes[load] >= *price) return {"pays", fmt::format("runs on: its strike withstands {}", print(*price, config_.site.currency))};
    if (run.bars & held) return {"held", "runs on: held by a person, and no price overrules that"};
    if (later(run.since, g.min_on) > now_.steady) return {"min_on", fmt::format("runs on, for no less than its min_on_s of {} s", seconds(g.min_on))};
    if (model_.group_configs.size() > group && config_.groups[model_.group_configs[group]].cycling != Cycling{})
        return {"not_worth_cycling", "runs on: above its strike, but a stop would cost more than it saves (docs/economics.md)"};
    return {"running", "runs on"};
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

bool SkipReasons::elsewhere(std::size_t group) const {
    const auto feeder = engine_.site().groups[group].feeder;
    const std::string fed_by = feeder ? engine_.site().feeders[index(*feeder)].name : std::string{};
    const auto covers = [&](const PolicyConfig& policy) {
        const auto* signals = obeyed_by(policy);
        if (!signals) return false;
        const bool hears = wish_.who == "operator" || std::ranges::find(*signals, wish_.who) != signals->end();
        return hears && (obeyed_for(policy).empty() || obeyed_for(policy) == fed_by);
    };
    return std::ranges::none_of(config_.policies, covers);
}

}  // namespace ballast
