#pragma once
#include "model/result.hpp"
#include "wire/cgminer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// AxeOS, the firmware of Bitaxes: JSON over HTTP. Source of the format: shared/facts/asic.md, section 1.6, and
/// shared/captures/bitaxe; names of newer members: bitaxeorg/ESP-Miner, main/http_server/openapi.yaml.
namespace ballast::wire::axeos {

/// GET /api/system/info. What it does not say, or cannot mean, is nothing.
struct Info {
    std::optional<std::uint64_t> mac;
    std::optional<Power> power;             ///< Of the board. 0, as boards without a sensor say, is nothing.
    std::optional<double> gigahashes;       ///< Now, or nearly.
    std::optional<double> mean_gigahashes;  ///< Of ten minutes, else as `gigahashes`; > 0.
    std::optional<bool> paused;             ///< Nothing before 2.14, which cannot pause.
    std::optional<Temperature> chip;
    std::optional<bool> overheated;         ///< It has stopped or slowed for its heat: `overheat_mode`.
    std::string version, model;             ///< Printable; the model is that of its chips: "BM1368".
};

/// Fails with malformed, also where it says none of what an AxeOS always says, or oversized.
Result<Info> parse_info(cgminer::Parser& parser, std::string_view body);

}  // namespace ballast::wire::axeos
