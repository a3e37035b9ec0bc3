#pragma once
#include "tests/support/audit_orders.hpp"

namespace ballast::tests {

/// The rules that guards keep: what a table may hold, and what a trip does.
class TripAudit {
public:
    TripAudit(const RandomSite& made, Verdict& verdict) : site_{made.site}, verdict_{verdict}, tables_(made.site.guards.size()) {}

    void see(const Seen& seen) {
        for (const Event& event : seen.heard)
            if (const auto* tripped = std::get_if<Tripped>(&event))
                for (const Slot slot : tripped->contactors) verdict_.unless(!may_trip(seen, slot) || relieved(seen), "contactor {} was tripped, and is to be closed", slot);
        for (const TripTable& table : seen.decision.tables) tables_[index(table.guard)] = table.stages;
        for (std::size_t g = 0; g < site_.guards.size(); ++g) {
            const Site::Guard& guard = site_.guards[g];
            const GuardState& state = seen.state.guards[g];
            verdict_.unless(tables_[g].size() == guard.stages.size(), "guard {} has a table", g);
            for (std::size_t i = 0; i < tables_[g].size(); ++i)
                for (const Slot slot : guard.stages[i].contactors) {
                    const bool armed = std::ranges::binary_search(tables_[g][i], slot);
                    const bool may = may_trip(seen, slot) && !state.disarmed && !seen.recount.local(group_of(slot));
                    verdict_.unless(armed == may, "guard {} stage {}: {} is armed: {}", g, i, slot, armed);
                }
            if (state.tripped == 0) continue;
            for (const Order& order : seen.decision.orders)
                verdict_.unless(!raises(order.rung) || order.attempt > 1, "order {} raises while guard {} has tripped", static_cast<std::uint64_t>(order.id), g);
        }
    }

private:
    const Site::Group& group_of(Slot slot) const {
        return *std::ranges::find_if(site_.groups, [&](const Site::Group& g) { return g.loads.contains(slot); });
    }
    static std::uint8_t bars(const Seen& seen, Slot slot) {
        for (const GroupState& group : seen.state.groups)
            for (std::size_t i = 0; i < group.runs.size() && seen.state.site->groups[static_cast<std::size_t>(&group - seen.state.groups.data())].loads.contains(slot); ++i)
                if (slot < group.runs[i].last) return group.runs[i].bars;
        return 0;
    }
    static bool may_trip(const Seen& seen, Slot slot) {
        const LoadState& load = seen.state.loads[slot];
        const bool theirs = (bars(seen, slot) & (locked_out | maintained)) || ((bars(seen, slot) & latched) && load.mode != Mode::running);
        return !theirs && load.on;
    }
    /// A person said something in the same step, or the contactor was heard: who came last? Or the trip was told when it was over.
    static bool relieved(const Seen& seen) {
        if (std::ranges::any_of(seen.decision.notes, [](const Note& n) { return n.kind == NoteKind::trip_over; })) return true;
        return std::ranges::any_of(seen.heard, [](const Event& e) { return std::holds_alternative<OperatorWord>(e) || std::holds_alternative<LoadReading>(e); });
    }

    const Site& site_;
    Verdict& verdict_;
    std::vector<std::vector<std::vector<Slot>>> tables_;
};

}  // namespace ballast::tests
