#include "wire/antminer.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ballast::wire::antminer {
namespace {

namespace json = boost::json;

constexpr double hottest_celsius = 200;
constexpr int most_count = 100'000;  ///< Of chips, and of a fan's revolutions a minute.

Result<cgminer::Reply> parsed(cgminer::Parser& parser, std::string_view body, std::string_view page) {
    auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, fmt::format("{}: {}", page, reply.error().detail));
    return reply;
}

/// The list `key`. An empty one means something, so it is not taken from a reply that may have been cut off there.
Result<const json::array*> list(const cgminer::Reply& reply, std::string_view key, std::string_view page) {
    const json::value* found = reply.body->if_contains(key);
    const json::array* array = found ? found->if_array() : nullptr;
    if (!array) return fail(Errc::malformed, fmt::format("{}: no list {}", page, key));
    if (array->empty() && reply.repaired)
        return fail(Errc::malformed, fmt::format("{}: cut off at {}", page, key));
    return array;
}

/// The first object of the list `key`; null if the list is empty.
Result<const json::object*> first(const cgminer::Reply& reply, std::string_view key, std::string_view page) {
    const auto array = list(reply, key, page);
    if (!array) return tl::unexpected{array.error()};
    if ((*array)->empty()) return nullptr;
    const json::object* object = (*array)->front().if_object();
    if (!object) return fail(Errc::malformed, fmt::format("{}: {} is not a list of objects", page, key));
    return object;
}

std::optional<double> rate(const json::object& in, std::string_view key) {
    const auto said = loose::number(in, key);
    return said && *said >= 0 ? said : std::nullopt;
}

std::optional<int> count(const json::value& value) {
    const auto said = loose::number(value);
    if (!said || *said < 0 || *said > most_count) return {};
    return static_cast<int>(*said);
}

std::optional<double> hottest(const json::object& in, std::string_view key) {
    std::optional<double> most;
    const auto look = [&](const json::value& value) {
        const auto said = loose::number(value);
        if (said && *said > 0 && *said <= hottest_celsius) most = std::max(most.value_or(0), *said);
    };
    const json::value* found = in.if_contains(key);
    if (!found) return {};
    if (const json::array* sensors = found->if_array()) std::ranges::for_each(*sensors, look);
    else look(*found);
    return most;
}

const json::array* list_in(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    return found ? found->if_array() : nullptr;
}

std::vector<Check> checks_in(const json::object& in) {
    std::vector<Check> checks;
    const json::array* said = list_in(in, "status");
    if (!said) return checks;
    for (const json::value& value : *said) {
        const json::object* one = value.if_object();
        if (!one) continue;
        Check& check = checks.emplace_back();
        check.type = printable(loose::text(*one, "type"), 32);
        if (const auto status = loose::text(*one, "status"); status == "s" || status == "e" || status == "w")
            check.status = status.front();
        check.message = printable(loose::text(*one, "msg"), 120);
    }
    return checks;
}

Chain chain_of(const json::value& value) {
    Chain chain;
    const json::object* said = value.if_object();
    if (!said) return chain;
    chain.rate = rate(*said, "rate_real");
    chain.board_celsius = hottest(*said, "temp_pcb");
    chain.chip_celsius = hottest(*said, "temp_chip");
    if (const json::value* asics = said->if_contains("asic_num")) chain.asics = count(*asics);
    return chain;
}

std::optional<WorkMode> mode_in(const json::object& in) {
    const auto said = loose::number(in, "miner-mode");
    if (!said || *said < 0 || *said > 3 || *said != std::floor(*said)) return {};
    return static_cast<WorkMode>(static_cast<int>(*said));
}

/// Whichever of the spellings is there.
std::string_view either(const json::object& in, std::string_view one, std::string_view other) {
    const auto said = loose::text(in, one);
    return said.empty() ? loose::text(in, other) : said;
}

}  // namespace

Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "summary.cgi");
    if (!reply) return tl::unexpected{reply.error()};
    const auto said = first(*reply, "SUMMARY", "summary.cgi");
    if (!said) return tl::unexpected{said.error()};
    Summary summary;
    summary.empty = *said == nullptr;
    if (!summary.empty) {
        summary.rate_5s = rate(**said, "rate_5s");
        summary.rate_30m = rate(**said, "rate_30m");
        summary.rate_average = rate(**said, "rate_avg");
        summary.unit = printable(loose::text(**said, "rate_unit"), 16);
        summary.checks = checks_in(**said);
    }
    if (summary.checks.empty()) summary.checks = checks_in(*reply->body);
    return summary;
}

std::optional<double> gigahashes(double rate, std::string_view unit) {
    if (unit.empty()) return rate;
    if (unit.ends_with("/s")) unit.remove_suffix(2);
    else if (loose::same(unit.substr(unit.size() - 1), "s")) unit.remove_suffix(1);  // GHs, as cgminer writes it.
    if (unit.empty() || unit.size() > 2 || !loose::same(unit.substr(unit.size() - 1), "h")) return {};
    const char prefix = unit.size() < 2 ? '\0' : unit.front() >= 'A' && unit.front() <= 'Z' ? static_cast<char>(unit.front() + 32) : unit.front();
    switch (prefix) {
    case '\0': return rate / 1e9;
    case 'k': return rate / 1e6;
    case 'm': return rate / 1e3;
    case 'g': return rate;
    case 't': return rate * 1e3;
    case 'p': return rate * 1e6;
    case 'e': return rate * 1e9;
    default: return {};
    }
}

Result<Stats> parse_stats(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "stats.cgi");
    if (!reply) return tl::unexpected{reply.error()};
    const auto said = first(*reply, "STATS", "stats.cgi");
    if (!said) return tl::unexpected{said.error()};
    Stats stats;
    stats.empty = *said == nullptr;
    stats.repaired = reply->repaired;
    if (stats.empty) return stats;
    stats.unit = printable(loose::text(**said, "rate_unit"), 16);
    stats.mode = mode_in(**said);
    if (const json::array* chains = list_in(**said, "chain"))
        for (const json::value& chain : *chains) stats.chains.push_back(chain_of(chain));
    if (const json::array* fans = list_in(**said, "fan"))
        for (const json::value& fan : *fans) stats.fans.push_back(count(fan).value_or(0));
    return stats;
}

Result<SystemInfo> parse_system_info(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "get_system_info.cgi");
    if (!reply) return tl::unexpected{reply.error()};
    SystemInfo info;
    info.type = printable(loose::text(*reply->body, "minertype"), 64);
    info.mac = cgminer::mac_address(loose::text(*reply->body, "macaddr"));
    info.serial = printable(either(*reply->body, "serinum", "serial_no"), 64);
    info.firmware = printable(loose::text(*reply->body, "system_filesystem_version"), 64);
    if (info.type.empty() && !info.mac)
        return fail(Errc::malformed, "get_system_info.cgi: neither a type nor a MAC address");
    return info;
}

Result<std::vector<Pool>> parse_pools(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "pools.cgi");
    if (!reply) return tl::unexpected{reply.error()};
    const auto said = list(*reply, "POOLS", "pools.cgi");
    if (!said) return tl::unexpected{said.error()};
    std::vector<Pool> pools;
    for (const json::value& value : **said)
        if (const json::object* one = value.if_object())
            pools.push_back({printable(either(*one, "url", "URL"), 256),
                             loose::same(either(*one, "status", "Status"), "alive")});
    return pools;
}

bool any_alive(const std::vector<Pool>& pools) {
    return std::ranges::any_of(pools, [](const Pool& pool) { return pool.alive && !pool.url.empty(); });
}

}  // namespace ballast::wire::antminer
