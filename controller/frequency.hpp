#pragma once
#include "controller/core.hpp"

namespace ballast {

/// A stage that tripped has it open, and may not have it back yet.
bool trip_holds(const Core& core, Slot contactor);

/// Trips end when the frequency has been back for long enough. A silent meter's has not.
void end_trips(Core& core);

/// A person ends a policy's trip, and it trips no more until it is armed again. Nothing: no guard's policy is called so.
std::optional<PolicyId> disarm(Core& core, const OperatorWord& word);
void arm_again(Core& core, PolicyId policy);

/// A source spoke; its silence is counted from now.
void heard_from(Core& core, SourceId source);

}  // namespace ballast
