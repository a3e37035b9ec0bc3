#pragma once
#include <functional>

namespace ballast {

/// Runs a command, and has all that it printed where it belongs before its status is told: output that was lost is work
/// that failed, said on standard error and by status 1. A reader who left (`| head -1`) has what he wanted: that is none.
int with_output(const std::function<int()>& command);

}  // namespace ballast
