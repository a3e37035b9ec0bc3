#include "wire/epic.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

namespace ballast::wire::epic {
namespace {

namespace json = boost::json;

Result<cgminer::Reply> parsed(cgminer::Parser& parser, std::string_view body, std::string_view page) {
    auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, fmt::format("{}: {}", page, reply.error().detail));
    if (loose::truth(*reply->body, "result") == false)
        return fail(Errc::refused, fmt::format("{}: {}", page, printable(loose::text(*reply->body, "error"), 80)));
    return reply;
}

/// Each board says megahashes, how many percent of what is due that is, and something else.
std::optional<double> hashing(const cgminer::Reply& reply) {
    const json::array* boards = loose::array(reply.body, "HBs");
    if (!boards) return {};
    double sum = 0;
    for (const json::value& board : *boards) {
        const json::object* said = board.if_object();
        const json::array* rate = loose::array(said, "Hashrate");
        const auto megahashes = rate && !rate->empty() ? loose::number(rate->front()) : std::nullopt;
        if (megahashes && *megahashes > 0 && *megahashes <= 1e12) sum += *megahashes / 1'000;
    }
    if (sum <= 0 && reply.repaired) return {};
    return sum;
}

bool hashes(const json::object& board) {
    const json::array* rate = loose::array(&board, "Hashrate");
    return rate && !rate->empty() && loose::number(rate->front()).value_or(0) > 0;
}

std::optional<Count> boards_in(const cgminer::Reply& reply) {
    const json::array *found = loose::array(reply.body, "HBStatus"), *running = loose::array(reply.body, "HBs");
    if (!found || !running || reply.repaired) return {};
    std::size_t hashing = 0, enabled = 0;
    Count count;
    for (const json::value& value : *found)
        if (const json::object* board = value.if_object(); board && loose::truth(*board, "Detected").value_or(false)) {
            ++count.listed;
            enabled += loose::truth(*board, "Enabled").value_or(false);
        }
    for (const json::value& value : *running)
        if (const json::object* board = value.if_object()) hashing += hashes(*board);
    count.alive = hashing > 0 ? hashing : enabled;
    return count;
}

void read_health(const cgminer::Reply& reply, Summary& summary) {
    summary.boards = boards_in(reply);
    if (const json::object* misc = loose::object(reply.body, "Misc")) summary.hot_above = loose::celsius(*misc, "Shutdown Temp");
    if (const json::object* stratum = loose::object(reply.body, "Stratum")) summary.pool_connected = loose::truth(*stratum, "IsPoolConnected");
    const json::array* boards = loose::array(reply.body, "HBs");
    if (!boards) return;
    for (const json::value& value : *boards) {
        const json::object* board = value.if_object();
        const auto told = board ? loose::celsius(*board, "Temperature") : std::nullopt;
        if (told && (!summary.hottest || *told > *summary.hottest)) summary.hottest = told;
    }
}

void read_supply(const cgminer::Reply& reply, Summary& summary) {
    const json::object* supply = loose::object(reply.body, "Power Supply Stats");
    if (!supply) return;
    if (const auto watts = loose::number(*supply, "Input Power"); watts && *watts > 0) summary.power = loose::watts(*supply, "Input Power");
    summary.measured = summary.power && loose::number(*supply, "Input Voltage").value_or(0) > 0 && loose::number(*supply, "Input Current").value_or(0) > 0;
}

}  // namespace

bool Summary::idles() const { return loose::same(state, "Idling"); }

Result<Summary> parse_summary(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "summary");
    if (!reply) return tl::unexpected{reply.error()};
    Summary summary;
    if (const json::object* status = loose::object(reply->body, "Status")) summary.state = printable(loose::text(*status, "Operating State"), 32);
    read_supply(*reply, summary);
    read_health(*reply, summary);
    summary.gigahashes = hashing(*reply);
    if (const json::object* session = loose::object(reply->body, "Session")) summary.mean_gigahashes = loose::gigahashes(*session, "Average MHs", 1e-3);
    if (summary.mean_gigahashes.value_or(0) <= 0) summary.mean_gigahashes.reset();
    if (summary.state.empty() && !summary.power && !summary.gigahashes) return fail(Errc::malformed, "summary: neither a state, nor watts, nor boards");
    return summary;
}

Result<std::optional<std::uint64_t>> parse_network(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "network");
    if (!reply) return tl::unexpected{reply.error()};
    for (const auto& member : *reply->body)
        if (const json::object* way = member.value().if_object())
            if (const auto mac = cgminer::mac_address(loose::text(*way, "mac_address"))) return mac;
    return std::optional<std::uint64_t>{};
}

Result<std::string> parse_capabilities(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parsed(parser, body, "capabilities");
    if (!reply) return tl::unexpected{reply.error()};
    std::string model = printable(loose::text(*reply->body, "Model"), 64);
    if (model.empty()) return fail(Errc::malformed, "capabilities: it tells no model");
    return model;
}

std::string miner_order(std::string_view param, std::string_view password) {
    return json::serialize(json::object{{"param", json::string{param}}, {"password", json::string{password}}});
}

Result<void> parse_order_reply(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "miner: no JSON object");
    const auto result = loose::truth(*reply->body, "result");
    if (!result || reply->repaired) return fail(Errc::malformed, "miner: a reply without a result, or cut off");
    if (*result) return {};
    const auto words = loose::text(*reply->body, "error");
    return fail(Errc::refused, words.empty() ? "without a reason" : std::string{words});
}

}  // namespace ballast::wire::epic
