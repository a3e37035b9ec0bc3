#include "wire/whatsminer3.hpp"

#include "wire/loose_json.hpp"

#include <charconv>

namespace ballast::wire::whatsminer3 {
namespace {

constexpr std::size_t most_error_codes = 64;
constexpr double giga_per_tera = 1e3;

std::optional<std::chrono::seconds> seconds(const json::object& in, std::string_view key) {
    const auto count = loose::whole(in, key);
    if (!count || *count < 0) return {};
    return std::chrono::seconds{*count};
}

/// `[{"264": "2026-05-23 09:19:10", "reason": "..."}]`: a code is a key of digits.
std::vector<int> codes_in(const json::object& content) {
    std::vector<int> codes;
    const json::array* entries = loose::array(&content, "error-code");
    if (!entries) return codes;
    for (const json::value& entry : *entries) {
        const json::object* said = entry.if_object();
        if (!said) continue;
        for (const auto& member : *said) {
            const std::string_view key = member.key();
            int code = 0;
            const auto [end, broken] = std::from_chars(key.data(), key.data() + key.size(), code);
            const bool number = broken == std::errc{} && end == key.data() + key.size() && code > 0;
            if (number && codes.size() < most_error_codes) codes.push_back(code);
        }
    }
    return codes;
}

std::optional<bool> enabled(std::string_view text) {
    if (loose::same(text, "enable")) return true;
    if (loose::same(text, "disable")) return false;
    return {};
}

void read_miner(const json::object& miner, DeviceReport& report) {
    report.serial = loose::text(miner, "miner-sn");
    report.model = loose::text(miner, "type");
    report.working = loose::truth(miner, "working");
    report.fast_boot = enabled(loose::text(miner, "fast-boot"));
    report.power_limit = loose::watts(miner, "power-limit-set");
}

std::optional<Count> counted(const Reply& reply, std::string_view section) {
    const json::array* list = loose::array(reply.content, section);
    if (!list) return {};
    Count count;
    for (const json::value& part : *list) {
        const json::object* said = part.if_object();
        if (!said) continue;
        ++count.listed;
        if (loose::same(loose::text(*said, "status"), "alive")) ++count.alive;
    }
    return count;
}

}  // namespace

std::optional<DeviceReport> device(const Reply& reply) {
    if (!reply.content) return {};
    DeviceReport report;
    report.salt = loose::text(*reply.content, "salt");
    report.error_codes = codes_in(*reply.content);
    if (const json::object* miner = loose::object(reply.content, "miner")) read_miner(*miner, report);
    if (const json::object* network = loose::object(reply.content, "network")) {
        report.mac = cgminer::mac_address(loose::text(*network, "mac"));
        report.hostname = loose::text(*network, "hostname");
    }
    if (const json::object* system = loose::object(reply.content, "system")) {
        report.api = loose::text(*system, "api");
        report.firmware = loose::text(*system, "fwversion");
        report.writable = loose::truth(*system, "apiswitch");
    }
    if (const json::object* supply = loose::object(reply.content, "power")) {
        report.supply_model = loose::text(*supply, "model");
        report.supply_power = loose::watts(*supply, "pin");
    }
    return report;
}

std::optional<SummaryReport> summary(const Reply& reply) {
    const json::object* said = loose::object(reply.content, "summary");
    if (!said) return {};
    SummaryReport report;
    report.power = loose::watts(*said, "power-realtime");
    report.mean_power = loose::watts(*said, "power-5min");
    report.power_limit = loose::watts(*said, "power-limit");
    report.gigahashes = loose::gigahashes(*said, "hash-realtime", giga_per_tera);
    report.mean_gigahashes = loose::gigahashes(*said, "hash-average", giga_per_tera);
    report.quarter_gigahashes = loose::gigahashes(*said, "hash-15min", giga_per_tera);
    report.rated_gigahashes = loose::gigahashes(*said, "factory-hash", giga_per_tera);
    report.chips = loose::celsius(*said, "chip-temp-max");
    report.ambient = loose::celsius(*said, "environment-temperature");
    report.tuned = loose::truth(*said, "up-freq-finish");
    report.elapsed = seconds(*said, "elapsed");
    report.boot_time = seconds(*said, "bootup-time");
    return report;
}

std::optional<Count> boards(const Reply& reply) { return counted(reply, "edevs"); }
std::optional<Count> pools(const Reply& reply) { return counted(reply, "pools"); }

}  // namespace ballast::wire::whatsminer3
