#pragma once
#include "model/result.hpp"
#include "wire/cgminer.hpp"
#include "wire/count.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// VNish, and Anthill, which is the same: JSON over HTTP under /api/v1. Source of the format: shared/facts/asic.md, section
/// 1.6; there is no capture of it. Names of members beyond that: a description of VNish 1.2.6 and code that reads it
/// (256foundation/asic-rs, UpstreamData/pyasic). No error quotes what came where a token may be in it.
namespace ballast::wire::vnish {

/// The body of POST unlock.
std::string unlock_order(std::string_view password);

/// The body of POST mining/throttle (1.3.4): per cent of what it draws by its preset, 20 to 100.
std::string throttle_order(int percent);

/// The reply to unlock: 1 to 256 characters that can stand in a header. Fails with malformed or oversized.
Result<std::string> parse_token(cgminer::Parser& parser, std::string_view body);

/// GET summary.
struct Summary {
    std::string state;                 ///< mining, initializing, starting, auto-tuning, restarting, shutting-down, stopped, failure; printable.
    /// The greater of `power_consumption` and `power_usage`, which is watts on some firmware and J/TH on other. Nothing in
    /// the reply tells whether the supply measures it.
    std::optional<Power> power;
    std::optional<double> gigahashes;  ///< Now.

    std::optional<Count> boards;       ///< `chains`; alive are those that hash, or, where none does, all that are listed. Nothing if some may have been cut off.
    std::optional<Temperature> chips;  ///< The hottest.
    std::optional<Count> pools;        ///< But for those of the firmware's own fee; alive by their status, "active" or "working".

    bool stopped() const;              ///< "paused" is not it: nobody knows what that draws.
};

/// Fails with malformed, also where it tells of no miner, or oversized.
Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body);

/// GET status, which is open to all: `miner_state`, as in `Summary`. Fails where it tells none.
Result<std::string> parse_status(cgminer::Parser& parser, std::string_view body);

/// GET info: who it is. What it does not say is empty.
struct Info {
    std::optional<std::uint64_t> mac;
    std::string model, serial, firmware;  ///< Printable; the firmware with its name: "Vnish 1.2.6".
};
Result<Info> parse_info(cgminer::Parser& parser, std::string_view body);

/// The reply to POST mining/stop, mining/start and mining/throttle, of a status that means success: empty, null, or JSON without an `err` and
/// without `"success":false`. Refused, with the firmware's words as they came (not fit to show: they may repeat a secret), or malformed.
Result<void> parse_order_reply(cgminer::Parser& parser, std::string_view body);

/// `err` of a reply that says no, as it came; empty if it has none.
std::string error_words(cgminer::Parser& parser, std::string_view body);

}  // namespace ballast::wire::vnish
