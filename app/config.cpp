#include "app/config.hpp"

#include "app/config_parts.hpp"
#include "drivers/sqlite/sha256.hpp"
#include "wire/printable.hpp"

#include <algorithm>
#include <filesystem>

namespace ballast {
namespace config {

Parse::Parse(std::string site_path, const FileReader& reader)
    : path{std::move(site_path)}, read{reader}, faults{path} {}

std::string Parse::beside(const std::string& name) const {
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    return (folder / name).lexically_normal().string();
}

std::vector<std::string> Parse::brokers() const { return names_of(config.brokers); }
std::vector<std::string> Parse::meters() const { return names_of(config.meters); }
std::vector<std::string> Parse::pdus() const { return names_of(config.pdus); }
std::vector<std::string> Parse::feeders() const { return names_of(config.feeders); }
std::vector<std::string> Parse::signals() const { return names_of(config.signals); }

std::string title(const toml::table& table, std::string_view section, std::size_t number) {
    const auto* name = table.get("name");
    const auto text = name ? name->value_exact<std::string>() : std::nullopt;
    return text && wrong_name(*text).empty() ? fmt::format("[[{}]] {}", section, *text)
                                             : fmt::format("[[{}]] {}", section, number + 1);
}

std::string unique_name(Keys& keys, const std::vector<std::string>& taken) {
    std::string name = keys.must_text("name", "a name that no other has", wrong_name);
    if (!name.empty() && std::ranges::find(taken, name) != taken.end())
        keys.fault("name", fmt::format("'name' is {}, which is taken; a name is given once", shown(name)));
    return name;
}

namespace {

/// The journal is a file of its own: opened for writing, any of these would be lost.
void check_journal_path(Parse& parse) {
    const auto plain = [](const std::string& path) { return std::filesystem::path{path}.lexically_normal().string(); };
    const std::string path = plain(parse.config.journal.path);
    const auto same = [&](const ConfigFile& file) { return plain(file.path) == path; };
    if (std::ranges::none_of(parse.config.files, same)) return;
    parse.faults.add(parse.config.journal.path_at, fmt::format("'path' is {}, which this site is described by; expected a file of its own", shown(parse.config.journal.path)));
}

/// Order matters: what is named is read before what names it.
void read_tables(const toml::table& table, Parse& parse) {
    Keys root{table, "the site file", parse.faults};
    parse_brokers(root, parse);
    parse_meters(root, parse);
    parse_pdus(root, parse);
    parse_feeders(root, parse);
    parse_fx(root, parse);
    parse_site(root, parse);
    parse_journal(root, parse);
    parse_http(root, parse);
    parse_signals(root, parse);
    parse_groups(root, parse);
    link_groups(root, parse);
    link_outlets(root, parse);
    link_switches(root, parse);
    bound_meters(parse);
    parse_policies(root, parse);
    check_journal_path(parse);
    root.finish();
    for (BrokerConfig& broker : parse.config.brokers)
        if (broker.client_id.empty()) broker.client_id = "ballast-" + parse.config.site.name;
}

constexpr unsigned most_levels = 32;  ///< A site file has two.

/// How many more bytes belong to the quotes that begin at `at`: of a string of several lines there are three, and behind those
/// that end it two may stand that are its own.
std::size_t more_quotes(std::string_view text, std::size_t at, bool ends) {
    const std::size_t run = std::min(text.find_first_not_of(text[at], at), text.size()) - at;
    return run < 3 ? 0 : ends ? std::min<std::size_t>(run, 5) - 1 : 2;
}

/// Where a key of more levels ends them. toml++ reads a key of any depth and takes it apart by recursion, down to the
/// stack's end; values it bounds by itself.
std::optional<Position> too_deep(std::string_view text) {
    Position at{1, 0};
    unsigned dots = 0;
    char quote = 0;
    bool comment = false, several_lines = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::size_t more = 0;  // Bytes to pass over.
        ++at.column;
        if (c == '\n') {
            at = {at.line + 1, 0};
            dots = 0, comment = false;
            if (!several_lines) quote = 0;
        } else if (comment) {
            continue;
        } else if (quote != 0) {
            if (c == '\\' && quote == '"' && i + 1 < text.size() && text[i + 1] != '\n') more = 1;
            else if (c == quote && several_lines) more = more_quotes(text, i, true);
            if (c == quote && (!several_lines || more > 0)) quote = 0, several_lines = false;
        } else if (c == '"' || c == '\'') {
            quote = c;
            more = more_quotes(text, i, false);
            several_lines = more > 0;
        } else if (c == '#') {
            comment = true;
        } else if (c == '.') {
            if (++dots == most_levels) return at;
        } else if (std::string_view{"=,[]{}"}.find(c) != std::string_view::npos) {
            dots = 0;
        }
        i += more, at.column += static_cast<unsigned>(more);
    }
    return std::nullopt;
}

void hash_files(Config& config) {
    std::string hashes;
    for (ConfigFile& file : config.files) {
        file.sha256 = sqlite::sha256(file.text);
        hashes += file.sha256;
    }
    config.hash = sqlite::sha256(hashes);
}

}  // namespace
}  // namespace config

tl::expected<Config, std::vector<Fault>> parse_config(std::string text, const std::string& path,
                                                      const FileReader& read) {
    config::Parse parse{path, read};
    if (const auto at = config::too_deep(text)) {
        parse.faults.add(*at, fmt::format("a key of more than {} levels; allowed: [table] and key", config::most_levels));
        return tl::unexpected{std::move(parse.faults).sorted()};
    }
    try {
        const toml::table table = toml::parse(std::string_view{text}, path);
        parse.config.files.push_back({path, std::move(text), ""});
        config::read_tables(table, parse);
    } catch (const toml::parse_error& error) {
        parse.faults.add(config::position(error.source()), "not TOML: " + wire::printable(error.description(), 300));
    }
    if (parse.faults.any()) return tl::unexpected{std::move(parse.faults).sorted()};
    config::hash_files(parse.config);
    return std::move(parse.config);
}

tl::expected<Config, std::vector<Fault>> load_config(const std::string& path, const FileReader& read) {
    auto text = read(path);
    if (text) return parse_config(std::move(*text), path, read);
    return tl::unexpected{std::vector<Fault>{
        {path, 0, 0, "cannot be read: " + text.error().detail + "; expected a site file"}}};
}

std::string print(const Fault& fault) {
    return fault.line == 0 ? fmt::format("{}: {}", fault.file, fault.text)
                           : fmt::format("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.text);
}

std::string print(const std::vector<Fault>& faults) {
    constexpr std::size_t most = 100;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, faults.size()); ++i) text += print(faults[i]) + "\n";
    if (faults.size() > most) text += fmt::format("and {} more faults\n", faults.size() - most);
    return text;
}

}  // namespace ballast
