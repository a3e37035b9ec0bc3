#include "controller/shed_receipt.hpp"

#include <algorithm>
#include <utility>

namespace ballast {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration moments[] = {seconds{1}, seconds{5}, seconds{15}, seconds{30}};

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

Instant utc_of(Now now, Steady at) { return now.utc - (now.steady - at); }

/// Far-off and nonsensical times become ten years.
Duration between(Instant from, Instant to) {
    constexpr Int128 limit = 315'360'000'000;
    const Int128 apart = Int128{to.time_since_epoch().count()} - from.time_since_epoch().count();
    return Duration{static_cast<std::int64_t>(std::clamp(apart, -limit, limit))};
}

const Signal* signal_called(std::span<const Event> heard, const Note& note) {
    const Signal* found = nullptr;
    for (const Event& event : heard) {
        const auto* s = std::get_if<Signal>(&event);
        const bool asks = s && (s->kind == SignalKind::dispatch || s->kind == SignalKind::emergency);
        if (asks && s->id == note.text && static_cast<std::uint32_t>(s->source) == note.number && (!found || s->issued >= found->issued)) found = s;
    }
    return found;
}

}  // namespace

// ---- epochs

void ReceiptBuilder::begin_epoch(const Site& site, Now now) {
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
        for (Slot s = group.loads.first; s < group.loads.last; ++s) loads[s].firm = group.tier == Tier::firm;

    const Duration shift = (now.steady - last_.steady) - (now.utc - last_.utc);  // Another boot: the steady clock began anew.
    const bool other_boot = shift > seconds{60} || shift < -seconds{60};
    for (auto& [id, trace] : traces_) {
        std::vector<std::uint8_t> flags(trace.loads.empty() ? 0 : site.loads.size());
        for (Slot s = 0; s < flags.size(); ++s)
            if (from[s] != ~Slot{0}) flags[s] = trace.loads[from[s]];
        trace.loads = std::move(flags);
        trace.meter = std::nullopt;
        trace.limit = std::nullopt;
        if (!other_boot) continue;
        for (Steady* t : {&trace.receipt.began.steady, &trace.must}) *t = *t == never ? never : *t + shift;
        trace.counted = now.steady;
    }
    site_ = site;
    loads_ = std::move(loads);
    meters_.assign(site_.meters.size(), {});
    firm_ = firm_sum(loads_);
    all_loads_ = {};
    for (const Load& load : loads_) all_loads_ += load.power;
    unread_ = static_cast<std::size_t>(std::ranges::count(loads_, false, &Load::read));
    last_ = now;
}

// ---- a step

void ReceiptBuilder::step(Now now, std::span<const Event> heard, const Decision& decision) {
    just_closed_.clear();
    last_ = now;
    for (const Event& event : heard) hear(now, event);
    for (auto& [id, trace] : traces_) advance(trace, now, now.steady);
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
    if (!rests(reading.mode)) return;
    for (auto& [id, trace] : traces_) {
        ShedReceipt& r = trace.receipt;
        if (r.obeyed == r.ordered || reading.taken < r.began.steady) continue;
        for (Slot s = reading.loads.first; s < last; ++s)
            if ((trace.loads[s] & (was_ordered | was_seen)) == was_ordered) trace.loads[s] |= was_seen, ++r.obeyed;
    }
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
    for (auto& [id, trace] : traces_) advance(trace, now, reading.taken);
    meter = {held(reading.power), reading.taken, true};
    if (site_.meter == reading.meter)
        for (auto& [id, trace] : traces_) sample(trace, reading.taken);
}

void ReceiptBuilder::acknowledge(Now now, const Receipt& receipt) {
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
    } else if (note.kind == NoteKind::signal_without_reference) {
        r.reference_estimated = true;
    } else if (note.kind == NoteKind::signal_superseded) {
        if (const Signal* signal = signal_called(heard, note)) place(now, *trace, *signal);
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
    r.reference = held(note.power);
    trace.must = now.steady;
    if (const Signal* signal = signal_called(heard, note)) {
        place(now, trace, *signal);
        r.issue_to_heard = between(signal->issued, now.utc);
    } else if (note.number < site_.policies.size()) {
        r.policy = site_.policies[note.number];
    }
    trace.counted = r.began.steady;
    for (std::size_t i = 0; i < r.moments.size(); ++i) r.moments[i].after = moments[i], r.moments[i].reference = r.reference;
    trace.firm_before = firm_;
    trace.residual_before = residual();
}

