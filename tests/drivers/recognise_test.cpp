#include "drivers/asic/recognise.hpp"

#include "tests/catch.hpp"
#include "tests/wire/whatsminer_captures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

using namespace ballast;
using namespace ballast::asic;

namespace {

/// What an address says to a request; nothing: nobody listens at that port.
struct Said {
    Outcome outcome = Outcome::replied;
    std::string bytes = {};
};
using Address = std::function<Said(std::uint16_t port, std::string_view request)>;

const Said nobody{Outcome::unreachable};

std::string http(int status, std::string_view body, std::string_view header = "") {
    return fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: {}\r\n\r\n{}", status, header, body.size(), body);
}

std::string framed(std::string_view text) {
    std::string frame;
    wire::whatsminer3::write_frame(frame, text);
    return frame;
}

struct Talk {
    Recognised found;
    std::vector<std::string> asked;
};

/// Until it is over, which has to be soon.
Talk recognise(const Address& address, Questions questions = {}, bool thorough = false) {
    wire::cgminer::Parser parser;
    Recogniser asks{questions, "10.0.0.7", thorough};
    Talk talk;
    while (const auto request = asks.next()) {
        REQUIRE(talk.asked.size() < 16);
        talk.asked.emplace_back(request->bytes);
        const Said said = address(request->port, request->bytes);
        asks.heard(said.outcome, said.bytes, parser);
    }
    talk.found = asks.found();
    return talk;
}

bool asks_for(std::string_view request, std::string_view words) { return request.find(words) != request.npos; }

/// Requests that change nothing at anybody's: no command that orders, no method but GET.
void only_asks(const Talk& talk) {
    for (const std::string& request : talk.asked) {
        CAPTURE(request);
        const bool json = request.starts_with("{\"cmd\":\"get_") || request.starts_with("{\"command\":\"version\"") || request.starts_with("{\"command\":\"config\"") ||
                          request.starts_with("{\"command\":\"summary\"") || request.starts_with("{\"cmd\":\"summary\"") || request.starts_with("{\"cmd\":\"status\"") ||
                          request.starts_with("{\"cmd\":\"devdetails\"");
        CHECK((json || request.starts_with("GET ") || asks_for(request, "get.device.info")));
        CHECK_FALSE(asks_for(request, "Authorization"));
    }
}

/// A capture as the firmware puts it on the wire.
std::string captured(const std::filesystem::path& folder, std::string_view file) { return file_text(folder / file); }

const std::string antminer_door = http(401, "<html></html>", "WWW-Authenticate: Digest realm=\"antMiner Configuration\", nonce=\"abc\", qop=\"auth\"\r\n");

}  // namespace

