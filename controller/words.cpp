#include "controller/words.hpp"

#include "controller/books.hpp"

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

/// A wake that was on its way is called back: what was not seen up counts as resting.
void lock_out(Core& core, Range range, const OperatorWord& word) {
    for (Slot s = range.first; s < range.last; ++s) {
        const LoadState& load = core.state.loads[s];
        if (core.group(core.group_of[s]).tier == Tier::firm || !load.on || load.seen) continue;
        seen_to_obey(core, load.order, 1);
        amend(core, s, [](LoadState& l) { l.on = false, l.seen = true; });
        change_runs(core, {s, s + 1}, [&](Run& run) { run.on = false, run.since = core.now.steady; });
    }
    change_bars(core, range, [](Run& run) { run.bars |= locked_out; });
    core.note(NoteKind::locked_out, range.first, word.target);
}

/// Lockouts, latches and holds are lifted. What was found resting is off by now, and may be raised as any other.
void clear(Core& core, Range range, const OperatorWord& word) {
    for (Slot s = range.first; s < range.last; ++s) {
        const LoadState& load = core.state.loads[s];
        const bool found_resting = load.on && load.seen && (load.mode == Mode::asleep || load.mode == Mode::off);
        if (core.group(core.group_of[s]).tier == Tier::firm || !found_resting) continue;
        amend(core, s, [](LoadState& l) { l.on = false; });
        change_runs(core, {s, s + 1}, [&](Run& run) { run.on = false, run.since = core.now.steady; });
    }
    change_bars(core, range, [](Run& run) { run.bars = 0; });
    std::erase_if(core.holds, [&](const Hold& h) { return h.loads.first >= range.first && h.loads.last <= range.last; });
    core.note(NoteKind::cleared, range.first, word.target);
}

void abort(Core& core, const OperatorWord& word) {
    auto& obligations = core.state.obligations;
    const auto found = std::ranges::find_if(obligations, [&](const Obligation& o) { return o.signal.id == word.target; });
    if (found == obligations.end()) return core.note(NoteKind::word_refused, 0, "no obligation called " + word.target + " stands");
    core.note(NoteKind::aborted, index(found->signal.source), word.target, found->event);
    end_obligation(core, static_cast<std::size_t>(found - obligations.begin()), found->signal.issued);
}

}  // namespace

void obey(Core& core, const OperatorWord& word) {
    if (word.word == Word::abort) return abort(core, word);
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
    bool ended = false;
    std::erase_if(core.holds, [&](const Hold& hold) {
        if (hold.until > core.now.steady) return core.wake_at(hold.until), false;
        core.note(NoteKind::hold_over, hold.loads.first, hold.who);
        change_bars(core, hold.loads, [](Run& run) { run.bars &= static_cast<std::uint8_t>(~held); });
        return ended = true;
    });
    if (!ended) return;
    for (const Hold& hold : core.holds)  // Those that overlap the ended one still stand.
        change_bars(core, hold.loads, [](Run& run) { run.bars |= held; });
}

}  // namespace ballast
