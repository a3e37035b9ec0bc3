#include "controller/apply.hpp"

#include "controller/books.hpp"
#include "controller/supply.hpp"
#include "controller/flexible.hpp"
#include "controller/contests.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

/// Every load there has said once what it does: until then what it draws is a guess, which would be learned as a residual.
bool all_told(Core& core, Scope scope) {
    return std::ranges::all_of(core.members[core.scope_index(scope)], [&](GroupId g) {
        Slot& upto = core.told_upto[index(g)];
        const Slot last = core.group(g).loads.last;
        while (upto < last && core.state.loads[upto].taken != Steady::min()) ++upto;
        return upto == last || core.group(g).tier == Tier::firm || core.group(g).stale_after == Duration::max();
    });
}

void learn_residual(Core& core, Scope scope, Power meter, Duration since_last) {
    const Balance sum = balance(core, scope);
    if (!sum.quiet || !sum.firm_known || !all_told(core, scope) || supply_unsettled(core, scope, meter)) return;
    const Power loads = told_by_loads(core, scope, sum);
    std::int64_t& residual = core.state.residual_mw[core.scope_index(scope)];
    const std::int64_t step = std::min(since_last, core.site.residual_settles).count();
    const Int128 change = (Int128{(meter - sum.cooled(loads)).count} * 1'000 - residual) * step / core.site.residual_settles.count();
    residual = std::min(residual + static_cast<std::int64_t>(change), core.state.residual_most_mw[core.scope_index(scope)]);
}

/// Each sample holds until the next, as long as the meter was never silent between.
void learn_peaks(const Core& core, MeterState& meter, Steady to) {
    if (!meter.fresh) return;
    const auto utc = [&](Steady at) { return core.now.utc - (core.now.steady - at); };
    for (Peaks* peaks : {&meter.quarter_hours, &meter.half_hours}) peaks->add(meter.power, utc(meter.taken), utc(to), core.site.clock);
}

}  // namespace

void apply_one(Core& core, const MeterReading& reading) {
    MeterState& meter = core.state.meters[index(reading.meter)];
    constexpr Power most{1'000'000'000'000};  // What no grid connection carries, and no sum runs over.
    if (reading.quality == Quality::bad || reading.power > most || reading.power < -most || reading.taken < meter.taken) return;
    if (!core.site.supplies.empty()) watch_supplies(core, reading);
    const Duration since_last = meter.fresh ? reading.taken - meter.taken : Duration{0};
    learn_peaks(core, meter, reading.taken);
    if (!meter.fresh) core.note(NoteKind::meter_back, index(reading.meter));
    meter.power = reading.power;
    meter.taken = reading.taken;
    meter.heard = core.now.steady;
    meter.fresh = true;
    meter.history.push_back({reading.taken, reading.power});
    const Steady oldest = reading.taken - core.site.meters[index(reading.meter)].history;
    // One sample from before the window stays: it holds at the window's start.
    while (meter.history.size() > 1 && meter.history[1].taken <= oldest) meter.history.pop_front();
    if (core.site.meter == reading.meter) learn_residual(core, Scope::site(), reading.power, since_last);
    for (std::uint16_t f = 0; f < core.site.feeders.size(); ++f)
        if (core.site.feeders[f].meter == reading.meter) learn_residual(core, Scope::feeder(FeederId{f}), reading.power, since_last);
}

/// It was silent for too long, and answers again. From now on its silence counts anew.
void lives(Core& core, Slot slot) {
    amend(core, slot, [](LoadState& l) { l.stale = false; });
    const Duration patience = core.group(core.group_of[slot]).stale_after;
    if (patience != Duration::max()) core.next_stale = std::min(core.next_stale, later(core.now.steady, patience));
}

/// Their telemetry shows them gone; a meter that lags does not yet, and must not make others go for the same watts.
void sink(Core& core, GroupId g, Power power) {
    if (power <= Power{} || core.site.meters.empty()) return;
    auto& sunk = core.sums(g).sunk;
    const auto shown = [&](const Sunk& s) { return later(s.seen, longest_lag) < core.now.steady; };
    sunk.erase(sunk.begin(), std::ranges::find_if_not(sunk, shown));
    if (!sunk.empty() && sunk.back().seen == core.now.steady) sunk.back().power += power;
    else sunk.push_back({core.now.steady, power});
}

