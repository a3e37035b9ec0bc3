#include "drivers/asic/vnish.hpp"

#include "tests/drivers/dialect_by_hand.hpp"

using namespace ballast;
using namespace ballast::support;
using namespace std::chrono_literals;
using asic::Identity;

namespace {

using Miner = ByHand<asic::Vnish>;

const std::string mac = "FE:07:26:3C:BE:1B";

std::string summary(std::string_view state, double watts, double gigahashes) {
    return http(200, fmt::format(R"({{"miner":{{"miner_status":{{"miner_state":"{}"}},"power_usage":{},"hr_realtime":{}}}}})", state, watts, gigahashes));
}
std::string info(std::string_view address = mac) { return http(200, fmt::format(R"({{"fw_name":"Vnish","system":{{"network_status":{{"mac":"{}"}}}}}})", address)); }
std::string token(std::string_view text = "OwpWakIHG7ZE7xg7") { return http(200, fmt::format(R"({{"token":"{}"}})", text)); }

bool bears(const Miner& v, std::string_view text = "OwpWakIHG7ZE7xg7") { return v.request.find(fmt::format("\r\nAuthorization: Bearer {}\r\n", text)) != v.request.npos; }
bool bears_nothing(const Miner& v) { return v.request.find("Authorization") == v.request.npos; }

/// One that has been polled, and has a token.
Miner ready(std::string_view inventory_mac = {}) {
    Miner v{inventory_mac};
    v.poll();
    if (!inventory_mac.empty()) v.hears(info(inventory_mac));
    v.hears(summary("mining", 3'200, 96'000));
    v.hears(token());
    return v;
}

Miner polled(const std::string& answer) {
    Miner v = ready();
    v.poll();
    v.hears(answer);
    return v;
}

}  // namespace

