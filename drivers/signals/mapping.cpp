#include "drivers/signals/mapping.hpp"

#include "wire/decimal.hpp"
#include "wire/json_tree.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace ballast::drivers {

using wire::JsonNode;
using Kind = JsonNode::Kind;

namespace {

tl::unexpected<Error> bad(std::string detail) { return fail(Errc::malformed, std::move(detail)); }

/// What holds until it is said anew, without a start or an end.
bool is_level(SignalKind kind) { return kind == SignalKind::hashprice || kind == SignalKind::temperature || kind == SignalKind::heat; }

bool is_obligation(SignalKind kind) { return kind == SignalKind::dispatch || kind == SignalKind::emergency; }

std::string shown(std::string_view pointer) {
    return pointer.empty() ? "the payload" : fmt::format("\"{}\"", wire::printable(pointer, 48));
}

/// A scalar as text, so that a config can name it. Lists and objects have none.
std::optional<std::string> scalar_text(const JsonNode& node) {
    switch (node.kind) {
    case Kind::null: return "null";
    case Kind::boolean: return node.boolean ? "true" : "false";
    case Kind::number:
    case Kind::string: return node.text;
    case Kind::array:
    case Kind::object: break;
    }
    return {};
}

/// The same text, or the same number: 0, 0.0 and -0 are one.
bool means(const JsonNode* node, std::string_view expected) {
    if (!node) return false;
    const auto text = scalar_text(*node);
    if (!text) return false;
    constexpr std::int64_t most = 1'000'000'000'000'000'000;
    const auto number = wire::scaled(*text, 1'000'000, most);
    const auto wanted = wire::scaled(expected, 1'000'000, most);
    return *text == expected || (number && wanted && *number == *wanted);
}

/// true, a number but 0, a text but "".
bool is_truthy(const JsonNode* node) {
    if (!node) return false;
    if (node->kind == Kind::boolean) return node->boolean;
    if (node->kind == Kind::number) return !means(node, "0");
    if (node->kind != Kind::string) return false;
    // Load rises by it: a word that means no is none.
    std::string word;
    for (const char c : node->text)
        if (const auto byte = static_cast<unsigned char>(c); std::isspace(byte) == 0) word += static_cast<char>(std::tolower(byte));
    constexpr std::array<std::string_view, 9> no{"false", "no", "n", "f", "off", "null", "none", "inactive", "0"};
    const bool zero = !word.empty() && word.find_first_not_of("0.+-") == word.npos;
    return !word.empty() && !zero && std::ranges::find(no, word) == no.end();
}

bool releases(const JsonNode& root, const Mapping& mapping) {
    if (!mapping.release) return false;
    const JsonNode* node = wire::resolve(root, *mapping.release);
    return mapping.release_when ? means(node, *mapping.release_when) : is_truthy(node);
}

/// Reads one payload by one mapping.
class Mapped {
public:
    Mapped(const JsonNode& root, const Mapping& mapping, const wire::SignalRules& rules)
        : root_{root}, mapping_{mapping}, rules_{rules} {}

    /// The text of a number or a string.
    Result<std::string> text(std::string_view pointer) const {
        const JsonNode* node = wire::resolve(root_, pointer);
        if (!node) return bad(fmt::format("{} is not there", shown(pointer)));
        if (node->kind != Kind::number && node->kind != Kind::string)
            return bad(fmt::format("{} is {}; a number is needed", shown(pointer), wire::name(node->kind)));
        return node->text;
    }