TEST_CASE("LuxOS is recognised by its captures with model, MAC, serial and nameplate") {
    const auto folder = captures("luxminer");
    if (!folder) return;
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port != 4'028) return nobody;
        return {Outcome::replied, captured(*folder / "v1", asks_for(request, "config") ? "config.json" : "version.json") + '\0'};
    });
    CHECK(talk.found.make == AsicProtocol::luxos);
    CHECK(talk.found.port == 4'028);
    CHECK(talk.found.model == "Antminer S19k Pro");
    CHECK(talk.found.mac == 0x62f75eb71046);
    CHECK(talk.found.serial == "JYZZB0UBDJABF06RB");
    CHECK(talk.found.firmware == "2025.4.8.220305-57b389c7");
    CHECK(talk.found.rated_gigahashes == 121'800);
    CHECK(talk.found.mode == Mode::running);
    CHECK(talk.asked.size() == 2);
    only_asks(talk);
}

TEST_CASE("a WhatsMiner of API v2 is recognised by its captures") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    bool off = false;
    SECTION("awake") {}
    SECTION("asleep") { off = true; }
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port != 4'028) return nobody;
        for (const char* file : {"get_version", "summary", "status", "get_miner_info"})
            if (asks_for(request, fmt::format("\"cmd\":\"{}\"", file))) {
                std::string text = captured(*folder / "v2", std::string{file} + ".json");
                if (off && text.find("\"mineroff\": \"false\"") != text.npos) text.replace(text.find("\"mineroff\": \"false\""), 19, "\"mineroff\": \"true\"");
                return {Outcome::replied, text};
            }
        if (asks_for(request, "devdetails")) return {Outcome::replied, R"({"STATUS":[{"STATUS":"S","Code":69,"Msg":"Device Details","Description":"btminer"}],"DEVDETAILS":[{"DEVDETAILS":0,"Name":"SM","ID":0,"Driver":"bitmicro","Kernel":"","Model":"M30S+_VE40"}],"id":1})"};
        return {Outcome::replied, R"({"STATUS":"E","When":1773871985,"Code":14,"Msg":"invalid cmd","Description":""})"};
    });
    CHECK(talk.found.make == AsicProtocol::whatsminer2);
    CHECK(talk.found.port == 4'028);
    CHECK(talk.found.mac == 0xd40102030405);
    CHECK(talk.found.model == "M30S+_VE40");
    CHECK(talk.found.firmware == "20230803.11.REL");
    CHECK(talk.found.rated_gigahashes == 126'000);
    CHECK(talk.found.draws == Power{3'200});
    CHECK(talk.found.mode == (off ? Mode::asleep : Mode::running));
    only_asks(talk);
}

TEST_CASE("a WhatsMiner of API v3 is recognised by its captures, also where v2 answers beside it") {
    const auto folder = captures("whatsminer");
    if (!folder) return;
    bool both = false;
    SECTION("alone") {}
    SECTION("beside v2") { both = true; }
    const auto talk = recognise([&](std::uint16_t port, std::string_view) -> Said {
        if (port == 4'433) return {Outcome::replied, framed(captured(*folder / "v3", "get_device_info.json"))};
        return both && port == 4'028 ? Said{Outcome::replied, R"({"STATUS":"E","Code":14,"Msg":"invalid cmd"})"} : nobody;
    });
    CHECK(talk.found.make == AsicProtocol::whatsminer3);
    CHECK(talk.found.port == 4'433);
    CHECK(talk.found.model == "M60S_VK40");
    CHECK(talk.found.mac == 0xce0201008c36);
    CHECK(talk.found.serial == "BTM3CS40HD24083100000000000000000");
    CHECK(talk.found.beside == (both ? std::optional{AsicProtocol::whatsminer2} : std::nullopt));
    CHECK(talk.found.mode == Mode::running);
    CHECK(talk.asked.size() == 2);
    only_asks(talk);
}

TEST_CASE("a Bitaxe is recognised by its capture") {
    const auto folder = captures("bitaxe");
    if (!folder) return;
    std::string body = captured(*folder / "v2_0_0", "system_info.json");
    Mode mode = Mode::running;
    SECTION("as captured") {}
    SECTION("paused, as newer firmware says it") { body.insert(1, "\"miningPaused\":true,"), mode = Mode::asleep; }
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port != 80) return nobody;
        return {Outcome::replied, asks_for(request, "GET /api/system/info ") ? http(200, body) : http(404, "")};
    });
    CHECK(talk.found.make == AsicProtocol::axeos);
    CHECK(talk.found.port == 80);
    CHECK(talk.found.model == "Bitaxe BM1368");
    CHECK(talk.found.mac == 0xaabbccddeeff);
    CHECK(talk.found.draws == Power{3});
    CHECK(talk.found.mode == mode);
    only_asks(talk);
}

TEST_CASE("an ePIC, whose port 4028 speaks HTTP, is recognised by its captures however it takes to JSON") {
    const auto folder = captures("epic");
    if (!folder) return;
    Said to_json;
    SECTION("400") { to_json.bytes = http(400, "Bad Request"); }
    SECTION("it waits for the rest") { to_json.outcome = Outcome::timed_out; }
    SECTION("it closes") { to_json.outcome = Outcome::closed; }
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port != 4'028) return nobody;
        for (const char* page : {"capabilities", "network", "summary"})
            if (asks_for(request, fmt::format("GET /{} ", page))) return {Outcome::replied, http(200, captured(*folder / "v1", std::string{page} + ".json"))};
        return to_json;
    });
    CHECK(talk.found.make == AsicProtocol::epic);
    CHECK(talk.found.port == 4'028);
    CHECK(talk.found.model == "AntMiner S19 XP");
    CHECK(talk.found.mac == 0xe6d441516428);
    CHECK(talk.found.draws == Power{2'167});
    CHECK(talk.found.mode == Mode::running);
    CHECK(talk.found.remark.empty());
    only_asks(talk);
}

TEST_CASE("Braiins OS is recognised by its captures, and tells its MAC to whom it knows") {
    const auto folder = captures("braiins");
    if (!folder) return;
    Questions questions;
    bool given = false;
    SECTION("nobody gave a password") {}
    SECTION("with a login") { given = true, questions.logins[AsicProtocol::braiins] = {"root", "s3cret!"}; }
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port == 4'028) return {Outcome::replied, R"({"STATUS":[{"STATUS":"S","Code":22,"Msg":"BOSer versions","Description":"BOSer boser-buildroot 0.1.0"}],"VERSION":[{"API":"3.7","BOSer":"boser-buildroot 0.1.0"}],"id":1})"};
        if (port != 80) return nobody;
        if (asks_for(request, "GET /api/v1/version ")) return {Outcome::replied, http(200, captured(*folder / "v25_07", "version.json"))};
        if (asks_for(request, "POST /api/v1/auth/login ")) return {Outcome::replied, http(200, R"({"token":"tok3n","timeout_s":3600})")};
        if (asks_for(request, "GET /api/v1/miner/details ") && asks_for(request, "Authorization: tok3n\r\n")) return {Outcome::replied, http(200, captured(*folder / "v25_07", "miner_details.json"))};
        return {Outcome::replied, http(401, "Unauthorized")};
    }, questions);
    CHECK(talk.found.make == AsicProtocol::braiins);
    CHECK(talk.found.port == 80);
    if (given) {
        CHECK(talk.found.mac == 0x02eedaa9b64a);
        CHECK(talk.found.model == "Antminer S19 XP");
        CHECK(talk.found.rated_gigahashes == 141'000);
        CHECK(talk.found.mode == Mode::running);
    } else {
        CHECK_FALSE(talk.found.mac);
        CHECK(talk.found.remark == "tells no mac without a login");
        only_asks(talk);
    }
}

TEST_CASE("a password for Braiins OS goes to nobody who only answers like it unless his address was named") {
    Questions questions;
    questions.logins[AsicProtocol::braiins] = {"root", "s3cret!"};
    const auto told = [&](bool thorough) {
        const auto talk = recognise([](std::uint16_t port, std::string_view request) -> Said {
            if (port != 80) return nobody;
            return {Outcome::replied, asks_for(request, "GET /api/v1/version ") ? http(200, R"({"major":1,"minor":0,"patch":0})") : http(404, "")};
        }, questions, thorough);
        if (!thorough) CHECK(talk.found.remark == "is told no password, as port 4028 does not say that it is Braiins OS: name its address by itself");
        return std::ranges::any_of(talk.asked, [](const std::string& request) { return asks_for(request, "s3cret!"); });
    };
    CHECK_FALSE(told(false));
    CHECK(told(true));
}

TEST_CASE("Braiins OS without REST is recognised by what it says at 4028") {
    const auto talk = recognise([](std::uint16_t port, std::string_view request) -> Said {
        if (port != 4'028) return nobody;
        return {Outcome::replied, asks_for(request, "version") ? R"({"STATUS":[{"STATUS":"S"}],"VERSION":[{"API":"3.7","BOSminer+":"0.9"}]})" : R"({"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"MHS 5s":0}]})"};
    });
    CHECK(talk.found.make == AsicProtocol::braiins);
    CHECK(talk.found.port == 80);
    CHECK(talk.found.mode == Mode::unknown);
}

