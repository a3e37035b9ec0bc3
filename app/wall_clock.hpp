#pragma once
#include "model/calendar.hpp"

#include <string>

namespace ballast {

/// The offsets of a time zone of this machine's database, 2000 to 2060. One that it does not know is UTC: `check` has said so.
WallClock wall_clock(const std::string& zone);

}  // namespace ballast
