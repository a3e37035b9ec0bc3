#include "controller/books.hpp"
#include "controller/core.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

constexpr std::size_t most_obligations = 256;
constexpr std::size_t most_tombstones = 1'024;

/// A UTC instant on the clock that never jumps, as both stand now.
Steady steadily(const Core& core, Instant at) {
    if (at == open_end) return never;
    return later(core.now.steady, at - core.now.utc);
}

void heard_from(Core& core, SourceId id, Steady good_until) {
    SourceState& source = core.state.sources[index(id)];
    if (source.stale) core.note(NoteKind::source_back, index(id));
    source.ever = true;
    source.stale = false;
    source.good_until = good_until;
}

/// Silence is counted from now.
void heard_from(Core& core, SourceId id) {
    const Duration grace = core.site.sources[index(id)].stale_after;
    heard_from(core, id, grace > Duration{0} ? later(core.now.steady, grace) : never);
}

// ---- prices

void apply_price(Core& core, const Signal& signal) {
    const Duration grace = core.site.sources[index(signal.source)].stale_after;
    // The next word is due when this interval ends, or an interval's length after this one was published.
    const Instant due = std::max(signal.end, std::max(signal.issued, signal.start) + (signal.end - signal.start));
    const Steady good_until = grace > Duration{0} ? later(steadily(core, due), grace) : never;
    const PriceInterval interval{signal.start, signal.end, signal.price, signal.issued,
                                 steadily(core, signal.start), steadily(core, signal.end), good_until};
    PriceTimeline& prices = core.state.prices[index(signal.source)];
    switch (prices.add(interval, core.now.steady)) {
    case PriceTimeline::Fate::added: break;
    case PriceTimeline::Fate::duplicate: break;
    case PriceTimeline::Fate::corrected: core.note(NoteKind::signal_superseded, index(signal.source), signal.id); break;
    case PriceTimeline::Fate::older: core.note(NoteKind::signal_older, index(signal.source), signal.id); return;
    case PriceTimeline::Fate::full: core.note(NoteKind::signals_full, index(signal.source), signal.id); return;
    }
    Steady latest = good_until;
    for (const PriceInterval& known : prices.all()) latest = std::max(latest, known.good_until);
    if (latest > core.now.steady) heard_from(core, signal.source, latest);
}

void apply_hashprice(Core& core, const Signal& signal) {
    core.state.hashprice = signal.price;
    rate_strikes(core);
    heard_from(core, signal.source);
}

// ---- dispatches, emergencies and their release

Tombstone* tombstone_of(Core& core, SourceId source, const std::string& id) {
    for (Tombstone& stone : core.state.tombstones)
        if (stone.source == source && stone.id == id) return &stone;
    return nullptr;
}

/// The meter's mean before the issue, or, where it has no such past, what the books say is drawn.
void freeze_reference(Core& core, Obligation& obligation) {
    const Duration window{core.site.meter ? core.site.reference_window : Duration{0}};
    const Steady issued = std::min(core.now.steady, steadily(core, obligation.signal.issued));
    std::optional<Power> mean;
    if (core.site.meter) mean = core.state.meters[index(*core.site.meter)].mean(issued - window, issued);
    const Balance now = balance(core, Scope::site());
    obligation.estimated = !mean;
    obligation.reference = mean.value_or(now.meter.value_or(now.planned + now.firm_draw + now.residual));
    if (!mean && obligation.signal.ask == Ask::relative)
        core.note(NoteKind::signal_without_reference, index(obligation.signal.source), obligation.signal.id, obligation.event, obligation.reference);
}

void place(Core& core, Obligation& obligation, const Signal& signal) {
    obligation.signal = signal;
    obligation.begins = std::max(core.now.steady, steadily(core, signal.start));
    obligation.ends = steadily(core, signal.end);
}

void apply_dispatch(Core& core, const Signal& signal) {
    heard_from(core, signal.source);
    const std::size_t source = index(signal.source);
    if (const Tombstone* stone = tombstone_of(core, signal.source, signal.id); stone && stone->issued >= signal.issued)
        return core.note(NoteKind::signal_after_release, source, signal.id);
    if (signal.end != open_end && signal.end <= core.now.utc) return core.note(NoteKind::signal_over, source, signal.id);
    for (Obligation& known : core.state.obligations) {
        if (known.signal.source != signal.source || known.signal.id != signal.id) continue;
        if (signal.issued < known.signal.issued) return core.note(NoteKind::signal_older, source, signal.id, known.event);
        if (signal.issued == known.signal.issued) return core.note(NoteKind::signal_duplicate, source, signal.id, known.event);
        place(core, known, signal);
        return core.note(NoteKind::signal_superseded, source, signal.id, known.event);
    }
    if (core.state.obligations.size() >= most_obligations) return core.note(NoteKind::signals_full, source, signal.id);
    Obligation obligation;
    obligation.event = EventId{++core.last_event};
    obligation.heard = core.now.steady;
    place(core, obligation, signal);
    freeze_reference(core, obligation);
    core.note(NoteKind::event_opened, source, signal.id, obligation.event, obligation.reference);
    core.state.obligations.push_back(std::move(obligation));
}