namespace {

/// It left the state it was seen in, and not by our order.
void strayed(Core& core, Slot slot) {
    LoadState& load = core.state.loads[slot];
    if (run_at(core, slot).bars & maintained) return;
    if (load.on && fell_with_supply(core, core.group_of[slot])) return found_resting(core, slot);
    if (load.on) {  // Somebody else put it to rest: it is theirs until a person says otherwise.
        if (run_at(core, slot).bars & latched) return;
        change_runs(core, {slot, slot + 1}, [](Run& run) { run.bars |= latched; });
        return core.note(NoteKind::latched, slot);
    }
    if (!core.is_contactor(core.group_of[slot])) return contest(core, slot);
    // A person closed what we had opened. It opens again only if the meter says so.
    amend(core, slot, [](LoadState& l) { l.on = true; });
    change_runs(core, {slot, slot + 1}, [&](Run& run) { run.on = true, run.since = core.now.steady; });
}

/// A measured draw that a running machine of this nameplate can have; anything else teaches nothing.
bool teaches(const LoadReading& reading, Power rated) {
    return reading.mode == Mode::running && reading.quality == Quality::measured && reading.power.count * 10 >= rated.count * 3 &&
           reading.power.count * 2 <= rated.count * 3;
}

void read_firm(Core& core, Slot slot, Power said, const LoadReading& reading) {
    for (FirmState& firm : core.state.firm) {
        if (firm.load != slot) continue;
        // What it said last it drew until now: a hall that reports only changes has not forgotten its peak.
        for (const Power power : {said, reading.power}) {
            while (!firm.peaks.empty() && firm.peaks.back().power <= power) firm.peaks.pop_back();
            firm.peaks.push_back({core.now.steady, power});
        }
    }
}

/// Loads of one group that say the same, run by run. Obedience is counted once an order.
class Hearing {
public:
    Hearing(Core& core, GroupId g, const LoadReading& reading) : core_{core}, group_{g}, reading_{reading}, tier_{core.group(g).tier} {}

    void hear(Range loads) {
        for (Slot s = loads.first; s < loads.last;) {
            const Run run = run_at(core_, s);  // A copy: a load that strayed cuts it.
            const Range part{s, std::min(run.last, loads.last)};
            hear(part, run);
            s = part.last;
        }
        count_obeyed();
    }

private:
    void hear(Range part, const Run& run) {
        const bool obeys = run.on ? reading_.mode == Mode::running : rests(reading_.mode);
        const bool strays = tier_ == Tier::interruptible && (run.on ? rests(reading_.mode) : reading_.mode == Mode::running);
        const bool shown = obeys && reading_.taken >= run.since;
        GroupBooks books{core_, group_};
        for (Slot s = part.first; s < part.last;) {
            if (core_.state.loads[s].stale) lives(core_, s);
            const bool was_seen = core_.state.loads[s].seen;
            const Slot end = hear_alike(books, {s, part.last}, shown, run.on && reading_.taken < later(run.since, core_.group(group_).on_within));
            for (Slot strayer = s; strays && was_seen && strayer < end; ++strayer) strayed(core_, strayer);
            if (end == s) core_.state.loads[s++].heard = core_.now.steady;  // Said before what it said last.
            else s = end;
        }
        if (shown && !run.on) sink(core_, group_, books.arrived());
    }

    /// The neighbours that stood alike, as far as this is news of them. Who `rises` still draws less than it will: what it drew
    /// before stands for it, so that nobody is woken into the room that it needs.
    Slot hear_alike(GroupBooks& books, Range neighbours, bool shown, bool rises) {
        const Stance before = core_.state.loads[neighbours.first];
        Stance after = before;
        after.mode = reading_.mode;
        after.quality = reading_.quality;
        if (shown) after.seen = true, after.failing = false;
        const bool obeyed_now = shown && !before.seen, tells = reading_.quality != Quality::bad, firm = tier_ == Tier::firm;
        // Copies: nothing that is written to a load can be any of them.
        const auto is_news = [taken = reading_.taken](const LoadState& load) { return load.taken <= taken; };
        const auto take_in = [=, this, reading = reading_, now = core_.now.steady, rated = core_.rated.data()](Slot slot, LoadState& load) {
            load.heard = now;
            load.taken = reading.taken;
            if (firm && tells) read_firm(core_, slot, before.quality == Quality::bad ? Power{} : load.reading, reading);
            if (tells) load.reading = reading.power;
            if (teaches(reading, rated[slot]) && (!rises || reading.power > load.watts)) load.watts = reading.power;
            if (obeyed_now) obeyed(load.order);
        };
        return books.amend_alike(neighbours, after, is_news, take_in);
    }

    void obeyed(OrderId order) {
        if (order != order_) count_obeyed();
        order_ = order;
        ++loads_;
    }

    void count_obeyed() {
        if (loads_ == 0) return;
        learn();
        seen_to_obey(core_, order_, loads_);
        loads_ = 0;
    }

