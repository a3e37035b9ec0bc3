#pragma once
#include "drivers/modbus/request.hpp"

namespace ballast::drivers {

/// A connected socket, or `unreachable`. Blocks for at most `timeout` an address, plus the time to resolve a name.
/// Not libmodbus's own connect: that one select()s on whatever descriptor number it gets.
Result<int> connect_tcp(const TcpEndpoint& endpoint, Duration timeout);

}  // namespace ballast::drivers
