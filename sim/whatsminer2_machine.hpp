#pragma once
#include "sim/asic_device.hpp"
#include "sim/whatsminer2_crypto.hpp"

#include <boost/json/fwd.hpp>

#include <vector>

namespace ballast::sim {

struct Whatsminer2Settings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 4028;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, model{};              ///< Empty: made up.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 26 J/TH.
    std::string password = "admin";
    std::string salt = "BQ5hoXV9";           ///< Of the stored password; changes with it only.
    bool api_open = true;                    ///< False: writes are denied with 45 until the tool of the vendor opens them.
    bool closes = true;                      ///< False: the connection stays open after a reply, as some firmwares leave it.
    std::string ends_with{};                 ///< What follows a reply's JSON: nothing, NUL or a newline, by firmware.
    bool measures = true;                    ///< False: `Power` is -1.
    std::string says_off_as = "mineroff";    ///< "btmineroff" in older firmware.
    unsigned low_per_mille = 750, high_per_mille = 1'100;  ///< Of the rating, in low and high power mode.
    unsigned cuts_percent = 50;              ///< How often a power_off with respbefore "false" closes without a reply.
    Duration token_life{1'800'000};
    std::optional<Between> reply{};          ///< The facts' default is 50 to 500 ms; none: as the floor's timing says.
};

/// The physics of a WhatsMiner (facts 1.8): off within 1 to 5 s, 13 W asleep, hashing fully 6 to 10 minutes after a wake.
MachineSettings whatsminer_physics(std::string name, Power rated);

/// One WhatsMiner's side of API v2, TCP 4028 (facts 1.3): plain reads shaped as captured, tokens, sealed writes.
/// What the facts leave open is decided here: a wrong password opens to no JSON, hence 23; a write that is not sealed is
/// denied (45); a parameter that is missing, no string or out of range is 132. Privileged are "token", "sleep",
/// "wakeup" and "level".
class Whatsminer2Machine final : public AsicDevice {
public:
    Whatsminer2Machine(Whatsminer2Settings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    /// One JSON object without framing, at most 8192 bytes.
    Heard hear(std::string_view bytes) const override;
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request {
        Plant& plant;
        Steady now;
        Instant wall;
    };
    struct Token {
        std::string sign;
        Steady until{};
    };
    struct Done {
        bool good = false;                   ///< False: the parameter is bad.
        std::string privileged{};
    };
    enum class Mode : std::uint8_t { low, normal, high };

    Reply plain(std::string json) const;
    Reply token(const Request& request);
    Reply sealed_write(const boost::json::object& packet, const Request& request);
    Reply write(const boost::json::object& asked, const Request& request);
    Done order(const std::string& command, const boost::json::object& asked, const Request& request);
    Done limit(std::string_view watts, const Request& request);
    Done percent(std::string_view text, unsigned most, Duration over, const Request& request);
    Done power_mode(Mode mode, const Request& request);
    void begin_anew(const Request& request);
    bool knows(std::string_view sign, const Request& request);
    const WhatsminerKey& key();
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }
    Power rated(const Request& request) const { return request.plant.settings().machines[settings_.machine].rated; }

    // whatsminer2_telemetry.cpp
    std::optional<boost::json::object> telemetry(std::string_view command, const Request& request) const;
    std::optional<boost::json::object> told(std::string_view command, const Request& request) const;
    boost::json::object combined(std::string_view commands, const Request& request) const;
    boost::json::array errors(const Request& request) const;
    boost::json::object status(const Request& request) const;
    boost::json::object summary(const Request& request) const;
    boost::json::array devices(const Request& request) const;
    std::string mac(const Request& request) const;
    double megahashes(const Request& request, unsigned per_mille) const;

    Whatsminer2Settings settings_;
    Chance chance_;
    std::string crypted_;                    ///< md5crypt of the password, once somebody asked for a token.
    WhatsminerKey key_{};
    std::vector<Token> tokens_;
    Mode mode_ = Mode::normal;
    std::optional<Power> limit_;             ///< None: the mode's own.
    Instant off_since_{};
    Steady started_{};
};

/// `{"STATUS":..,"When":..,"Code":..,"Msg":..,"Description":""}`, its keys by name.
boost::json::object whatsminer_line(char status, int code, boost::json::value message, Instant wall);

}  // namespace ballast::sim
