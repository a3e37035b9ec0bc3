#pragma once
#include "sim/asic_device.hpp"

#include <boost/json/fwd.hpp>

namespace ballast::sim {

struct CgminerSettings {
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 4028;
    std::size_t machine = 0;                 ///< In the plant.
    std::string model{};                     ///< Empty: made up. What `version` says; this API knows no MAC and no serial.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 98 J/TH.
    bool privileged = false;                 ///< The caller is in a `W:` of --api-allow.
    bool combines = true;                    ///< False: "summary+devs" is no command of it, as on the S19.
    bool untidy = false;                     ///< Old bmminer: no comma between the objects of `stats`.
    std::optional<Between> reply{};          ///< None: as the floor's timing says.
};

/// The physics of a machine whose miner program is a plain cgminer. It cannot sleep; what the facts leave open is decided
/// here: it draws 45 W while its boards are tested, and hashes fully 3 to 6 minutes after its supply is back.
MachineSettings cgminer_physics(std::string name, Power rated);

/// A plain cgminer's API, TCP 4028 (facts 1.1): telemetry, and nothing that would make it rest. JSON or `command|parameter`,
/// one request a connection, a reply that ends in NUL. Codes: 14, 23, 24 without a command, 45, 46 for `privileged`.
/// Of the privileged commands only `restart` is played: the others are 45 without `W:`, and 14 with it.
/// Faults in its own way: `no_effect`, `lies`, `self_wakes`, `never_wakes`, `loses_pools` and `overheats` need a sleep, which
/// it has not; `bad_tokens` and `no_tokens` are nothing it can have, and `moved` shows nowhere. `refused` is 45 in spite of
/// `W:`. Privileged is "restart".
class CgminerMachine final : public AsicDevice {
public:
    CgminerMachine(CgminerSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    /// A JSON object, or whatever has come if it begins otherwise: the program receives once. At most 8192 bytes.
    Heard hear(std::string_view bytes) const override;
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request {
        std::string command;
        Plant& plant;
        Steady now;
        Instant wall;
    };

    boost::json::object told(std::string_view command, const Request& request) const;
    boost::json::object combined(const Request& request) const;
    boost::json::object summary(const Request& request) const;
    boost::json::array devices(const Request& request) const;
    boost::json::array statistics(const Request& request) const;
    bool denies(const Request& request) const;
    Reply restart(const Request& request) const;
    double megahashes(const Request& request) const;
    std::int64_t elapsed(const Request& request) const;
    std::string written(const boost::json::object& reply, bool json) const;

    CgminerSettings settings_;
    Steady started_{};
};

}  // namespace ballast::sim
