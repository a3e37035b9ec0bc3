#include "app/config_parts.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace ballast::config {
namespace {

std::string wrong_currency(std::string_view text) {
    const bool fine = text.size() == 3 && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == text.npos;
    return fine ? "" : "allowed: an ISO 4217 code like \"USD\"";
}

std::string wrong_zone(std::string_view text) {
    const bool fine = text == "UTC" || (text.find('/') != text.npos && text.size() <= 64 &&
                                        text.front() != '/' && text.find("..") == text.npos);
    return fine ? "" : "allowed: \"UTC\" or a name like \"America/Chicago\"";
}

HeartbeatConfig heartbeat_of(Keys& keys, Parse& parse) {
    HeartbeatConfig beat;
    beat.broker = keys.reference("broker", "broker", parse.brokers());
    beat.topic = keys.text_or("topic", "ballast/" + parse.config.site.name + "/heartbeat", wrong_plain_topic);
    beat.period = keys.span_or("period_ms", {100, 60'000}, beat.period);
    if (const auto* table = keys.table("coil")) {
        Keys coil{*table, "'coil' of " + keys.what(), keys.faults()};
        beat.modbus = modbus(coil, parse);
        beat.coil = static_cast<std::uint16_t>(coil.must_number("address", {0, 65'535}));
        claim_bit(parse, coil.at("address"), *beat.modbus, RegisterFunction::coil, beat.coil, BitUse::moved, "the heartbeat's");
        coil.finish();
    }
    if (!keys.has("broker") && !keys.has("coil"))
        keys.missing("broker", "expected a 'broker', a 'coil' or both: where shall it beat?");
    keys.finish();
    return beat;
}

/// What the TLS library reads by itself, from a file.
Secret secret_file(Keys& keys, Parse& parse, std::string_view key) {
    const Secret given = secret(keys, parse, key);
    if (given.kind == Secret::Kind::environment)
        keys.fault(key, fmt::format("'{}' is {}, and TLS reads files only; allowed: the path of a PEM file", key,
                                    shown("env:" + given.name)));
    return given;
}

void security(Keys& keys, Parse& parse, BrokerConfig& broker) {
    broker.tls_ca = secret_file(keys, parse, "tls_ca");
    broker.tls_certificate = secret_file(keys, parse, "tls_certificate");
    broker.tls_key = secret_file(keys, parse, "tls_key");
    broker.user = secret(keys, parse, "user_file");
    broker.password = secret(keys, parse, "password_file");
    if (keys.has("tls_certificate") && !keys.has("tls_key"))
        keys.missing("tls_key", "a certificate needs its key");
    if (keys.has("tls_key") && !keys.has("tls_certificate"))
        keys.missing("tls_certificate", "a key needs its certificate");
    if (keys.has("password_file") && !keys.has("user_file"))
        keys.missing("user_file", "a password needs its user");
    const bool implied = keys.has("tls_ca") || keys.has("tls_certificate") || keys.has("tls_key");
    const auto asked = keys.flag("tls");
    if (implied && asked == false)
        keys.fault("tls", "'tls' is false, yet other tls_ keys are given; leave them out, or say true");
    broker.tls = asked.value_or(implied);
}

}  // namespace

Secret secret(Keys& keys, Parse& parse, std::string_view key) {
    const auto text = keys.text(key);
    if (!text) return {};
    const Position at = keys.at(key);
    constexpr std::string_view variable = "env:";
    if (text->find('\n') != text->npos || text->find("-----BEGIN") != text->npos) {
        keys.fault(
            key,
            fmt::format(
                "'{}' holds the secret itself; allowed: the path of a file that holds it, or \"env:NAME\"",
                key));
        return {};
    }
    if (!text->starts_with(variable)) return {Secret::Kind::file, parse.beside(*text), at};
    const std::string name = text->substr(variable.size());
    const bool fine =
        !name.empty() && name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == name.npos;
    if (!fine)
        keys.fault(key, fmt::format("'{}' is {}; allowed after env: capital letters, digits and '_'", key,
                                    shown(*text)));
    return {Secret::Kind::environment, name, at};
}

void parse_fx(Keys& root, Parse& parse) {
    const auto* table = root.table("fx");
    if (!table) return;
    Keys keys{*table, "[fx]", parse.faults};
    for (const auto& [key, value] : *table) {
        const std::string currency{key.str()};
        const std::string wrong = wrong_currency(currency);
        if (!wrong.empty())
            parse.faults.add(position(key.source()),
                             fmt::format("[fx] {} is no currency; {}", shown(currency), wrong));
        const auto rate = keys.number(currency, {1, 1'000'000'000'000, 6});
        if (rate) parse.config.fx[currency] = *rate;
    }
}

void parse_site(Keys& root, Parse& parse) {
    if (!root.has("site")) root.missing("site", "expected [site] with at least 'name'");
    const auto* table = root.table("site");
    if (!table) return;
    Keys keys{*table, "[site]", parse.faults};
    SiteConfig& site = parse.config.site;
    site.name = keys.must_text("name", "the name in MQTT topics", wrong_name);
    site.time_zone = keys.text_or("time_zone", site.time_zone, wrong_zone);
    site.time_zone_at = keys.at("time_zone");
    site.currency = keys.text_or("currency", site.currency, wrong_currency);
    site.meter = keys.reference("meter", "meter", parse.meters());
    site.broker = keys.reference("broker", "broker", parse.brokers());
    if (!keys.has("broker") && !parse.config.brokers.empty()) site.broker = parse.config.brokers.front().name;
    site.overhead = keys.watts_or("overhead_kw", Power{});
    site.pace = pace_of(keys);
    site.returns = return_of(keys, !site.meter.empty());
    site.cooling_ppm = cooling_of(keys);
    site.residual_settles = keys.span_or("residual_settles_s", seconds(1'000, day_ms), site.residual_settles);
    site.reassert_every = keys.span_or("reassert_every_s", seconds(1'000, day_ms), site.reassert_every);
    site.tries = static_cast<unsigned>(keys.number_or("tries", {1, 100}, site.tries));
    site.contested_after = static_cast<unsigned>(keys.number_or("contested_after", {1, 1'000}, site.contested_after));
    site.hedge = keys.watts_or("hedge_kw", Power{});
    if (const auto price = keys.number("hedge_price_per_mwh", {-100'000'000'000, 100'000'000'000, 6})) site.hedge_price = Price{*price};
    if (site.hedge_price && site.hedge == Power{}) keys.missing("hedge_kw", "a price without a quantity buys nothing");
    site.on_exit = keys.choice_or(
        "on_exit", Choices<OnExit>{{"hold", OnExit::hold}, {"wake", OnExit::wake}, {"sleep", OnExit::sleep}},
        site.on_exit);
    if (const auto* beat = keys.table("heartbeat")) {
        Keys in{*beat, "[site.heartbeat]", parse.faults};
        site.heartbeat = heartbeat_of(in, parse);
    }
    keys.finish();
}

void parse_journal(Keys& root, Parse& parse) {
    JournalConfig& journal = parse.config.journal;
    journal.path = parse.beside(parse.config.site.name + ".db");
    const auto* table = root.table("journal");
    if (!table) return;
    Keys keys{*table, "[journal]", parse.faults};
    if (const auto path = keys.text("path")) journal.path = parse.beside(*path);
    journal.path_at = keys.at("path");
    journal.keep_mb = keys.number_or("keep_mb", {16, 10'000'000}, journal.keep_mb);
    keys.finish();
}

void parse_http(Keys& root, Parse& parse) {
    const auto* table = root.table("http");
    if (!table) return;
    Keys keys{*table, "[http]", parse.faults};
    HttpConfig http;
    const std::string listen = keys.must_text("listen", "an address like \"127.0.0.1:8420\"");
    const auto colon = listen.rfind(':');
    const std::int64_t port =
        colon == listen.npos ? 0 : scaled(std::string_view{listen}.substr(colon + 1), 0).value_or(0);
    http.host = listen.substr(0, colon == listen.npos ? 0 : colon);
    if (http.host.starts_with('[') && http.host.ends_with(']'))
        http.host = http.host.substr(1, http.host.size() - 2);
    boost::system::error_code no_address;
    boost::asio::ip::make_address(http.host, no_address);
    const bool fine = port >= 1 && port <= 65'535 && !no_address;
    if (fine) http.port = static_cast<std::uint16_t>(port);
    else if (!listen.empty())
        keys.fault("listen", fmt::format("'listen' is {}; allowed: address:port like 127.0.0.1:8420, the port from 1 to 65535",
                                         shown(listen)));
    keys.finish();
    parse.config.http = http;
}

void parse_brokers(Keys& root, Parse& parse) {
    const auto* brokers = root.table("mqtt");
    if (!brokers) return;
    const Choices<MqttVersion> versions{
        {"auto", MqttVersion::automatic}, {"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v311}};
    for (const auto& [key, value] : *brokers) {
        BrokerConfig broker;
        broker.name = key.str();
        const Position at = position(key.source());
        if (!wrong_name(broker.name).empty())
            parse.faults.add(
                at, fmt::format("[mqtt] {} is no name; {}", shown(broker.name), wrong_name(broker.name)));
        const auto* table = value.as_table();
        if (!table) {
            parse.faults.add(
                at, fmt::format("unknown key {} in [mqtt]; expected a table for each broker, [mqtt.main]",
                                shown(broker.name)));
            continue;
        }
        Keys keys{*table, "[mqtt." + broker.name + "]", parse.faults};
        broker.host = keys.must_text("host", "a host name or address", wrong_host);
        security(keys, parse, broker);
        broker.port =
            static_cast<std::uint16_t>(keys.number_or("port", port_range(), broker.tls ? 8'883 : 1'883));
        broker.version = keys.choice_or("version", versions, broker.version);
        broker.client_id = keys.text_or("client_id", "", wrong_name);
        broker.keep_alive = keys.span_or("keep_alive_s", seconds(1'000, 3'600'000), broker.keep_alive);
        broker.most_bytes = static_cast<std::size_t>(keys.number_or("most_bytes", {256, 16'777'216}, 65'536));
        keys.finish();
        parse.config.brokers.push_back(std::move(broker));
    }
    // By where they stand: a TOML table is sorted by name, but the first broker is the default one.
    std::ranges::stable_sort(parse.config.brokers, {}, [&](const BrokerConfig& b) {
        const Position at = position(*brokers->get(b.name));
        return std::pair{at.line, at.column};
    });
}

}  // namespace ballast::config
