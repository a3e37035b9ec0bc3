#include "wire/signal_json.hpp"

#include "tests/catch.hpp"
#include "wire/decimal.hpp"
#include "wire/json_tree.hpp"
#include "wire/printable.hpp"
#include "wire/rfc3339.hpp"
#include "wire/state_json.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <random>

using namespace ballast;
using namespace ballast::wire;
using namespace std::chrono_literals;

namespace {

SignalRules rules(SignalKind kind) {
    SignalRules r;
    r.source = SourceId{7};
    r.kind = kind;
    r.currency = "USD";
    return r;
}

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

Signal parsed(std::string_view payload, SignalKind kind) {
    const auto message = parse_signal_json(payload, rules(kind));
    INFO(payload);
    if (!message) FAIL(message.error().detail);
    return std::get<Signal>(*message);
}

std::string fault(std::string_view payload, const SignalRules& by) {
    const auto message = parse_signal_json(payload, by);
    return message ? "accepted" : message.error().detail;
}

/// Fills the blank of a price.
std::string price(std::string_view number, std::string_view unit = "USD/MWh") {
    return fmt::format(
        R"({{"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T17:05:00Z","price":{},"unit":"{}"}})",
        number, unit);
}

std::string dispatch(std::string_view rest) {
    return fmt::format(R"({{"kind":"dispatch","id":"d-1","issued":"2026-07-01T17:00:00Z",{}}})", rest);
}

struct Bad {
    SignalKind kind;
    std::string payload, message;
};

}  // namespace

