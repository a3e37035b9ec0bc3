#include "tests/catch.hpp"
#include "tests/support/describe.hpp"
#include "tests/support/random_history.hpp"

using namespace ballast;
using namespace ballast::tests;

namespace {

constexpr auto no_watch = [](Now, const std::vector<Event>&, const Decision&, const Engine&) { return true; };

History any_history(std::uint64_t seed) {
    return live(seed, {.lasts = std::chrono::minutes{20}, .kept = true}, no_watch);
}

/// Steps from `first` on say what they said; the index of the first that does not, else the number of steps.
std::size_t agrees(Engine& engine, const History& history, std::size_t first) {
    for (std::size_t i = first; i < history.steps.size(); ++i)
        if (bytes_of(engine.step(history.steps[i].now, history.steps[i].heard)) != history.steps[i].said) return i;
    return history.steps.size();
}

/// "as before", or both decisions, to be read side by side.
std::string says(Engine& engine, const HistoryStep& step) {
    const Decision& decision = engine.step(step.now, step.heard);
    if (bytes_of(decision) == step.said) return "as before";
    return "now:\n" + describe(decision) + "then:\n" + describe(decode_decision(step.said, step.now)->view());
}

/// Half way, or so, to whatever comes next, with the wall clock going along; nothing if there is no room.
std::optional<Now> between(Dice& dice, const HistoryStep& step, Steady next) {
    const Steady until = std::min(next, step.wake);
    if (until - step.now.steady < Duration{2}) return std::nullopt;
    const Duration on{dice.between(1, (until - step.now.steady).count() - 1)};
    return Now{step.now.utc + on, step.now.steady + on};
}

}  // namespace

TEST_CASE("the same events give the same bytes, in any random history") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(40, 500); seed < end; ++seed) {
        CAPTURE(seed);
        const History history = any_history(seed);
        Engine again = history.engine();
        REQUIRE(agrees(again, history, 0) == history.steps.size());
    }
}

TEST_CASE("a step without events before wake says nothing and changes nothing, wherever it is put") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(40, 500); seed < end; ++seed) {
        CAPTURE(seed);
        const History history = any_history(seed);
        Engine disturbed = history.engine();
        Dice dice{seed};
        for (std::size_t i = 0; i < history.steps.size(); ++i) {
            const HistoryStep& step = history.steps[i];
            CAPTURE(i);
            REQUIRE(says(disturbed, step) == "as before");
            const auto idle = between(dice, step, i + 1 < history.steps.size() ? history.steps[i + 1].now.steady : step.wake);
            if (!idle || !dice.percent(30)) continue;
            const Picture before = picture(disturbed, *idle);
            const Decision& decision = disturbed.step(*idle, {});
            CAPTURE(describe(decision), describe(decode_decision(step.said, step.now)->view()));
            REQUIRE_FALSE(decision.says_something());
            REQUIRE(changes(before, picture(disturbed, *idle)) == "");
        }
    }
}

TEST_CASE("an engine begun from a snapshot at any step goes on as the one that was not interrupted") {
    for (std::uint64_t seed = first_seed(), end = seed + seeds(40, 500); seed < end; ++seed) {
        CAPTURE(seed);
        const History history = any_history(seed);
        Dice dice{seed};
        Engine engine = history.engine();
        for (std::size_t i = 0; i < history.steps.size(); ++i) {
            const HistoryStep& step = history.steps[i];
            CAPTURE(i);
            REQUIRE(says(engine, step) == "as before");
            if (!dice.percent(10)) continue;
            const Snapshot snapshot = engine.snapshot(step.now);
            engine = Engine{history.site.site, history.site.policies(), snapshot, step.now};
            REQUIRE((engine.snapshot(step.now).bytes == snapshot.bytes));
        }
    }
}
