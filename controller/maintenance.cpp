#include "controller/maintenance.hpp"

#include "controller/books.hpp"
#include "controller/words.hpp"

#include <algorithm>
#include <utility>

namespace ballast {

namespace {

template <class Do>
void each_part(const Core& core, Range range, Do part_of) {
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const Site::Group& group = core.site.groups[i];
        const Range part{std::max(range.first, group.loads.first), std::min(range.last, group.loads.last)};
        if (!part.empty() && group.tier != Tier::firm) part_of(GroupId{static_cast<std::uint16_t>(i)}, part);
    }
}

constexpr auto no_more = static_cast<std::uint8_t>(~maintained);

/// What they do with it is their affair: it counts as one that may draw what it can, and nobody is owed an answer.
void hand_over(Core& core, Slot slot) {
    if (!core.state.loads[slot].seen) seen_to_obey(core, core.state.loads[slot].order, 1);
    amend(core, slot, [](LoadState& l) { l.on = l.seen = true, l.failing = false; });
    change_runs(core, {slot, slot + 1}, [&](Run& run) { run.on = true, run.since = core.now.steady; });
}

/// Over its deadline, or seen to rest: nothing more is asked of it.
bool done_with(const Core& core, Slot slot) {
    const LoadState& load = core.state.loads[slot];
    if (load.on) return false;
    if (load.seen) return true;
    const auto pending = std::ranges::lower_bound(core.pending, load.order, {}, &Pending::id);
    return pending == core.pending.end() || pending->id != load.order || pending->due <= core.now.steady;
}

void take_back(Core& core, Slot slot) {
    const LoadState& load = core.state.loads[slot];
    if (load.on && load.seen && rests(load.mode)) {
        amend(core, slot, [](LoadState& l) { l.on = false; });
        change_runs(core, {slot, slot + 1}, [&](Run& run) { run.on = false, run.since = core.now.steady; });
    }
}

}  // namespace

void maintain(Core& core, Range range, const OperatorWord& word) {
    const Why why{{}, {}, Cause::person, 0, Reason::maintenance};
    each_part(core, range, [&](GroupId g, Range part) {
        for (Slot s = part.first; s < part.last; ++s) {
            const LoadState& load = core.state.loads[s];
            const bool stays = run_at(core, s).bars & (maintained | latched);
            if (!stays && load.on && core.can_move(g) && !cut_off(core, g)) command(core, {s, s + 1}, Rung::sleep, why);
        }
        change_runs(core, part, [](Run& run) { run.bars |= maintained; });
    });
    core.state.maintenance.push_back({range, later(core.now.steady, word.lasts), word.target, word.who, word.why, false});
    core.note(NoteKind::maintained, range.first, word.target + " by " + word.who + ": " + word.why);
}

void keep_maintenance(Core& core) {
    std::vector<Range> over;
    std::erase_if(core.state.maintenance, [&](const Maintenance& m) {
        if (m.until > core.now.steady) return core.wake_at(m.until), false;
        core.note(NoteKind::maintenance_over, m.loads.first, m.target);
        over.push_back(m.loads);
        return true;
    });
    for (const Range range : over) lift_maintenance(core, range);
    for (Maintenance& m : core.state.maintenance) {
        if (std::exchange(m.settled, true)) continue;
        each_part(core, m.loads, [&](GroupId, Range part) {
            for (Slot s = part.first; s < part.last; ++s) {
                if ((run_at(core, s).bars & maintained) == 0) continue;
                if (done_with(core, s)) hand_over(core, s);
                m.settled = m.settled && core.state.loads[s].on;
            }
        });
    }
}

void lift_maintenance(Core& core, Range range) {
    each_part(core, range, [&](GroupId, Range part) {
        for (Slot s = part.first; s < part.last; ++s) {
            const bool stands = std::ranges::any_of(core.state.maintenance, [&](const Maintenance& m) { return m.loads.contains(s); });
            if (stands || !(run_at(core, s).bars & maintained)) continue;
            take_back(core, s);
            change_runs(core, {s, s + 1}, [](Run& run) { run.bars &= no_more; });
        }
    });
}

}  // namespace ballast
