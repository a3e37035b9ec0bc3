#include "controller/apply.hpp"

#include "controller/books.hpp"
#include "controller/channels.hpp"
#include "controller/crowded.hpp"
#include "controller/frequency.hpp"
#include "controller/peaks.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

constexpr std::ptrdiff_t most_tombstones = 256, most_calls = 1'000;  ///< Of one source: none can shut out another's word.

constexpr Duration most_ahead = std::chrono::hours{24 * 7};  ///< A price from beyond that proves nothing about its source.

constexpr Instant earliest{-std::chrono::years{4'000}}, latest{std::chrono::years{40'000}};

/// A UTC instant on the clock that never jumps, as both stand now; what is thousands of years away stays there.
Steady steadily(const Core& core, Instant at) {
    return at >= latest ? never : later(core.now.steady, std::max(at, earliest) - core.now.utc);
}

}  // namespace

void heard_from(Core& core, SourceId id) {
    const Duration grace = core.site.sources[index(id)].stale_after;
    heard_on(core, id, grace > Duration{0} ? later(core.now.steady, grace) : never);
}

namespace {

// ---- prices

void apply_price(Core& core, const Signal& signal) {
    const Duration grace = core.site.sources[index(signal.source)].stale_after;
    // The next word is due when this interval ends, or an interval's length after this one was published.
    const Instant start = std::clamp(signal.start, earliest, latest), end = std::clamp(signal.end, earliest, latest);
    const Instant due = std::max(end, std::max(std::clamp(signal.issued, earliest, latest), start) + (end - start));
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
    Steady longest = interval.begins <= later(core.now.steady, most_ahead) ? good_until : Steady::min();
    if (good_until != never)
        for (const PriceInterval& known : prices.all())
            if (known.begins <= later(core.now.steady, most_ahead)) longest = std::max(longest, known.good_until);
    if (longest > core.now.steady) heard_on(core, signal.source, longest);
}

void apply_hashprice(Core& core, const Signal& signal) {
    if (core.state.hashprice && signal.issued < core.state.hashprice_issued) return core.note(NoteKind::signal_older, index(signal.source), signal.id);
    core.state.hashprice = signal.price;
    core.state.hashprice_issued = signal.issued;
    rate_strikes(core);
    heard_from(core, signal.source);
}

/// A temperature or a heat demand: it holds until its source says otherwise, or falls silent.
void apply_level(Core& core, const Signal& signal) {
    auto& level = core.state.levels[index(signal.source)];
    if (level && signal.issued < level->issued) return core.note(NoteKind::signal_older, index(signal.source), signal.id);
    level = Level{signal.kind == SignalKind::heat ? signal.power.count : signal.temperature.count, signal.issued};
    heard_from(core, signal.source);
}

// ---- dispatches, emergencies and their release

Tombstone* tombstone_of(Core& core, SourceId source, const std::string& id) {
    for (Tombstone& stone : core.state.tombstones)
        if (stone.source == source && stone.id == id) return &stone;
    return nullptr;
}

struct Reference {
    Power power;
    bool estimated = false;
};

/// The meter's mean before the issue, or, where it has no such past or has fallen silent, what the books say is drawn.
Reference reference_at(const Core& core, Scope scope, Steady issued, Duration window) {
    const auto meter = core.meter_of(scope);
    const Balance now = balance(core, scope);
    if (meter && now.meter) {
        const MeterState& read = core.state.meters[index(*meter)];
        if (const auto mean = read.mean(issued - window, issued)) return {*mean, false};
        // Its past is shorter than the window: all that was read of it.
        if (!read.history.empty())
            if (const auto mean = read.mean(read.history.front().taken, issued)) return {*mean, true};
    }
    return {now.drawn(), true};
}

/// An arm has its own names: a call may bear the id of the award that it calls in.
std::string arm_id(const std::string& id) { return "arm " + id; }

/// What one of several channels has released before anybody called it: the others have yet to agree.
std::string unheard_id(const std::string& id) { return "unheard " + id; }

/// What one of them awards the other may call in.
bool same_programme(const Core& core, SourceId a, SourceId b) {
    const auto& programme = core.site.sources[index(a)].programme;
    return a == b || (programme && programme == core.site.sources[index(b)].programme);
}

/// What a call takes of the volume that an arm offers: all of it, if it begins while that stands.
Power armed_by(const Core& core, const Obligation& arm, const Obligation& call) {
    const bool armed = arm.signal.kind == SignalKind::arm && same_programme(core, arm.signal.source, call.signal.source) && arm.begins <= call.begins && call.begins < arm.ends;
    return armed ? arm.signal.power : Power{};
}

/// The greatest volume that is armed for the time of a call; what it once had, it keeps.
void call_in(const Core& core, Obligation& call) {
    for (const Obligation& arm : core.state.obligations) call.armed = std::max(call.armed, armed_by(core, arm, call));
}

/// An award also reaches the calls that came before it and have not begun.
void award(Core& core, const Obligation& arm) {
    for (Obligation& call : core.state.obligations)
        if (is_call(call.signal.kind) && call.begins > core.now.steady) call.armed = std::max(call.armed, armed_by(core, arm, call));
}

void freeze_references(Core& core, Obligation& obligation) {
    const Steady issued = std::min(core.now.steady, steadily(core, obligation.signal.issued));
    const Duration window = core.site.sources[index(obligation.signal.source)].reference_window;
    const Reference site = reference_at(core, Scope::site(), issued, window);
    obligation.reference = site.power;
    obligation.estimated = site.estimated;
    for (std::uint16_t f = 0; f < core.site.feeders.size(); ++f)
        obligation.feeder_references.push_back(reference_at(core, Scope::feeder(FeederId{f}), issued, window).power);
}

/// When a call is over: as it says, but for what its programme's contract has of the matter.
Steady end_by_contract(const Site::CallTerms& terms, const Signal& signal, Steady begins, Steady ends) {
    if (!is_call(signal.kind)) return ends;
    if (terms.until_release) return never;
    const Steady longest = terms.at_most == Duration::max() ? never : later(begins, terms.at_most);
    return std::min(std::max(ends, later(begins, terms.at_least)), longest);
}

/// It says when it ends, and that is past.
bool is_over(const Core& core, const Site::CallTerms& terms, const Signal& signal) {
    return signal.end != open_end && end_by_contract(terms, signal, steadily(core, signal.start), steadily(core, signal.end)) <= core.now.steady;
}

/// What has begun does not begin anew because its source says it again: neither its ramp nor its proof starts over.
void place(Core& core, Obligation& obligation, const Signal& signal) {
    const Steady start = steadily(core, signal.start);
    const bool goes_on = obligation.begins <= core.now.steady && start <= core.now.steady;
    if (!goes_on) {
        obligation.begins = std::max(core.now.steady, start);
        obligation.begins_utc = std::max(core.now.utc, std::min(signal.start, latest));
    }
    obligation.signal = signal;
    obligation.ends = end_by_contract(terms_of(core.site, signal), signal, obligation.begins, steadily(core, signal.end));
    if (is_call(signal.kind)) call_in(core, obligation);
    else if (signal.kind == SignalKind::arm) award(core, obligation);
}

/// Its source has changed it. What it stands for besides it goes on standing for.
void say_anew(Core& core, Obligation& known, const Signal& signal) {
    const Obligation before = known;
    place(core, known, signal);
    known.released = false;
    if (!before.joined.empty()) ask_also(known, before);
}

void bury(Core& core, SourceId source, const std::string& id, Instant issued);

/// After a word of one of its channels: it ends if they agree that it is over, else the safest of them holds.
void hold_to_words(Core& core, std::size_t which) {
    Obligation& known = core.state.obligations[which];
    if (let_go(core, known) && lets_go(known)) return end_obligation(core, which, known.signal.issued);
    compare_words(core, known);
    const Signal before = known.signal, now = agreed(core, known);
    if (now == before) return core.note(NoteKind::signal_duplicate, index(known.signal.source), known.signal.id, known.event);
    place(core, known, now);
    core.note(NoteKind::signal_superseded, index(known.signal.source), known.signal.id, known.event);
}

/// One of several channels speaks of an obligation that stands.
void hear_on_channel(Core& core, std::size_t which, SourceId channel, const Signal& said, bool released) {
    Obligation& known = core.state.obligations[which];
    if (known.words.empty()) known.words.push_back({known.signal.source, known.signal, false});  // The site file has given it a second one since.
    switch (note_word(known, channel, said, released)) {
    case Heard::taken: return hold_to_words(core, which);
    case Heard::older: return core.note(NoteKind::signal_older, index(known.signal.source), said.id, known.event);
    case Heard::duplicate: return core.note(NoteKind::signal_duplicate, index(known.signal.source), said.id, known.event);
    case Heard::after_release: return core.note(NoteKind::signal_after_release, index(known.signal.source), said.id);
    }
}

/// The channel took it back before anybody heard of it.
bool was_released_on(Core& core, SourceId channel, const Signal& signal) {
    const Tombstone* stone = tombstone_of(core, channel, unheard_id(signal.id));
    return stone && stone->issued >= signal.issued;
}

/// What each channel has said of a call that is first heard on one of them.
std::vector<ChannelWord> words_on(Core& core, const Signal& signal, SourceId channel) {
    std::vector<ChannelWord> words{{channel, signal, false}};
    for (std::uint16_t i = 0; i < core.site.sources.size(); ++i)
        if (const SourceId other{i}; other != channel && source_of(core.site, other) == signal.source && was_released_on(core, other, signal)) words.push_back({other, signal, true});
    return words;
}

void apply_dispatch(Core& core, Signal signal) {
    const SourceId channel = signal.source;
    signal.source = source_of(core.site, channel);
    heard_from(core, channel);
    const std::size_t source = index(signal.source);
    if (const Tombstone* stone = tombstone_of(core, signal.source, signal.id); stone && stone->issued >= signal.issued)
        return core.note(NoteKind::signal_after_release, source, signal.id);
    Site::CallTerms terms = terms_of(core.site, signal);
    const bool over = is_over(core, terms, signal);
    for (std::size_t i = 0; i < core.state.obligations.size(); ++i) {
        Obligation& known = core.state.obligations[i];
        if (known.signal.source != signal.source || known.signal.id != signal.id) continue;
        if (has_channels(core.site, signal.source)) return hear_on_channel(core, i, channel, signal, over);
        if (signal.issued < known.signal.issued) return core.note(NoteKind::signal_older, source, signal.id, known.event);
        if (signal.issued == known.signal.issued) return core.note(NoteKind::signal_duplicate, source, signal.id, known.event);
        if (over) return lets_go(known) ? end_obligation(core, i, signal.issued) : core.note(NoteKind::signal_superseded, source, signal.id, known.event);  // Its source cut it short.
        say_anew(core, known, signal);
        return core.note(NoteKind::signal_superseded, source, signal.id, known.event);
    }
    if (has_channels(core.site, signal.source) && was_released_on(core, channel, signal)) return core.note(NoteKind::signal_after_release, source, signal.id);
    terms.until_release = false;  // First heard of when its own time is past, it waits for no release: that may have been said long ago.
    if (is_over(core, terms, signal)) return release_joined(core, signal, signal.id) ? void() : core.note(NoteKind::signal_over, source, signal.id);
    Obligation obligation;
    obligation.heard = core.now.steady;
    place(core, obligation, signal);
    freeze_references(core, obligation);
    if (!make_room(core, obligation)) return;
    const bool asks = is_call(signal.kind);  // What is only armed asks nothing to go, and has no receipt.
    if (asks) obligation.event = EventId{++core.last_event};
    if (has_channels(core.site, signal.source)) obligation.words = words_on(core, signal, channel);
    core.note(asks ? NoteKind::event_opened : signal.kind == SignalKind::local ? NoteKind::local : NoteKind::signal_accepted, source, signal.id, obligation.event, asks ? obligation.reference : signal.power);
    if (asks && obligation.estimated)  // After the event was opened, whose receipt says so. People need it of what is counted from it.
        core.note(signal.ask == Ask::relative ? NoteKind::signal_without_reference : NoteKind::reference_estimated, source, signal.id, obligation.event, obligation.reference);
    if (asks && !core.site.sources[source].answered) core.note(NoteKind::unanswered, source, signal.id, obligation.event);
    core.state.obligations.push_back(std::move(obligation));
    compare_words(core, core.state.obligations.back());
}

void bury(Core& core, SourceId source, const std::string& id, Instant issued) {
    if (Tombstone* stone = tombstone_of(core, source, id)) {
        stone->issued = std::max(stone->issued, issued);
        return;
    }
    auto& stones = core.state.tombstones;
    stones.push_back({source, id, issued});
    const auto same = [&](const Tombstone& stone) { return stone.source == source; };
    if (std::ranges::count_if(stones, same) > most_tombstones) stones.erase(std::ranges::find_if(stones, same));
}

/// Whether something of that name stood, and is over.
bool release(Core& core, const Signal& signal, const std::string& id, SourceId channel) {
    auto& obligations = core.state.obligations;
    const auto found = std::ranges::find_if(obligations, [&](const Obligation& o) { return o.signal.source == signal.source && o.signal.id == id; });
    if (found == obligations.end()) return false;
    const auto which = static_cast<std::size_t>(found - obligations.begin());
    if (has_channels(core.site, signal.source)) hear_on_channel(core, which, channel, signal, true);
    else if (signal.issued < found->signal.issued) core.note(NoteKind::signal_older, index(signal.source), id, found->event);
    else if (lets_go(*found)) end_obligation(core, which, signal.issued);
    else found->signal.issued = signal.issued, core.note(NoteKind::signal_superseded, index(signal.source), id, found->event);
    return true;
}

/// A call and an arm may bear one id: its release ends the call, and the arm only where no call ever was.
void apply_release(Core& core, Signal signal) {
    const SourceId channel = signal.source;
    signal.source = source_of(core.site, channel);
    heard_from(core, channel);
    const bool forecast = release_forecast(core, signal);
    const bool was_call = tombstone_of(core, signal.source, signal.id) != nullptr;
    if (release(core, signal, signal.id, channel)) return;
    const bool joined = release_joined(core, signal, signal.id);
    const auto bury_unheard = [&](const std::string& id) {
        if (has_channels(core.site, signal.source)) bury(core, channel, unheard_id(id), signal.issued);
        else bury(core, signal.source, id, signal.issued);
    };
    bury_unheard(signal.id);
    if (joined || was_call) return;
    const bool arm = release(core, signal, arm_id(signal.id), channel);
    if (!arm && !forecast) core.note(NoteKind::signal_unknown_release, index(signal.source), signal.id);
    if (!arm) bury_unheard(arm_id(signal.id));
}

void apply_arm(Core& core, Signal signal) {
    signal.id = arm_id(signal.id);
    apply_dispatch(core, signal);
}

}  // namespace

