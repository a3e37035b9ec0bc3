#pragma once
#include "tests/support/audit_orders.hpp"

#include <vector>

namespace ballast::tests {

/// A machine changes at most as often as its cause does: from one change of it to the next, something was asked otherwise,
/// a firm load under the same limit drew otherwise, or somebody did or said what no limit foresees.
class ChangeAudit {
public:
    ChangeAudit(const RandomSite& made, Verdict& verdict) : site_{made.site}, verdict_{verdict}, causes_(site_.groups.size()), changed_(site_.loads.size()), on_(site_.loads.size(), true), failed_(site_.loads.size()) {}

    void see(const Seen& seen) {
        if (out_of_the_ordinary(seen)) ++apart_;
        for (Slot s = 0; s < failed_.size(); ++s)  // One that failed and obeyed after all gives back what others did in its place.
            if (failed_[s] != seen.state.loads[s].failing) failed_[s] = seen.state.loads[s].failing, ++apart_;
        for (std::size_t g = 0; g < causes_.size(); ++g) {
            std::vector<std::int64_t> cause = cause_of(seen, g);
            if (cause != causes_[g].asked) causes_[g].asked = std::move(cause), ++causes_[g].changes;
        }
        for (const Order& order : seen.decision.orders) {
            if (site_.groups[index(order.group)].driver == "contactor") continue;  // Those move by rules of their own; see the other audits.
            for (Slot s = order.loads.first; s < order.loads.last; ++s) judge(order, s);
        }
        for (Slot s = 0; s < on_.size(); ++s) on_[s] = seen.state.loads[s].on;
        // What a contactor brings back, or takes away, is seen after others have moved in the same step.
        if (std::ranges::any_of(seen.decision.orders, [](const Order& o) { return o.rung == Rung::open || o.rung == Rung::close; })) ++apart_;
    }

private:
    struct Cause {
        std::vector<std::int64_t> asked;
        std::uint64_t changes = 1;
    };

    void judge(const Order& order, Slot s) {
        if (on_[s] == raises(order.rung)) return;  // The same again.
        const std::uint64_t causes = causes_[index(order.group)].changes + apart_;
        verdict_.unless(changed_[s] < causes, "order {} changes {} again, and nothing else has changed", static_cast<std::uint64_t>(order.id), s);
        changed_[s] = is_floor(order.why.reason) ? causes - 1 : causes;  // What a floor lacked was a cause of its own, and is over.
        on_[s] = raises(order.rung);
    }

    /// All that policies ask of a group, and what is firm beside it.
    std::vector<std::int64_t> cause_of(const Seen& seen, std::size_t g) const {
        std::vector<std::int64_t> cause;
        for (const Bound& b : seen.recount.limits.bounds) {
            if (!seen.recount.in(b.scope, g)) continue;
            const auto firm = b.everything ? Power{} : seen.recount.balance(b.scope).firm_reserve;
            cause.insert(cause.end(), {static_cast<std::int64_t>(index(b.why.policy)), b.everything, b.standstill, firm.count});
            if (!b.everything) cause.insert(cause.end(), {b.aim.count, b.release.count});  // What remains is not asked, but counted.
        }
        for (const Cutoff& c : seen.recount.limits.cutoffs)
            if (index(c.group) == g) cause.push_back(c.stop_below.count), cause.push_back(c.start_at.count);
        for (const Floor& f : seen.recount.limits.floors)
            if (seen.recount.in(f.scope, g)) cause.push_back(f.low.count), cause.push_back(f.keep.count);
        return cause;
    }

    /// A person, a contactor, the journal, a meter, or a load that does what nobody ordered and is told again.
    static bool out_of_the_ordinary(const Seen& seen) {
        const auto breaks = [](const Event& event) {
            const auto* receipt = std::get_if<Receipt>(&event);
            return std::holds_alternative<OperatorWord>(event) || std::holds_alternative<JournalHealth>(event) || std::holds_alternative<Tripped>(event) ||
                   (receipt && receipt->fate != Fate::accepted);
        };
        const auto tells = [](const Note& note) {
            return note.kind == NoteKind::latched || note.kind == NoteKind::meter_stale || note.kind == NoteKind::meter_back || note.kind == NoteKind::source_stale ||
                   note.kind == NoteKind::source_back || note.kind == NoteKind::hold_over || note.kind == NoteKind::trip_over || note.kind == NoteKind::contactor_opens;
        };
        const auto moves_others = [](const Order& order) {
            return order.rung == Rung::open || order.rung == Rung::close || order.why.reason == Reason::still_standing;
        };
        return std::ranges::any_of(seen.decision.orders, moves_others) || std::ranges::any_of(seen.heard, breaks) || std::ranges::any_of(seen.decision.notes, tells) || !seen.decision.misses.empty();
    }

    const Site& site_;
    Verdict& verdict_;
    std::vector<Cause> causes_;            ///< By group.
    std::vector<std::uint64_t> changed_;   ///< By load: the count of causes when it last changed.
    std::vector<bool> on_, failed_;
    std::uint64_t apart_ = 0;
};

}  // namespace ballast::tests
