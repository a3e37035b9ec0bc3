#include "wire/http_exchange.hpp"

#include "tests/catch.hpp"

#include <random>

using namespace ballast;
using namespace ballast::wire::http;

namespace {

const std::string counted = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":\"bcd\"}";
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n7;x=y\r\n:\"bcd\"}\r\n0\r\n\r\n";
const std::string open_ended = "HTTP/1.0 200 OK\r\nServer: lighttpd/1.4.32\r\n\r\n{\"a\":\"bcd\"}";

Errc fault(const std::string& bytes) {
    const auto answer = parse(bytes, true);
    REQUIRE_FALSE(answer);
    return answer.error().code;
}

}  // namespace

TEST_CASE("a request is written as RFC 9112 has it, and closes its connection") {
    CHECK(*write_request({.method = "GET", .target = "/cgi-bin/stats.cgi", .host = "10.0.0.7", .headers = {}, .body = {}}) ==
          "GET /cgi-bin/stats.cgi HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: close\r\n\r\n");
    const Header headers[] = {{"Content-Type", "text/plain;charset=UTF-8"}, {"Authorization", "Digest x=\"y\""}};
    CHECK(*write_request({.method = "POST", .target = "/a?b=c", .host = "[::1]:8080", .headers = headers, .body = "{\"m\":1}"}) ==
          "POST /a?b=c HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\nContent-Type: text/plain;charset=UTF-8\r\n"
          "Authorization: Digest x=\"y\"\r\nContent-Length: 7\r\n\r\n{\"m\":1}");
    CHECK(write_request({.method = "POST", .target = "/", .host = "a", .headers = {}, .body = {}})->ends_with("Content-Length: 0\r\n\r\n"));
}

TEST_CASE("nothing in a request breaks out of its line, and no secret is in what says so") {
    const auto refused = [](Request request) { return write_request(request).error(); };
    CHECK(refused({.method = "GET /", .target = "/", .host = "a", .headers = {}, .body = {}}).code == Errc::malformed);
    CHECK(refused({.method = "", .target = "/", .host = "a", .headers = {}, .body = {}}).code == Errc::malformed);
    CHECK(refused({.method = "GET", .target = "/a b", .host = "a", .headers = {}, .body = {}}).code == Errc::malformed);
    CHECK(refused({.method = "GET", .target = "/\r\nX: y", .host = "a", .headers = {}, .body = {}}).code == Errc::malformed);
    CHECK(refused({.method = "GET", .target = "/", .host = "a\nb", .headers = {}, .body = {}}).code == Errc::malformed);
    CHECK(refused({.method = "GET", .target = "/", .host = "", .headers = {}, .body = {}}).code == Errc::malformed);
    const Header split[] = {{"Authorization", "hush\r\nX: y"}};
    const Error error = refused({.method = "GET", .target = "/", .host = "a", .headers = split, .body = {}});
    CHECK(error.code == Errc::malformed);
    CHECK(error.detail.find("hush") == std::string::npos);
    const Header named[] = {{"a:b", "c"}};
    CHECK(refused({.method = "GET", .target = "/", .host = "a", .headers = named, .body = {}}).code == Errc::malformed);
    const std::string big(most_header_bytes + 1, 'x'), body(most_bytes + 1, 'x');
    const Header heavy[] = {{"A", big}};
    CHECK(refused({.method = "GET", .target = "/", .host = "a", .headers = heavy, .body = {}}).code == Errc::oversized);
    CHECK(refused({.method = "POST", .target = "/", .host = "a", .headers = {}, .body = body}).code == Errc::oversized);
}

TEST_CASE("an answer is whole by its length, by its last chunk, or when its connection has ended") {
    for (const std::string& bytes : {counted, chunked}) {
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CAPTURE(size, bytes);
            const auto so_far = whole(std::string_view{bytes}.substr(0, size));
            REQUIRE(so_far);
            REQUIRE_FALSE(*so_far);
            REQUIRE_FALSE(parse(std::string_view{bytes}.substr(0, size), true));
        }
        CHECK(*whole(bytes));
        const auto answer = parse(bytes, false);
        REQUIRE(answer);
        CHECK(answer->status == 200);
        CHECK(answer->succeeded());
        CHECK(answer->body == R"({"a":"bcd"})");
        CHECK(answer->www_authenticate.empty());
        CHECK(parse(bytes + "more", true)->body == answer->body);
    }
    CHECK_FALSE(*whole(open_ended));
    CHECK_FALSE(parse(open_ended, false));
    CHECK(parse(open_ended, true)->body == R"({"a":"bcd"})");
}

