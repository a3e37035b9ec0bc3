#pragma once
#include "controller/core.hpp"

namespace ballast {

/// Beside each binding limit what it outweighs on its scope, the weightiest few.
void name_overruled(Core& core);

/// What cannot be had together, or at all, is told once, while it lasts; the limit holds all the same.
void tell_conflicts(Core& core);

/// Limits that only firm load could meet are told to its owners: how much, and by when.
void notify_owners(Core& core);

}  // namespace ballast
