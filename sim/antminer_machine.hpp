#pragma once
#include "sim/asic_device.hpp"
#include "sim/digest.hpp"
#include "sim/http_request.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace ballast::sim {

struct AntminerSettings {
    /// How this firmware writes the work mode. It reads in the same way, and takes the other for no mode at all: M000 OK.
    enum class ModeForm : std::uint8_t { text, number };
    struct Pool {
        std::string url, user, pass;
    };
    std::string host{};                      ///< A loopback address, dotted.
    std::uint16_t port = 80;
    std::size_t machine = 0;                 ///< In the plant.
    std::string mac{}, serial{}, model{};    ///< Empty: made up.
    std::int64_t joules_per_hash = 0;        ///< mJ/TH; 0: 29.5 J/TH.
    std::string user = "root", password = "root";
    Duration nonce_life{600'000};
    ModeForm mode_form = ModeForm::text;
    bool needs_text_plain = false;           ///< A write of another content type is M001.
    bool chunked = false;                    ///< Replies have no length, as a CGI's behind lighttpd.
    bool closes = false;                     ///< After each reply, whatever was asked.
    bool dark_in_restart = false;            ///< While its miner program begins anew it answers nothing; else with empty statistics.
    Duration half_initialised{0};            ///< For so long after a boot the config that it serves has no pools.
    Between restart{seconds{3}, seconds{8}}; ///< Of the miner program, after a config was written.
    Between write_reply{seconds{1}, seconds{21}};
    std::optional<Between> reply{};          ///< Of all else; none: as the floor's timing says.
    unsigned low_per_mille = 700, high_per_mille = 1'100;  ///< Of the rating, in modes 3 and 2.
    std::vector<Pool> pools{{"stratum+tcp://pool1.example:3333", "site.worker", "x"}, {"stratum+tcp://pool2.example:3333", "site.worker", "x"}, {"", "", ""}};
};

/// The physics of a stock Antminer (facts 1.8): off within 5 to 30 s, 45 W asleep with its fans, full 5 to 12 minutes
/// after a wake.
MachineSettings antminer_physics(std::string name, Power rated);

/// One stock Bitmain Antminer's web side (facts 1.2): HTTP/1.1 with Digest, the CGI that its own page calls. A config that
/// is written is the whole config: what is not in it is gone, pools too, and without pools it hashes nothing. The mode
/// is read as `bitmain-work-mode` and written as `miner-mode`; whatever is written, the miner program begins anew in the
/// background. It has no watts. Asleep, SUMMARY and STATS are empty lists.
/// Faults in its own way: `no_effect` and `lies` store the mode that they do not follow; `refused` is 403 to a write;
/// `bad_tokens` calls every nonce stale; `no_tokens` is nothing it can have. Privileged are "sleep", "wakeup", "level",
/// "config" (no mode changed) and "reboot".
class AntminerMachine final : public AsicDevice {
public:
    AntminerMachine(AntminerSettings settings, std::uint64_t seed);

    AsicPlace place() const override { return {settings_.host, settings_.port, settings_.machine, settings_.reply}; }
    /// One HTTP request with its body, 8 KiB of header and 64 KiB of body at most.
    Heard hear(std::string_view bytes) const override;
    Reply answer(const Asked& asked, Plant& plant) override;
    std::string framed(std::string nonsense) const override;

private:
    struct Request {
        const HttpRequest& http;
        Plant& plant;
        Steady now;
        Instant wall;
    };
    struct Said {
        unsigned status = 200;
        std::string body{}, more{};          ///< More header lines, each with its end.
        std::optional<Duration> takes{};
        std::string privileged{};
        bool accepted = false, silent = false;
    };
    enum class Mode : int { normal = 0, sleep = 1, high = 2, low = 3 };

    Said respond(const Request& request);
    Said route(const Request& request);
    Said set_config(const Request& request);
    Said reboot(const Request& request);
    std::string follow(Mode mode, const Request& request);
    std::optional<Mode> mode_in(const boost::json::object& config, bool& illegal) const;
    MachineFault fault(const Request& request) const { return request.plant.fault(settings_.machine); }
    Power rated(const Request& request) const { return request.plant.settings().machines[settings_.machine].rated; }
    std::string http(const Said& said, bool closes) const;

    // antminer_telemetry.cpp
    std::optional<boost::json::object> telemetry(std::string_view page, const Request& request) const;
    boost::json::object config(const Request& request) const;
    boost::json::object about(std::string_view message, const Request& request) const;
    boost::json::array summary(const Request& request) const;
    boost::json::array stats(const Request& request) const;
    boost::json::array chains(const Plant::Report& report, double each_ghs) const;
    boost::json::array pools() const;
    boost::json::object system_info(const Request& request) const;
    bool hashes_nothing(const Request& request) const;
    bool has_pools() const;
    double gigahashes(const Request& request, unsigned per_mille) const;

    AntminerSettings settings_;
    Chance chance_;
    DigestGuard guard_;
    boost::json::object rest_;               ///< Of the config: all but pools and mode.
    Mode mode_ = Mode::normal;
    Steady restarts_until_{}, started_{};
};

}  // namespace ballast::sim