TEST_CASE("an answer without a body ends with its header") {
    CHECK(*whole("HTTP/1.1 204 No Content\r\n\r\n"));
    CHECK(parse("HTTP/1.1 204 No Content\r\n\r\n", false)->body.empty());
    CHECK(*whole("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

TEST_CASE("what only announces an answer is skipped") {
    const std::string announced = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK_FALSE(*whole(announced));
    CHECK_FALSE(parse(announced, true));
    CHECK(*whole(announced + announced + counted));
    CHECK(parse(announced + counted, false)->status == 200);
}

TEST_CASE("every challenge of a 401 is handed on") {
    const auto answer = parse("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\nX: y\r\n"
                              "www-authenticate: Basic realm=\"c\"\r\nContent-Length: 0\r\n\r\n", false);
    REQUIRE(answer);
    CHECK(answer->status == 401);
    CHECK_FALSE(answer->succeeded());
    CHECK(answer->www_authenticate == std::vector<std::string>{"Digest realm=\"a\", nonce=\"b\"", "Basic realm=\"c\""});
}

TEST_CASE("what is no HTTP, contradicts itself or is cut off is malformed") {
    CHECK(fault("") == Errc::malformed);
    CHECK(fault("STATUS=S,Code=11|") == Errc::malformed);
    CHECK(fault("HTTP/1.1 2x0 OK\r\n\r\n") == Errc::malformed);
    CHECK(fault("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n") == Errc::malformed);
    CHECK(fault("HTTP/1.1 200 OK\r\nNo colon\r\n\r\n") == Errc::malformed);
    CHECK(fault("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n") == Errc::malformed);
    CHECK(fault("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef") == Errc::malformed);
    CHECK(fault("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc") == Errc::malformed);
    CHECK(fault("HTTP/1.1 200 OK\r\nContent-Length: 5") == Errc::malformed);
    CHECK_FALSE(whole("GET / HTTP/1.1\r\n"));
}

TEST_CASE("bad chunks are malformed, and huge ones are oversized before they come") {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(fault(head + "zz\r\nabc\r\n0\r\n\r\n") == Errc::malformed);
    CHECK(fault(head + "-3\r\nabc\r\n0\r\n\r\n") == Errc::malformed);
    CHECK(fault(head + "3\r\nabcd\r\n0\r\n\r\n") == Errc::malformed);
    CHECK(fault(head + "5\r\nabc") == Errc::malformed);
    CHECK(fault(head + "fffffffffffffffffffffff\r\nabc") == Errc::malformed);
    CHECK(whole(head + "ffffffffffffffff\r\nabc").error().code == Errc::oversized);
    CHECK(whole(head + "20000\r\nabc").error().code == Errc::oversized);
}

TEST_CASE("what is too long is refused as soon as that is known") {
    CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n").error().code == Errc::oversized);
    CHECK(whole("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n").error().code == Errc::oversized);
    CHECK_FALSE(whole("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"));
    CHECK(whole("HTTP/1.1 200 OK\r\nX: " + std::string(most_header_bytes, 'x')).error().code == Errc::oversized);
    std::string many = "HTTP/1.1 200 OK\r\n";
    while (many.size() < most_header_bytes + 100) many += "A: b\r\n";
    CHECK(whole(many + "\r\n").error().code == Errc::oversized);
    CHECK(whole("HTTP/1.0 200 OK\r\n\r\n" + std::string(most_bytes, 'x')).error().code == Errc::oversized);
    CHECK(parse(std::string(most_bytes + 1, 'x'), true).error().code == Errc::oversized);
}

TEST_CASE("mutated answers never crash, and whole means that parse needs no end") {
    const std::vector<std::string> seeds{counted, chunked, open_ended, "HTTP/1.1 100 Continue\r\n\r\n" + counted};
    const std::string spice = "\r\n :;0fF1-HTP/.\"\t\x80" + std::string(1, '\0');
    std::mt19937_64 random{11};
    int parsed = 0, broken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = seeds[random() % seeds.size()];
        for (auto edits = 1 + random() % 4; edits > 0 && !bytes.empty(); --edits) {
            const auto at = random() % bytes.size();
            switch (random() % 4) {
            case 0: bytes[at] = spice[random() % spice.size()]; break;
            case 1: bytes.insert(at, 1, spice[random() % spice.size()]); break;
            case 2: bytes.erase(at, 1 + random() % 5); break;
            default: bytes.resize(random() % 4 == 0 ? at : bytes.size());
            }
        }
        CAPTURE(bytes);
        const auto complete = whole(bytes);
        const auto answer = parse(bytes, true);
        answer ? ++parsed : ++broken;
        if (complete && *complete && bytes.find(" 999") == std::string::npos) {
            const auto early = parse(bytes, false);
            REQUIRE(early.has_value() == answer.has_value());
        }
        if (!complete) REQUIRE_FALSE(answer);
    }
    CHECK(parsed > 1'000);
    CHECK(broken > 1'000);
}
