#include "app/presets.hpp"
#include "tests/catch.hpp"
#include "tests/scenarios/day.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace ballast::tests;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// What a programme has promised was told to be short before it had to be met and was not; what nobody promised, before it was over.
void check_known_beforehand(const std::string& lived) {
    const auto missed = lived.find(": MISSED");
    REQUIRE(missed != std::string::npos);
    const auto name = lived.rfind("Call ", missed) + 5;
    const std::string event = "event " + lived.substr(name, missed - name);
    const auto begins = lived.find(event + " begins"), over = lived.find(event + " is over");
    const auto told = lived.find("could not be kept"), shortfall = lived.find("SHORTFALL", begins);
    REQUIRE(begins < over);
    CHECK(shortfall < over);
    if (lived.find("Call bp-") == std::string::npos) CHECK(told < shortfall);  // A base point comes when it has to be followed.
}

/// Both days in one text. BALLAST_WRITE_GOLDEN=1 writes it beside the day, to be read and committed.
void compare(const std::string& name) {
    const fs::path path = fs::path{PROJECT_DIR} / "tests/scenarios/days" / (name + ".toml"), golden = fs::path{path}.replace_extension(".golden");
    const Day day = read_day(path.string());
    const std::string lived = day.title + "\n\n" + live_through(day, false) + "\nThe same day with too little load\n\n" + live_through(day, true);
    if (std::getenv("BALLAST_WRITE_GOLDEN")) std::ofstream{golden} << lived;
    CHECK(lived == read(golden));
    // Passed with enough load; with too little it is missed, and was known before it was due.
    const auto both = lived.find("\nThe same day");
    CHECK(lived.substr(0, both).find("MISSED") == std::string::npos);
    CHECK(lived.find("Call ") < both);
    CHECK(lived.find("MISSED", both) != std::string::npos);
    check_known_beforehand(lived.substr(both));
}

/// A day that nobody calls on: what copper, weather and the grid do to it.
std::string lived_by(const std::string& name) {
    const fs::path path = fs::path{PROJECT_DIR} / "tests/scenarios/days" / (name + ".toml"), golden = fs::path{path}.replace_extension(".golden");
    const Day day = read_day(path.string());
    const std::string lived = day.title + "\n\n" + live_through(day, false);
    if (std::getenv("BALLAST_WRITE_GOLDEN")) std::ofstream{golden} << lived;
    CHECK(lived == read(golden));
    return lived;
}

}  // namespace

TEST_CASE("a transformer carries less on a hot day, and least while nobody knows how hot it is") {
    const std::string lived = lived_by("physics_hot_day");
    CHECK(lived.find("yard shows 37.0 degC") != std::string::npos);
    CHECK(lived.find("SHORTFALL") == std::string::npos);
    CHECK(lived.find("sleep of older: ambient_derating by summer") != std::string::npos);
    CHECK(lived.find("sleep of newer") == std::string::npos);
    CHECK(lived.find("wake of older") != std::string::npos);
}
TEST_CASE("a blackout: locked out, released one by one, and nobody latched") {
    const std::string lived = lived_by("physics_blackout");
    const auto lost = lived.find("SUPPLY LOST"), back = lived.find("supply is back"), wake = lived.find("wake of older"), over = lived.find("event return:site");
    CHECK(lost < back);
    CHECK(back < wake);
    CHECK(wake != std::string::npos);
    CHECK(over != std::string::npos);
    CHECK(lived.find("sleep of") == std::string::npos);
    CHECK(lived.find("latched") == std::string::npos);
}

TEST_CASE("GPUs are slowed after the last miner, step by step, and let back before the first") {
    const std::string lived = lived_by("gpus_slowed");
    const auto price = lived.find("sleep of older: price_above_strike"), miners = lived.find("sleep of newer: dispatched"), saved = lived.find("checkpoint of training"), slowed = lived.find("slowed; of what is interruptible"),
               back = lived.find("wake of training"), wake = lived.find("wake of newer", slowed);
    CHECK(price < miners);
    CHECK(saved < slowed);  // Asked for ahead, as its notice wants.
    CHECK(miners != std::string::npos);
    CHECK(lived.find("299 not_seen", slowed) != std::string::npos);  // Every miner was told to go before the first GPU was slowed.
    CHECK(slowed < back);
    CHECK(back < wake);
    CHECK(wake != std::string::npos);
    CHECK(lived.find("not_needed") == std::string::npos);  // Nothing interruptible ran on that could have gone.
    CHECK(lived.find("1 maintenance") != std::string::npos);
    CHECK(lived.find("of training: price") == std::string::npos);
    CHECK(lived.find("of hall") == std::string::npos);
    CHECK(lived.find("SHORTFALL") == std::string::npos);
}

TEST_CASE("ERCOT base points are followed up and down") { compare("ercot_sced"); }
TEST_CASE("ERCOT contingency reserve is there while it is armed, and given on its ramp") { compare("ercot_ecrs"); }
TEST_CASE("ERCOT emergency response comes within ten minutes") { compare("ercot_ers_10"); }
TEST_CASE("ERCOT emergency response comes within thirty minutes") { compare("ercot_ers_30"); }
TEST_CASE("a large load comes down in an emergency") { compare("ercot_large_load"); }
TEST_CASE("Alberta's load shed service is held, given, and kept off until restored") { compare("aeso_lssi"); }
TEST_CASE("rate CB leaves a twentieth of the peak") { compare("hydro_quebec_cb"); }
TEST_CASE("option L calls as often as it may") { compare("hydro_quebec_option_l"); }
TEST_CASE("Ontario's block of four hours is delivered") { compare("ieso_hdr"); }

TEST_CASE("the handbook's examples are those that the days live through") {
    const std::string handbook = read(fs::path{PROJECT_DIR} / "docs/programmes.md") + read(fs::path{PROJECT_DIR} / "docs/physics.md") + read(fs::path{PROJECT_DIR} / "docs/gpus.md");
    for (const auto& entry : fs::directory_iterator{fs::path{PROJECT_DIR} / "tests/scenarios/days"}) {
        if (entry.path().extension() != ".toml") continue;
        CAPTURE(entry.path().string());
        const Day day = read_day(entry.path().string());
        for (const std::string& part : {day.policy, day.site, day.feeder}) CHECK(handbook.find(part) != std::string::npos);
    }
}

TEST_CASE("the handbook shows every preset as it is shipped, with what of it is not confirmed") {
    const std::string handbook = read(fs::path{PROJECT_DIR} / "docs/programmes.md");
    for (const ballast::Preset& preset : ballast::presets()) {
        CAPTURE(preset.name);
        CHECK(handbook.find("The preset `" + std::string{preset.name} + "`:\n\n```toml" + std::string{preset.toml} + "```\n") != std::string::npos);
    }
}
