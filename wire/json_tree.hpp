#pragma once
#include "model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::wire {

/// A JSON value that keeps its numbers as they were written, so that 45.12 stays 45.12.
struct JsonNode {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
    Kind kind = Kind::null;
    bool boolean = false;
    std::string text;               ///< A number as written; a string's characters.
    std::vector<std::string> keys;  ///< Of an object, one for each of `items`; no two alike.
    std::vector<JsonNode> items;    ///< Of an array or an object, in their order.

    const JsonNode* find(std::string_view key) const;
};

/// "a number", "a string", ... for messages.
std::string_view name(JsonNode::Kind kind);

/// All of `text` (RFC 8259: valid UTF-8, no comments, no NaN, no trailing comma) with at most `most_depth` brackets
/// open at once and no key twice in an object. The error is malformed and says at which byte.
Result<JsonNode> parse_json(std::string_view text, std::size_t most_depth);

/// The same value as JSON without blanks or newlines: keys in their order, numbers as they were written, every string
/// unchanged. `parse_json` reads it back equal.
std::string json_text(const JsonNode& node);

/// What a JSON pointer (RFC 6901) leads to: "" is the whole, "/a/0/b" a member of an element. Null: nothing there.
const JsonNode* resolve(const JsonNode& root, std::string_view pointer);

/// A JSON string of what of `text` can be shown.
std::string json_quoted(std::string_view text);

/// The pointer is one: empty, or begins with '/', and '~' is only "~0" or "~1".
bool is_json_pointer(std::string_view pointer);

}  // namespace ballast::wire
