#pragma once
#include "model/result.hpp"
#include "wire/cgminer.hpp"
#include "wire/json_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The stock firmware of Bitmain's Antminers as its web server speaks it: JSON from and to `/cgi-bin/*.cgi`, behind HTTP
/// Digest. Source of the format: shared/facts/asic.md, section 1.2; there is no capture of it. Numbers may be strings
/// everywhere. Telemetry is read by cgminer's repairing parser, whose one instance serves a thread; the results own
/// what they hold. Every parse fails with malformed or oversized, and no error quotes a config's values. An empty list,
/// which stands for sleep, is believed only of a reply that was whole.
namespace ballast::wire::antminer {

enum class WorkMode : std::uint8_t { normal = 0, sleep = 1, high = 2, low = 3 };

std::string_view name(WorkMode mode);

/// get_miner_conf.cgi, whole as it came: it can only be written back whole.
struct MinerConf {
    JsonNode whole;                ///< Every key in its order with its type. Null if the reply had to be repaired.
    std::optional<WorkMode> mode;  ///< Nothing if it is unknown, or if its two keys contradict each other.
    std::size_t pools = 0;         ///< How many have a URL.
    std::string unfit = "the config was not read";  ///< Why it must not be written back, in words; empty: it may.

    bool fit() const { return unfit.empty(); }
};

/// A config that can only be read is a value too, but not `fit`: one that was repaired or has a key twice, one without a
/// usable pool, one that lacks what every config has, and one with a blank in a string, at which the script behind
/// set_miner_conf.cgi is known to fall apart and to store pools without a URL.
Result<MinerConf> parse_conf(cgminer::Parser& parser, std::string_view body);

/// How `miner-mode` is typed; firmware differ in what they take.
enum class ModeType : std::uint8_t {
    as_read,  ///< As the config has it; a number, as the firmware's own page sends it, where it has not.
    number,
    string,
};

/// The body to POST to set_miner_conf.cgi, on one line: `conf` with `miner-mode` set, with `bitmain-work-mode` set if it
/// has it, typed as it was, and with `freq-level` as its `bitmain-freq-level` says if that is not there: the firmware
/// reads one name and writes the other. Nothing else changes, pools least of all. Refused if `conf` is not fit.
Result<std::string> with_mode(const MinerConf& conf, WorkMode mode, ModeType type = ModeType::as_read);

/// The reply to it. Only `"stats":"success"` with `"code":"M000"` is one; it is a promise, not a fact: the firmware is
/// known to say so and go on hashing. Refused, with the firmware's words, if it says another code.
Result<void> parse_set_reply(cgminer::Parser& parser, std::string_view body);

/// A line of the firmware's own diagnosis.
struct Check {
    std::string type;     ///< What was looked at: rate, network, fans, temp.
    char status = '?';    ///< s fine, e error, w warning; ? if it does not say.
    std::string message;  ///< Mostly empty. Printable.
};

/// summary.cgi. Rates are >= 0 and in `unit`; nothing where it does not say.
struct Summary {
    bool empty = false;  ///< `"SUMMARY":[]`: asleep, or not up yet. There are no rates then.
    std::optional<double> rate_5s, rate_30m, rate_average;
    std::string unit;    ///< As told; empty if it is not, which means GH/s on machines for Bitcoin.
    std::vector<Check> checks;
};
Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body);

/// `rate` in GH/s; empty stands for GH/s. Nothing if the unit counts no hashes (KSol/s) or is unknown.
std::optional<double> gigahashes(double rate, std::string_view unit);

/// A hash board.
struct Chain {
    std::optional<double> rate;      ///< >= 0, in the unit of its `Stats`.
    std::optional<double> board_celsius, chip_celsius;  ///< The hottest sensor; one that says 0 or nonsense is not there.
    std::optional<int> asics;        ///< Chips found, >= 0.
};

/// stats.cgi.
struct Stats {
    bool empty = false;     ///< `"STATS":[]`: as in `Summary`.
    bool repaired = false;  ///< Was not JSON: boards and fans may be missing because the reply was cut off.
    std::string unit;       ///< As in `Summary`.
    std::vector<Chain> chains;
    std::vector<int> fans;         ///< Revolutions per minute, >= 0; a fan that says no number counts as 0.
    std::optional<WorkMode> mode;  ///< What it is set to, which need not be what it does.
};
Result<Stats> parse_stats(cgminer::Parser& parser, std::string_view body);

/// get_system_info.cgi: who it is. What it does not say stays empty; type or MAC is always there.
struct SystemInfo {
    std::string type;                  ///< "Antminer S19k Pro".
    std::optional<std::uint64_t> mac;
    std::string serial, firmware;
};
Result<SystemInfo> parse_system_info(cgminer::Parser& parser, std::string_view body);

/// One entry of pools.cgi.
struct Pool {
    std::string url;
    bool alive = false;  ///< Its status is Alive, in any case.
};

/// pools.cgi; empty in sleep.
Result<std::vector<Pool>> parse_pools(cgminer::Parser& parser, std::string_view body);

/// One that is alive and has a URL.
bool any_alive(const std::vector<Pool>& pools);

}  // namespace ballast::wire::antminer