    Result<Instant> time(std::string_view pointer) const {
        const auto found = text(pointer);
        if (!found) return tl::unexpected{found.error()};
        const std::string part = wire::printable(*found, 40);
        if (mapping_.time_format == TimeFormat::rfc3339) {
            const auto at = wire::parse_rfc3339(*found);
            if (!at) return bad(fmt::format("{} \"{}\" {}", shown(pointer), part, at.error()));
            return *at;
        }
        constexpr std::int64_t end_of_2199_ms = 7'258'118'400'000;
        const bool seconds = mapping_.time_format == TimeFormat::unix_s;
        const auto ms = wire::scaled(*found, seconds ? 1'000 : 1, end_of_2199_ms);
        if (!ms || *ms < 0)
            return bad(fmt::format("{} {} is not unix time in {}", shown(pointer), part,
                                   seconds ? "seconds" : "milliseconds"));
        return Instant{Duration{*ms}};
    }

    /// Nothing is mapped there, or the payload leaves it out or null.
    bool lacks(const std::optional<std::string>& pointer) const {
        if (!pointer) return true;
        const JsonNode* node = wire::resolve(root_, *pointer);
        return !node || node->kind == Kind::null;
    }

    Result<Signal> times(Signal signal) const {
        if (const bool price = signal.kind == SignalKind::price;
            mapping_.start && (price || !lacks(mapping_.start))) {
            const auto at = time(*mapping_.start);
            if (!at) return tl::unexpected{at.error()};
            signal.start = *at;
        } else {
            const bool aligned = price && mapping_.interval.count() > 0;
            const Duration past =
                aligned ? signal.issued.time_since_epoch() % mapping_.interval : Duration{0};
            signal.start = signal.issued - past;
        }
        if (!lacks(mapping_.end)) {
            const auto at = time(*mapping_.end);
            if (!at) return tl::unexpected{at.error()};
            signal.end = *at;
        } else if (mapping_.interval.count() > 0) {
            signal.end = signal.start + mapping_.interval;
        } else if (signal.kind == SignalKind::price || signal.kind == SignalKind::peak_forecast) {
            return bad(fmt::format("{} is not there", shown(*mapping_.end)));
        }
        if (signal.end > signal.start) return signal;
        return bad(fmt::format("ends {}, not after its start {}", wire::rfc3339(signal.end),
                               wire::rfc3339(signal.start)));
    }

    Result<Signal> value(Signal signal) const {
        if (is_obligation(signal.kind) && mapping_.ask == Ask::full) {
            if (means(wire::resolve(root_, mapping_.value), mapping_.full_when)) return signal;
            return bad(fmt::format("{} does not say {}{}", shown(mapping_.value), mapping_.full_when,
                                   release_hint()));
        }
        const auto number = text(mapping_.value);
        if (!number) return tl::unexpected{number.error()};
        const std::string field = mapping_.value.empty() ? std::string{wire::name(signal.kind)}
                                                         : wire::printable(mapping_.value, 48);
        const auto count = wire::signal_amount(signal.kind, field, *number, mapping_.unit, rules_);
        if (!count) return tl::unexpected{count.error()};
        const bool in_watts = signal.kind == SignalKind::heat || signal.kind == SignalKind::system_demand;
        if (is_obligation(signal.kind) || in_watts) signal.power = Power{*count};
        else if (signal.kind == SignalKind::temperature) signal.temperature = Temperature{*count};
        else if (signal.kind == SignalKind::peak_forecast) signal.chance_ppm = *count;
        else signal.price = Price{*count};
        return signal;
    }

private:
    std::string release_hint() const {
        if (!mapping_.release) return {};
        const std::string word = mapping_.release_when.value_or("that it is over");
        return fmt::format(", nor does {} say {}", shown(*mapping_.release), word);
    }

    const JsonNode& root_;
    const Mapping& mapping_;
    const wire::SignalRules& rules_;
};

/// JSON; or, where the whole payload is the value, a bare word.
Result<JsonNode> read_payload(std::string_view payload, const Mapping& mapping,
                              const wire::SignalRules& rules) {
    if (payload.size() > rules.most_bytes)
        return fail(Errc::oversized,
                    fmt::format("{} bytes, at most {} are taken", payload.size(), rules.most_bytes));
    auto root = wire::parse_json(payload, rules.most_depth);
    constexpr std::size_t longest_word = 64;
    if (root || !mapping.value.empty() || payload.empty() || payload.size() > longest_word ||
        !wire::is_printable(payload))
        return root;
    JsonNode word;
    word.kind = Kind::string;
    word.text = payload;
    return word;
}

Result<std::string> id_of(const Mapped& in, const Mapping& mapping, std::string_view name) {
    // A forecast without a name of its own replaces the one before.
    if (!mapping.id) return is_obligation(mapping.kind) || mapping.kind == SignalKind::peak_forecast ? std::string{name} : std::string{};
    const auto found = in.text(*mapping.id);
    if (!found) return tl::unexpected{found.error()};
    return wire::signal_id(*found);
}

}  // namespace

Result<Signal> parse_mapped(std::string_view payload, const Mapping& mapping, const wire::SignalRules& rules,
                            Instant received, std::string_view name) {
    const auto root = read_payload(payload, mapping, rules);
    if (!root) return tl::unexpected{root.error()};
    const Mapped in{*root, mapping, rules};
    Signal signal;
    signal.source = rules.source;
    signal.kind = mapping.kind;
    signal.ask = mapping.ask;
    auto issued = mapping.issued ? in.time(*mapping.issued) : Result<Instant>{received};
    if (!issued) return tl::unexpected{issued.error()};
    signal.issued = signal.start = *issued;
    auto id = id_of(in, mapping, name);
    if (!id) return tl::unexpected{id.error()};
    signal.id = std::move(*id);
    if (releases(*root, mapping)) {
        signal.kind = SignalKind::release;
        signal.ask = Ask::full;
        return signal;
    }
    if (is_level(mapping.kind)) return in.value(std::move(signal));
    auto timed = in.times(std::move(signal));
    return timed ? in.value(std::move(*timed)) : timed;
}

std::vector<std::string> faults(const Mapping& mapping) {
    std::vector<std::string> found;
    const auto check = [&found](std::string_view key, const std::optional<std::string>& pointer) {
        if (pointer && !wire::is_json_pointer(*pointer))
            found.push_back(fmt::format(
                "{} = \"{}\" is no JSON pointer: it begins with / (or is empty), and ~ is written ~0", key,
                *pointer));
    };
    check("value", mapping.value);
    check("issued", mapping.issued);
    check("start", mapping.start);
    check("end", mapping.end);
    check("id", mapping.id);
    check("release", mapping.release);
    const bool obligation = is_obligation(mapping.kind);
    const bool number = !obligation || mapping.ask != Ask::full;
    if (mapping.kind == SignalKind::release)
        found.emplace_back(
            "kind: a mapping is of price, hashprice, temperature, heat, dispatch, emergency, system_demand or peak_forecast; its release says when it ends");
    else if (number && !wire::signal_unit(mapping.kind, mapping.unit))
        found.push_back(
            fmt::format("unit = \"{}\" is not a unit of {}", mapping.unit, wire::name(mapping.kind)));
    if (mapping.interval.count() < 0) found.emplace_back("interval_s is negative");
    if (mapping.kind == SignalKind::peak_forecast && mapping.interval.count() == 0 && !mapping.end)
        found.emplace_back("a forecast needs interval_s or end: without one nobody knows how long its window is");
    if (mapping.kind == SignalKind::price && mapping.interval.count() == 0 && !mapping.end)
        found.emplace_back("a price needs interval_s or end: without one nobody knows how long it holds");
    if (mapping.release && !obligation)
        found.emplace_back("release: only a dispatch or an emergency is released");
    // A redelivered message would freeze a new reference each time, ever lower.
    if (obligation && mapping.ask == Ask::relative && !mapping.issued)
        found.emplace_back("issued: a relative reduction needs the time it was issued, for its reference");
    return found;
}

bool topic_matches(std::string_view filter, std::string_view topic) {
    if (topic.starts_with('$') && !filter.starts_with('$')) return false;
    for (;;) {
        if (filter == "#") return true;
        const std::size_t filter_end = std::min(filter.find('/'), filter.size());
        const std::size_t topic_end = std::min(topic.find('/'), topic.size());
        const std::string_view level = filter.substr(0, filter_end);
        if (level != "+" && level != topic.substr(0, topic_end)) return false;
        const bool filter_more = filter_end < filter.size();
        const bool topic_more = topic_end < topic.size();
        if (!topic_more) return !filter_more || filter.substr(filter_end) == "/#";
        if (!filter_more) return false;
        filter.remove_prefix(filter_end + 1);
        topic.remove_prefix(topic_end + 1);
    }
}

std::string filter_fault(std::string_view filter) {
    constexpr std::size_t longest = 65'535;
    if (filter.empty()) return "is empty";
    if (filter.size() > longest) return "is longer than MQTT allows";
    if (!wire::is_printable(filter)) return "has characters that cannot be printed";
    if (filter.starts_with("$share/"))
        return "is a shared subscription: each message would reach only one of those who share it";
    for (std::size_t i = 0; i < filter.size(); ++i) {
        const bool alone =
            (i == 0 || filter[i - 1] == '/') && (i + 1 == filter.size() || filter[i + 1] == '/');
        if (filter[i] == '+' && !alone) return "has a + that is not a level of its own";
        if (filter[i] == '#' && (!alone || i + 1 != filter.size()))
            return "has a # that is not its last level";
    }
    return {};
}

}  // namespace ballast::drivers
