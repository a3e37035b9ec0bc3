#pragma once
#include "tests/support/audit_orders.hpp"

#include <map>
#include <string>
#include <tuple>

namespace ballast::tests {

/// The rules that limits keep: books that add up, as much as needed and no more, shortfalls told, dead dispatches dead.
class LimitAudit {
public:
    LimitAudit(const RandomSite& made, Verdict& verdict) : site_{made.site}, verdict_{verdict} {}

    void see(const Seen& seen) {
        add_up(seen);
        for (const Bound& bound : seen.recount.limits.bounds) met_or_told(seen, bound);
        only_what_is_needed(seen);
        contactors(seen);
        outlets(seen);
        obligations(seen);
    }

private:
    void add_up(const Seen& seen) {
        for (std::size_t g = 0; g < site_.groups.size(); ++g) {
            const GroupState& sums = seen.state.groups[g];
            const Draw draw = seen.recount.of(g);
            const auto same = [&](const char* what, Power kept, Power counted) {
                verdict_.unless(kept == counted, "group {}: {} is kept as {} W, counted {} W", g, what, kept.count, counted.count);
            };
            same("planned", sums.planned, draw.planned);
            same("possible", sums.possible, draw.possible);
            same("lowering", sums.lowering, draw.lowering);
            same("raising", sums.raising, draw.raising);
            same("measured", sums.measured, draw.measured);
            same("unknown", sums.unknown, draw.unknown);
            same("doubtful", sums.doubtful, draw.doubtful);
            Slot first = site_.groups[g].loads.first, stale = 0, unseen = 0;
            for (const Run& run : sums.runs) {
                verdict_.unless(run.last > first, "group {}: runs follow one another", g);
                for (Slot s = first; s < run.last; ++s) verdict_.unless(seen.state.loads[s].on == run.on, "load {} is wanted as its run is", s);
                first = run.last;
            }
            verdict_.unless(first == site_.groups[g].loads.last, "group {}: runs cover it", g);
            for (Slot s = site_.groups[g].loads.first; s < site_.groups[g].loads.last; ++s) stale += seen.state.loads[s].stale, unseen += !seen.state.loads[s].seen;
            verdict_.unless(stale == sums.stale && unseen == sums.unseen, "group {}: {} stale and {} unseen loads, kept as {} and {}", g, stale, unseen, sums.stale, sums.unseen);
        }
    }

    /// Still to be had in a scope: interruptible loads wanted on, but for what somebody else put to rest. For money also
    /// neither those that are held nor within their least time on.
    std::size_t eligible(const Seen& seen, Scope scope, bool for_money = false) const {
        std::size_t n = 0;
        for (std::size_t g = 0; g < site_.groups.size(); ++g) {
            const Site::Group& group = site_.groups[g];
            if (!seen.recount.in(scope, g) || !seen.recount.can_move(group) || seen.recount.dead(group)) continue;
            Slot first = group.loads.first;
            for (const Run& run : seen.state.groups[g].runs) {
                const bool spared = for_money && ((run.bars & held) || later(run.since, group.min_on) > seen.now.steady);
                for (Slot s = first; s < run.last && !spared; ++s) n += run.on && !(run.bars & maintained) && (!(run.bars & latched) || seen.state.loads[s].mode == Mode::running);
                first = run.last;
            }
        }
        return n;
    }

    /// What only saves money waits for ramps and floors, and has room made in the next step for flexible loads that come back.
    bool may_wait(const Seen& seen) const {
        const auto back = [&](const Order& o) { return raises(o.rung) && site_.groups[index(o.group)].tier == Tier::flexible; };
        if (std::ranges::any_of(seen.decision.orders, back)) return true;
        const auto ramped = [](const Site::Feeder& feeder) { return feeder.pace.down_per_minute > Power{}; };
        return !seen.recount.limits.floors.empty() || site_.ramp_down_per_minute > Power{} || std::ranges::any_of(site_.feeders, ramped);
    }

    void met_or_told(const Seen& seen, const Bound& bound) {
        if (bound.window > Duration{0} || bound.standstill) return;
        const Balance sum = seen.recount.balance(bound.scope);
        const bool all_off = eligible(seen, bound.scope, is_for_money(bound.why)) == 0 || (is_for_money(bound.why) && may_wait(seen));
        const Power over = sum.expected() - bound.high;
        verdict_.unless(all_off || (over <= Power{} && !bound.everything), "a limit of {} W expects {} W though loads may still go", bound.high.count, sum.expected().count);
        const Power shown = sum.meter ? *sum.meter - bound.high : Power{};
        Power told;
        for (const Binding& b : seen.decision.binding)
            if (b.scope == bound.scope && b.why.policy == bound.why.policy && b.limit == bound.high) told = std::max(told, b.shortfall);
        verdict_.unless(over <= Power{} || told >= over, "{} W are missing and {} W are told", over.count, told.count);
        verdict_.unless(told == Power{} || over > Power{} || shown > Power{}, "{} W are told to be missing and are not", told.count);
    }

