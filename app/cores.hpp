#pragma once
#include <sys/prctl.h>

namespace ballast {

/// A crash must not leave passwords on the disk. For this process, from here on.
inline void keep_out_of_cores() { ::prctl(PR_SET_DUMPABLE, 0); }

}  // namespace ballast
