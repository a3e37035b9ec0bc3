#pragma once
#include "sim/http_said.hpp"

#include <deque>

namespace ballast::sim {

struct VnishSettings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 80;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, serial{}, model{};    ///< Empty: made up.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 29.5 J/TH.
    std::string password = "admin";
    std::string api_key{};                   ///< In force beside the tokens, in `x-api-key`; empty: none was made.
    unsigned unlocks_a_minute = 10;          ///< Of whatever password; more are 429.
    Duration token_life{1'800'000};          ///< From the unlock.
    bool takes_bare = true;                  ///< A token without "Bearer" too, but for `system/`.
    bool summary_is_open = false;            ///< To who has no token.
    bool throttles = true;                   ///< False: firmware before 1.3.4; `mining/throttle` is 404.
    bool usage_is_watts = true;              ///< False: `power_usage` is J/TH, as the published schema has it. `power_consumption` is W in both.
    std::optional<Between> reply{};          ///< None: as the floor's timing says.
};

/// The physics of an Antminer with VNish. The facts have no times for it; decided here: 45 W at rest as a stock one, there
/// within 2 to 10 s, full 3 to 7 minutes after a start; and it mines after a power cut, for to remain stopped over a reboot
/// is an option of its settings.
MachineSettings vnish_physics(std::string name, Power rated);

/// VNish's, or AnthillOS', API v1 on HTTP 80 (facts 1.6; paths and fields of the published OpenAPI schema, "XMiner Firmware
/// API Guide"): POST unlock; POST mining/stop, start, pause, resume, restart and throttle, POST system/reboot; GET info,
/// status, summary and auth-check. Facts and schema differ about `power_usage` (see VnishSettings).
/// Decided here: start and resume wake whatever put it to rest, and a pause rests as deep as a stop, for the schema has one
/// word, `stopped`, for both; it is "shutting-down" until it draws no more than standby, then "initializing", "starting"
/// below half of its level, and "mining"; a token ends at its time however much it was used, and at a boot; a percent that
/// is no integer of 20 to 100 is 400; a throttle takes 10 s. Presets, by `settings`, are not played.
/// Faults in its own way: `refused` is 403 to a write; `bad_tokens` is 401 to every token, `no_tokens` 429 to every unlock;
/// `empty_stats` is a summary without `miner`. Privileged are "token", "sleep", "wakeup", "level", "restart" and "reboot".
class VnishMachine final : public AsicDevice {
public:
    VnishMachine(VnishSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    Heard hear(std::string_view bytes) const override { return hear_http(bytes); }
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override { return http_answer({.body = std::move(nonsense)}); }

private:
    struct Request {
        const HttpRequest& http;
        std::string_view path;               ///< Below /api/v1.
        Plant& plant;
        Steady now;
    };
    struct Token {
        std::string word;
        Steady until{};
    };

    HttpSaid respond(const Request& request);
    HttpSaid unlock(const Request& request);
    HttpSaid read(const Request& request);
    HttpSaid write(const Request& request);
    HttpSaid throttle(const Request& request);
    const Token* authorized(const Request& request) const;
    bool lets_in(const Request& request) const;
    void forget(const Request& request);
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }
    Power rated(const Request& request) const { return request.plant.settings().machines[settings_.machine].rated; }

    // vnish_telemetry.cpp
    std::string_view state(const Request& request) const;
    boost::json::object info(const Request& request) const;
    boost::json::object status(const Request& request) const;
    boost::json::object summary(const Request& request) const;
    boost::json::object miner(const Request& request) const;
    boost::json::array chains(const Request& request) const;
    double gigahashes(const Request& request, unsigned per_mille) const;

    VnishSettings settings_;
    Chance chance_;
    std::vector<Token> tokens_;
    std::deque<Steady> unlocks_;             ///< Of the last minute.
    unsigned throttled_ = 100;               ///< Percent; 100 is not throttled.
    Steady booted_{};
};

}  // namespace ballast::sim
