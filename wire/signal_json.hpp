#pragma once
#include "model/event.hpp"
#include "model/result.hpp"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ballast::wire {

/// What a `[[signal]]` takes and believes.
struct SignalRules {
    SourceId source{};
    /// price, hashprice, temperature and heat take their own; dispatch also emergency and release; emergency also release. All take heartbeats.
    SignalKind kind = SignalKind::price;
    std::string currency;               ///< What prices must be in; empty: any is taken.
    std::int64_t rate_ppm = 1'000'000;  ///< What one of that is worth in the site's currency, x 10^6.
    /// What is believed, in the integers of the model: 10^-9 per kWh, W, 10^-9 per PH/day, 10^-3 degC.
    std::int64_t plausible_min = std::numeric_limits<std::int64_t>::min();
    std::int64_t plausible_max = std::numeric_limits<std::int64_t>::max();
    std::size_t most_bytes = 16 * 1024;  ///< Of a payload.
    std::size_t most_depth = 8;          ///< Of brackets.
};

using SignalMessage = std::variant<Signal, Heartbeat>;

/// Our own JSON on `ballast/<site>/signal/<name>` (docs/mqtt.md, docs/schema/signal.json). Strict: what is not understood
/// is refused. Errors: malformed, oversized, implausible; the detail says what was wrong in at most 160 printable bytes.
Result<SignalMessage> parse_signal_json(std::string_view payload, const SignalRules& rules);

/// A signal as that JSON; `currency` is named in the unit of prices. What parse_signal_json reads back is equal.
std::string signal_json(const Signal& signal, std::string_view currency);
std::string heartbeat_json(Instant issued);

/// "price", "dispatch", "emergency", "release", "hashprice", "arm", "temperature", "heat", "system_demand", "peak_forecast".
std::string_view name(SignalKind kind);
std::optional<SignalKind> signal_kind(std::string_view name);

/// A unit of a signal's number: one in it is `factor` of the model's integer.
struct SignalUnit {
    std::int64_t factor = 1;
    std::string_view
        currency;  ///< Empty for power, and for ct, which is a hundredth of whatever is expected.
};

/// price: USD/kWh, USD/MWh, ct/kWh, ct/MWh; hashprice: USD/TH/day, USD/PH/day, USD/EH/day; dispatch, emergency, arm, heat, system_demand: W,
/// kW, MW, GW; temperature: degC; peak_forecast: share, percent. Any three capital letters are a currency.
std::optional<SignalUnit> signal_unit(SignalKind kind, std::string_view unit);

/// The number of a signal, written as `text` in `unit`, within what is believed. `field` is its name in messages.
Result<std::int64_t> signal_amount(SignalKind kind, std::string_view field, std::string_view text,
                                   std::string_view unit, const SignalRules& rules);

/// An id that we keep: 1 to 128 bytes of printable UTF-8.
Result<std::string> signal_id(std::string_view id);

}  // namespace ballast::wire
