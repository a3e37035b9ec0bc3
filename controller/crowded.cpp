#include "controller/crowded.hpp"

#include "controller/words.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

/// The most that a scope may draw by a call once its ramp is over; "everything" is below every number.
Power limit_at(const Obligation& call, Power reference) {
    if (call.signal.ask == Ask::full) return Power::lowest();
    return call.signal.ask == Ask::absolute ? call.signal.power : reference - call.signal.power;
}

Steady whole_at(const Obligation& call) { return later(call.begins, call.signal.ramp); }

/// Wherever a policy may apply them: to the site, or to one feeder.
bool as_deep(const Obligation& a, const Obligation& b) {
    if (limit_at(a, a.reference) > limit_at(b, b.reference)) return false;
    for (std::size_t f = 0; f < a.feeder_references.size(); ++f)
        if (limit_at(a, a.feeder_references[f]) > limit_at(b, b.feeder_references[f])) return false;
    return true;
}

/// `a` asks all that `b` asks, at any time from now on.
bool asks_all_of(const Core& core, const Obligation& a, const Obligation& b) {
    const auto by = [&](Steady at) { return std::max(at, core.now.steady); };
    return b.held.empty() && as_deep(a, b) && by(a.begins) <= by(b.begins) && by(whole_at(a)) <= by(whole_at(b)) && a.ends >= b.ends && a.armed >= b.armed;
}

constexpr std::size_t most_joined = 1'000;

/// No source can say this name, so that what it is kept for ends by its time, or by a person.
constexpr const char* nameless = "";

void stand_for(Obligation& call, const std::string& name) {
    if (name == call.signal.id || std::ranges::find(call.joined, name) != call.joined.end()) return;
    call.joined.push_back(call.joined.size() < most_joined ? name : nameless);
}

void stand_for(Obligation& call, const Obligation& other) {
    if (call.joined.size() <= most_joined && !other.released) stand_for(call, other.signal.id);
    for (const std::string& name : other.joined)
        if (call.joined.size() <= most_joined) stand_for(call, name);
}

void tell(Core& core, NoteKind kind, const Obligation& lost, EventId stands) { core.note(kind, index(lost.signal.source), lost.signal.id, stands); }

}  // namespace

void ask_also(Obligation& into, const Obligation& other) {
    const Steady whole = std::min(whole_at(into), whole_at(other));
    if (!as_deep(into, other)) into.signal.ask = Ask::full, into.signal.power = {};  // Neither says it all: one is of a feeder deeper, say.
    if (other.begins < into.begins) into.begins = other.begins, into.begins_utc = other.begins_utc;
    into.signal.start = std::min(into.signal.start, other.signal.start);
    into.signal.end = std::max(into.signal.end, other.signal.end);
    into.signal.ramp = whole - into.begins;
    into.ends = std::max(into.ends, other.ends);
    into.armed = std::max(into.armed, other.armed);
    into.held.insert(into.held.end(), other.held.begin(), other.held.end());
    stand_for(into, other);
}

bool lets_go(Obligation& call) {
    call.released = true;
    return call.joined.empty();
}

bool release_joined(Core& core, const Signal& signal, const std::string& id) {
    auto& all = core.state.obligations;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].signal.source != signal.source || std::erase(all[i].joined, id) == 0) continue;
        if (all[i].released && all[i].joined.empty()) end_obligation(core, i, signal.issued);
        return true;
    }
    return false;
}

bool make_room(Core& core, Obligation& fresh) {
    auto& all = core.state.obligations;
    const auto alike = [&](const Obligation& o) { return o.signal.source == fresh.signal.source && o.signal.kind == fresh.signal.kind; };
    if (std::ranges::count_if(all, alike) < most_obligations) return true;
    if (!is_call(fresh.signal.kind)) return tell(core, NoteKind::signals_full, fresh, {}), false;
    for (Obligation& o : all)
        if (alike(o) && asks_all_of(core, o, fresh)) return stand_for(o, fresh), tell(core, NoteKind::call_covered, fresh, o.event), false;

    constexpr std::size_t none = SIZE_MAX;
    std::size_t mildest = none, needless = none;
    const auto milder = [&](std::size_t a, std::size_t b) {
        if (b == none) return true;
        const Power deep_a = limit_at(all[a], all[a].reference), deep_b = limit_at(all[b], all[b].reference);
        return deep_a != deep_b ? deep_a > deep_b : std::pair{all[a].ends, all[a].event} < std::pair{all[b].ends, all[b].event};
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!alike(all[i])) continue;
        if (milder(i, mildest)) mildest = i;
        if (milder(i, needless) && asks_all_of(core, fresh, all[i])) needless = i;
    }
    const std::size_t gone = needless == none ? mildest : needless;
    if (needless == none && !as_deep(fresh, all[gone]) && as_deep(all[gone], fresh)) {
        ask_also(all[gone], fresh);
        return tell(core, NoteKind::calls_joined, fresh, all[gone].event), false;
    }
    if (needless == none) ask_also(fresh, all[gone]);
    else stand_for(fresh, all[gone]);
    tell(core, NoteKind::calls_joined, all[gone], EventId{core.last_event + 1});  // Which it is about to open.
    end_obligation(core, gone, all[gone].signal.issued);
    return true;
}

}  // namespace ballast
