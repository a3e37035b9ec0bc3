#include "controller/engine.hpp"

#include "controller/books.hpp"
#include "controller/core.hpp"
#include "controller/pace.hpp"
#include "controller/flexible.hpp"
#include "controller/hosting.hpp"
#include "controller/local.hpp"
#include "controller/snapshot.hpp"
#include "controller/words.hpp"
#include "model/check.hpp"

#include <algorithm>

namespace ballast {

struct Engine::Parts : Core {
    Decision decision;
};

namespace {

void index_site(Core& core) {
    const Site& site = core.site;
    core.group_of.resize(site.loads.size());
    core.frontier.resize(site.groups.size());
    core.members.assign(1 + site.feeders.size() + site.groups.size(), {});
    core.carried.assign(site.groups.size(), {});
    core.fed.assign(site.feeders.size(), std::vector<std::uint8_t>(site.groups.size()));
    for (std::size_t i = 0; i < site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        const Site::Group& group = site.groups[i];
        core.nameplate.emplace_back();
        core.contactor.push_back(group.driver == "contactor");
        core.interruptible.push_back(group.tier == Tier::interruptible && !core.contactor.back());
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            core.group_of[s] = g;
            core.nameplate[i] += site.loads[s].rated;
            core.rated.push_back(site.loads[s].rated);
        }
        core.members[0].push_back(g);
        for (auto f = group.feeder; f; f = site.feeders[index(*f)].under) {
            core.members[1 + index(*f)].push_back(g);
            core.fed[index(*f)][i] = 1;
        }
        core.members[1 + site.feeders.size() + i].push_back(g);
    }
    core.paces = paces_of(site);
    for (const Pace& pace : core.paces) {
        core.paced_up = core.paced_up || pace.terms.up_per_minute > Power{} || pace.terms.inrush > Power{};
        core.paced_down = core.paced_down || pace.terms.down_per_minute > Power{};
    }
    for (const GroupId g : core.members[0])
        if (core.is_flexible(g)) core.flexible_turns.push_back(g);
    index_customers(core);
    std::ranges::stable_sort(core.flexible_turns, {}, [&](GroupId g) { return core.group(g).flexible.turn; });
    for (std::size_t i = 0; i < site.groups.size(); ++i)
        if (const auto contactor = site.groups[i].contactor)
            core.carried[index(core.group_of[*contactor])].push_back(GroupId{static_cast<std::uint16_t>(i)});
}

/// Every load presumed running at its nameplate, every source silent for as long as it may be.
void begin_afresh(Core& core) {
    State& state = core.state;
    const Site& site = core.site;
    state.site = &site;
    state.loads.resize(site.loads.size());
    state.groups.resize(site.groups.size());
    state.meters.resize(site.meters.size());
    state.sources.resize(site.sources.size());
    state.prices.resize(site.sources.size());
    state.guards.resize(site.guards.size());
    state.levels.resize(site.sources.size());
    state.supplies.resize(site.supplies.size());
    state.watches.resize(site.watches.size());
    core.armed.resize(site.guards.size());
    state.residual_mw.assign(1 + site.feeders.size(), 0);
    state.residual_mw[0] = site.overhead.count * 1'000;
    state.residual_most_mw.assign(1 + site.feeders.size(), State::unbounded);
    for (std::size_t f = 0; f < site.feeders.size(); ++f) state.residual_mw[1 + f] = site.feeders[f].overhead.count * 1'000;
    for (std::size_t i = 0; i < site.sources.size(); ++i)
        if (site.sources[i].stale_after > Duration{0}) state.sources[i].good_until = later(core.now.steady, site.sources[i].stale_after);
    for (Slot s = 0; s < site.loads.size(); ++s) {
        state.loads[s].watts = site.loads[s].rated;
        state.loads[s].heard = core.now.steady;
        state.strikes.push_back(site.loads[s].strike);
        if (core.group(core.group_of[s]).tier == Tier::firm) state.firm.push_back({s, {}});
        if (!core.is_flexible(core.group_of[s])) continue;
        if (state.flexible.empty()) state.first_flexible = s;
        state.flexible.emplace_back();
        BALLAST_CHECK(state.first_flexible + state.flexible.size() == s + 1u);
    }
    for (std::size_t i = 0; i < site.groups.size(); ++i)
        if (!site.groups[i].loads.empty()) state.groups[i].runs.push_back({site.groups[i].loads.last, Steady::min(), true, 0});
}

/// For this epoch a resting machine counts as drawing what its like were seen to draw.
void take_learned_residuals(Core& core) {
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        Site::Group& group = core.site.groups[i];
        if (!core.movable[i] || group.loads.empty()) continue;
        const Power each{core.nameplate[i].count / static_cast<std::int64_t>(group.loads.size())};
        if (const auto residual = core.state.groups[i].response.residual(each)) group.standby = *residual;
    }
}

