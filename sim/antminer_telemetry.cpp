#include "sim/antminer_machine.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr int chips_a_chain = 126;

json::object remark(std::string_view type, bool good, std::string_view message) {
    return {{"type", type}, {"status", good ? "s" : "e"}, {"code", good ? 0 : 1}, {"msg", good ? std::string_view{} : message}};
}

}  // namespace

bool AntminerMachine::has_pools() const {
    return std::ranges::any_of(settings_.pools, [](const AntminerSettings::Pool& pool) { return !pool.url.empty(); });
}

double AntminerMachine::gigahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(rated(request).count) * 1e3 / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

bool AntminerMachine::hashes_nothing(const Request& request) const {
    return request.plant.report(settings_.machine, request.now).asleep || request.now < restarts_until_ || fault(request) == MachineFault::empty_stats;
}

std::optional<json::object> AntminerMachine::telemetry(std::string_view page, const Request& request) const {
    const auto reply = [&](std::string_view name, std::string_view what, json::array payload) {
        json::object out = about(what, request);
        out[name] = std::move(payload);
        return out;
    };
    if (page == "get_miner_conf.cgi") return config(request);
    if (page == "summary.cgi") return reply("SUMMARY", "summary", hashes_nothing(request) ? json::array{} : summary(request));
    if (page == "stats.cgi") return reply("STATS", "stats", hashes_nothing(request) ? json::array{} : stats(request));
    if (page == "pools.cgi") return reply("POOLS", "pools", pools());
    if (page == "get_system_info.cgi") return system_info(request);
    if (page == "miner_type.cgi") return json::object{{"miner_type", settings_.model}, {"subtype", "AMLCtrl_BHB42601"}, {"fw_version", "Tue Sep 28 11:03:16 CST 2021"}};
    return std::nullopt;
}

json::object AntminerMachine::config(const Request& request) const {
    const bool half = request.now < request.plant.booted(settings_.machine) + settings_.half_initialised;
    json::array given;
    for (const AntminerSettings::Pool& pool : settings_.pools)
        given.push_back(half ? json::object{{"url", ""}, {"user", ""}, {"pass", ""}} : json::object{{"url", pool.url}, {"user", pool.user}, {"pass", pool.pass}});
    json::object out{{"pools", std::move(given)}};
    for (const auto& field : rest_) out[field.key()] = field.value();
    const int mode = static_cast<int>(mode_);
    out["bitmain-work-mode"] = settings_.mode_form == AntminerSettings::ModeForm::text ? json::value(std::to_string(mode)) : json::value(mode);
    return out;
}

json::object AntminerMachine::about(std::string_view message, const Request& request) const {
    const auto when = std::chrono::floor<std::chrono::seconds>(request.wall.time_since_epoch()).count();
    return {{"STATUS", json::object{{"STATUS", "S"}, {"when", when}, {"Msg", message}, {"api_version", "1.0.0"}}},
            {"INFO", json::object{{"miner_version", "uart_trans.1.3"}, {"CompileTime", "Tue Sep 28 11:03:16 CST 2021"}, {"type", settings_.model}}}};
}

json::array AntminerMachine::summary(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double ghs = gigahashes(request, has_pools() ? report.hash_per_mille : 0);
    return {json::object{{"elapsed", (request.now - started_).count() / 1'000}, {"rate_5s", ghs}, {"rate_30m", ghs}, {"rate_avg", ghs}, {"rate_ideal", gigahashes(request, 1'000)}, {"rate_unit", "GH/s"},
                         {"hw_all", 0}, {"bestshare", 0},
                         {"status", json::array{remark("rate", report.boards == 3 && ghs > 0, "low hashrate"), remark("network", has_pools(), "no pool"), remark("fans", true, ""),
                                                remark("temp", report.degrees < 100, "over max temp")}}}};
}

json::array AntminerMachine::stats(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double ghs = gigahashes(request, has_pools() ? report.hash_per_mille : 0);
    const Mode runs = report.level > rated(request) ? Mode::high : report.level < rated(request) ? Mode::low : Mode::normal;
    return {json::object{{"elapsed", (request.now - started_).count() / 1'000}, {"rate_5s", ghs}, {"rate_30m", ghs}, {"rate_avg", ghs}, {"rate_ideal", gigahashes(request, 1'000)}, {"rate_unit", "GH/s"},
                         {"chain_num", report.boards}, {"fan_num", 4}, {"fan", json::array{5'640, 5'640, 5'760, 5'760}}, {"hwp_total", 0.0}, {"miner-mode", static_cast<int>(runs)}, {"freq-level", 100},
                         {"chain", chains(report, ghs / std::max(1u, report.boards))}}};
}

/// Those that hash; a chain that is missing is not in the list.
json::array AntminerMachine::chains(const Plant::Report& report, double each_ghs) const {
    json::array out;
    const int chip = report.degrees, board = report.degrees - 15;
    for (unsigned i = 0; i < report.boards; ++i)
        out.push_back(json::object{{"index", i}, {"freq_avg", 545}, {"rate_ideal", each_ghs}, {"rate_real", each_ghs}, {"asic_num", chips_a_chain}, {"temp_pic", json::array{board - 5, board - 5, board, board}},
                                   {"temp_pcb", json::array{board, board, board + 2, board + 2}}, {"temp_chip", json::array{chip - 4, chip - 4, chip, chip}}, {"hw", 0}, {"eeprom_loaded", true},
                                   {"sn", fmt::format("{}{}", settings_.serial, i)}, {"hwp", 0.0}});
    return out;
}

json::array AntminerMachine::pools() const {
    json::array out;
    for (std::size_t i = 0; i < settings_.pools.size(); ++i) {
        const AntminerSettings::Pool& pool = settings_.pools[i];
        if (pool.url.empty()) continue;
        out.push_back(json::object{{"index", i}, {"url", pool.url}, {"user", pool.user}, {"status", "Alive"}, {"priority", i}, {"getworks", 24}, {"accepted", i == 0 ? 30 : 0}, {"rejected", 0},
                                   {"discarded", 0}, {"stale", 0}, {"diff", "65.5K"}, {"diff1", 0}, {"lstime", "0:00:03"}});
    }
    return out;
}

json::object AntminerMachine::system_info(const Request& request) const {
    const bool moved = fault(request) == MachineFault::moved;
    return {{"minertype", settings_.model}, {"nettype", "DHCP"}, {"netdevice", "eth0"}, {"macaddr", moved ? other_mac(settings_.mac) : settings_.mac}, {"hostname", "Antminer"},
            {"ipaddress", settings_.host}, {"netmask", "255.0.0.0"}, {"gateway", ""}, {"dnsservers", ""}, {"system_mode", "GNU/Linux"}, {"system_kernel_version", "Linux 4.6.0-xilinx-gff8137b-dirty"},
            {"system_filesystem_version", "Tue Sep 28 11:03:16 CST 2021"}, {"firmware_type", "Release"}, {"serinum", moved ? "X" + settings_.serial : settings_.serial}};
}

}  // namespace ballast::sim
