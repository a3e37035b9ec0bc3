#pragma once
#include "model/state.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ballast {

/// What one load adds to its group's sums. See GroupState.
struct Draw {
    Power planned, possible, lowering, raising, measured, unknown, doubtful;

    Draw& operator+=(const Draw& more) {
        planned += more.planned, possible += more.possible, lowering += more.lowering;
        raising += more.raising, measured += more.measured, unknown += more.unknown;
        doubtful += more.doubtful;
        return *this;
    }
};

/// An order whose loads have not all been seen to obey.
struct Pending {
    OrderId id{};
    GroupId group{};
    Range loads;
    Rung rung{};
    std::uint8_t attempt = 1;
    Steady due{};
    Slot unseen = 0;
    Why why;
};

/// A person's hold on some loads, or on all.
struct Hold {
    Range loads;
    Steady until{};
    std::string target;   ///< As it was said: a load, a group, "site".
    std::string who;
};

/// Since when the meter has shown more than a limit allows.
struct Excess {
    PolicyId policy{};
    EventId event{};
    Scope scope;
    Steady since{};
    Steady shown = never;  ///< Since when the meter itself shows it, without a break.
    bool told = false;   ///< A note was made of it.
    bool promised = false;  ///< Not asked yet: it could not be met if it were.
    Power said;             ///< So much of it was told.
    bool now = false;    ///< Confirmed in this step.
};

/// Two things asked that cannot both be had, told once.
struct Conflict {
    PolicyId holds{}, yields{};
    Scope scope;
    bool now = false;    ///< Confirmed in this step.
};

/// The strictest price word on each group.
struct GroupEnvelope {
    Price stop_below = Price::lowest(), start_at = Price::lowest();
    const Cutoff* stops = nullptr;   ///< Who set them; null: nobody did.
    const Cutoff* starts = nullptr;
};

/// What a floor still lets go for money. See Floor.
struct FloorRoom {
    const Floor* floor;
    Power spare;         ///< Above `keep`; below 0: it wants more.
    bool held = false;   ///< It kept somebody running, or started somebody, in this step.
};

/// How far a scope has used up what its pace allows. See Site::Pace.
struct Pace {
    Scope scope;
    Site::Pace terms = {};
    Steady up_paid = Steady::min(), down_paid = Steady::min();  ///< Until then what has moved is being paid for.
    Steady inrush_until = Steady::min();
    Power inrush = {};              ///< Of what has started and counts until then.
    bool may_up = false, may_down = false;  ///< Of one step: what earlier moves cost was paid when it began.
};

/// Where a group's runs meet the price: whom a price must pass to move anybody.
struct Frontier {
    Price lowest = Price::max();           ///< Strike of the first load.
    Price lowest_on = Price::max();        ///< Of the first that is wanted on and not held.
    Price highest_off = Price::lowest();   ///< Of the last that is wanted off and not barred.
};

/// Whose machines some groups are.
struct Customer {
    std::string name;
    std::vector<GroupId> groups;
    std::int64_t machines = 0;
};

/// What the engine's stages share. Everything is in State but for what no policy may see.
struct Core {
    Site site;
    State state;
    std::vector<Policy> policies;

    // Fixed for the epoch.
    std::vector<GroupId> group_of;               ///< By slot.
    std::vector<std::vector<GroupId>> members;   ///< Of the site, each feeder, each group.
    std::vector<std::vector<GroupId>> carried;   ///< By contactor group: what it can cut off.
    std::vector<Power> rated;                    ///< By slot: nameplate.
    std::vector<std::uint8_t> contactor, interruptible;  ///< By group; see is_contactor and can_move.
    std::vector<Power> nameplate;                ///< By group: what its loads are rated, together.
    std::vector<std::vector<std::uint8_t>> fed;  ///< By feeder and group: it is fed through it.
    bool paced_up = false, paced_down = false;   ///< Some pace limits what starts, or what stops for money.
    std::vector<Customer> customers;
    std::vector<std::int64_t> merit;             ///< By slot, ascending within a group; the lowest goes first.
    std::vector<GroupId> flexible_turns;         ///< Flexible groups, whose turn comes first to slow down.

