#include "controller/shed_receipt.hpp"
#include "controller/books.hpp"
#include "model/state.hpp"

#include <algorithm>

namespace ballast {

std::vector<StandingEvent> standing_events(const State& state, const Site& site, Now now) {
    const auto source = [&](SourceId id) { return index(id) < site.sources.size() ? site.sources[index(id)].name : std::string{}; };
    const auto known = [&](Steady since) { return std::max(since, now.steady - std::chrono::hours{24 * 366}); };  // A snapshot says "long ago" beyond that.
    std::vector<StandingEvent> all;
    for (const Obligation& o : state.obligations)
        if (o.event != EventId{}) all.push_back({o.event, o.signal.id, {}, source(o.signal.source), o.signal, known(o.heard), o.reference, o.estimated});
    for (const Episode& e : state.episodes) {
        const std::string& policy = site.policies[index(e.policy)];
        all.push_back({e.event, event_name(site, e), policy,
                       e.cause == Cause::capacity ? std::string{} : source(e.source), {}, known(e.since), {}, true});
    }
    return all;
}

/// What was last seen before the gap says nothing of it.
void ReceiptBuilder::leave_gap(ShedReceipt& r, const ShedReceipt::Unrecorded& gap) {
    r.unrecorded.push_back(gap);
    for (ShedReceipt::Moment& moment : r.moments)
        if (const Instant at = r.began.utc + moment.after; at > gap.from && at <= gap.to) moment = {moment.after, {}, {}, {}, moment.reference};
}

/// Nobody looked since the last step, whether what stood then was met or not; a reload is too short to matter.
void ReceiptBuilder::miss_time(Trace& trace, bool obliged, Now now) {
    constexpr Duration reload{2'000};
    ShedReceipt& r = trace.receipt;
    const Duration away = between(last_.utc, now.utc);
    if (r.closed || away <= Duration{0}) return;
    const Instant end = r.signal ? std::min(r.signal->end, now.utc) : now.utc;
    if (obliged) r.unmeasured += std::max(Duration{0}, between(std::max(r.met_by, last_.utc), end));
    if (away > reload && r.began.utc < now.utc) leave_gap(r, {std::max(last_.utc, r.heard.utc), now.utc, 0});
}

void ReceiptBuilder::resume(std::uint64_t steps, std::span<const StandingEvent> standing) {
    just_closed_.clear();
    for (auto& [id, trace] : traces_) {
        ShedReceipt& r = trace.receipt;
        if (r.closed) continue;
        leave_gap(r, {std::max(before_, r.heard.utc), last_.utc, steps});
        if (std::ranges::find(standing, id, &StandingEvent::event) != standing.end()) continue;
        r.closed = last_;
        just_closed_.push_back(id);
    }
    for (const StandingEvent& event : standing)
        if (!traces_.contains(event.event)) take_over(event, steps);
    forget();
}

void ReceiptBuilder::take_over(const StandingEvent& event, std::uint64_t steps) {
    Trace& trace = traces_[event.event];
    ShedReceipt& r = trace.receipt;
    r.event = event.event;
    r.name = event.name;
    r.policy = event.policy;
    r.source = event.source;
    r.heard = r.began = {utc_of(last_, event.heard), event.heard};
    r.reference = r.mean_before = std::clamp(event.reference, Power{}, Power{10'000'000'000'000});
    r.reference_estimated = event.estimated;
    r.unrecorded.push_back({r.heard.utc, last_.utc, steps});
    trace.late = true;
    trace.must = event.heard;
    if (event.signal) {
        place(r.heard, trace, *event.signal);
        r.issue_to_heard = between(event.signal->issued, r.heard.utc);
    }
    trace.counted = last_.steady;
    for (const Meter& meter : meters_) trace.meters_before.push_back(meter.power);
    for (std::size_t i = 0; i < r.moments.size(); ++i) r.moments[i].after = moments_after[i];
}

}  // namespace ballast
