#pragma once
#include <cstdint>

namespace ballast {

/// What a miner's firmware speaks.
enum class AsicProtocol : std::uint8_t {
    luxos,        ///< TCP 4028, one exchange a connection; docs.luxor.tech/firmware/api. `sleep` and `wake` become `curtail`.
    whatsminer2,  ///< TCP 4028, MicroBT's API v2: `power_off` and `power_on`, encrypted under a token.
    whatsminer3,  ///< TCP 4433, MicroBT's API v3: `set.miner.service`, proven by a token of its clock and a salt.
    antminer,     ///< HTTP 80, Digest: Bitmain's stock firmware. `miner-mode` of its whole config.
    braiins,      ///< HTTP 80, Braiins OS's REST API: `actions/pause` and `actions/resume`, behind a token; TCP 4028 where it has none.
    axeos,        ///< HTTP 80, Bitaxes: `pause` and `resume`, forgotten at a restart.
    epic,         ///< HTTP 4028, ePIC's PowerPlay: `Stop` and `Autostart`.
    vnish,        ///< HTTP 80, VNish and Anthill: `mining/stop` and `mining/start` under a token.
    cgminer,      ///< TCP 4028, plain: telemetry only.
};

}  // namespace ballast
