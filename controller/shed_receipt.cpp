#include "controller/shed_receipt.hpp"

#include "controller/flex_move.hpp"
#include "model/call_terms.hpp"

#include <algorithm>
#include <utility>

namespace ballast {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// What a site can draw, so that sums and differences of whatever was read stay within 64 bits.
constexpr Power most{10'000'000'000'000};
constexpr Power held(Power p) { return std::clamp(p, -most, most); }

Power firm_sum(const auto& loads) {
    Power sum;
    for (const auto& load : loads)
        if (load.firm && load.read) sum += load.power;
    return sum;
}

bool rests(Mode mode) { return mode == Mode::asleep || mode == Mode::off; }

/// On whichever channel of its source it came.
const Signal* signal_called(const Site& site, std::span<const Event> heard, const Note& note) {
    const auto of = [&](SourceId channel) { return index(index(channel) < site.sources.size() ? site.sources[index(channel)].same_as.value_or(channel) : channel); };
    const Signal* found = nullptr;
    for (const Event& event : heard) {
        const auto* s = std::get_if<Signal>(&event);
        const bool asks = s && (s->kind == SignalKind::dispatch || s->kind == SignalKind::emergency);
        if (asks && s->id == note.text && of(s->source) == note.number && (!found || s->issued >= found->issued)) found = s;
    }
    return found;
}

}  // namespace

// ---- epochs

void ReceiptBuilder::begin_epoch(const Site& site, Now now, bool absent) {
    std::map<std::string_view, Slot> before;
    for (Slot s = 0; s < site_.loads.size(); ++s) before.emplace(site_.loads[s].name, s);
    std::vector<Load> loads(site.loads.size());
    std::vector<Slot> from(site.loads.size(), ~Slot{0});
    for (Slot s = 0; s < site.loads.size(); ++s)
        if (const auto found = before.find(site.loads[s].name); found != before.end()) {
            from[s] = found->second;
            loads[s] = loads_[found->second];
        }
    for (const Site::Group& group : site.groups)
        for (Slot s = group.loads.first; s < group.loads.last; ++s) loads[s].firm = group.tier == Tier::firm, loads[s].flexible = group.tier == Tier::flexible, loads[s].group = GroupId{static_cast<std::uint16_t>(&group - site.groups.data())};

    const Duration shift = (now.steady - last_.steady) - (now.utc - last_.utc);  // Another boot: the steady clock began anew.
    const bool other_boot = shift > seconds{60} || shift < -seconds{60};
    for (auto& [id, trace] : traces_) {
        std::vector<std::uint8_t> flags(trace.loads.empty() ? 0 : site.loads.size());
        std::vector<Went> went(flags.size());
        for (Slot s = 0; s < flags.size(); ++s)
            if (from[s] != ~Slot{0}) flags[s] = trace.loads[from[s]], went[s] = trace.went[from[s]];
        trace.loads = std::move(flags);
        trace.went = std::move(went);
        trace.meter = std::nullopt;
        const bool obliged = std::exchange(trace.limit, std::nullopt) || trace.receipt.signal;
        std::vector<Power> shown;
        for (const Site::Meter& meter : site.meters) {
            const auto old = std::ranges::find(site_.meters, meter.name, &Site::Meter::name);
            const auto at = static_cast<std::size_t>(old - site_.meters.begin());
            shown.push_back(at < trace.meters_before.size() ? trace.meters_before[at] : Power{});
        }
        trace.meters_before = std::move(shown);
        if (other_boot)
            for (Steady* t : {&trace.receipt.began.steady, &trace.must, &trace.pieces_from, &trace.shown_at[0], &trace.shown_at[1], &trace.shown_at[2], &trace.shown_at[3]}) *t = *t == never ? never : *t + shift;
        if (absent) miss_time(trace, obliged, now);
        if (other_boot || absent) trace.counted = std::max(now.steady, trace.receipt.began.steady);
    }
    std::map<Slot, Failing> failing;
    for (Slot s = 0; s < from.size(); ++s)
        if (const auto known = failing_.find(from[s]); known != failing_.end()) failing.emplace(s, known->second);
    failing_ = std::move(failing);
    metered_ = now.steady;
    site_ = site;
    loads_ = std::move(loads);
    meters_.assign(site_.meters.size(), {});
    firm_ = firm_sum(loads_);
    all_loads_ = {};
    for (const Load& load : loads_) all_loads_ += load.power;
    unread_ = static_cast<std::size_t>(std::ranges::count(loads_, false, &Load::read));
    last_ = now;
    before_ = std::exchange(until_, now.utc);
}