/// Who goes first: by what its machines were seen to draw for a hash, and by what customers have given for others.
void put_in_order(Core& core) {
    const Site& site = core.site;
    core.merit.resize(site.loads.size());
    for (std::size_t i = 0; i < site.groups.size(); ++i) {
        const Site::Group& group = site.groups[i];
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            const std::int64_t joules = core.joules_per_hash(GroupId{static_cast<std::uint16_t>(i)}, s);
            core.merit[s] = joules > 0 ? -joules : std::numeric_limits<std::int64_t>::min();
            if (group.own_strikes && s > group.loads.first) core.merit[s] = std::max(core.merit[s - 1], core.merit[s]);  // Nobody before who mines for less.
            BALLAST_CHECK(s == group.loads.first || core.merit[s - 1] <= core.merit[s] || group.driver == "contactor");
        }
    }
    share_out(core);
}

void size_scratch(Core& core) {
    core.envelope.resize(core.site.groups.size());
    core.open_order.resize(core.site.groups.size());
    core.told_upto.clear();
    for (const Site::Group& group : core.site.groups) core.told_upto.push_back(group.loads.first);
    core.constraining.resize(core.site.policies.size());
    core.may_wake.resize(core.site.groups.size());
    core.yields.resize(core.site.groups.size());
    core.movable = core.interruptible;
    core.local.resize(core.site.groups.size());
    core.watched.resize(core.site.groups.size());
}

}  // namespace

Engine::Engine(Site site, std::vector<Policy> policies, const Snapshot& start, Now now) : parts_{std::make_unique<Parts>()} {
    Core& core = *parts_;
    core.site = std::move(site);
    core.policies = std::move(policies);
    core.now = now;
    core.next_stale = core.next_overdue = now.steady;
    index_site(core);
    begin_afresh(core);
    size_scratch(core);
    if (!start.bytes.empty()) restore(core, start.bytes);
    take_learned_residuals(core);
    put_in_order(core);
    throw_switches(core);
    rate_strikes(core);
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) recount(core, GroupId{static_cast<std::uint16_t>(i)});
}

Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const Decision& Engine::step(Now now, std::span<const Event> heard) {
    Core& core = *parts_;
    BALLAST_CHECK(now.steady >= core.now.steady);
    const Now before = std::exchange(core.now, now);
    core.wake = never;
    core.orders.clear();
    core.binding.clear();
    core.misses.clear();
    core.notes.clear();
    core.above_cap.clear();
    core.tables.clear();
    core.overruled.clear();
    std::ranges::fill(core.open_order, std::size_t{0});

    count_rests(core, before);
    for (const Event& event : heard) apply(core, event);
    expire(core);
    resolve(core);
    verify(core);
    allocate(core);
    escalate(core);
    judge_rests(core);
    // What a floor lets go depends on what has just been ordered, and was measured before.
    if (!core.floors.empty() && !core.orders.empty()) core.wake_at(later(now.steady, Duration{1}));
    arm(core);
    core.lived = now.steady;

    std::erase_if(core.pending, [](const Pending& p) { return p.unseen == 0; });
    for (const Order& order : core.orders)
        if (const auto p = std::ranges::lower_bound(core.pending, order.id, {}, &Pending::id); p != core.pending.end()) core.wake_at(p->due);
    parts_->decision = {now, core.wake, core.orders, core.binding, core.misses, core.notes, core.tables, core.overruled};
    return parts_->decision;
}