    /// Of first orders that are not overdue: how soon they were obeyed, and what is drawn at rest.
    void learn() {
        if (!core_.can_move(group_)) return;
        const auto order = std::ranges::lower_bound(core_.pending, order_, {}, &Pending::id);
        if (order == core_.pending.end() || order->id != order_ || order->attempt != 1) return;
        const Site::Group& group = core_.group(group_);
        const bool up = raises(order->rung);
        const Duration within = up ? group.on_within : group.off_within, took = reading_.taken - (order->due - within);
        if (took < Duration{0} || took > within) return;
        MachineResponse& response = core_.sums(group_).response;
        if (up) response.came_back(took, loads_);
        else response.rested(took, loads_, reading_.quality == Quality::measured ? std::optional{reading_.power} : std::nullopt);
    }

    Core& core_;
    const GroupId group_;
    const LoadReading& reading_;
    const Tier tier_;
    OrderId order_{};
    Slot loads_ = 0;
};

}  // namespace

void apply_one(Core& core, const LoadReading& reading) {
    for (Slot s = reading.loads.first; s < reading.loads.last;) {
        const GroupId g = core.group_of[s];
        const Range part{s, std::min(reading.loads.last, core.group(g).loads.last)};
        if (!core.site.supplies.empty()) supply_heard(core, g, reading.taken);
        if (core.is_flexible(g)) hear_flexible(core, g, part, reading);
        else Hearing{core, g, reading}.hear(part);
        s = part.last;
    }
}

void apply_one(Core& core, const Answered& answered) {
    for (Slot s = answered.loads.first; s < answered.loads.last;) {
        const GroupId g = core.group_of[s];
        const Range whole = core.group(g).loads;
        if (s == whole.first && answered.loads.last >= whole.last) {
            core.sums(g).heard = core.now.steady;
            for (Slot back = s; core.sums(g).stale > 0 && back < whole.last; ++back)
                if (core.state.loads[back].stale) lives(core, back);
            s = whole.last;
        } else {
            core.state.loads[s].heard = core.now.steady;
            if (core.state.loads[s].stale) lives(core, s);
            ++s;
        }
    }
}

namespace {

/// Nothing was sent to this load since it was seen at rest. A repeat does not say so, nor does a load last seen running,
/// whose sleep may have been lost: believed off and seen, it would run on uncounted, and no limit would reach it.
bool still_rests(const Core& core, Slot slot) {
    const LoadState& load = core.state.loads[slot];
    const auto found = std::ranges::lower_bound(core.pending, load.order, {}, &Pending::id);
    const bool first_try = found != core.pending.end() && found->id == load.order && found->attempt == 1;
    return first_try && rests(load.mode);
}

/// A raise that was never sent: the loads are off, as before, and may be tried again.
void take_back(Core& core, Slot slot) {
    seen_to_obey(core, core.state.loads[slot].order, 1);
    amend(core, slot, [](LoadState& l) { l.on = false, l.seen = true; });
    change_runs(core, {slot, slot + 1}, [](Run& run) { run.on = false, run.since = Steady::min(); });
}

}  // namespace

void apply_one(Core& core, const Receipt& receipt) {
    for (Slot s = receipt.loads.first; s < receipt.loads.last; ++s) {
        LoadState& load = core.state.loads[s];
        const bool flexible = core.state.is_flexible(s);
        if (flexible && hear_flexible(core, receipt, s)) continue;
        if (load.order != receipt.order || load.seen) continue;
        load.fate = receipt.fate;
        if (receipt.fate == Fate::withheld && load.on && still_rests(core, s)) take_back(core, s);
        else if (receipt.fate != Fate::accepted && (!load.on || (flexible && core.state.flex(s).cap != no_limit))) amend(core, s, [](LoadState& l) { l.failing = true; });
    }
}

/// Taken from a machine that has run for long enough that the mean is of its running.
void apply_one(Core& core, const HashReading& reading) {
    constexpr Duration settled = std::chrono::minutes{30};
    const LoadState& load = core.state.loads[reading.load];
    const std::int64_t rated = core.rated[reading.load].count;
    if (reading.power.count < rated * 3 / 10 || reading.power.count > rated + rated / 2) return;  // As for its watts: see `teaches`.
    if (!load.on || !load.seen || load.mode != Mode::running || later(run_at(core, reading.load).since, settled) > core.now.steady) return;
    const GroupId g = core.group_of[reading.load];
    const Int128 nominal = Int128{reading.gigahashes} * core.site.loads[reading.load].joules_per_hash + 500'000;
    core.sums(g).efficiency.add(reading.power, Power{static_cast<std::int64_t>(std::clamp<Int128>(nominal / 1'000'000, 0, INT64_MAX))}, core.group(g).loads.size());
}

void seen_to_obey(Core& core, OrderId order, Slot loads) {
    const auto found = std::ranges::lower_bound(core.pending, order, {}, &Pending::id);
    if (found != core.pending.end() && found->id == order) found->unseen -= std::min(found->unseen, loads);
}

}  // namespace ballast
