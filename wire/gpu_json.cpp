#include "wire/gpu_json.hpp"

#include "model/names.hpp"
#include "wire/decimal.hpp"
#include "wire/json_tree.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

namespace ballast::wire {

namespace {

using Kind = JsonNode::Kind;

constexpr std::size_t most_bytes = 4'096, most_depth = 8;
constexpr std::int64_t most_watts = 10'000'000'000, most_order = 9'007'199'254'740'992;  ///< 2^53: what every JSON reader keeps.

tl::unexpected<Error> bad(std::string detail) { return fail(Errc::malformed, std::move(detail)); }

Result<JsonNode> object_of(std::string_view payload) {
    if (payload.size() > most_bytes) return fail(Errc::oversized, fmt::format("{} bytes; allowed: {}", payload.size(), most_bytes));
    auto root = parse_json(payload, most_depth);
    if (root && root->kind != Kind::object) return bad("no JSON object");
    return root;
}

/// Absent or null is nothing.
Result<std::optional<std::int64_t>> whole(const JsonNode& object, std::string_view key, std::int64_t least, std::int64_t most) {
    const JsonNode* node = object.find(key);
    if (!node || node->kind == Kind::null) return std::optional<std::int64_t>{};
    if (node->kind != Kind::number) return bad(fmt::format("\"{}\" is {}; expected a number", key, name(node->kind)));
    const auto value = scaled(node->text, 1, most);
    if (!value || *value < least) return fail(Errc::implausible, fmt::format("\"{}\" is {}; allowed: {} to {}", key, printable(node->text, 30), least, most));
    return std::optional{*value};
}

Result<Instant> time(const JsonNode& object, std::string_view key) {
    const JsonNode* node = object.find(key);
    if (!node || node->kind != Kind::string) return bad(fmt::format("no \"{}\"; expected a time like \"2026-07-01T17:05:00Z\"", key));
    const auto at = parse_rfc3339(node->text);
    if (!at) return bad(fmt::format("\"{}\" is \"{}\", which {}", key, printable(node->text, 40), at.error()));
    return *at;
}

/// One of an enum's words.
template <class Enum>
Result<Enum> word(const JsonNode& object, std::string_view key, std::initializer_list<Enum> among) {
    const JsonNode* node = object.find(key);
    std::string allowed;
    for (const Enum one : among) {
        if (node && node->kind == Kind::string && node->text == name_of(one)) return one;
        allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", name_of(one));
    }
    return bad(fmt::format("no \"{}\" that is one of: {}", key, allowed));
}

std::string watts(const std::optional<Power>& power) { return power ? fmt::format("{}", power->count) : "null"; }

tl::expected<void, Error> take_acks(const JsonNode& root, GpuStatus& status) {
    using R = GpuStatus::Result;
    const JsonNode* list = root.find("acks");
    if (!list || list->kind == Kind::null) return {};
    if (list->kind != Kind::array || list->items.size() > GpuStatus::most_acks) return bad(fmt::format("\"acks\" is no array of at most {}", GpuStatus::most_acks));
    for (const JsonNode& item : list->items) {
        if (item.kind != Kind::object) return bad("\"acks\" has something that is no object");
        const auto order = whole(item, "order", 1, most_order);
        if (!order) return tl::unexpected{order.error()};
        const auto result = word(item, "result", {R::accepted, R::done, R::refused});
        if (!result) return tl::unexpected{result.error()};
        if (!*order) return bad("an ack has no \"order\"");
        status.acks.push_back({static_cast<std::uint64_t>(**order), *result});
    }
    return {};
}

std::optional<Power> power_of(const std::optional<std::int64_t>& count) { return count ? std::optional{Power{*count}} : std::nullopt; }

}  // namespace

std::string_view name_of(GpuOrder::Action action) {
    switch (action) {
    case GpuOrder::Action::checkpoint: return "checkpoint";
    case GpuOrder::Action::cap: return "cap";
    case GpuOrder::Action::sleep: return "sleep";
    case GpuOrder::Action::resume: return "resume";
    }
    return {};
}

std::string_view name_of(GpuStatus::Result result) {
    switch (result) {
    case GpuStatus::Result::accepted: return "accepted";
    case GpuStatus::Result::done: return "done";
    case GpuStatus::Result::refused: return "refused";
    }
    return {};
}

std::string gpu_order_json(const GpuOrder& order) {
    std::string json = fmt::format(R"({{"order":{},"action":"{}")", order.order, name_of(order.action));
    if (order.watts) json += fmt::format(R"(,"watts":{},"means":"{}")", order.watts->count, order.by_clock ? "clock" : "power");
    return json + fmt::format(R"(,"issued":"{}","deadline":"{}","reason":{},"event":{}}})", rfc3339(order.issued), rfc3339(order.deadline), json_quoted(order.reason), order.event);
}

std::string gpu_status_json(const GpuStatus& status) {
    std::string json = fmt::format(R"({{"time":"{}","mode":"{}","watts":{},"cap_watts":{},"acks":[)", rfc3339(status.time), ballast::name_of(status.mode), watts(status.power), watts(status.cap));
    for (std::size_t i = 0; i < status.acks.size(); ++i)
        json += fmt::format(R"({}{{"order":{},"result":"{}"}})", i > 0 ? "," : "", status.acks[i].order, name_of(status.acks[i].result));
    return json + "]}";
}

tl::expected<GpuOrder, Error> parse_gpu_order(std::string_view payload) {
    using Action = GpuOrder::Action;
    const auto root = object_of(payload);
    if (!root) return tl::unexpected{root.error()};
    GpuOrder order;
    const auto id = whole(*root, "order", 1, most_order), most = whole(*root, "watts", 0, most_watts), event = whole(*root, "event", 0, UINT32_MAX);
    const auto action = word(*root, "action", {Action::checkpoint, Action::cap, Action::sleep, Action::resume});
    const auto issued = time(*root, "issued"), deadline = time(*root, "deadline");
    for (const auto* number : {&id, &most, &event})
        if (!*number) return tl::unexpected{number->error()};
    if (!action) return tl::unexpected{action.error()};
    for (const auto* at : {&issued, &deadline})
        if (!*at) return tl::unexpected{at->error()};
    if (!*id || (*action == Action::cap && !*most)) return bad("no \"order\", or a cap without \"watts\"");
    order.order = static_cast<std::uint64_t>(**id);
    order.action = *action;
    order.watts = power_of(*most);
    const JsonNode *means = root->find("means"), *reason = root->find("reason");
    order.by_clock = means && means->text == "clock";
    order.issued = *issued;
    order.deadline = *deadline;
    if (reason) order.reason = reason->text;
    order.event = static_cast<std::uint32_t>((*event).value_or(0));
    return order;
}

tl::expected<GpuStatus, Error> parse_gpu_status(std::string_view payload) {
    const auto root = object_of(payload);
    if (!root) return tl::unexpected{root.error()};
    GpuStatus status;
    const auto at = time(*root, "time");
    const auto mode = word(*root, "mode", {Mode::running, Mode::asleep, Mode::off, Mode::fault, Mode::unknown});
    const auto power = whole(*root, "watts", 0, most_watts), cap = whole(*root, "cap_watts", 0, most_watts);
    if (!at) return tl::unexpected{at.error()};
    if (!mode) return tl::unexpected{mode.error()};
    for (const auto* number : {&power, &cap})
        if (!*number) return tl::unexpected{number->error()};
    if (const auto taken = take_acks(*root, status); !taken) return tl::unexpected{taken.error()};
    status.time = *at;
    status.mode = *mode;
    status.power = power_of(*power);
    status.cap = power_of(*cap);
    return status;
}

std::string gpu_topic(std::string_view site, std::string_view load, std::string_view what) { return fmt::format("ballast/{}/gpu/{}/{}", site, load, what); }

std::string_view load_of_gpu_topic(std::string_view site, std::string_view topic, std::string_view what) {
    const std::string before = fmt::format("ballast/{}/gpu/", site), after = fmt::format("/{}", what);
    if (topic.size() <= before.size() + after.size() || !topic.starts_with(before) || !topic.ends_with(after)) return {};
    return topic.substr(before.size(), topic.size() - before.size() - after.size());
}

}  // namespace ballast::wire
