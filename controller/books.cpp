#include "controller/books.hpp"

#include "controller/flexible.hpp"
#include "controller/frequency.hpp"
#include "model/check.hpp"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/core.h>

namespace ballast {

std::size_t Core::scope_index(Scope scope) const {
    switch (scope.kind) {
    case Scope::Kind::site: return 0;
    case Scope::Kind::feeder: return 1 + std::size_t{scope.number};
    case Scope::Kind::group: return 1 + site.feeders.size() + scope.number;
    }
    return 0;
}

std::optional<MeterId> Core::meter_of(Scope scope) const {
    if (scope.kind == Scope::Kind::site) return site.meter;
    if (scope.kind == Scope::Kind::feeder) return site.feeders[scope.number].meter;
    return std::nullopt;
}

std::int64_t Core::cooling_of(Scope scope) const {
    if (scope.kind == Scope::Kind::group) return 0;
    return scope.kind == Scope::Kind::site ? site.cooling_ppm : site.feeders[scope.number].cooling_ppm;
}

void Core::note(NoteKind kind, std::size_t number, std::string text, EventId event, Power power) {
    notes.push_back({kind, static_cast<std::uint32_t>(number), event, power, std::move(text)});
}

bool cut_off(const Core& core, GroupId g) {
    const auto& contactor = core.group(g).contactor;
    if (!contactor) return false;
    const LoadState& load = core.state.loads[*contactor];
    return !load.on && load.seen && load.mode == Mode::off;
}

bool has_supply(const Core& core, GroupId g) {
    const auto& contactor = core.group(g).contactor;
    if (!contactor) return true;
    const LoadState& load = core.state.loads[*contactor];
    return load.on && load.seen && (run_at(core, *contactor).bars & (latched | locked_out | maintained)) == 0;
}

void recount(Core& core, GroupId g) {
    const Site::Group& group = core.group(g);
    GroupState& sums = core.sums(g);
    sums.planned = sums.possible = sums.lowering = sums.raising = sums.measured = sums.unknown = sums.doubtful = {};
    sums.stale = sums.unseen = 0;
    const bool dead = cut_off(core, g);
    for (Slot s = group.loads.first; s < group.loads.last; ++s) {
        const Draw draw = core.is_flexible(g) ? flex_draw(core.state.loads[s], core.state.flex(s), core.site.loads[s].rated, group.standby, dead)
                                              : draw_of(core.state.loads[s], core.site.loads[s].rated, group.standby, dead);
        sums.planned += draw.planned;
        sums.possible += draw.possible;
        sums.lowering += draw.lowering;
        sums.measured += draw.measured;
        sums.unknown += draw.unknown;
        sums.raising += draw.raising;
        sums.doubtful += draw.doubtful;
        sums.stale += core.state.loads[s].stale;
        sums.unseen += !core.state.loads[s].seen;
    }
}

void find_frontier(Core& core, GroupId g) {
    Frontier& frontier = core.frontier[index(g)] = {};
    const Price* strikes = core.state.strikes.data();
    Slot first = core.group(g).loads.first;
    if (!core.group(g).loads.empty()) frontier.lowest = strikes[first];
    for (const Run& run : core.sums(g).runs) {
        if (run.on && !(run.bars & (held | maintained))) frontier.lowest_on = std::min(frontier.lowest_on, strikes[first]);
        if (!run.on && run.bars == 0) frontier.highest_off = strikes[run.last - 1];
        first = run.last;
    }
}

const Run& run_at(const Core& core, Slot slot) {
    const auto& runs = core.sums(core.group_of[slot]).runs;
    const auto found = std::ranges::upper_bound(runs, slot, {}, &Run::last);
    BALLAST_CHECK(found != runs.end());
    return *found;
}

namespace {

bool tells(const LoadState& load) { return !load.stale && load.mode != Mode::unknown && load.quality != Quality::bad; }

/// It was never heard, and may still answer in time: at a start the hall's first poll is on its way.
bool yet_to_tell(const LoadState& load, const Site::Group& group) {
    return !load.stale && load.taken == Steady::min() && group.stale_after != Duration::max();
}

/// The greatest of what was promised, what is drawn, and what was drawn lately; unknown counts as nameplate.
Power reserve_of(const Core& core, const FirmState& firm) {
    const LoadState& load = core.state.loads[firm.load];
    const Site::Group& group = core.group(core.group_of[firm.load]);
    if (yet_to_tell(load, group)) return group.reserve;
    if (!tells(load)) return core.site.loads[firm.load].rated;
    const Power peak = firm.peaks.empty() ? Power{} : firm.peaks.front().power;
    return std::max({group.reserve, load.reading, peak});
}

Power residual_of(const Core& core, Scope scope) {
    if (scope.kind == Scope::Kind::group) return {};
    return Power{core.state.residual_mw[core.scope_index(scope)] / 1'000};
}

}  // namespace

namespace {

/// Of what loads were seen to give up, that which this meter's last word may be too old to show.
Power not_yet_shown(const GroupState& group, const MeterState& meter, Duration lag, Steady now) {
    Power sum;
    for (const Sunk& sunk : group.sunk)
        if (later(sunk.seen, lag) > meter.taken && later(sunk.seen, longest_lag) > now) sum += sunk.power;
    return sum;
}

}  // namespace

Power told_by_loads(const Core& core, Scope scope, const Balance& sum) {
    Power loads = sum.firm_draw;
    for (const GroupId g : core.members[core.scope_index(scope)])
        if (core.group(g).tier != Tier::firm) loads += core.sums(g).measured;
    return loads;
}

Balance balance(const Core& core, Scope scope) {
    Balance sum;
    const auto meter = core.meter_of(scope);
    const MeterState* shows = meter ? &core.state.meters[index(*meter)] : nullptr;
    for (const GroupId g : core.members[core.scope_index(scope)]) {
        const Site::Group& group = core.group(g);
        if (group.tier == Tier::firm) continue;
        const GroupState& s = core.sums(g);
        sum.planned += s.planned;
        sum.possible += s.possible;
        sum.lowering += s.lowering;
        if (const Power late = shows ? not_yet_shown(s, *shows, core.site.meters[index(*meter)].lag, core.now.steady) : Power{}; late > Power{})
            sum.lowering += late, sum.late += late, sum.quiet = false;
        sum.unknown += s.unknown;
        sum.raising += s.raising;
        sum.doubtful += s.doubtful;
        sum.quiet = sum.quiet && s.unseen == 0 && s.stale == 0;
        if (group.tier == Tier::flexible) sum.flexible += s.possible;
        if (!core.can_move(g)) continue;
        const Power standby{group.standby.count * group.loads.size()};
        sum.standby += standby;
        sum.sheddable += s.planned - standby;
        sum.sheddable_raising += s.raising;
        sum.sheddable_doubtful += s.doubtful;
    }
    for (const FirmState& firm : core.state.firm) {
        if (!under(core, scope, core.group_of[firm.load])) continue;
        const LoadState& load = core.state.loads[firm.load];
        const Power reserve = reserve_of(core, firm);
        sum.firm_reserve += reserve;
        if (yet_to_tell(load, core.group(core.group_of[firm.load]))) sum.firm_unheard += std::max(Power{}, core.site.loads[firm.load].rated - reserve);
        sum.firm_known = sum.firm_known && tells(load);
        sum.firm_draw += load.quality == Quality::bad ? core.site.loads[firm.load].rated : load.reading;
    }
    sum.residual = residual_of(core, scope);
    sum.cooling_ppm = core.cooling_of(scope);
    sum.metered = shows != nullptr;
    if (shows && shows->fresh) sum.meter = shows->power;
    return sum;
}

bool under(const Core& core, Scope scope, GroupId g) {
    switch (scope.kind) {
    case Scope::Kind::site: return true;
    case Scope::Kind::feeder: return core.fed[scope.number][index(g)] != 0;
    case Scope::Kind::group: return index(g) == scope.number;
    }
    return false;
}

bool close_forbidden(const Core& core, Slot contactor) {
    if (trip_holds(core, contactor)) return true;
    const GroupId g = core.group_of[contactor];
    Power block = core.site.loads[contactor].rated;
    for (const GroupId c : core.carried[index(g)])
        for (Slot s = core.group(c).loads.first; s < core.group(c).loads.last && core.group(c).contactor == contactor; ++s)
            block += std::max(core.rated[s], core.state.loads[s].watts);  // Some draw more than their nameplate says.
    return std::ranges::any_of(core.limits.bounds, [&](const Bound& b) {
        if (!under(core, b.scope, g)) return false;
        const Balance sum = balance(core, b.scope);
        return b.everything || b.standstill || (sum.metered && !sum.meter) || sum.at_most() >= b.release || sum.at_most() + sum.cooled(block) > b.aim;
    });
}

std::optional<Power> judged(const Core& core, const Bound& bound) {
    const auto id = core.meter_of(bound.scope);
    if (!id || !core.state.meters[index(*id)].fresh) return std::nullopt;
    const MeterState& meter = core.state.meters[index(*id)];
    if (bound.window <= Duration{0}) return meter.power;
    // Up to its last word, so that time alone changes nothing.
    return meter.mean(meter.taken - bound.window, meter.taken).value_or(meter.power);
}

bool triggered(const Core& core, const Bound& bound, const Balance& sum) {
    if (bound.everything || bound.standstill) return bound.everything;
    if (bound.window <= Duration{0}) return sum.expected() > bound.high;
    return judged(core, bound).value_or(sum.expected()) > bound.high && sum.expected() > bound.down_to();
}

Room room_under(const Core& core, const Bound& bound, const Balance& sum) {
    Room room{&bound, false, sum.meter.has_value(), sum.cooling_ppm, {}, {}};
    const bool blind = sum.metered && !sum.meter;
    if (bound.everything || bound.standstill || blind || sum.at_most() >= bound.release) return room;
    if (bound.window > Duration{0} && judged(core, bound).value_or(bound.release) >= bound.release) return room;
    room.open = true;
    room.books = bound.aim - (sum.cooled(sum.possible + sum.firm_reserve + sum.firm_unheard + (sum.meter ? Power{} : sum.unknown)) + sum.residual);
    if (sum.meter) room.meter = bound.aim - (*sum.meter + sum.cooled(sum.raising));
    return room;
}

namespace {

/// How the sums change when the load is told to go one way.
Draw moved_by(const Core& core, Slot s, bool on) {
    const GroupId g = core.group_of[s];
    LoadState load = core.state.loads[s];
    const Power rated = core.site.loads[s].rated, standby = core.group(g).standby;
    const bool dead = cut_off(core, g);
    Draw moved;
    count<Into::out>(moved, load, rated, standby, dead);
    load.on = on;
    load.seen = load.failing = false;
    count<Into::sum>(moved, load, rated, standby, dead);
    return moved;
}

}  // namespace

Draw added_by(const Core& core, Slot s) { return moved_by(core, s, true); }
Draw lost_by(const Core& core, Slot s) { return moved_by(core, s, false); }

Slot first_to_withstand(const Core& core, Range loads, Price cutoff) {
    if (cutoff == Price::max()) return loads.last;
    const Price* base = core.state.strikes.data() + loads.first;
    for (std::size_t left = loads.size(); left > 0;) {
        const std::size_t half = (left + 1) / 2;
        base += base[half - 1] < cutoff ? half : 0;
        left -= half;
    }
    return static_cast<Slot>(base - core.state.strikes.data());
}

namespace {

Power could_rise(const Core& core, GroupId g) {
    Power sum;
    if (!core.can_move(g) || core.local[index(g)] || !has_supply(core, g)) return sum;
    Slot first = core.group(g).loads.first;
    for (const Run& run : core.sums(g).runs) {
        const Range resting{first, run.last};
        first = run.last;
        if (run.on || run.bars) continue;
        for (Slot s = first_to_withstand(core, resting, paying_at(core, g)); s < resting.last; ++s) sum += core.state.loads[s].watts;
    }
    return sum;
}

}  // namespace

Power could_rise(const Core& core) {
    Power all;
    std::vector<Power> by_group;
    for (const GroupId g : core.members[0]) all += by_group.emplace_back(could_rise(core, g));
    for (const Bound& bound : core.limits.bounds) {
        Power here;
        for (const GroupId g : core.members[core.scope_index(bound.scope)]) here += by_group[index(g)];
        const Room room = room_under(core, bound, balance(core, bound.scope));
        const Power open = !room.open ? Power{} : room.metered ? std::min(room.books, room.meter) : room.books;
        all -= std::max(Power{}, here - std::max(Power{}, open));
    }
    return std::max(Power{}, all);
}

EventId event_of(Core& core, const Why& why) {
    if (why.event != EventId{} || why.cause == Cause::person) return why.event;  // A person's word is nobody's event.
    for (const Episode& episode : core.state.episodes)
        if (episode.policy == why.policy) return episode.event;
    const EventId event{++core.last_event};
    core.state.episodes.push_back({why.policy, event, why.source, why.cause, core.now.steady, core.now.utc});
    core.note(NoteKind::event_opened, index(why.policy), event_name(core.site, core.state.episodes.back()), event, balance(core, Scope::site()).drawn());
    return event;
}

std::string event_name(const Site& site, const Episode& episode) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(episode.since_utc);
    return fmt::format("{}-{:%Y%m%dT%H%M%SZ}", site.policies[index(episode.policy)], fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

}  // namespace ballast
