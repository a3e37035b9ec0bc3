#include "controller/snapshot.hpp"

#include "controller/books.hpp"
#include "controller/held_calls.hpp"
#include "controller/maintenance.hpp"
#include "controller/snapshot_calls.hpp"
#include "controller/words.hpp"

#include <algorithm>
#include <stdexcept>

namespace ballast {

namespace {

using snapshot::find;
using snapshot::In;
using snapshot::long_ago;
using snapshot::name;
using snapshot::named_things;
using snapshot::Names;
using snapshot::Out;
using snapshot::restore_calls;
using snapshot::save_calls;

template <class Io>
void io_site(Io& f, Core& core) {
    f.whole(core.last_order), f.whole(core.last_event);
    io(f, core.paces[0]), f.steady(core.next_stale), f.steady(core.next_overdue);
    f.whole(core.state.residual_mw[0]);
    f.flag(core.state.journal_writes);
    f.whole(core.state.residual_most_mw[0]);
    f.steady(core.lived);
    bool rated = core.state.hashprice.has_value();
    f.flag(rated);
    Price hashprice = core.state.hashprice.value_or(Price{});
    f.quantity(hashprice);
    if (rated) core.state.hashprice = hashprice;
    f.utc(core.state.hashprice_issued);
}

/// What was learned of efficiency is relative to these numbers.
std::int64_t nameplates_of(const Site& site, const Site::Group& group) {
    std::int64_t sum = group.loads.size();
    for (Slot s = group.loads.first; s < group.loads.last; ++s) sum += 1'000 * site.loads[s].joules_per_hash;
    return sum;
}

/// What rests for others, and what was taken when the epoch began.
void io_taken(auto& f, GroupState& g) {
    auto gave = g.gave.count();
    io(f, g.rested), f.whole(g.resting), f.whole(g.efficiency_ppm), f.whole(gave);
    g.gave = Duration{gave};
}

// ---- out

void save_loads(Out& f, Core& core) {
    f.w.number(core.site.loads.size());
    for (Slot s = 0; s < core.site.loads.size(); ++s) {
        f.text(core.site.loads[s].name);
        LoadState load = core.state.loads[s];
        Run run = run_at(core, s);
        const Site::Group& group = core.group(core.group_of[s]);
        // Past every dwell and averaging window the age says nothing more, and must not tell a step that nobody journaled.
        if (later(run.since, std::max({group.min_off, group.min_on, group.contactor_rest}) + std::chrono::hours{1}) <= f.now.steady) run.since = Steady::min();
        io(f, load, run);
    }
}

void save_group(Out& f, const Core& core, const Site::Group& group, GroupState& sums) {
    auto patience = group.stale_after.count();
    auto nameplates = nameplates_of(core.site, group);
    f.text(group.name), f.whole(patience), f.whole(nameplates), f.steady(sums.heard), f.steady(sums.next_wake), each(f, sums.sunk), io(f, sums.response), io(f, sums.efficiency);
    sums.rested.pass(core.now.utc, f.now.utc, f.now.steady - core.now.steady, sums.resting);
    io_taken(f, sums);
}

void save_named(Out& f, Core& core) {
    const Site& site = core.site;
    f.w.number(site.groups.size());
    for (std::size_t i = 0; i < site.groups.size(); ++i) save_group(f, core, site.groups[i], core.state.groups[i]);
    f.w.number(site.feeders.size());
    for (std::size_t i = 0; i < site.feeders.size(); ++i) {
        Pace pace;
        for (const Pace& known : core.paces)
            if (known.scope == Scope::feeder(FeederId{static_cast<std::uint16_t>(i)})) pace = known;
        f.text(site.feeders[i].name), f.whole(core.state.residual_mw[1 + i]), f.whole(core.state.residual_most_mw[1 + i]), io(f, pace);
    }
    f.w.number(site.meters.size());
    for (std::size_t i = 0; i < site.meters.size(); ++i) f.text(site.meters[i].name), io(f, core.state.meters[i]), each(f, core.state.meters[i].history);
    f.w.number(site.sources.size());
    for (std::size_t i = 0; i < site.sources.size(); ++i) {
        f.text(site.sources[i].name), io(f, core.state.sources[i]);
        bool told = core.state.levels[i].has_value();
        f.flag(told);
        if (told) io(f, *core.state.levels[i]);
        std::vector<PriceInterval> prices{core.state.prices[i].all().begin(), core.state.prices[i].all().end()};
        each(f, prices);
    }
    f.w.number(core.state.firm.size());
    for (FirmState& firm : core.state.firm) f.text(site.loads[firm.load].name), each(f, firm.peaks);
}

void save_flexible(Out& f, Core& core) {
    f.w.number(core.state.flexible.size());
    for (Slot s = core.state.first_flexible; core.state.is_flexible(s); ++s) {
        auto within = core.group(core.group_of[s]).flexible.checkpoint_within.count();
        f.text(core.site.loads[s].name), f.whole(within), io(f, core.state.flex(s));
    }
}

void save_pending(Out& f, const Site& site, Pending& p) {
    f.text(site.groups[index(p.group)].name);
    f.text(index(p.why.policy) < site.policies.size() ? site.policies[index(p.why.policy)] : std::string{});
    f.text(index(p.why.source) < site.sources.size() ? site.sources[index(p.why.source)].name : std::string{});
    io(f, p);
}

void save_guard(Out& f, Core& core, std::size_t guard) {
    f.text(core.site.policies[index(core.site.guards[guard].policy)]), io(f, core.state.guards[guard]);
    const TripTable table = core.armed[guard].value_or(TripTable{});
    f.w.number(static_cast<std::uint64_t>(table.id));
    f.w.number(table.stages.size());
    for (const auto& stage : table.stages) {
        f.w.number(stage.size());
        for (const Slot slot : stage) f.text(core.site.loads[slot].name);
    }
}

void save_persons(Out& f, Core& core) {
    f.w.number(core.state.disarmed.size());
    for (Disarm& d : core.state.disarmed) f.text(core.site.policies[index(d.policy)]), io(f, d);
    each(f, core.state.maintenance);
    each(f, core.state.overrides);
}

void save_standing(Out& f, Core& core) {
    const Site& site = core.site;
    save_calls(f, core);
    f.w.number(core.state.episodes.size());
    for (Episode& e : core.state.episodes)
        f.text(site.policies[index(e.policy)]), f.text(index(e.source) < site.sources.size() ? site.sources[index(e.source)].name : std::string{}), f.whole(e.event), f.whole(e.cause), f.steady(e.since), f.utc(e.since_utc);
    f.w.number(core.pending.size());
    for (Pending& p : core.pending) save_pending(f, site, p);
    f.w.number(core.holds.size());
    for (Hold& h : core.holds) f.text(h.target), f.text(h.who), f.steady(h.until);
    f.w.number(core.site.guards.size());
    for (std::size_t i = 0; i < core.site.guards.size(); ++i) save_guard(f, core, i);
    f.w.number(site.supplies.size());
    for (std::size_t i = 0; i < site.supplies.size(); ++i) f.text(site.policies[index(site.supplies[i].policy)]), io(f, core.state.supplies[i]);
    f.w.number(core.excesses.size());
    for (Excess& e : core.excesses) f.text(site.policies[index(e.policy)]), save_scope(f, site, e.scope), io(f, e);
    f.w.number(site.watches.size());
    for (std::size_t i = 0; i < site.watches.size(); ++i) f.text(site.policies[index(site.watches[i].policy)]), io(f, core.state.watches[i]);
    f.w.number(core.state.forecasts.size());
    for (PeakForecast& p : core.state.forecasts) f.text(site.sources[index(p.source)].name), io(f, p);
    save_persons(f, core);
    f.w.number(core.state.contests.size());
    for (Contest& c : core.state.contests) f.text(site.loads[c.load].name), io(f, c);
    f.w.number(core.state.notices.size());
    for (Notice& n : core.state.notices) f.text(site.groups[index(n.group)].name), f.text(site.policies[index(n.policy)]), io(f, n);
    f.w.number(core.conflicts.size());
    for (Conflict& c : core.conflicts) f.text(site.policies[index(c.holds)]), f.text(site.policies[index(c.yields)]), save_scope(f, site, c.scope);
}

// ---- in

void restore_loads(In& f, Core& core, const Names& names) {
    std::vector<Run> saved(core.site.loads.size(), Run{});
    std::size_t known = 0;
    named_things(f, names.loads, [&](std::optional<std::size_t> slot) {
        LoadState load;
        Run run;
        io(f, load, run);
        if (!slot || !f.r.ok()) return;
        const Power rated = core.site.loads[*slot].rated;
        if (load.taken == Steady::min()) load.watts = rated;
        core.state.loads[*slot] = load;
        ++known;
        saved[*slot] = run;
    });
    if (known < saved.size()) core.next_stale = core.now.steady;  // What is new has yet to be looked at.
    for (Slot s = 0; s < saved.size(); ++s)
        change_runs(core, {s, s + 1}, [&](Run& run) { run = {run.last, saved[s].since, saved[s].on, saved[s].bars}; });
}

void restore_named(In& f, Core& core, const Names& names) {
    State& state = core.state;
    named_things(f, names.groups, [&](auto i) {
        GroupState dropped;
        GroupState& g = i ? state.groups[*i] : dropped;
        std::int64_t patience = 0, nameplates = 0;
        f.whole(patience), f.whole(nameplates), f.steady(g.heard), f.steady(g.next_wake), each(f, g.sunk), io(f, g.response), io(f, g.efficiency), io_taken(f, g);
        g.rested.pass(f.saved.utc, core.now.utc, std::max(Duration{0}, core.now.utc - f.saved.utc), g.resting);  // What rested then rests still.
        if (i && nameplates != nameplates_of(core.site, core.site.groups[*i])) g.efficiency = {}, g.efficiency_ppm = 1'000'000;
        if (!i || core.site.groups[*i].stale_after.count() != patience) core.next_stale = core.now.steady;  // Look again.
    });
    named_things(f, names.feeders, [&](auto i) {
        std::int64_t residual = 0, most = State::unbounded;
        Pace pace;
        f.whole(residual), f.whole(most), io(f, pace);
        if (!i) return;
        state.residual_mw[1 + *i] = residual;
        state.residual_most_mw[1 + *i] = most;
        for (Pace& known : core.paces)
            if (known.scope == Scope::feeder(FeederId{static_cast<std::uint16_t>(*i)})) pace.scope = known.scope, pace.terms = known.terms, known = pace;
    });
    named_things(f, names.meters, [&](auto i) {
        MeterState meter;
        io(f, meter), each(f, meter.history);
        if (i) state.meters[*i] = std::move(meter);
    });
    named_things(f, names.sources, [&](auto i) {
        SourceState source;
        std::vector<PriceInterval> prices;
        std::optional<Level> level;
        io(f, source);
        bool told = false;
        f.flag(told);
        if (told) io(f, level.emplace());
        each(f, prices);
        if (!i) return;
        state.levels[*i] = level;
        state.prices[*i] = PriceTimeline::of(std::move(prices));
        // A source whose silence now counts, and did not, begins its grace afresh; one whose silence no longer counts lives.
        if (core.site.sources[*i].stale_after == Duration{0}) source.good_until = never, source.stale = source.silent = false;
        else if (source.good_until == never) source.good_until = state.sources[*i].good_until;
        state.sources[*i] = source;
    });
    named_things(f, names.loads, [&](auto slot) {
        FirmState firm;
        each(f, firm.peaks);
        for (FirmState& known : core.state.firm)
            if (slot && known.load == *slot) known.peaks = std::move(firm.peaks);
    });
}

void restore_pending(In& f, Core& core, const Names& names) {
    named_things(f, names.groups, [&](auto group) {
        const auto policy = find(names.policies, name(f)), source = find(names.sources, name(f));
        Pending p;
        io(f, p);
        if (!group) return;
        p.why.policy = PolicyId{static_cast<std::uint16_t>(policy.value_or(0))};
        p.why.source = SourceId{static_cast<std::uint16_t>(source.value_or(0))};
        p.group = GroupId{static_cast<std::uint16_t>(*group)};
        p.loads = {core.group(p.group).loads.last, 0};
        for (Slot s = core.group(p.group).loads.first; s < core.group(p.group).loads.last; ++s) {
            if (core.state.loads[s].order != p.id || core.state.loads[s].seen) continue;
            p.loads = {std::min(p.loads.first, s), std::max(p.loads.last, s + 1)};
            ++p.unseen;
        }
        if (p.unseen > 0) core.pending.push_back(p);
    });
    std::ranges::stable_sort(core.pending, {}, &Pending::id);
}

/// Nothing: none was decided on, or it has contactors that are no more.
std::optional<TripTable> restore_table(In& f, const Names& names) {
    TripTable table;
    table.id = OrderId{f.r.number()};
    bool known = table.id != OrderId{};
    for (std::size_t stages = f.r.count(); stages > 0 && f.r.ok(); --stages) {
        auto& stage = table.stages.emplace_back();
        named_things(f, names.loads, [&](auto slot) {
            if (slot) stage.push_back(static_cast<Slot>(*slot));
            else known = false;
        });
        std::ranges::sort(stage);
    }
    return known && f.r.ok() ? std::optional{std::move(table)} : std::nullopt;
}

bool of_its_stages(const TripTable& table, const Site::Guard& guard) {
    if (table.stages.size() != guard.stages.size()) return false;
    for (std::size_t i = 0; i < table.stages.size(); ++i)
        if (!std::ranges::includes(guard.stages[i].contactors, table.stages[i])) return false;
    return true;
}

void restore_persons(In& f, Core& core, const Names& names) {
    named_things(f, names.policies, [&](auto policy) {
        Disarm d;
        io(f, d);
        if (!policy) return;
        d.policy = PolicyId{static_cast<std::uint16_t>(*policy)};
        core.state.disarmed.push_back(std::move(d));
    });
    each(f, core.state.maintenance);
    std::erase_if(core.state.maintenance, [&](Maintenance& m) {
        const auto range = named(core, m.target);
        m.loads = range.value_or(Range{});
        return !range;
    });
    each(f, core.state.overrides);
    std::erase_if(core.state.overrides, [&](Override& o) {
        const auto scope = scope_named(core, o.target);
        o.scope = scope.value_or(Scope{});
        return !scope;
    });
}

void restore_told(In& f, Core& core, const Names& names) {
    named_things(f, names.loads, [&](auto slot) {
        Contest c;
        io(f, c);
        if (!slot) return;
        c.load = static_cast<Slot>(*slot);
        core.state.contests.push_back(c);
    });
    std::ranges::sort(core.state.contests, {}, &Contest::load);
    named_things(f, names.groups, [&](auto group) {
        Notice n;
        const auto policy = find(names.policies, name(f));
        io(f, n);
        if (!group || !policy) return;
        n.group = GroupId{static_cast<std::uint16_t>(*group)};
        n.policy = PolicyId{static_cast<std::uint16_t>(*policy)};
        core.state.notices.push_back(n);
    });
    named_things(f, names.policies, [&](auto holds) {
        Conflict c;
        const auto yields = find(names.policies, name(f));
        const auto scope = restore_scope(f, names);
        if (!holds || !yields || !scope) return;
        c.scope = *scope;
        c.holds = PolicyId{static_cast<std::uint16_t>(*holds)};
        c.yields = PolicyId{static_cast<std::uint16_t>(*yields)};
        core.conflicts.push_back(c);
    });
}

void restore_standing(In& f, Core& core, const Names& names) {
    restore_calls(f, core, names);
    named_things(f, names.policies, [&](auto policy) {
        Episode e;
        e.source = SourceId{static_cast<std::uint16_t>(find(names.sources, name(f)).value_or(0))};
        f.whole(e.event), f.whole(e.cause), f.steady(e.since), f.utc(e.since_utc);
        if (!policy) return;
        e.policy = PolicyId{static_cast<std::uint16_t>(*policy)};
        core.state.episodes.push_back(e);
    });
    restore_pending(f, core, names);
    const std::size_t holds = f.r.count();
    for (std::size_t i = 0; i < holds && f.r.ok(); ++i) {
        Hold h;
        f.text(h.target), f.text(h.who), f.steady(h.until);
        const auto range = named(core, h.target);
        h.loads = range.value_or(Range{});
        if (range) core.holds.push_back(std::move(h));
    }
    named_things(f, names.policies, [&](auto policy) {
        GuardState guard;
        io(f, guard);
        auto table = restore_table(f, names);
        // Nobody watched while we were away.
        if (f.now.utc - f.saved.utc > Duration{1'000}) guard.calm_since = never;
        for (std::size_t i = 0; i < core.site.guards.size(); ++i) {
            if (!policy || core.site.guards[i].policy != PolicyId{static_cast<std::uint16_t>(*policy)}) continue;
            core.state.guards[i] = guard;
            if (!table || !of_its_stages(*table, core.site.guards[i])) continue;
            table->guard = GuardId{static_cast<std::uint16_t>(i)};
            core.armed[i] = std::move(table);
        }
    });
    named_things(f, names.policies, [&](auto policy) {
        SupplyState supply;
        io(f, supply);
        for (std::size_t i = 0; policy && i < core.site.supplies.size(); ++i)
            if (core.site.supplies[i].policy == PolicyId{static_cast<std::uint16_t>(*policy)}) core.state.supplies[i] = supply;
    });
    named_things(f, names.policies, [&](auto policy) {
        Excess e;
        const auto scope = restore_scope(f, names);
        io(f, e);
        if (!policy || !scope) return;
        e.policy = PolicyId{static_cast<std::uint16_t>(*policy)};
        e.scope = *scope;
        core.excesses.push_back(e);
    });
    named_things(f, names.policies, [&](auto policy) {
        PeakWatch watch;
        io(f, watch);
        for (std::size_t i = 0; i < core.site.watches.size(); ++i)
            if (policy && index(core.site.watches[i].policy) == *policy) core.state.watches[i] = watch;
    });
    named_things(f, names.sources, [&](auto source) {
        PeakForecast p;
        io(f, p);
        p.source = SourceId{static_cast<std::uint16_t>(source.value_or(0))};
        if (source) core.state.forecasts.push_back(std::move(p));
    });
    restore_persons(f, core, names);
    restore_told(f, core, names);
}

void restore_flex_states(In& f, Core& core, const Names& names) {
    named_things(f, names.loads, [&](auto slot) {
        FlexState flex;
        std::int64_t within = 0;
        f.whole(within), io(f, flex);
        const auto s = static_cast<Slot>(slot.value_or(core.site.loads.size()));
        if (!core.state.is_flexible(s)) return;
        core.state.flex(s) = flex;
        if (core.group(core.group_of[s]).flexible.checkpoint_within.count() != within) core.next_overdue = core.now.steady;  // Look again.
    });
}

/// What no longer fits together, because the site file put a load into another group or tier, or took its group's name away:
/// a load that waits for an order nobody keeps is as it last said, a firm one runs, and no hold is left without its end.
void settle(Core& core) {
    for (Slot s = 0; s < core.site.loads.size(); ++s) {
        LoadState& load = core.state.loads[s];
        const GroupId g = core.group_of[s];
        const bool firm = core.group(g).tier == Tier::firm;
        const auto kept = std::ranges::lower_bound(core.pending, load.order, {}, &Pending::id);
        const bool waits = kept != core.pending.end() && kept->id == load.order && kept->group == g;
        if (!firm && (load.seen || waits)) continue;
        if (firm && load.on && load.seen) continue;
        load.on = firm || !rests(load.mode);
        load.seen = true;
        load.failing = false;
        change_runs(core, {s, s + 1}, [&](Run& run) { run.on = load.on; });
    }
    std::erase_if(core.pending, [&](const Pending& p) { return core.group(p.group).tier == Tier::firm; });
    lift_holds(core, {0, static_cast<Slot>(core.site.loads.size())});
    lift_maintenance(core, {0, static_cast<Slot>(core.site.loads.size())});
}

// What a disk has bent may still read as some state or other, with another limit in it: hence a seal over all of it, at its end.
constexpr std::size_t seal_bytes = 8;

std::uint64_t seal_of(std::string_view bytes) {
    Digest digest{snapshot_version};
    digest.text(bytes);
    return digest.value();
}

}  // namespace

std::string save(const Core& state, Now now) {
    Core core = state;  // One set of functions for both ways needs something to point at; a snapshot is rare.
    std::string bytes;
    Out f{Writer{bytes}, now};
    f.w.number(snapshot_version);
    f.w.integer(now.utc.time_since_epoch().count());
    if (core.lived == core.now.steady) core.lived = now.steady;  // It goes on living; one that has yet to step does not.
    io_site(f, core);
    save_loads(f, core);
    save_named(f, core);
    save_standing(f, core);
    save_flexible(f, core);
    f.w.packed(seal_of(bytes), seal_bytes);
    return bytes;
}

void restore(Core& core, const std::string& bytes) {
    const std::string_view sealed = std::string_view{bytes}.substr(0, bytes.size() - std::min(bytes.size(), seal_bytes));
    In f{Reader{sealed}, {}, core.now};
    if (f.r.number() != snapshot_version) throw std::runtime_error{"the journal's snapshot is damaged, or of another version of Ballast"};
    if (Reader{std::string_view{bytes}.substr(sealed.size())}.packed(seal_bytes) != seal_of(sealed)) throw std::runtime_error{"the journal's snapshot is damaged"};
    f.saved.utc = Instant{Duration{f.r.integer()}};
    const Names names{core.site};
    io_site(f, core);
    restore_loads(f, core, names);
    restore_named(f, core, names);
    restore_standing(f, core, names);
    restore_flex_states(f, core, names);
    if (!f.r.ok()) throw std::runtime_error{"the journal's snapshot is damaged"};
    settle(core);
    hold_on(core, {f.saved.utc, core.now.steady - std::max(Duration{0}, core.now.utc - f.saved.utc)});
}

}  // namespace ballast
