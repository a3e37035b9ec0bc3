#include "tests/catch.hpp"

#include "sim/http_request.hpp"

using namespace ballast;
using namespace ballast::sim;

namespace {

const std::string posted = "POST /api/x?y=1 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 4\r\n\r\nbody";

}  // namespace

TEST_CASE("a simulated device reads one HTTP request, its header in any case and its body in any form") {
    const auto request = http_request(posted);
    REQUIRE(request);
    CHECK(request->method == "POST");
    CHECK(request->target == "/api/x?y=1");
    CHECK(request->path() == "/api/x");
    CHECK(request->field("X-ONE") == "1");
    CHECK(request->field("X-Two").empty());
    CHECK(request->body == "body");
    CHECK(request->keep_alive);
    const auto chunked = http_request("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n");
    REQUIRE(chunked);
    CHECK(chunked->body == "body");
    CHECK_FALSE(chunked->keep_alive);
    CHECK_FALSE(http_request("GET / HTTP/1.0\r\n\r\n")->keep_alive);
}

TEST_CASE("a simulated device hears where one HTTP request ends, and which is none") {
    for (std::size_t cut = 0; cut < posted.size(); ++cut) {
        CAPTURE(cut);
        CHECK(hear_http(posted.substr(0, cut)).form == AsicDevice::Form::incomplete);
        CHECK_FALSE(http_request(posted.substr(0, cut)));
    }
    const auto heard = hear_http(posted + posted);
    CHECK(heard.form == AsicDevice::Form::whole);
    CHECK(heard.length == posted.size());
    CHECK(hear_http("what\r\n\r\n").form == AsicDevice::Form::broken);
    CHECK(hear_http("GET /" + std::string(9'000, 'a')).form == AsicDevice::Form::broken);
    CHECK(hear_http("POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n").form == AsicDevice::Form::broken);
}

TEST_CASE("a simulated device answers with a length, in chunks, or without a body") {
    CHECK(http_answer({.body = "{}"}) == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(http_answer({.status = 401, .body = "no", .type = "text/plain", .more = "A: b\r\n", .closes = false}) == "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nA: b\r\nContent-Length: 2\r\n\r\nno");
    CHECK(http_answer({.body = std::string(1'001, 'a'), .chunked = true}).ends_with("\r\n\r\n3e8\r\n" + std::string(1'000, 'a') + "\r\n1\r\na\r\n0\r\n\r\n"));
    CHECK(http_answer({.status = 204, .closes = false}) == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(http_answer({.closes = false}) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}
