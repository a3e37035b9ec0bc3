#pragma once
#include "controller/encoding.hpp"
#include "tests/support/random_site.hpp"
#include "tests/support/recount.hpp"

#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ballast::tests {

/// What one step was told and said, and the state it left.
struct Seen {
    Now now;
    const std::vector<Event>& heard;
    const Decision& decision;
    const State& state;
    const Recount& recount;
};

/// The first broken rule of a history; later ones may only follow from it.
struct Verdict {
    std::string fault;
    template <class... Args>
    void unless(bool holds, fmt::format_string<Args...> rule, Args&&... args) {
        if (!holds && fault.empty()) fault = fmt::format(rule, std::forward<Args>(args)...);
    }
};

/// The rules that orders keep, from a record of its own: what was ordered when, and who may be touched.
class OrderAudit {
public:
    OrderAudit(const RandomSite& made, Verdict& verdict) : made_{made}, site_{made.site}, verdict_{verdict}, loads_(site_.loads.size()) {
        wakes_.resize(site_.groups.size(), Steady::min());
    }

    void see(const Seen& seen) {
        hear(seen);
        for (const Note& note : seen.decision.notes) {
            if (note.kind == NoteKind::event_opened) opened_.insert(note.event);
            if (note.kind == NoteKind::latched) loads_[note.number].latched = true, may_flip_[note.number] = seen.now.steady;
        }
        for (const Order& order : seen.decision.orders) judge(seen, order);
        kept(seen);
        agree_with_state(seen);
        chased(seen);
        supplies_.clear();
        for (const SupplyState& supply : seen.state.supplies) supplies_.push_back(supply.phase);
    }

private:
    struct Known {
        bool on = true, seen = true, locked = false, latched = false, out_of_reach = false;
        Steady flipped = Steady::min(), off_before = Steady::min(), ordered = Steady::min();
        OrderId order{};
    };
    struct Held {
        Range loads;
        Steady until;
    };

    Range named(const std::string& target) const {
        if (target == "site") return {0, static_cast<Slot>(loads_.size())};
        for (const Site::Group& group : site_.groups)
            if (group.name == target) return group.loads;
        for (Slot s = 0; s < loads_.size(); ++s)
            if (site_.loads[s].name == target) return {s, s + 1};
        return {};
    }

    void hear(const Seen& seen) {
        may_flip_.clear();
        hand_over(seen.now.steady);  // Or taken back, when its time is up.
        std::erase_if(works_, [&](const Held& h) { return h.until <= seen.now.steady; });
        std::erase_if(holds_, [&](const Held& h) { return h.until <= seen.now.steady; });
        for (const Event& event : seen.heard) {
            if (const auto* word = std::get_if<OperatorWord>(&event)) hear(*word, seen.now.steady);
            if (const auto* health = std::get_if<JournalHealth>(&event)) journal_writes_ = health->writes;
            if (const auto* receipt = std::get_if<Receipt>(&event); receipt && receipt->fate == Fate::withheld)
                for (Slot s = receipt->loads.first; s < receipt->loads.last; ++s) may_flip_[s] = loads_[s].off_before;
            if (const auto* reading = std::get_if<LoadReading>(&event); reading && group_of(reading->loads.first).driver == "contactor")
                may_flip_[reading->loads.first] = seen.now.steady;
        }
        hand_over(seen.now.steady);
    }

    void hand_over(Steady now) {
        for (const Held& work : works_)
            for (Slot s = work.loads.first; s < work.loads.last; ++s) may_flip_.emplace(s, now);
    }

