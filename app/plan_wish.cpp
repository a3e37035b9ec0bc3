#include "app/plan_wish.hpp"

#include "app/decision_text.hpp"
#include "app/wiring.hpp"
#include "model/names.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

auto refused(std::string what) { return fail(Errc::refused, std::move(what)); }

// ---- whose word it is

bool about_peaks(SignalKind kind) { return kind == SignalKind::system_demand || kind == SignalKind::peak_forecast; }

const char* policy_for(SignalKind kind) {
    if (kind == SignalKind::temperature) return "ambient_derating";
    if (kind == SignalKind::heat) return "heat_demand";
    if (about_peaks(kind)) return "coincident_peak";
    return kind == SignalKind::price || kind == SignalKind::hashprice ? "price_strike" : "dispatch";
}

/// The signals of the site that bring such a word to a policy, in the order of the policies.
std::vector<std::string> speakers(const Config& config, SignalKind kind, bool json) {
    std::vector<std::string> found;
    const auto add = [&](const std::string& name) {
        const auto signal = std::ranges::find(config.signals, name, &SignalConfig::name);
        const bool mute = signal == config.signals.end() || signal->kind == SignalSort::contact || (json && signal->kind == SignalSort::limit);
        if (!mute && std::ranges::find(found, name) == found.end()) found.push_back(name);
    };
    for (const PolicyConfig& policy : config.policies) {
        if (kind == SignalKind::price && policy.price_strike) add(policy.price_strike->signal);
        if (kind == SignalKind::temperature && policy.ambient_derating) add(policy.ambient_derating->signal);
        if (kind == SignalKind::heat && policy.heat_demand) add(policy.heat_demand->signal);
        if (const auto& peak = policy.coincident_peak; peak && kind == SignalKind::system_demand && !peak->demand.empty()) add(peak->demand);
        if (const auto& peak = policy.coincident_peak; peak && kind == SignalKind::peak_forecast) std::ranges::for_each(peak->forecasts, add);
        if (const auto* signals = obeyed_by(policy); signals && kind == SignalKind::dispatch) std::ranges::for_each(*signals, add);
    }
    for (const SignalConfig& signal : config.signals)
        if ((kind == SignalKind::hashprice && signal.kind == SignalSort::hashprice) || (kind == SignalKind::local && signal.kind == SignalSort::local)) add(signal.name);
    return found;
}

Result<std::string> speaker(const Config& config, const std::string& wanted, SignalKind kind, bool json) {
    const std::vector<std::string> heard = speakers(config, kind, json);
    const std::string policy = policy_for(kind);
    if (heard.empty())
        return refused(fmt::format("site {} has no policy of kind {} that hears a {} signal: nothing would come of it; add one to the site file (docs/site-file.md)",
                                   config.site.name, policy, name_of(kind)));
    if (wanted.empty()) return heard.front();
    if (std::ranges::find(heard, wanted) != heard.end()) return wanted;
    return refused(fmt::format("--signal {}: brings no {} to a policy of kind {}; allowed: {}", wanted, name_of(kind), policy, fmt::join(heard, ", ")));
}

const SignalConfig* signal_of(const Config& config, const std::string& name) {
    const auto found = std::ranges::find(config.signals, name, &SignalConfig::name);
    return found == config.signals.end() ? nullptr : &*found;
}

/// "site pecos", or the feeder of the policy that hears it.
std::string scope_heard(const Config& config, const std::string& who) {
    for (const PolicyConfig& policy : config.policies) {
        const auto* signals = obeyed_by(policy);
        if (signals && !obeyed_for(policy).empty() && std::ranges::find(*signals, who) != signals->end()) return "feeder " + obeyed_for(policy);
    }
    return "site " + config.site.name;
}

// ---- what was said

std::string id_of(const Signal& signal) { return signal.id.empty() ? "" : fmt::format(" ({} {})", name_of(signal.kind), signal.id); }

std::string said(const Signal& signal, const std::string& who, const Config& config) {
    switch (signal.kind) {
    case SignalKind::price: return fmt::format("the price from {} were {}", who, print(signal.price, config.site.currency));
    case SignalKind::hashprice: return fmt::format("the hashprice from {} were {:.2f} {}/PH/day", who, static_cast<double>(signal.price.count) / 1e9, config.site.currency);
    case SignalKind::release: return fmt::format("{} released {}", who, signal.id);
    case SignalKind::temperature: return fmt::format("the temperature from {} were {:.1f} degC", who, celsius(signal.temperature));
    case SignalKind::heat: return fmt::format("the heat wanted by {} were {}", who, print(signal.power));
    case SignalKind::local: return fmt::format("{} went to local{}", who, id_of(signal));
    case SignalKind::arm: return fmt::format("{} armed {} for {}{}", who, scope_heard(config, who), print(signal.power), id_of(signal));
    case SignalKind::system_demand: return fmt::format("{} said that the system draws {}", who, print(signal.power));
    case SignalKind::peak_forecast: return fmt::format("{} foresaw a demand that is billed with a chance of {:.1f} %{}", who, static_cast<double>(signal.chance_ppm) / 1e4, id_of(signal));
    case SignalKind::dispatch:
    case SignalKind::emergency: break;
    }
    const std::string scope = scope_heard(config, who), id = id_of(signal);
    if (signal.ask == Ask::full) return fmt::format("{} asked {} to stop everything interruptible{}", who, scope, id);
    if (signal.ask == Ask::relative) return fmt::format("{} asked {} to draw {} less than before{}", who, scope, print(signal.power), id);
    return fmt::format("{} asked {} to draw at most {}{}", who, scope, print(signal.power), id);
}