void bury(Core& core, SourceId source, const std::string& id, Instant issued) {
    if (Tombstone* stone = tombstone_of(core, source, id)) {
        stone->issued = std::max(stone->issued, issued);
        return;
    }
    core.state.tombstones.push_back({source, id, issued});
    if (core.state.tombstones.size() > most_tombstones) core.state.tombstones.pop_front();
}

void apply_release(Core& core, const Signal& signal) {
    heard_from(core, signal.source);
    auto& obligations = core.state.obligations;
    const auto found = std::ranges::find_if(obligations, [&](const Obligation& o) { return o.signal.source == signal.source && o.signal.id == signal.id; });
    if (found == obligations.end()) {
        if (!tombstone_of(core, signal.source, signal.id)) core.note(NoteKind::signal_unknown_release, index(signal.source), signal.id);
        return bury(core, signal.source, signal.id, signal.issued);
    }
    if (signal.issued < found->signal.issued) return core.note(NoteKind::signal_older, index(signal.source), signal.id, found->event);
    end_obligation(core, static_cast<std::size_t>(found - obligations.begin()), signal.issued);
}

void apply_one(Core& core, const Signal& signal) {
    const Site::Source& source = core.site.sources[index(signal.source)];
    if (signal.issued > core.now.utc + source.future_tolerance)
        return core.note(NoteKind::signal_from_future, index(signal.source), signal.id);
    switch (signal.kind) {
    case SignalKind::price: return apply_price(core, signal);
    case SignalKind::hashprice: return apply_hashprice(core, signal);
    case SignalKind::dispatch:
    case SignalKind::emergency: return apply_dispatch(core, signal);
    case SignalKind::release: return apply_release(core, signal);
    }
}

// A source may live while it has nothing to say; a price's silence is counted from when its next word was due.
void apply_one(Core& core, const Heartbeat& beat) {
    if (core.state.prices[index(beat.source)].all().empty()) heard_from(core, beat.source);
}

void apply_one(Core&, const Rejected&) {}  // Journaled as heard; decides nothing.

// ---- meters

