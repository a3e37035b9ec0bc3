#pragma once
#include "controller/core.hpp"

namespace ballast {

/// A person's word that people work on some loads.
void maintain(Core& core, Range range, const OperatorWord& word);

/// Loads that were put to rest for it, or were not seen to, become theirs; those whose time is up become ours again.
void keep_maintenance(Core& core);

/// Lifts it from those loads of the range over which none stands any more.
void lift_maintenance(Core& core, Range range);

}  // namespace ballast
