#pragma once
#include "sim/asic_device.hpp"

namespace ballast::sim {

/// A request that is one JSON object without framing: whole when the object is, broken when it can be none any more.
AsicDevice::Heard hear_json(std::string_view bytes);

}  // namespace ballast::sim
