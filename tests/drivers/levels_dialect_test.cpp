// What goes over the wire to slow a machine, byte by byte.
#include "drivers/asic/braiins.hpp"
#include "drivers/asic/luxos.hpp"
#include "drivers/asic/vnish.hpp"
#include "drivers/asic/whatsminer3.hpp"
#include "tests/drivers/dialect_by_hand.hpp"

#include <fstream>
#include <sstream>

using namespace ballast;
using namespace ballast::support;
using Kind = asic::Turn::Kind;

namespace {

std::string capture(const std::string& name) {
    std::ifstream in{std::string{PROJECT_DIR} + "/../shared/captures/" + name};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

bool skipped(const std::string& captured) {
    if (!captured.empty()) return false;
    WARN("skipped: no captures beside the project");
    return true;
}

using BraiinsMiner = ByHand<asic::Braiins>;
const std::string login = http(200, R"({"token":"tok-1","timeout_s":3600})");
std::string configuration(std::string_view tuner) { return http(200, fmt::format(R"({{"pool_groups":[],"tuner":{}}})", tuner)); }
const std::string target_3031 = configuration(R"({"enabled":true,"hashrate_target":null,"power_target":{"watt":3031},"tuner_mode":1})");

using LuxosMiner = ByHand<asic::Luxos>;
constexpr auto ok = R"({"STATUS":[{"STATUS":"S","Code":0,"Msg":"done"}]})";
std::string config(std::string_view profile, bool tunes) {
    return fmt::format(R"({{"CONFIG":[{{"CurtailMode":"None","IsPowerSupplyOn":true,"Profile":"{}","IsAtmEnabled":{}}}],"STATUS":[{{"STATUS":"S","Code":33}}]}})", profile, tunes);
}
const std::string profiles = R"({"PROFILES":[{"Profile Name":"low","Watts":1500},{"Profile Name":"mid","Watts":"2200"},{"Profile Name":"a,b","Watts":2300},{"Profile Name":"default","Watts":3000}],"STATUS":[{"STATUS":"S","Code":323}]})";
const std::string session = R"({"SESSION":[{"SessionID":"abc"}],"STATUS":[{"STATUS":"S","Code":316}]})";

bool says(const LuxosMiner& m, std::string_view command, std::string_view parameter) { return m.request == fmt::format(R"({{"command":"{}","parameter":"{}"}})", command, parameter); }

/// Told to keep under 2,300 W, and asked for what it is and has.
LuxosMiner asked_of_luxos(bool tunes) {
    LuxosMiner m;
    m.order(Rung::cap, Power{2'300});
    m.hears(session);
    m.hears(config("default", tunes));
    m.hears(profiles);
    return m;
}

}  // namespace

TEST_CASE("Braiins: a cap reads the power target, sets a lower one, and an uncap sets what was read") {
    BraiinsMiner m;
    m.order(Rung::cap, Power{2'400});
    m.hears(login);
    CHECK(m.sends("GET /api/v1/configuration/miner"));
    m.hears(target_3031);
    CHECK(m.kind == Kind::commit);
    CHECK(m.sends("PUT /api/v1/performance/power-target"));
    CHECK(m.request.ends_with(R"({"watt":2400})"));
    m.hears(http(200, R"({"watt":2400})"));
    CHECK(m.kind == Kind::accepted);
    m.order(Rung::cap, Power{2'000});  // What is in force is ours: it is not asked for again.
    CHECK(m.request.ends_with(R"({"watt":2000})"));
    m.hears(http(200, R"({"watt":2000})"));
    m.order(Rung::uncap);
    CHECK(m.request.ends_with(R"({"watt":3031})"));
    m.hears(http(200, R"({"watt":3031})"));
    CHECK(m.kind == Kind::accepted);
}

TEST_CASE("Braiins: the power target is found where a captured machine has it") {
    const std::string captured = capture("braiins/v25_07/configuration_miner.json");
    if (skipped(captured)) return;
    BraiinsMiner m;
    m.order(Rung::cap, Power{2'400});
    m.hears(login);
    m.hears(http(200, captured));
    m.hears(http(200, R"({"watt":2400})"));
    m.order(Rung::uncap);
    CHECK(m.request.ends_with(R"({"watt":3031})"));
}

TEST_CASE("Braiins: a refusal that names a range is learned, met as near as it goes, and told as refused where that is not low enough") {
    BraiinsMiner m;
    m.order(Rung::cap, Power{1'000});
    m.hears(login);
    m.hears(target_3031);
    m.hears(http(400, "Power target 1000 W is out of range, allowed range is 1700-6500 W"));
    CHECK(m.kind == Kind::commit);
    CHECK(m.request.ends_with(R"({"watt":1700})"));
    m.hears(http(200, R"({"watt":1700})"));
    CHECK(m.refuses("no lower than 1700 W"));
    m.machine.capped = true;  // As a fleet has it of what was sent.
    m.order(Rung::cap, Power{1'200});
    CHECK(m.request.ends_with(R"({"watt":1700})"));  // At once.
    SECTION("once only") {
        m.hears(http(400, "allowed range is 1800-6500 W"));
        CHECK(m.request.ends_with(R"({"watt":1800})"));
        m.hears(http(400, "allowed range is 1900-6500 W"));
        CHECK(m.kind == Kind::refused);
    }
}

TEST_CASE("Braiins: without a power target to give back no cap is set, and none is invented for an uncap") {
    for (const char* tuner : {R"({"enabled":true,"hashrate_target":{"terahash_per_second":100.0},"power_target":null})", R"({"enabled":false,"power_target":{"watt":3031}})"}) {
        BraiinsMiner m;
        m.order(Rung::cap, Power{2'400});
        m.hears(login);
        m.hears(configuration(tuner));
        CHECK(m.refuses("no power target"));
    }
    BraiinsMiner m;  // Ballast was restarted meanwhile.
    m.order(Rung::uncap);
    m.hears(login);
    m.hears(configuration(R"({"enabled":true,"power_target":{"watt":2000}})"));
    CHECK(m.refuses("not known any more"));
    m.order(Rung::uncap);
    m.hears(target_3031);
    CHECK(m.kind == Kind::accepted);  // Somebody has set it right.
    m.order(Rung::cap, Power{2'400});
    m.hears(http(200, "<html>"));
    CHECK(m.kind == Kind::garbage);
}

TEST_CASE("VNish: a cap is a throttle in whole per cent, rounded down, and not below twenty") {
    ByHand<asic::Vnish> m;
    m.order(Rung::cap, Power{2'399});
    m.hears(http(200, R"({"token":"OwpWakIHG7ZE7xg7"})"));
    CHECK(m.kind == Kind::commit);
    CHECK(m.sends("POST /api/v1/mining/throttle"));
    CHECK(m.request.ends_with(R"({"percent":79})"));
    m.hears(http(200, R"({"restart_required":false})"));
    CHECK(m.kind == Kind::accepted);
    m.order(Rung::cap, Power{500});
    CHECK(m.request.ends_with(R"({"percent":20})"));
    m.hears(http(200, "{}"));
    CHECK(m.refuses("no lower than 600 W"));
    m.order(Rung::uncap);
    CHECK(m.request.ends_with(R"({"percent":100})"));
    m.hears(http(404, ""));
    CHECK(m.refuses("too old"));
}

TEST_CASE("WhatsMiner v3: a cap is a fast per cent of its power, as a string, and its answer is known by its name") {
    ByHand<asic::Whatsminer3> m;
    const auto frame = [](std::string_view text) {
        std::string framed;
        wire::whatsminer3::write_frame(framed, text);
        return framed;
    };
    m.order(Rung::cap, Power{2'250});
    m.hears(frame(R"({"code":0,"when":1760000000,"desc":"get.device.info","msg":{"salt":"BQ5hoXV9"}})"));
    CHECK(m.kind == Kind::commit);
    CHECK(m.request.find(R"("cmd":"set.miner.power_percent","param":{"percent":"75","mode":"fast"})") != m.request.npos);
    m.hears(frame(R"({"code":0,"when":1760000000,"desc":"set.miner.power_percent","msg":"ok"})"));
    CHECK(m.kind == Kind::accepted);
    m.order(Rung::uncap);
    CHECK(m.request.find(R"("percent":"100")") != m.request.npos);
    m.hears(frame(R"({"code":0,"when":1760000000,"desc":"set.miner.service","msg":"ok"})"));
    CHECK(m.kind == Kind::garbage);
}

TEST_CASE("LuxOS: a cap is the highest profile that draws no more") {
    LuxosMiner m = asked_of_luxos(false);
    CHECK(m.kind == Kind::commit);
    CHECK(says(m, "profileset", "abc,mid"));  // A name with a comma cannot be asked for.
    m.hears(ok);
    CHECK(m.kind == Kind::accepted);
    m.order(Rung::uncap);
    CHECK(m.kind == Kind::commit);
    CHECK(says(m, "profileset", "abc,default"));
    m.hears(ok);
    CHECK(m.kind == Kind::accepted);
}

TEST_CASE("LuxOS: its own tuning is switched off first and on last, and a newer order does not take what was chosen for another") {
    LuxosMiner m = asked_of_luxos(true);
    CHECK(m.kind == Kind::ask);
    CHECK(says(m, "atmset", "abc,enabled=false"));
    SECTION("as one order") {
        m.hears(ok);
        CHECK(m.kind == Kind::commit);
        CHECK(says(m, "profileset", "abc,mid"));
        m.hears(ok);
        CHECK(m.kind == Kind::accepted);
        m.order(Rung::uncap);
        CHECK(m.kind == Kind::ask);
        CHECK(says(m, "profileset", "abc,default"));
        m.hears(ok);
        CHECK(m.kind == Kind::commit);
        CHECK(says(m, "atmset", "abc,enabled=true"));
        m.hears(ok);
        CHECK(m.kind == Kind::accepted);
    }
    SECTION("with a lower cap between") {
        m.machine.wanted = {OrderId{2}, Rung::cap, Power{1'600}};
        m.hears(ok);
        CHECK(m.request.find("profiles") != m.request.npos);
        m.hears(profiles);
        CHECK(says(m, "profileset", "abc,low"));
    }
    SECTION("with its end between") {
        m.machine.wanted = {OrderId{2}, Rung::uncap, {}};
        m.hears(ok);
        CHECK(says(m, "profileset", "abc,default"));
        m.hears(ok);
        CHECK(says(m, "atmset", "abc,enabled=true"));
    }
}

TEST_CASE("LuxOS: below its lowest profile it is set to that and refused, and what was before is not invented") {
    LuxosMiner m;
    m.order(Rung::cap, Power{1'000});
    m.hears(session);
    m.hears(config("default", false));
    m.hears(profiles);
    CHECK(says(m, "profileset", "abc,low"));
    m.hears(ok);
    CHECK(m.refuses("no lower than 1500 W"));

    LuxosMiner forgot;
    forgot.order(Rung::uncap);
    forgot.hears(session);
    forgot.hears(config("low", false));
    forgot.hears(profiles);
    CHECK(forgot.refuses("not known any more"));
    for (const auto& [profile, tunes] : {std::pair{"default", false}, {"low", true}}) {
        LuxosMiner again;
        again.order(Rung::uncap);
        again.hears(session);
        again.hears(config(profile, tunes));
        if (!tunes) again.hears(profiles);
        CHECK(again.kind == Kind::accepted);
    }
}

TEST_CASE("LuxOS: of captured profiles the right one is chosen") {
    const std::string all = capture("luxminer/v1/profiles.json"), own = capture("luxminer/v1/config.json");
    if (skipped(all)) return;
    LuxosMiner m;
    m.order(Rung::cap, Power{1'100});
    m.hears(session);
    m.hears(own);
    m.hears(all);
    CHECK(says(m, "atmset", "abc,enabled=false"));  // It was on when it was captured.
    m.hears(ok);
    CHECK(says(m, "profileset", "abc,265MHz"));
    m.hears(ok);
    m.order(Rung::uncap);
    CHECK(says(m, "profileset", "abc,290MHz"));
}

TEST_CASE("a cap is confirmed by a reading that keeps it but for two per cent, any other order by what the machine does") {
    asic::Machine m;
    m.rated = Power{3'333};
    m.expected = Mode::running;
    m.sent = {OrderId{1}, Rung::cap, Power{2'000}};
    CHECK(confirms(m, {Mode::running, Quality::estimated, Power{2'040}, {}}));
    CHECK_FALSE(confirms(m, {Mode::running, Quality::measured, Power{2'041}, {}}));
    CHECK_FALSE(confirms(m, {Mode::running, Quality::bad, Power{0}, {}}));
    CHECK_FALSE(confirms(m, {Mode::asleep, Quality::measured, Power{20}, {}}));
    m.sent = {OrderId{2}, Rung::uncap, {}};
    CHECK(confirms(m, {Mode::running, Quality::measured, Power{2'041}, {}}));
    m.expected = Mode::unknown;
    CHECK_FALSE(confirms(m, {Mode::running, Quality::measured, Power{2'041}, {}}));
}

TEST_CASE("per cents of a cap are rounded down, and all of it is for whatever is no cap") {
    asic::Machine m;
    m.rated = Power{3'333};
    const auto of = [&](Rung rung, Power cap, int least = 0) {
        m.wanted = {OrderId{1}, rung, cap};
        return percent_wanted(m, least);
    };
    CHECK(of(Rung::cap, Power{2'499}) == 74);
    CHECK(of(Rung::cap, Power{2'500}) == 75);
    CHECK(of(Rung::cap, Power{9'000}) == 100);
    CHECK(of(Rung::cap, Power{100}, 20) == 20);
    CHECK(of(Rung::uncap, Power{}) == 100);
    m.rated = {};
    CHECK(of(Rung::cap, Power{100}) == 100);
}