    /// What would be expected with that one still there, and with what cools it.
    static Power needs(const Balance& sum, Power credit) { return sum.expected() + sum.cooled(credit); }

    /// The last machine that went for a limit was needed, but for the share that is known not to obey.
    void only_what_is_needed(const Seen& seen) {
        std::set<PolicyId> who;
        Power credit, extra;
        for (const Order& order : seen.decision.orders) {
            if (order.why.reason == Reason::overridden) return;  // Whoever went for another limit as well may not have been needed for this one.
            if (raises(order.rung) || order.attempt > 1 || order.why.reason == Reason::still_standing || order.rung == Rung::open || order.rung == Rung::checkpoint || order.why.cause == Cause::person) continue;
            who.insert(order.why.policy);
            if (order.why.cause == Cause::price) return;
            const MachineResponse& learned = seen.state.groups[index(order.group)].response;
            verdict_.unless(learned.failing_ppm() <= MachineResponse::most_failing_ppm && learned.judged() <= MachineResponse::full, "what is learned of group {} is beyond its bounds", index(order.group));
            for (Slot s = order.loads.first; s < order.loads.last; ++s) {
                credit = std::max({credit, seen.state.loads[s].watts, site_.loads[s].rated});
                extra += Power{std::max(seen.state.loads[s].watts, site_.loads[s].rated).count * learned.failing_ppm() / 1'000'000};
            }
        }
        if (who.size() != 1) return;
        bool needed = false;
        for (const Bound& bound : seen.recount.limits.bounds)
            if (bound.why.policy == *who.begin())
                needed = needed || bound.everything || needs(seen.recount.balance(bound.scope), credit + extra) > bound.down_to();
        verdict_.unless(needed, "policy {} lowers more than it needs", index(*who.begin()));
    }

    using Key = std::tuple<PolicyId, EventId, Scope::Kind, std::uint16_t>;
    static Key key(const Bound& b) { return {b.why.policy, b.why.event, b.scope.kind, b.scope.number}; }

    /// A contactor opens only where the meter has shown the excess all the time since its deadline began to run.
    void contactors(const Seen& seen) {
        std::map<Key, Steady> shown;
        for (const Bound& bound : seen.recount.limits.bounds) {
            const auto id = seen.recount.meter_of(bound.scope);
            if (!id || !seen.state.meters[index(*id)].fresh) continue;
            const MeterState& meter = seen.state.meters[index(*id)];
            const Power power = bound.window > Duration{0} ? meter.mean(meter.taken - bound.window, meter.taken).value_or(meter.power) : meter.power;
            if (power <= bound.high) continue;
            const auto before = shown_.find(key(bound));
            shown[key(bound)] = before == shown_.end() ? seen.now.steady : before->second;
        }
        shown_ = std::move(shown);
        for (const Order& order : seen.decision.orders) {
            if (order.rung != Rung::open || order.attempt > 1 || order.why.reason == Reason::called_back || order.why.reason == Reason::under_frequency) continue;
            const bool due = std::ranges::any_of(seen.recount.limits.bounds, [&](const Bound& bound) {
                const auto since = shown_.find(key(bound));
                return since != shown_.end() && bound.why.policy == order.why.policy && bound.why.escalate_to == EscalateTo::contactor &&
                       std::max(since->second, bound.since) + bound.prove_within + bound.contactor_after <= seen.now.steady;
            });
            verdict_.unless(due, "order {} opens a contactor though the meter has not shown it long enough", static_cast<std::uint64_t>(order.id));
        }
    }

    /// An outlet is turned off after a sleep that failed, never for a price, and only while the meter shows what may be pressed so far.
    void outlets(const Seen& seen) {
        for (const Order& order : seen.decision.orders) {
            if (order.rung != Rung::power_off) continue;
            const bool shown = std::ranges::any_of(seen.recount.limits.bounds, [&](const Bound& bound) {
                return shown_.contains(key(bound)) && bound.why.cause != Cause::price && bound.why.escalate_to >= EscalateTo::power_off && site_.feeds(bound.scope, index(order.group));
            });
            verdict_.unless(shown, "order {} turns outlets off though the meter does not show why", static_cast<std::uint64_t>(order.id));
            verdict_.unless(site_.groups[index(order.group)].can_power_off && order.attempt > 1 && order.why.cause != Cause::price && order.why.escalate_to >= EscalateTo::power_off,
                            "order {} turns outlets off that it may not", static_cast<std::uint64_t>(order.id));
        }
    }

