#pragma once
#include "controller/books.hpp"
#include "controller/flexible.hpp"
#include "model/state.hpp"

#include <deque>
#include <optional>
#include <utility>

namespace ballast::tests {

/// Everything that the engine counts as it goes along, counted from scratch: from the loads, never from its sums.
class Recount {
public:
    Recount(const State& state, const std::vector<Policy>& policies, Now now) : state_{state}, site_{*state.site}, now_{now}, drawn_(state.site->groups.size()) {
        for (const Policy& policy : policies) policy(state, now, limits);
        for (const Disarm& disarm : state.disarmed) {
            const auto its = [&](const auto& limit) { return limit.why.policy == disarm.policy; };
            std::erase_if(limits.bounds, [&](const Bound& b) {
                const bool money = is_for_money(b.why) || b.why.cause == Cause::dispatch || b.why.cause == Cause::person;
                return its(b) && (money || disarm.protections);
            });
            std::erase_if(limits.cutoffs, its), std::erase_if(limits.floors, its);
        }
        for (Bound& bound : limits.bounds) fill_in(bound);
    }

    Limits limits;   ///< What is asked now; `everything` already in watts.

    bool is_contactor(const Site::Group& group) const { return group.driver == "contactor"; }
    bool can_move(const Site::Group& group) const { return group.tier == Tier::interruptible && !is_contactor(group) && !(local(group) && watches_only(group)); }

    /// A switch of the group's, or of the site, is in local.
    bool local(const Site::Group& group) const { return switched(group, [](const Site::Source&) { return true; }); }
    bool watches_only(const Site::Group& group) const { return switched(group, [](const Site::Source& s) { return s.in_local == InLocal::observe; }); }

    bool in(Scope scope, std::size_t group) const {
        if (scope.kind == Scope::Kind::site) return true;
        if (scope.kind == Scope::Kind::group) return scope.number == group;
        for (auto f = site_.groups[group].feeder; f; f = site_.feeders[index(*f)].under)
            if (index(*f) == scope.number) return true;
        return false;
    }

    bool dead(const Site::Group& group) const {
        if (!group.contactor) return false;
        const LoadState& contactor = state_.loads[*group.contactor];
        return !contactor.on && contactor.seen && contactor.mode == Mode::off;
    }

    Draw of(std::size_t g) const {
        if (!drawn_[g]) drawn_[g] = counted(site_.groups[g]);
        return *drawn_[g];
    }

    const Balance& balance(Scope scope) const {
        for (const auto& [of, sum] : balanced_)
            if (of == scope) return sum;
        return balanced_.emplace_back(scope, count(scope)).second;
    }

