#pragma once
#include "model/result.hpp"
#include "model/units.hpp"
#include "wire/cgminer.hpp"
#include "wire/count.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Braiins OS (25.07 and later) as its REST API speaks it: JSON from and to `/api/v1/...`, behind a token. Source of the
/// format: shared/facts/asic.md, section 1.4, and the captures of 25.07. Bodies are read by cgminer's repairing parser, whose
/// one instance serves a thread; the results own what they hold. Every parse fails with malformed or oversized; no error
/// quotes a body, because some hold secrets.
namespace ballast::wire::braiins {

inline constexpr std::string_view login_target = "/api/v1/auth/login", details_target = "/api/v1/miner/details", stats_target = "/api/v1/miner/stats",
                                  pause_target = "/api/v1/actions/pause", resume_target = "/api/v1/actions/resume",
                                  configuration_target = "/api/v1/configuration/miner", power_target_target = "/api/v1/performance/power-target";

/// The body to POST to `login_target`.
std::string login_body(std::string_view user, std::string_view password);

/// What proves a login; goes bare into the header Authorization.
struct Login {
    std::string token;                          ///< 1 to 1,024 visible characters of ASCII.
    std::optional<std::chrono::seconds> lives;  ///< "timeout_s", counted anew from each use.
};
Result<Login> parse_login(cgminer::Parser& parser, std::string_view body);

/// `status` of miner/details. It is what the firmware means to do, not what it does.
enum class Status : std::uint8_t { other = 0, not_started = 1, normal = 2, paused = 3, suspended = 4, restricted = 5 };

/// miner/details: who it is and what it says it does. The status is always there; of the rest what it does not say is empty.
struct Details {
    Status status = Status::other;
    std::optional<std::uint64_t> mac;
    std::string model, firmware, hostname, uid;  ///< Printable.
    std::optional<double> sticker_gigahashes;    ///< GH/s.
    std::optional<std::chrono::seconds> uptime;  ///< Of the mining program.
};
Result<Details> parse_details(cgminer::Parser& parser, std::string_view body);

/// miner/stats. Hash rates are GH/s, 0 to 10^9. Fails if it says nothing of either hashing or power.
struct Stats {
    std::optional<double> gigahashes;         ///< Of the shortest time it speaks of: 5 s, else 15 s, 30 s, a minute.
    std::optional<double> mean_gigahashes;    ///< Of a quarter of an hour.
    std::optional<double> nominal_gigahashes;
    std::optional<Power> approximate_power;   ///< Computed by the firmware, never measured.
};
Result<Stats> parse_stats(cgminer::Parser& parser, std::string_view body);

/// One pool of any group.
struct Pool {
    std::string url;  ///< Printable.
    bool enabled = false, alive = false, active = false;
};
Result<std::vector<Pool>> parse_pools(cgminer::Parser& parser, std::string_view body);

/// configuration/miner: the power target that its tuner is set to; nothing where that tunes to a hash rate, or not at all.
Result<std::optional<Power>> parse_power_target(cgminer::Parser& parser, std::string_view body);

/// The body to PUT to `power_target_target`. The answer is as that to pause.
std::string power_target_body(Power target);

/// miner/hw/hashboards: all boards that are built in; alive are those that are enabled and hash, or, where none hashes, are enabled.
struct Hashboards {
    Count count;
    std::optional<Temperature> chips;  ///< The hottest.
};
inline constexpr std::string_view hashboards_target = "/api/v1/miner/hw/hashboards", pools_target = "/api/v1/pools";
Result<Hashboards> parse_hashboards(cgminer::Parser& parser, std::string_view body);

/// The body of an answer to pause or resume that succeeded is the API's own: a truth (it was so already), an object, or nothing. A page of
/// some other server is not.
bool is_action_reply(std::string_view body);

/// The words of an answer that did not succeed; printable, at most 120 bytes, empty if there are none to be shown.
std::string error_text(cgminer::Parser& parser, std::string_view body);

/// What a power target may be, W, as learned from a refusal. `least` < `most`.
struct PowerRange {
    Power least, most;
    bool operator==(const PowerRange&) const = default;
};

/// From the words of a refusal: two numbers of watts, the first that are joined into a range ("1700–6500 W", "[1700, 6500]", "1700..=6500",
/// "between 1700 W and 6500 W", "min: 1700, max: 6500"). Nothing where that is in doubt, or beyond 100 kW.
std::optional<PowerRange> allowed_range(std::string_view words);

/// The cgminer API (port 4028) of older releases, or beside REST: the reply to `pause` or `resume`, and that to `tunerstatus`, whose watts are an estimate too.
bool paused_or_resumed(const cgminer::Reply& reply);
std::optional<Power> tuner_power(const cgminer::Reply& reply);

}  // namespace ballast::wire::braiins
