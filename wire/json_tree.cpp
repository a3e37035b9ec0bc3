#include "wire/json_tree.hpp"

#include "wire/printable.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace ballast::wire {

namespace {

namespace json = boost::json;

/// What the parser of Boost.JSON calls. Its own values would turn numbers into floats.
class Builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    using Code = boost::system::error_code;
    using View = json::string_view;
    using Kind = JsonNode::Kind;

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) { return open(Kind::object); }
    bool on_array_begin(Code&) { return open(Kind::array); }
    bool on_object_end(std::size_t, Code& code) {
        if (repeats_a_key(open_.back())) code = json::make_error_code(json::error::syntax);
        return !code && close();
    }
    bool on_array_end(std::size_t, Code&) { return close(); }
    bool on_key_part(View part, std::size_t, Code&) { return append(key_, part); }
    bool on_key(View part, std::size_t, Code&) {
        append(key_, part);
        open_.back().keys.push_back(std::exchange(key_, {}));
        return true;
    }
    bool on_string_part(View part, std::size_t, Code&) { return append(text_, part); }
    bool on_string(View part, std::size_t, Code&) { return append(text_, part) && scalar(Kind::string); }
    bool on_number_part(View part, Code&) { return append(text_, part); }
    bool on_int64(std::int64_t, View part, Code&) { return append(text_, part) && scalar(Kind::number); }
    bool on_uint64(std::uint64_t, View part, Code&) { return append(text_, part) && scalar(Kind::number); }
    bool on_double(double, View part, Code&) { return append(text_, part) && scalar(Kind::number); }
    bool on_bool(bool value, Code&) { return scalar(Kind::boolean, value); }
    bool on_null(Code&) { return scalar(Kind::null); }
    bool on_comment_part(View, Code&) { return true; }
    bool on_comment(View, Code&) { return true; }

    JsonNode root;
    std::optional<std::string> twice;  ///< The key that an object had twice.

private:
    static bool append(std::string& to, View part) {
        to.append(part.data(), part.size());
        return true;
    }

    bool open(Kind kind) {
        JsonNode node;
        node.kind = kind;
        open_.push_back(std::move(node));
        return true;
    }

    bool close() {
        JsonNode done = std::move(open_.back());
        open_.pop_back();
        return add(std::move(done));
    }

    bool scalar(Kind kind, bool value = false) {
        JsonNode node;
        node.kind = kind;
        node.boolean = value;
        node.text = std::exchange(text_, {});
        return add(std::move(node));
    }

    bool add(JsonNode node) {
        if (open_.empty()) root = std::move(node);
        else open_.back().items.push_back(std::move(node));
        return true;
    }

    bool repeats_a_key(const JsonNode& object) {
        std::vector<std::string_view> sorted{object.keys.begin(), object.keys.end()};
        std::ranges::sort(sorted);
        const auto found = std::ranges::adjacent_find(sorted);
        if (found == sorted.end()) return false;
        twice = std::string{*found};
        return true;
    }

    std::vector<JsonNode> open_;
    std::string key_, text_;
};

/// Everything as it is, but for what JSON wants escaped.
void write_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < ' ') out += fmt::format("\\u{:04x}", static_cast<int>(c));
        else out += c;
    }
    out += '"';
}

void write(std::string& out, const JsonNode& node) {
    using Kind = JsonNode::Kind;
    switch (node.kind) {
    case Kind::null: out += "null"; return;
    case Kind::boolean: out += node.boolean ? "true" : "false"; return;
    case Kind::number: out += node.text; return;
    case Kind::string: write_string(out, node.text); return;
    case Kind::array:
    case Kind::object: break;
    }
    const bool object = node.kind == Kind::object;
    out += object ? '{' : '[';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ',';
        if (object) {
            write_string(out, node.keys[i]);
            out += ':';
        }
        write(out, node.items[i]);
    }
    out += object ? '}' : ']';
}

/// One step of a pointer against one of an object's keys or an array's positions.
std::string unescaped(std::string_view step) {
    std::string plain;
    for (std::size_t i = 0; i < step.size(); ++i) {
        const bool escape = step[i] == '~' && i + 1 < step.size();
        plain += !escape ? step[i] : step[++i] == '1' ? '/' : '~';
    }
    return plain;
}

const JsonNode* element(const JsonNode& array, std::string_view step) {
    std::size_t at = 0;
    const auto [end, fault] = std::from_chars(step.data(), step.data() + step.size(), at);
    const bool whole =
        fault == std::errc{} && end == step.data() + step.size() && (step.size() == 1 || step[0] != '0');
    return whole && at < array.items.size() ? &array.items[at] : nullptr;
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view key) const {
    const auto at = std::ranges::find(keys, key);
    return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

std::string_view name(JsonNode::Kind kind) {
    constexpr std::string_view names[] = {"null",     "true or false", "a number",
                                          "a string", "a list",        "an object"};
    return names[static_cast<std::size_t>(kind)];
}

Result<JsonNode> parse_json(std::string_view text, std::size_t most_depth) {
    if (text.empty()) return fail(Errc::malformed, "empty payload");
    json::parse_options options;
    options.max_depth = most_depth;
    json::basic_parser<Builder> parser{options};
    boost::system::error_code code;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
    if (const auto& twice = parser.handler().twice)
        return fail(Errc::malformed, fmt::format("\"{}\" is there twice", printable(*twice, 32)));
    if (code == json::error::too_deep)
        return fail(Errc::malformed,
                    fmt::format("nested deeper than {} levels at byte {}", most_depth, read));
    if (code == json::error::incomplete)
        return fail(Errc::malformed, fmt::format("not JSON: ends early, after byte {}", read));
    if (code) return fail(Errc::malformed, fmt::format("not JSON: {} at byte {}", code.message(), read));
    if (read < text.size())
        return fail(Errc::malformed, fmt::format("not JSON: more follows at byte {}", read));
    return std::move(parser.handler().root);
}

std::string json_text(const JsonNode& node) {
    std::string out;
    write(out, node);
    return out;
}

const JsonNode* resolve(const JsonNode& root, std::string_view pointer) {
    const JsonNode* node = &root;
    while (node && !pointer.empty()) {
        pointer.remove_prefix(1);  // The slash.
        const std::string_view step = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(step.size());
        if (node->kind == JsonNode::Kind::object) node = node->find(unescaped(step));
        else if (node->kind == JsonNode::Kind::array) node = element(*node, step);
        else node = nullptr;
    }
    return node;
}

std::string json_quoted(std::string_view text) {
    std::string json = "\"";
    for (const char c : printable(text, std::numeric_limits<std::size_t>::max())) {
        if (c == '"' || c == '\\') json += '\\';
        json += c;
    }
    return json + '"';
}

bool is_json_pointer(std::string_view pointer) {
    if (!pointer.empty() && pointer.front() != '/') return false;
    for (std::size_t i = 0; i < pointer.size(); ++i)
        if (pointer[i] == '~' &&
            (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
            return false;
    return true;
}

}  // namespace ballast::wire
