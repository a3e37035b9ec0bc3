#include "controller/books.hpp"
#include "controller/conflicts.hpp"
#include "controller/core.hpp"
#include "controller/pace.hpp"
#include "controller/flexible.hpp"
#include "controller/peaks.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

Excess& excess_of(Core& core, const Why& why, Scope scope, bool promised = false) {
    for (Excess& known : core.excesses)
        if (known.policy == why.policy && known.event == why.event && known.scope == scope && known.promised == promised) return known;
    core.excesses.push_back({why.policy, why.event, scope, core.now.steady});
    core.excesses.back().promised = promised;
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
    if (!run.on || !state.seen || state.mode == Mode::off || (run.bars & (latched | maintained))) return std::nullopt;
    Cut cut{slot, {}, {}};
    if (core.carried[index(own)].empty()) cut.healthy = state.watts;
    for (const GroupId g : core.carried[index(own)]) {
        if (core.group(g).contactor != slot) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (load.on && core.is_flexible(g)) return std::nullopt;  // Not for others' sake: only what was put to sleep and did not go.
            if (load.on) cut.healthy += load.watts;
            else if (!load.seen || load.mode == Mode::running) cut.stuck += load.watts;
        }
    }
    return cut;
}

/// What the site file says is drawn beside the loads. What was learned may hold some that only say they rest.
Power overhead_of(const Core& core, Scope scope) {
    if (scope.kind == Scope::Kind::group) return {};
    return scope.kind == Scope::Kind::feeder ? core.site.feeders[scope.number].overhead : core.site.overhead;
}

/// All behind the contactor say that they rest. That some do not is possible only where the meter shows what nobody else
/// says to draw, beyond the overhead: a few per cent of the block, or more.
bool may_hide(const Core& core, Scope scope, Slot contactor) {
    const Balance sum = balance(core, scope);
    if (!sum.meter || !sum.firm_known) return true;
    Power block;
    for (const GroupId g : core.carried[index(core.group_of[contactor])])
        if (core.group(g).contactor == contactor) block += core.nameplate[index(g)];
    return *sum.meter - sum.cooled(told_by_loads(core, scope, sum)) - std::min(sum.residual, overhead_of(core, scope)) > Power{block.count / 50};
}

/// Contactors of the scope that have rested, those that cost the fewest healthy watts first.
std::vector<Cut> cuts(Core& core, Scope scope) {
    std::vector<Cut> found;
    for (const GroupId g : core.members[core.scope_index(scope)]) {
        if (!core.is_contactor(g) || core.group(g).tier != Tier::interruptible || core.local[index(g)]) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const auto cut = cut_by(core, s);
            if (!cut) continue;
            const Steady rested = later(run_at(core, s).since, core.group(g).contactor_rest);
            if (rested > core.now.steady) core.wake_at(rested);
            else if (cut->stuck > Power{} || core.carried[index(g)].empty() || (cut->healthy == Power{} && may_hide(core, scope, s))) found.push_back(*cut);
        }
    }
    std::ranges::stable_sort(found, {}, [](const Cut& c) { return std::pair{c.healthy, -c.stuck}; });
    return found;
}

/// A contactor of the scope was told to open, and the meter has not had the time to show what that did.
bool still_working(const Core& core, const Bound& bound) {
    const MeterState& meter = core.state.meters[index(*core.meter_of(bound.scope))];
    for (const GroupId g : core.members[core.scope_index(bound.scope)]) {
        if (!core.is_contactor(g)) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (load.on || load.order == OrderId{}) continue;
            const Steady shows = later(run_at(core, s).since, core.group(g).off_within + bound.window);
            if (load.seen ? meter.taken < shows : !load.failing) return true;
        }
    }
    return false;
}

/// What machines of the scope that were told to rest only lately will still give: each has as long to go as a contactor waits.
Power still_going(Core& core, const Bound& bound) {
    Power going;
    for (const GroupId g : core.members[core.scope_index(bound.scope)]) {
        if (!core.can_move(g)) continue;
        Slot s = core.group(g).loads.first;
        for (const Run& run : core.sums(g).runs) {
            const Steady patience = later(run.since, bound.contactor_after);
            const bool lately = !run.on && patience > core.now.steady;
            if (lately) core.wake_at(patience);
            for (; s < run.last; ++s) {
                const LoadState& load = core.state.loads[s];
                if (lately && !load.seen && !load.failing) going += std::max(Power{}, load.watts - core.group(g).standby);
            }
        }
    }
    return balance(core, bound.scope).cooled(going);
}