// ---- a step

void ReceiptBuilder::step(Now now, std::span<const Event> heard, const Decision& decision) {
    just_closed_.clear();
    last_ = now;
    until_ = now.utc;
    for (const Event& event : heard) hear(now, event);
    advance(now, now.steady);
    for (const Note& n : decision.notes) note(now, n, heard);
    for (const Order& o : decision.orders) order(now, o);
    for (const Miss& m : decision.misses) miss(m);
    bind(decision);
    for (auto& [id, trace] : traces_) sample(trace, now.steady);
    forget();
}

void ReceiptBuilder::hear(Now now, const Event& event) {
    if (const auto* reading = std::get_if<LoadReading>(&event)) read(*reading);
    else if (const auto* meter = std::get_if<MeterReading>(&event)) read(now, *meter);
    else if (const auto* receipt = std::get_if<Receipt>(&event)) acknowledge(now, *receipt);
    else if (const auto* jump = std::get_if<ClockJump>(&event)) {
        for (auto& [id, trace] : traces_)
            if (!trace.receipt.closed && trace.receipt.clock_jumps.size() < 100) trace.receipt.clock_jumps.push_back(jump->by);
    }
}

void ReceiptBuilder::read(const LoadReading& reading) {
    const Slot last = std::min(reading.loads.last, static_cast<Slot>(loads_.size()));
    bool firm = false;
    for (Slot s = reading.loads.first; s < last; ++s) {
        read_load(s, reading);
        firm = firm || loads_[s].firm;
    }
    if (firm)
        for (auto& [id, trace] : traces_) sample(trace, reading.taken);
    if (last <= reading.loads.first || !rests_as_told(reading.loads.first, reading)) return;
    failing_.erase(failing_.lower_bound(reading.loads.first), failing_.lower_bound(last));
    for (auto& [id, trace] : traces_) {
        ShedReceipt& r = trace.receipt;
        if (r.obeyed == r.ordered || reading.taken < r.began.steady) continue;
        for (Slot s = reading.loads.first; s < last; ++s)
            if ((trace.loads[s] & (was_ordered | was_seen)) == was_ordered) see_gone(trace, s, reading);
    }
}

/// A flexible load may also run under its cap. Those of one reading are alike.
bool ReceiptBuilder::rests_as_told(Slot slot, const LoadReading& reading) const {
    const Load& load = loads_[slot];
    const bool capped = load.flexible && load.cap != no_limit && reading.mode == Mode::running && reading.quality != Quality::bad;
    return rests(reading.mode) || (capped && within_cap(reading.power, load.cap));
}

void ReceiptBuilder::read_load(Slot slot, const LoadReading& reading) {
    if (reading.quality == Quality::bad) return;
    Load& load = loads_[slot];
    const Power change = held(reading.power) - load.power;
    load.power += change;
    all_loads_ += change;
    if (load.firm) firm_ += change;
    if (!std::exchange(load.read, true)) --unread_;
}

void ReceiptBuilder::read(Now now, const MeterReading& reading) {
    if (reading.quality == Quality::bad || index(reading.meter) >= meters_.size()) return;
    Meter& meter = meters_[index(reading.meter)];
    if (meter.read && reading.taken < meter.taken) return;
    advance(now, reading.taken);
    meter = {held(reading.power), reading.taken, true};
    if (site_.meter == reading.meter)
        for (auto& [id, trace] : traces_) sample(trace, reading.taken);
}

void ReceiptBuilder::acknowledge(Now now, const Receipt& receipt) {
    if (const auto asked = checkpoints_.find(receipt.order); asked != checkpoints_.end() && receipt.fate == Fate::accepted)
        if (Trace* saving = find(asked->second)) saving->receipt.saved = std::min<std::size_t>(saving->receipt.checkpoints, saving->receipt.saved + receipt.loads.size());
    const auto order = orders_.find(receipt.order);
    Trace* trace = order == orders_.end() || receipt.fate != Fate::accepted ? nullptr : find(order->second);
    if (!trace || trace->loads.empty()) return;
    ShedReceipt& r = trace->receipt;
    const Instant at = utc_of(now, std::min(receipt.at, now.steady));
    for (Slot s = receipt.loads.first; s < std::min(receipt.loads.last, static_cast<Slot>(trace->loads.size())); ++s) {
        if ((trace->loads[s] & (was_ordered | was_acknowledged)) != was_ordered) continue;
        trace->loads[s] |= was_acknowledged;
        ++r.acknowledged;
        r.first_acknowledgement = std::min(at, r.first_acknowledgement.value_or(at));
        r.last_acknowledgement = std::max(at, r.last_acknowledgement.value_or(at));
    }
}