void learn_residual(Core& core, Scope scope, Power meter, Duration since_last) {
    const Balance sum = balance(core, scope);
    const bool quiet = sum.lowering == Power{} && sum.raising == Power{} && sum.unknown == Power{};
    if (!quiet) return;
    Power loads = sum.firm_draw;
    for (const GroupId g : core.members[core.scope_index(scope)])
        if (core.group(g).tier != Tier::firm) loads += core.sums(g).measured;
    std::int64_t& residual = core.state.residual_mw[core.scope_index(scope)];
    const std::int64_t step = std::min(since_last, core.site.residual_settles).count();
    const Int128 change = Int128{(meter - loads).count * 1'000 - residual} * step / core.site.residual_settles.count();
    residual += static_cast<std::int64_t>(change);
}

void apply_one(Core& core, const MeterReading& reading) {
    MeterState& meter = core.state.meters[index(reading.meter)];
    if (reading.quality == Quality::bad || reading.taken < meter.taken) return;
    const Duration since_last = meter.fresh ? reading.taken - meter.taken : Duration{0};
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

// ---- loads

bool rests(Mode mode) { return mode == Mode::asleep || mode == Mode::off; }

/// It left the state it was seen in, and not by our order.
void strayed(Core& core, Slot slot) {
    LoadState& load = core.state.loads[slot];
    if (load.on) {  // Somebody else put it to rest: it is theirs until a person says otherwise.
        if (run_at(core, slot).bars & latched) return;
        change_runs(core, {slot, slot + 1}, [](Run& run) { run.bars |= latched; });
        return core.note(NoteKind::latched, slot);
    }
    amend(core, slot, [](LoadState& l) { l.seen = false; });
    const Range only{slot, slot + 1};
    const Why why{{}, {}, Cause::person, 0, Reason::still_standing};
    Pending back{load.order, core.group_of[slot], only, Rung::sleep, 1, core.now.steady, 1, why};
    for (const Pending& known : core.pending)
        if (known.id == load.order) return;  // Already being chased.
    core.pending.insert(std::ranges::lower_bound(core.pending, back.id, {}, &Pending::id), back);
}

/// A measured draw that a running machine of this nameplate can have; anything else teaches nothing.
bool teaches(const LoadReading& reading, Power rated) {
    return reading.mode == Mode::running && reading.quality == Quality::measured && reading.power.count * 10 >= rated.count * 3 &&
           reading.power.count * 2 <= rated.count * 3;
}

void read_firm(Core& core, Slot slot, const LoadReading& reading) {
    for (FirmState& firm : core.state.firm) {
        if (firm.load != slot) continue;
        while (!firm.peaks.empty() && firm.peaks.back().power <= reading.power) firm.peaks.pop_back();
        firm.peaks.push_back({core.now.steady, reading.power});
    }
}

void read_one(Core& core, Slot slot, const LoadReading& reading) {
    LoadState& load = core.state.loads[slot];
    load.heard = core.now.steady;
    if (reading.taken < load.taken) return;
    const Site::Group& group = core.group(core.group_of[slot]);
    const Power rated = core.site.loads[slot].rated;
    const bool was_seen = load.seen, newer_than_order = reading.taken >= run_at(core, slot).since;
    const bool obeys = load.on ? reading.mode == Mode::running : rests(reading.mode);
    amend(core, slot, [&](LoadState& l) {
        l.taken = reading.taken;
        l.mode = reading.mode;
        l.quality = reading.quality;
        l.stale = false;
        if (reading.quality != Quality::bad) l.reading = reading.power;
        if (teaches(reading, rated)) l.watts = reading.power;
        if (obeys && newer_than_order) l.seen = true, l.failing = false;
    });
    if (!was_seen && load.seen) seen_to_obey(core, load.order, 1);
    if (was_seen && group.tier == Tier::interruptible && (load.on ? rests(reading.mode) : reading.mode == Mode::running)) strayed(core, slot);
    if (group.tier == Tier::firm) read_firm(core, slot, reading);
    if (core.is_contactor(core.group_of[slot]))
        for (const GroupId g : core.carried[index(core.group_of[slot])]) recount(core, g);
}

void apply_one(Core& core, const LoadReading& reading) {
    for (Slot s = reading.loads.first; s < reading.loads.last; ++s) read_one(core, s, reading);
}

void apply_one(Core& core, const Answered& answered) {
    for (Slot s = answered.loads.first; s < answered.loads.last;) {
        const GroupId g = core.group_of[s];
        const Range whole = core.group(g).loads;
        if (s == whole.first && answered.loads.last >= whole.last) {
            core.sums(g).heard = core.now.steady;
            s = whole.last;
        } else {
            core.state.loads[s++].heard = core.now.steady;
        }
    }
}

/// A raise that was never sent: the loads are off, as before, and may be tried again.
void take_back(Core& core, Slot slot) {
    seen_to_obey(core, core.state.loads[slot].order, 1);
    amend(core, slot, [](LoadState& l) { l.on = false, l.seen = true; });
    change_runs(core, {slot, slot + 1}, [](Run& run) { run.on = false, run.since = Steady::min(); });
}

void apply_one(Core& core, const Receipt& receipt) {
    for (Slot s = receipt.loads.first; s < receipt.loads.last; ++s) {
        LoadState& load = core.state.loads[s];
        if (load.order != receipt.order || load.seen) continue;
        load.fate = receipt.fate;
        if (receipt.fate == Fate::withheld && load.on) take_back(core, s);
        else if (receipt.fate != Fate::accepted && !load.on) amend(core, s, [](LoadState& l) { l.failing = true; });
    }
}

// ---- ourselves

void apply_one(Core& core, const OperatorWord& word) { obey(core, word); }

void apply_one(Core& core, const JournalHealth& health) {
    if (core.state.journal_writes == health.writes) return;
    core.state.journal_writes = health.writes;
    core.note(health.writes ? NoteKind::raises_resumed : NoteKind::raises_stopped, 0);
}

void apply_one(Core& core, const ClockJump& jump) { core.note(NoteKind::clock_jump, 0, std::to_string(jump.by.count()) + " ms"); }

void apply_one(Core& core, const Lost& lost) { core.note(NoteKind::messages_lost, lost.signals); }

}  // namespace

void seen_to_obey(Core& core, OrderId order, Slot loads) {
    const auto found = std::ranges::lower_bound(core.pending, order, {}, &Pending::id);
    if (found != core.pending.end() && found->id == order) found->unseen -= std::min(found->unseen, loads);
}

void end_obligation(Core& core, std::size_t which, Instant issued) {
    auto& obligations = core.state.obligations;
    const Obligation over = obligations[which];
    obligations.erase(obligations.begin() + static_cast<std::ptrdiff_t>(which));
    bury(core, over.signal.source, over.signal.id, std::max(issued, over.signal.issued));
    core.note(NoteKind::event_closed, index(over.signal.source), over.signal.id, over.event);
}

void rate_strikes(Core& core) {
    for (const Site::Group& group : core.site.groups) {
        if (!group.economics) continue;
        Economics economics = *group.economics;
        economics.hashprice = core.state.hashprice.value_or(economics.hashprice);
        for (Slot s = group.loads.first; s < group.loads.last; ++s)
            core.state.strikes[s] = break_even(economics, core.site.loads[s].joules_per_hash);
    }
}

void apply(Core& core, const Event& event) {
    std::visit([&](const auto& one) { apply_one(core, one); }, event);
}

}  // namespace ballast
