#pragma once
#include "app/config.hpp"
#include "app/config_decimal.hpp"
#include "app/config_text.hpp"

#include <fmt/format.h>
#include <set>
#include <toml++/toml.h>

namespace ballast::config {

/// Collects what is wrong. A file of nothing but faults does not grow us: the first 10,000 are kept.
class Faults {
public:
    explicit Faults(std::string file) : file_{std::move(file)} {}
    void add(Position at, std::string text) { add_in(file_, at, std::move(text)); }
    void add_in(const std::string& file, Position at, std::string text) {
        if (all_.size() < 10'000) all_.push_back({file, at.line, at.column, std::move(text)});
    }
    bool any() const { return !all_.empty(); }
    /// As they stand in the files, the site file first.
    std::vector<Fault> sorted() &&;

private:
    std::string file_;
    std::vector<Fault> all_;
};

inline Position position(const toml::source_region& region) {
    return {region.begin.line, region.begin.column};
}
inline Position position(const toml::node& node) { return position(node.source()); }

/// A whole number of 10^-decimals, for messages and ranges: {0, 10'000'000'000, 3} is 0 to 10,000,000 with 3 decimals.
struct Range {
    std::int64_t least, most;
    int decimals = 0;
    std::string unit = {};  ///< Said in messages, where the key does not say it.
    std::string allowed() const;
};

constexpr std::int64_t most_watts = 10'000'000'000;  ///< 10 GW: no site is larger.
inline Range kilowatts() { return {0, most_watts, 3}; }
inline Range seconds(std::int64_t least_ms, std::int64_t most_ms) { return {least_ms, most_ms, 3}; }
constexpr std::int64_t day_ms = 86'400'000;

template <class Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

/// One TOML table, read key by key. What was asked for is what is allowed: `finish` calls the rest unknown.
class Keys {
public:
    /// `what` names the table in messages: "[[meter]] poi".
    Keys(const toml::table& table, std::string what, Faults& faults)
        : table_{&table}, what_{std::move(what)}, faults_{&faults} {}

    /// What the table does not say, another does: a preset of ours, which has no faults.
    void fall_back_on(const toml::table& preset) { preset_ = &preset; }

    const std::string& what() const { return what_; }
    Faults& faults() const { return *faults_; }
    Position at() const { return position(*table_); }
    /// Where the key's value stands, else the table.
    Position at(std::string_view key) const;
    bool has(std::string_view key) { return node(key) != nullptr; }
    void fault(std::string_view key, std::string text) const { faults_->add(at(key), std::move(text)); }
    void missing(std::string_view key, std::string_view expected);

    /// The readers below add a fault for a wrong type or range; absent is nothing, or `fallback`, or with `must_` a fault.
    std::optional<std::string> text(std::string_view key, std::string (*wrong)(std::string_view) = nullptr);
    std::string text_or(std::string_view key, std::string fallback,
                        std::string (*wrong)(std::string_view) = nullptr);
    std::string must_text(std::string_view key, std::string_view expected,
                          std::string (*wrong)(std::string_view) = nullptr);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> number(std::string_view key, const Range& range);
    std::int64_t number_or(std::string_view key, const Range& range, std::int64_t fallback);
    std::int64_t must_number(std::string_view key, const Range& range);
    std::optional<double> real(std::string_view key, double least, double most);
    Power watts_or(std::string_view key, Power fallback) {
        return Power{number_or(key, kilowatts(), fallback.count)};
    }
    /// Above 0. A fault gives the most there is, so that what is compared with it is no fault as well.
    Power must_power(std::string_view key);
    Duration span_or(std::string_view key, const Range& range, Duration fallback) {
        return Duration{number_or(key, range, fallback.count())};
    }

    struct Name {
        std::string text;
        Position at;
    };
    /// An array of numbers in the range; one that is a fault counts as the least.
    std::vector<std::int64_t> numbers(std::string_view key, const Range& range);

    /// An array of names, none twice.
    std::vector<Name> names(std::string_view key);

    const toml::table* table(std::string_view key);
    /// Elements of [[key]].
    std::vector<const toml::table*> tables(std::string_view key);

    template <class Enum>
    std::optional<Enum> choice(std::string_view key, const Choices<Enum>& choices) {
        const auto* found = node(key);
        if (!found) return {};
        std::vector<std::string> words;
        const auto word = found->value_exact<std::string>();
        for (const auto& [name, value] : choices) {
            if (word && *word == name) return value;
            words.push_back(name);
        }
        wrong_choice(key, *found, word, words);
        return {};
    }
    template <class Enum>
    Enum choice_or(std::string_view key, const Choices<Enum>& choices, Enum fallback) {
        return choice(key, choices).value_or(fallback);
    }
    template <class Enum>
    std::optional<Enum> must_choice(std::string_view key, const Choices<Enum>& choices) {
        std::vector<std::string> words;
        for (const auto& [name, value] : choices) words.push_back(name);
        if (!has(key)) missing(key, "allowed: " + listed(words));
        return choice(key, choices);
    }

    /// A name that must be among `known`; a fault calls it a `kind`.
    std::string reference(std::string_view key, std::string_view kind, const std::vector<std::string>& known);
    void dangling(std::string_view key, const Name& name, std::string_view kind,
                  const std::vector<std::string>& known) const;

    /// A key that is known elsewhere, and why not here. `finish` does not offer it.
    void refuse(std::string_view key, std::string_view why);

    /// Faults for every key that nobody asked for.
    void finish();

private:
    const toml::node* node(std::string_view key);
    std::optional<std::int64_t> number_in(std::string_view key, const toml::node& found, const Range& range) const;
    void wrong_type(std::string_view key, const toml::node& node, std::string_view expected) const;
    void wrong_choice(std::string_view key, const toml::node& node, const std::optional<std::string>& word,
                      const std::vector<std::string>& words) const;

    const toml::table* table_;
    const toml::table* preset_ = nullptr;
    std::string what_;
    Faults* faults_;
    std::vector<std::string> known_, refused_;
};

}  // namespace ballast::config
