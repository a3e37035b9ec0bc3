#include "wire/cgminer.hpp"

#include "wire/loose_json.hpp"

#include <algorithm>

namespace ballast::wire::cgminer {
namespace {

const json::object* section(const Reply& reply, std::string_view name) { return loose::object(reply.body, name); }

/// It can stand between the commas of a parameter.
bool is_word(std::string_view text) {
    constexpr std::size_t longest = 64;
    const auto fits = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '=' && c != '"' && c != '\\'; };
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, fits);
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
    return session ? SessionId::from(loose::text(*session, "SessionID")) : std::nullopt;
}

std::optional<PowerReport> power(const Reply& reply) {
    const json::object* said = section(reply, "POWER");
    const auto watts = said ? loose::watts(*said, "Watts") : std::nullopt;
    if (!watts) return {};
    return PowerReport{*watts, loose::truth(*said, "PSU").value_or(false)};
}

std::optional<ConfigReport> config(const Reply& reply) {
    const json::object* said = section(reply, "CONFIG");
    if (!said) return {};
    ConfigReport report;
    if (const auto mode = loose::text(*said, "CurtailMode"); !mode.empty()) report.asleep = loose::same(mode, "Sleep");
    report.power_supply_on = loose::truth(*said, "IsPowerSupplyOn");
    report.mac = mac_address(loose::text(*said, "MACAddr"));
    report.serial = loose::text(*said, "SerialNumber");
    report.model = loose::text(*said, "Model");
    report.rated_gigahashes = loose::gigahashes(*said, "NameplateTHS", 1'000);
    if (report.rated_gigahashes.value_or(0) <= 0) report.rated_gigahashes.reset();
    if (const auto name = loose::text(*said, "Profile"); is_word(name)) report.profile = name;
    report.tunes_itself = loose::truth(*said, "IsAtmEnabled");
    return report;
}

namespace {

/// Of the first STATUS, or of a reply that is one itself.
std::string_view signature(const Reply& reply) {
    const json::object* status = section(reply, "STATUS");
    return loose::text(status ? *status : *reply.body, "Description");
}

/// A program names its own version by its own name.
void read_program(const json::object& said, VersionReport& report) {
    for (const auto& member : said) {
        const std::string_view name = member.key();
        if (name == "LUXminer") report.lineage = Lineage::luxos;
        else if (name.starts_with("BOS")) report.lineage = Lineage::braiins;  // BOSminer, BOSminer+, BOSer.
        else if (name != "CGMiner" && name != "BMMiner" && name != "Miner") continue;
        const auto words = loose::text(said, name);
        if (report.firmware.empty() || report.lineage != Lineage::other) report.firmware = words;
        if (report.lineage != Lineage::other) return;
    }
}

}  // namespace

std::optional<VersionReport> version(const Reply& reply) {
    if (!reply.body) return {};
    VersionReport report;
    const json::object* said = section(reply, "VERSION");
    const json::value* status = reply.body->if_contains("STATUS");
    if (!said && !status) return {};
    if (said) {
        read_program(*said, report);
        report.model = loose::text(*said, "Type");
        if (report.model.empty()) report.model = loose::text(*said, "PROD");
        report.mac = mac_address(loose::text(*said, "MAC"));
    }
    if (report.lineage != Lineage::other) return report;
    const auto by = signature(reply);
    if (loose::mentions(by, "luxminer")) report.lineage = Lineage::luxos;
    else if (loose::mentions(by, "bosminer") || loose::mentions(by, "boser")) report.lineage = Lineage::braiins;
    else if (loose::mentions(by, "btminer") || loose::mentions(by, "whatsminer")) report.lineage = Lineage::whatsminer;
    if (report.lineage != Lineage::other || said) return report;
    if (reply.repaired || reply.status.code == 0) return {};  // Nothing in it but the word STATUS.
    if (status->is_string()) report.lineage = Lineage::whatsminer;
    return report;
}

std::vector<Profile> profiles(const Reply& reply) {
    constexpr std::size_t most = 256;
    std::vector<Profile> found;
    const json::array* listed = loose::array(reply.body, "PROFILES");
    if (!listed) return found;
    for (const json::value& entry : *listed) {
        const json::object* one = entry.if_object();
        const auto watts = one ? loose::watts(*one, "Watts") : std::nullopt;
        const std::string_view name = one ? loose::text(*one, "Profile Name") : std::string_view{};
        if (watts && is_word(name) && found.size() < most) found.push_back({name, *watts});
    }
    return found;
}

namespace {

std::optional<double> hash_rate(const Reply& reply, std::string_view giga, std::string_view mega) {
    const json::object* said = section(reply, "SUMMARY");
    if (!said) return {};
    auto rate = loose::number(*said, giga);
    if (!rate)
        if (rate = loose::number(*said, mega); rate) *rate /= 1'000;
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
    return reply.status.code == 402 || (reply.status.failed() && loose::mentions(reply.status.message, "another session"));
}

bool session_invalid(const Reply& reply) {
    return reply.status.code == 401 || (reply.status.failed() && loose::mentions(reply.status.message, "session"));
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