void open_contactors(Core& core, const Bound& bound, Power missing) {
    if (still_working(core, bound)) return;
    missing -= still_going(core, bound);
    for (const Cut& cut : cuts(core, bound.scope)) {
        if (missing <= Power{}) return;
        core.note(NoteKind::contactor_opens, cut.contactor, {}, event_of(core, bound.why), missing);
        command(core, {cut.contactor, cut.contactor + 1}, Rung::open, bound.why);
        missing -= cut.stuck > Power{} ? cut.stuck : cut.healthy;
        if (cut.stuck == Power{} && cut.healthy == Power{}) return;  // What hides behind it the meter must show first.
    }
}

/// The limit that wants all of the group's scope off.
const Bound* everything_off(const Core& core, GroupId g) {
    for (const Bound& bound : core.limits.bounds)
        if (bound.everything && under(core, bound.scope, g)) return &bound;
    return nullptr;
}

/// Somebody works on what hangs on the contactor.
bool worked_on(const Core& core, Slot contactor) {
    const auto touches = [&](const Maintenance& m) {
        return std::ranges::any_of(core.carried[index(core.group_of[contactor])], [&](GroupId g) {
            const Range loads = core.group(g).loads;
            return core.group(g).contactor == contactor && m.loads.first < loads.last && loads.first < m.loads.last;
        });
    };
    return std::ranges::any_of(core.state.maintenance, touches);
}

void call_back(Core& core, Slot contactor, Why why) {
    why.reason = Reason::called_back;
    command(core, {contactor, contactor + 1}, Rung::open, why);
}

/// A contactor that we opened closes when no emergency or excess stands over it, and its block would fit.
/// One that is on its way to close when an emergency comes is called back.
void close_contactors(Core& core) {
    bool closed = false;
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        if (!core.is_contactor(g) || core.local[i]) continue;
        for (Slot s = core.group(g).loads.first; s < core.group(g).loads.last; ++s) {
            const Run run = run_at(core, s);
            if (run.on && !core.state.loads[s].seen) {
                if (const Bound* everything = everything_off(core, g)) call_back(core, s, everything->why);
                continue;
            }
            if (run.on || run.bars || !core.state.journal_writes || core.yields[i] || worked_on(core, s) || close_forbidden(core, s)) continue;
            const Steady rested = later(run.since, core.group(g).contactor_rest);
            if (rested > core.now.steady) core.wake_at(rested);
            else if (const Power inrush = inrush_of(core, s); inrush_allows(core, g, inrush)) {
                take_inrush(core, g, inrush);
                command(core, {s, s + 1}, Rung::close, {{}, {}, Cause::capacity, 0, Reason::allowed_again});
                closed = true;
            }
        }
    }
    if (closed) make_room(core);  // While they were dark, price and limits had passed over whom they carry.
}

// ---- what a limit has come to

void tell_shortfall(Core& core, const Bound& bound, Excess& excess, Power missing, const Balance& sum) {
    if (std::exchange(excess.told, true)) return;
    const bool on_its_way = bound.window > Duration{0} && sum.expected() <= bound.down_to();
    core.note(NoteKind::shortfall, index(excess.policy), on_its_way ? std::string{mean_falls} : bound.everything ? std::string{} : not_given(core, bound.scope, bound.why.cause == Cause::emergency), event_of(core, bound.why), missing);
}

/// But for this bound, and whatever the pace, some load would come back.
bool holds_back(const Core& core, const Bound& bound, const Balance& sum) {
    const Room room = room_under(core, bound, sum);
    if (holds_flexible(core, bound, room)) return true;
    for (const GroupId g : core.members[core.scope_index(bound.scope)]) {
        const auto& runs = core.sums(g).runs;
        const Slot start = core.can_move(g) ? paying_from(core, g) : core.group(g).loads.last;
        for (std::size_t i = runs.size(); i-- > 0 && runs[i].last > start;) {
            if (runs[i].on || runs[i].bars) continue;
            if (!room.fits(added_by(core, runs[i].last - 1))) return true;
            break;  // The first to come back speaks for its group.
        }
    }
    return false;
}

