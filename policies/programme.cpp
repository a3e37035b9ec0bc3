#include "policies/programme.hpp"

#include "policies/calls.hpp"

#include <algorithm>
#include <chrono>

namespace ballast::policies {

namespace {

/// One moment of one programme.
class Moment {
public:
    Moment(const Programme& terms, const State& state, Now now, Limits& limits) : terms_{terms}, state_{state}, now_{now}, limits_{limits} {}

    void ask() {
        find_obligations();
        const Obligation* newest = terms_.follow ? newest_point() : nullptr;
        for (const Obligation* call : calls_) {
            if (!terms_.follow || is_emergency(*call) || call->signal.ask == Ask::full) answer(*call);
            else if (call == newest) follow(*call);
        }
        for (const Obligation* call : coming_) announce(*call);
        shed_for_silence(state_, terms_.sources, bound_of({terms_.policy, {}, Cause::dispatch, terms_.rank, {}, EscalateTo::repeat}), limits_);
        if (armed()) arm();
        else if (terms_.armed_floor && !answered_ && soon_armed()) keep_ready(std::max(offered_, ready_));
    }

private:
    bool is_mine(SourceId source) const { return std::ranges::find(terms_.sources, source) != terms_.sources.end(); }

    void find_obligations() {
        offered_ = terms_.offered;
        for (const Obligation& o : state_.obligations) {
            if (!is_mine(o.signal.source)) continue;
            const bool is_arm = o.signal.kind == SignalKind::arm;
            if (now_.steady < o.begins) limits_.changes(o.begins);
            if (is_arm) take_award(o);
            else if (now_.steady >= o.ends) continue;
            else if (now_.steady >= o.begins - terms_.lead) calls_.push_back(&o);
            else if (is_call(o.signal.kind)) limits_.changes(o.begins - terms_.lead), coming_.push_back(&o);
        }
    }

    void take_award(const Obligation& award) {
        const Steady ready = award.begins - time_to_return();
        if (now_.steady < ready) limits_.changes(ready);
        else if (now_.steady < award.begins) ready_ = std::max(ready_, award.signal.power);
        else if (now_.steady < award.ends) offered_ = std::max(signalled_ ? offered_ : Power{}, award.signal.power), signalled_ = true;
    }

    /// A machine that may have just gone to rest needs so long to be back: an award that is known keeps it up, or wakes it, so
    /// long before.
    Duration time_to_return() const {
        if (!terms_.armed_floor) return Duration{0};
        const Site& site = *state_.site;
        Duration longest{0};
        for (std::size_t g = 0; g < site.groups.size(); ++g)
            if (site.groups[g].tier == Tier::interruptible && site.groups[g].driver != "contactor" && site.feeds(terms_.scope, g))
                longest = std::max(longest, site.groups[g].min_off + site.groups[g].on_within);
        return longest;
    }

    // ---- amounts

    Power share(Power whole, const Amount& amount) const { return Power{static_cast<std::int64_t>(Int128{whole.count} * amount.share_ppm / 1'000'000)}; }

    /// What the scope's meter has shown in a year; until it has been there for one, the invoice's if that is more.
    Power peak() const {
        const Site& site = *state_.site;
        const auto id = terms_.scope.kind == Scope::Kind::feeder ? site.feeders[terms_.scope.number].meter : site.meter;
        if (!id) return terms_.peak;
        const MeterState& meter = state_.meters[index(*id)];
        const Power measured = meter.peak_12_months(now_.utc, site.clock).value_or(Power{});
        return meter.knows_year(now_.utc, site.clock) ? measured : std::max(terms_.peak, measured);
    }

    Power watts(const Amount& amount, Power offered, Power reference) const {
        switch (amount.of) {
        case Amount::Of::watts: return amount.watts;
        case Amount::Of::offered: return share(offered, amount);
        case Amount::Of::peak: return share(peak(), amount);
        case Amount::Of::below_reference: return std::max(Power{}, reference - share(offered, amount));
        }
        return {};
    }

    // ---- called

    bool is_emergency(const Obligation& call) const { return call.signal.kind == SignalKind::emergency; }

    Why why(const Obligation& call, Reason reason) const {
        const bool emergency = is_emergency(call);
        return {terms_.policy, call.signal.source, emergency ? Cause::emergency : Cause::dispatch, emergency ? terms_.emergency_rank : terms_.rank,
                reason, emergency ? terms_.emergency_escalate_to : terms_.escalate_to, call.event, call.ends == never ? open_end : now_.utc + (call.ends - now_.steady)};
    }

