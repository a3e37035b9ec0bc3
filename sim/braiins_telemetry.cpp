#include "sim/braiins_machine.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr unsigned board_slots = 3;

json::object watts(Power power) {
    return {{"watt", power.count}};
}

json::object degrees(double celsius) {
    return {{"degree_c", celsius}};
}

json::object gigahash(double per_second) {
    return {{"gigahash_per_second", per_second}};
}

/// The same over all its windows: the plant's rate has no past.
json::object hash_stats(double nominal, double real) {
    json::object windows;
    for (const char* window : {"last_15m", "last_15s", "last_1h", "last_1m", "last_24h", "last_30m", "last_30s", "last_5m", "last_5s", "since_restart"}) windows[window] = gigahash(real);
    return {{"best_share", 776'342'690}, {"error_hashrate", json::object{{"megahash_per_second", 0.0}}}, {"found_blocks", 0}, {"nominal_hashrate", gigahash(nominal)}, {"real_hashrate", std::move(windows)}};
}

json::object share_stats(Instant wall, bool any) {
    const auto when = std::chrono::floor<seconds>(wall.time_since_epoch()).count();
    return {{"accepted_shares", any ? 10'460 : 0}, {"best_share", 776'342'690}, {"generated_work", any ? 17'787'650'048 : 0}, {"last_difficulty", 262'144},
            {"last_share_time", json::object{{"nanos", 0}, {"seconds", when}}}, {"rejected_shares", 0}, {"stale_shares", 0}};
}

}  // namespace

std::string BraiinsMachine::mac(const Request& request) const {
    return fault(request) == MachineFault::moved ? other_mac(settings_.mac) : settings_.mac;
}

double BraiinsMachine::gigahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(rated(request).count) * 1e3 / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

/// It has arrived where it was told to be.
bool BraiinsMachine::settled(const Request& request) const {
    const Plant::Report is = report(request);
    return is.asleep || is.power.count * 100 >= is.level.count * is.boards * 97 / board_slots;
}

/// None: there is no such page.
std::optional<json::value> BraiinsMachine::telemetry(std::string_view page, const Request& request) const {
    if (page == "miner/details") return details(request);
    if (page == "miner/stats") return stats(request);
    if (page == "miner/hw/hashboards") return hashboards(request);
    if (page == "miner/errors") return json::object{{"errors", json::array{}}};
    if (page == "performance/tuner-state") return tuner_state(request);
    if (page == "pools") return pools(request);
    if (page == "network") return network(request);
    if (page == "cooling/state") return cooling(request);
    if (page == "actions/locate") return json::value(false);
    if (page == "version") return json::object{{"major", 1}, {"minor", 7}, {"patch", 0}};
    if (page == "configuration/constraints") return constraints(request);
    if (page == "configuration/miner")
        return json::object{{"pool_groups", json::array{}}, {"tuner", json::object{{"enabled", true}, {"hashrate_target", nullptr}, {"power_target", watts(report(request).level)}, {"tuner_mode", 1}}}};
    return std::nullopt;
}