/// A daemon would not believe it; who asks "what if" may.
void doubt(Wish& wish, const Config& config, std::int64_t value) {
    const SignalConfig* signal = signal_of(config, wish.who);
    if (!signal) return;
    const auto beyond = [&](const char* which) { wish.remarks.push_back(fmt::format("from {} itself this would be refused: it is beyond its {}", wish.who, which)); };
    if (signal->plausible_min && value < *signal->plausible_min) beyond("plausible_min");
    if (signal->plausible_max && value > *signal->plausible_max) beyond("plausible_max");
}

struct Amount {
    std::string number, unit;
};

/// "12MW" into 12 and MW.
Amount amount_of(const std::string& text) {
    const auto unit = text.find_first_not_of("+-0123456789.");
    if (unit == text.npos) return {text, {}};
    const auto begin = text.find_first_not_of(' ', unit);
    return {text.substr(0, unit), begin == text.npos ? "" : text.substr(begin)};
}

}  // namespace

Result<Power> power_of(const std::string& text) {
    const Amount amount = amount_of(text);
    const auto wrong = [&](const std::string& why) { return refused(fmt::format("--limit \"{}\": {}; write a power with its unit, as 12MW or 11500kW", text, why)); };
    if (amount.unit.empty() && !amount.number.empty()) return wrong("it has no unit");
    const auto watts = wire::signal_amount(SignalKind::dispatch, "limit", amount.number, amount.unit, {});
    if (!watts) return wrong(watts.error().detail);
    return Power{*watts};
}

namespace {

Result<Wish> limit_wish(const Config& config, const SiteModel& model, const PlanOptions& options) {
    const std::vector<std::string> heard = speakers(config, SignalKind::dispatch, false);
    const auto who = heard.empty() && options.signal.empty() ? Result<std::string>{"operator"} : speaker(config, options.signal, SignalKind::dispatch, false);
    if (!who) return tl::unexpected{who.error()};
    const auto watts = power_of(options.limit);
    if (!watts) return tl::unexpected{watts.error()};
    Wish wish;
    wish.who = *who;
    wish.signal = {.source = model.sources.at(*who), .kind = SignalKind::dispatch, .id = "what-if"};
    wish.signal.ask = Ask::absolute;
    wish.signal.power = *watts;
    wish.text = fmt::format("{} asked {} to draw at most {}", *who, scope_heard(config, *who), print(wish.signal.power));
    doubt(wish, config, watts->count);
    return wish;
}

Result<Wish> price_wish(const Config& config, const SiteModel& model, const PlanOptions& options) {
    const auto who = speaker(config, options.signal, SignalKind::price, false);
    if (!who) return tl::unexpected{who.error()};
    const Amount amount = amount_of(options.price);
    const std::string usual = config.site.currency + "/MWh";
    wire::SignalRules rules;
    rules.currency = config.site.currency;
    const auto price = wire::signal_amount(SignalKind::price, "price", amount.number, amount.unit.empty() ? usual : amount.unit, rules);
    if (!price) return refused(fmt::format("--price \"{}\": {}; write a number, in {} unless it says another unit of energy, as 85 or 8.5ct/kWh", options.price, price.error().detail, usual));
    Wish wish;
    wish.who = *who;
    wish.signal = {.source = model.sources.at(*who), .kind = SignalKind::price};
    wish.signal.price = Price{*price};
    wish.text = said(wish.signal, *who, config);
    doubt(wish, config, *price);
    return wish;
}

/// Which of the site's signals would have brought such a message.
SignalKind brought_by(const std::string& text) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(text, failed);
    const auto* kind = !failed && value.is_object() ? value.get_object().if_contains("kind") : nullptr;
    const auto known = kind && kind->is_string() ? wire::signal_kind(std::string_view{kind->get_string()}) : std::nullopt;
    const bool told = known == SignalKind::price || known == SignalKind::hashprice || known == SignalKind::temperature || known == SignalKind::heat || known == SignalKind::local;
    return told || (known && about_peaks(*known)) ? *known : SignalKind::dispatch;
}

Result<Wish> event_wish(const Config& config, const SiteModel& model, const PlanOptions& options) {
    const auto text = disk_reader()(options.event);
    if (!text) return refused(fmt::format("--event {}: cannot be read: {}; name a file with one signal as docs/mqtt.md shows it", options.event, text.error().detail));
    const auto wrong = [&](const std::string& why) { return refused(fmt::format("--event {}: {}; docs/mqtt.md has an example of each signal", options.event, why)); };
    const SignalKind kind = brought_by(*text);
    // What is no signal at all is told before whose it would have been.
    const auto who = speaker(config, options.signal, kind, true);
    wire::SignalRules rules;
    rules.kind = kind;
    if (who) rules = rules_of(*signal_of(config, *who), model.sources.at(*who), config);
    const auto message = wire::parse_signal_json(*text, rules);
    if (!message) return wrong(message.error().detail);
    if (!who) return tl::unexpected{who.error()};
    const auto* signal = std::get_if<Signal>(&*message);
    if (!signal) return wrong("a heartbeat asks nothing of the site");
    return Wish{*signal, *who, said(*signal, *who, config), {}};
}

}  // namespace

bool hear_limits(Config& config) {
    if (!speakers(config, SignalKind::dispatch, false).empty()) return false;
    PolicyConfig usual;
    usual.name = "plan";
    while (std::ranges::find(config.policies, usual.name, &PolicyConfig::name) != config.policies.end()) usual.name += "+";
    usual.dispatch.emplace();
    config.policies.push_back(std::move(usual));
    return true;
}

Result<Wish> wish_of(const Config& config, const SiteModel& model, const PlanOptions& options) {
    if (!options.limit.empty()) return limit_wish(config, model, options);
    if (!options.price.empty()) return price_wish(config, model, options);
    return event_wish(config, model, options);
}

}  // namespace ballast
