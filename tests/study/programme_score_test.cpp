// Base points, judged in pieces of five minutes against what was asked meanwhile.
#include "controller/shed_receipt.hpp"
#include "study/programme_score.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::study;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

/// What was asked from then on, and what the meter showed.
struct Point {
    Duration from;
    Power limit, shows;
};

/// The receipt of points that all bear one name.
ShedReceipt receipt_of(const std::vector<Point>& points, Duration released_at) {
    Engine engine{miners(10), usual_policies(), {}, at(0s)};
    ReceiptBuilder builder;
    builder.begin_epoch(engine.site(), at(0s));
    Power shown = 10_kW;
    for (Duration t = 0s; t <= released_at + 5s; t += 1s) {
        std::vector<Event> heard;
        for (const Point& point : points)
            if (point.from == t) heard.push_back(dispatch(t, "setpoint", point.limit)), shown = point.shows;
        if (t == released_at) heard.push_back(released(t, "setpoint"));
        heard.push_back(MeterReading{MeterId{0}, shown, at(t).steady, Quality::measured});
        builder.step(at(t), heard, engine.step(at(t), heard));
    }
    const auto receipt = builder.receipt("setpoint");
    REQUIRE(receipt);
    return *receipt;
}

const ScoreRule rule{.penalty = 500_per_MWh, .pass_ppm = 850'000, .by_intervals = true, .within_ppm = 50'000};

/// One piece of five minutes, or of what was measured of it.
Score score_of(Power limit, Power drawn, const ScoreRule& by, Duration measured = 5min) {
    ShedReceipt r;
    r.closed = at(10min);
    r.limit = limit;
    r.measured = measured;
    r.judged = {{limit * measured, drawn * measured, measured}};
    return score(r, by).value();
}

}  // namespace

TEST_CASE("base points that are followed pass whole, wherever they fall on the clock and though one name bears them all") {
    for (const Duration first : {300s, 316s, 479s}) {
        CAPTURE(first.count());
        const auto judged = score(receipt_of({{first, 4_kW, 4_kW}, {first + 5min, 2'500_W, 2'500_W}, {first + 9min, 5_kW, 5_kW}, {first + 15min, 5'500_W, 5'500_W}}, first + 20min), rule);
        REQUIRE(judged);
        CHECK(judged->intervals == 4);
        CHECK(judged->kept == 4);
        CHECK(judged->given_ppm == 1'000'000);
        CHECK(judged->missed == Energy{});
        CHECK(judged->cost == 0);
        CHECK(judged->passed);
    }
}

TEST_CASE("a base point that is missed is missed by what lay above it and its share, and costs that") {
    const auto judged = score(receipt_of({{316s, 2_kW, 2_kW}, {616s, 4_kW, 5'200_W}, {916s, 6_kW, 6_kW}}, 1216s), rule);
    REQUIRE(judged);
    CHECK(judged->intervals == 3);
    CHECK(judged->kept == 2);
    CHECK(judged->missed == 1_kW * Duration{5min});
    CHECK(judged->cost == 41'666'666);  // A twelfth of a kWh at 0.5.
    CHECK(judged->proven);
    CHECK(!judged->passed);
}

TEST_CASE("how far above a base point one may be counts from the point, not from the limit above it") {
    ScoreRule large = rule;
    large.within = 5_MW;
    large.band = 2'500_kW;
    CHECK(score_of(202'500_kW, 210_MW, large).kept == 1);
    const Score above = score_of(202'500_kW, 212'500_kW, large);
    CHECK(above.kept == 0);
    CHECK(above.missed == 2'500_kW * Duration{5min});
    CHECK(score_of(52'500_kW, 55_MW, large).kept == 1);  // 5 MW is more than 5 % of 50.
    CHECK(score_of(52'500_kW, 55'001_kW, large).kept == 0);
}

TEST_CASE("a piece of which less than half was in force or measured is not judged, and proves nothing") {
    CHECK(score_of(4_kW, 9_kW, rule, 150s).intervals == 1);
    const Score short_lived = score_of(4_kW, 9_kW, rule, 149s);
    CHECK(short_lived.intervals == 0);
    CHECK(!short_lived.proven);
    CHECK(!short_lived.passed);
}