TEST_CASE("every kind of our own JSON becomes the signal it says") {
    const Signal p = parsed(price("45.12"), SignalKind::price);
    CHECK(p.source == SourceId{7});
    CHECK(p.kind == SignalKind::price);
    CHECK(p.id.empty());
    CHECK(p.price.count == 45'120'000);
    CHECK(p.start == at("2026-07-01T17:00:00Z"));
    CHECK(p.end == at("2026-07-01T17:05:00Z"));

    const Signal limit =
        parsed(dispatch(R"("limit":12000,"unit":"kW","ramp_s":30,"duration_s":3600)"), SignalKind::dispatch);
    CHECK(limit.id == "d-1");
    CHECK(limit.ask == Ask::absolute);
    CHECK(limit.power.count == 12'000'000);
    CHECK(limit.ramp == 30s);
    CHECK(limit.start == limit.issued);
    CHECK(limit.end == limit.start + 1h);

    const Signal reduce = parsed(dispatch(R"("reduce":5,"unit":"MW","start":"2026-07-01T12:10:00-05:00")"),
                                 SignalKind::dispatch);
    CHECK(reduce.ask == Ask::relative);
    CHECK(reduce.power.count == 5'000'000);
    CHECK(reduce.start == at("2026-07-01T17:10:00Z"));
    CHECK(reduce.end == open_end);

    const Signal full =
        parsed(R"({"kind":"emergency","id":"e","issued":"2026-07-01T17:00:00.250Z","full":true})",
               SignalKind::dispatch);
    CHECK(full.kind == SignalKind::emergency);
    CHECK(full.ask == Ask::full);
    CHECK(full.issued == at("2026-07-01T17:00:00Z") + 250ms);

    const Signal release =
        parsed(R"({"kind":"release","id":"d-1","issued":"2026-07-01T17:30:00Z"})", SignalKind::emergency);
    CHECK(release.kind == SignalKind::release);
    CHECK(release.id == "d-1");

    const Signal hash =
        parsed(R"({"kind":"hashprice","issued":"2026-07-01T17:30:00Z","hashprice":45.1,"unit":"USD/PH/day"})",
               SignalKind::hashprice);
    CHECK(hash.price.count == 45'100'000'000);

    const auto beat = parse_signal_json(R"({"kind":"heartbeat","issued":"2026-07-01T17:30:00Z"})",
                                        rules(SignalKind::price));
    CHECK(std::get<Heartbeat>(beat.value()).source == SourceId{7});
}

TEST_CASE("a decimal becomes the integer it says, not the nearest float's") {
    struct Row {
        std::string text, unit;
        std::int64_t count;
    };
    const std::vector<Row> rows = {
        {"45.12", "USD/MWh", 45'120'000},
        {"0.1", "USD/MWh", 100'000},
        {"-0.01", "USD/MWh", -10'000},
        {"4.512e1", "USD/MWh", 45'120'000},
        {"4512E-2", "USD/MWh", 45'120'000},
        {"0.04512", "USD/kWh", 45'120'000},
        {"5000", "USD/MWh", 5'000'000'000},
        {"-0", "USD/MWh", 0},
        {"4.512", "ct/kWh", 45'120'000},
        {"0.000000", "USD/MWh", 0},
        {"0.0000005", "USD/MWh", 1},
        {"-0.0000005", "USD/MWh", -1},
        {"0.00000049999", "USD/MWh", 0},
        {"1e-400", "USD/MWh", 0},
        {"0e99", "USD/MWh", 0},
        {"1000000000", "USD/MWh", 1'000'000'000'000'000},
        {"72.3400000000000000000000000000000001", "USD/MWh", 72'340'000},
        {"0.10000000000000000555", "USD/kWh", 100'000'000},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parsed(price(row.text, row.unit), SignalKind::price).price.count == row.count);
    }
    for (std::int64_t cents = -25'000; cents <= 500'000; cents += 7) {
        const std::string text =
            fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", std::abs(cents) / 100, std::abs(cents) % 100);
        if (scaled(text, 1'000'000, 1'000'000'000'000).value() != cents * 10'000) FAIL(text);
    }
    std::mt19937_64 random{1};
    for (int i = 0; i < 20'000; ++i) {
        const auto count = static_cast<std::int64_t>(random()) % 1'000'000'000'000'000;
        const int shift = static_cast<int>(random() % 10);
        std::int64_t factor = 1;
        for (int zeros = 0; zeros < shift; ++zeros) factor *= 10;
        if (scaled(unscaled(count, shift), factor, 1'000'000'000'000'000).value() != count)
            FAIL(count << " by " << shift);
    }
}

TEST_CASE("what we write we read back equal") {
    for (
        const char* payload :
        {R"({"kind":"price","id":"p","issued":"2026-07-01T17:00:00.125Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T17:05:00Z","price":-12.345678,"unit":"USD/MWh"})",
         R"({"kind":"dispatch","id":"a \"b\" \\","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:01:00Z","limit":0.001,"unit":"kW","ramp_s":0.5})",
         R"({"kind":"emergency","id":"e","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T18:00:00Z","full":true})",
         R"({"kind":"dispatch","id":"r","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","reduce":5000,"unit":"kW"})",
         R"({"kind":"release","id":"é","issued":"2026-07-01T17:00:00Z"})"}) {
        const auto kind =
            std::string_view{payload}.find("price") < 12 ? SignalKind::price : SignalKind::dispatch;
        const Signal signal = parsed(payload, kind);
        CHECK(signal_json(signal, "USD") == payload);
        CHECK(parsed(signal_json(signal, "USD"), kind) == signal);
    }
    CHECK(
        parse_signal_json(heartbeat_json(at("2026-07-01T17:00:00Z")), rules(SignalKind::price)).has_value());
}

TEST_CASE("each bad payload has its own message") {
    const auto P = SignalKind::price, D = SignalKind::dispatch, H = SignalKind::hashprice;
    const std::string head =
        R"("kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T17:05:00Z")";
    const std::vector<Bad> rows = {
        {P, "", "empty payload"},
        {P, " ", "not JSON: ends early, after byte 1"},
        {P, "{", "not JSON: ends early, after byte 1"},
        {P, "hello", "not JSON: syntax error at byte 0"},
        {P, "{} {}", "not JSON: more follows at byte 3"},
        {P, "[1]", "is a list; an object with \"kind\" is needed"},
        {P, "45.12", "is a number; an object with \"kind\" is needed"},
        {P, "null", "is null; an object with \"kind\" is needed"},
        {P, "{}", "\"kind\" is missing"},
        {P, R"({"kind":1})", "\"kind\" is a number; a string is needed"},
        {P, R"({"kind":"prize"})", "\"kind\" \"prize\" is not known; this signal takes price and heartbeat"},
        {P, R"({"kind":"dispatch"})",
         "\"kind\" \"dispatch\" is not taken here; this signal takes price and heartbeat"},
        {D, R"({"kind":"price"})",
         "\"kind\" \"price\" is not taken here; this signal takes dispatch, emergency, arm, release and "
         "heartbeat"},
        {H, R"({"kind":"price"})",
         "\"kind\" \"price\" is not taken here; this signal takes hashprice and heartbeat"},
        {P, R"({"kind":"price","kind":"price"})", "\"kind\" is there twice"},
        {P, R"({"kind":"price","a":{"b":1,"b":2}})", "\"b\" is there twice"},
        {P, R"([[[[[[[[[1]]]]]]]]])", "nested deeper than 8 levels at byte 8"},
        {P, "{\"kind\":\"\xff\"}", "not JSON: syntax error at byte 9"},
        {P, "{" + head + R"(,"price":NaN,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":Infinity,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":1,"unit":"USD/MWh",})", ""},
        {P, "{" + head + R"(,"price":1,"unit":"USD/MWh"}/*x*/)", ""},
        {P, "{" + head + R"(,"price":01,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":+1,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":.5,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":0x10,"unit":"USD/MWh"})", ""},
        {P, "{" + head + R"(,"price":"45.12","unit":"USD/MWh"})",
         "\"price\" is a string; a number is needed"},
        {P, "{" + head + R"(,"price":null,"unit":"USD/MWh"})", "\"price\" is null; a number is needed"},
        {P, "{" + head + R"(,"price":[1],"unit":"USD/MWh"})", "\"price\" is a list; a number is needed"},
        {P, "{" + head + R"(,"unit":"USD/MWh"})", "\"price\" is missing"},
        {P, "{" + head + R"(,"price":45.12})", "\"unit\" is missing"},
        {P, "{" + head + R"(,"price":45.12,"unit":5})", "\"unit\" is a number; a string is needed"},
        {P, price("1", "MWh"), "unit \"MWh\" is not known: USD/MWh, USD/kWh, ct/kWh or ct/MWh"},
        {P, price("1", "usd/MWh"), "unit \"usd/MWh\" is not known: USD/MWh, USD/kWh, ct/kWh or ct/MWh"},
        {P, price("1", "USD/mwh"), "unit \"USD/mwh\" is not known: USD/MWh, USD/kWh, ct/kWh or ct/MWh"},
        {P, price("1", ""), "unit \"\" is not known: USD/MWh, USD/kWh, ct/kWh or ct/MWh"},
        {P, price("1", "EUR/MWh"), "unit \"EUR/MWh\": this site counts in USD"},
        {P, price("1e300"), "\"price\" 1e300 is out of range"},
        {P, price("1e99999999999999999999"), ""},
        {P, price("-1000000000.1"), "\"price\" -1000000000.1 is out of range"},
        {P, price("123456789012345678901234567890"), "\"price\" 123456789012345678901... is out of range"},
        {P, R"({"kind":"price","pirce":1})",
         "unknown field \"pirce\" (price has id, issued, start, end, price, unit)"},
        {P, R"({"kind":"heartbeat","issued":"2026-07-01T17:00:00Z","id":"x"})",
         "unknown field \"id\" (heartbeat has issued)"},
        {P, R"({"kind":"heartbeat"})", "\"issued\" is missing"},
        {P, R"({"kind":"price"})", "\"issued\" is missing"},
        {P, R"({"kind":"price","issued":1782925200})", "\"issued\" is a number; a string is needed"},
        {P, R"({"kind":"price","issued":"2026-07-01T17:00:00"})",
         "\"issued\" \"2026-07-01T17:00:00\" has no time zone (Z or +hh:mm)"},
        {P, R"({"kind":"price","issued":"2026-07-01 17:00:00Z"})",
         "\"issued\" \"2026-07-01 17:00:00Z\" is not an RFC 3339 time like 2026-07-01T17:05:00Z"},
        {P, R"({"kind":"price","issued":"2026-07-01"})",
         "\"issued\" \"2026-07-01\" is not an RFC 3339 time like 2026-07-01T17:05:00Z"},
        {P, R"({"kind":"price","issued":"2026-02-29T17:00:00Z"})",
         "\"issued\" \"2026-02-29T17:00:00Z\" is no day of the calendar"},
        {P, R"({"kind":"price","issued":"2026-13-01T17:00:00Z"})",
         "\"issued\" \"2026-13-01T17:00:00Z\" is no day of the calendar"},
        {P, R"({"kind":"price","issued":"2026-07-01T24:00:00Z"})",
         "\"issued\" \"2026-07-01T24:00:00Z\" is no time of the day"},
        {P, R"({"kind":"price","issued":"1969-12-31T23:59:59Z"})",
         "\"issued\" \"1969-12-31T23:59:59Z\" is outside 1970 to 2199"},
        {P, R"({"kind":"price","issued":"9999-12-31T23:59:59Z"})",
         "\"issued\" \"9999-12-31T23:59:59Z\" is outside 1970 to 2199"},
        {P, R"({"kind":"price","issued":"2026-07-01T17:00:00+25:00"})",
         "\"issued\" \"2026-07-01T17:00:00+25:00\" is not an RFC 3339 time like 2026-07-01T17:05:00Z"},
        {P, R"({"kind":"price","issued":"2026-07-01T17:00:00.Z"})",
         "\"issued\" \"2026-07-01T17:00:00.Z\" is not an RFC 3339 time like 2026-07-01T17:05:00Z"},
        {P, R"({"kind":"price","issued":"now"})",
         "\"issued\" \"now\" is not an RFC 3339 time like 2026-07-01T17:05:00Z"},
        {P, R"({"kind":"price","issued":"2026-07-01T17:00:00Z"})", "\"start\" is missing"},
        {P,
         R"({"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","price":1,"unit":"USD/MWh"})",
         "\"end\" is missing"},
        {P,
         R"({"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T17:00:00Z"})",
         "ends 2026-07-01T17:00:00Z, not after its start 2026-07-01T17:00:00Z"},
        {P,
         R"({"kind":"price","issued":"2026-07-01T17:00:00Z","start":"2026-07-01T17:05:00Z","end":"2026-07-01T17:00:00Z"})",
         "ends 2026-07-01T17:00:00Z, not after its start 2026-07-01T17:05:00Z"},
        {D, R"({"kind":"dispatch","issued":"2026-07-01T17:00:00Z","full":true})", "\"id\" is missing"},
        {D, R"({"kind":"release","issued":"2026-07-01T17:00:00Z"})", "\"id\" is missing"},
        {D, R"({"kind":"dispatch","id":5,"issued":"2026-07-01T17:00:00Z","full":true})",
         "\"id\" is a number; a string is needed"},
        {D, R"({"kind":"dispatch","id":"","issued":"2026-07-01T17:00:00Z","full":true})", "\"id\" is empty"},
        {D,
         R"({"kind":"dispatch","id":")" + std::string(129, 'x') +
             R"(","issued":"2026-07-01T17:00:00Z","full":true})",
         "\"id\" has 129 bytes, at most 128 are taken"},
        {D, R"({"kind":"dispatch","id":"a\u0000b","issued":"2026-07-01T17:00:00Z","full":true})",
         "\"id\" has characters that cannot be printed"},
        {D, R"({"kind":"dispatch","id":"a\nb","issued":"2026-07-01T17:00:00Z","full":true})",
         "\"id\" has characters that cannot be printed"},
        {D, dispatch(R"("unit":"kW")"), "\"limit\", \"reduce\" or \"full\" is missing"},
        {D, dispatch(R"("limit":1,"reduce":1,"unit":"kW")"), "\"limit\", \"reduce\", \"full\": one of them"},
        {D, dispatch(R"("limit":1,"full":true,"unit":"kW")"), "\"limit\", \"reduce\", \"full\": one of them"},
        {D, dispatch(R"("full":false)"), "\"full\" is false; to end a dispatch send its release"},
        {D, dispatch(R"("full":1)"), "\"full\" is a number; true or false is needed"},
        {D, dispatch(R"("limit":12000)"), "\"unit\" is missing"},
        {D, dispatch(R"("limit":12000,"unit":"kw")"), "unit \"kw\" is not known: W, kW, MW or GW"},
        {D, dispatch(R"("limit":12000,"unit":"USD/MWh")"), "unit \"USD/MWh\" is not known: W, kW, MW or GW"},
        {D, dispatch(R"("limit":-1,"unit":"kW")"), "\"limit\" -1 is negative"},
        {D, dispatch(R"("reduce":-0.5,"unit":"MW")"), "\"reduce\" -0.5 is negative"},
        {D, dispatch(R"("limit":1e13,"unit":"W")"), "\"limit\" 1e13 is out of range"},
        {D, dispatch(R"("limit":"12","unit":"kW")"), "\"limit\" is a string; a number is needed"},
        {D, dispatch(R"("full":true,"duration_s":0)"),
         "ends 2026-07-01T17:00:00Z, not after its start 2026-07-01T17:00:00Z"},
        {D, dispatch(R"("full":true,"duration_s":-5)"), "\"duration_s\" -5 is negative"},
        {D, dispatch(R"("full":true,"duration_s":1e12)"), "\"duration_s\" 1e12 is out of range"},
        {D, dispatch(R"("full":true,"duration_s":60,"end":"2026-07-01T18:00:00Z")"),
         "\"end\" and \"duration_s\": one of them"},
        {D, dispatch(R"("full":true,"ramp_s":-1)"), "\"ramp_s\" -1 is negative"},
        {D, dispatch(R"("full":true,"ramp_s":"30")"), "\"ramp_s\" is a string; a number is needed"},
        {D, dispatch(R"("full":true,"end":"2026-07-01T16:00:00Z")"),
         "ends 2026-07-01T16:00:00Z, not after its start 2026-07-01T17:00:00Z"},
        {D, dispatch(R"("full":true,"priority":1)"),
         "unknown field \"priority\" (dispatch has id, issued, start, end, duration_s, limit, reduce, full, "
         "unit, ramp_s)"},
        {H, R"({"kind":"hashprice","issued":"2026-07-01T17:30:00Z","hashprice":45.1,"unit":"USD/MWh"})",
         "unit \"USD/MWh\" is not known: USD/PH/day, USD/TH/day or USD/EH/day"},
        {H, R"({"kind":"hashprice","issued":"2026-07-01T17:30:00Z","hashprice":-1,"unit":"USD/PH/day"})",
         "\"hashprice\" -1 is negative"},
        {SignalKind::temperature, R"({"kind":"temperature","issued":"2026-07-01T17:30:00Z","temperature":70,"unit":"degF"})",
         "unit \"degF\" is not known: degC"},
        {SignalKind::temperature, R"({"kind":"temperature","issued":"2026-07-01T17:30:00Z","temperature":1000.5,"unit":"degC"})",
         "\"temperature\" 1000.5 is out of range"},
        {SignalKind::temperature, R"({"kind":"heat","issued":"2026-07-01T17:30:00Z","heat":1,"unit":"MW"})",
         "\"kind\" \"heat\" is not taken here; this signal takes temperature and heartbeat"},
        {SignalKind::heat, R"({"kind":"heat","issued":"2026-07-01T17:30:00Z","heat":-1,"unit":"MW"})", "\"heat\" -1 is negative"},
        {H, R"({"kind":"hashprice","issued":"2026-07-01T17:30:00Z","unit":"USD/PH/day"})",
         "\"hashprice\" is missing"},
    };
    for (const Bad& row : rows) {
        const std::string message = fault(row.payload, rules(row.kind));
        INFO(row.payload);
        if (row.message.empty()) CHECK((message.starts_with("not JSON: ") || message.ends_with("is out of range")));  // As Boost's version has it.
        else CHECK(message == row.message);
        CHECK(message.size() <= 160);
    }
    CHECK(rows.size() >= 60);
}

TEST_CASE("the payload's size is looked at before anything else") {
    SignalRules small = rules(SignalKind::price);
    small.most_bytes = 100;
    const auto refused = parse_signal_json(std::string(101, '['), small);
    CHECK(refused.error().code == Errc::oversized);
    CHECK(refused.error().detail == "101 bytes, at most 100 are taken");
    CHECK(parse_signal_json(std::string(10'000'000, '{'), rules(SignalKind::price)).error().code ==
          Errc::oversized);
}

TEST_CASE("what is outside plausible_min and plausible_max is implausible, not malformed") {
    SignalRules narrow = rules(SignalKind::price);
    narrow.plausible_min = -500'000'000;
    narrow.plausible_max = 6'000'000'000;
    const auto high = parse_signal_json(price("6000.01"), narrow);
    CHECK(high.error().code == Errc::implausible);
    CHECK(high.error().detail == "price 6000.01 USD/MWh is above plausible_max 6000 USD/MWh");
    CHECK(fault(price("-500.5"), narrow) == "price -500.5 USD/MWh is below plausible_min -500 USD/MWh");
    CHECK(parse_signal_json(price("6"), narrow).has_value());
    CHECK(parse_signal_json(price("6", "USD/kWh"), narrow).has_value());

    SignalRules power = rules(SignalKind::dispatch);
    power.plausible_min = 500'000;
    power.plausible_max = 50'000'000;
    CHECK(fault(dispatch(R"("limit":0,"unit":"kW")"), power) == "limit 0 kW is below plausible_min 500 kW");
    CHECK(fault(dispatch(R"("limit":51,"unit":"MW")"), power) ==
          "limit 51 MW is above plausible_max 50000 kW");
    CHECK(parse_signal_json(dispatch(R"("full":true)"), power).has_value());
}

TEST_CASE("a system's demand and a forecast of its peak are read, written and refused") {
    const std::string demand = R"({"kind":"system_demand","issued":"2026-07-01T21:05:04Z","start":"2026-07-01T21:05:00Z","demand":81250.5,"unit":"MW"})";
    const Signal told = parsed(demand, SignalKind::system_demand);
    CHECK(told.power == Power{81'250'500'000});
    CHECK(told.start == at("2026-07-01T21:05:00Z"));
    CHECK(signal_json(told, "USD") == demand);
    const std::string forecast = R"({"kind":"peak_forecast","id":"p","issued":"2026-07-01T13:00:00Z","start":"2026-07-01T21:00:00Z","end":"2026-07-01T22:30:00Z","probability":0.125})";
    const Signal foreseen = parsed(forecast, SignalKind::peak_forecast);
    CHECK(foreseen.chance_ppm == 125'000);
    CHECK(signal_json(foreseen, "USD") == forecast);
    CHECK(parsed(R"({"kind":"release","id":"p","issued":"2026-07-01T17:30:00Z"})", SignalKind::peak_forecast).kind == SignalKind::release);
    const auto with = [](std::string text, const std::string& old, const std::string& now) { return text.replace(text.find(old), old.size(), now); };
    const SignalRules demands = rules(SignalKind::system_demand), forecasts = rules(SignalKind::peak_forecast);
    CHECK(fault(with(demand, "81250.5", "-1"), demands) == "\"demand\" -1 is negative");
    CHECK(fault(with(demand, "\"MW\"", "\"MWh\""), demands) == "unit \"MWh\" is not known: W, kW, MW or GW");
    CHECK(fault(with(demand, "system_demand", "price"), demands) == "\"kind\" \"price\" is not taken here; this signal takes system_demand and heartbeat");
    CHECK(fault(with(forecast, "0.125", "1.25"), forecasts) == "\"probability\" 1.25 is out of range");
    CHECK(fault(with(forecast, ",\"end\":\"2026-07-01T22:30:00Z\"", ""), forecasts) == "\"end\" is missing");
    CHECK(fault(with(forecast, "22:30", "20:30"), forecasts) == "ends 2026-07-01T20:30:00Z, not after its start 2026-07-01T21:00:00Z");
}

TEST_CASE("no mutation of a payload crashes, and each refusal can be shown") {
    const std::vector<std::string> seeds = {
        price("45.12"), dispatch(R"("limit":12000,"unit":"kW","ramp_s":30,"duration_s":3600)"),
        R"({"kind":"release","id":"d-\u00e91","issued":"2026-07-01T17:30:00.123+05:30"})"};
    std::mt19937_64 random{42};
    std::size_t accepted = 0;
    for (int i = 0; i < 30'000; ++i) {
        std::string payload = seeds[random() % seeds.size()];
        for (std::uint64_t n = random() % 6; n > 0 && !payload.empty(); --n) {
            const std::size_t place = random() % payload.size();
            switch (random() % 4) {
            case 0: payload[place] = static_cast<char>(random()); break;
            case 1: payload.erase(place, 1 + random() % 8); break;
            case 2: payload.insert(place, payload.substr(random() % payload.size(), random() % 16)); break;
            default: payload[place] = "{}[]\",:0-9eE.\\u"[random() % 15]; break;
            }
        }
        const auto message =
            parse_signal_json(payload, rules(i % 2 ? SignalKind::price : SignalKind::dispatch));
        accepted += message.has_value();
        if (!message && (message.error().detail.size() > 160 || !is_printable(message.error().detail)))
            FAIL(message.error().detail);
    }
    CHECK(accepted > 1'000);
}

TEST_CASE("a JSON pointer finds what RFC 6901 says") {
    const auto root =
        parse_json(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8,"x":{"y":null}})", 8).value();
    CHECK(resolve(root, "") == &root);
    CHECK(resolve(root, "/foo/0")->text == "bar");
    CHECK(resolve(root, "/")->text == "0");
    CHECK(resolve(root, "/a~1b")->text == "1");
    CHECK(resolve(root, "/c%d")->text == "2");
    CHECK(resolve(root, "/m~0n")->text == "8");
    CHECK(resolve(root, "/x/y")->kind == JsonNode::Kind::null);
    for (const char* nowhere :
         {"/foo/2", "/foo/01", "/foo/-", "/foo/-1", "/foo/0/0", "/fo", "/x/y/z", "/foo/99999999999999999999"})
        CHECK(resolve(root, nowhere) == nullptr);
    for (const char* wrong : {"foo", "/a~", "/a~2"}) CHECK(!is_json_pointer(wrong));
}

TEST_CASE("a stranger's text is cut at a whole character and shown without control characters") {
    CHECK(printable("a\x01"
                    "b",
                    100) == "a?b");
    CHECK(printable("\xed\xa0\x80", 100) == "???");
    CHECK(printable("\xc3\xa9\xc3\xa9\xc3\xa9", 5) == "\xc3\xa9...");
    CHECK(printable("abcdef", 6) == "abcdef");
    CHECK(printable("abcdefg", 6) == "abc...");
}

TEST_CASE("the state is one JSON object in which what is unknown is null") {
    StateReport report;
    report.time = at("2026-07-01T17:00:00Z");
    report.firm = Power{800'000};
    CHECK(parse_json(state_json(report), 8)->find("site_w")->kind == JsonNode::Kind::null);
    report.site = Power{12'000'000};
    report.binding =
        StateReport::Binding{"site", Power{11'000'000}, "obligations", "utility", "dispatched", {}};
    report.events.push_back({3, "d-\"1\"", "utility", "dispatch", report.time, {}});
    const std::string json = state_json(report);
    CHECK(
        json ==
        R"({"time":"2026-07-01T17:00:00Z","site_w":12000000,"firm_w":800000,"interruptible_w":0,"flexible_w":0,"available_down_w":0,"available_flexible_w":0,)"
        R"("available_up_w":0,"residual_w":null,"binding":{"scope":"site","limit_w":11000000,"policy":"obligations",)"
        R"("source":"utility","reason":"dispatched","until":null},"shortfall_w":0,"events":[{"number":3,"id":"d-\"1\"",)"
        R"("source":"utility","cause":"dispatch","since":"2026-07-01T17:00:00Z","until":null}],"overruled":[],"disarmed":[],"said":[],"local":[],"contested":{"loads":0,"named":[]},"notices":[]})");
    CHECK(parse_json(json, 8).has_value());
}

TEST_CASE("a temperature may be below zero, and both levels come back as they were written") {
    const Signal cold = parsed(R"({"kind":"temperature","issued":"2026-07-01T17:30:00Z","temperature":-12.25,"unit":"degC"})", SignalKind::temperature);
    CHECK(cold.temperature == Temperature{-12'250});
    const Signal heat = parsed(R"({"kind":"heat","issued":"2026-07-01T17:30:00Z","heat":1.2,"unit":"MW"})", SignalKind::heat);
    CHECK(heat.power == Power{1'200'000});
    for (const Signal& signal : {cold, heat}) CHECK(parsed(signal_json(signal, "USD"), signal.kind) == signal);
    wire::SignalRules yard = rules(SignalKind::temperature);
    yard.plausible_max = 70'000;
    CHECK(fault(R"({"kind":"temperature","issued":"2026-07-01T17:30:00Z","temperature":70.1,"unit":"degC"})", yard) == "temperature 70.1 degC is above plausible_max 70 degC");
}

TEST_CASE("the state says what persons, switches and others have made of the site") {
    StateReport report;
    report.overruled.push_back({"site", Power{12'000'000}, "contract", "", "contract_limit"});
    report.disarmed.push_back({"obligations", "jo", "stuck", {}, false});
    report.said.push_back({"override", "site", "jo", "hot", Power{5'000}, report.time});
    report.local.push_back({"lever", report.time, true});
    report.contested = 7;
    report.contesting = {"m-1", "m-2"};
    report.notices.push_back({"hall", "tenant-a", "obligations", Power{1'250'000}, report.time});
    const std::string json = state_json(report);
    CHECK(parse_json(json, 8).has_value());
    for (const char* part : {R"("overruled":[{"scope":"site","limit_w":12000000,"policy":"contract","source":null,"reason":"contract_limit"}])",
                             R"("disarmed":[{"policy":"obligations","who":"jo","why":"stuck","until":null,"protections":false}])",
                             R"("said":[{"word":"override","target":"site","limit_w":5000,"who":"jo","why":"hot","until":"1970-01-01T00:00:00Z"}])",
                             R"("local":[{"source":"lever","since":"1970-01-01T00:00:00Z","in_local":"shed_only"}])", R"("contested":{"loads":7,"named":["m-1","m-2"]})",
                             R"("notices":[{"group":"hall","owner":"tenant-a","policy":"obligations","power_w":1250000,"deadline":"1970-01-01T00:00:00Z"}])"}) {
        CAPTURE(json, part);
        CHECK(json.find(part) != std::string::npos);
    }
}

namespace {

std::string file_text(const std::string& path) {
    std::ifstream in{PROJECT_DIR "/" + path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("the handbook's examples are what we take, and its faults what we say") {
    const std::string handbook = file_text("docs/mqtt.md");
    const std::string fence = "```json\n";
    int examples = 0, faults = 0;
    for (std::size_t at = handbook.find(fence); at != std::string::npos; at = handbook.find(fence, at + 1)) {
        const std::size_t from = at + fence.size();
        const std::string payload = handbook.substr(from, handbook.find('\n', from) - from);
        CAPTURE(payload);
        bool taken = false;
        for (const SignalKind kind : {SignalKind::price, SignalKind::hashprice, SignalKind::dispatch, SignalKind::temperature, SignalKind::heat, SignalKind::system_demand, SignalKind::peak_forecast, SignalKind::local})
            taken = taken || parse_signal_json(payload, rules(kind)).has_value();
        CHECK(taken);
        ++examples;
    }
    for (std::size_t at = handbook.find("\n| `{\"kind"); at != std::string::npos;
         at = handbook.find("\n| `{\"kind", at + 1)) {
        const std::size_t from = at + 4, middle = handbook.find("` | `", from),
                          end = handbook.find("` |\n", middle);
        const std::string payload = handbook.substr(from, middle - from);
        CAPTURE(payload);
        CHECK(fault(payload, rules(SignalKind::price)) == handbook.substr(middle + 5, end - middle - 5));
        ++faults;
    }
    CHECK(examples == 14);
    CHECK(faults == 9);
}

TEST_CASE("the schemas name every kind and every field that we know") {
    const auto signal = parse_json(file_text("docs/schema/signal.json"), 32);
    REQUIRE(signal.has_value());
    for (const char* path : {"/$defs/price/properties/price", "/$defs/dispatch/properties/ramp_s",
                             "/$defs/release/properties/id", "/$defs/hashprice/properties/hashprice",
                             "/$defs/heartbeat/properties/issued", "/$defs/temperature/properties/temperature", "/$defs/heat/properties/heat",
                             "/$defs/system_demand/properties/demand", "/$defs/peak_forecast/properties/probability"})
        CHECK(resolve(*signal, path) != nullptr);
    const auto state = parse_json(file_text("docs/schema/state.json"), 32);
    REQUIRE(state.has_value());
    const auto report = parse_json(state_json({}), 8);
    for (const std::string& key : report->keys) {
        CAPTURE(key);
        CHECK(resolve(*state, "/properties/" + key) != nullptr);
    }
}