TEST_CASE("a stock Antminer is recognised by the realm that it asks a login for, asleep or awake") {
    Questions questions;
    questions.cnonce = "0a4f113b";
    bool given = false, right = true, awake = true;
    SECTION("nobody gave a password") {}
    SECTION("asleep, when nothing listens at 4028") { awake = false; }
    SECTION("with a login") { given = true; }
    SECTION("with a wrong login") { given = true, right = false; }
    if (given) questions.logins[AsicProtocol::antminer] = {"root", "s3cret!"};
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port == 4'028 && awake)
            return {Outcome::replied, asks_for(request, "version") ? R"({"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"BMMiner":"1.0.0","API":"3.1","Miner":"uart_trans.1.3","Type":"Antminer S19 Pro"}]})"
                                                                   : R"({"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"GHS 5s":110000.5}]})"};
        if (port != 80) return nobody;
        if (asks_for(request, "Authorization: Digest ") && right)
            return {Outcome::replied, http(200, R"({"minertype":"Antminer S19 Pro","macaddr":"28:E2:97:1E:2D:3C","serinum":"HKYDCH1","system_filesystem_version":"Thu Apr 20"})")};
        return {Outcome::replied, antminer_door};
    }, questions);
    CHECK(talk.found.make == AsicProtocol::antminer);
    CHECK(talk.found.port == 80);
    CHECK(talk.found.mode == (awake ? Mode::running : Mode::unknown));
    if (awake) CHECK(talk.found.model == "Antminer S19 Pro");
    if (given && right) {
        CHECK(talk.found.mac == 0x28e2971e2d3c);
        CHECK(talk.found.serial == "HKYDCH1");
    } else {
        CHECK_FALSE(talk.found.mac);
        CHECK(talk.found.remark == (given ? "does not take this user and password" : "tells no mac without a login"));
    }
    if (!given) only_asks(talk);
    for (const std::string& request : talk.asked) CHECK_FALSE(asks_for(request, "s3cret!"));
}

