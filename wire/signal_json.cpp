#include "wire/signal_json.hpp"

#include "wire/decimal.hpp"
#include "wire/json_tree.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace ballast::wire {

namespace {

using Kind = JsonNode::Kind;

constexpr std::int64_t longest_ms =
    10LL * 366 * 24 * 3'600 * 1'000;  ///< Ten years; a longer duration is a slip.

tl::unexpected<Error> bad(std::string detail) { return fail(Errc::malformed, std::move(detail)); }

constexpr std::array price_fields = {"kind", "id", "issued", "start", "end", "price", "unit"};
constexpr std::array dispatch_fields = {"kind",  "id",     "issued", "start", "end",   "duration_s",
                                        "limit", "reduce", "full",   "unit",  "ramp_s"};
constexpr std::array arm_fields = {"kind", "id", "issued", "start", "end", "duration_s", "volume", "unit"};
constexpr std::array release_fields = {"kind", "id", "issued"};
constexpr std::array hashprice_fields = {"kind", "id", "issued", "hashprice", "unit"};
constexpr std::array temperature_fields = {"kind", "id", "issued", "temperature", "unit"};
constexpr std::array heat_fields = {"kind", "id", "issued", "heat", "unit"};
constexpr std::array system_demand_fields = {"kind", "id", "issued", "start", "demand", "unit"};
constexpr std::array peak_forecast_fields = {"kind", "id", "issued", "start", "end", "duration_s", "probability"};
constexpr std::array heartbeat_fields = {"kind", "issued"};

std::span<const char* const> fields_of(SignalKind kind) {
    switch (kind) {
    case SignalKind::price: return price_fields;
    case SignalKind::hashprice: return hashprice_fields;
    case SignalKind::release:
    case SignalKind::local: return release_fields;
    case SignalKind::arm: return arm_fields;
    case SignalKind::temperature: return temperature_fields;
    case SignalKind::heat: return heat_fields;
    case SignalKind::system_demand: return system_demand_fields;
    case SignalKind::peak_forecast: return peak_forecast_fields;
    case SignalKind::dispatch:
    case SignalKind::emergency: break;
    }
    return dispatch_fields;
}

std::string_view taken_by(SignalKind source) {
    switch (source) {
    case SignalKind::price: return "price and heartbeat";
    case SignalKind::hashprice: return "hashprice and heartbeat";
    case SignalKind::temperature: return "temperature and heartbeat";
    case SignalKind::heat: return "heat and heartbeat";
    case SignalKind::dispatch: return "dispatch, emergency, arm, release and heartbeat";
    case SignalKind::emergency: return "emergency, release and heartbeat";
    case SignalKind::system_demand: return "system_demand and heartbeat";
    case SignalKind::peak_forecast: return "peak_forecast, release and heartbeat";
    case SignalKind::local: return "local, release and heartbeat";
    case SignalKind::arm:
    case SignalKind::release: break;
    }
    return "release and heartbeat";
}

bool takes(SignalKind source, SignalKind message) {
    if (source == message) return true;
    if (source == SignalKind::emergency || source == SignalKind::peak_forecast || source == SignalKind::local) return message == SignalKind::release;
    return source == SignalKind::dispatch &&
           (message == SignalKind::emergency || message == SignalKind::arm || message == SignalKind::release);
}

/// The members of one message, each asked for once by name and type.
class Members {
public:
    Members(const JsonNode& object, const SignalRules& rules) : object_{object}, rules_{rules} {}

    bool has(std::string_view field) const { return object_.find(field) != nullptr; }

    Result<const JsonNode*> required(std::string_view field, Kind kind) const {
        const JsonNode* node = object_.find(field);
        if (!node) return bad(fmt::format("\"{}\" is missing", field));
        if (node->kind != kind)
            return bad(fmt::format("\"{}\" is {}; {} is needed", field, name(node->kind), name(kind)));
        return node;
    }