    void hear(const OperatorWord& word, Steady now) {
        const Range range = named(word.target);
        for (Slot s = range.first; s < range.last; ++s) {
            if (word.word == Word::lockout) loads_[s].locked = true;
            if (word.word == Word::clear) loads_[s].locked = loads_[s].latched = false;
            if (word.word == Word::lockout || word.word == Word::clear) may_flip_[s] = now;
            if (word.word == Word::clear) unworked_.insert(s);
            if (word.word == Word::maintenance && group_of(s).tier != Tier::firm) unworked_.erase(s);
        }
        if (word.word == Word::maintenance && !range.empty() && word.lasts > Duration{0}) works_.push_back({range, now + word.lasts});
        if (word.word == Word::clear) std::erase_if(works_, [&](const Held& h) { return h.loads.first >= range.first && h.loads.last <= range.last; });
        if (word.word == Word::hold && !range.empty() && word.lasts > Duration{0}) holds_.push_back({range, now + word.lasts});
        if (word.word == Word::clear) std::erase_if(holds_, [&](const Held& h) { return h.loads.first >= range.first && h.loads.last <= range.last; });
        if (word.word == Word::clear)  // Of a wider hold the cleared part is lifted.
            for (Slot s = range.first; s < range.last; ++s) lifted_[s] = now;
        if (word.word == Word::hold)
            for (Slot s = range.first; s < range.last; ++s) lifted_.erase(s);
    }

    bool held(Slot s) const {
        return !lifted_.contains(s) && std::ranges::any_of(holds_, [&](const Held& h) { return h.loads.contains(s); });
    }

    /// People work on it, by their own word.
    bool worked_on(Slot s) const {
        return !unworked_.contains(s) && std::ranges::any_of(works_, [&](const Held& h) { return h.loads.contains(s); });
    }

    const Site::Group& group_of(Slot s) const {
        return *std::ranges::find_if(site_.groups, [&](const Site::Group& g) { return g.loads.contains(s); });
    }

    void judge(const Seen& seen, const Order& order) {
        const Site::Group& group = site_.groups[index(order.group)];
        verdict_.unless(order.id > last_id_, "order ids rise: {} after {}", raw(order.id), raw(last_id_));
        last_id_ = order.id;
        verdict_.unless(!order.loads.empty() && order.loads.first >= group.loads.first && order.loads.last <= group.loads.last,
                        "order {} is of one group's loads", raw(order.id));
        verdict_.unless(group.tier != Tier::firm, "order {} reaches {}, which is firm", raw(order.id), group.name);
        const bool contactor = group.driver == "contactor";
        verdict_.unless(contactor == (order.rung == Rung::open || order.rung == Rung::close), "order {}: the rung is the driver's", raw(order.id));
        verdict_.unless(raises(order.rung) || order.why.cause == Cause::person || (order.why.event != EventId{} && opened_.contains(order.why.event)),
                        "order {} lowers for an event that was opened, or for a person", raw(order.id));
        verdict_.unless(index(order.why.policy) < std::max<std::size_t>(1, site_.policies.size()), "order {} names its policy", raw(order.id));
        if (group.tier == Tier::flexible) return;  // FlexibleAudit's.
        const bool local = seen.recount.local(group), at_once = order.why.reason == Reason::called_back || order.why.reason == Reason::under_frequency || order.why.reason == Reason::maintenance;
        verdict_.unless(!local || at_once || (!raises(order.rung) && seen.recount.can_move(group)), "order {} moves {} though it is in local", raw(order.id), group.name);
        for (Slot n = 0; n < order.loads.size(); ++n) {
            const Slot s = raises(order.rung) ? order.loads.last - 1 - n : order.loads.first + n;  // As merit has it.
            if (raises(order.rung)) raised(seen, order, s);
            else lowered(seen, order, s);
            Known& load = loads_[s];
            if (load.on != raises(order.rung)) {
                if (load.on) load.off_before = seen.now.steady;
                load.flipped = seen.now.steady;
            }
            load.on = raises(order.rung);
            load.order = order.id;
            load.ordered = seen.now.steady;
            load.seen = load.seen && raises(order.rung);  // Told to rest and woken in one step, it has given up nothing.
        }
    }

    /// Once to rest, if it ran, and nothing more.
    void left_alone(const Order& order, Slot s) {
        verdict_.unless(!worked_on(s) || order.why.reason == Reason::maintenance || order.why.reason == Reason::called_back || order.why.reason == Reason::under_frequency,
                        "order {} moves {} though people work on it", raw(order.id), s);
    }

