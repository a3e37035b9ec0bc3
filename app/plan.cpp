#include "app/plan.hpp"

#include "app/binding_text.hpp"
#include "app/standing_text.hpp"
#include "app/decision_text.hpp"
#include "app/plan_reasons.hpp"
#include "app/recover.hpp"
#include "controller/clock.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ballast {
namespace {

// ---- the site as it would be asked: who would move, not how fast

Config unhurried(Config config) {
    for (PolicyConfig& policy : config.policies)
        if (policy.price_strike) policy.price_strike->down_after = policy.price_strike->up_after = 1;
    return config;
}

Site unhurried(Site site) {
    site.ramp_down_per_minute = site.ramp_up_per_minute = site.inrush = {};
    for (Site::Feeder& feeder : site.feeders) feeder.pace = {};
    for (Site::Group& group : site.groups) group.stagger = Duration{0};
    for (Site::Source& source : site.sources) source.terms.notice = source.terms.default_ramp = Duration{0};
    return site;
}

std::vector<std::string> pace_of(const Config& config, bool price) {
    std::vector<std::string> remarks;
    const auto patience = [&](const std::string& policy, const char* does, unsigned intervals) {
        if (price && intervals > 1) remarks.push_back(fmt::format("policy {} {} a load only after {} such intervals in a row; here one is enough", policy, does, intervals));
    };
    for (const PolicyConfig& policy : config.policies) {
        if (!policy.price_strike) continue;
        patience(policy.name, "stops", policy.price_strike->down_after);
        patience(policy.name, "starts", policy.price_strike->up_after);
    }
    const auto paced = [&](const Site::Pace& pace, const std::string& where) {
        if (price && pace.down_per_minute > Power{}) remarks.push_back(fmt::format("for a price no more than {} a minute goes down{}", print(pace.down_per_minute), where));
        if (pace.up_per_minute > Power{}) remarks.push_back(fmt::format("no more than {} a minute comes up{}", print(pace.up_per_minute), where));
        if (pace.inrush > Power{}) remarks.push_back(fmt::format("no more than {} of inrush starts within {:g} s{}", print(pace.inrush), static_cast<double>(pace.inrush_within.count()) / 1e3, where));
    };
    paced(config.site.pace, "");
    for (const FeederConfig& feeder : config.feeders) paced(feeder.pace, " on feeder " + feeder.name);
    return remarks;
}

/// The signal as if it came into force now, so that nothing else changes meanwhile; what that leaves out is remarked.
Signal brought_forward(Wish& wish, Now now) {
    Signal signal = wish.signal;
    const bool typed = signal.start == Instant{} && signal.issued == Instant{};
    const Duration lasts = signal.end == open_end ? Duration{0} : signal.end - signal.start;
    if (typed) signal.start = now.utc, signal.end = signal.kind == SignalKind::price ? now.utc + std::chrono::hours{1} : open_end;
    signal.issued = typed ? now.utc : std::min(signal.issued, now.utc);
    const bool price = signal.kind == SignalKind::price;
    if (!typed && (signal.start > now.utc || (price && signal.start < now.utc))) {
        wish.remarks.push_back(fmt::format("it {} at {}, and is planned as if it began now", signal.start > now.utc ? "begins" : "began", utc_text(signal.start)));
        signal.start = now.utc;
        if (lasts > Duration{0}) signal.end = now.utc + lasts;
    }
    if (signal.ramp > Duration{0}) wish.remarks.push_back(fmt::format("its ramp of {} s is left out: this is where it ends", signal.ramp.count() / 1'000));
    signal.ramp = Duration{0};
    return signal;
}

/// Why a signal came to nothing, if this says so.
const char* refusal(NoteKind kind) {
    switch (kind) {
    case NoteKind::signal_over: return "it is over";
    case NoteKind::signal_older: return "a newer word of that id is known";
    case NoteKind::signal_duplicate: return "it stands already";
    case NoteKind::signal_after_release: return "it was released, or ended, before";
    case NoteKind::signal_unknown_release: return "nothing of that id stands";
    case NoteKind::signals_full: return "too many signals of its source stand already";
    case NoteKind::call_covered: return "its source has as many calls standing as are kept, and they ask all of it already";
    case NoteKind::calls_joined: return "its source has as many calls standing as are kept; those now ask what it asks too";
    default: return nullptr;
    }
}

// ---- who moves

struct Moves {
    std::vector<int> by_slot;   ///< -1 down, 1 up.
    std::vector<Order> orders;

    explicit Moves(std::size_t loads) : by_slot(loads) {}
    void take(const Decision& decision) {
        for (const Order& order : decision.orders) {
            if (order.rung == Rung::checkpoint) continue;  // It lowers nothing: what it is for is among the reasons.
            orders.push_back(order);
            for (Slot s = order.loads.first; s < order.loads.last; ++s) by_slot[s] = raises(order.rung) ? 1 : -1;
        }
    }
};

Power interruptible(const Engine& engine) {
    Power sum;
    for (std::size_t g = 0; g < engine.site().groups.size(); ++g)
        if (engine.site().groups[g].tier == Tier::interruptible) sum += engine.state().groups[g].planned;
    return sum;
}

void add(std::vector<LeftAlone>& parts, const SkipReason& reason, Slot load, Power power) {
    auto part = std::ranges::find(parts, reason.why, &LeftAlone::why);
    if (part == parts.end()) part = parts.insert(parts.end(), LeftAlone{reason.code, reason.why, {}, {}});
    part->loads.push_back(load);
    part->power += power;
}

/// By the books: a load that is wanted on counts as running, whatever it last said.
Power books_of(const Site::Group& group, const LoadState& load) {
    if (load.on) return load.watts;
    return load.seen || !load.failing ? group.standby : load.watts;
}

PlannedGroup group_plan(const SkipReasons& reasons, const Engine& engine, std::size_t g, const Moves& moves, const std::vector<std::uint8_t>& ran, bool journal) {
    PlannedGroup plan{GroupId{static_cast<std::uint16_t>(g)}, 0, {}, {}, {}};
    const Site::Group& group = engine.site().groups[g];
    for (Slot s = group.loads.first; s < group.loads.last; ++s) {
        const LoadState& load = engine.state().loads[s];
        plan.running += ran[s];
        if (moves.by_slot[s] == 0) {
            add(plan.left_alone, reasons.of(g, s), s, books_of(group, load));
            continue;
        }
        PlannedMove& move = moves.by_slot[s] < 0 ? plan.down : plan.up;
        if (group.tier == Tier::flexible && moves.by_slot[s] < 0) {
            plan.down.loads.push_back(s);
            plan.down.capped += load.on;
            plan.down.power += std::max(Power{}, load.reading - (load.on ? engine.state().flex(s).cap : group.standby));
            continue;
        }
        const Power full = moves.by_slot[s] < 0 ? load.watts : std::max(load.watts, engine.site().loads[s].rated);
        move.loads.push_back(s);
        move.power += std::max(Power{}, full - group.standby);
        move.silent += journal && load.stale;
    }
    return plan;
}

std::string standing_remark(const Moves& moves) {
    const auto down = std::ranges::count(moves.by_slot, -1), up = std::ranges::count(moves.by_slot, 1);
    if (down + up == 0) return {};
    return fmt::format("whatever is asked, this site file puts {} load(s) to rest and wakes {} at once; they count as moved before", down, up);
}

PlannedMove sum_of(const std::vector<PlannedGroup>& groups, PlannedMove PlannedGroup::*which) {
    PlannedMove sum;
    for (const PlannedGroup& group : groups) {
        const PlannedMove& move = group.*which;
        sum.loads.insert(sum.loads.end(), move.loads.begin(), move.loads.end());
        sum.power += move.power;
        sum.silent += move.silent;
        sum.capped += move.capped;
    }
    return sum;
}

/// The tightest first; a price's after all limits.
void take_binding(Plan& plan, const Decision& decision, const State& state, Now now) {
    std::vector<std::size_t> order(decision.binding.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto tightness = [&](std::size_t i) { return decision.binding[i].scope.kind == Scope::Kind::group ? Power::max() : decision.binding[i].limit; };
    std::ranges::stable_sort(order, {}, tightness);
    for (const std::size_t i : order) {
        plan.binding.push_back(decision.binding[i]);
        plan.sentences.push_back(sentence_of(decision.binding[i], state, now, plan.currency) + outweighed(decision.overruled, i, *state.site) + ".");
    }
    for (std::string& sentence : standing_sentences(state, now)) plan.sentences.push_back(std::move(sentence));
}

Plan begin_plan(const Config& config, const Recovered& known) {
    Plan plan;
    plan.model = build_site(config);
    plan.currency = config.site.currency;
    plan.journal = config.journal.path;
    if (!known.at) return plan;
    plan.as_of = known.at->utc;
    plan.age = std::max(Duration{0}, wall_now() - known.at->utc);
    if (!known.whole) plan.remarks.push_back("this version does not understand the config of the journal's last epoch: the site is taken as it was when that began");
    return plan;
}

}  // namespace

Power Plan::shortfall() const {
    Power worst;
    for (const Binding& b : binding)
        if (limits_draw(b.why.reason)) worst = std::max(worst, b.shortfall);
    return worst;
}

PlannedMove Plan::down() const { return sum_of(groups, &PlannedGroup::down); }
PlannedMove Plan::up() const { return sum_of(groups, &PlannedGroup::up); }

std::vector<const PlannedGroup*> Plan::in_order(bool down) const {
    std::vector<const PlannedGroup*> moving;
    for (const PlannedGroup& group : groups)
        if (!(down ? group.down : group.up).loads.empty()) moving.push_back(&group);
    const auto joules = [&](Slot load) { return model.site.loads[load].joules_per_hash; };
    const auto worst_first = [&](const PlannedGroup* a, const PlannedGroup* b) {
        const auto key = [&](const PlannedGroup* g) { if (const auto& of = model.site.groups[index(g->group)]; of.tier == Tier::flexible) return -1 - std::int64_t{of.flexible.turn}; const auto j = joules(g->down.loads.front()); return j > 0 ? j : INT64_MAX; };
        return key(a) > key(b);
    };
    const auto best_first = [&](const PlannedGroup* a, const PlannedGroup* b) {
        const auto key = [&](const PlannedGroup* g) { const auto j = joules(g->up.loads.back()); return j > 0 ? j : INT64_MAX; };
        return key(a) < key(b);
    };
    if (down) std::ranges::stable_sort(moving, worst_first);
    else std::ranges::stable_sort(moving, best_first);
    return moving;
}

Result<Plan> make_plan(const Config& asked, const PlanOptions& options) {
    Config config = unhurried(asked);
    const bool added = !options.limit.empty() && hear_limits(config);
    auto wish = wish_of(config, build_site(config), options);
    if (!wish) return tl::unexpected{wish.error()};
    const Recovered known = recover(config.journal.path);
    Plan plan = begin_plan(config, known);
    plan.wish = wish->text;
    const SignalKind kind = wish->signal.kind;
    plan.price = kind == SignalKind::price || kind == SignalKind::hashprice || kind == SignalKind::system_demand || kind == SignalKind::peak_forecast;
    if (added) plan.remarks.push_back(fmt::format("site {} has no policy of kind dispatch that could hear a limit: planned as with one of the usual settings", config.site.name));

    const Now now = known.at.value_or(read_clocks().now);
    Engine engine{unhurried(plan.model.site), build_policies(config, plan.model), known.snapshot, now};
    Moves standing{plan.model.site.loads.size()}, moves = standing;
    standing.take(engine.step(now, {}));
    if (const std::string remark = standing_remark(standing); !remark.empty()) plan.remarks.push_back(remark);
    plan.before = interruptible(engine);
    std::vector<std::uint8_t> ran;
    for (const LoadState& load : engine.state().loads) ran.push_back(load.on);

    const std::vector<Event> heard{brought_forward(*wish, now)};
    const Decision& decision = engine.step(now, heard);
    moves.take(decision);
    for (const Note& note : decision.notes) {
        if (const char* why = refusal(note.kind)) plan.refused = why;
        if (note.kind == NoteKind::signal_without_reference) plan.remarks.push_back("no meter has the past before its issue: what was drawn then is taken from the books");
    }
    plan.after = interruptible(engine);
    if (!plan.refused.empty()) return plan;
    take_binding(plan, decision, engine.state(), now);
    plan.remarks.insert(plan.remarks.end(), wish->remarks.begin(), wish->remarks.end());
    std::ranges::move(pace_of(asked, plan.price), std::back_inserter(plan.remarks));
    const SkipReasons reasons{config, plan.model, engine, *wish, now, plan.binding};
    for (std::size_t g = 0; g < engine.site().groups.size(); ++g) plan.groups.push_back(group_plan(reasons, engine, g, moves, ran, known.at.has_value()));
    return plan;
}

int plan(const PlanOptions& options, std::FILE* out, std::FILE* errors) {
    const auto config = load_config(options.site_file, disk_reader());
    if (!config) return std::fputs(print(config.error()).c_str(), errors), 2;
    Result<Plan> made = Plan{};
    try {
        made = make_plan(*config, options);
    } catch (const std::exception& e) {
        return fmt::print(errors, "ballast plan: {}\n", e.what()), 1;
    }
    if (!made) return fmt::print(errors, "ballast plan: {}\n", made.error().detail), 2;
    fmt::print(out, "{}", options.json ? to_json(*made, options.machines) + "\n" : print(*made, options.machines));
    return made->shortfall() > Power{} ? 1 : 0;
}

}  // namespace ballast