void apply_one(Core& core, const Signal& signal) {
    const Site::Source& source = core.site.sources[index(signal.source)];
    if (signal.issued > core.now.utc + source.future_tolerance)
        return core.note(NoteKind::signal_from_future, index(signal.source), signal.id);
    switch (signal.kind) {
    case SignalKind::price: return apply_price(core, signal);
    case SignalKind::arm: return apply_arm(core, signal);
    case SignalKind::hashprice: return apply_hashprice(core, signal);
    case SignalKind::temperature:
    case SignalKind::heat: return apply_level(core, signal);
    case SignalKind::dispatch:
    case SignalKind::local:
    case SignalKind::emergency: return apply_dispatch(core, signal);
    case SignalKind::release: return apply_release(core, signal);
    case SignalKind::system_demand: return apply_system_demand(core, signal);
    case SignalKind::peak_forecast: return apply_peak_forecast(core, signal);
    }
}

// A source may live while it has nothing to say; a price's silence is counted from when its next word was due.
void apply_one(Core& core, const Heartbeat& beat) {
    if (core.state.prices[index(beat.source)].all().empty()) heard_from(core, beat.source);
}

void apply_one(Core&, const Rejected&) {}  // Journaled as heard; decides nothing.

namespace {

/// For the quotas, which go by the calendar.
void remember_call(Core& core, const Obligation& over) {
    if (!is_call(over.signal.kind) || over.begins > core.now.steady) return;
    auto& calls = core.state.calls;
    const Steady ended = std::clamp(over.ends, over.begins, core.now.steady);  // It may have ended while nobody ran.
    calls.push_back({over.signal.source, over.begins_utc, over.begins_utc + (ended - over.begins)});
    const auto same = [&](const Call& call) { return call.source == over.signal.source; };
    if (std::ranges::count_if(calls, same) > most_calls) calls.erase(std::ranges::find_if(calls, same));
}

}  // namespace

void end_obligation(Core& core, std::size_t which, Instant issued) {
    auto& obligations = core.state.obligations;
    const Obligation over = obligations[which];
    obligations.erase(obligations.begin() + static_cast<std::ptrdiff_t>(which));
    for (const ChannelWord& word : over.words) issued = std::max(issued, word.signal.issued);  // Also that which was not the safest.
    bury(core, over.signal.source, over.signal.id, std::max(issued, over.signal.issued));
    remember_call(core, over);
    core.note(over.signal.kind == SignalKind::local ? NoteKind::local_over : NoteKind::event_closed, index(over.signal.source), over.signal.id, over.event);
}

void rate_strikes(Core& core) {
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const Site::Group& group = core.site.groups[i];
        if (group.economics) {
            Economics economics = *group.economics;
            economics.hashprice = core.state.hashprice.value_or(economics.hashprice);
            for (Slot s = group.loads.first; s < group.loads.last; ++s)
                core.state.strikes[s] = break_even(economics, core.joules_per_hash(GroupId{static_cast<std::uint16_t>(i)}, s));
        }
        find_frontier(core, GroupId{static_cast<std::uint16_t>(i)});
    }
}

}  // namespace ballast
