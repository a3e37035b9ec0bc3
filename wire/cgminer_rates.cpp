#include "wire/cgminer_rates.hpp"

#include "wire/loose_json.hpp"

#include <charconv>

namespace ballast::wire::cgminer {
namespace {

constexpr int longest_window_s = 300;

/// GH/s of one of the unit; 0 if that is none.
double giga(std::string_view unit) {
    if (unit == "KHS") return 1e-6;
    if (unit == "MHS") return 1e-3;
    if (unit == "GHS") return 1;
    return unit == "THS" ? 1e3 : 0;
}

/// "5s", "1m"; 0 if it is neither, or too long.
int window_s(std::string_view text) {
    int count = 0;
    const auto [end, broken] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (broken != std::errc{} || end + 1 != text.data() + text.size() || count <= 0 || count > longest_window_s) return 0;
    const int seconds = *end == 's' ? count : *end == 'm' ? count * 60 : 0;
    return seconds <= longest_window_s ? seconds : 0;
}

std::optional<double> shortest(const json::object& said) {
    std::optional<double> rate;
    int best = longest_window_s + 1;
    for (const auto& member : said) {
        const std::string_view key{member.key()};
        const auto blank = key.find(' ');
        if (blank == key.npos) continue;
        const double factor = giga(key.substr(0, blank));
        const int window = factor > 0 ? window_s(key.substr(blank + 1)) : 0;
        if (window == 0 || window >= best) continue;
        if (const auto told = loose::gigahashes(said, key, factor)) rate = told, best = window;
    }
    return rate;
}

bool counts(const json::object& device) {
    const auto status = loose::text(device, "Status");
    return !loose::same(loose::text(device, "Enabled"), "N") && (status.empty() || loose::same(status, "Alive"));
}

}  // namespace

std::optional<double> recent_gigahashes(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "SUMMARY");
    return said ? shortest(*said) : std::nullopt;
}

std::optional<double> devices_gigahashes(const Reply& reply) {
    const json::array* devices = loose::array(reply.body, "DEVS");
    if (!devices) return {};
    std::optional<double> sum;
    for (const json::value& value : *devices) {
        const json::object* device = value.if_object();
        if (!device) continue;
        const auto rate = shortest(*device);
        if (rate) sum = sum.value_or(0) + (counts(*device) ? *rate : 0);
    }
    if (sum && *sum <= 0 && reply.repaired) return {};
    return sum;
}

std::optional<Count> devices(const Reply& reply) {
    const json::array* listed = loose::array(reply.body, "DEVS");
    if (!listed || reply.repaired) return {};
    Count hashing, standing;
    for (const json::value& value : *listed) {
        const json::object* device = value.if_object();
        if (!device) continue;
        const bool stands = counts(*device);
        const auto rate = shortest(*device);
        ++hashing.listed, ++standing.listed;
        standing.alive += stands;
        hashing.alive += stands && rate.value_or(0) > 0;
    }
    return hashing.alive > 0 ? hashing : standing;
}

std::optional<Count> pools(const Reply& reply) {
    const json::array* listed = loose::array(reply.body, "POOLS");
    if (!listed || reply.repaired) return {};
    Count count;
    for (const json::value& value : *listed)
        if (const json::object* pool = value.if_object()) {
            ++count.listed;
            count.alive += loose::same(loose::text(*pool, "Status"), "Alive");
        }
    return count;
}

std::optional<Temperature> hottest_device(const Reply& reply) {
    std::optional<Temperature> hottest;
    const auto look = [&](const json::object& in, std::string_view key) {
        const auto told = loose::celsius(in, key);
        if (told && told->count > 0 && (!hottest || *told > *hottest)) hottest = told;
    };
    for (const std::string_view section : {"DEVS", "TEMPS"}) {
        const json::array* listed = loose::array(reply.body, section);
        if (!listed) continue;
        for (const json::value& value : *listed)
            if (const json::object* device = value.if_object()) look(*device, section == "DEVS" ? "Temperature" : "Board");
    }
    return hottest;
}

std::optional<Temperature> hot_above(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "TEMPCTRL");
    const auto limit = said ? loose::celsius(*said, "Hot") : std::nullopt;
    return limit && limit->count > 0 ? limit : std::nullopt;
}

std::optional<std::uint64_t> summary_mac(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "SUMMARY");
    return said ? mac_address(loose::text(*said, "MAC")) : std::nullopt;
}

}  // namespace ballast::wire::cgminer
