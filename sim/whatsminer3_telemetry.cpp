#include "sim/whatsminer3_machine.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr unsigned board_slots = 3;

json::array pools(bool any) {
    json::array out;
    for (int i = 0; any && i < 3; ++i)
        out.push_back(json::object{{"account", "site.worker"}, {"pool-priority", i}, {"status", "alive"}, {"stratum-active", i == 0}, {"url", fmt::format("stratum+tcp://pool{}.example:3333", i + 1)}});
    return out;
}

}  // namespace

double Whatsminer3Machine::terahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(rated(request).count) / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

/// One section by its name, or without a parameter all; errors only where there are any. None: no such section.
std::optional<json::object> Whatsminer3Machine::device_info(const Request& request) const {
    json::object all{{"miner", miner(request)}, {"network", network(request)}, {"power", supply(request)}, {"salt", settings_.salt},
                     {"system", json::object{{"api", "3.0.2"}, {"apiswitch", settings_.api_open ? "1" : "0"}, {"control-board-version", "CB6V10"},
                                             {"fwversion", "20251209.16.Rel2"}, {"ledstatus", "auto"}, {"platform", "H616"}}}};
    if (fault(request) == MachineFault::no_tokens) all.erase("salt");
    json::array wrong = errors(request);
    if (request.parameter.is_null()) {
        if (!wrong.empty()) all["error-code"] = std::move(wrong);
        return all;
    }
    if (!request.parameter.is_string()) return std::nullopt;
    const auto& section = request.parameter.get_string();
    if (section == "error-code") return json::object{{"error-code", std::move(wrong)}};
    const json::value* found = all.if_contains(section);
    return found ? std::optional{json::object{{section, *found}}} : std::nullopt;
}

json::object Whatsminer3Machine::miner(const Request& request) const {
    const bool moved = fault(request) == MachineFault::moved;
    json::object out{{"board-num", std::to_string(board_slots)}, {"chipdata0", "K8EC374-2426 BINVE6-197806A"}, {"chipdata1", "K8EC371-2426 BINVE6-197806A"}, {"chipdata2", "K8EA379-2426 BINVE6-197806A"},
                     {"detect-hash-rate", "61434:53890:65727"}, {"fast-boot", fast_boot_ ? "enable" : "disable"}, {"hash-board", "K40"}, {"hash-percent", "0"},
                     {"miner-sn", moved ? "X" + settings_.serial : settings_.serial}};
    for (unsigned i = 0; i < board_slots; ++i) out[fmt::format("pcbsn{}", i)] = fmt::format("BKMSIM{:09}K{:05}", settings_.machine, i + 1);
    out["pool-strategy"] = "FAILOVER";
    if (limit_) out["power-limit-set"] = std::to_string(limit_->count);
    out["type"] = settings_.model;
    out["working"] = report(request).asleep ? "false" : "true";
    return out;
}

json::object Whatsminer3Machine::network(const Request& request) const {
    const bool moved = fault(request) == MachineFault::moved;
    return {{"dns", "127.0.0.1"}, {"gateway", "127.0.0.1"}, {"hostname", "WhatsMiner"}, {"ip", settings_.host}, {"mac", moved ? other_mac(settings_.mac) : settings_.mac},
            {"netmask", "255.0.0.0"}, {"proto", "dhcp"}};
}

json::object Whatsminer3Machine::supply(const Request& request) const {
    const Plant::Report is = report(request);
    json::object out{{"fanspeed", is.asleep ? 0 : 6'344}, {"hwversion", "RT0159"}, {"mode", "1"}, {"model", "P221B"}, {"sn", fmt::format("1436B{:010}", settings_.machine)},
                     {"swversion", "230224.220429"}, {"type", "P221B"}, {"vendor", "1"}};
    if (settings_.supply_meters) out["pin"] = is.power.count;
    return out;
}

/// Each under its code, with the time by the machine's clock.
json::array Whatsminer3Machine::errors(const Request& request) const {
    if (report(request).degrees < 100) return {};
    const auto whole = std::chrono::floor<seconds>(request.wall);
    const auto day = std::chrono::floor<std::chrono::days>(whole);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{whole - day};
    const std::string when = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", int{date.year()}, unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    return {json::object{{"350", when}, {"reason", "SM0 temperature protecting"}}};
}

/// What the parameter names, with + between. None: it names nothing, or something else, or what it will not show now.
std::optional<json::object> Whatsminer3Machine::miner_status(const Request& request) const {
    if (!request.parameter.is_string()) return std::nullopt;
    const std::string_view names = request.parameter.get_string();
    if (names == "pools" && !settings_.idle_pools && report(request).asleep) return std::nullopt;
    json::object out;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t plus = std::min(names.find('+', at), names.size());
        const std::string_view one = names.substr(at, plus - at);
        if (one == "summary") out[one] = summary(request);
        else if (one == "pools") out[one] = pools(report(request).pools);
        else if (one == "edevs") out[one] = boards(request);
        else return std::nullopt;
        at = plus + 1;
    }
    return out;
}

json::object Whatsminer3Machine::summary(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {};
    const Plant::Report is = report(request);
    const double now = terahashes(request, is.hash_per_mille), board = is.degrees - 25.5;
    const double watts = settings_.measures ? static_cast<double>(is.power.count) : -1.0;
    const auto mined = (request.now - begun_).count() / 1'000;
    const Power limit = std::min(rated(request), limit_.value_or(rated(request)));
    return {{"Debug", ""}, {"board-temperature", json::array{board, board - 1, board}}, {"bootup-time", is.asleep ? 0 : 1'323}, {"chip-temp-avg", is.degrees - 8.5}, {"chip-temp-max", double(is.degrees)},
            {"chip-temp-min", is.degrees - 18.0}, {"elapsed", mined}, {"environment-temperature", 28.5}, {"factory-hash", terahashes(request, 1'000)}, {"fan-speed-in", is.asleep ? 0 : 5'400},
            {"fan-speed-out", is.asleep ? 0 : 5'280}, {"freq-avg", is.asleep ? 0 : 625}, {"hash-15min", now}, {"hash-1min", now}, {"hash-average", now}, {"hash-realtime", now},
            {"power-5min", watts}, {"power-limit", limit.count}, {"power-rate", now > 0 ? static_cast<double>(is.power.count) / now : 0.0}, {"power-realtime", watts}, {"up-freq-finish", tuned_ ? 1 : 0}};
}

json::array Whatsminer3Machine::boards(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {};
    const Plant::Report is = report(request);
    const double each = terahashes(request, is.hash_per_mille) / std::max(1u, is.boards);
    json::array out;
    for (unsigned i = 0; i < board_slots; ++i) {
        const bool alive = i < is.boards;
        out.push_back(json::object{{"chip-temp-avg", is.degrees - 8.5}, {"chip-temp-max", double(is.degrees)}, {"chip-temp-min", is.degrees - 18.0}, {"effective-chips", alive ? 75 : 0},
                                   {"factory-hash", terahashes(request, 1'000) / board_slots}, {"freq", is.asleep ? 0.0 : 625.0}, {"hash-average", alive ? each : 0.0}, {"hash-realtime", alive ? each : 0.0},
                                   {"id", i}, {"status", alive ? "alive" : "dead"}});
    }
    return out;
}

}  // namespace ballast::sim
