#include "app/config_parts.hpp"
#include "drivers/signals/mapping.hpp"

#include <algorithm>
#include <limits>

namespace ballast::config {
namespace {

const Choices<SignalSort> kinds{{"price", SignalSort::price},
                                {"dispatch", SignalSort::dispatch},
                                {"contact", SignalSort::contact},
                                {"limit", SignalSort::limit},
                                {"hashprice", SignalSort::hashprice},
                                {"temperature", SignalSort::temperature},
                                {"heat", SignalSort::heat},
                                {"system_demand", SignalSort::system_demand},
                                {"peak_forecast", SignalSort::peak_forecast},
                                {"local", SignalSort::local}};
const Choices<InLocal> in_locals{{"observe", InLocal::observe}, {"shed_only", InLocal::shed_only}};
const Choices<OnStale> stales{{"hold", OnStale::hold}, {"shed", OnStale::shed}, {"run", OnStale::run}};
const Choices<TimeFormat> formats{
    {"rfc3339", TimeFormat::rfc3339}, {"unix_s", TimeFormat::unix_s}, {"unix_ms", TimeFormat::unix_ms}};

bool power_kind(SignalSort kind) {
    return kind == SignalSort::dispatch || kind == SignalSort::limit || kind == SignalSort::contact || kind == SignalSort::heat || kind == SignalSort::system_demand || kind == SignalSort::local;
}

/// "/MWh" -> what one of it is in 10^-9 per kWh; 0: no such price.
std::int64_t per(std::string_view what, SignalSort kind) {
    if (kind == SignalSort::price) return what == "MWh" ? 1'000'000 : what == "kWh" ? 1'000'000'000 : 0;
    return what == "PH/day" ? 1'000'000'000 : what == "TH/day" ? 1'000'000'000'000 : 0;
}

std::string allowed_units(const Parse& parse, SignalSort kind) {
    if (kind == SignalSort::system_demand) return "kW, MW, GW";
    if (kind == SignalSort::peak_forecast) return "share, percent";
    if (power_kind(kind)) return "W, kW, MW";
    if (kind == SignalSort::temperature) return "degC";
    const std::string& own = parse.config.site.currency;
    if (kind == SignalSort::hashprice) return own + "/PH/day, " + own + "/TH/day";
    return own + "/MWh, " + own + "/kWh, ct/MWh, ct/kWh, or another currency that [fx] knows";
}

std::optional<Unit> priced(Keys& keys, const Parse& parse, SignalSort kind, const std::string& text) {
    const auto slash = text.find('/');
    const std::string money = text.substr(0, slash);
    const std::int64_t factor = slash == text.npos ? 0 : per(std::string_view{text}.substr(slash + 1), kind);
    const bool cents = money == "ct";
    const std::string currency = cents ? parse.config.site.currency : money;
    const bool code =
        currency.size() == 3 && currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == currency.npos;
    if (factor == 0 || !code) return {};
    if (currency == parse.config.site.currency) return Unit{text, currency, cents ? factor / 100 : factor};
    const auto rate = parse.config.fx.find(currency);
    if (rate != parse.config.fx.end())
        return Unit{text, currency, static_cast<std::int64_t>(Int128{factor} * rate->second / 1'000'000)};
    keys.fault("unit", fmt::format("'unit' is in {} and the site in {}; allowed: the site's currency, or "
                                   "give the rate: [fx] {} = ...",
                                   currency, parse.config.site.currency, currency));
    return Unit{text, currency, factor};
}

std::optional<std::int64_t> plausible(Keys& keys, std::string_view key, const SignalConfig& signal) {
    constexpr double most_demand = 1e12;  // W: no system draws more.
    const double widest = signal.kind == SignalSort::peak_forecast   ? 1e6 / static_cast<double>(signal.unit.factor)
                          : signal.kind == SignalSort::system_demand ? most_demand / static_cast<double>(signal.unit.factor)
                          : power_kind(signal.kind)
                              ? static_cast<double>(most_watts) / static_cast<double>(signal.unit.factor)
                              : 1e9;
    const auto micro = keys.number(key, {-static_cast<std::int64_t>(widest * 1e6),
                                         static_cast<std::int64_t>(widest * 1e6), 6, signal.unit.text});
    if (!micro) return {};
    return static_cast<std::int64_t>(Int128{*micro} * signal.unit.factor / 1'000'000);
}

void plausible_range(Keys& keys, SignalConfig& signal) {
    if (signal.kind == SignalSort::contact || signal.kind == SignalSort::local) {
        keys.refuse("plausible_min", "a contact is open or closed");
        keys.refuse("plausible_max", "a contact is open or closed");
        return;
    }
    signal.plausible_min = plausible(keys, "plausible_min", signal);
    signal.plausible_max = plausible(keys, "plausible_max", signal);
    if (signal.kind == SignalSort::temperature) {  // No place where machines stand is colder or hotter.
        if (!signal.plausible_min) signal.plausible_min = std::min<std::int64_t>(-60'000, signal.plausible_max.value_or(0));
        if (!signal.plausible_max) signal.plausible_max = std::max<std::int64_t>(70'000, *signal.plausible_min);
    }
    if (signal.plausible_min && signal.plausible_max && *signal.plausible_min > *signal.plausible_max)
        keys.fault("plausible_min", "'plausible_min' is above 'plausible_max'; allowed: at most that");
}

MappingConfig mapping(Keys& keys, const SignalConfig& signal) {
    MappingConfig map;
    map.value = keys.text("value", wrong_pointer).value_or("");
    map.time = keys.text("time", wrong_pointer);
    map.start = keys.text("start", wrong_pointer);
    map.end = keys.text("end", wrong_pointer);
    map.id = keys.text("id", wrong_pointer);
    map.time_format = keys.choice_or("time_format", formats, map.time_format);
    map.interval = keys.span_or("interval_s", seconds(1'000, 7 * day_ms), Duration{0});
    if (signal.kind == SignalSort::dispatch || signal.kind == SignalSort::limit)
        map.release = keys.text("release", wrong_pointer);
    else keys.refuse("release", "only a dispatch or a limit is released");
    if (map.end && map.interval.count() > 0)
        keys.fault("interval_s", "'interval_s' and 'end' both say how long it lasts; give one");
    if (signal.kind == SignalSort::price && !map.end && map.interval.count() == 0)
        keys.missing("interval_s",
                     "expected the length of a price interval, or 'end' with the pointer to its end");
    if (signal.kind == SignalSort::peak_forecast && !map.end && map.interval.count() == 0)
        keys.missing("interval_s", "expected the length of the window that is foreseen, or 'end' with the pointer to its end");
    return map;
}

/// What Ballast itself publishes would come back to it as the outside's word, for ever.
void not_our_own_voice(const Keys& keys, const Parse& parse, const SignalConfig& signal) {
    if (signal.broker != parse.config.site.broker) return;
    const std::string root = "ballast/" + parse.config.site.name + "/";
    std::vector<std::string> ours{root + "state", root + "status", root + "event/any", root + "notice/any"};
    if (const auto& beat = parse.config.site.heartbeat; beat && !beat->broker.empty()) ours.push_back(beat->topic);
    for (const std::string& topic : ours)
        if (drivers::topic_matches(signal.topic, topic))
            return keys.fault("topic", fmt::format("'topic' is {}, where Ballast hears what it publishes itself ({}); allowed: a topic that others publish to", shown(signal.topic), topic));
}

void from_mqtt(Keys& keys, Parse& parse, SignalConfig& signal) {
    for (const auto* key : {"transport", "host", "port", "device", "baud", "parity", "stop_bits", "unit_id",
                            "contact", "period_ms"})
        keys.refuse(key, "it belongs to driver = \"modbus\"");
    if (!keys.has("broker")) keys.missing("broker", "expected the name of a broker, [mqtt.NAME]");
    signal.broker = keys.reference("broker", "broker", parse.brokers());
    signal.topic =
        keys.text_or("topic", "ballast/" + parse.config.site.name + "/signal/" + signal.name, wrong_topic);
    if (const std::string fault = drivers::filter_fault(signal.topic); !fault.empty() && wrong_topic(signal.topic).empty())
        keys.fault("topic", fmt::format("'topic' {}; allowed: a topic of its own", fault));
    not_our_own_voice(keys, parse, signal);
    if (signal.kind == SignalSort::local)
        for (const auto* key : {"value", "unit"}) keys.refuse(key, "a switch is told in our own JSON: local, and its release");
    if (keys.has("value") && signal.kind != SignalSort::local) {
        if (!keys.has("unit")) keys.missing("unit", "allowed: " + allowed_units(parse, signal.kind));
        signal.mapping = mapping(keys, signal);
    } else {
        for (const auto* key : {"time", "start", "end", "id", "release", "time_format", "interval_s"})
            keys.refuse(key, "it belongs to a mapping, which has 'value' with a JSON pointer");
    }
    for (const SignalConfig& other : parse.config.signals)
        if (!signal.broker.empty() && other.broker == signal.broker && other.topic == signal.topic &&
            !signal.mapping && !other.mapping)
            keys.fault("topic",
                       fmt::format("\"{}\" and \"{}\" read the same topic {}; one source has one topic",
                                   other.name, signal.name, shown(signal.topic)));
}

void from_contact(Keys& keys, Parse& parse, SignalConfig& signal) {
    if (!keys.has("contact")) keys.missing("contact", "expected { function, address, active, debounce_ms }");
    const auto* table = keys.table("contact");
    if (!table) return;
    Keys bit{*table, "'contact' of " + keys.what(), keys.faults()};
    ContactConfig contact;
    std::tie(contact.function, contact.address) = bit_of(bit);
    contact.active_closed =
        bit.must_choice("active", Choices<bool>{{"open", false}, {"closed", true}}).value_or(true);
    contact.debounce = bit.span_or("debounce_ms", {0, 60'000}, contact.debounce);
    claim_bit(parse, bit.at("address"), signal.modbus, contact.function, contact.address, BitUse::heard, fmt::format("signal {}'s", shown(signal.name)));
    bit.finish();
    signal.contact = contact;
}

void from_register(Keys& keys, Parse& parse, SignalConfig& signal) {
    if (!keys.has("value")) keys.missing("value", "expected { function, address, type, order, scale, unit }");
    const auto* table = keys.table("value");
    if (!table) return;
    Keys in{*table, "'value' of " + keys.what(), keys.faults()};
    ValueConfig value;
    value.value = register_of(in);
    value.value.scale = in.real("scale", 1e-9, 1e9).value_or(1);
    if (!in.has("unit")) in.missing("unit", "allowed: " + allowed_units(parse, signal.kind));
    signal.unit = unit_of(in, parse, signal.kind).value_or(signal.unit);
    value.none = in.number(
        "none", {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
    in.finish();
    if (signal.kind == SignalSort::price)
        value.interval = keys.span_or("interval_s", seconds(1'000, day_ms), value.interval);
    signal.value = value;
}

void from_modbus(Keys& keys, Parse& parse, SignalConfig& signal) {
    for (const auto* key : {"broker", "topic", "unit"})
        keys.refuse(key, std::string_view{key} == "unit" ? "a register's unit stands in 'value'"
                                                         : "it belongs to driver = \"mqtt\"");
    signal.modbus = modbus(keys, parse);
    signal.period = keys.span_or("period_ms", {20, 3'600'000}, signal.period);
    if (signal.kind == SignalSort::contact || signal.kind == SignalSort::local) from_contact(keys, parse, signal);
    else from_register(keys, parse, signal);
}

/// A second channel's silence means nothing while the first is heard, and a switch stays as it was last seen.
void meaning_of_silence(Keys& keys, SignalConfig& signal) {
    if (!signal.same_as.empty()) return keys.refuse("on_stale", "the signal that it is the same as says what silence on all channels means");
    if (signal.kind == SignalSort::local) return keys.refuse("on_stale", "a switch that is not heard stays as it was last seen");
    const bool hashprice = signal.kind == SignalSort::hashprice;
    if (!keys.has("on_stale") && !hashprice)
        keys.missing("on_stale", "what shall its silence mean? allowed: hold, shed, run");
    signal.on_stale = keys.choice_or("on_stale", stales, OnStale::hold);
    if (hashprice && signal.on_stale != OnStale::hold) keys.fault("on_stale", "'on_stale' of a hashprice: the last one stands until another comes; allowed: hold");
}

void silence(Keys& keys, SignalConfig& signal) {
    meaning_of_silence(keys, signal);
    const bool polled = signal.driver == SignalDriver::modbus;
    const Duration usual = signal.kind == SignalSort::system_demand ? Duration{900'000} : polled ? std::max(Duration{10'000}, 3 * signal.period)
                                  : Duration{signal.kind == SignalSort::price ? 900'000 : 0};
    signal.stale_after = keys.span_or("stale_after_s", seconds(0, 31 * day_ms), usual);
    if (polled && signal.stale_after.count() > 0 && signal.stale_after <= signal.period)
        keys.fault("stale_after_s",
                   fmt::format("'stale_after_s' is {} and it is asked every {} ms only; allowed: more than "
                               "one period, or 0 for never",
                               unscaled(signal.stale_after.count(), 3), signal.period.count()));
    signal.future_tolerance = keys.span_or("future_tolerance_s", seconds(0, day_ms), signal.future_tolerance);
}

bool has_channels(SignalSort kind) { return kind == SignalSort::dispatch || kind == SignalSort::contact || kind == SignalSort::limit; }

/// `same_as` names a signal that stands before it in the file.
void channel_of(Keys& keys, const Parse& parse, SignalConfig& signal) {
    if (!keys.has("same_as")) return keys.refuse("agree_within_s", "it belongs to a second channel, which has 'same_as'");
    signal.same_as = keys.reference("same_as", "signal", parse.signals());
    signal.agree_within = keys.span_or("agree_within_s", seconds(0, day_ms), signal.agree_within);
    const auto of = std::ranges::find(parse.config.signals, signal.same_as, &SignalConfig::name);
    if (!has_channels(signal.kind)) keys.fault("same_as", "'same_as' is of a dispatch, a contact or a limit; allowed: only there");
    else if (of == parse.config.signals.end()) return;
    else if (!of->same_as.empty()) keys.fault("same_as", fmt::format("\"{}\" is itself the same as \"{}\"; name that", of->name, of->same_as));
    else if (!has_channels(of->kind)) keys.fault("same_as", fmt::format("\"{}\" is no dispatch, contact or limit; allowed: signals of these kinds", of->name));
}

void switch_of(Keys& keys, SignalConfig& signal) {
    if (signal.kind != SignalSort::local) {
        keys.refuse("in_local", "it belongs to kind = \"local\"");
        keys.refuse("groups", "it belongs to kind = \"local\"");
        return;
    }
    signal.in_local = keys.choice_or("in_local", in_locals, signal.in_local);
    for (const Keys::Name& name : keys.names("groups")) signal.switches.push_back(name.text);
}

SignalConfig signal_of(Keys& keys, Parse& parse) {
    SignalConfig signal;
    signal.name = unique_name(keys, parse.signals());
    if (signal.name == "operator")
        keys.fault("name",
                   "'name' is \"operator\", which is the source of every person's word; allowed: any other");
    const auto kind = keys.must_choice("kind", kinds);
    const auto driver = keys.must_choice(
        "driver", Choices<SignalDriver>{{"mqtt", SignalDriver::mqtt}, {"modbus", SignalDriver::modbus}});
    signal.kind = kind.value_or(SignalSort::price);
    signal.driver = driver.value_or(SignalDriver::mqtt);
    signal.unit = default_unit(parse, signal.kind);
    const bool mqtt = signal.driver == SignalDriver::mqtt;
    const bool wireless = mqtt && signal.kind == SignalSort::contact;
    const bool nameless = !mqtt && signal.kind == SignalSort::dispatch;
    const bool pooled = !mqtt && signal.kind == SignalSort::hashprice;
    if (kind && wireless)
        keys.fault("driver", "'driver' is \"mqtt\" and a contact is a wire; allowed: modbus");
    if (kind && nameless)
        keys.fault("kind",
                   "'kind' is \"dispatch\" and a register has no id, start or end; allowed with driver = "
                   "\"modbus\": price, contact, limit, temperature, heat, local");
    if (kind && pooled)
        keys.fault("kind",
                   "'kind' is \"hashprice\", which no register tells; allowed with driver = \"modbus\": price, "
                   "contact, limit, temperature, heat, local; or driver = \"mqtt\"");
    const bool told = !mqtt && (signal.kind == SignalSort::system_demand || signal.kind == SignalSort::peak_forecast);
    if (kind && told)
        keys.fault("kind", "'kind' is about the system's demand, which no register tells; allowed with driver = \"modbus\": price, contact, limit, temperature, heat, local; or driver = \"mqtt\"");
    const bool sensible = kind && driver && !wireless && !nameless && !pooled && !told;
    if (sensible && mqtt) signal.unit = unit_of(keys, parse, signal.kind).value_or(signal.unit);
    if (sensible && mqtt) from_mqtt(keys, parse, signal);
    if (sensible && !mqtt) from_modbus(keys, parse, signal);
    plausible_range(keys, signal);
    channel_of(keys, parse, signal);
    switch_of(keys, signal);
    silence(keys, signal);
    if (sensible) keys.finish();  // Else every key would be unknown.
    return signal;
}

}  // namespace

Unit default_unit(const Parse& parse, SignalSort kind) {
    const std::string& own = parse.config.site.currency;
    if (kind == SignalSort::price) return {own + "/MWh", own, 1'000'000};
    if (kind == SignalSort::hashprice) return {own + "/PH/day", own, 1'000'000'000};
    if (kind == SignalSort::temperature) return {"degC", "", 1'000};
    if (kind == SignalSort::system_demand) return {"MW", "", 1'000'000};
    if (kind == SignalSort::peak_forecast) return {"share", "", 1'000'000};
    return {"kW", "", 1'000};
}

std::optional<Unit> unit_of(Keys& keys, Parse& parse, SignalSort kind) {
    const auto text = keys.text("unit");
    if (!text) return {};
    std::optional<Unit> unit;
    if (kind == SignalSort::temperature) {
        if (*text == "degC") unit = Unit{*text, "", 1'000};
    } else if (kind == SignalSort::system_demand || kind == SignalSort::peak_forecast) {
        if (const auto known = wire::signal_unit(kind == SignalSort::system_demand ? SignalKind::system_demand : SignalKind::peak_forecast, *text)) unit = Unit{*text, "", known->factor};
    } else if (!power_kind(kind)) unit = priced(keys, parse, kind, *text);
    else if (*text == "W" || *text == "kW" || *text == "MW")
        unit = Unit{*text, "", *text == "W" ? 1 : *text == "kW" ? 1'000 : 1'000'000};
    const auto word = std::ranges::find(kinds, kind, &std::pair<std::string, SignalSort>::second)->first;
    if (!unit)
        keys.fault("unit", fmt::format("'unit' is {}, which is no unit of a {}; allowed: {}", shown(*text),
                                       word, allowed_units(parse, kind)));
    return unit;
}

void link_switches(Keys& root, Parse& parse) {
    const auto tables = root.tables("signal");
    for (std::size_t i = 0; i < std::min(tables.size(), parse.config.signals.size()); ++i) {
        if (parse.config.signals[i].kind != SignalSort::local) continue;
        Keys keys{*tables[i], title(*tables[i], "signal", i), parse.faults};
        for (const Keys::Name& name : keys.names("groups"))
            if (std::ranges::find(parse.config.groups, name.text, &GroupConfig::name) == parse.config.groups.end())
                keys.dangling("groups", name, "group", names_of(parse.config.groups));
    }
}

void parse_signals(Keys& root, Parse& parse) {
    for (const auto* table : root.tables("signal")) {
        Keys keys{*table, title(*table, "signal", parse.config.signals.size()), parse.faults};
        SignalConfig signal = signal_of(keys, parse);
        parse.config.signals.push_back(std::move(signal));
    }
}

}  // namespace ballast::config
