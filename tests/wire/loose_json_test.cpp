#include "wire/loose_json.hpp"

#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::wire;

TEST_CASE("a member is taken as firmware means it, or is nothing") {
    const auto parsed = loose::json::parse(R"({"i":-7,"u":18446744073709551615,"d":1.5,"s":" 2.5 ","bad":"2,5","inf":"inf","empty":"","yes":"TRUE","no":"False","one":1,"null":null,"list":[{"a":1}],"none":[],"deep":{"a":2},"hot":81.25,"broken":255,"big":1e300})");
    const auto& in = parsed.as_object();
    CHECK(loose::number(in, "i") == -7);
    CHECK(loose::number(in, "u") == 18446744073709551615.0);
    CHECK(loose::number(in, "s") == 2.5);
    for (const char* key : {"bad", "inf", "empty", "yes", "null", "list", "deep", "absent"}) CHECK_FALSE(loose::number(in, key));
    CHECK(loose::whole(in, "i") == -7);
    for (const char* key : {"d", "u", "big", "s"}) CHECK_FALSE(loose::whole(in, key));
    CHECK(loose::truth(in, "yes") == true);
    CHECK(loose::truth(in, "no") == false);
    CHECK(loose::truth(in, "one") == true);
    for (const char* key : {"empty", "bad", "null", "deep"}) CHECK_FALSE(loose::truth(in, key));
    CHECK(loose::watts(in, "d") == Power{2});
    for (const char* key : {"i", "big", "inf"}) CHECK_FALSE(loose::watts(in, key));
    CHECK(loose::celsius(in, "hot") == Temperature{81'250});
    CHECK_FALSE(loose::celsius(in, "broken"));
    CHECK_FALSE(loose::gigahashes(in, "big", 1e-3));
    CHECK(loose::object(&in, "list")->at("a") == 1);
    CHECK(loose::object(&in, "deep")->at("a") == 2);
    CHECK(loose::object(&in, "none") == nullptr);
    CHECK(loose::object(nullptr, "list") == nullptr);
    CHECK(loose::array(&in, "list")->size() == 1);
    CHECK(loose::array(&in, "deep") == nullptr);
    CHECK(loose::mentions("can't Access write cmd", "access WRITE"));
    CHECK_FALSE(loose::mentions("a", "abc"));
}
