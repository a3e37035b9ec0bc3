#include "app/makes.hpp"

#include "app/config.hpp"
#include "tests/catch.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace ballast {
namespace {

std::string shown(Levels levels) {
    switch (levels) {
    case Levels::none: return "-";
    case Levels::modes: return "its own, by name";
    case Levels::watts: break;
    }
    return "watts";
}

std::string documented() {
    std::string text = "| driver | at rest | levels | its watts | rests over a reboot | `standby_w` | `off_within_s`, `on_within_s` | a cap within |\n|---|---|---|---|---|---|---|---|\n";
    for (const Capabilities& can : capabilities()) {
        const auto seconds = [](Duration time) { return time.count() / 1'000; };
        const std::string level = can.levels == Levels::none ? "-" : fmt::format("{} s", seconds(can.level_within));
        text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} |\n", can.name, can.rests ? "yes" : "never", shown(can.levels), name_of(can.watts), can.rests ? name_of(can.sleep_persists) : "-", can.standby.count,
                            can.rests ? fmt::format("{}, {}", seconds(can.off_within), seconds(can.on_within)) : "-", level);
    }
    return text;
}

}  // namespace

TEST_CASE("every make is reached somehow, and each is in both tables") {
    CHECK(makes().size() == capabilities().size());
    for (const Capabilities& can : capabilities()) CHECK(make_of(can.protocol).driver() == can.name);
}

TEST_CASE("the handbook's table of what makes can do is the one that is used") {
    const std::string path = std::string{PROJECT_DIR} + "/docs/site-file.md";
    const std::string begin = "<!-- capabilities: begin -->\n", end = "<!-- capabilities: end -->\n";
    const auto text = disk_reader()(path);
    REQUIRE(text);
    const auto from = text->find(begin), to = text->find(end);
    REQUIRE(from != text->npos);
    REQUIRE(to != text->npos);
    const std::string now = text->substr(0, from + begin.size()) + documented() + text->substr(to);
    // BALLAST_WRITE_DOCS=1 build/dev/tests/app_tests "the handbook*" writes it anew.
    if (std::getenv("BALLAST_WRITE_DOCS") != nullptr) std::ofstream{path, std::ios::binary} << now;
    else CHECK((now == *text));
}

}  // namespace ballast
