#include "app/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <date/tz.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace ballast {
namespace {

constexpr std::uintmax_t most_bytes = 64'000'000;

void check_secret(const Config& config, const Secret& secret, std::string_view what, const FileReader& read,
                  std::vector<Fault>& faults) {
    const std::string& file = config.files.front().path;
    const auto fault = [&](std::string text) {
        faults.push_back({file, secret.at.line, secret.at.column, std::move(text)});
    };
    if (secret.kind == Secret::Kind::environment && std::getenv(secret.name.c_str()) == nullptr)
        fault(fmt::format(
            "'{}' names the variable {}, which is not in the environment; set it before the start", what,
            secret.name));
    if (secret.kind != Secret::Kind::file) return;
    const auto text = read(secret.name);
    if (!text)
        fault(fmt::format("'{}' names {}, which cannot be read: {}; expected a file", what, secret.name,
                          text.error().detail));
    else if (text->empty()) fault(fmt::format("'{}' names {}, which is empty", what, secret.name));
}

bool zone_known(const std::string& name) {
    try {
        date::locate_zone(name);
        return true;
    } catch (const std::exception&) { return false; }
}

}  // namespace

FileReader disk_reader() {
    return [](const std::string& path) -> Result<std::string> {
        std::error_code error;
        const auto kind = std::filesystem::status(path, error).type();
        if (kind == std::filesystem::file_type::not_found)
            return fail(Errc::unreachable, "there is no such file");
        if (kind != std::filesystem::file_type::regular)
            return fail(Errc::unreachable, error ? error.message() : "it is not a regular file");
        if (std::filesystem::file_size(path, error) > most_bytes || error)
            return fail(Errc::oversized, error ? error.message() : "it is larger than 64 MB");
        std::ifstream in{path, std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        if (!in) return fail(Errc::unreachable, std::strerror(errno));
        return text;
    };
}

FileReader reader_of(std::vector<ConfigFile> files) {
    return [files = std::move(files)](const std::string& path) -> Result<std::string> {
        const auto file = std::ranges::find(files, path, &ConfigFile::path);
        if (file == files.end()) return fail(Errc::unreachable, "it is not among the journal's files");
        return file->text;
    };
}

namespace {

/// Where `ballast run` could not open its journal.
std::string journal_fault(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code none;
    if (fs::is_directory(path, none)) return fmt::format("[journal] 'path' is \"{}\", which is a folder; expected a file", path);
    const fs::path folder = fs::path{path}.parent_path();
    if (!folder.empty() && !fs::is_directory(folder, none)) return fmt::format("[journal] 'path' is \"{}\", and there is no folder \"{}\"; make it, for the user that runs Ballast", path, folder.string());
    return {};
}

}  // namespace

std::vector<Fault> check_surroundings(const Config& config, const FileReader& read) {
    std::vector<Fault> faults;
    const SiteConfig& site = config.site;
    if (!zone_known(site.time_zone))
        faults.push_back({config.files.front().path, site.time_zone_at.line, site.time_zone_at.column,
                          fmt::format("'time_zone' is \"{}\", which this machine does not know; allowed: a "
                                      "name of the IANA time zone database",
                                      site.time_zone)});
    if (const std::string fault = journal_fault(config.journal.path); !fault.empty())
        faults.push_back({config.files.front().path, config.journal.path_at.line, config.journal.path_at.column, fault});
    for (const BrokerConfig& broker : config.brokers) {
        check_secret(config, broker.tls_ca, "tls_ca", read, faults);
        check_secret(config, broker.tls_certificate, "tls_certificate", read, faults);
        check_secret(config, broker.tls_key, "tls_key", read, faults);
        check_secret(config, broker.user, "user_file", read, faults);
        check_secret(config, broker.password, "password_file", read, faults);
    }
    for (const PduConfig& pdu : config.pdus) check_secret(config, pdu.community, "community_file", read, faults);
    for (const GroupConfig& group : config.groups) {
        if (!group.miners) continue;
        check_secret(config, group.miners->user, "user_file", read, faults);
        check_secret(config, group.miners->password, "password_file", read, faults);
    }
    return faults;
}

bool holds_secrets(const Config& config) {
    return std::ranges::any_of(config.brokers, [](const BrokerConfig& b) { return b.password.given() || b.tls_key.given(); }) ||
           !config.pdus.empty() ||
           std::ranges::any_of(config.groups, [](const GroupConfig& g) { return g.miners && g.miners->password.given(); });
}

Result<std::string> read_secret(const Secret& secret) {
    if (!secret.given()) return std::string{};
    if (secret.kind == Secret::Kind::environment) {
        const char* value = std::getenv(secret.name.c_str());
        if (!value) return fail(Errc::unreachable, fmt::format("the environment has no {}", secret.name));
        return std::string{value};
    }
    auto text = disk_reader()(secret.name);
    if (!text) return fail(Errc::unreachable, fmt::format("{} cannot be read: {}", secret.name, text.error().detail));
    text->erase(std::min(text->find_first_of("\r\n"), text->size()));
    return text;
}

}  // namespace ballast
