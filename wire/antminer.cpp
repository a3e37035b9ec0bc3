#include "wire/antminer.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ballast::wire::antminer {
namespace {

using Kind = JsonNode::Kind;

constexpr std::size_t deepest = 32;
constexpr std::string_view mode_read = "bitmain-work-mode", mode_written = "miner-mode";
constexpr std::string_view level_read = "bitmain-freq-level", level_written = "freq-level";

/// What every config has that was seen described; a firmware not yet up leaves them out or says null.
constexpr std::array<std::string_view, 2> always_there{"bitmain-fan-ctrl", "bitmain-fan-pwm"};

std::optional<WorkMode> mode_of(const JsonNode* said) {
    if (!said || (said->kind != Kind::string && said->kind != Kind::number)) return {};
    int number = -1;
    const char* last = said->text.data() + said->text.size();
    const auto [end, fault] = std::from_chars(said->text.data(), last, number);
    if (fault != std::errc{} || end != last || number < 0 || number > 3) return {};
    return static_cast<WorkMode>(number);
}

std::optional<WorkMode> mode_in(const JsonNode& conf) {
    const JsonNode* read = conf.find(mode_read);
    const JsonNode* written = conf.find(mode_written);
    if (!read || !written) return mode_of(read ? read : written);
    const auto mode = mode_of(read);
    return mode == mode_of(written) ? mode : std::nullopt;
}

/// "null" and "ERR" are what the firmware's scripts leave where they found nothing.
bool has_url(const JsonNode& pool) {
    const JsonNode* url = pool.find("url");
    if (!url || url->kind != Kind::string || url->text == "null" || url->text == "ERR") return false;
    return url->text.find_first_not_of(" \t\r\n") != std::string::npos;
}

std::size_t pools_in(const JsonNode& conf) {
    const JsonNode* pools = conf.find("pools");
    if (!pools || pools->kind != Kind::array) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(pools->items, has_url));
}

std::string unfit_pools(const JsonNode& conf) {
    const JsonNode* pools = conf.find("pools");
    if (!pools) return "it has no pools";
    if (pools->kind != Kind::array) return fmt::format("its pools are {}, not a list", name(pools->kind));
    for (std::size_t i = 0; i < pools->items.size(); ++i)
        for (const std::string_view key : {"url", "user", "pass"})
            if (const JsonNode* found = pools->items[i].find(key); !found || found->kind != Kind::string)
                return fmt::format("pool {} has no {}", i + 1, key);
    return pools_in(conf) == 0 ? "none of its pools has a URL" : "";
}

bool has_blank(const JsonNode& node) {
    if (node.kind == Kind::string && node.text.find(' ') != std::string::npos) return true;
    return std::ranges::any_of(node.items, has_blank);
}

/// Why `conf` is not a whole config, or none to be sent; empty if it may be.
std::string unfitness(const JsonNode& conf) {
    if (std::string pools = unfit_pools(conf); !pools.empty()) return pools;
    for (const std::string_view key : always_there)
        if (const JsonNode* found = conf.find(key); !found || found->kind == Kind::null)
            return fmt::format("it has no {}", key);
    for (std::size_t i = 0; i < conf.items.size(); ++i)
        if (has_blank(conf.items[i]))
            return fmt::format("there is a blank in its {}", printable(conf.keys[i], 32));
    bool has_mode = false;
    for (const std::string_view key : {mode_read, mode_written})
        if (const JsonNode* found = conf.find(key)) {
            has_mode = true;
            if (found->kind != Kind::string && found->kind != Kind::number)
                return fmt::format("its {} is {}", key, name(found->kind));
        }
    return has_mode ? "" : fmt::format("it has no {}", mode_read);
}

/// What is no clean JSON, for reading only: mended, or with a key twice, of which the last counts.
Result<JsonNode> mended(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "get_miner_conf.cgi: no JSON object");
    auto read = parse_json(cgminer::json::serialize(*reply->body), deepest + 2);
    if (!read) return fail(Errc::malformed, "get_miner_conf.cgi: " + read.error().detail);
    return read;
}

void set(JsonNode& object, std::string_view key, JsonNode value) {
    const auto at = std::ranges::find(object.keys, key);
    if (at != object.keys.end()) {
        object.items[static_cast<std::size_t>(at - object.keys.begin())] = std::move(value);
        return;
    }
    object.keys.emplace_back(key);
    object.items.push_back(std::move(value));
}

JsonNode written(WorkMode mode, Kind kind) {
    JsonNode node;
    node.kind = kind;
    node.text = std::to_string(static_cast<int>(mode));
    return node;
}

Kind kind_for(const JsonNode& conf, ModeType type) {
    if (type != ModeType::as_read) return type == ModeType::string ? Kind::string : Kind::number;
    const JsonNode* own = conf.find(mode_written);
    return own ? own->kind : Kind::number;
}

}  // namespace

std::string_view name(WorkMode mode) {
    constexpr std::string_view names[] = {"normal", "sleep", "high", "low"};
    return names[static_cast<std::size_t>(mode)];
}

Result<MinerConf> parse_conf(cgminer::Parser& parser, std::string_view body) {
    if (body.size() > cgminer::most_bytes)
        return fail(Errc::oversized,
                    fmt::format("get_miner_conf.cgi: more than {} bytes", cgminer::most_bytes));
    auto clean = parse_json(body, deepest);
    if (clean && clean->kind != Kind::object)
        return fail(Errc::malformed, fmt::format("get_miner_conf.cgi: {}, not an object", name(clean->kind)));
    MinerConf conf;
    if (clean) {
        conf.whole = std::move(*clean);
        conf.mode = mode_in(conf.whole);
        conf.pools = pools_in(conf.whole);
        conf.unfit = unfitness(conf.whole);
        return conf;
    }
    const auto read = mended(parser, body);
    if (!read) return tl::unexpected{read.error()};
    conf.mode = mode_in(*read);
    conf.pools = pools_in(*read);
    conf.unfit = fmt::format("it had to be repaired ({})", clean.error().detail);
    return conf;
}

Result<std::string> with_mode(const MinerConf& conf, WorkMode mode, ModeType type) {
    // Both are open to everybody, so the config itself is looked at again.
    std::string unfit = conf.unfit;
    if (unfit.empty()) unfit = unfitness(conf.whole);
    if (!unfit.empty()) return fail(Errc::refused, fmt::format("the config is not written back: {}", unfit));
    JsonNode changed = conf.whole;
    const Kind kind = kind_for(conf.whole, type);
    if (const JsonNode* read = conf.whole.find(mode_read)) set(changed, mode_read, written(mode, read->kind));
    set(changed, mode_written, written(mode, kind));
    if (const JsonNode* level = conf.whole.find(level_read);
        level && level->kind != Kind::null && !conf.whole.find(level_written))
        set(changed, level_written, *level);
    return json_text(changed);
}

Result<void> parse_set_reply(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "set_miner_conf.cgi: " + reply.error().detail);
    const std::string_view code = loose::text(*reply->body, "code");
    if (reply->repaired || code.empty())
        return fail(Errc::malformed, "set_miner_conf.cgi: a reply without a code, or cut off");
    if (code == "M000" && loose::text(*reply->body, "stats") == "success") return {};
    return fail(Errc::refused, fmt::format("set_miner_conf.cgi: {} {}", printable(code, 16),
                                           printable(loose::text(*reply->body, "msg"), 120)));
}

}  // namespace ballast::wire::antminer
