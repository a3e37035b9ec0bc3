#pragma once
#include "controller/engine.hpp"

#include <string>

namespace ballast {

/// What is in force by the journal at `path`: its newest epoch's snapshot, and every step after it executed again.
/// Nothing to go on from (no file, no epoch) is an empty snapshot. Throws std::runtime_error, naming the file and the
/// remedy, for a journal that cannot be read.
Snapshot recover(const std::string& path);

}  // namespace ballast
