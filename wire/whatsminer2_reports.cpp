#include "wire/whatsminer2.hpp"

#include "wire/loose_json.hpp"

#include <charconv>

namespace ballast::wire::whatsminer2 {
namespace {

constexpr std::size_t most_error_codes = 64;
constexpr double giga_per_mega = 1e-3;

std::optional<std::chrono::seconds> seconds(const json::object& in, std::string_view key) {
    const auto count = loose::whole(in, key);
    if (!count || *count < 0) return {};
    return std::chrono::seconds{*count};
}

/// The first of two names by which firmware calls it.
std::string_view either(const json::object& in, std::string_view newer, std::string_view older) {
    const std::string_view text = loose::text(in, newer);
    return text.empty() ? loose::text(in, older) : text;
}

void add_code(std::vector<int>& codes, std::string_view text) {
    int code = 0;
    const auto [end, broken] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (broken == std::errc{} && end == text.data() + text.size() && code > 0 && codes.size() < most_error_codes) codes.push_back(code);
}

void add_codes(std::vector<int>& codes, const json::value& said) {
    if (const auto* number = said.if_int64()) add_code(codes, std::to_string(*number));
    else if (const auto* text = said.if_string()) add_code(codes, std::string_view{*text});
    else if (const auto* object = said.if_object())
        for (const auto& member : *object) add_code(codes, member.key());
}

std::optional<Count> counted(const Reply& reply, std::string_view section) {
    const json::array* list = loose::array(reply.body, section);
    if (!list) return {};
    Count count;
    for (const json::value& part : *list) {
        const json::object* said = part.if_object();
        if (!said) continue;
        ++count.listed;
        if (loose::same(loose::text(*said, "Status"), "Alive")) ++count.alive;
    }
    return count;
}

}  // namespace

std::optional<SummaryReport> summary(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "SUMMARY");
    if (!said) return {};
    SummaryReport report;
    report.power = loose::watts(*said, "Power");
    report.power_limit = loose::watts(*said, "Power Limit");
    report.power_mode = whatsminer::power_mode(loose::text(*said, "Power Mode"));
    report.gigahashes = loose::gigahashes(*said, "HS RT", giga_per_mega);
    report.mean_gigahashes = loose::gigahashes(*said, "MHS av", giga_per_mega);
    report.rated_gigahashes = loose::gigahashes(*said, "Factory GHS", 1);
    report.chips = loose::celsius(*said, "Chip Temp Max");
    report.ambient = loose::celsius(*said, "Env Temp");
    report.hash_stable = loose::truth(*said, "Hash Stable");
    report.mac = cgminer::mac_address(loose::text(*said, "MAC"));
    report.elapsed = seconds(*said, "Elapsed");
    report.uptime = seconds(*said, "Uptime");
    return report;
}

std::optional<StatusReport> status(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "Msg");
    if (!said) return {};
    StatusReport report;
    report.off = loose::truth(*said, "mineroff");
    if (!report.off) report.off = loose::truth(*said, "btmineroff");
    report.off_reason = loose::text(*said, "mineroff_reason");
    report.power_mode = whatsminer::power_mode(loose::text(*said, "power_mode"));
    report.power_limit = loose::watts(*said, "power_limit_set");
    report.hash_percent = loose::number(*said, "hash_percent");
    report.firmware = either(*said, "FirmwareVersion", "Firmware Version");
    return report;
}

std::optional<IdentityReport> identity(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "Msg");
    if (!said) return {};
    IdentityReport report;
    report.api = loose::text(*said, "api_ver");
    report.firmware = loose::text(*said, "fw_ver");
    report.platform = loose::text(*said, "platform");
    report.supply_model = either(*said, "model", "name");
    report.supply_serial = loose::text(*said, "serial_no");
    report.hostname = loose::text(*said, "hostname");
    report.mac = cgminer::mac_address(loose::text(*said, "mac"));
    return report;
}

std::string_view model(const Reply& reply) {
    const json::object* said = loose::object(reply.body, "DEVDETAILS");
    return said ? loose::text(*said, "Model") : std::string_view{};
}

std::vector<int> error_codes(const Reply& reply) {
    std::vector<int> codes;
    const json::value* message = reply.body ? reply.body->if_contains("Msg") : nullptr;
    const json::object* said = message ? message->if_object() : nullptr;
    const json::value* list = said ? said->if_contains("error_code") : nullptr;
    if (!list) return codes;
    if (const json::array* entries = list->if_array())
        for (const json::value& entry : *entries) add_codes(codes, entry);
    else
        add_codes(codes, *list);
    return codes;
}

std::optional<Count> boards(const Reply& reply) { return counted(reply, "DEVS"); }
std::optional<Count> pools(const Reply& reply) { return counted(reply, "POOLS"); }

}  // namespace ballast::wire::whatsminer2
