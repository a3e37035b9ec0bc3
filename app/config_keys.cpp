#include "app/config_keys.hpp"

#include <algorithm>
#include <cmath>

namespace ballast::config {
namespace {

std::string called(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with decimals";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
    }
}

std::string wrong_places(const Range& range) {
    return range.decimals == 0 ? std::string{"whole numbers only"}
                               : fmt::format("at most {} decimals", range.decimals);
}

bool secret_like(std::string_view key) {
    static const std::vector<std::string> words{"password",   "passwd",     "secret", "token",
                                                "api_key",    "passphrase", "user",   "username",
                                                "credential", "private_key"};
    return std::ranges::find(words, key) != words.end();
}

}  // namespace

std::vector<Fault> Faults::sorted() && {
    std::vector<std::string> files{file_};
    for (const Fault& fault : all_)
        if (std::ranges::find(files, fault.file) == files.end()) files.push_back(fault.file);
    const auto place = [&](const Fault& f) {
        return std::tuple{std::ranges::find(files, f.file) - files.begin(), f.line, f.column};
    };
    std::ranges::stable_sort(all_, {}, place);
    all_.erase(std::unique(all_.begin(), all_.end()),
               all_.end());  // A table read twice says everything twice.
    return std::move(all_);
}

std::string Range::allowed() const {
    return fmt::format("{} to {}{}{}", unscaled(least, decimals), unscaled(most, decimals),
                       unit.empty() ? "" : " ", unit);
}

const toml::node* Keys::node(std::string_view key) {
    if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
    const auto* found = table_->get(key);
    return found || !preset_ ? found : preset_->get(key);
}

Position Keys::at(std::string_view key) const {
    const auto* found = table_->get(key);
    return position(found ? *found : *table_);
}

void Keys::missing(std::string_view key, std::string_view expected) {
    faults_->add(at(), fmt::format("{} has no '{}'; {}", what_, key, expected));
}

void Keys::wrong_type(std::string_view key, const toml::node& found, std::string_view expected) const {
    faults_->add(position(found), fmt::format("'{}' is {}; expected {}", key, called(found), expected));
}

void Keys::wrong_choice(std::string_view key, const toml::node& found, const std::optional<std::string>& word,
                        const std::vector<std::string>& words) const {
    if (!word) return wrong_type(key, found, "one of " + listed(words));
    faults_->add(position(found), fmt::format("'{}' is {}; allowed: {}", key, shown(*word), listed(words)));
}

std::optional<std::string> Keys::text(std::string_view key, std::string (*wrong)(std::string_view)) {
    const auto* found = node(key);
    if (!found) return {};
    const auto text = found->value_exact<std::string>();
    if (!text) {
        wrong_type(key, *found, "text in quotes");
        return {};
    }
    const std::string why = wrong ? wrong(*text) : text->empty() ? "it must not be empty" : "";
    if (why.empty()) return *text;
    fault(key, fmt::format("'{}' is {}; {}", key, shown(*text), why));
    return {};
}

std::string Keys::text_or(std::string_view key, std::string fallback,
                          std::string (*wrong)(std::string_view)) {
    return text(key, wrong).value_or(std::move(fallback));
}

std::string Keys::must_text(std::string_view key, std::string_view expected,
                            std::string (*wrong)(std::string_view)) {
    if (!has(key)) missing(key, fmt::format("expected {}", expected));
    return text(key, wrong).value_or("");
}

std::optional<bool> Keys::flag(std::string_view key) {
    const auto* found = node(key);
    if (!found) return {};
    const auto value = found->value_exact<bool>();
    if (!value) wrong_type(key, *found, "true or false");
    return value;
}

std::optional<std::int64_t> Keys::number(std::string_view key, const Range& range) {
    const auto* found = node(key);
    return found ? number_in(key, *found, range) : std::nullopt;
}

std::optional<std::int64_t> Keys::number_in(std::string_view key, const toml::node& found, const Range& range) const {
    const auto whole = found.value_exact<std::int64_t>();
    const auto real = found.value_exact<double>();
    if (!whole && !real) {
        wrong_type(key, found, fmt::format("a number, {}", range.allowed()));
        return {};
    }
    const double value = whole ? static_cast<double>(*whole) : *real;
    const std::string said = whole ? std::to_string(*whole) : fmt::format("{}", *real);
    const double scale = std::pow(10.0, range.decimals);
    const bool outside = !std::isfinite(value) || value * scale < static_cast<double>(range.least) ||
                         value * scale > static_cast<double>(range.most);
    if (outside) {
        faults_->add(position(found), fmt::format("'{}' is {}; allowed: {}", key, said, range.allowed()));
        return {};
    }
    const auto exact = whole ? scaled(std::to_string(*whole), range.decimals) : scaled(*real, range.decimals);
    if (!exact)
        faults_->add(position(found),
                     fmt::format("'{}' is {}; allowed: {}, {}", key, said, range.allowed(), wrong_places(range)));
    return exact;
}