    void raised(const Seen& seen, const Order& order, Slot s) {
        left_alone(order, s);
        const Site::Group& group = site_.groups[index(order.group)];
        const Known& load = loads_[s];
        const auto id = raw(order.id);
        verdict_.unless(journal_writes_, "order {} raises {} while the journal does not write", id, s);
        verdict_.unless(!load.locked && !load.latched && !held(s), "order {} raises {}, locked {} latched {} held {}", id, s, load.locked, load.latched, held(s));
        for (const Bound& bound : seen.recount.limits.bounds) {
            const auto meter = seen.recount.meter_of(bound.scope);
            const bool blind = meter && !seen.state.meters[index(*meter)].fresh;
            verdict_.unless(!blind || !seen.recount.in(bound.scope, index(order.group)), "order {} raises {} under a limit whose meter is silent", id, s);
        }
        if (load.on) return;  // The same again.
        const Duration rest = order.rung == Rung::close ? group.contactor_rest : group.min_off;
        verdict_.unless(load.flipped + rest <= seen.now.steady, "order {} raises {} within its least time off", id, s);
        for (const Cutoff& cutoff : seen.recount.limits.cutoffs)
            verdict_.unless(is_floor(order.why.reason) || cutoff.group != order.group || seen.state.strikes[s] >= std::max(cutoff.start_at, cutoff.stop_below),
                            "order {} raises {} against the price", id, s);
        for (const Bound& bound : seen.recount.limits.bounds) {
            if (!seen.recount.in(bound.scope, index(order.group))) continue;
            verdict_.unless(!bound.everything && !bound.standstill, "order {} raises {} under a full curtailment, or while nothing may rise", id, s);
            verdict_.unless(seen.recount.balance(bound.scope).at_most() <= bound.aim, "order {} raises {} past the aim of a limit", id, s);
        }
        if (is_floor(order.why.reason)) wanted(seen, order, s);
        if (order.rung == Rung::wake) pace(seen, order, s);
        inrush(seen, order, s);
    }

    /// A floor starts no more than it lacks, to the last load.
    void wanted(const Seen& seen, const Order& order, Slot s) {
        if (std::ranges::find(seen.decision.orders, Rung::close, &Order::rung) != seen.decision.orders.end()) return;  // Whose block comes on top.
        const auto for_another = [&](const Order& o) { return o.rung == Rung::wake && is_floor(o.why.reason) && o.why != order.why; };
        if (std::ranges::any_of(seen.decision.orders, for_another)) return;  // What that floor starts comes on top.
        const Power largest = std::ranges::max(site_.loads, {}, &Site::Load::rated).rated;
        const bool needed = std::ranges::any_of(seen.recount.limits.floors, [&](const Floor& floor) {
            const Power without = seen.recount.balance(floor.scope).coming(floor.of) - largest;
            return floor.why == order.why && seen.recount.in(floor.scope, index(order.group)) && without <= floor.keep;
        });
        verdict_.unless(needed, "order {} raises {} for a floor that does not want it", raw(order.id), s);
    }

    /// What floors keep is still there after those went that stop for money, unless others had to go as well.
    void kept(const Seen& seen) {
        const auto for_money = [](const Order& o) { return !raises(o.rung) && is_for_money(o.why) && o.why.reason != Reason::still_standing; };
        const auto& orders = seen.decision.orders;
        if (std::ranges::any_of(orders, [&](const Order& o) { return !for_money(o); })) return;
        for (const Floor& floor : seen.recount.limits.floors)
            for (const Order& order : orders)
                verdict_.unless(!seen.recount.in(floor.scope, index(order.group)) || seen.recount.balance(floor.scope).at_least(floor.of) >= floor.keep,
                                "order {} stops for money what a floor keeps: {} W of {} W", raw(order.id), seen.recount.balance(floor.scope).at_least(floor.of).count, floor.keep.count);
    }

