#include "wire/cgminer.hpp"

#include "wire/json_values.hpp"

#include <algorithm>
#include <cmath>

namespace ballast::wire::cgminer {
namespace {

constexpr double most_watts = 100'000;

const json::object* section(const Reply& reply, std::string_view name) {
    const json::value* found = reply.body ? reply.body->if_contains(name) : nullptr;
    if (!found) return nullptr;
    if (const json::array* list = found->if_array()) return list->empty() ? nullptr : list->front().if_object();
    return found->if_object();
}

bool same(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<bool> truth(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    if (found && found->is_bool()) return found->get_bool();
    if (const auto said = number(in, key)) return *said != 0;
    if (same(text(in, key), "true")) return true;
    if (same(text(in, key), "false")) return false;
    return {};
}

/// Without regard to case.
bool mentions(std::string_view where, std::string_view what) {
    for (std::size_t at = 0; at + what.size() <= where.size(); ++at)
        if (same(where.substr(at, what.size()), what)) return true;
    return false;
}

}  // namespace

std::optional<SessionId> SessionId::from(std::string_view said) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    SessionId id;
    if (said.empty() || said.size() > id.text_.size() || !std::ranges::all_of(said, plain)) return {};
    std::ranges::copy(said, id.text_.begin());
    id.size_ = static_cast<std::uint8_t>(said.size());
    return id;
}

std::optional<SessionId> session_id(const Reply& reply) {
    const json::object* session = section(reply, "SESSION");
    return session ? SessionId::from(text(*session, "SessionID")) : std::nullopt;
}

std::optional<PowerReport> power(const Reply& reply) {
    const json::object* said = section(reply, "POWER");
    const auto watts = said ? number(*said, "Watts") : std::nullopt;
    if (!watts || *watts < 0 || *watts > most_watts) return {};
    return PowerReport{Power{std::llround(*watts)}, truth(*said, "PSU").value_or(false)};
}

std::optional<ConfigReport> config(const Reply& reply) {
    const json::object* said = section(reply, "CONFIG");
    if (!said) return {};
    ConfigReport report;
    if (const auto mode = text(*said, "CurtailMode"); !mode.empty()) report.asleep = same(mode, "Sleep");
    report.power_supply_on = truth(*said, "IsPowerSupplyOn");
    report.mac = mac_address(text(*said, "MACAddr"));
    report.serial = text(*said, "SerialNumber");
    report.model = text(*said, "Model");
    return report;
}

namespace {

std::optional<double> hash_rate(const Reply& reply, std::string_view giga, std::string_view mega) {
    const json::object* said = section(reply, "SUMMARY");
    if (!said) return {};
    auto rate = number(*said, giga);
    if (!rate)
        if (rate = number(*said, mega); rate) *rate /= 1'000;
    return rate && *rate >= 0 ? rate : std::nullopt;
}

}  // namespace

std::optional<double> gigahashes(const Reply& reply) { return hash_rate(reply, "GHS 5s", "MHS 5s"); }

std::optional<double> mean_gigahashes(const Reply& reply) {
    auto rate = hash_rate(reply, "GHS 15m", "MHS 15m");
    if (!rate) rate = gigahashes(reply);
    return rate && *rate > 0 && *rate <= 1e9 ? rate : std::nullopt;
}

bool curtail_taken(const Reply& reply) {
    return !reply.status.failed() && (reply.status.code == 335 || (reply.body && reply.body->contains("CURTAIL")));
}

bool session_taken(const Reply& reply) {
    return reply.status.code == 402 || (reply.status.failed() && mentions(reply.status.message, "another session"));
}

bool session_invalid(const Reply& reply) {
    return reply.status.code == 401 || (reply.status.failed() && mentions(reply.status.message, "session"));
}

std::optional<std::uint64_t> mac_address(std::string_view said) {
    std::uint64_t mac = 0;
    int digits = 0;
    for (const char c : said) {
        if (c == ':' || c == '-' || c == '.') continue;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0 || ++digits > 12) return {};
        mac = mac << 4 | static_cast<std::uint64_t>(digit);
    }
    if (digits != 12 || mac == 0 || mac == 0xffff'ffff'ffff) return {};
    return mac;
}

}  // namespace ballast::wire::cgminer
