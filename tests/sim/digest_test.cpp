#include "tests/catch.hpp"

#include "sim/digest.hpp"

using namespace ballast;
using namespace ballast::sim;
using namespace std::chrono_literals;

TEST_CASE("the simulator's digest equals RFC 7616's example") {
    // The nonce is the document's, not one of the guard's: the response is right, the nonce is stale.
    const DigestGuard guard{"http-auth@example.org", "Mufasa", "Circle of Life", 60s, 1};
    const auto judge = [&guard](std::string_view response) {
        const std::string header = R"(Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", )"
                                   R"(nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response=")" + std::string{response} + R"(", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
        return guard.judge(header, "GET", "/dir/index.html", Steady{1s});
    };
    CHECK(judge("8ca523f5e9506fed4657c9700eebdbec") == DigestGuard::Verdict::stale);
    CHECK(judge("8ca523f5e9506fed4657c9700eebdbed") == DigestGuard::Verdict::stranger);
    for (const char* header : {"", "Basic cm9vdDpyb290", "Digest", "Digest ", "Digest username=", "Digest username=\"Mufasa", "Digest =,=,\"", "digest username=\"Mufasa\\"})
        CHECK(guard.judge(header, "GET", "/", Steady{1s}) == DigestGuard::Verdict::stranger);
}