    /// What is over stays over, what stands ends when it was to, by the clock that never jumps; the newest issue holds.
    void obligations(const Seen& seen) {
        std::set<std::pair<SourceId, std::string>> touched;
        said_.clear();
        for (const Event& event : seen.heard) {
            if (const auto* s = std::get_if<Signal>(&event)) hear(seen, *s, touched);
            if (const auto* w = std::get_if<OperatorWord>(&event); w && w->word == Word::abort)
                for (const auto& [id, o] : standing_)
                    if (id.second == w->target) touched.insert(id);
        }
        std::map<std::pair<SourceId, std::string>, Obligation> now;
        for (const Obligation& o : seen.state.obligations) {
            const std::pair id{o.signal.source, o.signal.id};
            verdict_.unless(!now.contains(id), "{} stands once", id.second);
            verdict_.unless(!dead_.contains(id) || dead_[id] < o.signal.issued, "{} was over and stands again", id.second);
            verdict_.unless(o.ends > seen.now.steady, "{} has ended and stands", id.second);
            const auto before = standing_.find(id);
            if (before != standing_.end() && !touched.contains(id))
                verdict_.unless(before->second.ends == o.ends && before->second.begins == o.begins, "{} begins and ends when it was to", id.second);
            now.emplace(id, o);
        }
        for (const auto& [id, o] : standing_) {
            if (now.contains(id)) continue;
            if (o.ends > seen.now.steady && !aborted(seen, id.second)) agreed(seen, o, said_[id]);
            verdict_.unless(o.ends <= seen.now.steady || touched.contains(id), "{} stood until {} and is gone", id.second, o.ends.time_since_epoch().count());
            dead_[id] = std::max(dead_.contains(id) ? dead_[id] : Instant::min(), o.signal.issued);
        }
        standing_ = std::move(now);
        silent_.clear();
        for (const SourceState& source : seen.state.sources) silent_.push_back(source.silent);
    }

    static bool aborted(const Seen& seen, const std::string& id) {
        return std::ranges::any_of(seen.heard, [&](const Event& e) { const auto* w = std::get_if<OperatorWord>(&e); return w && w->word == Word::abort && w->target == id; });
    }

    /// No channel that lives and had it standing was passed over when it was let go.
    void agreed(const Seen& seen, const Obligation& over, const std::set<SourceId>& spoke) {
        for (const ChannelWord& word : over.words)
            verdict_.unless(word.released || word.signal.end != open_end || silent_[index(word.channel)] || seen.state.sources[index(word.channel)].silent || spoke.contains(word.channel),
                            "{} is over though {} has not let it go", over.signal.id, site_.sources[index(word.channel)].name);
    }

    void hear(const Seen& seen, const Signal& s, std::set<std::pair<SourceId, std::string>>& touched) {
        const bool wish = s.kind == SignalKind::dispatch || s.kind == SignalKind::emergency || s.kind == SignalKind::arm || s.kind == SignalKind::local;
        const SourceId source = site_.sources[index(s.source)].same_as.value_or(s.source);
        const bool channels = std::ranges::any_of(site_.sources, [&](const Site::Source& of) { return of.same_as == source; });
        if ((!wish && s.kind != SignalKind::release) || s.issued > seen.now.utc + site_.sources[index(s.source)].future_tolerance) return;
        const std::string arm = "arm " + s.id;  // An arm has its own names; a release ends it where no call ever bore them.
        const bool was_call = s.kind != SignalKind::arm && !calls_.insert({source, s.id}).second;
        for (const std::string& name : {s.id, arm}) {
            if (wish && (name == arm) != (s.kind == SignalKind::arm)) continue;
            const std::pair id{source, name};
            touched.insert(id);
            said_[id].insert(s.source);
            if (wish || channels || (name == arm && was_call)) continue;
            const auto stands = std::ranges::find_if(seen.state.obligations, [&](const Obligation& o) { return o.signal.source == s.source && o.signal.id == name; });
            const bool newer = stands != seen.state.obligations.end() && stands->signal.issued > s.issued;
            if (!newer) dead_[id] = std::max(dead_.contains(id) ? dead_[id] : Instant::min(), s.issued);
        }
    }

    const Site& site_;
    Verdict& verdict_;
    std::map<Key, Steady> shown_;
    std::vector<bool> silent_ = std::vector<bool>(site_.sources.size());   ///< When the step began.
    std::map<std::pair<SourceId, std::string>, std::set<SourceId>> said_;   ///< In this step, by which channels.
    std::map<std::pair<SourceId, std::string>, Instant> dead_;
    std::set<std::pair<SourceId, std::string>> calls_;                     ///< Called, or released.
    std::map<std::pair<SourceId, std::string>, Obligation> standing_;
};

}  // namespace ballast::tests
