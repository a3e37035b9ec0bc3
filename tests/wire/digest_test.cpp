#include "wire/digest.hpp"

#include "tests/catch.hpp"

#include <random>
#include <vector>

using namespace ballast;
using namespace ballast::wire::digest;

namespace {

Result<Challenge> parsed(std::vector<std::string> values) { return parse_challenge(values); }

// RFC 7616, section 3.9.1, without its line breaks.
const std::string sha256_asked =
    R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
const std::string md5_asked =
    R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
const Attempt attempt{.method = "GET", .uri = "/dir/index.html", .user = "Mufasa", .password = "Circle of Life",
                      .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", .count = 1};

// RFC 2617, section 3.5.
const std::string old_asked =
    R"(Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41")";
const Attempt old_attempt{.method = "GET", .uri = "/dir/index.html", .user = "Mufasa", .password = "Circle Of Life", .cnonce = "0a4f113b", .count = 1};

std::string response_in(const std::string& header) {
    const auto at = header.find("response=\"");
    REQUIRE(at != std::string::npos);
    return header.substr(at + 10, header.find('"', at + 10) - at - 10);
}

}  // namespace

TEST_CASE("the example of RFC 7616, section 3.9.1, with MD5") {
    CHECK(*authorization(*parsed({md5_asked}), attempt) ==
          R"(Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")");
}

TEST_CASE("the example of RFC 7616, section 3.9.1, with SHA-256, which its server prefers") {
    const auto challenge = parsed({sha256_asked, md5_asked});
    REQUIRE(challenge);
    CHECK(challenge->hash == Hash::sha256);
    CHECK(*authorization(*challenge, attempt) ==
          R"(Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")");
}

TEST_CASE("the example of RFC 2617, section 3.5") {
    const auto header = authorization(*parsed({old_asked}), old_attempt);
    REQUIRE(header);
    CHECK(*header ==
          R"(Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", nc=00000001, cnonce="0a4f113b", qop=auth, response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41")");
}