    /// Wakes at the stagger's and the ramp's pace, but for one batch of 250 ms.
    void pace(const Seen& seen, const Order& order, Slot s) {
        const Site::Group& group = site_.groups[index(order.group)];
        const Steady now = seen.now.steady;
        constexpr Duration batch{250};
        if (group.stagger > Duration{0}) {
            Steady& due = wakes_[index(order.group)];
            verdict_.unless(due <= now + batch, "order {} wakes {} before the stagger allows", raw(order.id), s);
            due = std::max(due, now) + group.stagger;
        }
        ramped(seen, Scope::site(), site_.ramp_up_per_minute, order, s);
        for (std::uint16_t f = 0; f < site_.feeders.size(); ++f)
            if (seen.recount.in(Scope::feeder(FeederId{f}), index(order.group))) ramped(seen, Scope::feeder(FeederId{f}), site_.feeders[f].pace.up_per_minute, order, s);
    }

    void ramped(const Seen& seen, Scope scope, Power ramp, const Order& order, Slot s) {
        const Site::Group& group = site_.groups[index(order.group)];
        const Steady now = seen.now.steady;
        if (ramp > Power{}) {
            Steady& ramp_due_ = ramp_due_of_.try_emplace(scope.kind == Scope::Kind::site ? 0 : 1 + scope.number, Steady::min()).first->second;
            // What it was not seen to give up it does not take again.
            const LoadState& load = seen.state.loads[s];
            const bool told = load.mode != Mode::unknown && load.mode != Mode::running && load.quality != Quality::bad;
            const bool still_runs = load.mode == Mode::running;  // Up by itself, and not asked to rest any more.
            const Power rise = loads_[s].seen && !still_runs ? std::max(Power{}, load.watts - (told ? std::max(load.reading, group.standby) : group.standby)) : Power{};
            // Orders are told group by group, whatever their order was: one that takes nothing more may have come first.
            verdict_.unless(rise == Power{} || ramp_due_ <= now + Duration{250}, "order {} wakes {} faster than the ramp", raw(order.id), s);
            ramp_due_ = std::max(ramp_due_, now) + Duration{static_cast<std::int64_t>(Int128{rise.count} * 60'000 / ramp.count) * 9 / 10};
        }
    }

    /// Never more inrush within a while than the scope bears, but for one load that is larger than that by itself.
    void inrush(const Seen& seen, const Order& order, Slot s) {
        const auto taken = [&](Slot load, const Site::Group& group) { return Power{site_.loads[load].rated.count * group.inrush_ppm / 1'000'000}; };
        Power takes = taken(s, site_.groups[index(order.group)]);
        for (const Site::Group& group : site_.groups)
            if (group.contactor == s)
                for (Slot carried = group.loads.first; carried < group.loads.last; ++carried) takes += taken(carried, group);
        const auto judge = [&](Scope scope, Power most, Duration within) {
            if (most <= Power{} || !seen.recount.in(scope, index(order.group))) return;
            auto& starts = starts_[scope.kind == Scope::Kind::site ? 0 : 1 + scope.number];
            std::erase_if(starts, [&](const auto& start) { return start.first + within <= seen.now.steady; });
            Power sum;
            for (const auto& start : starts) sum += start.second;
            verdict_.unless(sum == Power{} || sum + takes <= most, "order {} starts {}: {} W of inrush at once, at most {} are borne", raw(order.id), s, (sum + takes).count, most.count);
            starts.emplace_back(seen.now.steady, takes);
        };
        judge(Scope::site(), site_.inrush, site_.inrush_within);
        for (std::uint16_t f = 0; f < site_.feeders.size(); ++f) judge(Scope::feeder(FeederId{f}), site_.feeders[f].pace.inrush, site_.feeders[f].pace.inrush_within);
    }

    void lowered(const Seen& seen, const Order& order, Slot s) {
        left_alone(order, s);
        const Site::Group& group = site_.groups[index(order.group)];
        const Known& load = loads_[s];
        const auto id = raw(order.id);
        if (order.rung == Rung::open) {
            verdict_.unless(order.why.cause != Cause::price, "order {} opens a contactor for a price", id);
            verdict_.unless(order.why.reason == Reason::under_frequency || !load.on || !load.seen || load.flipped + group.contactor_rest <= seen.now.steady || load.flipped == Steady::min(), "order {} opens {} too soon after its last operation", id, s);
        }
        if (!load.on || !is_for_money(order.why) || order.why.reason == Reason::still_standing) return;
        verdict_.unless(!held(s), "order {} lowers {} for money though it is held", id, s);
        verdict_.unless(load.flipped == Steady::min() || load.flipped + group.min_on <= seen.now.steady, "order {} lowers {} for money within its least time on", id, s);
        if (order.why.cause != Cause::price) return;
        const bool unpaid = std::ranges::any_of(seen.recount.limits.cutoffs, [&](const Cutoff& c) { return c.group == order.group && seen.state.strikes[s] < c.stop_below; });
        verdict_.unless(unpaid, "order {} lowers {} though the price pays", id, s);
    }

    /// It may be found at rest without anybody's will.
    bool fell(const Seen& seen, Slot s) const {
        for (std::size_t i = 0; i < site_.supplies.size(); ++i) {
            const std::size_t group = static_cast<std::size_t>(&group_of(s) - site_.groups.data());
            const bool steady = seen.state.supplies[i].phase == SupplyState::Phase::steady && (i >= supplies_.size() || supplies_[i] == SupplyState::Phase::steady);
            if (!steady && seen.recount.in(site_.supplies[i].scope, group) && group_of(s).driver != "contactor") return true;
        }
        return false;
    }

    /// Nothing flips without an order, but for what a person, a withheld raise or a blackout did.
    void agree_with_state(const Seen& seen) {
        for (Slot s = 0; s < loads_.size(); ++s) {
            Known& load = loads_[s];
            const bool on = seen.state.loads[s].on;
            if (on == load.on || group_of(s).tier == Tier::flexible) continue;
            auto may = may_flip_.find(s);
            if (may == may_flip_.end() && !on && fell(seen, s)) may = may_flip_.emplace(s, Steady::min()).first;
            verdict_.unless(may != may_flip_.end(), "load {} turns {} without an order", s, on ? "on" : "off");
            load.on = on;
            if (may != may_flip_.end()) load.flipped = may->second;
        }
    }

    /// Whoever was not seen to rest is told again, for as long as it takes.
    void chased(const Seen& seen) {
        for (Slot s = 0; s < loads_.size(); ++s) {
            const Site::Group& group = group_of(s);
            const LoadState& state = seen.state.loads[s];
            loads_[s].seen = state.seen;
            const bool out_of_reach = seen.recount.dead(group) || seen.recount.local(group);
            if (out_of_reach || loads_[s].out_of_reach) loads_[s].ordered = seen.now.steady;  // From the step on that brought it back.
            loads_[s].out_of_reach = out_of_reach;
            if (state.on || state.seen || group.driver == "contactor" || group.tier == Tier::flexible) continue;
            verdict_.unless(loads_[s].ordered + std::max(group.off_within, site_.reassert_every) >= seen.now.steady,
                            "load {} was not seen to rest, and is not told again", s);
        }
    }

    static std::uint64_t raw(OrderId id) { return static_cast<std::uint64_t>(id); }

    const RandomSite& made_;
    const Site& site_;
    Verdict& verdict_;
    std::vector<Known> loads_;
    std::vector<Held> holds_, works_;
    std::set<Slot> unworked_;
    std::map<Slot, Steady> lifted_, may_flip_;
    std::set<EventId> opened_;
    std::vector<SupplyState::Phase> supplies_;   ///< As the step before left them.
    std::vector<Steady> wakes_;
    std::map<int, Steady> ramp_due_of_;                             ///< The site's, then the feeders'.
    std::map<int, std::vector<std::pair<Steady, Power>>> starts_;  ///< Likewise.
    OrderId last_id_{};
    bool journal_writes_ = true;
};

}  // namespace ballast::tests