TEST_CASE("a VNish runs, sleeps or is at fault, and its watts are estimates") {
    CHECK(polled(summary("mining", 3'200, 96'000)).reports(Mode::running, Quality::estimated, Power{3'200}));
    CHECK(polled(summary("stopped", 0, 0)).reports(Mode::asleep, Quality::estimated, Power{40}));
    CHECK(polled(summary("stopped", 90, 0)).reports(Mode::asleep, Quality::estimated, Power{90}));
    CHECK(polled(summary("mining", 29.5, 96'000)).reports(Mode::running, Quality::estimated, Power{3'000}));  // J/TH, on some firmware.
    for (const char* state : {"initializing", "starting", "auto-tuning", "restarting", "shutting-down", "failure", "paused", "whatever", ""}) {
        CAPTURE(state);
        CHECK(polled(summary(state, 0, 0)).reports(Mode::fault));
    }
}

TEST_CASE("a VNish that says it is stopped and hashes or draws on runs, and one that shows neither is not asleep") {
    CHECK(polled(summary("stopped", 0, 96'000)).reports(Mode::running, Quality::estimated, Power{3'000}));
    CHECK(polled(summary("stopped", 3'200, 0)).reports(Mode::running));
    CHECK(polled(http(200, R"({"miner":{"miner_status":{"miner_state":"stopped"}}})")).reports(Mode::fault));
}

TEST_CASE("a poll gets the token that an order will need") {
    Miner v;
    v.poll();
    CHECK(v.sends("GET /api/v1/summary"));
    CHECK(bears_nothing(v));
    v.hears(summary("mining", 3'200, 96'000));
    CHECK(v.sends("POST /api/v1/unlock"));
    CHECK(v.request.ends_with(R"({"pw":"s3cret!"})"));
    v.hears(token());
    CHECK(v.reports(Mode::running));
    v.poll();
    CHECK(bears(v));
    v.hears(summary("mining", 3'200, 96'000));
    CHECK(v.reports(Mode::running));
    v.order(Rung::sleep);
    CHECK(v.kind == Miner::Kind::commit);
    CHECK(v.sends("POST /api/v1/mining/stop"));
    CHECK(bears(v));
    v.hears(http(200));
    CHECK(v.kind == Miner::Kind::accepted);
    v.order(Rung::wake);
    CHECK(v.sends("POST /api/v1/mining/start"));
}

TEST_CASE("an order without a token unlocks first") {
    Miner v;
    v.order(Rung::sleep);
    CHECK(v.sends("POST /api/v1/unlock"));
    CHECK(v.kind == Miner::Kind::ask);
    v.hears(token());
    CHECK(v.sends("POST /api/v1/mining/stop"));
    CHECK(bears(v));
}

TEST_CASE("a token that is refused is renewed once an order") {
    for (const int status : {401, 403}) {
        Miner v = ready();
        v.order(Rung::sleep);
        v.hears(http(status));
        CHECK(v.sends("POST /api/v1/unlock"));
        CHECK_FALSE(v.why.empty());  // Should a newer order wait, this one ends so.
        v.hears(token("another"));
        CHECK(v.sends("POST /api/v1/mining/stop"));
        CHECK(bears(v, "another"));
        v.hears(http(status));
        CHECK(v.refuses("just given"));
        v.order(Rung::sleep);
        CHECK(v.sends("POST /api/v1/unlock"));
    }
}

TEST_CASE("a machine that forgot its token is asked who it is before it is told the password") {
    Miner v = ready(mac);
    v.order(Rung::sleep);
    CHECK(v.sends("POST /api/v1/mining/stop"));
    v.hears(http(401));
    CHECK(v.sends("GET /api/v1/info"));
    CHECK(bears_nothing(v));
    v.hears(info("FE:07:26:3C:BE:1C"));
    CHECK(v.kind == Miner::Kind::foreign);
    v.poll();
    CHECK(v.sends("GET /api/v1/info"));
    CHECK(bears_nothing(v));
    v.hears(info());
    CHECK(v.sends("GET /api/v1/summary"));
}

TEST_CASE("a stranger is told neither password nor token") {
    Miner v{mac};
    v.order(Rung::sleep);
    CHECK(v.sends("GET /api/v1/info"));
    v.hears(info("FE:07:26:3C:BE:1C"));
    CHECK(v.kind == Miner::Kind::foreign);
    Miner shy{mac};
    shy.order(Rung::sleep);
    shy.hears(http(403));
    CHECK(shy.refuses("mac"));
}

TEST_CASE("after 429 nothing is unlocked for a minute, then for twice as long, and for ten minutes at most") {
    Miner v;
    for (const auto rest : {60s, 120s, 240s, 480s, 600s, 600s}) {
        v.order(Rung::sleep);
        CHECK(v.sends("POST /api/v1/unlock"));
        v.hears(http(429));
        CHECK(v.refuses(fmt::format("another {} s", rest.count())));
        v.order(Rung::sleep);
        CHECK(v.refuses("429"));
        v.now += rest - 1s;
        v.order(Rung::sleep);
        CHECK(v.refuses("another 1 s"));
        v.now += 1s;
    }
    v.order(Rung::sleep);
    v.hears(token());
    v.hears(http(200));
    v.order(Rung::wake);
    v.hears(http(401));
    v.hears(http(429));
    CHECK(v.refuses("another 60 s"));  // Counted anew since the token.
}

TEST_CASE("a token at hand is used while nothing may be unlocked, and polls go on") {
    Miner v = ready();
    v.order(Rung::sleep);
    v.hears(http(429));
    CHECK(v.refuses("429"));
    v.order(Rung::sleep);
    CHECK(v.sends("POST /api/v1/mining/stop"));

    Miner barred;
    barred.order(Rung::sleep);
    barred.hears(http(429));
    barred.poll();
    barred.hears(summary("mining", 3'200, 96'000));
    CHECK(barred.reports(Mode::running));
}

TEST_CASE("a wrong password refuses orders, and polls do not try it again for ten minutes") {
    Miner v;
    v.order(Rung::sleep);
    v.hears(http(403));
    CHECK(v.refuses("password"));
    v.order(Rung::sleep);
    CHECK(v.sends("POST /api/v1/unlock"));
    v.hears(http(401));
    CHECK(v.refuses("password"));
    v.now += 599s;
    v.poll();
    v.hears(summary("mining", 3'200, 96'000));
    CHECK(v.reports(Mode::running));
    v.now += 1s;
    v.poll();
    v.hears(summary("mining", 3'200, 96'000));
    CHECK(v.sends("POST /api/v1/unlock"));
    v.hears(http(403));
    CHECK(v.reports(Mode::running));
}

TEST_CASE("a summary that is not shown without a token is asked for again with one") {
    Miner v;
    v.poll();
    v.hears(http(401));
    CHECK(v.sends("POST /api/v1/unlock"));
    v.hears(token());
    CHECK(v.sends("GET /api/v1/summary"));
    CHECK(bears(v));
    v.hears(summary("mining", 3'200, 96'000));
    CHECK(v.reports(Mode::running));
    v.poll();
    v.hears(http(401));
    CHECK(v.sends("GET /api/v1/summary"));
    v.hears(http(401));
    CHECK(v.sends("POST /api/v1/unlock"));
    v.hears(token());
    v.hears(http(401));
    CHECK(v.kind == Miner::Kind::garbage);

    Miner wrong;
    wrong.poll();
    wrong.hears(http(401));
    wrong.hears(http(403));
    CHECK(wrong.kind == Miner::Kind::garbage);
    wrong.poll();
    wrong.hears(http(401));
    CHECK(wrong.kind == Miner::Kind::garbage);  // And is not tried again.
}

TEST_CASE("a VNish that says no is refused with its words, unless they repeat a secret") {
    const std::pair<std::string, std::string> cases[] = {{http(200, R"({"err":"CGMiner err: failed-to-activate-pause-mode"})"), "pause-mode"}, {http(500, R"({"err":"Busy"})"), "HTTP 500: Busy"}, {http(409), "HTTP 409"},
                                                         {http(404), "HTTP 404"},                                                             {http(200, R"({"success":false})"), "without a reason"},
                                                         {http(500, R"({"err":"OwpWakIHG7ZE7xg7 is over"})"), "secret"},                      {http(200, R"({"err":"pw s3cret!"})"), "secret"}};
    for (const auto& [answer, because] : cases) {
        Miner v = ready();
        v.order(Rung::sleep);
        v.hears(answer);
        CAPTURE(v.why);
        CHECK(v.refuses(because));
        CHECK(v.why.find("OwpWak") == v.why.npos);
    }
}

TEST_CASE("an order is taken by a status, with nothing, null or JSON behind it") {
    for (const char* body : {"", "null\n", "{}", R"({"success":true})", " "}) {
        Miner v = ready();
        v.order(Rung::wake);
        v.hears(http(200, body));
        CHECK(v.kind == Miner::Kind::accepted);
    }
}

TEST_CASE("garbage is neither an order taken, nor a token, nor telemetry") {
    for (const std::string& bytes : {http(200, "<html>"), http(200, "yes"), http(200, R"({"err":)"), std::string{"SSH-2.0"}, std::string{}, std::string{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}}) {
        CAPTURE(bytes);
        Miner v = ready();
        v.order(Rung::sleep);
        v.hears(bytes);
        CHECK(v.kind == Miner::Kind::garbage);
        CHECK(polled(bytes).kind == Miner::Kind::garbage);
        Miner fresh;
        fresh.order(Rung::sleep);
        fresh.hears(bytes);
        CHECK(fresh.kind == Miner::Kind::garbage);
    }
    Miner v;
    v.order(Rung::sleep);
    v.hears(http(200, R"({"token":"two\r\nlines"})"));
    CHECK(v.kind == Miner::Kind::garbage);
    CHECK(polled(http(200, R"({"miner":null})")).kind == Miner::Kind::garbage);
}
