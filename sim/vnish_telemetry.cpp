#include "sim/vnish_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

json::object range(int least, int most) {
    return {{"min", least}, {"max", most}};
}

json::array pools(bool any) {
    json::array out;
    const auto pool = [&out](std::string_view url, std::string_view type, std::string_view user, std::string_view status) {
        out.push_back(json::object{{"id", out.size()}, {"url", url}, {"pool_type", type}, {"user", user}, {"status", status}, {"asic_boost", true}, {"diff", "262K"}, {"accepted", 5'412},
                                   {"rejected", 3}, {"stale", 0}, {"ls_diff", 262'144.0}, {"ls_time", "0:00:12"}, {"diffa", 1.4e9}, {"ping", 24}});
    };
    if (any) pool("stratum+tcp://pool1.example:3333", "UserPool", "site.worker", "active");
    pool("DevFee", "DevFee", "DevFee", "working");
    return out;
}

json::object cooling(bool at_rest) {
    const int rpm = at_rest ? 1'800 : 5'640;
    json::array fans;
    for (int i = 0; i < 4; ++i) fans.push_back(json::object{{"id", i}, {"rpm", rpm}, {"status", "ok"}, {"max_rpm", 7'000}});
    const json::object mode{{"name", "auto"}};
    return {{"fan_num", 4}, {"fans", std::move(fans)}, {"settings", json::object{{"mode", mode}}}, {"fan_duty", at_rest ? 30 : 85}};
}

}  // namespace

double VnishMachine::gigahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(rated(request).count) * 1e3 / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

std::string_view VnishMachine::state(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const Power standby = request.plant.settings().machines[settings_.machine].standby;
    if (report.asleep) return report.power > standby ? "shutting-down" : "stopped";
    if (report.power <= standby) return "initializing";
    return report.power.count * 2 < report.level.count ? "starting" : "mining";
}

json::object VnishMachine::info(const Request& request) const {
    const bool moved = fault(request) == MachineFault::moved;
    const auto minutes = (request.now - request.plant.booted(settings_.machine)).count() / 60'000;
    const json::object network{{"mac", moved ? other_mac(settings_.mac) : settings_.mac}, {"dhcp", true}, {"ip", settings_.host}, {"netmask", "255.0.0.0"}, {"gateway", "127.0.0.1"},
                               {"dns", json::array{"127.0.0.1"}}, {"hostname", "antminer"}};
    return {{"miner", settings_.model}, {"model", "s19jpro"}, {"fw_name", "Vnish"}, {"fw_version", settings_.throttles ? "1.3.4" : "1.2.6"}, {"build_uuid", "00000000-0000-0000-0000-000000000000"},
            {"build_name", "simulated"}, {"platform", "aml"}, {"install_type", "nand"}, {"build_time", "2025-05-29 19:22:26+00:00"}, {"algorithm", "sha256d"}, {"hr_measure", "GH/s"},
            {"system", json::object{{"os", "GNU/Linux"}, {"miner_name", "s19jpro"}, {"file_system_version", ""}, {"mem_total", 233'712}, {"mem_free", 173'956}, {"mem_free_percent", 74},
                                    {"mem_buf", 31'928}, {"mem_buf_percent", 13}, {"network_status", network}, {"uptime", fmt::format("{}:{:02}", minutes / 60, minutes % 60)}}},
            {"serial", moved ? "X" + settings_.serial : settings_.serial}};
}

/// Open to all; `unlocked` says whether who asks is let in.
json::object VnishMachine::status(const Request& request) const {
    return {{"miner_state", state(request)}, {"miner_state_time", 1}, {"find_miner", false}, {"restart_required", false}, {"reboot_required", false}, {"unlocked", lets_in(request)}};
}

json::object VnishMachine::summary(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {};
    return {{"miner", miner(request)}};
}

json::object VnishMachine::miner(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double ghs = gigahashes(request, report.hash_per_mille), nominal = gigahashes(request, 1'000);
    const double efficiency = ghs > 0 ? static_cast<double>(report.power.count) / (ghs / 1'000) : 0;
    const json::value usage = settings_.usage_is_watts ? json::value(report.power.count) : json::value(efficiency);
    json::object told{{"miner_state", state(request)}, {"miner_state_time", 1}};
    if (settings_.throttles) told["throttled"] = throttled_;
    return {{"miner_status", std::move(told)}, {"miner_type", settings_.model + (settings_.throttles ? " (Vnish 1.3.4)" : " (Vnish 1.2.6)")}, {"hr_stock", nominal}, {"average_hashrate", ghs / 1'000},
            {"instant_hashrate", ghs / 1'000}, {"hr_realtime", ghs}, {"hr_nominal", nominal}, {"hr_average", ghs}, {"pcb_temp", range(report.degrees - 20, report.degrees - 15)},
            {"chip_temp", range(report.degrees - 6, report.degrees)}, {"power_consumption", report.power.count}, {"power_usage", usage}, {"power_efficiency", efficiency}, {"hw_errors_percent", 0.0},
            {"hr_error", 0.0}, {"hw_errors", 12}, {"devfee_percent", 2.0}, {"devfee", 0.0}, {"pools", pools(report.pools)}, {"cooling", cooling(report.asleep)}, {"chains", chains(request)},
            {"found_blocks", 0}, {"best_share", 82'000'000}};
}

/// Those that are there; a board that is missing is not in the list.
json::array VnishMachine::chains(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const unsigned count = std::max(1u, report.boards);
    const double each = gigahashes(request, report.hash_per_mille) / count, ideal = gigahashes(request, 1'000) / 3;
    json::array out;
    for (unsigned i = 0; i < report.boards; ++i)
        out.push_back(json::object{{"id", i + 1}, {"frequency", 545.0}, {"voltage", report.asleep ? 0 : 13'600}, {"power_consumption", report.power.count / count}, {"hashrate_ideal", ideal},
                                   {"hashrate_rt", each}, {"hashrate_percentage", each / ideal * 100}, {"hr_error", 0.0}, {"hw_errors", 4}, {"pcb_temp", range(report.degrees - 20, report.degrees - 15)},
                                   {"chip_temp", range(report.degrees - 6, report.degrees)}, {"chip_statuses", json::object{{"red", 0}, {"orange", 0}, {"grey", 0}}},
                                   {"status", json::object{{"state", report.asleep ? "stopped" : report.hash_per_mille > 0 ? "mining" : "initializing"}}}});
    return out;
}

}  // namespace ballast::sim
