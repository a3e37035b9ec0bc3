#pragma once
#include "wire/signal_json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::drivers {

/// How a foreign payload tells its times.
enum class TimeFormat : std::uint8_t { rfc3339, unix_s, unix_ms };

/// Where the parts of a signal stand in somebody else's JSON. Pointers are RFC 6901; "" is the whole payload, so that a
/// bare number, or a bare word like ON, can be read too.
struct Mapping {
    SignalKind kind = SignalKind::price;  ///< Any but release and arm.
    std::string value;                    ///< The number: JSON, or a string that holds one.
    std::string unit;                     ///< Of the number; see wire::signal_unit. Not with Ask::full.
    Ask ask = Ask::absolute;              ///< Of dispatch and emergency. full: the value equals `full_when`.
    std::string full_when = "true";
    std::optional<std::string> issued;  ///< Absent: the time of receipt.
    std::optional<std::string>
        start;  ///< Absent: when issued; a price's at the interval's last beginning (UTC).
    std::optional<std::string>
        end;  ///< Absent or null: start + interval; a dispatch's without interval: until released.
    TimeFormat time_format = TimeFormat::rfc3339;
    Duration interval{0};
    std::optional<std::string> id;       ///< Absent: a dispatch is called as its signal is, a price has none.
    std::optional<std::string> release;  ///< Where a release would stand; only of dispatch and emergency.
    /// The scalar there that means it: true, null, a number, or a string's text. Absent: true, a number but 0, a text but "".
    std::optional<std::string> release_when;
};

/// What is wrong with a mapping, a sentence each that names the key; empty: nothing.
std::vector<std::string> faults(const Mapping& mapping);

/// Reads a payload by a mapping. `received` stands in for a missing issue time, `name` for a missing id.
/// Errors as parse_signal_json.
Result<Signal> parse_mapped(std::string_view payload, const Mapping& mapping, const wire::SignalRules& rules,
                            Instant received, std::string_view name);

/// MQTT 5, section 4.7: '+' is one level, a last '#' any number; neither matches a first level that begins with '$'.
bool topic_matches(std::string_view filter, std::string_view topic);

/// What is wrong with a filter, as a phrase that follows its name; empty: nothing.
std::string filter_fault(std::string_view filter);

}  // namespace ballast::drivers
