#include "wire/braiins.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::wire::braiins {
namespace {

namespace json = boost::json;

constexpr std::size_t most_token_bytes = 1'024, most_pools = 256, most_error_bytes = 120;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// The parser's own words would quote what came.
Result<cgminer::Reply> parsed(cgminer::Parser& parser, std::string_view body, std::string_view page) {
    auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, fmt::format("{}: {}", page, reply.error().code == Errc::oversized ? "too long" : "no JSON object"));
    return reply;
}

std::optional<std::chrono::seconds> seconds(const json::object& in, std::string_view key) {
    const auto count = loose::whole(in, key);
    if (!count || *count < 0) return {};
    return std::chrono::seconds{*count};
}

/// `{"gigahash_per_second": ...}` under `key`.
std::optional<double> rate(const json::object* in, std::string_view key) {
    const json::object* said = loose::object(in, key);
    return said ? loose::gigahashes(*said, "gigahash_per_second", 1) : std::nullopt;
}

Status status_of(std::int64_t number) { return number >= 1 && number <= 5 ? static_cast<Status>(number) : Status::other; }

bool is_token(std::string_view text) {
    const auto visible = [](char c) { return c > ' ' && c <= '~'; };
    return !text.empty() && text.size() <= most_token_bytes && std::ranges::all_of(text, visible);
}

}  // namespace

std::string login_body(std::string_view user, std::string_view password) {
    return fmt::format(R"({{"username":{},"password":{}}})", json::serialize(json::string{user}), json::serialize(json::string{password}));
}

Result<Login> parse_login(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "auth/login");
    if (!reply) return tl::unexpected{reply.error()};
    const std::string_view token = loose::text(*reply->body, "token");
    // One that was cut off would be sent, and denied, for ever.
    if (reply->repaired || !is_token(token)) return fail(Errc::malformed, "auth/login: no usable token");
    return Login{std::string{token}, seconds(*reply->body, "timeout_s")};
}

Result<Details> parse_details(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "miner/details");
    if (!reply) return tl::unexpected{reply.error()};
    const json::object& said = *reply->body;
    const auto status = loose::whole(said, "status");
    if (!status) return fail(Errc::malformed, "miner/details: no status");
    Details details;
    details.status = status_of(*status);
    details.mac = cgminer::mac_address(loose::text(said, "mac_address"));
    details.hostname = printable(loose::text(said, "hostname"), 64);
    details.uid = printable(loose::text(said, "uid"), 64);
    details.sticker_gigahashes = rate(&said, "sticker_hashrate");
    details.uptime = seconds(said, "bosminer_uptime_s");
    if (const json::object* identity = loose::object(&said, "miner_identity")) details.model = printable(loose::text(*identity, "miner_model"), 64);
    if (const json::object* version = loose::object(&said, "bos_version")) details.firmware = printable(loose::text(*version, "current"), 64);
    return details;
}

Result<Stats> parse_stats(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "miner/stats");
    if (!reply) return tl::unexpected{reply.error()};
    Stats stats;
    const json::object* mining = loose::object(reply->body, "miner_stats");
    const json::object* real = loose::object(mining, "real_hashrate");
    for (const std::string_view shortest : {"last_5s", "last_15s", "last_30s", "last_1m"})
        if (!stats.gigahashes) stats.gigahashes = rate(real, shortest);
    stats.mean_gigahashes = rate(real, "last_15m");
    stats.nominal_gigahashes = rate(mining, "nominal_hashrate");
    if (const json::object* power = loose::object(loose::object(reply->body, "power_stats"), "approximated_consumption"))
        stats.approximate_power = loose::watts(*power, "watt");
    if (!stats.gigahashes && !stats.approximate_power) return fail(Errc::malformed, "miner/stats: neither hashing nor power");
    return stats;
}