    Result<Instant> time(std::string_view field) const {
        const auto node = required(field, Kind::string);
        if (!node) return tl::unexpected{node.error()};
        const auto at = parse_rfc3339((*node)->text);
        if (!at) return bad(fmt::format("\"{}\" \"{}\" {}", field, printable((*node)->text, 40), at.error()));
        return *at;
    }

    Result<Duration> seconds(std::string_view field) const {
        const auto node = required(field, Kind::number);
        if (!node) return tl::unexpected{node.error()};
        const std::string shown = printable((*node)->text, 24);
        const auto count = scaled((*node)->text, 1'000, longest_ms);
        if (!count) return bad(fmt::format("\"{}\" {} is out of range", field, shown));
        if (*count < 0) return bad(fmt::format("\"{}\" {} is negative", field, shown));
        return Duration{*count};
    }

    Result<std::int64_t> amount(SignalKind kind, std::string_view field) const {
        const auto number = required(field, Kind::number);
        if (!number) return tl::unexpected{number.error()};
        const auto unit = required("unit", Kind::string);
        if (!unit) return tl::unexpected{unit.error()};
        return signal_amount(kind, field, (*number)->text, (*unit)->text, rules_);
    }

    /// A number from 0 to 1, which has no unit; x 10^6.
    Result<std::int64_t> share(std::string_view field) const {
        const auto number = required(field, Kind::number);
        if (!number) return tl::unexpected{number.error()};
        return signal_amount(SignalKind::peak_forecast, field, (*number)->text, "share", rules_);
    }

    Result<std::string> id() const {
        const auto node = required("id", Kind::string);
        if (!node) return tl::unexpected{node.error()};
        return signal_id((*node)->text);
    }

    /// Every name is one of `known`.
    Result<bool> only(std::string_view kind, std::span<const char* const> known) const {
        const auto is_known = [known](const std::string& key) {
            return std::ranges::find(known, key) != known.end();
        };
        const auto stranger = std::ranges::find_if_not(object_.keys, is_known);
        if (stranger == object_.keys.end()) return true;
        std::string list;
        for (const char* field : known.subspan(1))
            list += fmt::format("{}{}", list.empty() ? "" : ", ", field);
        return bad(fmt::format("unknown field \"{}\" ({} has {})", printable(*stranger, 24), kind, list));
    }

private:
    const JsonNode& object_;
    const SignalRules& rules_;
};

/// A step that fills in one part of the signal; what it returns ends the reading.
using Fault = std::optional<Error>;

template <class T>
Fault take(const Result<T>& found, T& into) {
    if (!found) return found.error();
    into = *found;
    return {};
}

Fault read_end(const Members& in, Signal& signal, bool required) {
    if (in.has("end") || required)
        if (Fault fault = take(in.time("end"), signal.end)) return fault;
    if (in.has("duration_s")) {
        if (in.has("end")) return Error{Errc::malformed, "\"end\" and \"duration_s\": one of them"};
        Duration lasts{};
        if (Fault fault = take(in.seconds("duration_s"), lasts)) return fault;
        signal.end = signal.start + lasts;
    }
    if (signal.end <= signal.start)
        return Error{Errc::malformed, fmt::format("ends {}, not after its start {}", rfc3339(signal.end),
                                                  rfc3339(signal.start))};
    return {};
}

Fault read_price(const Members& in, Signal& signal) {
    if (Fault fault = take(in.time("start"), signal.start)) return fault;
    if (Fault fault = read_end(in, signal, true)) return fault;
    return take(in.amount(SignalKind::price, "price"), signal.price.count);
}

Fault read_ask(const Members& in, Signal& signal) {
    const int asks = in.has("limit") + in.has("reduce") + in.has("full");
    if (asks != 1)
        return Error{Errc::malformed, asks == 0 ? "\"limit\", \"reduce\" or \"full\" is missing"
                                                : "\"limit\", \"reduce\", \"full\": one of them"};
    if (in.has("full")) {
        const auto full = in.required("full", Kind::boolean);
        if (!full) return full.error();
        if (!(*full)->boolean)
            return Error{Errc::malformed, "\"full\" is false; to end a dispatch send its release"};
        return {};
    }
    signal.ask = in.has("limit") ? Ask::absolute : Ask::relative;
    return take(in.amount(signal.kind, in.has("limit") ? "limit" : "reduce"), signal.power.count);
}

/// What a dispatch and an arm have in common.
Fault read_call(const Members& in, Signal& signal) {
    if (Fault fault = take(in.id(), signal.id)) return fault;
    if (in.has("start"))
        if (Fault fault = take(in.time("start"), signal.start)) return fault;
    return read_end(in, signal, false);
}

Fault read_arm(const Members& in, Signal& signal) {
    if (Fault fault = read_call(in, signal)) return fault;
    return take(in.amount(SignalKind::arm, "volume"), signal.power.count);
}

Fault read_dispatch(const Members& in, Signal& signal) {
    if (Fault fault = read_call(in, signal)) return fault;
    if (in.has("ramp_s"))
        if (Fault fault = take(in.seconds("ramp_s"), signal.ramp)) return fault;
    return read_ask(in, signal);
}

/// Of the moment it was measured at, which is the issue where nothing else is said.
Fault read_system_demand(const Members& in, Signal& signal) {
    if (in.has("start"))
        if (Fault fault = take(in.time("start"), signal.start)) return fault;
    return take(in.amount(SignalKind::system_demand, "demand"), signal.power.count);
}

Fault read_peak_forecast(const Members& in, Signal& signal) {
    if (Fault fault = take(in.id(), signal.id)) return fault;
    if (Fault fault = take(in.time("start"), signal.start)) return fault;
    if (Fault fault = read_end(in, signal, !in.has("duration_s"))) return fault;
    return take(in.share("probability"), signal.chance_ppm);
}

Fault read_body(const Members& in, Signal& signal) {
    switch (signal.kind) {
    case SignalKind::price: return read_price(in, signal);
    case SignalKind::hashprice:
        return take(in.amount(SignalKind::hashprice, "hashprice"), signal.price.count);
    case SignalKind::release:
    case SignalKind::local: return take(in.id(), signal.id);
    case SignalKind::arm: return read_arm(in, signal);
    case SignalKind::temperature:
        return take(in.amount(SignalKind::temperature, "temperature"), signal.temperature.count);
    case SignalKind::heat: return take(in.amount(SignalKind::heat, "heat"), signal.power.count);
    case SignalKind::system_demand: return read_system_demand(in, signal);
    case SignalKind::peak_forecast: return read_peak_forecast(in, signal);
    case SignalKind::dispatch:
    case SignalKind::emergency: break;
    }
    return read_dispatch(in, signal);
}

Result<SignalMessage> read_heartbeat(const Members& in, const SignalRules& rules) {
    if (const auto only = in.only("heartbeat", heartbeat_fields); !only) return tl::unexpected{only.error()};
    if (const auto issued = in.time("issued"); !issued) return tl::unexpected{issued.error()};
    return Heartbeat{rules.source};
}

Result<SignalMessage> read_signal(const Members& in, SignalKind kind, const SignalRules& rules) {
    if (const auto only = in.only(name(kind), fields_of(kind)); !only) return tl::unexpected{only.error()};
    Signal signal;
    signal.source = rules.source;
    signal.kind = kind;
    Fault fault = take(in.time("issued"), signal.issued);
    signal.start = signal.issued;
    if (!fault && in.has("id")) fault = take(in.id(), signal.id);
    if (!fault) fault = read_body(in, signal);
    if (fault) return tl::unexpected{*fault};
    return signal;
}

}  // namespace

Result<SignalMessage> parse_signal_json(std::string_view payload, const SignalRules& rules) {
    if (payload.size() > rules.most_bytes)
        return fail(Errc::oversized,
                    fmt::format("{} bytes, at most {} are taken", payload.size(), rules.most_bytes));
    const auto root = parse_json(payload, rules.most_depth);
    if (!root) return tl::unexpected{root.error()};
    if (root->kind != Kind::object)
        return bad(fmt::format("is {}; an object with \"kind\" is needed", name(root->kind)));
    const Members in{*root, rules};
    const auto kind_text = in.required("kind", Kind::string);
    if (!kind_text) return tl::unexpected{kind_text.error()};
    const std::string& word = (*kind_text)->text;
    if (word == "heartbeat") return read_heartbeat(in, rules);
    const auto kind = signal_kind(word);
    if (!kind)
        return bad(fmt::format("\"kind\" \"{}\" is not known; this signal takes {}", printable(word, 24),
                               taken_by(rules.kind)));
    if (!takes(rules.kind, *kind))
        return bad(fmt::format("\"kind\" \"{}\" is not taken here; this signal takes {}", word,
                               taken_by(rules.kind)));
    return read_signal(in, *kind, rules);
}

namespace {

std::string ask_json(const Signal& signal) {
    if (signal.ask == Ask::full) return R"(,"full":true)";
    return fmt::format(R"(,"{}":{},"unit":"kW")", signal.ask == Ask::absolute ? "limit" : "reduce",
                       unscaled(signal.power.count, 3));
}

}  // namespace

std::string signal_json(const Signal& signal, std::string_view currency) {
    std::string json = fmt::format(R"({{"kind":"{}")", name(signal.kind));
    if (!signal.id.empty()) json += R"(,"id":)" + json_quoted(signal.id);
    json += fmt::format(R"(,"issued":"{}")", rfc3339(signal.issued));
    const bool dispatched = signal.kind == SignalKind::dispatch || signal.kind == SignalKind::emergency;
    const bool demand = signal.kind == SignalKind::system_demand, forecast = signal.kind == SignalKind::peak_forecast;
    if (dispatched || signal.kind == SignalKind::arm || signal.kind == SignalKind::price || demand || forecast) {
        json += fmt::format(R"(,"start":"{}")", rfc3339(signal.start));
        if (signal.end != open_end) json += fmt::format(R"(,"end":"{}")", rfc3339(signal.end));
    }
    if (dispatched) json += ask_json(signal);
    if (demand) json += fmt::format(R"(,"demand":{},"unit":"MW")", unscaled(signal.power.count, 6));
    if (forecast) json += fmt::format(R"(,"probability":{})", unscaled(signal.chance_ppm, 6));
    if (signal.kind == SignalKind::arm) json += fmt::format(R"(,"volume":{},"unit":"kW")", unscaled(signal.power.count, 3));
    if (dispatched && signal.ramp.count() != 0)
        json += fmt::format(R"(,"ramp_s":{})", unscaled(signal.ramp.count(), 3));
    if (signal.kind == SignalKind::price)
        json += fmt::format(R"(,"price":{},"unit":"{}/MWh")", unscaled(signal.price.count, 6), currency);
    if (signal.kind == SignalKind::hashprice)
        json +=
            fmt::format(R"(,"hashprice":{},"unit":"{}/PH/day")", unscaled(signal.price.count, 9), currency);
    if (signal.kind == SignalKind::temperature)
        json += fmt::format(R"(,"temperature":{},"unit":"degC")", unscaled(signal.temperature.count, 3));
    if (signal.kind == SignalKind::heat)
        json += fmt::format(R"(,"heat":{},"unit":"kW")", unscaled(signal.power.count, 3));
    return json + '}';
}

std::string heartbeat_json(Instant issued) {
    return fmt::format(R"({{"kind":"heartbeat","issued":"{}"}})", rfc3339(issued));
}

}  // namespace ballast::wire