std::vector<std::int64_t> Keys::numbers(std::string_view key, const Range& range) {
    const auto* found = node(key);
    if (!found) return {};
    const auto* array = found->as_array();
    if (!array) {
        wrong_type(key, *found, "an array of numbers, [1, 2]");
        return {};
    }
    std::vector<std::int64_t> numbers;
    for (const toml::node& element : *array) numbers.push_back(number_in(key, element, range).value_or(range.least));
    return numbers;
}

std::int64_t Keys::number_or(std::string_view key, const Range& range, std::int64_t fallback) {
    return number(key, range).value_or(fallback);
}

std::int64_t Keys::must_number(std::string_view key, const Range& range) {
    if (!has(key)) missing(key, fmt::format("expected a number, {}", range.allowed()));
    return number(key, range).value_or(range.least);
}

Power Keys::must_power(std::string_view key) {
    const Range above_zero{1, most_watts, 3};
    if (!has(key)) missing(key, fmt::format("expected a number, {}", above_zero.allowed()));
    return Power{number(key, above_zero).value_or(most_watts)};
}

std::optional<double> Keys::real(std::string_view key, double least, double most) {
    const auto* found = node(key);
    if (!found) return {};
    const auto whole = found->value_exact<std::int64_t>();
    const auto value = whole ? std::optional{static_cast<double>(*whole)} : found->value_exact<double>();
    if (!value) {
        wrong_type(key, *found, "a number");
        return {};
    }
    const double size = std::abs(*value);
    if (std::isfinite(size) && size >= least && size <= most) return value;
    fault(key,
          fmt::format("'{}' is {}; allowed: any but 0, from {} to {} in size", key, *value, least, most));
    return {};
}

std::vector<Keys::Name> Keys::names(std::string_view key) {
    const auto* found = node(key);
    if (!found) return {};
    const auto* array = found->as_array();
    if (!array) {
        wrong_type(key, *found, "an array of names, [\"a\", \"b\"]");
        return {};
    }
    std::vector<Name> names;
    std::set<std::string> seen;
    for (const toml::node& element : *array) {
        const auto text = element.value_exact<std::string>();
        if (!text)
            faults_->add(position(element), fmt::format("an element of '{}' is {}; expected a name in quotes",
                                                        key, called(element)));
        else if (!seen.insert(*text).second)
            faults_->add(position(element),
                         fmt::format("'{}' names {} twice; once is enough", key, shown(*text)));
        else names.push_back({*text, position(element)});
    }
    if (array->empty()) fault(key, fmt::format("'{}' is empty; expected at least one name", key));
    return names;
}

const toml::table* Keys::table(std::string_view key) {
    const auto* found = node(key);
    if (!found) return nullptr;
    if (!found->is_table()) wrong_type(key, *found, "a table");
    return found->as_table();
}

std::vector<const toml::table*> Keys::tables(std::string_view key) {
    const auto* found = node(key);
    if (!found) return {};
    const auto* array = found->as_array();
    std::vector<const toml::table*> elements;
    if (!array) {
        faults_->add(position(*found),
                     fmt::format("'{}' is {}; expected [[{}]], one for each", key, called(*found), key));
        return elements;
    }
    for (const toml::node& element : *array) {
        if (element.is_table()) elements.push_back(element.as_table());
        else
            faults_->add(position(element),
                         fmt::format("an element of '{}' is {}; expected a table", key, called(element)));
    }
    return elements;
}

std::string Keys::reference(std::string_view key, std::string_view kind,
                            const std::vector<std::string>& known) {
    const auto name = text(key);
    if (!name) return "";
    if (std::ranges::find(known, *name) != known.end()) return *name;
    dangling(key, {*name, at(key)}, kind, known);
    return "";
}

void Keys::dangling(std::string_view key, const Name& name, std::string_view kind,
                    const std::vector<std::string>& known) const {
    const std::string near = nearest(name.text, known);
    const std::string meant = !near.empty()   ? fmt::format("did you mean \"{}\"?", near)
                              : known.empty() ? "there is none in this file"
                                              : "known: " + listed(known);
    faults_->add(name.at, fmt::format("'{}' names the {} {}, which is not in this file; {}", key, kind,
                                      shown(name.text), meant));
}

void Keys::refuse(std::string_view key, std::string_view why) {
    refused_.emplace_back(key);
    if (table_->contains(key)) fault(key, fmt::format("'{}' is not allowed here; {}", key, why));
}

void Keys::finish() {
    for (const auto& [key, value] : *table_) {
        const std::string_view name = key.str();
        if (std::ranges::find(known_, name) != known_.end()) continue;
        if (std::ranges::find(refused_, name) != refused_.end()) continue;
        const Position at = position(key.source());
        if (secret_like(name)) {
            faults_->add(at, fmt::format("'{}' would put a secret into this file and its journal; keep it in "
                                         "a file or in the environment "
                                         "and name that: {}_file = \"PATH\" or \"env:NAME\"",
                                         name, name.starts_with("user") ? "user" : "password"));
            continue;
        }
        const std::string near = nearest(name, known_);
        const std::string meant =
            near.empty() ? "known: " + listed(known_) : fmt::format("did you mean '{}'?", near);
        faults_->add(at, fmt::format("unknown key {} in {}; {}", shown(name), what_, meant));
    }
}

}  // namespace ballast::config