// ---- what was decided

void ReceiptBuilder::note(Now now, const Note& note, std::span<const Event> heard) {
    if (note.kind == NoteKind::event_opened) return open(now, note, heard);
    Trace* trace = note.event == EventId{} ? nullptr : find(note.event);
    if (!trace) return;
    ShedReceipt& r = trace->receipt;
    if (note.kind == NoteKind::event_closed && !r.closed) {
        r.closed = now;
        just_closed_.push_back(note.event);
    } else if (note.kind == NoteKind::signal_without_reference || note.kind == NoteKind::reference_estimated) {
        r.reference_estimated = true;
    } else if (note.kind == NoteKind::signal_superseded) {
        if (const Signal* signal = signal_called(site_, heard, note)) place(now, *trace, *signal);
    } else if (note.kind == NoteKind::aborted) {
        r.aborted = note.text;
    } else if (note.kind == NoteKind::shortfall) {
        r.worst_shortfall = std::max(r.worst_shortfall, held(note.power));
    } else if (note.kind == NoteKind::contactor_opens && note.number < site_.loads.size() && r.contactors_opened.size() < 1'000) {
        r.contactors_opened.push_back(site_.loads[note.number].name);
    }
}

void ReceiptBuilder::open(Now now, const Note& note, std::span<const Event> heard) {
    if (traces_.contains(note.event)) return;
    Trace& trace = traces_[note.event];
    ShedReceipt& r = trace.receipt;
    r.event = note.event;
    r.name = note.text;
    r.heard = r.began = now;
    r.reference = r.mean_before = held(note.power);
    r.reference_estimated = !site_.meter;
    trace.must = now.steady;
    if (const Signal* signal = signal_called(site_, heard, note)) {
        place(now, trace, *signal);
        r.issue_to_heard = between(signal->issued, now.utc);
    } else if (note.number < site_.policies.size()) {
        r.policy = site_.policies[note.number];
    }
    trace.counted = r.began.steady;
    for (std::size_t i = 0; i < r.moments.size(); ++i) r.moments[i].after = moments_after[i];
    for (const auto& [running, own] : {std::pair{&five_, &trace.five}, {&fifteen_, &trace.fifteen}})
        if (!running->all().empty() && running->all().back().start == own->floor(now.utc)) *own = *running;
    sample(trace, r.began.steady);
}

void ReceiptBuilder::place(Now now, Trace& trace, const Signal& signal) {
    ShedReceipt& r = trace.receipt;
    r.signal = signal;
    if (index(signal.source) < site_.sources.size()) r.source = site_.sources[index(signal.source)].name;
    if (!r.first_command && r.policy.empty()) {  // Until somebody decides on it: what it asks.
        r.cause = signal.kind == SignalKind::emergency ? Cause::emergency : Cause::dispatch;
        r.reason = signal.ask == Ask::full ? Reason::dispatched_full : signal.ask == Ask::absolute ? Reason::dispatched : Reason::reduction_from_reference;
    }
    if (r.ordered > 0) return;  // What has begun has begun.
    r.began = r.heard;
    trace.must = r.began.steady;
    if (signal.start > now.utc) r.began = {signal.start, later(now.steady, signal.start - now.utc)};
    if (index(signal.source) < site_.sources.size()) trace.must = terms_of(site_, signal).met_by(r.heard.steady, r.began.steady, signal.ramp);
    r.met_by = r.began.utc + (trace.must - r.began.steady);
    trace.counted = std::max(trace.counted, r.began.steady);
}

void ReceiptBuilder::name(Trace& trace, const Why& why) {
    ShedReceipt& r = trace.receipt;
    if (why.reason == Reason::still_standing) return;
    r.cause = why.cause;
    r.reason = why.reason;
    if (r.policy.empty() && index(why.policy) < site_.policies.size()) r.policy = site_.policies[index(why.policy)];
    if (r.source.empty() && why.cause != Cause::capacity && index(why.source) < site_.sources.size()) r.source = site_.sources[index(why.source)].name;
}

