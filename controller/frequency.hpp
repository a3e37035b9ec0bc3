#pragma once
#include "controller/core.hpp"

namespace ballast {

/// A stage that tripped has it open, and may not have it back yet.
bool trip_holds(const Core& core, Slot contactor);

/// Trips end when the frequency has been back for long enough. A silent meter's has not.
void end_trips(Core& core);

/// A person ends a policy's trip, and it trips no more until they clear it; false: no guard's policy is called so.
bool disarm(Core& core, const OperatorWord& word);
bool arm_again(Core& core, const OperatorWord& word);

/// A source spoke; its silence is counted from now.
void heard_from(Core& core, SourceId source);

}  // namespace ballast
