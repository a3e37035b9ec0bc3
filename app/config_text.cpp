#include "app/config_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

#include <arpa/inet.h>

namespace ballast::config {
namespace {

bool letter_or_digit(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 128;
}

bool made_of(std::string_view text, std::string_view also) {
    return std::ranges::all_of(text, [&](char c) { return letter_or_digit(c) || also.find(c) != also.npos; });
}

/// "off_min" and "off_s" share the stem "off".
std::string_view stem(std::string_view key) {
    constexpr std::array<std::string_view, 22> units{
        "w",   "kw", "mw", "gw",      "wh", "kwh", "mwh",   "s",   "ms",      "sec", "seconds",
        "min", "m",  "h",  "minutes", "us", "mb",  "bytes", "ppm", "percent", "pct", "hz"};
    const auto at = key.rfind('_');
    if (at == key.npos) return key;
    const bool unit = std::ranges::find(units, key.substr(at + 1)) != units.end();
    return unit ? key.substr(0, at) : key;
}

/// Insertions, deletions, substitutions and swapped neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + changed});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string wrong_name(std::string_view text) {
    const bool fine =
        !text.empty() && text.size() <= 64 && letter_or_digit(text.front()) && made_of(text, "-_.");
    return fine ? "" : "allowed: letters, digits, '-', '_' and '.', the first a letter or digit, at most 64";
}

std::string wrong_machine_id(std::string_view text) {
    const bool fine =
        !text.empty() && text.size() <= 64 && letter_or_digit(text.front()) && made_of(text, "-_.:");
    return fine ? ""
                : "allowed: letters, digits, '-', '_', '.' and ':', the first a letter or digit, at most 64";
}

std::string wrong_host(std::string_view text) {
    bool fine = !text.empty() && text.size() <= 253 && made_of(text, text.find(':') == text.npos ? "-_." : ":.%");
    // No host name ends in a number (RFC 1123): what does is an IPv4 address, well or badly written.
    const std::string_view last = text.substr(text.rfind('.') + 1);
    if (fine && !last.empty() && text.find(':') == text.npos && std::ranges::all_of(last, [](unsigned char c) { return std::isdigit(c) != 0; })) {
        in_addr address{};
        fine = ::inet_pton(AF_INET, std::string{text}.c_str(), &address) == 1;
    }
    return fine ? "" : "allowed: a host name, an IPv4 or an IPv6 address, without port or scheme";
}

std::string wrong_mac(std::string_view text) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ':' && c != '-'; });
    const bool hex =
        std::ranges::all_of(digits, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    const bool parted = text.size() == 12 || text.size() == 17;
    bool fine = hex && parted && digits.size() == 12;
    for (std::size_t i = 0; fine && text.size() == 17 && i < 5; ++i)
        fine = text[3 * i + 2] == text[2] && !letter_or_digit(text[2]);
    return fine ? "" : "allowed: six bytes like 02:1a:7f:00:00:01";
}

std::string wrong_topic(std::string_view text) {
    constexpr std::string_view allowed =
        "allowed: levels parted by '/', '+' for one whole level, '#' for all below and only as the last";
    if (text.empty() || text.size() > 1'024) return std::string{allowed};
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t to = std::min(text.find('/', from), text.size());
        const std::string_view level = text.substr(from, to - from);
        const bool last = to == text.size();
        const bool wild = level.find_first_of("+#") != level.npos;
        if (wild && (level.size() != 1 || (level == "#" && !last))) return std::string{allowed};
        if (std::ranges::any_of(level, [](char c) { return static_cast<unsigned char>(c) < 32; }))
            return std::string{allowed};
        from = to + 1;
    }
    return "";
}

std::string wrong_plain_topic(std::string_view text) {
    if (text.find_first_of("+#") != text.npos)
        return "allowed: a topic without '+' and '#', because it is published to";
    return wrong_topic(text);
}

std::string wrong_pointer(std::string_view text) {
    bool fine = text.size() <= 256 && (text.empty() || text.front() == '/');
    for (std::size_t i = 0; fine && i < text.size(); ++i)
        fine = text[i] != '~' || (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1'));
    return fine ? "" : "allowed: a JSON pointer like \"/data/0/price\"";
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
    if (word.size() > 64) return "";
    const auto same_stem =
        std::ranges::find_if(known, [&](const std::string& k) { return k != word && stem(k) == stem(word); });
    if (same_stem != known.end()) return *same_stem;
    std::string best;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        if (candidate.size() > 64) continue;
        const std::size_t d = distance(word, candidate);
        if (d < least) {
            least = d;
            best = candidate;
        }
    }
    return best;
}

std::string listed(std::span<const std::string> words) {
    constexpr std::size_t most = 40, of_many = 5;
    const std::size_t named = words.size() > most ? of_many : words.size();
    std::string all;
    for (const std::string& word : words.first(named)) all += (all.empty() ? "" : ", ") + word;
    return named == words.size() ? all : fmt::format("{} and {} more", all, words.size() - named);
}

std::string shown(std::string_view text) {
    std::string said = "\"";
    for (std::size_t i = 0; i < text.size() && said.size() < 60; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        said += c >= 32 && c < 127 ? text[i] : '?';
    }
    return said + (said.size() < 60 ? "\"" : "...\"");
}

}  // namespace ballast::config
