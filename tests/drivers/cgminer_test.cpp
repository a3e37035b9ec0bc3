#include "drivers/asic/cgminer.hpp"

#include "tests/drivers/dialect_by_hand.hpp"

using namespace ballast;
using namespace ballast::support;

namespace {

using Miner = ByHand<asic::Cgminer>;

std::string summary(std::string_view fields) { return fmt::format(R"({{"STATUS":[{{"STATUS":"S","Code":11,"Msg":"Summary"}}],"SUMMARY":[{{{}}}],"id":1}})", fields); }
std::string devs(std::string_view devices) { return fmt::format(R"({{"STATUS":[{{"STATUS":"S","Code":9,"Msg":"2 ASCs"}}],"DEVS":[{}],"id":1}})", devices); }

Miner polled(const std::string& answer) {
    Miner c;
    c.poll();
    CHECK(c.request == R"({"command":"summary"})");
    c.hears(answer);
    return c;
}

}  // namespace

TEST_CASE("a cgminer that hashes is reckoned to draw its rated power, and one that does not is at fault") {
    CHECK(polled(summary(R"("MHS av":9e7,"MHS 5s":95000000.5)")).reports(Mode::running, Quality::estimated, Power{3'000}));
    CHECK(polled(summary(R"("GHS 5s":"95000.5")")).reports(Mode::running));
    const Miner still = polled(summary(R"("MHS av":90000000,"MHS 5s":0.00)"));
    CHECK(still.reports(Mode::fault));
    CHECK(still.report.quality == Quality::bad);
}

TEST_CASE("a cgminer whose summary tells no rate of just now is asked for its devices") {
    Miner c = polled(summary(R"("MHS av":90000000)"));
    CHECK(c.request == R"({"command":"devs"})");
    c.hears(devs(R"({"ASC":0,"Enabled":"Y","Status":"Alive","MHS av":1,"MHS 20s":50.0},{"ASC":1,"Enabled":"N","Status":"Alive","MHS 20s":50.0})"));
    CHECK(c.reports(Mode::running));
    c.poll();
    c.hears(summary(""));
    c.hears(devs(R"({"ASC":0,"Enabled":"Y","Status":"Dead","MHS 20s":50.0})"));
    CHECK(c.reports(Mode::fault));
    c.poll();
    c.hears(summary(""));
    c.hears(R"({"STATUS":[{"STATUS":"E","Code":10,"Msg":"No ASCs"}]})");
    CHECK(c.reports(Mode::fault));
}

TEST_CASE("a cgminer is never asleep, whatever it says") {
    for (const std::string& answer : {summary(R"("MHS 5s":0,"Status":"Sleep","CurtailMode":"Sleep","Power":0)"), summary(""), devs("")}) {
        Miner c = polled(answer);
        if (c.kind == Miner::Kind::ask) c.hears(devs(""));
        CHECK(c.reports(Mode::fault));
    }
}

TEST_CASE("a cgminer takes no order, and says what cuts it off instead") {
    const asic::Cgminer dialect;
    for (const Rung rung : {Rung::sleep, Rung::wake, Rung::power_off, Rung::cap}) {
        CHECK(dialect.cannot(rung).find("contactor") != std::string_view::npos);
        Miner c;
        c.order(rung);
        CHECK(c.refuses("contactor"));
    }
}

TEST_CASE("a cgminer that denies its summary, or says garbage, has not answered") {
    for (const char* bytes : {R"({"STATUS":[{"STATUS":"E","Code":45,"Msg":"Access denied to 'summary' command"}],"id":1})", "", "nonsense", "<html></html>", "[]"}) {
        CAPTURE(bytes);
        CHECK(polled(bytes).kind == Miner::Kind::garbage);
    }
}

TEST_CASE("whoever tells another MAC in a summary is a stranger") {
    Miner c{"C4:11:04:01:02:03"};
    c.poll();
    c.hears(summary(R"("MHS 5s":1,"MAC":"C4:11:04:01:02:04")"));
    CHECK(c.kind == Miner::Kind::foreign);
    c.poll();
    c.hears(summary(R"("MHS 5s":1)"));
    CHECK(c.kind == Miner::Kind::foreign);
    c.poll();
    c.hears(summary(R"("MHS 5s":1,"MAC":"C4:11:04:01:02:03")"));
    CHECK(c.reports(Mode::running));
}
