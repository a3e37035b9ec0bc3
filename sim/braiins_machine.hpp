#pragma once
#include "sim/asic_device.hpp"
#include "sim/http_request.hpp"

#include <boost/json/fwd.hpp>

#include <vector>

namespace ballast::sim {

struct BraiinsSettings {
    /// Which of its two sides listens. Both of one machine may be stood up: what they change is the plant's.
    enum class Api : std::uint8_t { rest, cgminer };
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 80;                 ///< 4028 with `cgminer`, as a rule.
    std::size_t machine = 0;                 ///< In the plant.
    Api api = Api::rest;
    std::string mac{}, uid{}, model{};       ///< Empty: made up. The real one has no serial number either.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 21.5 J/TH.
    std::string user = "root", password = "root";
    Duration token_life{3'600'000};          ///< From each request on that names it.
    Power least_target{1'700}, most_target{6'500};  ///< W; what a power target may be.
    std::optional<Between> reply{};          ///< None: as the floor's timing says.
};

/// The physics of a miner with Braiins OS (facts 1.8): off within 2 to 8 s, 30 W paused, full 2 to 5 minutes after a resume.
MachineSettings braiins_physics(std::string name, Power rated);

/// One miner with Braiins OS 25.07 (facts 1.4). Its REST side: a login hands out a token, which each further request names
/// bare in `Authorization` and so keeps alive; actions, power target and reports shaped as captured, paths and what is not
/// captured as the published OpenAPI has them. Its cgminer side: `pause`, `resume` and reports, no login, JSON ending in NUL.
/// `pause` answers by REST whether it was paused already (so false when it obeys), by cgminer `true`; its watts are an
/// estimate; the tuner calls itself stable whether it mines or not.
/// What neither facts nor OpenAPI say is decided here: a refusal's reason is plain text; a target out of range is 400 and
/// names the range, as is a body that cannot be read; a request without a good token is 401, as is a wrong password; a new
/// target takes ten seconds and no restart; paused and cooled down, `tunerstatus` says 0 W, as somebody saw it.
/// Faults in its own way: `refused` is 403 to all that changes something (cgminer: 45); `bad_tokens` 401 to every token;
/// `no_tokens` 500 to a login. Privileged are "token", "sleep", "wakeup", "level", "restart" and "reboot".
class BraiinsMachine final : public AsicDevice {
public:
    BraiinsMachine(BraiinsSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    Heard hear(std::string_view bytes) const override;
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request {
        Plant& plant;
        Steady now;
        Instant wall;
    };
    struct Said {
        unsigned status = 200;
        std::string body{};
        bool json = true;
        std::string privileged{};
        bool accepted = false;
    };
    struct Token {
        std::string text;
        Steady until{};
    };

    static Said refusal(unsigned status, std::string_view reason, std::string privileged = {});
    Reply rest(const Asked& asked, const Request& request);
    Said route(const HttpRequest& http, const Request& request);
    Said login(const HttpRequest& http, const Request& request);
    bool knows(std::string_view token, const Request& request);
    Said change(std::string_view what, const HttpRequest& http, const Request& request);
    Said power_target(const HttpRequest& http, const Request& request);
    Plant::Report report(const Request& request) const { return request.plant.report(settings_.machine, request.now); }
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }
    Power rated(const Request& request) const { return request.plant.settings().machines[settings_.machine].rated; }

    // braiins_telemetry.cpp
    std::optional<boost::json::value> telemetry(std::string_view page, const Request& request) const;
    boost::json::object details(const Request& request) const;
    boost::json::object stats(const Request& request) const;
    boost::json::object tuner_state(const Request& request) const;
    boost::json::object hashboards(const Request& request) const;
    boost::json::array pools(const Request& request) const;
    boost::json::object network(const Request& request) const;
    boost::json::object cooling(const Request& request) const;
    boost::json::object constraints(const Request& request) const;
    std::string mac(const Request& request) const;
    double gigahashes(const Request& request, unsigned per_mille) const;
    bool settled(const Request& request) const;

    // braiins_cgminer.cpp
    Reply cgminer(const Asked& asked, const Request& request);
    std::optional<boost::json::object> told(std::string_view command, const Request& request) const;
    std::optional<boost::json::object> combined(std::string_view commands, const Request& request) const;
    boost::json::object summary(const Request& request) const;
    boost::json::object tuner_status(const Request& request) const;
    boost::json::array boards(const Request& request) const;

    BraiinsSettings settings_;
    Chance chance_;
    std::vector<Token> tokens_;              ///< The newest last.
    Steady started_{};
};

}  // namespace ballast::sim
