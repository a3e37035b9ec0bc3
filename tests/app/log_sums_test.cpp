#include "app/log_sums.hpp"
#include "app/progress.hpp"
#include "tests/catch.hpp"

namespace ballast {
namespace {

using namespace std::chrono_literals;

constexpr Steady start{1000h};

}  // namespace

TEST_CASE("what begins is told at once, what follows in sums, and nothing is lost") {
    OrderSums sums;
    CHECK(sums.ordered(start, 0, 125) == "ordered 0 load(s) down, 125 up");
    std::size_t lines = 0;
    for (int quarter = 1; quarter < 80; ++quarter) {
        const Steady now = start + quarter * 250ms;
        lines += !sums.ordered(now, 0, 125).empty();
        lines += quarter % 4 == 0 && !sums.due(now).empty();
    }
    CHECK(lines == 1);
    CHECK(sums.due(start + 20s) == "ordered 0 load(s) down, 4875 up");
    CHECK(sums.due(start + 40s) == "");
    CHECK(sums.rest() == "");
}

TEST_CASE("a shed in the middle of a long way up is told at once") {
    OrderSums sums;
    CHECK(!sums.ordered(start, 0, 5).empty());
    CHECK(sums.ordered(start + 1s, 0, 5).empty());
    CHECK(sums.ordered(start + 2s, 400, 0) == "ordered 400 load(s) down, 5 up");
    CHECK(sums.ordered(start + 3s, 7, 0).empty());
    CHECK(sums.rest() == "ordered 7 load(s) down, 0 up");
}

TEST_CASE("a source that says too much has one line a minute, each source its own") {
    Overflows overflows;
    const Note note{.kind = NoteKind::call_covered, .number = 3}, other{.kind = NoteKind::calls_joined, .number = 4};
    CHECK(overflows.told(start, note, "too many") == "too many");
    for (int i = 1; i <= 900; ++i) CHECK(overflows.told(start + i * 50ms, note, "too many").empty());
    CHECK(overflows.told(start + 30s, other, "too many") == "too many");
    CHECK(overflows.told(start + 60s, note, "too many") == "too many (900 more like it since the last such line)");
}

TEST_CASE("that prices are unknown is told once, and that they are back") {
    Site site;
    site.sources = {{"lmp", OnStale::hold}};
    site.policies = {"strike"};
    State state;
    state.site = &site;
    state.sources.resize(1);
    const Binding held{Scope::group(GroupId{0}), {PolicyId{0}, SourceId{0}, Cause::price, 0, Reason::price_unknown_held}, {}, {}, {}, true};
    const std::vector<Binding> bound{held};
    Decision unknown, known;
    unknown.binding = bound;
    UnknownPrices prices;
    const auto fresh = [&](bool is) {
        state.sources[0].ever = is;
        state.sources[0].stale = !is;
    };
    fresh(false);
    CHECK(prices.changed(known, state).empty());
    CHECK(prices.changed(unknown, state) == std::vector<std::string>{"lmp says no price that holds now: under strike nothing that rests is started until it does"});
    CHECK(prices.changed(unknown, state).empty());
    CHECK(prices.changed(known, state).empty());  // Another limit binds meanwhile.
    CHECK(prices.changed(unknown, state).empty());
    fresh(true);
    CHECK(prices.changed(known, state) == std::vector<std::string>{"lmp says a price again: strike goes by it"});
    CHECK(prices.changed(known, state).empty());
}

TEST_CASE("progress fits the terminal, however narrow") {
    CHECK(progress_line("replay", 500, 1'000, 80) == "replay [===============               ] 500 of 1000");
    CHECK(progress_line("replay", 500, 1'000, 32) == "replay [====     ] 500 of 1000");
    CHECK(progress_line("replay", 500, 1'000, 20) == "replay 50 %");
    CHECK(progress_line("replay", 500, 1'000, 6) == "50 %");
    CHECK(progress_line("replay", 500, 1'000, 4) == "");
    CHECK(progress_line("discover", 127, 254, 80, "3 s left") == "discover [===============               ] 127 of 254, 3 s left");
    CHECK(progress_line("discover", 127, 254, 14, "3 s left") == "discover 50 %");
    CHECK(time_left(50, 200, std::chrono::seconds{10}) == "30 s left");
    CHECK(time_left(50, 2'000, std::chrono::seconds{10}) == "6 min left");
    CHECK(time_left(50, 60'000, std::chrono::seconds{10}) == "3 h left");
    CHECK(time_left(0, 200, std::chrono::seconds{10}) == "");
    CHECK(time_left(50, 200, std::chrono::milliseconds{500}) == "");
    for (unsigned columns = 1; columns < 100; ++columns)
        for (const std::int64_t done : {0, 7, 1'000}) CHECK(progress_line("replay", done, 1'000, columns).size() < columns);
}

}  // namespace ballast
