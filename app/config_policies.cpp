#include "app/config_parts.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

const Choices<EscalateTo> rungs{{"repeat", EscalateTo::repeat},
                                {"power_off", EscalateTo::power_off},
                                {"contactor", EscalateTo::contactor}};

struct Known {
    std::map<std::string, std::pair<std::string, PriceStrikeConfig>>
        priced;                                     ///< Group -> first policy that prices it.
    std::map<std::string, std::string> currencies;  ///< Policy -> its currency.
};

const SignalConfig* signal_named(const Parse& parse, const std::string& name) {
    const auto at = std::ranges::find(parse.config.signals, name, &SignalConfig::name);
    return at == parse.config.signals.end() ? nullptr : &*at;
}

/// Of the policy's currency in the site's, x 10^-6.
std::int64_t rate_of(Keys& keys, Parse& parse, const std::string& currency) {
    if (currency == parse.config.site.currency) return 1'000'000;
    const auto rate = parse.config.fx.find(currency);
    if (rate != parse.config.fx.end()) return rate->second;
    keys.fault("currency",
               fmt::format(
                   "'currency' is {} and the site's {}; allowed: the site's, or give the rate: [fx] {} = ...",
                   shown(currency), parse.config.site.currency, shown(currency).substr(1, currency.size())));
    return 1'000'000;
}

std::int64_t converted(std::int64_t amount, std::int64_t rate) {
    const Int128 product = Int128{amount} * rate;
    return static_cast<std::int64_t>(product / 1'000'000 - (product % 1'000'000 < 0 ? 1 : 0));
}