Snapshot Engine::snapshot(Now now) const { return {save(*parts_, now)}; }

Snapshot Engine::snapshot_for_epoch(Now now) const {
    Core core = *parts_;
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        GroupState& group = core.state.groups[i];
        group.efficiency_ppm = group.efficiency.factor_ppm();
    }
    for (const Customer& customer : core.customers)
        for (const GroupId g : customer.groups) core.sums(g).gave = rested_each(core.state, customer);
    return {save(core, now)};
}

void Engine::renew(const Snapshot& own, Now now) { *this = Engine{std::move(parts_->site), std::move(parts_->policies), own, now}; }

namespace {

/// Of orders not yet seen to be obeyed, those of their loads that `wanted(slot, pending)` accepts; neighbours in one.
template <class Wanted>
std::vector<Order> unseen(const Core& core, Wanted wanted) {
    std::vector<Order> orders;
    for (const Pending& p : core.pending) {
        for (Slot s = p.loads.first; s < p.loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (load.order != p.id || load.seen || !wanted(s, p)) continue;
            const bool joins = !orders.empty() && orders.back().id == p.id && orders.back().loads.last == s && p.rung != Rung::cap;
            if (joins) ++orders.back().loads.last;
            else orders.push_back({p.id, p.group, {s, s + 1}, p.rung, p.attempt, p.why, p.rung == Rung::cap ? core.state.flex(s).cap : Power{}});
        }
    }
    return orders;
}

/// Checkpoints that were asked for and not answered, as they were asked for.
void add_checkpoints(const Core& core, std::vector<Order>& orders) {
    for (Slot s = core.state.first_flexible; core.state.is_flexible(s); ++s) {
        const FlexState& flex = core.state.flex(s);
        if (flex.checkpoint == OrderId{} || flex.asked == never || flex.missed || flex.saved >= flex.asked) continue;
        Why why{{}, {}, Cause::dispatch, 0, Reason::still_standing};
        why.event = flex.event;
        orders.push_back({flex.checkpoint, core.group_of[s], {s, s + 1}, Rung::checkpoint, 1, why});
    }
}

}  // namespace

std::vector<Order> Engine::outstanding() const {
    const Core& core = *parts_;
    std::vector<Order> orders = unseen(core, [&](Slot, const Pending& p) { return !raises(p.rung) && (!core.local[index(p.group)] || core.can_move(p.group)); });
    add_checkpoints(core, orders);
    return orders;
}

std::vector<Order> Engine::outstanding_raises(OrderId upto) const {
    return unseen(*parts_, [&](Slot s, const Pending& p) { return raises(p.rung) && p.id <= upto && may_repeat(*parts_, s, p); });
}

OrderId Engine::last_order() const { return OrderId{parts_->last_order}; }

std::vector<TripTable> Engine::tables() const {
    std::vector<TripTable> tables;
    for (const auto& table : parts_->armed)
        if (table) tables.push_back(*table);
    return tables;
}

Power Engine::available_up() const { return could_rise(*parts_); }

FlexMove Engine::next_move(Slot flexible, bool emergency) const { return ballast::next_move(*parts_, flexible, emergency); }

Power Engine::available_flexible() const {
    Power sum;
    for (Slot s = parts_->state.first_flexible; parts_->state.is_flexible(s); ++s) sum += could_give(*parts_, s);
    return sum;
}

const State& Engine::state() const { return parts_->state; }
const Site& Engine::site() const { return parts_->site; }

}  // namespace ballast
