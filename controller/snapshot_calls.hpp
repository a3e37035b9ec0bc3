#pragma once
#include "controller/snapshot_names.hpp"

namespace ballast::snapshot {

/// What was called and stands, what is over and must stay so, and what quotas count.
void save_calls(Out& f, Core& core);
void restore_calls(In& f, Core& core, const Names& names);

}  // namespace ballast::snapshot