/// A limit against the meter and the books.
struct Standing {
    Balance sum;
    bool shown = false;      ///< A fresh meter shows that it is met.
    Power over_books, over_meter;
};

Standing standing(const Core& core, const Bound& bound) {
    Standing now{balance(core, bound.scope), false, {}, {}};
    const auto meter = judged(core, bound);
    const bool asks = bound.window <= Duration{0} || triggered(core, bound, now.sum);
    if (asks) now.over_books = std::max(Power{}, now.sum.expected() - bound.high);
    if (meter) now.over_meter = std::max(Power{}, *meter - bound.high);
    now.shown = meter && *meter <= bound.high;
    return now;
}

/// Since when it is exceeded, and whether a contactor must go. Whether it still is, once one has, `judge` says.
void press(Core& core, const Bound& bound) {
    if (bound.standstill) return;
    const Standing now = standing(core, bound);
    if (now.over_meter == Power{} && now.over_books == Power{}) return;
    Excess& excess = excess_of(core, bound.why, bound.scope);
    excess.shown = now.over_meter > Power{} ? std::min(excess.shown, core.now.steady) : never;
    if (bound.why.escalate_to != EscalateTo::contactor || bound.why.cause == Cause::price || now.over_meter == Power{}) return;
    const Steady cut_at = later(later(std::max(excess.shown, bound.since), bound.prove_within), bound.contactor_after);
    if (core.now.steady >= cut_at) open_contactors(core, bound, now.over_meter);
    else core.wake_at(cut_at);
}

/// Somebody outside asked for it: it is told of while it stands, whether or not it holds anybody back just now.
bool obliges(const Bound& bound) { return bound.everything || bound.why.cause == Cause::dispatch || bound.why.cause == Cause::emergency || bound.why.cause == Cause::person; }

/// Asks nobody to go, so that nothing can be missing: what it binds is what there is.
void stand_still(Core& core, const Bound& bound) {
    const Balance sum = balance(core, bound.scope);
    core.constraining[index(bound.why.policy)] = 1;
    core.binding.push_back({bound.scope, bound.why, sum.expected(), sum.expected(), {}, sum.meter.has_value()});
}

/// A call that is more than its programme may ask is told of once, whatever becomes of it.
void tell_quota(Core& core, const Bound& bound) {
    const bool declined = bound.why.reason == Reason::beyond_quota;
    if (!declined && bound.why.reason != Reason::beyond_quota_obeyed) return;
    const auto call = std::ranges::find(core.state.obligations, bound.why.event, &Obligation::event);
    if (call == core.state.obligations.end() || std::exchange(call->quota_told, true)) return;
    core.note(declined ? NoteKind::beyond_quota : NoteKind::beyond_quota_obeyed, index(bound.why.policy), call->signal.id, call->event);
}

/// What is missing, once everybody has moved.
void judge(Core& core, const Bound& bound) {
    if (bound.standstill) return stand_still(core, bound);
    tell_quota(core, bound);
    const Standing now = standing(core, bound);
    Binding result{bound.scope, bound.why, bound.high, now.sum.expected(), now.over_books, now.shown};
    const bool sheds = now.over_meter > Power{} || now.over_books > Power{};
    if (sheds) {
        Excess& excess = excess_of(core, bound.why, bound.scope);
        excess.now = true;
        const Steady must = later(std::max(excess.since, bound.since), bound.prove_within);
        if (core.now.steady >= must) result.shortfall = std::max(result.shortfall, now.over_meter);
        else core.wake_at(must);
        if (result.shortfall > Power{}) tell_shortfall(core, bound, excess, result.shortfall, now.sum);
    }
    if (!obliges(bound) && !sheds && result.shortfall == Power{} && !holds_back(core, bound, now.sum)) return;
    core.constraining[index(bound.why.policy)] = 1;
    core.binding.push_back(result);
}

/// What a floor lacks; told only while it keeps somebody running, or is not met.
void judge_floor(Core& core, const FloorRoom& room) {
    const Floor& floor = *room.floor;
    const Balance sum = balance(core, floor.scope);
    const Power coming = sum.coming(floor.of);
    const bool met = sum.at_least(floor.of) >= floor.low;
    if (met && !room.held) return;
    core.binding.push_back({floor.scope, floor.why, floor.low, coming, std::max(Power{}, floor.low - coming), met});
}

