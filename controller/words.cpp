#include "controller/words.hpp"

#include "controller/books.hpp"
#include "controller/disarm.hpp"
#include "controller/frequency.hpp"
#include "controller/maintenance.hpp"

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

/// What one may be cleared of. An override also stands on a feeder: with it, what hangs there is cleared.
std::vector<Range> ranges_of(const Core& core, const OperatorWord& word) {
    if (const auto range = named(core, word.target)) return {*range};
    std::vector<Range> ranges;
    const auto scope = word.word == Word::clear ? scope_named(core, word.target) : std::nullopt;
    for (std::uint16_t g = 0; scope && g < core.site.groups.size(); ++g)
        if (core.site.feeds(*scope, g)) ranges.push_back(core.site.groups[g].loads);
    return ranges;
}

}  // namespace

std::optional<Scope> scope_named(const Core& core, const std::string& target) {
    if (target == "site") return Scope::site();
    for (std::uint16_t f = 0; f < core.site.feeders.size(); ++f)
        if (core.site.feeders[f].name == target) return Scope::feeder(FeederId{f});
    for (std::uint16_t g = 0; g < core.site.groups.size(); ++g)
        if (core.site.groups[g].name == target) return Scope::group(GroupId{g});
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
        if (core.group(g).tier != Tier::interruptible || !load.on || load.seen || (run_at(core, s).bars & maintained)) continue;
        if (core.local[index(g)] && !core.can_move(g)) continue;  // Whoever is there has the say.
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
    const auto inside = [&](const auto& said) { return said.loads.first >= range.first && said.loads.last <= range.last; };
    std::erase_if(core.holds, inside);
    std::erase_if(core.state.maintenance, inside);
    core.note(NoteKind::cleared, range.first, word.target);
}

}  // namespace

namespace {

/// One of each target stands: the newest.
void override_limits(Core& core, const OperatorWord& word) {
    const auto scope = scope_named(core, word.target);
    if (!scope) return core.note(NoteKind::word_refused, 0, "no site, feeder or group is called " + word.target);
    std::erase_if(core.state.overrides, [&](const Override& o) { return o.target == word.target; });
    core.state.overrides.push_back({*scope, word.limit, later(core.now.steady, word.lasts), word.target, word.who, word.why});
    core.note(NoteKind::overridden, 0, word.target + " by " + word.who + ": " + word.why, {}, core.state.overrides.back().runs() ? Power{} : word.limit);
}

}  // namespace

void end_overrides(Core& core) {
    std::erase_if(core.state.overrides, [&](const Override& o) {
        if (o.until > core.now.steady) return core.wake_at(o.until), false;
        core.note(NoteKind::override_over, 0, o.target);
        return true;
    });
}

namespace {

void obey(Core& core, Range range, const OperatorWord& word) {
    switch (word.word) {
    case Word::hold: return hold(core, range, word);
    case Word::lockout: return lock_out(core, range, word);
    case Word::clear: return clear(core, range, word);
    case Word::maintenance: return maintain(core, range, word);
    case Word::override_:
    case Word::abort: return;
    }
}

}  // namespace

void obey(Core& core, const OperatorWord& word) {
    if (word.word == Word::abort) return abort(core, word);
    if (word.word == Word::override_) return override_limits(core, word);
    const bool armed = word.word == Word::clear && arm_rule_again(core, word);
    const std::vector<Range> ranges = ranges_of(core, word);
    const bool lifted = word.word == Word::clear && std::erase_if(core.state.overrides, [&](const Override& o) { return o.target == word.target || word.target == "site"; }) > 0;
    if (ranges.empty() && !armed && !lifted) return core.note(NoteKind::word_refused, 0, "no load or group is called " + word.target);
    for (const Range range : ranges) obey(core, range, word);
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
