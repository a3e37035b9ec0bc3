#pragma once
#include "model/units.hpp"
#include "sim/plant.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ballast::sim {

struct LuxosSettings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 4028;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, serial{}, model{};    ///< Empty: made up from host and rating.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 20 J/TH.
    bool measures = true;                    ///< False: `power` says PSU false, an estimate.
};

/// A request as far as it has come.
struct LuxosRequest {
    enum class Form : std::uint8_t { incomplete, broken, whole } form = Form::incomplete;
    std::string command, parameter;
};

/// The cgminer way has no framing: a request is whole when its JSON is. Anything but an object is broken.
LuxosRequest read_luxos_request(std::string_view bytes);

/// One LuxOS miner's side of the conversation (cgminer JSON API, LUXminer 2025.4): session rule, curtailment, telemetry.
/// Pure; replies are without the closing NUL.
class LuxosMachine {
public:
    LuxosMachine(LuxosSettings settings, std::uint64_t seed);

    struct Answer {
        std::string json;
        std::string privileged;   ///< "logon", "logoff", "sleep", "wakeup" if that was asked, else empty.
        bool accepted = false;
    };
    Answer answer(const LuxosRequest& request, Plant& plant, Steady now, Instant wall);

    const LuxosSettings& settings() const { return settings_; }

private:
    struct Asked;
    Answer logon(const Asked& asked);
    Answer logoff(const Asked& asked);
    Answer curtail(const Asked& asked);
    std::optional<std::string> telemetry(std::string_view command, const Asked& asked) const;

    LuxosSettings settings_;
    std::uint64_t seed_;    ///< Of the next session's name.
    std::string session_;   ///< Empty: none is open.
    Steady started_{};
};

}  // namespace ballast::sim
