#include "study/replay.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench_year.hpp"

#include <boost/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

using namespace ballast;
using namespace ballast::study;

namespace {

std::string output_of(const std::string& command) {
    std::string text;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe);
    char bytes[4'096];
    for (std::size_t n; (n = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) text.append(bytes, n);
    REQUIRE(::pclose(pipe) == 0);
    return text;
}

double number(const boost::json::value& v) { return v.to_number<double>(); }

}  // namespace

// The yardstick is the script that an analyst would write, so that the engine's whole path is checked by arithmetic that
// knows nothing of it. A small fleet here; the benchmark does the whole one.
TEST_CASE("a year of five-minute prices ends as the numpy script says, to the cent and to the transition") {
    const char* const given = std::getenv("BALLAST_SHARED");
    const std::filesystem::path bench = std::filesystem::path{given ? given : PROJECT_DIR "/../shared"} / "bench";
    if (!std::filesystem::exists(bench / "make_year.py") || std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) {
        WARN("skipped: no bench/make_year.py, or no numpy; set BALLAST_SHARED");
        return;
    }
    const auto seed = GENERATE(7, 8, 9);
    CAPTURE(seed);
    const std::filesystem::path folder = std::filesystem::path{SCRATCH_DIR} / ("year-" + std::to_string(::getpid()));
    output_of("/usr/bin/python3 " + (bench / "make_year.py").string() + " " + folder.string() + " --seed " + std::to_string(seed) + " --machines 300 --groups 12");
    const auto theirs = boost::json::parse(output_of("/usr/bin/python3 " + (bench / "backtest_numpy.py").string() + " " + folder.string()));

    const auto year = support::bench_year(folder.string());
    sim::FeedOptions options;
    options.known = sim::KnownRule{sim::KnownRule::Kind::start};
    const auto feed = sim::read_feed((folder / "prices.csv").string(), options);
    REQUIRE(feed);
    const auto ours = boost::json::parse(to_json(replay(year.site, year.policies, year.prices, *feed, *feed)));
    std::filesystem::remove_all(folder);

    for (const char* exact : {"intervals", "transitions"}) {
        CAPTURE(exact);
        CHECK(ours.at(exact).to_number<std::int64_t>() == theirs.at(exact).to_number<std::int64_t>());
    }
    // Theirs is summed in floating point before it is rounded: half a unit of the last place is all that may differ.
    for (const auto& [name, last_place] : {std::pair{"energy_mwh", 0.001}, {"baseline_mwh", 0.001}, {"curtailed_mwh", 0.001},
                                           {"energy_cost", 0.01}, {"baseline_cost", 0.01}, {"uptime", 0.000001}}) {
        CAPTURE(name, number(ours.at(name)), number(theirs.at(name)));
        CHECK(std::abs(number(ours.at(name)) - number(theirs.at(name))) < last_place * 1.01);
    }
}
