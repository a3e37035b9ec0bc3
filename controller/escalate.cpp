#include "controller/books.hpp"
#include "controller/core.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

Excess& excess_of(Core& core, const Bound& bound) {
    for (Excess& known : core.excesses)
        if (known.policy == bound.why.policy && known.event == bound.why.event && known.scope == bound.scope) return known;
    core.excesses.push_back({bound.why.policy, bound.why.event, bound.scope, core.now.steady});
    return core.excesses.back();
}

// ---- contactors

/// What opening one contactor would cost, and what it would end.
struct Cut {
    Slot contactor;
    Power healthy;   ///< Of loads that are wanted on: lost.
    Power stuck;     ///< Of loads that did not give way: gained.
};

std::optional<Cut> cut_by(const Core& core, Slot slot) {
    const GroupId own = core.group_of[slot];
    const Run& run = run_at(core, slot);
    const LoadState& state = core.state.loads[slot];
    if (!run.on || !state.seen || state.mode == Mode::off || run.bars) return std::nullopt;
    Cut cut{slot, {}, {}};
    if (core.carried[index(own)].empty()) cut.healthy = state.watts;
    for (const GroupId g : core.carried[index(own)]) {
        if (core.group(g).contactor != slot) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (load.on) cut.healthy += load.watts;
            else if (!load.seen) cut.stuck += load.watts;
        }
    }
    return cut;
}

/// Contactors of the scope that have rested, those that cost the fewest healthy watts first.
std::vector<Cut> cuts(Core& core, Scope scope) {
    std::vector<Cut> found;
    for (const GroupId g : core.members[core.scope_index(scope)]) {
        if (!core.is_contactor(g) || core.group(g).tier != Tier::interruptible) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const auto cut = cut_by(core, s);
            if (!cut) continue;
            const Steady rested = later(run_at(core, s).since, core.group(g).contactor_rest);
            if (rested > core.now.steady) core.wake_at(rested);
            else if (cut->stuck > Power{} || cut->healthy == Power{} || core.carried[index(g)].empty()) found.push_back(*cut);
        }
    }
    std::ranges::stable_sort(found, {}, [](const Cut& c) { return std::pair{c.healthy, -c.stuck}; });
    return found;
}

void open_contactors(Core& core, const Bound& bound, Power missing) {
    for (const Cut& cut : cuts(core, bound.scope)) {
        if (missing <= Power{}) return;
        core.note(NoteKind::contactor_opens, cut.contactor, {}, bound.why.event, missing);
        command(core, {cut.contactor, cut.contactor + 1}, Rung::open, bound.why);
        missing -= cut.stuck > Power{} ? cut.stuck : cut.healthy;
        if (cut.stuck == Power{} && cut.healthy == Power{}) return;  // What hides behind it the meter must show first.
    }
}

/// A contactor that we opened closes when no emergency or excess stands over it, and its block would fit.
void close_contactors(Core& core) {
    if (!core.state.journal_writes) return;
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (!core.is_contactor(g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const Run run = run_at(core, s);
            if (run.on || run.bars) continue;
            Power block = core.site.loads[s].rated;
            for (const GroupId c : core.carried[i])
                if (core.group(c).contactor == s) block += core.nameplate[index(c)];
            const bool forbidden = std::ranges::any_of(core.limits.bounds, [&](const Bound& b) {
                const auto& members = core.members[core.scope_index(b.scope)];
                if (std::ranges::find(members, g) == members.end()) return false;
                const Balance sum = balance(core, b.scope);
                return b.everything || (sum.metered && !sum.meter) || sum.at_most() >= b.release || sum.at_most() + block > b.aim;
            });
            if (forbidden) continue;
            const Steady rested = later(run.since, core.group(g).contactor_rest);
            if (rested > core.now.steady) core.wake_at(rested);
            else command(core, {s, s + 1}, Rung::close, {{}, {}, Cause::capacity, 0, Reason::allowed_again});
        }
    }
}

// ---- what a limit has come to

void tell_shortfall(Core& core, Excess& excess, Power missing) {
    if (!std::exchange(excess.told, true)) core.note(NoteKind::shortfall, index(excess.policy), {}, excess.event, missing);
}

/// A limit against the meter and the books: what is missing, since when, and whether a contactor must go.
void judge(Core& core, const Bound& bound) {
    const Balance sum = balance(core, bound.scope);
    const auto meter = judged(core, bound);
    const Power over_books = sum.expected() - bound.high;
    const Power over_meter = meter ? *meter - bound.high : Power{};
    Binding result{bound.scope, bound.why, bound.high, sum.expected(), std::max(Power{}, over_books), meter && *meter <= bound.high};

    if (over_meter > Power{} || over_books > Power{}) {
        Excess& excess = excess_of(core, bound);
        excess.now = true;
        const Steady must = later(std::max(excess.since, bound.since), bound.prove_within);
        const Steady cut_at = later(must, bound.contactor_after);
        if (core.now.steady >= must) result.shortfall = std::max(result.shortfall, over_meter);
        else core.wake_at(must);
        if (result.shortfall > Power{}) tell_shortfall(core, excess, result.shortfall);
        if (bound.why.escalate_to == EscalateTo::contactor && bound.why.cause != Cause::price && over_meter > Power{}) {
            if (core.now.steady >= cut_at) open_contactors(core, bound, over_meter);
            else core.wake_at(cut_at);
        }
    }
    const bool binds = core.constraining[index(bound.why.policy)] || result.shortfall > Power{};
    if (binds) core.binding.push_back(result);
}

void end_excesses(Core& core) {
    std::erase_if(core.excesses, [&](Excess& excess) {
        if (std::exchange(excess.now, false)) return false;
        if (excess.told) core.note(NoteKind::shortfall_over, index(excess.policy), {}, excess.event);
        return true;
    });
}

void bind_price(Core& core, GroupId g) {
    const GroupEnvelope& envelope = core.envelope[index(g)];
    const Cutoff* by = envelope.stops ? envelope.stops : envelope.starts;
    if (!by || !core.constraining[index(by->why.policy)]) return;
    const GroupState& sums = core.sums(g);
    core.binding.push_back({Scope::group(g), by->why, sums.planned, sums.planned, {}, sums.lowering == Power{}});
}

void close_episodes(Core& core) {
    std::erase_if(core.state.episodes, [&](const Episode& episode) {
        if (core.constraining[index(episode.policy)]) return false;
        core.note(NoteKind::event_closed, index(episode.policy), core.site.policies[index(episode.policy)], episode.event);
        return true;
    });
}

}  // namespace

void escalate(Core& core) {
    for (const Bound& bound : core.limits.bounds) judge(core, bound);
    end_excesses(core);
    close_contactors(core);
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) bind_price(core, GroupId{static_cast<std::uint16_t>(i)});
    close_episodes(core);
    for (Binding& binding : core.binding)
        if (binding.why.event == EventId{})
            for (const Episode& episode : core.state.episodes)
                if (episode.policy == binding.why.policy) binding.why.event = episode.event;
}

}  // namespace ballast
