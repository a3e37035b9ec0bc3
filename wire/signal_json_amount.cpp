#include "wire/decimal.hpp"
#include "wire/printable.hpp"
#include "wire/signal_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::wire {

namespace {

constexpr std::size_t longest_id = 128;

struct KindWords {
    SignalKind kind;
    std::string_view name, units;
    std::int64_t most;                ///< Far beyond anything real, far within 64 bits.
    std::string_view canonical_unit;  ///< For bounds in messages, after the currency.
    int canonical_shift;
};

constexpr KindWords words[] = {
    {SignalKind::price, "price", "USD/MWh, USD/kWh, ct/kWh or ct/MWh", 1'000'000'000'000'000, "/MWh", 6},
    {SignalKind::dispatch, "dispatch", "W, kW, MW or GW", 1'000'000'000'000, "kW", 3},
    {SignalKind::emergency, "emergency", "W, kW, MW or GW", 1'000'000'000'000, "kW", 3},
    {SignalKind::release, "release", "", 0, "", 0},
    {SignalKind::local, "local", "", 0, "", 0},
    {SignalKind::arm, "arm", "W, kW, MW or GW", 1'000'000'000'000, "kW", 3},
    {SignalKind::temperature, "temperature", "degC", 1'000'000, "degC", 3},
    {SignalKind::heat, "heat", "W, kW, MW or GW", 1'000'000'000'000, "kW", 3},
    {SignalKind::system_demand, "system_demand", "W, kW, MW or GW", 1'000'000'000'000, "MW", 6},
    {SignalKind::peak_forecast, "peak_forecast", "share or percent", 1'000'000, "", 6},
    {SignalKind::hashprice, "hashprice", "USD/PH/day, USD/TH/day or USD/EH/day", 1'000'000'000'000'000'000,
     "/PH/day", 9},
};

const KindWords& words_of(SignalKind kind) { return *std::ranges::find(words, kind, &KindWords::kind); }

std::optional<std::int64_t> factor_of(SignalKind kind, std::string_view per) {
    struct Per {
        std::string_view text;
        std::int64_t factor;
    };
    constexpr Per price[] = {{"/MWh", 1'000'000}, {"/kWh", 1'000'000'000}};
    constexpr Per hashprice[] = {
        {"/TH/day", 1'000'000'000'000}, {"/PH/day", 1'000'000'000}, {"/EH/day", 1'000'000}};
    constexpr Per power[] = {{"W", 1}, {"kW", 1'000}, {"MW", 1'000'000}, {"GW", 1'000'000'000}};
    constexpr Per chance[] = {{"share", 1'000'000}, {"percent", 10'000}};
    const auto in = [per](const auto& table) -> std::optional<std::int64_t> {
        const auto at = std::ranges::find(table, per, &Per::text);
        return at == std::end(table) ? std::nullopt : std::optional{at->factor};
    };
    if (kind == SignalKind::price) return in(price);
    constexpr Per temperature[] = {{"degC", 1'000}};
    if (kind == SignalKind::hashprice) return in(hashprice);
    if (kind == SignalKind::temperature) return in(temperature);
    if (kind == SignalKind::peak_forecast) return in(chance);
    return in(power);
}

constexpr std::int64_t unity = 1'000'000;  ///< Of a rate.

bool is_money(SignalKind kind) { return kind == SignalKind::price || kind == SignalKind::hashprice; }

/// count x up / down, to the nearest.
std::int64_t converted(std::int64_t count, std::int64_t up, std::int64_t down) {
    const Int128 product = Int128{count} * up;
    return static_cast<std::int64_t>((product + (product < 0 ? -down : down) / 2) / down);
}

/// A bound of ours in the unit that people give it in.
std::string bound(std::int64_t count, const KindWords& kind, const SignalRules& rules) {
    const std::int64_t shown = is_money(kind.kind) ? converted(count, unity, rules.rate_ppm) : count;
    return unscaled(shown, kind.canonical_shift);
}

}  // namespace

std::string_view name(SignalKind kind) { return words_of(kind).name; }

std::optional<SignalKind> signal_kind(std::string_view text) {
    const auto at = std::ranges::find(words, text, &KindWords::name);
    return at == std::end(words) ? std::nullopt : std::optional{at->kind};
}

std::optional<SignalUnit> signal_unit(SignalKind kind, std::string_view unit) {
    SignalUnit found;
    const bool money = is_money(kind);
    const bool cents = money && unit.starts_with("ct/");
    if (cents) {
        unit.remove_prefix(2);
    } else if (money) {
        found.currency = unit.substr(0, 3);
        const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
        if (found.currency.size() < 3 || !std::ranges::all_of(found.currency, capital)) return {};
        unit.remove_prefix(3);
    }
    const auto factor = factor_of(kind, unit);
    if (!factor) return {};
    found.factor = cents ? *factor / 100 : *factor;
    return found;
}

Result<std::int64_t> signal_amount(SignalKind kind, std::string_view field, std::string_view text,
                                   std::string_view unit, const SignalRules& rules) {
    const KindWords& of = words_of(kind);
    const auto known = signal_unit(kind, unit);
    if (!known)
        return fail(Errc::malformed,
                    fmt::format("unit \"{}\" is not known: {}", printable(unit, 24), of.units));
    if (!rules.currency.empty() && !known->currency.empty() && known->currency != rules.currency)
        return fail(Errc::malformed,
                    fmt::format("unit \"{}\": this site counts in {}", printable(unit, 24), rules.currency));
    const std::string shown = printable(text, 24);
    auto count = scaled(text, known->factor, of.most);
    if (!count && count.error() == DecimalFault::not_a_number)
        return fail(Errc::malformed, fmt::format("\"{}\" {} is not a number", field, shown));
    if (!count) return fail(Errc::malformed, fmt::format("\"{}\" {} is out of range", field, shown));
    if (is_money(kind)) *count = converted(*count, rules.rate_ppm, unity);
    if (kind != SignalKind::price && kind != SignalKind::temperature && *count < 0)
        return fail(Errc::malformed, fmt::format("\"{}\" {} is negative", field, shown));
    if (*count < rules.plausible_min || *count > rules.plausible_max) {
        const bool below = *count < rules.plausible_min;
        return fail(Errc::implausible,
                    fmt::format("{} {} {} is {} plausible_{} {} {}{}", field, shown, printable(unit, 24),
                                below ? "below" : "above", below ? "min" : "max",
                                bound(below ? rules.plausible_min : rules.plausible_max, of, rules),
                                is_money(kind) ? rules.currency : "", of.canonical_unit));
    }
    return *count;
}

Result<std::string> signal_id(std::string_view id) {
    if (id.empty()) return fail(Errc::malformed, "\"id\" is empty");
    if (id.size() > longest_id)
        return fail(Errc::malformed,
                    fmt::format("\"id\" has {} bytes, at most {} are taken", id.size(), longest_id));
    if (!is_printable(id)) return fail(Errc::malformed, "\"id\" has characters that cannot be printed");
    return std::string{id};
}

}  // namespace ballast::wire
