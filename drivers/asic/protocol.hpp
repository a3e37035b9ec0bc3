#pragma once
#include <cstdint>

namespace ballast {

/// What a miner's firmware speaks.
enum class AsicProtocol : std::uint8_t {
    luxos,        ///< TCP 4028, one exchange a connection; docs.luxor.tech/firmware/api. `sleep` and `wake` become `curtail`.
    whatsminer2,  ///< TCP 4028, MicroBT's API v2: `power_off` and `power_on`, encrypted under a token.
    antminer,     ///< HTTP 80, Digest: Bitmain's stock firmware. `miner-mode` of its whole config.
    axeos,        ///< HTTP 80, Bitaxes: `pause` and `resume`, forgotten at a restart.
    epic,         ///< HTTP 4028, ePIC's PowerPlay: `Stop` and `Autostart`.
    vnish,        ///< HTTP 80, VNish and Anthill: `mining/stop` and `mining/start` under a token.
    cgminer,      ///< TCP 4028, plain: telemetry only.
};

}  // namespace ballast
