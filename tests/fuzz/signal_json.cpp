#include "tests/fuzz/reply.hpp"
#include "wire/signal_json.hpp"

#include <array>

using namespace ballast;
using namespace ballast::fuzz;

namespace {

constexpr std::array kinds{SignalKind::price,    SignalKind::dispatch,    SignalKind::emergency, SignalKind::release,       SignalKind::hashprice,
                           SignalKind::arm,      SignalKind::temperature, SignalKind::heat,      SignalKind::system_demand, SignalKind::peak_forecast};

bool fails_as_told(const Error& error) {
    const bool named = error.code == Errc::malformed || error.code == Errc::oversized || error.code == Errc::implausible;
    return named && shown_well(error, 160);
}

void check_message(std::string_view bytes, const wire::SignalRules& rules) {
    const auto message = wire::parse_signal_json(bytes, rules);
    if (!message) {
        PROMISE(fails_as_told(message.error()));
        return;
    }
    const Signal* signal = std::get_if<Signal>(&*message);
    if (!signal) return;
    PROMISE(signal->source == rules.source);
    const auto again = wire::parse_signal_json(wire::signal_json(*signal, "USD"), rules);
    PROMISE(again && std::get<Signal>(*again) == *signal);
}

void check_amount(std::string_view bytes, const wire::SignalRules& rules) {
    const auto blank = std::min(bytes.find(' '), bytes.size());
    const std::string_view number = bytes.substr(0, blank), unit = bytes.substr(std::min(blank + 1, bytes.size()));
    const auto amount = wire::signal_amount(rules.kind, "value", number, unit, rules);
    if (!amount) PROMISE(fails_as_told(amount.error()));
    if (const auto known = wire::signal_unit(rules.kind, unit)) PROMISE(known->factor > 0 && (known->currency.empty() || known->currency.size() == 3));
}

}  // namespace

FUZZ_TARGET(signal_json) {
    for (const SignalKind kind : kinds) {
        check_message(bytes, {.source = SourceId{3}, .kind = kind});
        check_amount(bytes, {.kind = kind});
        check_amount(bytes, {.kind = kind, .currency = "USD", .rate_ppm = 1'234'567, .plausible_min = -5'000'000'000, .plausible_max = 5'000'000'000});
    }
    check_message(bytes, {.kind = SignalKind::price, .currency = "EUR", .rate_ppm = 1, .plausible_min = 0, .plausible_max = 1, .most_bytes = 64, .most_depth = 2});
    const auto id = wire::signal_id(bytes);
    PROMISE(id ? !id->empty() && shown_well(*id, 128) : fails_as_told(id.error()));
    if (const auto kind = wire::signal_kind(bytes)) PROMISE(wire::name(*kind) == bytes);
}
