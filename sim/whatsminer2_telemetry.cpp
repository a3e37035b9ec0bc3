#include "sim/whatsminer2_machine.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

/// As cgminer answers: the payload and a STATUS list.
json::object cgminer(std::string_view name, json::array payload, int code, std::string_view message, Instant wall) {
    json::object line = whatsminer_line('S', code, json::value(message), wall);
    line["Description"] = "cgminer 4.9.2";
    json::object out;
    if (name < "STATUS") out[name] = payload;
    out["STATUS"] = json::array{line};
    if (name > "STATUS") out[name] = std::move(payload);
    out["id"] = 1;
    return out;
}

json::array pools(bool any) {
    json::array out;
    for (int i = 0; any && i < 3; ++i)
        out.push_back(json::object{{"Accepted", i == 0 ? 5'412 : 0}, {"POOL", i + 1}, {"Priority", i}, {"Rejected", 0}, {"Status", "Alive"}, {"Stratum Active", i == 0},
                                   {"URL", fmt::format("stratum+tcp://pool{}.example:3333", i + 1)}, {"User", "site.worker"}});
    return out;
}

}  // namespace

std::string Whatsminer2Machine::mac(const Request& request) const {
    return fault(request) == MachineFault::moved ? other_mac(settings_.mac) : settings_.mac;
}

double Whatsminer2Machine::megahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(rated(request).count) * 1e6 / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

std::optional<json::object> Whatsminer2Machine::telemetry(std::string_view command, const Request& request) const {
    if (command.find('+') == command.npos) return told(command, request);
    json::object out = combined(command, request);
    return out.empty() ? std::nullopt : std::optional{std::move(out)};
}

/// "summary+devs": each whole under its own name. `status` and all `get_` are refused in it.
json::object Whatsminer2Machine::combined(std::string_view commands, const Request& request) const {
    json::object out;
    for (std::size_t at = 0; at <= commands.size();) {
        const std::size_t plus = std::min(commands.find('+', at), commands.size());
        const std::string_view one = commands.substr(at, plus - at);
        const auto single = one == "status" || one.starts_with("get_") ? std::nullopt : told(one, request);
        if (!single) return {};
        out[one] = json::array{*single};
        at = plus + 1;
    }
    out["id"] = 1;
    return out;
}

std::optional<json::object> Whatsminer2Machine::told(std::string_view command, const Request& request) const {
    const auto line = [&request](json::object message) { return whatsminer_line('S', 131, std::move(message), request.wall); };
    const bool empty = fault(request) == MachineFault::empty_stats;
    if (command == "status") return line(status(request));
    if (command == "summary") return cgminer("SUMMARY", empty ? json::array{} : json::array{summary(request)}, 11, "Summary", request.wall);
    if (command == "devs" || command == "edevs") {
        json::array boards = empty ? json::array{} : devices(request);
        const std::string count = fmt::format("{} ASC(s)", boards.size());
        return cgminer("DEVS", std::move(boards), 9, count, request.wall);
    }
    if (command == "devdetails") {
        json::array boards;
        for (int i = 0; i < 3; ++i) boards.push_back(json::object{{"DEVDETAILS", i}, {"Name", "SM"}, {"ID", i}, {"Driver", "bitmicro"}, {"Kernel", ""}, {"Model", settings_.model}});
        return cgminer("DEVDETAILS", std::move(boards), 69, "Device Details", request.wall);
    }
    if (command == "pools") {
        json::array given = pools(request.plant.report(settings_.machine, request.now).pools);
        const std::string count = fmt::format("{} Pool(s)", given.size());
        return cgminer("POOLS", std::move(given), 7, count, request.wall);
    }
    if (command == "get_version") return line({{"api_ver", "2.0.5"}, {"fw_ver", "20230803.11.REL"}, {"platform", "H616"}});
    if (command == "get_miner_info") return line({{"hostname", "WhatsMiner"}, {"ledstat", "auto"}, {"mac", mac(request)}});
    if (command == "get_psu") return line({{"fan_speed", "6000"}, {"hw_version", ""}, {"model", "P222B"}, {"name", "P222B"}, {"sw_version", "230208.220429"}});
    if (command == "get_error_code") return line({{"error_code", errors(request)}});
    return std::nullopt;
}

