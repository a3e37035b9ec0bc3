#include "drivers/signals/mqtt.hpp"

#include "tests/catch.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"

#include <fmt/format.h>

#include <random>

using namespace ballast;
using namespace ballast::drivers;
using namespace std::chrono_literals;

namespace {

const Instant noon = wire::parse_rfc3339("2026-07-01T12:00:00Z").value();
const Instant received = noon + 3min + 7s;

wire::SignalRules rules(SignalKind kind) {
    wire::SignalRules r;
    r.source = SourceId{3};
    r.kind = kind;
    r.currency = "USD";
    return r;
}

Mapping price_mapping() {
    Mapping m;
    m.value = "/data/0/lmp";
    m.unit = "USD/MWh";
    m.issued = "/ts";
    m.time_format = TimeFormat::unix_s;
    m.interval = 5min;
    return m;
}

Mapping limit_mapping() {
    Mapping m;
    m.kind = SignalKind::dispatch;
    m.value = "/limit";
    m.unit = "MW";
    m.release = "/limit";
    m.release_when = "null";
    return m;
}

Result<Signal> read(std::string_view payload, const Mapping& mapping) {
    return parse_mapped(payload, mapping, rules(mapping.kind), received, "utility");
}

std::string fault(std::string_view payload, const Mapping& mapping) {
    const auto signal = read(payload, mapping);
    return signal ? "accepted" : signal.error().detail;
}

std::string price_json(std::string_view number) {
    return fmt::format(
        R"({{"kind":"price","issued":"2026-07-01T12:00:00Z","start":"2026-07-01T12:00:00Z","end":"2026-07-01T12:05:00Z","price":{},"unit":"USD/MWh"}})",
        number);
}

template <class T>
std::vector<T> only(const std::vector<Event>& events) {
    std::vector<T> found;
    for (const Event& event : events)
        if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
    return found;
}

MqttSignal ercot() { return {"ercot", "ballast/pecos/signal/ercot", rules(SignalKind::price), {}}; }

}  // namespace

