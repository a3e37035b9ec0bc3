#pragma once
#include "controller/core.hpp"

namespace ballast {

/// So long after it was last found awake a contested load is forgotten.
constexpr Duration contest_memory = std::chrono::hours{24};

/// A load that we put to sleep, and that slept, runs: somebody else woke it.
void contest(Core& core, Slot slot);

/// Sends back those whose turn it is. The first time at once, then ever more seldom, so that two controllers do not
/// fight with every poll; but never more seldom than other orders are repeated, while an obligation lacks the watts.
void return_strays(Core& core);

}  // namespace ballast
