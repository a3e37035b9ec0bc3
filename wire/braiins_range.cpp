#include "wire/braiins.hpp"

#include <algorithm>
#include <cmath>

namespace ballast::wire::braiins {
namespace {

constexpr double most_watts = 100'000;
constexpr std::size_t longest = 2'048;  ///< Nobody refuses in more words than that.

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Number {
    std::size_t from = 0, to = 0;
    double value = 0;
};

/// The next one that is no part of a name or of an address: not behind a letter, as the 19 of S19.
std::optional<Number> next_number(std::string_view words, std::size_t at) {
    for (; at < words.size(); ++at) {
        if (!is_digit(words[at])) continue;
        Number found{at, at, 0};
        for (; found.to < words.size() && is_digit(words[found.to]); ++found.to) found.value = found.value * 10 + (words[found.to] - '0');
        const bool fraction = found.to + 1 < words.size() && words[found.to] == '.' && is_digit(words[found.to + 1]);
        double place = 0.1;
        if (fraction)
            for (++found.to; found.to < words.size() && is_digit(words[found.to]); ++found.to, place /= 10) found.value += place * (words[found.to] - '0');
        const char before = at > 0 ? words[at - 1] : ' ';
        const bool in_address = before == '.' && (at < 2 || words[at - 2] != '.');
        if (!is_letter(before) && before != '_' && !in_address) return found;
        at = found.to;
        if (at >= words.size()) break;
    }
    return {};
}

/// Lower case, without blanks, quotes, colons and brackets.
std::string bare(std::string_view words) {
    std::string kept;
    for (const char c : words)
        if (std::string_view{" \t\r\n\"':=[](){}\\"}.find(c) == std::string_view::npos) kept += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return kept;
}

/// The letters behind a number, at most one blank between.
std::string unit_at(std::string_view words, std::size_t at) {
    if (at < words.size() && words[at] == ' ') ++at;
    std::string unit;
    for (; at < words.size() && (is_letter(words[at]) || words[at] == '%'); ++at) unit += bare(words.substr(at, 1));
    return unit;
}

bool is_watts(std::string_view unit) { return unit == "w" || unit == "watt" || unit == "watts"; }

/// Two letters or fewer are taken for a unit, and so are these; longer ones are the sentence's next word.
bool is_other_unit(std::string_view unit) { return !unit.empty() && !is_watts(unit) && (unit.size() <= 2 || unit == "kwh" || unit == "khz" || unit == "mhz" || unit == "rpm"); }

/// What stands between two numbers makes them a range.
bool joined(std::string_view words, const Number& a, const Number& b) {
    std::string between = bare(words.substr(a.to, b.from - a.to));
    for (const std::string_view unit : {"watts", "watt", "w"})
        if (between.starts_with(unit)) {
            between.erase(0, unit.size());
            break;
        }
    for (const std::string_view dash : {"-", "\u2013", "\u2014", "\u2212", "..", "...", "~", "to"})
        if (between == dash) return true;
    const std::string before = bare(words.substr(a.from > 24 ? a.from - 24 : 0, std::min<std::size_t>(a.from, 24)));
    const char opener = a.from > 0 ? words[a.from - 1] : ' ';
    if (between == ",") return (opener == '[' || opener == '(') && (words[b.from - 1] == ' ' || b.to - b.from != 3);  // Else it may part thousands.
    if (between == "and") return before.ends_with("between");
    while (!between.empty() && (between.front() == ',' || between.front() == ';')) between.erase(0, 1);
    if (between.starts_with("and")) between.erase(0, 3);
    const bool least = before.ends_with("min") || before.ends_with("minimum") || before.ends_with("minwatt");
    return least && (between == "max" || between == "maximum" || between == "maxwatt");
}

}  // namespace

std::optional<PowerRange> allowed_range(std::string_view words) {
    words = words.substr(0, longest);
    auto a = next_number(words, 0);
    while (a) {
        const auto b = next_number(words, a->to);
        if (!b) return {};
        const bool other_unit = is_other_unit(unit_at(words, b->to));
        const bool negative = a->from > 0 && words[a->from - 1] == '-';
        if (joined(words, *a, *b) && !other_unit) {
            if (negative || a->value < 1 || a->value > most_watts || b->value > most_watts) return {};
            const PowerRange range{Power{std::llround(a->value)}, Power{std::llround(b->value)}};
            return range.least < range.most ? std::optional{range} : std::nullopt;
        }
        a = b;
    }
    return {};
}

}  // namespace ballast::wire::braiins