void ReceiptBuilder::place(Now now, Trace& trace, const Signal& signal) {
    ShedReceipt& r = trace.receipt;
    r.signal = signal;
    if (index(signal.source) < site_.sources.size()) r.source = site_.sources[index(signal.source)].name;
    if (r.ordered > 0) return;  // What has begun has begun.
    r.began = r.heard;
    if (signal.start > now.utc) r.began = {signal.start, later(now.steady, signal.start - now.utc)};
    trace.must = later(r.began.steady, std::max(signal.ramp, Duration{0}));
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
    Trace* trace = order.why.event == EventId{} || raises(order.rung) ? nullptr : find(order.why.event);
    if (!trace) return;
    ShedReceipt& r = trace->receipt;
    if (!r.first_command) name(*trace, order.why);
    r.first_command = r.first_command.value_or(now.utc);
    r.last_command = now.utc;
    orders_[order.id] = order.why.event;
    if (orders_.size() > most_orders) orders_.erase(orders_.begin());
    trace->loads.resize(loads_.size());
    for (Slot s = order.loads.first; s < std::min(order.loads.last, static_cast<Slot>(loads_.size())); ++s) {
        if (trace->loads[s] & was_ordered) continue;
        trace->loads[s] |= was_ordered;
        ++r.ordered;
        r.ordered_rated += site_.loads[s].rated;
    }
}

void ReceiptBuilder::miss(const Miss& miss) {
    Trace* trace = miss.event == EventId{} || miss.load >= site_.loads.size() ? nullptr : find(miss.event);
    if (!trace) return;
    const std::string& load = site_.loads[miss.load].name;
    ShedReceipt::MissLine& line = trace->misses[load];
    line = {load, miss.cause, line.times + 1, line.given_up || miss.given_up};
}

void ReceiptBuilder::bind(const Decision& decision) {
    for (auto& [id, trace] : traces_) trace.limit = std::nullopt;
    for (const Binding& binding : decision.binding) {
        Trace* trace = binding.why.event == EventId{} ? nullptr : find(binding.why.event);
        if (!trace) continue;
        ShedReceipt& r = trace->receipt;
        if (!r.first_command) name(*trace, binding.why);
        r.worst_shortfall = std::max(r.worst_shortfall, held(binding.shortfall));
        const bool feeder = binding.scope.kind == Scope::Kind::feeder && binding.scope.number < site_.feeders.size();
        const auto meter = feeder ? site_.feeders[binding.scope.number].meter : binding.scope.kind == Scope::Kind::site ? site_.meter : std::nullopt;
        if (!meter || binding.limit >= most || (trace->limit && *trace->limit <= binding.limit)) continue;
        trace->meter = meter;
        trace->limit = held(binding.limit);
        r.limit = std::min(*trace->limit, r.limit.value_or(*trace->limit));
    }
}

// ---- integrals and samples

namespace {

/// Adds `power` over [from, to) to the aligned means it touches.
void spread(auto& means, Duration length, Power power, Instant from, Instant to) {
    while (from < to) {
        const Instant start{from.time_since_epoch() / length * length};
        const Instant until = std::min(to, start + length);
        if (means.empty() || means.back().start != start) {
            if (means.size() >= ReceiptBuilder::most_intervals) return;
            means.push_back({start, {}, {}});
        }
        means.back().energy += power * (until - from);
        means.back().measured += until - from;
        from = until;
    }
}

}  // namespace

void ReceiptBuilder::advance(Trace& trace, Now now, Steady to) {
    to = std::min(to, now.steady);
    if (trace.receipt.closed || to <= trace.counted) return;
    const Steady from = std::exchange(trace.counted, to);
    const auto measured_until = [&](const Meter* meter, MeterId id) {
        return meter && meter->read ? std::min(to, later(meter->taken, site_.meters[index(id)].stale_after)) : from;
    };
    if (const Meter* meter = site_meter()) {
        const Steady until = measured_until(meter, *site_.meter);
        spread(trace.five, minutes{5}, meter->power, utc_of(now, from), utc_of(now, until));
        spread(trace.fifteen, minutes{15}, meter->power, utc_of(now, from), utc_of(now, until));
    }
    const Steady due = std::max(from, trace.must);
    if (!trace.limit || due >= to) return;
    const Meter& meter = meters_[index(*trace.meter)];
    const Steady until = std::max(due, measured_until(&meter, *trace.meter));
    trace.receipt.undelivered += std::max(Power{}, meter.power - *trace.limit) * (until - due);
    trace.receipt.unmeasured += to - until;
}

