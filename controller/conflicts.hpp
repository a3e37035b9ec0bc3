#pragma once
#include "controller/core.hpp"

namespace ballast {

/// Beside each binding limit what it outweighs on its scope, the weightiest few.
void name_overruled(Core& core);

/// What cannot be had together, or at all, is told once, while it lasts; the limit holds all the same. What only firm load
/// could meet is told to its owners: how much, and by when.
void tell_conflicts(Core& core);

}  // namespace ballast
