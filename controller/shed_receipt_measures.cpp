#include "controller/shed_receipt.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

/// The means go on to the end of the last interval that an event touched; what is undelivered ends with the event.
void ReceiptBuilder::advance(Now now, Steady to) {
    to = std::min(to, now.steady);
    for (auto& [id, trace] : traces_) count_undelivered(trace, to);
    if (to <= metered_) return;
    const Steady from = std::exchange(metered_, to);
    const Meter* meter = site_meter();
    if (!meter) return;
    const Instant begin = utc_of(now, from), end = utc_of(now, measured_until(*site_.meter, from, to));
    for (IntervalMeans* running : {&five_, &fifteen_}) {
        running->add(meter->power, begin, end);
        running->keep_last();
    }
    for (auto& [id, trace] : traces_) {
        const ShedReceipt& r = trace.receipt;
        for (IntervalMeans* own : {&trace.five, &trace.fifteen})
            own->add(meter->power, std::max(begin, own->floor(r.began.utc)), r.closed ? std::min(end, own->ceil(r.closed->utc)) : end);
    }
}

/// Of [from, to), until when the meter's last reading may be taken for the truth.
Steady ReceiptBuilder::measured_until(MeterId id, Steady from, Steady to) const {
    const Meter& meter = meters_[index(id)];
    return meter.read ? std::clamp(later(meter.taken, site_.meters[index(id)].stale_after), from, to) : from;
}

void ReceiptBuilder::count_undelivered(Trace& trace, Steady to) {
    if (trace.receipt.closed || to <= trace.counted) return;
    const Steady due = std::max(std::exchange(trace.counted, to), trace.must);
    if (!trace.limit || due >= to) return;
    const Steady until = measured_until(*trace.meter, due, to);
    const bool of_site = trace.meter == site_.meter || index(*trace.meter) >= trace.meters_before.size();
    const Power reference = of_site ? trace.receipt.reference : trace.meters_before[index(*trace.meter)];
    trace.receipt.asked += std::max(Power{}, reference - *trace.limit) * (until - due);
    trace.receipt.measured += until - due;
    trace.receipt.undelivered += std::max(Power{}, meters_[index(*trace.meter)].power - *trace.limit) * (until - due);
    trace.receipt.unmeasured += to - until;
    judge_pieces(trace, due, until);
}

void ReceiptBuilder::judge_pieces(Trace& trace, Steady from, Steady to) const {
    constexpr Duration piece = std::chrono::minutes{5};
    constexpr std::int64_t most_pieces = std::chrono::hours{24 * 7} / piece;
    if (trace.pieces_from == never) trace.pieces_from = trace.must;
    while (from < to) {
        const std::int64_t number = (from - trace.pieces_from) / piece;
        if (number < 0 || number >= most_pieces) return;
        const Steady until = std::min(to, trace.pieces_from + (number + 1) * piece);
        auto& pieces = trace.receipt.judged;
        if (pieces.size() <= static_cast<std::size_t>(number)) pieces.resize(static_cast<std::size_t>(number) + 1);
        ShedReceipt::Judged& judged = pieces[static_cast<std::size_t>(number)];
        judged.allowed += *trace.limit * (until - from);
        judged.drawn += meters_[index(*trace.meter)].power * (until - from);
        judged.measured += until - from;
        from = until;
    }
}

void ReceiptBuilder::sample(Trace& trace, Steady at) {
    ShedReceipt& r = trace.receipt;
    const Steady began = r.began.steady;
    const Meter* meter = site_meter();
    if (trace.late) return;
    if (at <= began) {
        if (r.ordered > 0) return;  // They began to go before the start that was named, to be gone by then.
        trace.firm_before = firm_;
        trace.meters_before.clear();
        for (const Meter& m : meters_) trace.meters_before.push_back(m.power);
        trace.residual_before = residual();
        const bool counts_from_mean = r.signal && r.signal->ask == Ask::relative;
        const bool shown = meter && meter->read && at <= later(meter->taken, site_.meters[index(*site_.meter)].stale_after);
        r.reference = shown && !counts_from_mean ? meter->power : r.mean_before;
        return;
    }
    if (at > later(began, r.moments.back().after)) return;
    for (std::size_t i = 0; i < r.moments.size(); ++i) {
        ShedReceipt::Moment& moment = r.moments[i];
        if (at > later(began, moment.after)) continue;
        if (meter && meter->read && meter->taken > began) moment.meter = meter->power, trace.shown_at[i] = meter->taken;
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
    const auto means = [&](const IntervalMeans& intervals) {
        std::vector<ShedReceipt::Interval> all;
        for (const IntervalMeans::Mean& m : intervals.all()) {
            if (m.start + intervals.length() <= receipt.began.utc) continue;  // Of a start that was put off.
            const Duration passed = std::min(last_.utc, m.start + intervals.length()) - m.start;
            all.push_back({m.start, m.mean(), m.measured, std::max(passed - m.measured, Duration{0})});
        }
        return all;
    };
    receipt.groups = group_responses(trace);
    receipt.five_minutes = means(trace.five);
    receipt.fifteen_minutes = means(trace.fifteen);
    for (const auto& [load, line] : trace.misses) receipt.misses.push_back(line);
    for (std::size_t i = 0; i < receipt.moments.size(); ++i) {
        ShedReceipt::Moment& moment = receipt.moments[i];
        moment.reference = receipt.reference;
        const Steady at = later(receipt.began.steady, moment.after);
        const bool too_old = moment.meter && site_.meter && later(trace.shown_at[i], site_.meters[index(*site_.meter)].stale_after) < at;
        if (last_.steady < at || too_old) moment = {moment.after, {}, {}, {}, receipt.reference};
    }
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
