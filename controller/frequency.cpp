#include "controller/frequency.hpp"

#include "controller/apply.hpp"
#include "controller/books.hpp"

#include <algorithm>
#include <utility>
#include <fmt/core.h>

namespace ballast {

namespace {

Why why_tripped(const Site::Guard& guard) {
    return {guard.policy, guard.source, Cause::emergency, 0, Reason::under_frequency, EscalateTo::contactor};
}

/// May be opened: it is to be closed, and neither a person nor anything else has taken it from us.
bool may_trip(const Core& core, Slot slot) {
    const LoadState& load = core.state.loads[slot];
    const auto bars = run_at(core, slot).bars;
    if (bars & (locked_out | maintained)) return false;
    if ((bars & latched) && load.mode != Mode::running) return false;
    return load.on;
}

bool opened(const Tripped& tripped, Slot slot) { return std::ranges::find(tripped.contactors, slot) != tripped.contactors.end(); }

/// It was opened by this very trip, and its feedback was heard before we were.
bool latched_by(const Core& core, Slot slot, const Tripped& tripped) {
    const LoadState& load = core.state.loads[slot];
    return (run_at(core, slot).bars & latched) && rests(load.mode) && load.taken >= tripped.sent && opened(tripped, slot);
}

void open(Core& core, Slot slot, const Why& why) {
    const EventId event = event_of(core, why);
    core.note(NoteKind::contactor_opens, slot, {}, event);
    command(core, {slot, slot + 1}, Rung::open, why);
}

}  // namespace

void apply_one(Core& core, const FrequencyReading& reading) {
    GuardState& guard = core.state.guards[index(reading.guard)];
    const Site::Guard& site = core.site.guards[index(reading.guard)];
    heard_from(core, site.source);
    guard.frequency = reading.latest;
    const bool back = reading.latest >= site.restore_above;
    if (!back) guard.calm_since = never;
    else if (reading.lowest < site.restore_above || guard.calm_since == never) guard.calm_since = reading.taken;
}

/// What the table opened is now off by our order, which its driver carries out once more: so its fate, its deadline and
/// its repeats are those of any other. What of these stages was closed meanwhile goes along; not where a person has meanwhile
/// taken the guard out of force: then what it still opened is open, and nothing holds it so.
void apply_one(Core& core, const Tripped& tripped) {
    GuardState& guard = core.state.guards[index(tripped.guard)];
    const Site::Guard& site = core.site.guards[index(tripped.guard)];
    const std::size_t stages = std::min<std::size_t>(tripped.stage, site.stages.size());
    if (stages == 0) return;
    const Why why = why_tripped(site);
    guard.calm_since = never;
    if (stages > guard.tripped) {
        if (!guard.disarmed) guard.tripped = static_cast<std::uint8_t>(stages);
        core.note(NoteKind::tripped, index(site.policy), fmt::format("{:.3f} Hz, stage {}", hertz(tripped.frequency), stages), event_of(core, why));
    }
    for (std::size_t i = 0; i < stages; ++i)
        for (const Slot slot : site.stages[i].contactors) {
            if (latched_by(core, slot, tripped)) change_runs(core, {slot, slot + 1}, [](Run& run) { run.bars &= static_cast<std::uint8_t>(~latched); });
            if (may_trip(core, slot) && (!guard.disarmed || opened(tripped, slot))) open(core, slot, why);
        }
}

bool trip_holds(const Core& core, Slot contactor) {
    for (std::size_t g = 0; g < core.site.guards.size(); ++g) {
        const auto& stages = core.site.guards[g].stages;
        for (std::size_t i = 0; i < std::min<std::size_t>(core.state.guards[g].tripped, stages.size()); ++i)
            if (std::ranges::binary_search(stages[i].contactors, contactor)) return true;
    }
    return false;
}

void end_trips(Core& core) {
    for (std::size_t g = 0; g < core.site.guards.size(); ++g) {
        GuardState& guard = core.state.guards[g];
        const Site::Guard& site = core.site.guards[g];
        if (core.state.sources[index(site.source)].stale) guard.calm_since = never;
        if (guard.tripped == 0 || guard.calm_since == never) continue;
        const Steady over = later(guard.calm_since, site.restore_after);
        if (over > core.now.steady) {
            core.wake_at(over);
            continue;
        }
        guard.tripped = 0;
        core.note(NoteKind::trip_over, index(site.policy));
    }
}

namespace {

std::optional<std::size_t> guard_called(const Core& core, const std::string& policy) {
    for (std::size_t g = 0; g < core.site.guards.size(); ++g)
        if (core.site.policies[index(core.site.guards[g].policy)] == policy) return g;
    return std::nullopt;
}

}  // namespace

std::optional<PolicyId> disarm(Core& core, const OperatorWord& word) {
    const auto g = guard_called(core, word.target);
    if (!g) return std::nullopt;
    core.state.guards[*g].tripped = 0;
    core.state.guards[*g].disarmed = true;
    core.note(NoteKind::aborted, index(core.site.guards[*g].source), word.target + " by " + word.who + ": " + word.why);
    return core.site.guards[*g].policy;
}

void arm_again(Core& core, PolicyId policy) {
    for (std::size_t g = 0; g < core.site.guards.size(); ++g)
        if (core.site.guards[g].policy == policy) core.state.guards[g].disarmed = false;
}

namespace {

/// "below 59.500 Hz block-a, block-b; below 59.300 Hz nothing"
std::string text_of(const Core& core, const Site::Guard& guard, const TripTable& table) {
    std::string text;
    for (std::size_t i = 0; i < table.stages.size(); ++i) {
        text += fmt::format("{}below {:.3f} Hz", i == 0 ? "" : "; ", hertz(guard.stages[i].below));
        std::string_view separator = " ";
        for (const Slot slot : table.stages[i]) text += std::exchange(separator, ", "), text += core.site.loads[slot].name;
        if (table.stages[i].empty()) text += " nothing";
    }
    return text;
}

}  // namespace

void arm(Core& core) {
    for (std::size_t g = 0; g < core.site.guards.size(); ++g) {
        const Site::Guard& site = core.site.guards[g];
        const GuardState& guard = core.state.guards[g];
        TripTable table{{}, GuardId{static_cast<std::uint16_t>(g)}, std::vector<std::vector<Slot>>(site.stages.size())};
        for (std::size_t i = 0; i < site.stages.size() && !guard.disarmed; ++i)
            for (const Slot slot : site.stages[i].contactors)
                if (may_trip(core, slot) && !core.local[index(core.group_of[slot])]) table.stages[i].push_back(slot);
        if (core.armed[g] && core.armed[g]->stages == table.stages) continue;
        table.id = OrderId{++core.last_order};
        core.armed[g] = table;
        core.note(NoteKind::armed, index(site.policy), text_of(core, site, table));
        core.tables.push_back(std::move(table));
    }
}

}  // namespace ballast
