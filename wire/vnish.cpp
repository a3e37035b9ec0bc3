#include "wire/vnish.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <algorithm>

namespace ballast::wire::vnish {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_token = 256;

template <class Number>
std::optional<Number> greater(std::optional<Number> a, std::optional<Number> b) {
    return a && b ? std::max(*a, *b) : a ? a : b;
}

std::optional<Count> boards_in(const json::object& miner) {
    const json::array* chains = loose::array(&miner, "chains");
    if (!chains) return {};
    Count count;
    for (const json::value& value : *chains)
        if (const json::object* chain = value.if_object()) {
            ++count.listed;
            count.alive += loose::number(*chain, "hashrate_rt").value_or(0) > 0;
        }
    if (count.alive == 0) count.alive = count.listed;
    return count;
}

std::optional<Count> pools_in(const json::object& miner) {
    const json::array* pools = loose::array(&miner, "pools");
    if (!pools) return {};
    Count count;
    for (const json::value& value : *pools) {
        const json::object* pool = value.if_object();
        if (!pool || loose::same(loose::text(*pool, "pool_type"), "DevFee")) continue;
        const auto status = loose::text(*pool, "status");
        ++count.listed;
        count.alive += loose::same(status, "active") || loose::same(status, "working");
    }
    return count;
}

}  // namespace

std::string unlock_order(std::string_view password) { return json::serialize(json::object{{"pw", json::string{password}}}); }

std::string throttle_order(int percent) { return json::serialize(json::object{{"percent", percent}}); }

Result<std::string> parse_token(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "unlock: no JSON object");
    const auto token = loose::text(*reply->body, "token");
    const bool fits = !token.empty() && token.size() <= longest_token && std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
    if (!fits || reply->repaired) return fail(Errc::malformed, "unlock: no token that could be used");
    return std::string{token};
}

bool Summary::stopped() const { return loose::same(state, "stopped"); }

Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "summary: " + reply.error().detail);
    const json::object* miner = loose::object(reply->body, "miner");
    if (!miner) return fail(Errc::malformed, "summary: it tells of no miner");
    Summary summary;
    if (const json::object* status = loose::object(miner, "miner_status")) summary.state = printable(loose::text(*status, "miner_state"), 32);
    summary.power = greater(loose::watts(*miner, "power_consumption"), loose::watts(*miner, "power_usage"));
    // Gigahashes in one, terahashes in the other.
    summary.gigahashes = greater(loose::gigahashes(*miner, "hr_realtime", 1), loose::gigahashes(*miner, "instant_hashrate", 1'000));
    if (const json::object* chips = loose::object(miner, "chip_temp")) summary.chips = loose::celsius(*chips, "max");
    if (!reply->repaired) summary.boards = boards_in(*miner), summary.pools = pools_in(*miner);
    if (summary.state.empty() && !summary.power && !summary.gigahashes) return fail(Errc::malformed, "summary: neither a state, nor watts, nor hashing");
    return summary;
}

Result<std::string> parse_status(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "status: " + reply.error().detail);
    std::string state = printable(loose::text(*reply->body, "miner_state"), 32);
    if (state.empty()) return fail(Errc::malformed, "status: it tells no state");
    return state;
}

Result<Info> parse_info(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "info: " + reply.error().detail);
    Info info;
    if (const json::object* network = loose::object(loose::object(reply->body, "system"), "network_status")) info.mac = cgminer::mac_address(loose::text(*network, "mac"));
    info.model = printable(loose::text(*reply->body, "miner"), 64);
    info.serial = printable(loose::text(*reply->body, "serial"), 64);
    const auto name = loose::text(*reply->body, "fw_name");
    if (!name.empty()) info.firmware = printable(std::string{name} + ' ' + std::string{loose::text(*reply->body, "fw_version")}, 64);
    return info;
}

Result<void> parse_order_reply(cgminer::Parser& parser, std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == body.npos) return {};
    body = body.substr(first, body.find_last_not_of(" \t\r\n") + 1 - first);
    if (body == "null") return {};
    const auto reply = parser.parse(body);
    if (!reply || reply->repaired) return fail(reply ? Errc::malformed : reply.error().code, "its reply is no JSON");
    const auto words = loose::text(*reply->body, "err");
    if (!words.empty()) return fail(Errc::refused, std::string{words});
    if (loose::truth(*reply->body, "success") == false) return fail(Errc::refused, "without a reason");
    return {};
}

std::string error_words(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    return reply ? std::string{loose::text(*reply->body, "err")} : std::string{};
}

}  // namespace ballast::wire::vnish
