#pragma once
#include "sim/http_said.hpp"

namespace ballast::sim {

struct EpicSettings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 4028;               ///< HTTP, in spite of the number.
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, serial{}, model{};    ///< Empty: made up. `serial` is that of its control board.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 21.5 J/TH.
    std::string password = "letmein";
    std::optional<Between> reply{};          ///< None: as the floor's timing says.
};

/// The physics of a machine with ePIC's control board. The facts have no times for it; decided here: 40 W idle, there within
/// 1 to 10 s, full 3 to 6 minutes after an Autostart; and it starts by itself at a boot, as that word says.
MachineSettings epic_physics(std::string name, Power rated);

/// ePIC's API (facts 1.6), HTTP on 4028: GET /summary, /network and /capabilities as captured, open to all; POST /miner "Stop"
/// or "Autostart", /reboot and /softreboot, with the password in the body. Each POST is answered
/// `{"result":bool,"error":text or null}`. It has no power limit here: neither facts nor captures settle how one is set.
/// Decided here: every answer to a known path is a 200; what an error says; a delay given to a reboot is not kept; it is
/// "Mining" or "Idling" from the moment that it was told so; what idles keeps its boards in the list, at 0.
/// Faults in its own way: `bad_tokens` calls every password wrong; `no_tokens` is nothing it can have; `refused` is result
/// false to a good password; `empty_stats` is a summary of `{}`. Privileged are "sleep", "wakeup", "restart" and "reboot".
class EpicMachine final : public AsicDevice {
public:
    EpicMachine(EpicSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    Heard hear(std::string_view bytes) const override { return hear_http(bytes); }
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override { return http_answer({.body = std::move(nonsense)}); }

private:
    struct Request {
        const HttpRequest& http;
        Plant& plant;
        Steady now;
        Instant wall;
    };

    HttpSaid respond(const Request& request);
    HttpSaid operate(const Request& request);
    HttpSaid obey(const boost::json::object& asked, const Request& request);
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }

    // epic_telemetry.cpp
    boost::json::object summary(const Request& request) const;
    boost::json::object session(const Request& request) const;
    boost::json::object stratum(const Request& request) const;
    boost::json::array boards(const Request& request) const;
    boost::json::object network(const Request& request) const;
    boost::json::object capabilities(const Request& request) const;
    double megahashes(const Request& request, unsigned per_mille) const;

    EpicSettings settings_;
    std::string last_command_;               ///< Empty: none since it started.
    Steady started_{};
};

}  // namespace ballast::sim
