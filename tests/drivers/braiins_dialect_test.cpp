#include "drivers/asic/braiins.hpp"

#include "tests/drivers/dialect_talk.hpp"

using namespace ballast;
using namespace ballast::asic;
using Kind = Turn::Kind;

namespace {

std::string http(int status, std::string_view body) { return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body); }
std::string login(std::string_view token = "tok-1") { return http(200, fmt::format(R"({{"token":"{}","timeout_s":3600}})", token)); }
std::string details(int status = 2, std::string_view mac = "ce:02:01:00:8c:36") { return http(200, fmt::format(R"({{"status":{},"mac_address":"{}"}})", status, mac)); }
std::string stats(double gigahashes, int watts = 3'137) {
    return http(200, fmt::format(R"({{"miner_stats":{{"real_hashrate":{{"last_5s":{{"gigahash_per_second":{}}}}}}},"power_stats":{{"approximated_consumption":{{"watt":{}}}}}}})", gigahashes, watts));
}
const std::string unauthorized = http(401, "");

struct TalkB : DialectTalk<Braiins> {
    TalkB() : DialectTalk{{.host = "10.0.0.9", .port = 80, .password = "hush"}} {}

    /// The request's first line, and what it is proven by.
    std::string line() const { return asked.substr(0, asked.find(" HTTP")); }
    std::string proof() const {
        const auto at = asked.find("Authorization: ");
        return at == std::string::npos ? "" : asked.substr(at + 15, asked.find('\r', at) - at - 15);
    }
    Report polled(const std::string& who, const std::string& figures) {
        poll();
        if (line().starts_with("POST")) hear(login());
        hear(who);
        const Turn last = hear(figures);
        REQUIRE(last.kind == Kind::report);
        return last.report;
    }
};

}  // namespace

