#include "app/wiring.hpp"
#include "tests/app/config_bad.hpp"
#include "tests/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>

namespace ballast {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return text.replace(at, from.size(), to);
}

tl::expected<Config, std::vector<Fault>> parsed(const std::string& site) {
    return parse_config(site, "site.toml", [](const std::string& path) -> Result<std::string> {
        if (path == "fleet.csv") return good_inventory;
        return fail(Errc::unreachable, "there is no such file");
    });
}

/// What is wrong with it: by the parser, or, which must not be, by the wiring alone.
std::string refusal(const std::string& site) {
    const auto config = parsed(site);
    if (!config) return "parser: " + print(config.error());
    try {
        asio::io_context io;
        const SiteModel model = build_site(*config);
        wire_up(*config, model, io.get_executor());
        return "";
    } catch (const std::exception& e) {
        return std::string{"wiring: "} + e.what();
    }
}

std::string with_more(const std::string& more) { return good_site + "\n" + more; }

}  // namespace

TEST_CASE("what the parser accepts can be wired") {
    CHECK(refusal(good_site) == "");
    for (const char* unit : {"USD/MWh", "USD/kWh", "ct/MWh", "ct/kWh", "EUR/MWh", "EUR/kWh"}) {
        CAPTURE(unit);
        CHECK(refusal(replaced(good_site, "unit = \"EUR/MWh\"", std::string{"unit = \""} + unit + "\"")) == "");
    }
    const auto signal = [](std::string kind, std::string more) {
        return with_more("[[signal]]\nname = \"x\"\nkind = \"" + kind + "\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"hold\"\n" + more);
    };
    for (const char* unit : {"USD/PH/day", "USD/TH/day", "EUR/PH/day"}) {
        CAPTURE(unit);
        CHECK(refusal(signal("hashprice", std::string{"value = \"\"\nunit = \""} + unit + "\"\n")) == "");
    }
    for (const char* kind : {"dispatch", "limit"})
        for (const char* unit : {"W", "kW", "MW"}) {
            CAPTURE(kind, unit);
            CHECK(refusal(signal(kind, std::string{"value = \"/a~0b/~1\"\nrelease = \"/over\"\nunit = \""} + unit + "\"\n")) == "");
        }
    for (const char* topic : {"#", "+/a/#", "$SYS/x", "$share/a/b", "a\u007fb", "a\u0085b", "a//b", "\u00e9"}) {
        CAPTURE(topic);
        CHECK_FALSE(refusal(signal("price", std::string{"topic = \""} + topic + "\"\n")).starts_with("wiring"));
    }
}

TEST_CASE("miners get the password that lies in a file or in the environment, and never without it") {
    const auto with = [](const std::string& where) {
        return replaced(good_site, "driver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]", "driver = \"antminer\"\npassword_file = \"" + where + "\"\ntier = \"interruptible\"\n[[group.machine]]");
    };
    ::setenv("BALLAST_TEST_FLOOR", "root", 1);
    CHECK(refusal(with("env:BALLAST_TEST_FLOOR")) == "");
    ::unsetenv("BALLAST_TEST_FLOOR");
    CHECK(refusal(with("env:BALLAST_TEST_FLOOR")) == "wiring: group spare: the environment has no BALLAST_TEST_FLOOR");
    CHECK(refusal(with("/no/such/file")) == "wiring: group spare: /no/such/file cannot be read: there is no such file");
}

TEST_CASE("what no driver can do is a fault of the site file") {
    CHECK(refusal(with_more("[mqtt.tls]\nhost = \"127.0.0.1\"\ntls_ca = \"env:CA\"\n")).starts_with("parser: "));
    CHECK(refusal(replaced(good_site, "name = \"limit\"\nkind = \"limit\"", "name = \"limit\"\nkind = \"hashprice\"")).starts_with("parser: "));
}

}  // namespace ballast