void ReceiptBuilder::order(Now now, const Order& order) {
    for (Slot s = order.loads.first; s < std::min(order.loads.last, static_cast<Slot>(loads_.size())); ++s)
        if (loads_[s].flexible && order.rung != Rung::checkpoint) loads_[s].cap = order.rung == Rung::cap ? order.cap : no_limit;
    if (raises(order.rung)) failing_.erase(failing_.lower_bound(order.loads.first), failing_.lower_bound(order.loads.last));
    Trace* trace = order.why.event == EventId{} || raises(order.rung) ? nullptr : find(order.why.event);
    if (!trace) return;
    ShedReceipt& r = trace->receipt;
    if (!r.first_command) name(*trace, order.why);
    r.first_command = r.first_command.value_or(now.utc);
    r.last_command = now.utc;
    if (order.rung == Rung::checkpoint) {  // It lowers nothing.
        r.checkpoints += order.loads.size();
        checkpoints_[order.id] = order.why.event;
        if (checkpoints_.size() > most_orders) checkpoints_.erase(checkpoints_.begin());
        return;
    }
    orders_[order.id] = order.why.event;
    if (orders_.size() > most_orders) orders_.erase(orders_.begin());
    trace->loads.resize(loads_.size());
    trace->went.resize(loads_.size());
    for (Slot s = order.loads.first; s < std::min(order.loads.last, static_cast<Slot>(loads_.size())); ++s) {
        if (trace->loads[s] & was_ordered) continue;
        trace->loads[s] |= was_ordered;
        trace->went[s] = {clamped_ms(now.steady - r.began.steady), -1, -1};
        ++r.ordered;
        r.flexible += loads_[s].flexible;
        r.ordered_rated += site_.loads[s].rated;
    }
}

void ReceiptBuilder::miss(const Miss& miss) {
    if (miss.load >= site_.loads.size()) return;
    Failing& failing = failing_[miss.load];
    failing.line = {site_.loads[miss.load].name, miss.cause, failing.line.times + 1, failing.line.given_up || miss.given_up, {}};
    failing.event = miss.event;
    for (auto& [id, trace] : traces_)
        if (id == miss.event || (trace.limit && covers(trace, miss.load))) count_on(trace, miss.load, failing);
}

/// What a load fails to give is missing from every event that is owed it, whichever ordered it off.
void ReceiptBuilder::count_on(Trace& trace, Slot slot, const Failing& failing) {
    ShedReceipt::MissLine& line = trace.misses[site_.loads[slot].name];
    const unsigned times = line.times + 1;
    const bool given_up = line.given_up || failing.line.given_up;
    line = failing.line;
    line.times = times;
    line.given_up = given_up;
    if (failing.event == trace.receipt.event) return;
    const Trace* other = find(failing.event);
    line.ordered_by = other ? other->receipt.name : "an earlier event";
}

bool ReceiptBuilder::covers(const Trace& trace, Slot slot) const {
    return site_.feeds(trace.scope, index(loads_[slot].group));
}

void ReceiptBuilder::bind(const Decision& decision) {
    for (auto& [id, trace] : traces_) trace.limit = std::nullopt;
    for (const Binding& binding : decision.binding) {
        Trace* trace = binding.why.event == EventId{} ? nullptr : find(binding.why.event);
        if (!trace) continue;
        ShedReceipt& r = trace->receipt;
        if (binding.why.reason == Reason::beyond_quota && !r.first_command) name(*trace, binding.why);
        if (!limits_draw(binding.why.reason)) continue;
        if (!r.first_command) name(*trace, binding.why);
        r.worst_shortfall = std::max(r.worst_shortfall, held(binding.shortfall));
        if (binding.why.reason == Reason::under_frequency) continue;  // It asks for no megawatts.
        const bool feeder = binding.scope.kind == Scope::Kind::feeder && binding.scope.number < site_.feeders.size();
        const auto meter = feeder ? site_.feeders[binding.scope.number].meter : binding.scope.kind == Scope::Kind::site ? site_.meter : std::nullopt;
        if (!meter || binding.limit >= most || (trace->limit && *trace->limit <= binding.limit)) continue;
        trace->meter = meter;
        trace->scope = binding.scope;
        trace->limit = held(binding.limit);
        const bool first = !r.limit;
        r.limit = std::min(*trace->limit, r.limit.value_or(*trace->limit));
        if (!first) continue;
        for (const auto& [slot, failing] : failing_)
            if (failing.event != r.event && covers(*trace, slot)) count_on(*trace, slot, failing);
    }
}

}  // namespace ballast
