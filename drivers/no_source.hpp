#pragma once
#include "model/ids.hpp"

namespace ballast::drivers {

/// Of a rejection that no `[[signal]]` sent: a meter's, whose name is in the detail.
inline constexpr SourceId no_source{0xFFFF};

}  // namespace ballast::drivers