/// Each under its code, with its time.
json::array Whatsminer2Machine::errors(const Request& request) const {
    if (request.plant.report(settings_.machine, request.now).degrees < 100) return {};
    return {json::object{{"350", "2024-06-15 10:30:00"}}};
}

json::object Whatsminer2Machine::status(const Request& request) const {
    const bool off = request.plant.report(settings_.machine, request.now).asleep;
    const auto since = std::chrono::floor<std::chrono::seconds>(off_since_.time_since_epoch()).count();
    constexpr const char* modes[] = {"low", "normal", "high"};
    return {{"FirmwareVersion", "20230803.11.REL"}, {"hash_percent", "0"}, {settings_.says_off_as, off ? "true" : "false"}, {settings_.says_off_as + "_reason", off ? "power off by api" : ""},
            {settings_.says_off_as + "_time", off ? std::to_string(since) : ""}, {"power_limit_set", limit_ ? std::to_string(limit_->count) : ""}, {"power_mode", modes[static_cast<std::size_t>(mode_)]}};
}

json::object Whatsminer2Machine::summary(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double nominal = megahashes(request, 1'000), now = megahashes(request, report.hash_per_mille);
    const auto elapsed = (request.now - started_).count() / 1'000;
    constexpr const char* modes[] = {"Low", "Normal", "High"};
    const bool stable = !report.asleep && report.power.count * 100 >= report.level.count * 97;
    return {{"Accepted", 5'412}, {"Best Share", 82'000'000}, {"Chip Temp Avg", report.degrees - 8.5}, {"Chip Temp Max", double(report.degrees)}, {"Chip Temp Min", report.degrees - 18.0},
            {"Elapsed", elapsed}, {"Env Temp", 28.5}, {"Factory GHS", static_cast<std::int64_t>(nominal / 1'000)}, {"Fan Speed In", report.asleep ? 0 : 5'400},
            {"Fan Speed Out", report.asleep ? 0 : 5'280}, {"HS RT", now}, {"Hash Stable", stable}, {"MAC", mac(request)}, {"MHS av", now}, {"Pool Rejected%", 0.0},
            {"Power", settings_.measures ? report.power.count : -1}, {"Power Limit", limit_.value_or(rated(request)).count},
            {"Power Mode", modes[static_cast<std::size_t>(mode_)]}, {"Target Freq", 600}, {"Uptime", elapsed + 500}};
}

/// Those that hash; a board that is missing is not in the list.
json::array Whatsminer2Machine::devices(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double each = megahashes(request, report.hash_per_mille) / std::max(1u, report.boards);
    json::array out;
    for (unsigned i = 0; i < report.boards; ++i)
        out.push_back(json::object{{"ASC", i}, {"Accepted", 1'804}, {"Chip Frequency", 600}, {"Chip Temp Avg", report.degrees - 8.5}, {"Chip Temp Max", double(report.degrees)},
                                   {"Chip Temp Min", report.degrees - 18.0}, {"Device Elapsed", (request.now - started_).count() / 1'000}, {"Effective Chips", 135}, {"Enabled", "Y"},
                                   {"Factory GHS", static_cast<std::int64_t>(megahashes(request, 1'000) / 3'000)}, {"Fan Speed In", 5'400}, {"Fan Speed Out", 5'280}, {"Frequency", 600.0}, {"ID", i},
                                   {"MHS av", each}, {"Name", "SM"}, {"PCB SN", fmt::format("BHM5CSD{:09}K{:05}", settings_.machine, i + 1)}, {"Rejected", 0}, {"Slot", i},
                                   {"Status", "Alive"}, {"Temperature", report.degrees - 15.0}});
    return out;
}

}  // namespace ballast::sim