    Bound bound_of(const Why& asked) const {
        Bound bound;
        bound.scope = terms_.scope;
        bound.prove_within = terms_.prove_within;
        bound.contactor_after = terms_.contactor_after;
        bound.why = asked;
        return bound;
    }

    Site::CallTerms terms_of(const Obligation& call) const { return ballast::terms_of(*state_.site, call.signal); }

    Steady must(const Obligation& call) const { return terms_of(call).met_by(call.heard, call.begins, call.signal.ramp); }

    /// What was offered when it was called; no award that ends meanwhile lets anything back.
    Power offered(const Obligation& call) const { return call.armed > Power{} ? call.armed : terms_.offered; }

    /// The contract's ceiling says how low to go; not where it is a share of a volume that nobody named. What is offered is
    /// the most that may be called in: a call that names less gets less.
    bool has_ceiling(const Obligation& call) const {
        const bool shares = terms_.ceiling && (terms_.ceiling->of == Amount::Of::offered || terms_.ceiling->of == Amount::Of::below_reference);
        return terms_.ceiling && (!shares || offered(call) > Power{});
    }

    void answer(const Obligation& call) {
        const bool beyond = is_beyond_quota(call);
        if (beyond && terms_.quota.decline && !is_emergency(call)) return tell(call, Reason::beyond_quota);
        answered_ = true;
        limits_.bounds.push_back(asked_by(call, std::max(now_.steady, call.begins)));
        if (beyond) tell(call, Reason::beyond_quota_obeyed);
    }

    Bound asked_by(const Obligation& call, Steady at) {
        const Power reference = call.reference_of(terms_.scope);
        const bool all = call.signal.ask == Ask::full;
        Bound bound = bound_of(why(call, all && !has_ceiling(call)           ? Reason::dispatched_full
                                         : call.signal.ask == Ask::relative ? Reason::reduction_from_reference
                                                                            : Reason::dispatched));
        bound.since = must(call);
        bound.everything = all && !has_ceiling(call);
        if (!bound.everything) {
            Power target = all ? no_limit : target_of(call, reference);
            if (has_ceiling(call) && (all || terms_.ceiling->of != Amount::Of::below_reference)) {
                const Power ceiling = watts(*terms_.ceiling, offered(call), reference);
                if (!all && ceiling < target) bound.why.reason = Reason::programme_ceiling;
                target = std::min(target, ceiling);
            }
            set_limit(bound, on_the_ramp(call.begins, terms_of(call).ramp(call.signal.ramp), reference, target, at, limits_), terms_.margin_ppm);
        }
        return bound;
    }

    /// It limits nothing, but it is told of.
    void tell(const Obligation& call, Reason what) {
        Bound bound = bound_of(why(call, what));
        bound.high = bound.aim = bound.release = no_limit;
        limits_.bounds.push_back(bound);
    }

    /// What it will ask is promised from the moment that it is known.
    void announce(const Obligation& call) {
        if (terms_.follow && !is_emergency(call) && call.signal.ask != Ask::full) return;  // A base point comes minutes before.
        if (terms_.quota.decline && !is_emergency(call) && will_be_beyond(call)) return;
        const Bound bound = asked_by(call, must(call));  // Its ramp is over by then.
        if (!bound.everything) limits_.promises.push_back({terms_.scope, bound.high, {}, bound.why, later(bound.since, bound.prove_within)});
    }

    // ---- followed

    /// Base points replace one another: the newest that has begun holds, also where an older one is tighter.
    const Obligation* newest_point() const {
        const Obligation* newest = nullptr;
        for (const Obligation* call : calls_) {
            const bool point = !is_emergency(*call) && call->signal.ask != Ask::full && call->begins <= now_.steady;
            if (point && (!newest || std::pair{call->signal.issued, call->event} > std::pair{newest->signal.issued, newest->event})) newest = call;
        }
        return newest;
    }

    void follow(const Obligation& call) {
        answered_ = true;
        const Power point = target_of(call, call.reference_of(terms_.scope)), near{terms_.follow->count / 2};
        Bound bound = bound_of(why(call, Reason::dispatched));
        bound.since = must(call);
        bound.high = point + near;
        bound.aim = point;
        bound.release = std::min(point, point - near);
        limits_.bounds.push_back(bound);
        limits_.floors.push_back({terms_.scope, Floor::Of::all, point - near, point, why(call, Reason::base_point)});
    }