TEST_CASE("Braiins: it logs in once, keeps the token, and orders in one exchange") {
    TalkB talk;
    talk.poll();
    CHECK(talk.line() == "POST /api/v1/auth/login");
    CHECK(talk.asked.ends_with(R"({"username":"root","password":"hush"})"));
    CHECK(talk.asked.find("Host: 10.0.0.9\r\n") != std::string::npos);
    talk.hear(login("tok-1"));
    CHECK(talk.line() == "GET /api/v1/miner/details");
    CHECK(talk.proof() == "tok-1");
    talk.hear(details());
    CHECK(talk.line() == "GET /api/v1/miner/stats");
    CHECK(talk.hear(stats(141'000)).report.mode == Mode::running);
    talk.poll();
    CHECK(talk.line() == "GET /api/v1/miner/details");
    CHECK(talk.order(Rung::sleep).kind == Kind::commit);
    CHECK(talk.line() == "PUT /api/v1/actions/pause");
    CHECK(talk.proof() == "tok-1");
    CHECK(talk.hear(http(200, "false")).kind == Kind::accepted);
    talk.order(Rung::wake);
    CHECK(talk.line() == "PUT /api/v1/actions/resume");
    CHECK(talk.hear(http(204, "")).kind == Kind::accepted);
}

TEST_CASE("Braiins: a token that is over is renewed once, and before an order it says again who it is") {
    TalkB talk;
    talk.polled(details(), stats(1));
    CHECK(talk.order(Rung::sleep).kind == Kind::commit);
    const Turn again = talk.hear(unauthorized);
    CHECK(again.kind == Kind::ask);
    CHECK_FALSE(again.why.empty());
    CHECK(talk.line() == "POST /api/v1/auth/login");
    CHECK(talk.proof().empty());
    talk.hear(login("tok-2"));
    CHECK(talk.line() == "GET /api/v1/miner/details");
    SECTION("the order goes again") {
        CHECK(talk.hear(details()).kind == Kind::commit);
        CHECK(talk.proof() == "tok-2");
        CHECK(talk.hear(http(200, "true")).kind == Kind::accepted);
    }
    SECTION("and is refused if that is refused too") {
        talk.hear(details());
        CHECK(talk.hear(unauthorized).kind == Kind::refused);
        CHECK(talk.why.find("tok-") == std::string::npos);
    }
    SECTION("but not to somebody else who has its address") { CHECK(talk.hear(details(2, "ce:02:01:00:8c:37")).kind == Kind::foreign); }
    SECTION("in a poll as well") {
        talk.poll();
        CHECK(talk.hear(unauthorized).kind == Kind::ask);
        talk.hear(login("tok-3"));
        talk.hear(details());
        CHECK(talk.proof() == "tok-3");
        CHECK(talk.hear(unauthorized).kind == Kind::garbage);
    }
}

TEST_CASE("Braiins: a wrong password and a login without a token refuse the order, and are no answer to a poll") {
    for (const std::string& answer : {unauthorized, http(403, R"({"message":"bad password hush"})"), http(200, "{}"), http(200, "<html>hush</html>"), http(500, "")}) {
        TalkB talk;
        talk.poll();
        CHECK(talk.hear(answer).kind == Kind::garbage);
        talk.order(Rung::sleep);
        CHECK(talk.line() == "POST /api/v1/auth/login");
        CHECK(talk.hear(answer).kind == Kind::refused);
        CHECK_FALSE(talk.why.empty());
        CHECK(talk.why.find("hush") == std::string::npos);
    }
}

TEST_CASE("Braiins: a refused order says why, but no secret") {
    TalkB talk;
    talk.polled(details(), stats(1));
    talk.order(Rung::sleep);
    CHECK(talk.hear(http(500, R"({"message":"miner is starting"})")).kind == Kind::refused);
    CHECK(talk.why == "it answers with HTTP 500: miner is starting");
    talk.order(Rung::sleep);
    talk.hear(http(400, "what is tok-1?"));
    CHECK(talk.why == "it answers with HTTP 400");
    talk.order(Rung::sleep);
    CHECK(talk.hear(http(200, "<html>welcome</html>")).kind == Kind::garbage);
    talk.order(Rung::sleep);
    CHECK(talk.hear("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ntr").kind == Kind::garbage);
}

TEST_CASE("Braiins: hashing outweighs what it says of itself, and its watts are an estimate") {
    TalkB talk;
    Report seen = talk.polled(details(3), stats(141'000));
    CHECK(seen.mode == Mode::running);
    CHECK(seen.quality == Quality::estimated);
    CHECK(seen.power == Power{3'137});
    CHECK(talk.polled(details(2), stats(141'000, 0)).power == Power{3'000});
    seen = talk.polled(details(3), stats(0));
    CHECK(seen.mode == Mode::asleep);
    CHECK(seen.quality == Quality::estimated);
    CHECK(seen.power == Power{15});
    for (const int status : {1, 2, 4, 5, 0, 9}) {
        seen = talk.polled(details(status), stats(0));
        CHECK(seen.mode == Mode::fault);
        CHECK(seen.quality == Quality::bad);
    }
    CHECK(talk.polled(details(3), http(200, R"({"power_stats":{"approximated_consumption":{"watt":20}}})")).mode == Mode::fault);
    talk.m.hash_wanted = true;
    CHECK_FALSE(talk.polled(details(2), stats(141'000)).gigahashes);
    talk.poll();
    talk.hear(details());
    CHECK(talk.hear(http(200, "{}")).kind == Kind::garbage);
}

TEST_CASE("Braiins: where REST is not there the cgminer API is spoken, and REST looked for again later") {
    TalkB talk;
    talk.poll();
    Turn turn;
    SECTION("nobody listens") { turn = talk.nobody(); }
    SECTION("a web server that does not know it") { turn = talk.hear(http(404, "<html>")); }
    SECTION("nor the method") { turn = talk.hear(http(405, "")); }
    CHECK(turn.kind == Kind::ask);
    CHECK(turn.request.port == 4'028);
    CHECK(turn.request.frame == Frame::json);
    CHECK(talk.asked == R"({"command":"summary"})");
    talk.hear(R"({"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"MHS 5s":13000000.0}]})");
    CHECK(talk.asked == R"({"command":"tunerstatus"})");
    const Report seen = talk.hear(R"({"TUNERSTATUS":[{"ApproximateMinerPowerConsumption":1200}]})").report;
    CHECK(seen.mode == Mode::running);
    CHECK(seen.power == Power{1'200});
    CHECK(seen.quality == Quality::estimated);

    CHECK(talk.order(Rung::sleep).kind == Kind::ask);
    talk.hear(R"({"SUMMARY":[{"MHS 5s":13000000.0}]})");
    CHECK(talk.asked == R"({"command":"pause"})");
    CHECK(talk.hear(R"({"STATUS":[{"STATUS":"S"}],"PAUSE":[true]})").kind == Kind::accepted);
    talk.poll();
    talk.hear(R"({"SUMMARY":[{"MHS 5s":0}]})");
    CHECK(talk.hear(R"({"TUNERSTATUS":[]})").report.mode == Mode::asleep);
    talk.order(Rung::wake);
    talk.hear(R"({"SUMMARY":[{"MHS 5s":0}]})");
    CHECK(talk.asked == R"({"command":"resume"})");
    CHECK(talk.hear(R"({"STATUS":[{"STATUS":"E","Code":45,"Msg":"Access denied to 'resume' command"}]})").kind == Kind::refused);

    int polls = 0;
    while (!talk.poll().request.bytes.starts_with("POST") && polls < 20) ++polls;
    CHECK(polls == 8);
}

TEST_CASE("Braiins: a paused machine that is known from nobody, and one that is gone, are not taken for asleep") {
    TalkB talk;
    talk.poll();
    talk.nobody();
    talk.hear(R"({"SUMMARY":[{"MHS 5s":0}]})");
    CHECK(talk.hear("{}").report.mode == Mode::fault);
    talk.poll();
    CHECK_FALSE(talk.dialect.unreachable(talk.m));
    talk.poll();
    CHECK(talk.line() == "POST /api/v1/auth/login");
    talk.nobody();
    CHECK(talk.hear(R"({"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}]})").kind == Kind::garbage);
}

TEST_CASE("Braiins: an order whose token is refused because the API has gone asks before it is sent elsewhere") {
    TalkB talk;
    talk.polled(details(), stats(1));
    talk.order(Rung::sleep);
    CHECK(talk.hear(http(404, "")).kind == Kind::ask);
    CHECK(talk.line() == "POST /api/v1/auth/login");
    Turn turn = talk.hear(http(404, ""));
    CHECK(turn.kind == Kind::ask);
    CHECK_FALSE(turn.why.empty());
    CHECK(turn.request.port == 4'028);
    TalkB one_page;
    one_page.polled(details(), stats(1));
    one_page.order(Rung::sleep);
    one_page.hear(http(404, ""));
    one_page.hear(login());
    one_page.hear(details());
    CHECK(one_page.hear(http(404, "")).kind == Kind::refused);
}
