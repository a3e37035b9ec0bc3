// replay_year FOLDER [RUNS]: the year of make_year.py in FOLDER through the engine, orders, command records and digest made,
// no journal. Prints what `ballast replay --json` prints, with `loop_seconds` (the best of RUNS, default 3) and `steps`.
#include "study/replay.hpp"
#include "tests/support/bench_year.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace ballast;

int main(int argc, char** argv) {
    if (argc < 2) return std::fputs("usage: replay_year FOLDER [RUNS]\n", stderr), 2;
    const std::string folder = argv[1];
    const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
    const auto year = support::bench_year(folder);
    const sim::FeedOptions options{.known = sim::KnownRule{sim::KnownRule::Kind::start}};
    const auto feed = sim::read_feed(folder + "/prices.csv", options);
    if (!feed) return std::fprintf(stderr, "%s\n", feed.error().detail.c_str()), 2;

    auto result = study::replay(year.site, year.policies, year.prices, *feed, *feed);
    for (int i = 1; i < runs; ++i)
        result.loop_seconds = std::min(result.loop_seconds, study::replay(year.site, year.policies, year.prices, *feed, *feed).loop_seconds);
    std::string text = study::to_json(result);
    text.pop_back();
    std::printf("%s,\"steps\":%llu,\"loop_seconds\":%.4f}\n", text.c_str(), static_cast<unsigned long long>(result.steps), result.loop_seconds);
    return 0;
}
