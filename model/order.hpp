#pragma once
#include "model/limit.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast {

/// Rungs of one ladder. `wake`, `close` and `uncap` raise, all others lower; `checkpoint`, `cap` and `uncap` are for
/// flexible loads, and `checkpoint` lowers nothing yet: it asks that work be saved.
enum class Rung : std::uint8_t { wake, close, sleep, power_off, open, checkpoint, cap, uncap };

constexpr bool raises(Rung rung) { return rung == Rung::wake || rung == Rung::close || rung == Rung::uncap; }

/// One action on a range of slots of one group. Drivers expand it.
struct Order {
    OrderId id{};
    GroupId group{};
    Range loads;
    Rung rung{};
    std::uint8_t attempt = 1;
    Why why;
    Power cap{};            ///< Of each load; with `cap` only.
    bool operator==(const Order&) const = default;
};

/// The binding limit of a scope: what it allows (or, by its reason, demands), what we expect there once all orders have
/// worked, what is missing.
struct Binding {
    Scope scope;
    Why why;
    Power limit, expected;
    Power shortfall;        ///< > 0: all that is eligible was shed and it is not enough.
    bool proven = false;    ///< A fresh meter shows it.
    bool operator==(const Binding&) const = default;
};

/// What a binding limit outweighs: it asks for less, or for more than can be had beside it.
struct Overruled {
    std::uint16_t by = 0;   ///< Position of the binding in its decision.
    Scope scope;
    Why why;
    Power limit;            ///< As of a binding; of a floor the least it asks to be drawn.
    bool operator==(const Overruled&) const = default;
};

enum class MissCause : std::uint8_t { no_answer, refused, not_obeyed, unproven, contested };

/// A load that was not seen to obey by its deadline.
struct Miss {
    OrderId order{};
    Slot load{};
    EventId event{};
    MissCause cause{};
    bool given_up = false;
    bool operator==(const Miss&) const = default;
};

enum class NoteKind : std::uint8_t {
    signal_accepted, signal_superseded, signal_older, signal_duplicate, signal_from_future, signal_after_release,
    signal_over, signal_unknown_release, signal_without_reference, signals_full,
    source_stale, source_back, meter_stale, meter_back, event_opened, event_closed,
    latched, cleared, held, hold_over, locked_out, aborted, word_refused, shortfall, shortfall_over, raises_stopped, raises_resumed,
    contactor_opens, clock_jump, messages_lost, armed, tripped, trip_over, promise_short, promise_kept,
    supply_lost, supply_back,
    disarmed, armed_again, disarmed_ignores, contested, channel_silent, channel_back, channels_disagree, conflict, conflict_over,
    notice, notice_over, local, local_over, maintained, maintenance_over, overridden, override_over,
    call_covered, calls_joined, unanswered, orphaned, reference_estimated, rest_spent, began_unanswered,
    beyond_quota, beyond_quota_obeyed,
};

/// Text of a shortfall's note whose limit is on a mean that is on its way back.
inline constexpr std::string_view mean_falls = "the mean falls";

/// Something a person may ask about later. `number` says which source, meter, load or event by the kind's own meaning.
struct Note {
    NoteKind kind{};
    std::uint32_t number = 0;
    EventId event{};
    Power power{};          ///< event_opened: the frozen reference; supply_lost: what was drawn before; shortfall, promise_short, conflict, notice: the megawatts missing.
    std::string text;       ///< An id, or a name that was not ours; empty where the number says it.
    bool operator==(const Note&) const = default;
};

/// What a guard may open by itself from now on, in place of what it might before: an order given in advance. Nothing is
/// armed that the journal does not have.
struct TripTable {
    OrderId id{};
    GuardId guard{};
    std::vector<std::vector<Slot>> stages;  ///< By stage, the highest frequency first: its contactors, ascending.
    bool operator==(const TripTable&) const = default;
};

/// What one step decided. The spans live until the next step.
struct Decision {
    Now at;
    Steady wake = never;    ///< Without events nothing changes before.
    std::span<const Order> orders;
    std::span<const Binding> binding;
    std::span<const Miss> misses;
    std::span<const Note> notes;
    std::span<const TripTable> tables;
    std::span<const Overruled> overruled;  ///< Of the first few bindings, the weightiest few of each.

    /// False: nothing was heard, nothing came due, nothing need be journaled.
    bool says_something() const { return !orders.empty() || !misses.empty() || !notes.empty() || !tables.empty(); }
};

}  // namespace ballast