Result<std::vector<Pool>> parse_pools(cgminer::Parser& parser, std::string_view body) {
    if (body.size() > cgminer::most_bytes - 16) return fail(Errc::oversized, "pools: too long");
    // It is a list, of which the parser knows nothing.
    const auto reply = parsed(parser, fmt::format(R"({{"groups":{}}})", trimmed(body)), "pools");
    if (!reply) return tl::unexpected{reply.error()};
    const json::array* groups = loose::array(reply->body, "groups");
    if (!groups) return fail(Errc::malformed, "pools: no list");
    std::vector<Pool> pools;
    for (const json::value& group : *groups) {
        const json::array* listed = loose::array(group.if_object(), "pools");
        if (!listed) continue;
        for (const json::value& entry : *listed)
            if (const json::object* one = entry.if_object(); one && pools.size() < most_pools)
                pools.push_back({printable(loose::text(*one, "url"), 256), loose::truth(*one, "enabled").value_or(false), loose::truth(*one, "alive").value_or(false),
                                 loose::truth(*one, "active").value_or(false)});
    }
    return pools;
}

Result<std::optional<Power>> parse_power_target(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "configuration/miner");
    if (!reply) return tl::unexpected{reply.error()};
    const json::object* tuner = loose::object(reply->body, "tuner");
    if (!tuner) return fail(Errc::malformed, "configuration/miner: no tuner");
    const json::object* target = loose::object(tuner, "power_target");
    if (!target || loose::truth(*tuner, "enabled") == false) return std::optional<Power>{};
    return loose::watts(*target, "watt");
}

std::string power_target_body(Power target) { return fmt::format(R"({{"watt":{}}})", target.count); }

Result<Hashboards> parse_hashboards(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "hashboards");
    if (!reply) return tl::unexpected{reply.error()};
    const json::array* listed = loose::array(reply->body, "hashboards");
    if (!listed || reply->repaired) return fail(Errc::malformed, "hashboards: no list, or cut off");
    Hashboards boards;
    std::size_t hashing = 0, enabled = 0;
    for (const json::value& entry : *listed) {
        const json::object* board = entry.if_object();
        if (!board) continue;
        ++boards.count.listed;
        const bool on = loose::truth(*board, "enabled").value_or(true);
        enabled += on;
        hashing += on && rate(loose::object(loose::object(board, "stats"), "real_hashrate"), "last_5s").value_or(0) > 0;
        const json::object* chip = loose::object(loose::object(board, "highest_chip_temp"), "temperature");
        if (const auto told = chip ? loose::celsius(*chip, "degree_c") : std::nullopt; told && (!boards.chips || *told > *boards.chips)) boards.chips = told;
    }
    boards.count.alive = hashing > 0 ? hashing : enabled;
    return boards;
}

bool is_action_reply(std::string_view body) {
    body = trimmed(body);
    return body.empty() || body == "true" || body == "false" || body == "null" || body.front() == '{';
}

std::string error_text(cgminer::Parser& parser, std::string_view body) {
    body = trimmed(body);
    if (body.empty() || body.front() == '<') return {};  // A page.
    if (body.front() != '{') return printable(body.substr(0, body.find_first_of("\r\n")), most_error_bytes);
    const auto reply = parser.parse(body);
    if (!reply) return {};
    const json::object* said = reply->body;
    if (const json::object* inner = loose::object(said, "error")) said = inner;
    for (const std::string_view key : {"message", "error", "detail", "reason", "description"})
        if (const std::string_view words = loose::text(*said, key); !words.empty()) return printable(words, most_error_bytes);
    return {};
}

bool paused_or_resumed(const cgminer::Reply& reply) {
    return !reply.status.failed() && reply.body && (reply.body->contains("PAUSE") || reply.body->contains("RESUME"));
}

std::optional<Power> tuner_power(const cgminer::Reply& reply) {
    const json::object* said = loose::object(reply.body, "TUNERSTATUS");
    return said ? loose::watts(*said, "ApproximateMinerPowerConsumption") : std::nullopt;
}

}  // namespace ballast::wire::braiins
