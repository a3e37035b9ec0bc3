#include "tests/fuzz/reply.hpp"
#include "wire/decimal.hpp"
#include "wire/json_tree.hpp"
#include "wire/loose_json.hpp"
#include "wire/plain_json.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;
using wire::JsonNode;
namespace json = boost::json;

namespace {

constexpr std::size_t deepest = 32;

std::size_t depth(const JsonNode& node) {
    std::size_t most = 0;
    for (const JsonNode& item : node.items) most = std::max(most, depth(item));
    return most + (node.kind == JsonNode::Kind::array || node.kind == JsonNode::Kind::object ? 1 : 0);
}

void check_node(const JsonNode& node) {
    PROMISE(node.kind == JsonNode::Kind::object ? node.keys.size() == node.items.size() : node.keys.empty());
    std::vector<std::string> keys = node.keys;
    std::ranges::sort(keys);
    PROMISE(std::ranges::adjacent_find(keys) == keys.end());
    if (node.kind == JsonNode::Kind::number)
        for (const std::int64_t factor : {std::int64_t{1}, std::int64_t{1'000'000}, std::int64_t{1'000'000'000'000'000'000}}) {
            const auto count = wire::scaled(node.text, factor, 4'000'000'000);
            PROMISE(count ? *count >= -4'000'000'000 && *count <= 4'000'000'000 : count.error() == wire::DecimalFault::out_of_range);
        }
    for (const JsonNode& item : node.items) check_node(item);
}

void check_tree(std::string_view bytes) {
    const auto tree = wire::parse_json(bytes, deepest);
    if (!tree) {
        PROMISE(tree.error().code == Errc::malformed && shown_well(tree.error(), 200));
        return;
    }
    check_node(*tree);
    PROMISE(depth(*tree) <= deepest);
    const std::string written = wire::json_text(*tree);
    const auto again = wire::parse_json(written, deepest);
    PROMISE(again && wire::json_text(*again) == written && depth(*again) == depth(*tree));
    PROMISE(wire::resolve(*tree, "") == &*tree);
    for (const std::string_view pointer : {"/", "/a/0/b", "/~0/~1"}) wire::resolve(*tree, pointer);
}

/// Each member, read in every way that firmware's may be.
void check_members(const json::object& in) {
    for (const auto& [name, value] : in) {
        const std::string_view key{name};
        if (const auto number = wire::loose::number(in, key)) PROMISE(std::isfinite(*number));
        if (const auto whole = wire::loose::whole(in, key)) PROMISE(*whole >= -(1LL << 53) && *whole <= 1LL << 53);
        wire::loose::truth(in, key);
        PROMISE(sane_power(wire::loose::watts(in, key)));
        for (const double factor : {1e-3, 1.0, 1e3}) PROMISE(sane_rate(wire::loose::gigahashes(in, key, factor)));
        if (const auto celsius = wire::loose::celsius(in, key)) PROMISE(celsius->count >= -60'000 && celsius->count <= 200'000);
        PROMISE(wire::loose::mentions(wire::loose::text(in, key), ""));
        if (const json::object* inner = wire::loose::object(&in, key)) check_members(*inner);
        if (const json::array* list = wire::loose::array(&in, key)) PROMISE(list == &value.as_array());
    }
}

/// Shown to people: still JSON, and no number with an exponent.
void check_plain(const json::value& value) {
    json::error_code fault;
    json::parse(wire::plain_json(value), fault);
    PROMISE(!fault);
}

}  // namespace

FUZZ_TARGET(json) {
    if (bytes.size() > 65'536) return;
    check_tree(bytes);
    json::error_code fault;
    const json::value value = json::parse({bytes.data(), bytes.size()}, fault);
    if (!fault) check_plain(value);
    if (!fault && value.is_object()) check_members(value.get_object());

    const std::string quoted = wire::json_quoted(bytes);
    PROMISE(wire::is_printable(quoted) && wire::parse_json(quoted, 1));
    for (const std::size_t most : {0u, 2u, 3u, 60u}) PROMISE(shown_well(wire::printable(bytes, most), most));
    if (wire::is_json_pointer(bytes))
        if (const auto some = wire::parse_json(R"({"":[1,{"a":2}],"a":{"~":[]}})", 8)) wire::resolve(*some, bytes);
}
