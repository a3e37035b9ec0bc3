#pragma once
#include "sim/http_said.hpp"

namespace ballast::sim {

struct AxeosSettings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 80;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, model{};              ///< Empty: made up. `model` is that of the chip.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 17.5 J/TH.
    std::string version = "v2.14.0";
    bool pauses = true;                      ///< False: firmware before 2.14; `pause` and `resume` are 404, `miningPaused` is not told.
    bool in_range = true;                    ///< False: its callers are not of its network, and every path is 401.
    unsigned chips = 1;                      ///< All on its one board.
    std::int64_t frequency = 490;            ///< MHz, at which it draws its rating.
    std::optional<Between> reply{};          ///< The facts' default is 100 ms; none: as the floor's timing says.
};

/// The physics of a Bitaxe (facts 1.8): off within a second, 2 W paused, full 3 to 30 s after a resume. It answers 2.6 s after
/// a restart (facts), 10 s at most (decided here: it joins a wireless network). A pause is forgotten at a boot.
MachineSettings axeos_physics(std::string name, Power rated);

/// A Bitaxe with AxeOS, HTTP 80 (facts 1.6): GET /api/system/info as captured, with `miningPaused`; POST /api/system/pause,
/// resume and restart; PATCH /api/system, whose `frequency` moves its draw in proportion. No password; who is not of its
/// network gets 401. Decided here, for facts and capture are silent: the words of its replies, which are no JSON; 400 for a
/// PATCH that is no object or has a value of another kind than the one it replaces; 405 for a known path by another method.
/// Faults in its own way: `refused` is 401 to all but reading; `empty_stats` leaves who it is and drops what it measures;
/// `few_boards` shows in `asicCount` if it has three chips, else in the hashrate alone; `loses_pools` says that it is on its
/// fallback; `bad_tokens` and `no_tokens` are nothing it can have.
/// Privileged are "sleep", "wakeup", "level", "config" and "reboot".
class AxeosMachine final : public AsicDevice {
public:
    AxeosMachine(AxeosSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    Heard hear(std::string_view bytes) const override { return hear_http(bytes); }
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override { return http_answer({.body = std::move(nonsense)}); }

private:
    struct Request {
        const HttpRequest& http;
        Plant& plant;
        Steady now;
    };

    HttpSaid respond(const Request& request);
    HttpSaid operate(std::string_view what, const Request& request) const;
    HttpSaid configure(const Request& request);
    boost::json::object info(const Request& request) const;
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }

    AxeosSettings settings_;
    boost::json::object config_;             ///< What PATCH can change, as `info` shows it.
};

}  // namespace ballast::sim