json::object BraiinsMachine::details(const Request& request) const {
    const auto up = (request.now - started_).count() / 1'000;
    constexpr int normal = 2, paused = 3;
    return {{"bos_mode", 4},
            {"bos_version", json::object{{"bos_plus", true}, {"current", "2025-08-06-0-3881c51d-25.07-plus"}, {"major", "2022-09-13-0-11012d53-22.08-plus"}}},
            {"bosminer_uptime_s", up}, {"control_board_soc_family", 3}, {"hostname", "Antminer"}, {"kernel_version", "4.9.113"}, {"mac_address", mac(request)},
            {"miner_identity", json::object{{"brand", 1}, {"miner_model", settings_.model}, {"model", 18}, {"name", settings_.model}}}, {"platform", 4},
            {"psu_info", json::object{{"fw_version", nullptr}, {"max_voltage", json::object{{"volt", 15.2}}}, {"min_voltage", json::object{{"volt", 11.96}}},
                                      {"model_name", "APW121215d/e"}, {"serial_number", nullptr}, {"version", 117}}},
            {"serial_number", nullptr}, {"status", report(request).asleep ? paused : normal}, {"sticker_hashrate", gigahash(gigahashes(request, 1'000))},
            {"system_uptime", up + 40}, {"system_uptime_s", up + 40}, {"uid", fault(request) == MachineFault::moved ? "X" + settings_.uid : settings_.uid}};
}

json::object BraiinsMachine::stats(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {{"miner_stats", nullptr}, {"pool_stats", nullptr}, {"power_stats", nullptr}};
    const Plant::Report is = report(request);
    const double real = gigahashes(request, is.hash_per_mille), tera = real / 1'000;
    const json::object efficiency{{"joule_per_terahash", tera > 0 ? static_cast<double>(is.power.count) / tera : 0.0}};
    return {{"miner_stats", hash_stats(gigahashes(request, 1'000), real)}, {"pool_stats", share_stats(request.wall, is.pools)},
            {"power_stats", json::object{{"approximated_consumption", watts(is.power)}, {"efficiency", efficiency}}}};
}

json::object BraiinsMachine::tuner_state(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {{"mode_state", nullptr}, {"overall_tuner_state", 0}};
    const Plant::Report is = report(request);
    constexpr int stable = 2, tuning = 3;
    const json::object profile{{"created", json::object{{"nanos", 337'087'672}, {"seconds", 1'776'086'368}}}, {"estimated_power_consumption", watts(is.level)},
                               {"measured_hashrate", gigahash(gigahashes(request, 1'000))}, {"target", watts(is.level)}};
    return {{"mode_state", json::object{{"powertargetmodestate", json::object{{"current_target", watts(is.level)}, {"profile", profile}}}}}, {"overall_tuner_state", settled(request) ? stable : tuning}};
}

/// All that are built in; one that does not hash is not enabled.
json::object BraiinsMachine::hashboards(const Request& request) const {
    json::array out;
    const Plant::Report is = report(request);
    const double chip = is.degrees, board = is.degrees - 15.0;
    for (unsigned i = 0; i < board_slots && fault(request) != MachineFault::empty_stats; ++i) {
        const bool hashes = i < is.boards;
        const double real = hashes ? gigahashes(request, is.hash_per_mille) / is.boards : 0.0;
        const json::object hottest{{"id", i + 1}, {"location", 1}, {"temperature", degrees(chip)}};
        out.push_back(json::object{{"board_name", "BHB56801"}, {"board_temp", degrees(board)}, {"chip_type", "BM1366"}, {"chips_count", 110},
                                   {"current_frequency", json::object{{"hertz", is.asleep || !hashes ? 0.0 : 486'704'545.0}}}, {"current_voltage", json::object{{"volt", is.asleep || !hashes ? 0.0 : 12.94}}},
                                   {"enabled", hashes}, {"highest_chip_temp", hottest}, {"highest_outlet_temp", degrees(board)}, {"id", std::to_string(i + 1)}, {"lowest_inlet_temp", degrees(board - 14)},
                                   {"model", "BHB56801"}, {"serial_number", fmt::format("{}B{}", settings_.uid, i + 1)}, {"stats", hash_stats(gigahashes(request, 1'000) / board_slots, real)}});
    }
    return {{"hashboards", std::move(out)}};
}

/// One group; without pools, none.
json::array BraiinsMachine::pools(const Request& request) const {
    json::array given;
    for (int i = 0; i < 2 && report(request).pools; ++i)
        given.push_back(json::object{{"active", i == 0}, {"alive", true}, {"enabled", true}, {"stats", share_stats(request.wall, i == 0)}, {"uid", fmt::format("pool{:012}", i)},
                                     {"url", fmt::format("stratum+tcp://pool{}.example:3333", i + 1)}, {"user", "site.worker"}});
    if (given.empty()) return {};
    return {json::object{{"name", "Default"}, {"pools", std::move(given)}, {"strategy", json::object{{"quota", json::object{{"value", 1}}}}}}};
}

json::object BraiinsMachine::network(const Request& request) const {
    return {{"default_gateway", "127.0.0.1"}, {"dns_servers", json::array{"127.0.0.1"}}, {"hostname", "Antminer"}, {"mac_address", mac(request)}, {"name", "eth0"},
            {"networks", json::array{json::object{{"address", settings_.host}, {"netmask", "255.0.0.0"}}}}, {"protocol", 1}};
}

json::object BraiinsMachine::cooling(const Request& request) const {
    const Plant::Report is = report(request);
    json::array fans;
    for (int i = 0; i < 4; ++i) fans.push_back(json::object{{"position", i}, {"rpm", is.asleep ? 0 : 5'904}, {"target_speed_ratio", is.asleep ? 0.0 : 1.0}});
    return {{"fans", std::move(fans)}, {"highest_temperature", json::object{{"id", nullptr}, {"location", 1}, {"temperature", degrees(is.degrees)}}}};
}

/// The tuner's part of what OpenAPI lists.
json::object BraiinsMachine::constraints(const Request& request) const {
    const json::object range{{"default", watts(rated(request))}, {"max", watts(settings_.most_target)}, {"min", watts(settings_.least_target)}};
    return {{"tuner_constraints", json::object{{"default_mode", 1}, {"enabled", json::object{{"default", true}}}, {"hashrate_target", nullptr}, {"power_target", range}}}};
}

}  // namespace ballast::sim