TEST_CASE("without qop the form is RFC 2069's, whose example its errata correct") {
    const auto challenge = parsed({R"(Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41")"});
    REQUIRE(challenge);
    CHECK_FALSE(challenge->counted);
    Attempt asked{.method = "GET", .uri = "/dir/index.html", .user = "Mufasa", .password = "CircleOfLife", .cnonce = {}, .count = 1};
    CHECK(*authorization(*challenge, asked) ==
          R"(Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", response="1949323746fe6a43ef61f9606e7febea", opaque="5ccc069c403ebaf9f0171e9517f40e41")");
}

TEST_CASE("a -sess algorithm takes nonce and cnonce into its key") {
    std::string asked = md5_asked;
    asked.replace(asked.find("MD5"), 3, "MD5-sess");
    const auto challenge = parsed({asked});
    REQUIRE(challenge);
    CHECK(challenge->session);
    const auto header = authorization(*challenge, attempt);
    CHECK(header->find("algorithm=MD5-sess") != std::string::npos);
    CHECK(response_in(*header) == "e783283f46242139c486a698fec7211d");
    CHECK(parsed({R"(Digest realm="a", nonce="b", algorithm=MD5-sess)"}).error().code == Errc::malformed);
}

TEST_CASE("a nonce serves again with a higher count") {
    const auto challenge = parsed({old_asked});
    Attempt again = old_attempt;
    again.count = 0xab;
    const auto header = authorization(*challenge, again);
    CHECK(header->find("nc=000000ab,") != std::string::npos);
    CHECK(response_in(*header) != "6629fae49393a05397450978507c4ef1");
}

TEST_CASE("challenges are read as devices write them") {
    const auto stock = parsed({R"(Digest realm="antMiner Configuration", nonce="5f1d2e", qop="auth")"});
    REQUIRE(stock);
    CHECK(stock->realm == "antMiner Configuration");
    CHECK(stock->counted);
    CHECK_FALSE(stock->has_opaque);
    CHECK_FALSE(stock->stale);
    const auto loose = parsed({R"(dIGEST  REALM = "a" ,, NONCE=b64/+==,STALE=TRUE, algorithm="md5", qop=auth, charset=UTF-8,)"});
    REQUIRE(loose);
    CHECK(loose->nonce == "b64/+==");
    CHECK(loose->stale);
    CHECK(loose->algorithm == "md5");
    CHECK(parsed({R"(Digest realm="a\"b\\c, nonce=\"x\"", nonce="n")"})->realm == R"(a"b\c, nonce="x")");
    CHECK_FALSE(parsed({R"(Digest realm="", nonce="n", qop="")"})->counted);
    CHECK(parsed({R"(Digest realm="a", nonce="n", opaque="")"})->has_opaque);
}

TEST_CASE("a challenge is found among other schemes") {
    CHECK(parsed({R"(Basic realm="x", Digest realm="y", nonce="n")"})->realm == "y");
    CHECK(parsed({R"(Negotiate, Digest realm="y", nonce="n", NTLM)"})->realm == "y");
    CHECK(parsed({R"(Negotiate dGVzdA==, Digest realm="y", nonce="n")"})->realm == "y");
    CHECK(parsed({"Basic realm=\"x\"", "\"garbage", R"(Digest realm="y", nonce="n")"})->realm == "y");
    CHECK(parsed({R"(Digest realm="y", nonce="n", algorithm=SHA-512-256)", R"(Digest realm="z", nonce="n")"})->realm == "z");
}

TEST_CASE("what cannot be answered is refused, what cannot be read is malformed") {
    CHECK(parsed({}).error().code == Errc::refused);
    CHECK(parsed({R"(Basic realm="x")"}).error().code == Errc::refused);
    CHECK(parsed({R"(Digest realm="x", nonce="n", qop="auth-int")"}).error().code == Errc::refused);
    CHECK(parsed({R"(Digest realm="x", nonce="n", algorithm=SHA-512-256)"}).error().code == Errc::refused);
    CHECK(parsed({R"(Digest realm="x", nonce="n", algorithm=-sess)"}).error().code == Errc::refused);
    CHECK(parsed({"Digest"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest realm="x")"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest nonce="x")"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest realm="x", nonce="")"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest realm="x, nonce="n)"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest realm="x", nonce="n\)"}).error().code == Errc::malformed);
    CHECK(parsed({R"(Digest realm="x", nonce="a", nonce="b")"}).error().code == Errc::malformed);
    CHECK(parsed({"Digest realm=\"x\r\nX: y\", nonce=\"n\""}).error().code == Errc::malformed);
    CHECK(parsed({std::string(9'000, 'a')}).error().code == Errc::malformed);
    std::string flood = "Digest realm=x, nonce=n";
    for (int i = 0; i < 40; ++i) flood += ", p" + std::to_string(i) + "=1";
    CHECK(parsed({flood}).error().code == Errc::malformed);
}

TEST_CASE("user and realm are quoted, and nothing breaks out of the header") {
    const auto challenge = parsed({R"(Digest realm="a\"b", nonce="n", qop="auth")"});
    Attempt asked = attempt;
    asked.user = R"(x"\y)";
    const auto header = authorization(*challenge, asked);
    CHECK(header->find(R"(username="x\"\\y", realm="a\"b")") != std::string::npos);
    asked.user = "x\r\nSet: y";
    CHECK(authorization(*challenge, asked).error().code == Errc::malformed);
    asked = attempt;
    asked.cnonce = {};
    CHECK(authorization(*challenge, asked).error().code == Errc::malformed);
    asked.cnonce = "a\nb";
    CHECK(authorization(*challenge, asked).error().code == Errc::malformed);
}

TEST_CASE("neither password nor user is in what goes wrong, nor the password in what goes out") {
    Attempt asked{.method = "GET", .uri = "/\n", .user = "r00t-user", .password = "hush-hush", .cnonce = "c", .count = 1};
    const auto error = authorization(*parsed({old_asked}), asked).error();
    CHECK(error.detail.find("hush") == std::string::npos);
    CHECK(error.detail.find("r00t") == std::string::npos);
    asked.uri = "/";
    CHECK(authorization(*parsed({old_asked}), asked)->find("hush") == std::string::npos);
}

TEST_CASE("mutated challenges never crash, and what is made of them has one line") {
    const std::vector<std::string> seeds{md5_asked, sha256_asked, old_asked, R"(Basic realm="x", Digest realm="a\"b", nonce=n, algorithm=MD5-sess, qop=auth)"};
    const std::string spice = "\\\",= \t\r\n;:aD-\x80" + std::string(1, '\0');
    std::mt19937_64 random{13};
    int answered = 0, refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string value = seeds[random() % seeds.size()];
        for (auto edits = 1 + random() % 6; edits > 0 && !value.empty(); --edits) {
            const auto at = random() % value.size();
            switch (random() % 4) {
            case 0: value[at] = spice[random() % spice.size()]; break;
            case 1: value.insert(at, 1, spice[random() % spice.size()]); break;
            case 2: value.erase(at, 1 + random() % 5); break;
            default: value.resize(random() % 4 == 0 ? at : value.size());
            }
        }
        CAPTURE(value);
        const auto challenge = parsed({value});
        challenge ? ++answered : ++refused;
        if (!challenge) continue;
        const auto header = authorization(*challenge, attempt);
        REQUIRE(header);
        REQUIRE(header->find_first_of("\r\n") == std::string::npos);
        REQUIRE(parsed({*header})->nonce == challenge->nonce);  // Written as it is read.
    }
    CHECK(answered > 1'000);
    CHECK(refused > 1'000);
}
