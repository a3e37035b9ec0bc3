#pragma once
#include "model/result.hpp"
#include "wire/cgminer.hpp"
#include "wire/count.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// ePIC's PowerPlay firmware: JSON over HTTP on port 4028. Source of the format: shared/facts/asic.md, section 1.6, and
/// shared/captures/epic. No error quotes a request.
namespace ballast::wire::epic {

/// GET /summary.
struct Summary {
    std::string state;                      ///< "Mining", "Idling"; printable, empty if it does not say.
    std::optional<Power> power;             ///< Drawn at the mains. 0 is nothing: it stands for not known.
    bool measured = false;                  ///< The supply tells volts and amperes of its input too. Where it tells neither, as in the capture, the watts are reckoned.
    std::optional<double> gigahashes;       ///< Of all boards. Nothing if some may be missing because the reply was cut off, and the others hash nothing.
    std::optional<double> mean_gigahashes;  ///< Of the session, which begins with each start of mining; > 0.

    std::optional<Count> boards;            ///< `HBStatus`: those that were found; alive are the enabled ones that hash, or, where none does, the enabled ones. Nothing if some may have been cut off.
    std::optional<Temperature> hottest, hot_above;  ///< Of its boards; and from when on it stops for that, `Shutdown Temp`.
    std::optional<bool> pool_connected;

    bool idles() const;                     ///< By an order; or by itself, where it is set to idle without a pool.
};

/// Fails with malformed, also where it says neither state nor watts nor boards; refused where it says that it cannot tell; oversized.
Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body);

/// GET /network: the address of whichever way it is connected. Nothing if it tells none. Fails as `parse_summary`.
Result<std::optional<std::uint64_t>> parse_network(cgminer::Parser& parser, std::string_view body);

/// GET /capabilities: the model, printable. Fails where it tells none.
Result<std::string> parse_capabilities(cgminer::Parser& parser, std::string_view body);

/// The body of POST /miner: `param` is "Stop" or "Autostart".
std::string miner_order(std::string_view param, std::string_view password);

/// The reply to it. Refused unless its result is true, with the firmware's words if it has any, as they came: not fit to show, for
/// they may repeat a secret, which only whoever knows it can see. Malformed where that cannot be seen.
Result<void> parse_order_reply(cgminer::Parser& parser, std::string_view body);

}  // namespace ballast::wire::epic