    std::optional<MeterId> meter_of(Scope scope) const {
        if (scope.kind == Scope::Kind::site) return site_.meter;
        if (scope.kind == Scope::Kind::feeder) return site_.feeders[scope.number].meter;
        return std::nullopt;
    }

private:
    Balance count(Scope scope) const {
        Balance sum;
        for (std::size_t g = 0; g < site_.groups.size(); ++g) {
            const Site::Group& group = site_.groups[g];
            if (!in(scope, g)) continue;
            if (group.tier == Tier::firm) {
                for (Slot s = group.loads.first; s < group.loads.last; ++s) {
                    const bool unheard = state_.loads[s].taken == Steady::min() && !state_.loads[s].stale && group.stale_after != Duration::max();
                    const Power promised = unheard ? group.reserve : reserve(group, s);
                    sum.firm_reserve += promised;
                    sum.firm_draw += state_.loads[s].quality == Quality::bad ? site_.loads[s].rated : state_.loads[s].reading;
                    if (unheard) sum.firm_unheard += std::max(Power{}, site_.loads[s].rated - promised);
                }
                continue;
            }
            const Draw d = of(g);
            sum.planned += d.planned, sum.possible += d.possible, sum.lowering += d.lowering;
            sum.raising += d.raising, sum.unknown += d.unknown, sum.doubtful += d.doubtful;
            if (const auto meter = meter_of(scope))
                for (const Sunk& sunk : state_.groups[g].sunk)
                    if (later(sunk.seen, site_.meters[index(*meter)].lag) > state_.meters[index(*meter)].taken && sunk.seen + std::chrono::minutes{2} > now_.steady)
                        sum.lowering += sunk.power, sum.late += sunk.power;
            if (group.tier == Tier::flexible) sum.flexible += d.possible;
            if (!can_move(group)) continue;
            sum.standby += Power{group.standby.count * group.loads.size()};
            sum.sheddable += d.planned - Power{group.standby.count * group.loads.size()};
            sum.sheddable_raising += d.raising;
            sum.sheddable_doubtful += d.doubtful;
        }
        if (scope.kind != Scope::Kind::group) sum.residual = Power{state_.residual_mw[scope.kind == Scope::Kind::site ? 0 : 1u + scope.number] / 1'000};
        if (scope.kind == Scope::Kind::site) sum.cooling_ppm = site_.cooling_ppm;
        if (scope.kind == Scope::Kind::feeder) sum.cooling_ppm = site_.feeders[scope.number].cooling_ppm;
        if (const auto meter = meter_of(scope)) {
            sum.metered = true;
            if (state_.meters[index(*meter)].fresh) sum.meter = state_.meters[index(*meter)].power;
        }
        return sum;
    }

    Draw counted(const Site::Group& group) const {
        Draw sum;
        for (Slot s = group.loads.first; s < group.loads.last; ++s)
            sum += group.tier == Tier::flexible ? flex_draw(state_.loads[s], state_.flex(s), site_.loads[s].rated, group.standby, dead(group))
                                                : draw_of(state_.loads[s], site_.loads[s].rated, group.standby, dead(group));
        return sum;
    }

    template <class Is>
    bool switched(const Site::Group& group, Is is) const {
        return std::ranges::any_of(state_.obligations, [&](const Obligation& o) {
            if (o.signal.kind != SignalKind::local || o.begins > now_.steady) return false;
            const auto own = std::ranges::find(site_.groups, group.name, &Site::Group::name);  // It may be a copy of ours.
            const GroupId id{static_cast<std::uint16_t>(own - site_.groups.begin())};
            const Site::Source& source = site_.sources[index(o.signal.source)];
            return is(source) && (source.switches.empty() || std::ranges::find(source.switches, id) != source.switches.end());
        });
    }

    Power reserve(const Site::Group& group, Slot s) const {
        const LoadState& load = state_.loads[s];
        if (load.stale || load.mode == Mode::unknown || load.quality == Quality::bad) return site_.loads[s].rated;
        Power most = std::max(group.reserve, load.reading);
        for (const FirmState& firm : state_.firm)
            if (firm.load == s)
                for (const auto& peak : firm.peaks) most = std::max(most, peak.power);
        return most;
    }

    /// Over a window: the mean has to be back within a quarter of it.
    void bring_back(Bound& bound) const {
        const auto id = meter_of(bound.scope);
        if (bound.window <= Duration{0} || !id || !state_.meters[index(*id)].fresh) return;
        const MeterState& meter = state_.meters[index(*id)];
        const Power mean = meter.mean(meter.taken - bound.window, meter.taken).value_or(meter.power);
        const auto leaves = meter.mean(meter.taken - bound.window, meter.taken - bound.window + bound.window / 4);
        if (mean > bound.high && leaves) bound.back = *leaves - Power{4 * (mean - bound.high).count};
    }

    void fill_in(Bound& bound) const {
        if (!bound.everything) return bring_back(bound);
        Power nameplate;
        for (std::size_t g = 0; g < site_.groups.size(); ++g)
            if (in(bound.scope, g) && can_move(site_.groups[g]))
                for (Slot s = site_.groups[g].loads.first; s < site_.groups[g].loads.last; ++s) nameplate += site_.loads[s].rated;
        const Balance sum = balance(bound.scope);
        bound.high = sum.rest() + Power{nameplate.count / 50} + Power{nameplate.count * sum.cooling_ppm / 1'000'000};
        bound.aim = bound.release = Power::lowest();
    }

    const State& state_;
    const Site& site_;
    Now now_;
    mutable std::vector<std::optional<Draw>> drawn_;  ///< By group, once counted.
    mutable std::deque<std::pair<Scope, Balance>> balanced_;
};

}  // namespace ballast::tests