    // ---- quotas

    /// All that it was called for, and is, in the order of time.
    std::vector<AskedOnce> asked() const {
        std::vector<AskedOnce> all;
        for (const Call& call : state_.calls)
            if (is_mine(call.source)) all.push_back({call.began, call.ended, nullptr});
        for (const Obligation* call : calls_) all.push_back({call->begins_utc, call->begins_utc + std::max(Duration{0}, now_.steady - call->begins), call});
        std::ranges::stable_sort(all, {}, &AskedOnce::began);
        return all;
    }

    bool is_beyond_quota(const Obligation& call) {
        if (terms_.quota.is_none()) return false;
        if (!counted_) {
            counted_ = spend(terms_.quota, terms_.clock, terms_.armed.hours.season, asked());
            if (counted_->left < Duration::max()) limits_.changes(later(now_.steady, counted_->left));
        }
        return std::ranges::find(counted_->beyond, &call) != counted_->beyond.end();
    }

    /// By what is known now, when it begins.
    bool will_be_beyond(const Obligation& call) const {
        std::vector<AskedOnce> all = asked();
        all.push_back({call.begins_utc, call.begins_utc, &call});
        std::ranges::stable_sort(all, {}, &AskedOnce::began);
        const Spending then = spend(terms_.quota, terms_.clock, terms_.armed.hours.season, all);
        return std::ranges::find(then.beyond, &call) != then.beyond.end();
    }

    // ---- armed

    bool armed() {
        if (terms_.armed.when == Armed::When::never) return false;
        if (terms_.armed.when == Armed::When::signalled) return signalled_;
        if (!terms_.armed.hours.always()) limits_.changes(next_minute(now_));
        return terms_.armed.hours.contains(terms_.clock, now_.utc);
    }

    bool soon_armed() const {
        if (terms_.armed.when == Armed::When::signalled) return ready_ > Power{};
        if (terms_.armed.when != Armed::When::always) return false;
        for (Duration ahead = time_to_return(); ahead > Duration{0}; ahead -= std::chrono::minutes{1})  // They may be shorter than that.
            if (terms_.armed.hours.contains(terms_.clock, now_.utc + ahead)) return true;
        return false;
    }

    Why while_armed() const { return {terms_.policy, terms_.sources.empty() ? SourceId{} : terms_.sources.front(), Cause::dispatch, terms_.rank, Reason::armed_floor, terms_.escalate_to}; }

    void keep_ready(Power offered) {
        const Power low = watts(*terms_.armed_floor, offered, {});
        // Below the floor they start; none stops for money whose leaving would take it below the volume, all of which may be called in.
        limits_.floors.push_back({terms_.scope, Floor::Of::sheddable, low, std::max(low, offered), while_armed()});
    }

    void arm() {
        if (terms_.armed_floor && !answered_) keep_ready(std::max(offered_, ready_));
        if (terms_.armed_ceiling) {
            Why below = while_armed();
            below.reason = Reason::contract_limit;
            Bound bound = bound_of(below);
            set_limit(bound, watts(*terms_.armed_ceiling, offered_, {}), terms_.margin_ppm);
            limits_.bounds.push_back(bound);
        }
        if (!answered_) promise();
    }

    void promise() {
        Promise promised;
        promised.scope = terms_.scope;
        promised.why = while_armed();
        if (!terms_.ceiling) promised.give = offered_;
        else if (terms_.ceiling->of == Amount::Of::below_reference) promised.give = share(offered_, *terms_.ceiling);
        else promised.high = watts(*terms_.ceiling, offered_, {});
        limits_.promises.push_back(promised);
    }

    const Programme& terms_;
    const State& state_;
    const Now now_;
    Limits& limits_;
    std::vector<const Obligation*> calls_;   ///< That have begun and are not over.
    std::vector<const Obligation*> coming_;  ///< Known, and to begin.
    std::optional<Spending> counted_;        ///< What the quota makes of them, once it was asked.
    bool signalled_ = false;
    bool answered_ = false;                  ///< Called in, nobody is held up and nothing need be promised.
    Power ready_;                            ///< Of the awards that begin soon, the greatest.
    Power offered_;                          ///< Now: the greatest of the volumes armed, else the contract's.
};

}  // namespace

Policy programme(Programme settings) {
    return [settings = std::move(settings)](const State& state, Now now, Limits& limits) { Moment{settings, state, now, limits}.ask(); };
}

}  // namespace ballast::policies