TEST_CASE("VNish is recognised by its info, stopped too") {
    Mode mode = Mode::running;  // As its cgminer says.
    std::string status = http(404, "");
    SECTION("older firmware") {}
    SECTION("stopped") { mode = Mode::asleep, status = http(200, R"({"miner_state":"stopped"})"); }
    SECTION("mining") { mode = Mode::running, status = http(200, R"({"miner_state":"mining"})"); }
    const auto talk = recognise([&](std::uint16_t port, std::string_view request) -> Said {
        if (port == 4'028) return {Outcome::replied, R"j({"STATUS":[{"STATUS":"S","Code":22}],"SUMMARY":[{"GHS 5s":104000}],"VERSION":[{"CGMiner":"4.11.1","API":"3.7","Type":"Antminer S19j Pro (Vnish 1.2.6)"}]})j"};
        if (port != 80) return nobody;
        if (asks_for(request, "GET /api/v1/info ")) return {Outcome::replied, http(200, R"({"miner":"Antminer S19j Pro","fw_name":"Vnish","fw_version":"1.2.6","serial":"SMTT1","system":{"network_status":{"mac":"FE:07:26:3C:BE:1B"}}})")};
        if (asks_for(request, "GET /api/v1/status ")) return {Outcome::replied, status};
        return {Outcome::replied, http(404, "")};
    });
    CHECK(talk.found.make == AsicProtocol::vnish);
    CHECK(talk.found.mac == 0xfe07263cbe1b);
    CHECK(talk.found.model == "Antminer S19j Pro");
    CHECK(talk.found.serial == "SMTT1");
    CHECK(talk.found.mode == mode);
    only_asks(talk);
}

TEST_CASE("a plain cgminer is told as one that takes no order, and an Avalon tells its MAC") {
    const auto talk = recognise([](std::uint16_t port, std::string_view request) -> Said {
        if (port != 4'028) return nobody;
        return {Outcome::replied, asks_for(request, "version") ? R"({"STATUS":[{"STATUS":"S","Code":22}],"VERSION":[{"CGMiner":"4.11.1","API":"3.7","PROD":"AvalonMiner 1246","MAC":"b4a2eb3e0001"}]})"
                                                               : R"({"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"MHS 5s":85000000.0}]})"};
    });
    CHECK(talk.found.make == AsicProtocol::cgminer);
    CHECK(talk.found.model == "AvalonMiner 1246");
    CHECK(talk.found.mac == 0xb4a2eb3e0001);
    CHECK(talk.found.mode == Mode::running);
    CHECK(talk.found.remark.find("takes no order") != std::string::npos);
}

