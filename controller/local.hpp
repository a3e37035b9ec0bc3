#pragma once
#include "controller/core.hpp"

namespace ballast {

/// What the local/remote switches that are in local leave us of each group.
void throw_switches(Core& core);

}  // namespace ballast