TEST_CASE("a mapping finds a price in somebody else's JSON") {
    const auto signal =
        read(R"({"ts":1782907387,"data":[{"node":"HB_WEST","lmp":45.12}],"x":null})", price_mapping());
    REQUIRE(signal);
    CHECK(signal->price.count == 45'120'000);
    CHECK(signal->issued == noon + 3min + 7s);
    CHECK(signal->start == noon);  // The interval's last beginning.
    CHECK(signal->end == noon + 5min);
    CHECK(signal->source == SourceId{3});
    CHECK(signal->id.empty());
    CHECK(read(R"({"ts":"1782907387.5","data":[{"lmp":"-0.5"}]})", price_mapping())->price.count == -500'000);
}

TEST_CASE("a mapping reads a bare number, with the time of receipt") {
    Mapping bare = price_mapping();
    bare.value.clear();
    bare.issued.reset();
    const auto signal = read(" 45.12\n", bare);
    REQUIRE(signal);
    CHECK(signal->price.count == 45'120'000);
    CHECK(signal->issued == received);
    CHECK(fault("45,12", bare) == "\"price\" 45,12 is not a number");
    CHECK(fault("[1]", bare) == "the payload is a list; a number is needed");
    CHECK(fault("", bare) == "empty payload");
}

TEST_CASE("a mapping with its own start, end and id takes them") {
    Mapping m = price_mapping();
    m.time_format = TimeFormat::rfc3339;
    m.issued = "/i";
    m.start = "/s";
    m.end = "/e";
    m.id = "/n";
    m.value = "/v";
    const auto signal = read(
        R"({"i":"2026-07-01T11:59:00Z","s":"2026-07-01T12:00:00Z","e":"2026-07-01T13:00:00Z","n":17,"v":1})",
        m);
    REQUIRE(signal);
    CHECK(signal->start == noon);
    CHECK(signal->end == noon + 1h);
    CHECK(signal->id == "17");
    CHECK(fault(R"({"i":"2026-07-01T11:59:00Z","e":"2026-07-01T13:00:00Z","n":17,"v":1})", m) ==
          "\"/s\" is not there");
    CHECK(fault(R"({"i":"2026-07-01T11:59:00","n":17,"v":1})", m) ==
          "\"/i\" \"2026-07-01T11:59:00\" has no time zone (Z or +hh:mm)");
    CHECK(
        fault(
            R"({"i":"2026-07-01T11:59:00Z","s":"2026-07-01T12:00:00Z","e":"2026-07-01T11:00:00Z","n":1,"v":1})",
            m) == "ends 2026-07-01T11:00:00Z, not after its start 2026-07-01T12:00:00Z");
}

TEST_CASE("a mapped limit stands until its release and is called as its signal is") {
    const auto limit = read(R"({"limit":12.5})", limit_mapping());
    REQUIRE(limit);
    CHECK(limit->kind == SignalKind::dispatch);
    CHECK(limit->ask == Ask::absolute);
    CHECK(limit->power.count == 12'500'000);
    CHECK(limit->start == received);
    CHECK(limit->end == open_end);
    CHECK(limit->id == "utility");
    const auto release = read(R"({"limit":null})", limit_mapping());
    REQUIRE(release);
    CHECK(release->kind == SignalKind::release);
    CHECK(release->id == "utility");
    CHECK(fault(R"({"limit":-1})", limit_mapping()) == "\"/limit\" -1 is negative");
    CHECK(fault(R"({"limt":1})", limit_mapping()) == "\"/limit\" is not there");
    CHECK(fault(R"({"limit":true})", limit_mapping()) == "\"/limit\" is true or false; a number is needed");
}

TEST_CASE("a mapped switch curtails in full and lets go, as a word or as a number") {
    Mapping m;
    m.kind = SignalKind::emergency;
    m.ask = Ask::full;
    m.full_when = "ON";
    m.release = "";
    m.release_when = "OFF";
    CHECK(read("ON", m)->ask == Ask::full);
    CHECK(read("ON", m)->kind == SignalKind::emergency);
    CHECK(read("\"OFF\"", m)->kind == SignalKind::release);
    CHECK(fault("MAYBE", m) == "the payload does not say ON, nor does the payload say OFF");
    m.full_when = "1";
    m.release_when = "0";
    CHECK(read("1.0", m)->kind == SignalKind::emergency);
    CHECK(read("0.000", m)->kind == SignalKind::release);
}

TEST_CASE("without a word of its own a release is whatever is not nothing") {
    Mapping m = limit_mapping();
    m.release = "/over";
    m.release_when.reset();
    for (const char* over : {"true", "1", "0.5", "\"yes\""}) {
        CAPTURE(over);
        CHECK(read(fmt::format(R"({{"limit":1,"over":{}}})", over), m)->kind == SignalKind::release);
    }
    for (const char* stands : {"false", "0", "0.0", "\"\"", "null", "[]", "\"No\"", "\"FALSE\"", "\" off \"", "\"0.00\"", "\"Inactive\""}) {
        CAPTURE(stands);
        CHECK(read(fmt::format(R"({{"limit":1,"over":{}}})", stands), m)->kind == SignalKind::dispatch);
    }
    CHECK(read(R"({"limit":1})", m)->kind == SignalKind::dispatch);
}

TEST_CASE("prices in cents or in another currency become the site's") {
    Mapping m = price_mapping();
    m.value = "/p";
    m.unit = "ct/kWh";
    CHECK(read(R"({"ts":1782907387,"p":4.512})", m)->price.count == 45'120'000);
    m.unit = "EUR/MWh";
    auto euro = rules(SignalKind::price);
    euro.currency = "EUR";
    euro.rate_ppm = 1'080'000;
    euro.plausible_max = 6'000'000'000;
    const auto signal = parse_mapped(R"({"ts":1782907387,"p":100})", m, euro, received, "x");
    CHECK(signal->price.count == 108'000'000);
    const auto high = parse_mapped(R"({"ts":1782907387,"p":6000})", m, euro, received, "x");
    CHECK(high.error().detail == "/p 6000 EUR/MWh is above plausible_max 5555.555556 EUR/MWh");
}

TEST_CASE("a time that is none is refused by each format") {
    Mapping m = price_mapping();
    CHECK(fault(R"({"ts":"soon","data":[{"lmp":1}]})", m) == "\"/ts\" soon is not unix time in seconds");
    CHECK(fault(R"({"ts":-1,"data":[{"lmp":1}]})", m) == "\"/ts\" -1 is not unix time in seconds");
    CHECK(fault(R"({"ts":1782907387000,"data":[{"lmp":1}]})", m) ==
          "\"/ts\" 1782907387000 is not unix time in seconds");
    m.time_format = TimeFormat::unix_ms;
    CHECK(read(R"({"ts":1782907387000,"data":[{"lmp":1}]})", m)->issued == noon + 3min + 7s);
}

TEST_CASE("all that is wrong with a mapping is said at once") {
    Mapping m;
    m.value = "price";
    m.unit = "MWh";
    m.release = "/x";
    const auto all = faults(m);
    REQUIRE(all.size() == 4);
    CHECK(all[0] ==
          "value = \"price\" is no JSON pointer: it begins with / (or is empty), and ~ is written ~0");
    CHECK(all[1] == "unit = \"MWh\" is not a unit of price");
    CHECK(all[2] == "a price needs interval_s or end: without one nobody knows how long it holds");
    CHECK(all[3] == "release: only a dispatch or an emergency is released");
    Mapping relative = limit_mapping();
    relative.ask = Ask::relative;
    CHECK(faults(relative) ==
          std::vector<std::string>{
              "issued: a relative reduction needs the time it was issued, for its reference"});
    CHECK(faults(price_mapping()).empty());
    CHECK(faults(limit_mapping()).empty());
}

TEST_CASE("a topic matches a filter as MQTT says") {
    struct Row {
        const char *filter, *topic;
        bool matches;
    };
    for (const Row& row : {Row{"a/b", "a/b", true},  {"a/b", "a/b/c", false},    {"a/b", "a", false},
                           {"a/+", "a/b", true},     {"a/+", "a/", true},        {"a/+", "a", false},
                           {"a/+/c", "a/b/c", true}, {"+/+", "/a", true},        {"/+", "/a", true},
                           {"+", "/a", false},       {"#", "a/b/c", true},       {"a/#", "a", true},
                           {"a/#", "a/b/c", true},   {"a/#", "ab", false},       {"#", "$SYS/x", false},
                           {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true}, {"a/+/#", "a/b", true},
                           {"a/+/#", "a", false},    {"A", "a", false}}) {
        CAPTURE(row.filter, row.topic);
        CHECK(topic_matches(row.filter, row.topic) == row.matches);
    }
    for (const char* wrong : {"", "a+/b", "a/b#", "#/a", "a/#/b", "+a", "$share/g/a", "a\nb"})
        CHECK(!filter_fault(wrong).empty());
    for (const char* right : {"a", "+", "#", "/", "a/+/b/#", "+/+"}) CHECK(filter_fault(right).empty());
}

TEST_CASE("a broker does not start with a wrong filter or mapping, and says which") {
    MqttSettings settings;
    settings.signals = {ercot(), ercot()};
    settings.signals[0].topic = "a/#/b";
    settings.signals[1].mapping = Mapping{};
    try {
        const MqttBroker broker{settings};
        FAIL("it started");
    } catch (const std::invalid_argument& e) {
        const std::string what = e.what();
        CHECK(what.find("signal ercot: topic \"a/#/b\" has a # that is not its last level") !=
              std::string::npos);
        CHECK(what.find("\nsignal ercot: unit = \"\" is not a unit of price") != std::string::npos);
    }
}

TEST_CASE("each message counts: a signal and a heartbeat, or a refusal that names signal, topic and fault") {
    Mailbox mailbox{0, 0, {}};
    MqttIntake intake{{ercot()}};
    const Steady now{1h};
    CHECK(intake.take("ballast/pecos/signal/ercot", price_json("45.12"), received, now, mailbox));
    CHECK(intake.take("ballast/pecos/signal/ercot", price_json("45.12"), received, now,
                      mailbox));  // Passes: the engine decides.
    CHECK(intake.take("ballast/pecos/signal/ercot", R"({"kind":"price"})", received, now, mailbox));
    CHECK(intake.take("ballast/pecos/signal/ercot", R"({"kind":"heartbeat","issued":"2026-07-01T12:00:00Z"})",
                      received, now, mailbox));
    CHECK(!intake.take("ballast/pecos/signal/other", price_json("45.12"), received, now, mailbox));
    std::vector<Event> events;
    mailbox.drain(events);
    CHECK(only<Signal>(events).size() == 2);
    CHECK(only<Heartbeat>(events).size() >= 1);
    const auto rejected = only<Rejected>(events);
    REQUIRE(rejected.size() == 1);
    CHECK(rejected[0].why == Rejection::malformed);
    CHECK(rejected[0].source == SourceId{3});
    CHECK(rejected[0].detail == "ercot on ballast/pecos/signal/ercot: \"issued\" is missing");
}

TEST_CASE("a message that was not understood is no heartbeat") {
    Mailbox mailbox{0, 0, {}};
    MqttIntake intake{{ercot()}};
    intake.take("ballast/pecos/signal/ercot", "garbage", received, Steady{1h}, mailbox);
    std::vector<Event> events;
    mailbox.drain(events);
    CHECK(only<Heartbeat>(events).empty());
    CHECK(only<Rejected>(events).size() == 1);
}

TEST_CASE("a flood of refusals is told as a few and a count, and all are in the sum") {
    Mailbox mailbox{0, 0, {}};
    MqttSignal any = ercot();
    any.topic = "#";
    any.name = std::string(500, 'n') + "\xff";
    MqttIntake intake{{any}};
    Steady now{1h};
    std::mt19937_64 random{1};
    std::vector<Event> events, all;
    for (int i = 0; i < 5'000; ++i) {
        std::string garbage(random() % 300, ' ');
        for (char& c : garbage) c = static_cast<char>(random());
        intake.take("t" + garbage, garbage, received, now, mailbox);
        if (i == 2'500) now += 1s;
    }
    now += 1s;
    intake.flush(now, mailbox);
    mailbox.drain(events);
    std::uint64_t sum = 0;
    for (const Rejected& r : only<Rejected>(events)) {
        CHECK(r.detail.size() <= 200);
        CHECK(wire::is_printable(r.detail));
        sum += r.why == Rejection::flooded ? std::stoull(r.detail) : 1;
    }
    CHECK(sum == 5'000);
    CHECK(events.size() == 2 * MqttIntake::told_each_second + 2);
}

TEST_CASE("ten million bytes are refused by their size alone") {
    Mailbox mailbox{0, 0, {}};
    MqttIntake intake{{ercot()}};
    intake.take("ballast/pecos/signal/ercot", std::string(10'000'000, '['), received, Steady{1h}, mailbox);
    std::vector<Event> events;
    mailbox.drain(events);
    REQUIRE(only<Rejected>(events).size() == 1);
    CHECK(only<Rejected>(events)[0].why == Rejection::oversized);
    CHECK(only<Rejected>(events)[0].detail ==
          "ercot on ballast/pecos/signal/ercot: 10000000 bytes, at most 16384 are taken");
}

TEST_CASE("the outbox keeps the newest of a retained topic and forgets the oldest of the rest") {
    MqttOutbox box;
    CHECK(box.empty());
    for (int i = 0; i < 5'000; ++i) {
        box.put({"state", std::to_string(i), 1, true});
        box.put({"event", std::to_string(i), 1, false});
    }
    CHECK(box.dropped() == 5'000 - MqttOutbox::most_waiting);
    const auto state = box.next();
    REQUIRE(state);
    CHECK(state->payload == "4999");
    CHECK(box.next()->payload == std::to_string(5'000 - MqttOutbox::most_waiting));
    box.put_back(*state);
    CHECK(box.next()->payload == "4999");
    box.put({"state", "new", 1, true});
    box.put_back(*state);  // Superseded.
    CHECK(box.next()->payload == "new");
    while (box.next()) {}
    CHECK(box.empty());
    box.send_retained_again();
    CHECK(box.next()->payload == "new");
    CHECK(box.empty());
    for (int i = 0; i < 1'000; ++i) box.put({"retained/" + std::to_string(i), "x", 1, true});
    int kept = 0;
    while (box.next()) ++kept;
    CHECK(kept == static_cast<int>(MqttOutbox::most_retained));
}
