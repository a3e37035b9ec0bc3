#pragma once
#include "controller/core.hpp"

#include <string>

namespace ballast {

constexpr unsigned snapshot_version = 9;  ///< Of what `save` writes; no other is read.

/// All that a later engine needs to go on: by name, in ages rather than steady instants.
std::string save(const Core& core, Now now);

/// Takes a saved state into a core that has just begun afresh. What the site no longer has is dropped, what is new
/// begins afresh; bytes that are not ours, or are no longer as `save` wrote them, throw std::runtime_error (we cannot start).
void restore(Core& core, const std::string& bytes);

}  // namespace ballast
