#include "drivers/asic/epic.hpp"

#include "tests/drivers/dialect_by_hand.hpp"

using namespace ballast;
using namespace ballast::support;

namespace {

using Miner = ByHand<asic::Epic>;

const std::string mac = "E6:D4:41:51:64:28";

/// Of a machine whose supply tells its input whole, if `amperes` are told.
std::string summary(std::string_view state, double watts, double terahashes, double amperes = 10) {
    return http(200, fmt::format(R"({{"Status":{{"Operating State":"{}"}},"Power Supply Stats":{{"Input Power":{},"Input Voltage":230,"Input Current":{}}},"HBs":[{{"Index":1,"Hashrate":[{},99.5,0.8]}}],"Session":{{"Average MHs":90071990.0}}}})", state,
                                 watts, amperes, terahashes * 1e6));
}

std::string network(std::string_view address = mac) { return http(200, fmt::format(R"({{"dhcp":{{"address":"10.0.81.19","mac_address":"{}"}}}})", address)); }

Miner polled(const std::string& answer) {
    Miner e;
    e.poll();
    e.hears(answer);
    return e;
}

}  // namespace

TEST_CASE("an ePIC runs, sleeps or is at fault by its watts") {
    CHECK(polled(summary("Mining", 2'166.6, 99)).reports(Mode::running, Quality::measured, Power{2'167}));
    CHECK(polled(summary("Idling", 45, 0)).reports(Mode::asleep, Quality::measured, Power{45}));
    CHECK(polled(summary("Idling", 2'166.6, 99)).reports(Mode::running));
    CHECK(polled(summary("Mining", 45, 0)).reports(Mode::fault, Quality::measured, Power{45}));
}

TEST_CASE("watts without volts and amperes are the firmware's estimate, and are presented as one") {
    CHECK(polled(summary("Mining", 2'166.6, 99, 0)).reports(Mode::running, Quality::estimated, Power{2'167}));
    CHECK(polled(summary("Idling", 45, 0, 0)).reports(Mode::asleep, Quality::estimated, Power{45}));
    CHECK(polled(summary("Idling", 0, 0, 0)).reports(Mode::asleep, Quality::estimated, Power{40}));
    CHECK(polled(summary("Idling", 45, 99, 0)).reports(Mode::running, Quality::estimated, Power{3'000}));
    CHECK(polled(summary("Idling", 2'166, 0, 0)).reports(Mode::running));
}

TEST_CASE("an ePIC that says it idles, and nothing that shows it, is not asleep") { CHECK(polled(http(200, R"({"Status":{"Operating State":"Idling"}})")).reports(Mode::fault)); }

TEST_CASE("an ePIC is stopped and started, with the password in the body") {
    Miner e;
    e.order(Rung::sleep);
    CHECK(e.kind == Miner::Kind::commit);
    CHECK(e.sends("POST /miner"));
    CHECK(e.request.ends_with(R"({"param":"Stop","password":"s3cret!"})"));
    e.hears(http(200, R"({"result":true,"error":null})"));
    CHECK(e.kind == Miner::Kind::accepted);
    e.order(Rung::wake);
    CHECK(e.request.ends_with(R"({"param":"Autostart","password":"s3cret!"})"));
}

TEST_CASE("an ePIC that says no, or takes no password, is refused with the reason and without the password") {
    for (const auto& [answer, because] : {std::pair{http(200, R"({"result":false,"error":"Invalid password"})"), "Invalid password"}, {http(200, R"({"result":false,"error":"s3cret! is wrong"})"), "secret"},
                                          {http(200, R"({"result":false})"), "without a reason"}, {http(401), "password"}, {http(403, "{}"), "password"}, {http(404), "HTTP 404"}, {http(429), "HTTP 429"}}) {
        Miner e;
        e.order(Rung::sleep);
        e.hears(answer);
        CAPTURE(e.why);
        CHECK(e.refuses(because));
    }
}

TEST_CASE("garbage is neither an order taken nor telemetry of an ePIC") {
    for (const std::string& bytes : {http(200, ""), http(200, "<html>"), http(200, R"({"error":null})"), http(200, R"({"result":true)"), http(200, "[true]"), std::string{"SSH-2.0"}, std::string{}}) {
        CAPTURE(bytes);
        Miner e;
        e.order(Rung::sleep);
        e.hears(bytes);
        CHECK(e.kind == Miner::Kind::garbage);
        CHECK(polled(bytes).kind == Miner::Kind::garbage);
    }
    CHECK(polled(http(200, R"({"result":false,"error":"Miner not ready"})")).kind == Miner::Kind::garbage);
    CHECK(polled(http(401)).kind == Miner::Kind::garbage);
}

TEST_CASE("an ePIC is known by its network before it is told a password, and a stranger is told none") {
    Miner e{mac};
    e.order(Rung::sleep);
    CHECK(e.sends("GET /network"));
    CHECK(e.request.find("s3cret") == e.request.npos);
    e.hears(network());
    CHECK(e.sends("POST /miner"));
    for (const std::string& answer : {network("E6:D4:41:51:64:29"), http(500), http(200, "[]")}) {
        Miner other{mac};
        other.order(Rung::sleep);
        other.hears(answer);
        CHECK(other.request.empty());
    }
    Miner watched{mac};
    watched.poll();
    watched.hears(summary("Mining", 2'166, 99));
    CHECK(watched.sends("GET /network"));
    watched.hears(network());
    CHECK(watched.reports(Mode::running));
    watched.poll();
    watched.hears(summary("Mining", 2'166, 99));
    CHECK(watched.reports(Mode::running));  // It is known.
}

TEST_CASE("what an ePIC hashes in a mean is told when it is wanted") {
    Miner e;
    e.machine.hash_wanted = true;
    e.poll();
    e.hears(summary("Mining", 2'166, 99));
    CHECK(e.report.gigahashes == 90'071.99);
    CHECK_FALSE(polled(summary("Mining", 2'166, 99)).report.gigahashes);
}
