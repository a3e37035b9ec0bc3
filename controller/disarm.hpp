#pragma once
#include "controller/core.hpp"

namespace ballast {

/// A forced abort is over by itself after so long at the latest.
constexpr Duration longest_forced = std::chrono::hours{1};

/// Ends what a person names, an event or a policy, and takes the rules that fired for it out of force.
void abort(Core& core, const OperatorWord& word);

/// A rule that was taken out of force is in force again; false: no rule of that name was.
bool arm_rule_again(Core& core, const OperatorWord& word);

/// Rules whose time out of force is up.
void end_disarms(Core& core);

/// What it asks is silenced: its rule is disarmed, and it is nothing that protects, or the abort was forced.
bool is_disarmed(const Core& core, const Bound& bound);

/// Takes out of the limits what disarmed rules ask. What protects stays, unless the abort was forced.
void silence_disarmed(Core& core);

}  // namespace ballast
