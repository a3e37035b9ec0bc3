#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

#include <vector>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr SourceId market{0};

struct Bench {
    Site site;
    State state;

    explicit Bench(OnStale on_stale = OnStale::hold) {
        site.sources = {{"market", on_stale}};
        state.site = &site;
        state.sources.resize(1);
        state.prices.resize(1);
        state.sources[0].ever = true;
    }
    Bench(const Bench&) = delete;

    void prices(std::vector<std::int64_t> per_mwh) {
        for (std::size_t i = 0; i < per_mwh.size(); ++i) {
            const Duration start = 5min * static_cast<int>(i);
            state.prices[0].add({Instant{start}, Instant{start + 5min}, Price{per_mwh[i] * 1'000'000}, Instant{}, Steady{start}, Steady{start + 5min}, never}, Steady{});
        }
    }
    Limits ask(Duration at, unsigned down_after = 1, unsigned up_after = 1) const {
        Limits limits;
        policies::price_strike({.policy = PolicyId{3}, .prices = market, .groups = {GroupId{1}, GroupId{2}}, .down_after = down_after, .up_after = up_after, .rank = 7})(
            state, {Instant{at}, Steady{at}}, limits);
        return limits;
    }
};

}  // namespace

TEST_CASE("the last intervals decide: the lowest who stops, the highest who may start") {
    struct Row {
        std::vector<std::int64_t> prices;
        unsigned down_after, up_after;
        Price stop_below, start_at;
    };
    const Price none = Price::lowest();
    for (const Row& row : {
             Row{{50}, 1, 1, 50_per_MWh, 50_per_MWh},
             Row{{80, 50}, 1, 1, 50_per_MWh, 50_per_MWh},
             Row{{80, 50}, 1, 2, 50_per_MWh, 80_per_MWh},
             Row{{50, 80}, 2, 1, 50_per_MWh, 80_per_MWh},
             Row{{50, 80, 90}, 2, 1, 80_per_MWh, 90_per_MWh},
             Row{{80}, 2, 1, none, 80_per_MWh},          // Not enough intervals yet to stop anybody.
             Row{{80}, 1, 3, 80_per_MWh, 80_per_MWh},    // What was not heard does not count against a start.
             Row{{-20, -30, 10}, 2, 3, -(30_per_MWh), 10_per_MWh},
         }) {
        CAPTURE(row.prices.size(), row.down_after, row.up_after);
        Bench bench;
        bench.prices(row.prices);
        const Limits limits = bench.ask(5min * static_cast<int>(row.prices.size()) - 1s, row.down_after, row.up_after);
        REQUIRE(limits.cutoffs.size() == 2);
        CHECK(limits.bounds.empty());
        for (const Cutoff& cutoff : limits.cutoffs) {
            CHECK(cutoff.stop_below == row.stop_below);
            CHECK(cutoff.start_at == row.start_at);
            CHECK(cutoff.why.cause == Cause::price);
            CHECK(cutoff.why.reason == Reason::price_above_strike);
            CHECK(cutoff.why.policy == PolicyId{3});
            CHECK(cutoff.why.rank == 7);
            CHECK(cutoff.why.escalate_to == EscalateTo::repeat);
        }
        CHECK(limits.cutoffs[0].group == GroupId{1});
        CHECK(limits.cutoffs[1].group == GroupId{2});
    }
}

TEST_CASE("a price heard ahead counts from its start, and the policy says when that is") {
    Bench bench;
    bench.prices({50, 90});
    CHECK(bench.ask(1min).cutoffs[0].stop_below == 50_per_MWh);
    CHECK(bench.ask(1min).changes_at == Steady{5min});
    CHECK(bench.ask(5min).cutoffs[0].stop_below == 90_per_MWh);
    CHECK(bench.ask(5min).changes_at == never);
}

TEST_CASE("the last price holds over a gap until its source is silent") {
    Bench bench;
    bench.prices({50});
    CHECK(bench.ask(20min).cutoffs[0].stop_below == 50_per_MWh);
}

TEST_CASE("a silent source means what on_stale says") {
    const bool never_spoke = GENERATE(false, true);
    CAPTURE(never_spoke);
    const auto silent = [&](OnStale on_stale) {
        Bench bench{on_stale};
        if (never_spoke) bench.state.sources[0].ever = false;
        else bench.prices({10}), bench.state.sources[0].stale = true;
        return bench.ask(1min);
    };
    const Limits hold = silent(OnStale::hold), shed = silent(OnStale::shed);
    REQUIRE(hold.cutoffs.size() == 2);
    CHECK(hold.cutoffs[0].stop_below == Price::lowest());
    CHECK(hold.cutoffs[0].start_at == Price::max());
    CHECK(hold.cutoffs[0].why.reason == Reason::price_unknown_held);
    REQUIRE(shed.cutoffs.size() == 2);
    CHECK(shed.cutoffs[0].stop_below == Price::max());
    CHECK(shed.cutoffs[0].start_at == Price::max());
    CHECK(shed.cutoffs[0].why.reason == Reason::price_unknown_shed);
    CHECK(silent(OnStale::run).cutoffs.empty());
}
