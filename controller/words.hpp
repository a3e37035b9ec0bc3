#pragma once
#include "controller/core.hpp"

namespace ballast {

// What the stages do to one another's things.

/// So many loads of this order obeyed.
void seen_to_obey(Core& core, OrderId order, Slot loads);

/// Whether the order may be given to the load again: a raise only where a first one might be, an opening only while it is
/// needed or a person wants it, a close once its contactor has rested and where a first one might be.
bool may_repeat(const Core& core, Slot slot, const Pending& pending);

/// Over: buried, so that its redelivery stays dead, and said so.
void end_obligation(Core& core, std::size_t which, Instant issued);

/// Strikes from the hashprice in force.
void rate_strikes(Core& core);

/// The loads that a person means by a name; nothing if there is none of it.
std::optional<Range> named(const Core& core, const std::string& target);

/// The scope that a person means: "site", a feeder or a group; nothing if there is none of it.
std::optional<Scope> scope_named(const Core& core, const std::string& target);

/// A person's word. What cannot be done is refused with a note.
void obey(Core& core, const OperatorWord& word);

/// Holds that have run out leave their loads.
void end_holds(Core& core);

/// A person's limits that have run out.
void end_overrides(Core& core);

/// Takes the mark of a hold off those loads of the range over which none stands.
void lift_holds(Core& core, Range range);

}  // namespace ballast