void strike_of(Keys& keys, std::int64_t rate, PriceStrikeConfig& policy) {
    const auto hashprice = keys.number("hashprice", {0, 1'000'000'000'000'000, 9});
    const auto strike = keys.number("strike_per_mwh", {-100'000'000'000, 100'000'000'000, 6});
    const bool both = keys.has("hashprice") && keys.has("strike_per_mwh");
    if (both)
        keys.fault("strike_per_mwh", "'strike_per_mwh' and 'hashprice' both say when to stop; give one");
    if (!keys.has("hashprice") && !keys.has("strike_per_mwh"))
        keys.missing("hashprice", "expected 'hashprice' (currency per PH/s and day) or 'strike_per_mwh'");
    if (keys.has("strike_per_mwh") && !both)
        for (const auto* key : {"pool_fee_percent", "overhead_factor", "adder_per_mwh"})
            keys.refuse(key, "a given strike has it in already");
    const std::int64_t fee = keys.number_or("pool_fee_percent", {0, 999'999, 4}, 0);
    const std::int64_t overhead = keys.number_or("overhead_factor", {1'000'000, 10'000'000, 6}, 1'000'000);
    const std::int64_t adder = keys.number_or("adder_per_mwh", {-100'000'000'000, 100'000'000'000, 6}, 0);
    if (strike) policy.strike = Price{converted(*strike, rate)};
    else policy.economics = Economics{Price{converted(hashprice.value_or(0), rate)}, fee, overhead, Price{converted(adder, rate)}};
}

void worth_cycling_of(Keys& keys, PriceStrikeConfig& policy) {
    policy.worth_cycling = keys.flag("worth_cycling").value_or(true);
    if (!policy.worth_cycling)
        for (const auto* key : {"expected_spike_s", "expected_calm_s"}) keys.refuse(key, "with worth_cycling = false nothing is weighed");
    if (const auto spike = keys.number("expected_spike_s", seconds(1'000, 31 * day_ms))) policy.expected_spike = Duration{*spike};
    if (keys.has("expected_calm_s")) policy.expected_calm = keys.span_or("expected_calm_s", seconds(0, 31 * day_ms), Duration{0});
}

/// The order of a group is that of its strikes, and a hashprice would change it under machines whose own it does not move.
bool partly_hosted(const GroupConfig& group) {
    const auto own = std::ranges::count_if(group.machines, [](const MachineConfig& m) { return m.strike.has_value(); });
    return own > 0 && own < static_cast<std::ptrdiff_t>(group.machines.size());
}

void priced_group(Keys& keys, Parse& parse, Known& known, const PolicyConfig& policy,
                  const Keys::Name& name) {
    const auto group = std::ranges::find(parse.config.groups, name.text, &GroupConfig::name);
    if (group == parse.config.groups.end())
        return keys.dangling("groups", name, "group", names_of(parse.config.groups));
    const auto fault = [&](std::string text) { parse.faults.add(name.at, std::move(text)); };
    if (group->driver == GroupDriver::contactor)
        return fault(fmt::format(
            "\"{}\" is a contactor, and none opens for a price; allowed: groups of machines", name.text));
    if (group->tier == Tier::firm)
        return fault(fmt::format("\"{}\" is firm{}, and no price stops it; allowed: interruptible groups",
                                 name.text, group->tier_given ? "" : " because it has no 'tier'"));
    if (group->tier == Tier::flexible)
        return fault(fmt::format("\"{}\" is flexible, and no price slows it; allowed: interruptible groups", name.text));
    const PriceStrikeConfig& own = *policy.price_strike;
    if (own.economics && partly_hosted(*group))
        return fault(fmt::format("\"{}\" has machines with a strike of their own beside some that follow the hashprice; allowed: "
                                 "hosted machines in a group of their own, or 'strike_per_mwh' for the others",
                                 name.text));
    const auto [first, is_new] = known.priced.try_emplace(name.text, policy.name, own);
    if (is_new) return;
    const auto& [other_name, other] = first->second;
    if (known.currencies[other_name] != known.currencies[policy.name])
        return fault(fmt::format(
            "\"{}\" has a price in {} by \"{}\" and in {} by \"{}\"; one group has one currency", name.text,
            known.currencies[other_name], other_name, known.currencies[policy.name], policy.name));
    if (other.economics != own.economics || other.strike != own.strike)
        return fault(fmt::format("\"{}\" has another strike by \"{}\" already; one machine has one strike",
                                 name.text, other_name));
}

void price_strike_of(Keys& keys, Parse& parse, Known& known, PolicyConfig& policy) {
    PriceStrikeConfig& own = policy.price_strike.emplace();
    if (!keys.has("signal")) keys.missing("signal", "expected the name of a price signal");
    own.signal = keys.reference("signal", "signal", parse.signals());
    const SignalConfig* signal = signal_named(parse, own.signal);
    if (signal && signal->kind != SignalSort::price)
        keys.fault(
            "signal",
            fmt::format("'signal' is \"{}\", which is no price; allowed: a signal with kind = \"price\"",
                        own.signal));
    const std::string currency = keys.text_or("currency", parse.config.site.currency);
    known.currencies[policy.name] = currency;
    strike_of(keys, rate_of(keys, parse, currency), own);
    own.down_after = static_cast<unsigned>(keys.number_or("down_after", {1, 96}, 1));
    own.up_after = static_cast<unsigned>(keys.number_or("up_after", {1, 96}, 1));
    worth_cycling_of(keys, own);
    const auto rung = keys.choice("escalate_to", rungs);
    if (rung.value_or(EscalateTo::repeat) != EscalateTo::repeat)
        keys.fault("escalate_to",
                   fmt::format("'escalate_to' is {}, and a price never cuts power; allowed: repeat",
                               shown(*keys.text("escalate_to"))));
    if (!keys.has("groups")) keys.missing("groups", "expected [\"a\", \"b\"], the groups it may stop");
    for (const Keys::Name& name : keys.names("groups")) {
        priced_group(keys, parse, known, policy, name);
        own.groups.push_back(name.text);
    }
}

/// A call has one reference, whoever obeys it.
void one_reference(Keys& keys, const Parse& parse, const DispatchConfig& policy) {
    for (const PolicyConfig& other : parse.config.policies)
        for (const std::string& signal : policy.signals)
            if (other.dispatch && other.dispatch->reference_window != policy.reference_window && std::ranges::find(other.dispatch->signals, signal) != other.dispatch->signals.end())
                return keys.fault("reference_window_s", fmt::format("'reference_window_s' is {}, and that of \"{}\", which obeys \"{}\" too, is {}; a call has one reference: give both the same",
                                                                    policy.reference_window.count() / 1'000, other.name, signal, other.dispatch->reference_window.count() / 1'000));
}

void dispatch_of(Keys& keys, Parse& parse, DispatchConfig& policy) {
    if (!keys.has("signals")) keys.missing("signals", "expected [\"a\", \"b\"], the sources it obeys");
    for (const Keys::Name& name : keys.names("signals")) {
        const SignalConfig* signal = signal_named(parse, name.text);
        const bool obeyed = signal && asks(signal->kind);
        if (!signal) keys.dangling("signals", name, "signal", parse.signals());
        else if (!obeyed)
            parse.faults.add(
                name.at,
                fmt::format("\"{}\" is no dispatch, contact or limit; allowed: signals of these kinds",
                            name.text));
        else if (!signal->same_as.empty())
            parse.faults.add(name.at, fmt::format("\"{}\" is a channel of \"{}\"; name that", name.text, signal->same_as));
        const auto owns = [&](const PolicyConfig& other) { return other.programme && std::ranges::find(other.programme->signals, name.text) != other.programme->signals.end(); };
        if (const auto other = std::ranges::find_if(parse.config.policies, owns); other != parse.config.policies.end())
            parse.faults.add(name.at, fmt::format("\"{}\" is obeyed by \"{}\" already; a signal belongs to one programme", name.text, other->name));
        policy.signals.push_back(name.text);
    }
    policy.feeder = keys.reference("feeder", "feeder", parse.feeders());
    policy.reference_window = keys.span_or("reference_window_s", seconds(0, day_ms), policy.reference_window);
    one_reference(keys, parse, policy);
    policy.prove_within = keys.span_or("prove_within_s", seconds(0, day_ms), policy.prove_within);
    policy.margin_ppm = keys.number_or("margin_percent", {0, 500'000, 4}, policy.margin_ppm);
    policy.escalate_to = keys.choice_or("escalate_to", rungs, policy.escalate_to);
    policy.emergency_escalate_to =
        keys.choice_or("emergency_escalate_to", rungs, policy.emergency_escalate_to);
    policy.contactor_after = keys.span_or("contactor_after_s", seconds(0, day_ms), policy.contactor_after);
}

void site_cap_of(Keys& keys, Parse& parse, SiteCapConfig& policy) {
    policy.feeder = keys.reference("feeder", "feeder", parse.feeders());
    policy.act_above = keys.must_power("act_above_kw");
    const Power percent{policy.act_above.count / 100};
    policy.aim = keys.watts_or("aim_kw", policy.act_above - percent);
    policy.release = keys.watts_or("release_kw", std::max(Power{}, policy.aim - percent));
    if (policy.aim > policy.act_above)
        keys.fault("aim_kw",
                   "'aim_kw' is above 'act_above_kw'; allowed: release_kw <= aim_kw <= act_above_kw");
    if (policy.release > policy.aim)
        keys.fault("release_kw",
                   "'release_kw' is above 'aim_kw'; allowed: release_kw <= aim_kw <= act_above_kw");
    policy.window = keys.span_or("window_s", seconds(0, 3'600'000), policy.window);
    policy.prove_within = keys.span_or("prove_within_s", seconds(0, day_ms), policy.prove_within);
    policy.escalate_to = keys.choice_or("escalate_to", rungs, policy.escalate_to);
    policy.contactor_after = keys.span_or("contactor_after_s", seconds(0, day_ms), policy.contactor_after);
}

void programme_of(Keys& keys, Parse& parse, ProgrammeConfig& own) {
    toml::table terms;
    if (const Preset* preset = preset_of(keys)) {
        own.preset = preset->name;
        terms = toml::parse(preset->toml);
        keys.fall_back_on(terms);
    }
    parse_programme(keys, parse, rate_of(keys, parse, keys.text_or("currency", parse.config.site.currency)), own);
    keys.finish();
}

void demand_charge_of(Keys& keys, Parse& parse, DemandChargeConfig& policy) {
    const std::int64_t rate = rate_of(keys, parse, keys.text_or("currency", parse.config.site.currency));
    const Range price{0, 1'000'000'000'000, 6};
    if (!keys.has("price_per_kw_month")) keys.missing("price_per_kw_month", "expected what a kW of the month's highest mean costs");
    if (!keys.has("mining_earns_per_mwh")) keys.missing("mining_earns_per_mwh", "expected what mining earns per MWh beyond its energy");
    // 10^-6 of a currency unit per kW is 10^3 x 10^-9; per MWh it is 10^-9 per kWh.
    policy.per_kw_month = Price{converted(1'000 * keys.number("price_per_kw_month", price).value_or(0), rate)};
    policy.mining_earns = Price{converted(keys.number("mining_earns_per_mwh", price).value_or(0), rate)};
    policy.window = Duration{60'000 * keys.number_or("window_min", {15, 30}, 15)};
    if (policy.window != std::chrono::minutes{15} && policy.window != std::chrono::minutes{30})
        keys.fault("window_min", fmt::format("'window_min' is {}; allowed: 15 or 30", policy.window.count() / 60'000));
    policy.ratchet_ppm = keys.number_or("ratchet_percent", {0, 1'000'000, 4}, 0);
    policy.paid = keys.watts_or("paid_kw", Power{});
    policy.prove_within = keys.span_or("prove_within_s", seconds(0, day_ms), policy.prove_within);
    if (parse.config.site.meter.empty())
        keys.fault("kind", "'kind' is \"demand_charge\" and [site] has no 'meter' whose mean is billed; allowed with one");
    for (const PolicyConfig& other : parse.config.policies)
        if (other.demand_charge) keys.fault("kind", fmt::format("\"{}\" is a demand_charge already; one meter has one", other.name));
}

}  // namespace

void parse_policies(Keys& root, Parse& parse) {
    enum class Kind : std::uint8_t { price_strike, dispatch, site_cap, demand_charge, programme, minimum_draw, under_frequency, ambient_derating, heat_demand, coincident_peak };
    const Choices<Kind> kinds{{"price_strike", Kind::price_strike},
                              {"dispatch", Kind::dispatch},
                              {"site_cap", Kind::site_cap},
                              {"demand_charge", Kind::demand_charge},
                              {"programme", Kind::programme},
                              {"minimum_draw", Kind::minimum_draw},
                              {"under_frequency", Kind::under_frequency},
                              {"ambient_derating", Kind::ambient_derating},
                              {"heat_demand", Kind::heat_demand},
                              {"coincident_peak", Kind::coincident_peak}};
    Known known;
    const auto tables = root.tables("policy");
    for (const auto* table : tables) {
        Keys keys{*table, title(*table, "policy", parse.config.policies.size()), parse.faults};
        PolicyConfig policy;
        policy.name = unique_name(keys, names_of(parse.config.policies));
        const auto kind = keys.must_choice("kind", kinds);
        if (kind == Kind::price_strike) price_strike_of(keys, parse, known, policy);
        if (kind == Kind::dispatch) dispatch_of(keys, parse, policy.dispatch.emplace());
        if (kind == Kind::site_cap) site_cap_of(keys, parse, policy.site_cap.emplace());
        if (kind == Kind::programme) programme_of(keys, parse, policy.programme.emplace());
        if (kind == Kind::minimum_draw) parse_minimum_draw(keys, parse, rate_of(keys, parse, keys.text_or("currency", parse.config.site.currency)), policy.minimum_draw.emplace());
        if (kind == Kind::demand_charge) demand_charge_of(keys, parse, policy.demand_charge.emplace());
        if (kind == Kind::under_frequency) under_frequency_of(keys, parse, policy.under_frequency.emplace());
        if (kind == Kind::ambient_derating) parse_ambient_derating(keys, parse, policy.ambient_derating.emplace());
        if (kind == Kind::heat_demand) parse_heat_demand(keys, parse, policy.heat_demand.emplace());
        if (kind == Kind::coincident_peak) parse_coincident_peak(keys, parse, rate_of(keys, parse, keys.text_or("currency", parse.config.site.currency)), policy.coincident_peak.emplace());
        if (policy.name == "operator") keys.fault("name", "'name' is \"operator\", which is the rule that carries out a person's word; allowed: any other");
        const bool ambiguous = policy.name == "site" || parse.machine_ids.contains(policy.name) || std::ranges::find(parse.config.groups, policy.name, &GroupConfig::name) != parse.config.groups.end();
        if (kind == Kind::under_frequency && ambiguous)
            keys.fault("name", fmt::format("'name' is {}, which a load, a group or the site has too; a person's word must say which", shown(policy.name)));
        if (kind && kind != Kind::programme) keys.finish();  // Which falls back on its preset.
        parse.config.policies.push_back(std::move(policy));
    }
    for (std::size_t i = 0; i < tables.size(); ++i) check_strikes(*tables[i], parse, parse.config.policies[i]);
}

}  // namespace ballast::config
