#pragma once
#include "model/units.hpp"
#include "sim/asic_device.hpp"

#include <boost/json/fwd.hpp>

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
    bool tunes_itself = false;               ///< ATM is on; then no profile is taken.
    std::string profile = "default";         ///< Of `profiles`, whose watts stand to each other as captured, and whose default draws what it is rated for.
};

/// One LuxOS miner's side of the conversation (cgminer JSON API, LUXminer 2025.4): session rule, curtailment, telemetry.
/// Profiles and ATM by name; nobody has written down what it says to a bad one, or how long a profile takes: decided here, an error, and ten
/// seconds without a restart. Privileged are "logon", "logoff", "sleep", "wakeup", "level" and "config" (ATM).
class LuxosMachine final : public AsicDevice {
public:
    LuxosMachine(LuxosSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, std::nullopt}; }
    /// The cgminer way has no framing: a request is whole when its JSON is. Anything but an object is broken, and so is
    /// more than the device's own buffer of 8192 bytes.
    Heard hear(std::string_view bytes) const override;
    /// JSON, NUL, end.
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request;
    void begin(Steady now, Plant& plant);
    struct Answer {
        std::string json;
        std::string privileged{};
        bool accepted = false;
    };
    Answer answer(const Request& request);
    Answer combined(const Request& request) const;
    Answer logon(const Request& request);
    Answer logoff(const Request& request);
    Answer curtail(const Request& request);
    Answer set_profile(const Request& request);
    Answer set_tuning(const Request& request);
    boost::json::array profiles(Power rated) const;
    MachineFault fault(const Request& request) const;
    bool knows(const Request& request) const;   ///< The session that it names.
    std::optional<std::string> telemetry(std::string_view command, const Request& request) const;
    std::optional<std::string> health(std::string_view command, const Request& request) const;

    LuxosSettings settings_;
    std::uint64_t seed_;    ///< Of the next session's name.
    std::string session_;   ///< Empty: none is open.
    Steady started_{};
};

}  // namespace ballast::sim