    // Carried from step to step.
    std::vector<Pending> pending;                ///< By id, ascending.
    std::vector<Hold> holds;
    std::vector<Excess> excesses;
    std::vector<Conflict> conflicts;
    Steady lived = Steady::min();                ///< The last step's time; before the first one that of whom we go on from.
    std::uint64_t last_order = 0;
    std::uint32_t last_event = 0;
    std::vector<Pace> paces;                     ///< The site's first.
    Steady next_stale = Steady::min();           ///< No load becomes stale before.
    std::vector<Slot> told_upto;                 ///< By group: the loads before have all said something once.
    Steady next_overdue = Steady::min();         ///< No checkpoint becomes overdue before.

    std::vector<Frontier> frontier;              ///< By group; follows its runs and strikes.

    std::vector<std::optional<TripTable>> armed; ///< By guard: the last table decided on.

    // Of one step.
    Now now;
    Limits limits;
    std::vector<GroupEnvelope> envelope;
    std::vector<FloorRoom> floors;
    std::vector<std::uint8_t> movable;           ///< By group: it is interruptible, and no switch has it in local for watching only.
    std::vector<std::uint8_t> local;             ///< By group: a switch has it in local.
    std::vector<std::uint8_t> watched;           ///< By group: and leaves us to watch.
    std::vector<Draw> kept;                      ///< By bound: room for flexible loads that other limits hold; empty: for none.
    std::vector<Slot> above_cap;                 ///< Flexible loads that were seen to keep their cap, and draw more.
    std::vector<std::size_t> open_order;         ///< By group: 1 + index into `orders` of the one being extended; 0: none.
    std::vector<std::uint8_t> constraining;      ///< By policy: it stops, limits or forbids something.
    std::vector<std::uint8_t> may_wake;          ///< By group: its stagger had run out when the step began.
    std::vector<std::uint8_t> yields;            ///< By group: nobody there rises, as a flexible load has yet to.
    std::vector<Order> orders;
    std::vector<Binding> binding;
    std::vector<Miss> misses;
    std::vector<Note> notes;
    std::vector<TripTable> tables;
    std::vector<Overruled> overruled;
    Steady wake = never;

    const Site::Group& group(GroupId g) const { return site.groups[index(g)]; }
    GroupState& sums(GroupId g) { return state.groups[index(g)]; }
    const GroupState& sums(GroupId g) const { return state.groups[index(g)]; }
    std::size_t scope_index(Scope scope) const;
    std::optional<MeterId> meter_of(Scope scope) const;
    /// What is drawn in a scope beside each watt of its loads, in millionths.
    std::int64_t cooling_of(Scope scope) const;
    bool is_contactor(GroupId g) const { return contactor[index(g)] != 0; }
    /// Whom limits may move: interruptible, by its own driver. Contactors move only by escalation.
    bool can_move(GroupId g) const { return movable[index(g)] != 0; }
    bool is_flexible(GroupId g) const { return group(g).tier == Tier::flexible; }

    /// What the load draws for a hash, mJ/TH: its nameplate, by what was learned of its group when the epoch began.
    std::int64_t joules_per_hash(GroupId g, Slot slot) const { return site.loads[slot].joules_per_hash * sums(g).efficiency_ppm / 1'000'000; }

    void wake_at(Steady at) { if (at < wake) wake = at; }
    void note(NoteKind kind, std::size_t number, std::string text = {}, EventId event = {}, Power power = {});
};

// The stages of a step, in order; each in the file of its name.
void apply(Core& core, const Event& event);
void expire(Core& core);     ///< What time and silence end: holds, obligations, freshness.
void resolve(Core& core);    ///< Policies' limits into one envelope.
void fill_in_rests(Core& core);  ///< What "everything off" leaves, which flexible loads change as they move.
void verify(Core& core);     ///< What was ordered against what was seen, by its deadline.
void reassert_raises(Core& core);  ///< Verify's other half, once it is known who must go down.
void allocate(Core& core);   ///< Who makes room, who may come back.
void make_room(Core& core);  ///< Its first half, for whom a contactor that closes brings back within it.
void escalate(Core& core);   ///< What the meter still shows: contactors, shortfall, the binding limits.
void arm(Core& core);        ///< What the guards may open by themselves from now on.

}  // namespace ballast
