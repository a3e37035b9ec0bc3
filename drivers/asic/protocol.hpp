#pragma once
#include <cstdint>

namespace ballast {

/// What a miner's firmware speaks.
enum class AsicProtocol : std::uint8_t {
    luxos,        ///< TCP 4028, one exchange a connection; docs.luxor.tech/firmware/api. `sleep` and `wake` become `curtail`.
    whatsminer2,  ///< TCP 4028, MicroBT's API v2: `power_off` and `power_on`, encrypted under a token.
    antminer,     ///< HTTP 80, Digest: Bitmain's stock firmware. `miner-mode` of its whole config.
};

}  // namespace ballast
