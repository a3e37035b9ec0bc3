#include "controller/words.hpp"

#include "controller/books.hpp"
#include "controller/frequency.hpp"

#include <algorithm>

namespace ballast {

/// All of the site, a group, or one load.
std::optional<Range> named(const Core& core, const std::string& target) {
    if (target == "site") return Range{0, static_cast<Slot>(core.site.loads.size())};
    for (const Site::Group& group : core.site.groups)
        if (group.name == target) return group.loads;
    for (Slot s = 0; s < core.site.loads.size(); ++s)
        if (core.site.loads[s].name == target) return Range{s, s + 1};
    return std::nullopt;
}

namespace {

template <class Change>
void change_bars(Core& core, Range range, Change change) {
    for (const Site::Group& group : core.site.groups) {
        const Range part{std::max(range.first, group.loads.first), std::min(range.last, group.loads.last)};
        if (part.empty() || group.tier == Tier::firm) continue;
        change_runs(core, part, change);
    }
}

void hold(Core& core, Range range, const OperatorWord& word) {
    core.holds.push_back({range, later(core.now.steady, word.lasts), word.target, word.who});
    change_bars(core, range, [](Run& run) { run.bars |= held; });
    core.note(NoteKind::held, range.first, word.target);
}

/// A wake or a close that is on its way is called back by the opposite order, which its driver puts in its place.
void lock_out(Core& core, Range range, const OperatorWord& word) {
    const Why why{{}, {}, Cause::person, 0, Reason::called_back};
    for (Slot s = range.first; s < range.last; ++s) {
        const LoadState& load = core.state.loads[s];
        const GroupId g = core.group_of[s];
        if (core.group(g).tier != Tier::interruptible || !load.on || load.seen) continue;
        command(core, {s, s + 1}, core.is_contactor(g) ? Rung::open : Rung::sleep, why);
    }
    change_bars(core, range, [](Run& run) { run.bars |= locked_out; });
    core.note(NoteKind::locked_out, range.first, word.target);
}

/// Lockouts, latches and holds are lifted. What was found resting is off by now, and may be raised as any other.
void clear(Core& core, Range range, const OperatorWord& word) {
    for (Slot s = range.first; s < range.last; ++s) {
        const LoadState& load = core.state.loads[s];
        const bool found_resting = load.on && load.seen && rests(load.mode);
        if (core.group(core.group_of[s]).tier != Tier::interruptible || !found_resting) continue;
        amend(core, s, [](LoadState& l) { l.on = false; });
        change_runs(core, {s, s + 1}, [&](Run& run) { run.on = false, run.since = core.now.steady; });
    }
    change_bars(core, range, [](Run& run) { run.bars = 0; });
    std::erase_if(core.holds, [&](const Hold& h) { return h.loads.first >= range.first && h.loads.last <= range.last; });
    core.note(NoteKind::cleared, range.first, word.target);
}

void abort(Core& core, const OperatorWord& word) {
    if (disarm(core, word)) return;
    auto& obligations = core.state.obligations;
    const auto found = std::ranges::find_if(obligations, [&](const Obligation& o) { return o.signal.id == word.target; });
    if (found == obligations.end()) return core.note(NoteKind::word_refused, 0, "no obligation called " + word.target + " stands");
    core.note(NoteKind::aborted, index(found->signal.source), word.target, found->event);
    end_obligation(core, static_cast<std::size_t>(found - obligations.begin()), found->signal.issued);
}

}  // namespace

void obey(Core& core, const OperatorWord& word) {
    if (word.word == Word::abort) return abort(core, word);
    if (word.word == Word::clear && arm_again(core, word)) return;
    const auto range = named(core, word.target);
    if (!range) return core.note(NoteKind::word_refused, 0, "no load or group is called " + word.target);
    switch (word.word) {
    case Word::hold: return hold(core, *range, word);
    case Word::lockout: return lock_out(core, *range, word);
    case Word::clear: return clear(core, *range, word);
    case Word::abort: return;
    }
}

void end_holds(Core& core) {
    std::vector<Range> over;
    std::erase_if(core.holds, [&](const Hold& hold) {
        if (hold.until > core.now.steady) return core.wake_at(hold.until), false;
        core.note(NoteKind::hold_over, hold.loads.first, hold.who);
        over.push_back(hold.loads);
        return true;
    });
    for (const Range range : over) lift_holds(core, range);
}

/// Where no hold stands any more. One that a person cleared inside of a wider hold stays clear.
void lift_holds(Core& core, Range range) {
    const auto lift = [](Run& run) { run.bars &= static_cast<std::uint8_t>(~held); };
    for (Slot first = range.first; first < range.last;) {
        Slot last = range.last;
        bool stands = false;
        for (const Hold& hold : core.holds) {
            if (hold.loads.contains(first)) stands = true, last = std::min(last, hold.loads.last);
            else if (hold.loads.first > first) last = std::min(last, hold.loads.first);
        }
        if (!stands) change_bars(core, {first, last}, lift);
        first = last;
    }
}

}  // namespace ballast
