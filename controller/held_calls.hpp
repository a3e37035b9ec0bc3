#pragma once
#include "controller/core.hpp"

/// An edit of the site file ends no call: what its policies asked on account of one holds until the call is over.
namespace ballast {

/// What policies ask for a call once its ramp is over, if they are asked `as_of` then; nothing of what a person has taken out
/// of force, nor of what they only tell of.
std::vector<Held> asked_for(const Core& core, const Obligation& call, Now as_of);

/// As a snapshot has it: what earlier site files held, and what this one asks.
std::vector<Held> held_for(const Core& core, const Obligation& call, Now as_of);

/// After a restore: of what was asked when the snapshot was taken, that which no policy of this site file asks.
void hold_on(Core& core, Now saved);

/// People are told once of each call that holds so.
void tell_held(Core& core);

}  // namespace ballast