TEST_CASE("an address that takes no connection is asked nothing more, unless somebody named it") {
    const Address silence = [](std::uint16_t, std::string_view) { return Said{Outcome::untaken}; };
    CHECK(recognise(silence).asked.size() == 1);
    CHECK_FALSE(recognise(silence).found.answers);
    CHECK(recognise(silence, {}, true).asked.size() == 3);
    const Address refuses = [](std::uint16_t, std::string_view) { return nobody; };
    CHECK(recognise(refuses).asked.size() == 3);
    CHECK_FALSE(recognise(refuses).found.answers);
}

TEST_CASE("who answers and is no miner is told as that") {
    const auto page = recognise([](std::uint16_t port, std::string_view) { return port == 80 ? Said{Outcome::replied, http(200, "<html>Printer</html>")} : nobody; });
    CHECK_FALSE(page.found.make);
    CHECK(page.found.answers);
    CHECK(page.found.remark == "answers, and is no miner that is known here");
    const auto hung = recognise([](std::uint16_t port, std::string_view) { return port == 4'028 ? Said{Outcome::timed_out} : nobody; });
    CHECK_FALSE(hung.found.make);
    CHECK(hung.found.remark == "takes connections at port 4028 and says nothing that is understood");
    // A login page is no Antminer's because it asks for a Digest.
    const auto router = recognise([](std::uint16_t port, std::string_view) { return port == 80 ? Said{Outcome::replied, http(401, "", "WWW-Authenticate: Digest realm=\"router\", nonce=\"a\"\r\n")} : nobody; });
    CHECK_FALSE(router.found.make);
}

TEST_CASE("whatever comes back, at every door and question, is over soon and never an order") {
    const std::string seeds[] = {R"({"STATUS":[{"STATUS":"S","Code":22,"Description":"LUXminer 1"}],"VERSION":[{"LUXminer":"1","Type":"A"}],"CONFIG":[{"MACAddr":"62:f7:5e:b7:10:46"}]})",
                                 R"({"STATUS":"E","Code":14,"Msg":{"api_ver":"2.0.5","mac":"D4:01:02:03:04:05"}})", R"({"VERSION":[{"CGMiner":"4"}],"STATUS":[{}]})",
                                 http(200, R"({"ASICModel":"BM1368","macAddr":"AA:BB:CC:DD:EE:FF","Model":"S19","major":1,"minor":0,"patch":0,"token":"t"})"), antminer_door,
                                 http(200, R"({"fw_name":"Vnish","Model":"x","miner":{"miner_status":{"miner_state":"stopped"}}})"), framed(R"({"code":0,"msg":{"miner":{"type":"M60"}}})"), std::string(70'000, '{')};
    std::mt19937_64 random{20'261'130};
    Questions questions;
    questions.cnonce = "0a4f113b";
    questions.logins[AsicProtocol::antminer] = questions.logins[AsicProtocol::braiins] = {"root", "s3cret!"};
    std::size_t recognised = 0;
    for (int i = 0; i < 4'000; ++i) {
        const auto talk = recognise([&](std::uint16_t, std::string_view) -> Said {
            if (random() % 5 == 0) return {static_cast<Outcome>(1 + random() % 4)};
            const std::string& seed = seeds[random() % std::size(seeds)];
            return {Outcome::replied, random() % 3 == 0 ? seed : mutated(seed, random)};
        }, questions, true);
        recognised += talk.found.make.has_value();
        for (const std::string& request : talk.asked) CHECK_FALSE(asks_for(request, "mining/"));
        for (const std::string* text : {&talk.found.model, &talk.found.serial, &talk.found.firmware, &talk.found.remark}) CHECK(text->size() <= 400);
    }
    CHECK(recognised > 100);
}
