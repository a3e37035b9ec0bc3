#include "wire/plain_json.hpp"
#include "tests/catch.hpp"

#include <boost/json.hpp>

#include <limits>

using ballast::wire::plain_json;
namespace json = boost::json;

TEST_CASE("numbers are plain decimals") {
    CHECK(plain_json(15.0) == "15");
    CHECK(plain_json(-0.25) == "-0.25");
    CHECK(plain_json(0.1) == "0.1");
    CHECK(plain_json(1.5e15) == "1500000000000000");
    CHECK(plain_json(2.5e-7) == "0.00000025");
    CHECK(plain_json(1e-300) == "0");
    CHECK(plain_json(std::numeric_limits<double>::max()).size() == 309);
    CHECK(plain_json(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(plain_json(-7) == "-7");
    CHECK(plain_json(std::uint64_t{18'446'744'073'709'551'615u}) == "18446744073709551615");
}

TEST_CASE("all else is as Boost writes it") {
    const json::value value = json::parse(R"({"a":[1,{"b":null},[],{}],"q\"":"x\n\u0001","t":true,"e":{}})");
    CHECK(plain_json(value) == json::serialize(value));
}
