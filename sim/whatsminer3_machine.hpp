#pragma once
#include "sim/asic_device.hpp"

#include <boost/json/fwd.hpp>

namespace ballast::sim {

struct Whatsminer3Settings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 4433;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, serial{}, model{};    ///< Empty: made up.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 17.6 J/TH.
    std::string password = "super";          ///< Of the account `super`, the only one.
    std::string salt = "BQ5hoXV9";           ///< Of the stored password; changes with it only.
    bool api_open = true;                    ///< False: orders are denied until the tool of the vendor opens them.
    seconds clock_ahead{0};                  ///< Of its own clock, before the world's; below zero: behind.
    seconds clock_tolerance{30};             ///< An order stamped farther from its own clock is denied. The facts name no number.
    bool beats = false;                      ///< True: a heartbeat comes before each reply.
    bool measures = true;                    ///< False: `power-realtime` is -1.
    bool supply_meters = false;              ///< True: the power section has `pin`, W.
    bool idle_pools = true;                  ///< False: asleep, it refuses to show `pools` alone.
    unsigned low_per_mille = 750, high_per_mille = 1'100;  ///< Of the rating, in low and high power mode.
    unsigned most_percent = 100;             ///< 200 where a liquid cools it.
    Duration idle{300'000};                  ///< A connection that says nothing ends after this.
    std::optional<Between> reply{};          ///< The facts' default is 50 to 500 ms; none: as the floor's timing says.
};

/// The first eight characters of base64(SHA-256(command + password + salt + seconds)), from the facts (asic.md 1.3) and the
/// vectors beside them; apart from the codec of the drivers on purpose, so that each shows the other's mistakes.
std::string whatsminer3_token(std::string_view command, std::string_view password, std::string_view salt, std::int64_t unix_seconds);

/// One WhatsMiner's side of API v3, TCP 4433 (facts 1.3): frames of a length and JSON, several exchanges a connection,
/// 300 idle seconds; replies shaped as captured. Its physics are `whatsminer_physics`.
/// What the facts leave open is decided here: codes -1 (a bad parameter, or one that it cannot follow now), -2 (no such
/// command), -3 (no JSON object), -4 (denied: a locked API says "no permission"; account, time and token all say "token
/// error"); heartbeats are not answered; a frame of more than 64 KiB ends the connection; a board that is missing is
/// listed as dead; `restart` starts a stopped service; `disable` and `enable` are taken and do nothing, as the plant
/// boots as it slept.
/// Faults in its own way: `no_tokens` hands out no salt; `bad_tokens` calls every token wrong. Privileged are "sleep",
/// "wakeup", "level", "restart" (of the miner program), "config" and "reboot".
class Whatsminer3Machine final : public AsicDevice {
public:
    Whatsminer3Machine(Whatsminer3Settings settings, std::uint64_t seed);

    AsicPlace place() const override;
    /// One frame, and the heartbeats before it; or only heartbeats.
    Heard hear(std::string_view bytes) const override;
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request {
        std::string_view command;
        const boost::json::value& parameter; ///< Null: it has none.
        const boost::json::object& whole;
        Plant& plant;
        Steady now;
        Instant wall;                        ///< By its own clock.
    };
    struct Done {
        bool good = false;                   ///< False: the parameter is bad.
        std::string privileged{};
    };
    enum class Mode : std::uint8_t { low, normal, high };

    Reply say(int code, boost::json::value message, std::string_view command, Instant wall) const;
    Reply order(const Request& request);
    bool permits(const Request& request) const;
    Done follow(const Request& request);
    Done service(const Request& request);
    Done limit(const Request& request);
    Done power_mode(const Request& request);
    Done percent(const Request& request);
    Done fast_boot(const Request& request);
    void begin_anew(const Request& request);
    void look(const Request& request);
    Plant::Report report(const Request& request) const { return request.plant.report(settings_.machine, request.now); }
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }
    Power rated(const Request& request) const { return request.plant.settings().machines[settings_.machine].rated; }

    // whatsminer3_telemetry.cpp
    std::optional<boost::json::object> device_info(const Request& request) const;
    std::optional<boost::json::object> miner_status(const Request& request) const;
    boost::json::object miner(const Request& request) const;
    boost::json::object network(const Request& request) const;
    boost::json::object supply(const Request& request) const;
    boost::json::array errors(const Request& request) const;
    boost::json::object summary(const Request& request) const;
    boost::json::array boards(const Request& request) const;
    double terahashes(const Request& request, unsigned per_mille) const;

    Whatsminer3Settings settings_;
    Mode mode_ = Mode::normal;
    std::optional<Power> limit_;             ///< None: the mode's own.
    bool fast_boot_ = false;
    bool tuned_ = true;                      ///< Since mining began it has been at its level.
    Steady begun_{};                         ///< When mining began.
};

}  // namespace ballast::sim