void ReceiptBuilder::sample(Trace& trace, Steady at) {
    ShedReceipt& r = trace.receipt;
    const Steady began = r.began.steady;
    if (at <= began || at > later(began, r.moments.back().after)) return;
    const Meter* meter = site_meter();
    for (ShedReceipt::Moment& moment : r.moments) {
        if (at > later(began, moment.after)) continue;
        if (meter && meter->read && meter->taken > began) moment.meter = meter->power;
        moment.firm_change = firm_ - trace.firm_before;
        const auto now = r.obeyed == r.ordered ? residual() : std::nullopt;
        moment.residual_change = now && trace.residual_before ? std::optional{*now - *trace.residual_before} : std::nullopt;
    }
}

std::optional<Power> ReceiptBuilder::residual() const {
    const Meter* meter = site_meter();
    if (!meter || !meter->read || unread_ > 0) return std::nullopt;
    return meter->power - all_loads_;
}

const ReceiptBuilder::Meter* ReceiptBuilder::site_meter() const { return site_.meter ? &meters_[index(*site_.meter)] : nullptr; }

ReceiptBuilder::Trace* ReceiptBuilder::find(EventId event) {
    const auto found = traces_.find(event);
    return found == traces_.end() ? nullptr : &found->second;
}

// ---- what is kept, and what is given out

void ReceiptBuilder::forget() {
    const auto is_closed = [](const auto& entry) { return entry.second.receipt.closed.has_value(); };
    auto closed = static_cast<std::size_t>(std::ranges::count_if(traces_, is_closed));
    std::vector<EventId> gone;
    std::size_t kept = traces_.size();
    for (const auto& entry : traces_) {
        if (closed <= most_closed && kept <= most_open + most_closed) break;
        if (is_closed(entry)) --closed;
        else if (kept <= most_open + most_closed) continue;
        gone.push_back(entry.first);
        --kept;
    }
    for (const EventId event : gone) {
        traces_.erase(event);
        std::erase_if(orders_, [&](const auto& order) { return order.second == event; });
    }
}

std::optional<ShedReceipt> ReceiptBuilder::receipt(EventId event) const {
    const auto found = traces_.find(event);
    if (found == traces_.end()) return std::nullopt;
    const Trace& trace = found->second;
    ShedReceipt receipt = trace.receipt;
    const auto means = [](const std::vector<Mean>& sums) {
        std::vector<ShedReceipt::Interval> all;
        for (const Mean& m : sums)
            all.push_back({m.start, Power{static_cast<std::int64_t>(m.energy.count / std::max<std::int64_t>(m.measured.count(), 1))}, m.measured});
        return all;
    };
    receipt.five_minutes = means(trace.five);
    receipt.fifteen_minutes = means(trace.fifteen);
    for (const auto& [load, line] : trace.misses) receipt.misses.push_back(line);
    for (ShedReceipt::Moment& moment : receipt.moments)
        if (last_.steady < later(receipt.began.steady, moment.after)) moment = {moment.after, {}, {}, {}, receipt.reference};
    return receipt;
}

std::optional<ShedReceipt> ReceiptBuilder::receipt(std::string_view name) const {
    for (auto entry = traces_.rbegin(); entry != traces_.rend(); ++entry)
        if (entry->second.receipt.name == name) return receipt(entry->first);
    return std::nullopt;
}

std::vector<EventId> ReceiptBuilder::events() const {
    std::vector<EventId> all;
    for (const auto& [id, trace] : traces_) all.push_back(id);
    return all;
}

std::optional<Now> ReceiptBuilder::closed(EventId event) const {
    const auto found = traces_.find(event);
    return found == traces_.end() ? std::nullopt : found->second.receipt.closed;
}

}  // namespace ballast