/// Loads that are on their way back need a moment; what lacks for longer is told.
constexpr Duration promise_patience{300'000};

bool lies_in(const Core& core, Scope inner, Scope outer) {
    return std::ranges::all_of(core.members[core.scope_index(inner)], [&](GroupId g) { return under(core, outer, g); });
}

/// All that would have to go there if everybody called at once: no watt is given twice.
Power given_in(const Core& core, Scope scope) {
    Power sum;
    for (const Promise& promise : core.limits.promises)
        if (lies_in(core, promise.scope, scope)) sum += promise.give;
    return sum;
}

/// The same policy promises it to whoever may call; of a call that is known it need not say so again.
bool promised_anyway(const Core& core, const Promise& promise) {
    return promise.why.event != EventId{} && std::ranges::any_of(core.limits.promises, [&](const Promise& p) { return p.why.event == EventId{} && p.why.policy == promise.why.policy && p.scope == promise.scope; });
}

/// A promise that could not be kept if it were called in now, with those beside it, is told before it is.
void judge_promise(Core& core, const Promise& promise) {
    if (promised_anyway(core, promise)) return;
    const Balance sum = balance(core, promise.scope);
    const Power give = promise.give > Power{} ? given_in(core, promise.scope) : Power{};
    const Power missing = std::max(sum.rest() - promise.high, give - sum.coming(Floor::Of::sheddable));
    if (missing <= Power{}) return;
    Excess& excess = excess_of(core, promise.why, promise.scope, true);
    excess.now = true;
    const Steady tell = later(excess.since, promise_patience);
    if (core.now.steady < tell) return core.wake_at(tell);
    const bool grown = missing.count * 4 > excess.said.count * 5;
    if (std::exchange(excess.told, true) && !grown) return;
    excess.said = missing;
    core.note(NoteKind::promise_short, index(promise.why.policy), {}, {}, missing);
}

/// What is called in, or no more armed, was neither kept nor broken.
bool still_promised(const Core& core, const Excess& excess) {
    return std::ranges::any_of(core.limits.promises, [&](const Promise& p) { return p.why.policy == excess.policy && p.scope == excess.scope; });
}

void end_excesses(Core& core) {
    std::erase_if(core.excesses, [&](Excess& excess) {
        if (std::exchange(excess.now, false)) return false;
        EventId event = excess.event;
        for (const Episode& episode : core.state.episodes)
            if (event == EventId{} && episode.policy == excess.policy) event = episode.event;
        if (excess.told && (!excess.promised || still_promised(core, excess)))
            core.note(excess.promised ? NoteKind::promise_kept : NoteKind::shortfall_over, index(excess.policy), {}, event);
        return true;
    });
}

void bind_price(Core& core, GroupId g) {
    const GroupEnvelope& envelope = core.envelope[index(g)];
    const Cutoff* by = envelope.stops ? envelope.stops : envelope.starts;
    if (!by || !core.constraining[index(by->why.policy)]) return;
    const GroupState& sums = core.sums(g);
    core.binding.push_back({Scope::group(g), by->why, sums.planned, sums.planned, {}, sums.unseen == 0});
}

void close_episodes(Core& core) {
    std::erase_if(core.state.episodes, [&](const Episode& episode) {
        if (core.constraining[index(episode.policy)]) return false;
        if (std::ranges::any_of(core.pending, [&](const Pending& p) { return p.unseen > 0 && p.why.event == episode.event; })) return false;
        core.note(NoteKind::event_closed, index(episode.policy), core.site.policies[index(episode.policy)], episode.event);
        spend_hours(core, episode);
        return true;
    });
}

}  // namespace

void escalate(Core& core) {
    for (const Bound& bound : core.limits.bounds) press(core, bound);
    close_contactors(core);
    for (const Bound& bound : core.limits.bounds) judge(core, bound);
    for (const FloorRoom& room : core.floors) judge_floor(core, room);
    for (const Promise& promise : core.limits.promises) judge_promise(core, promise);
    end_excesses(core);
    name_overruled(core);
    tell_conflicts(core);
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) bind_price(core, GroupId{static_cast<std::uint16_t>(i)});
    close_episodes(core);
    for (const Episode& episode : core.state.episodes)
        for (Binding& binding : core.binding)
            if (binding.why.event == EventId{} && binding.why.policy == episode.policy) binding.why.event = episode.event;
}

}  // namespace ballast
