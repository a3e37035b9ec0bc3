#include "model/prices.hpp"
#include "tests/catch.hpp"
#include "tests/support/dice.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

PriceInterval interval(int minute, Price price, int issued = 0) {
    PriceInterval p{};
    p.start = Instant{std::chrono::minutes{minute}}, p.end = p.start + 5min;
    p.price = price;
    p.issued = Instant{std::chrono::minutes{issued}};
    p.begins = Steady{std::chrono::minutes{minute}}, p.ends = p.begins + 5min;
    p.good_until = p.ends;
    return p;
}

using Fate = PriceTimeline::Fate;

}  // namespace

TEST_CASE("an interval counts once, and the newer issue of it wins") {
    PriceTimeline prices;
    CHECK(prices.add(interval(0, 50_per_MWh, 1), Steady{}) == Fate::added);
    CHECK(prices.add(interval(0, 50_per_MWh, 2), Steady{}) == Fate::duplicate);
    CHECK(prices.add(interval(0, 60_per_MWh, 3), Steady{}) == Fate::corrected);
    CHECK(prices.add(interval(0, 70_per_MWh, 2), Steady{}) == Fate::older);
    CHECK(prices.all().size() == 1);
    CHECK(prices.all()[0].price == 60_per_MWh);
}

TEST_CASE("intervals stand by their start, in whatever order they were heard") {
    PriceTimeline prices;
    for (const int minute : {10, 0, 15, 5}) prices.add(interval(minute, Price{minute}), Steady{});
    CHECK(prices.begun(Steady{4min}).size() == 1);
    CHECK(prices.begun(Steady{5min}).size() == 2);
    CHECK(prices.begun(Steady{5min}).back().price == Price{5});
    CHECK(prices.next(Steady{5min}) == Steady{10min});
    CHECK(prices.next(Steady{15min}) == never);
    CHECK(prices.begun(Steady{-1min}).empty());
}

TEST_CASE("the past is forgotten, the future bounded, and neither loses the present") {
    PriceTimeline prices;
    for (int i = 0; i < 10'000; ++i) {
        prices.add(interval(5 * i, Price{i}), Steady{std::chrono::minutes{5 * i}});
        REQUIRE(prices.all().size() <= 2 * PriceTimeline::most_past);
        REQUIRE(prices.begun(Steady{std::chrono::minutes{5 * i}}).back().price == Price{i});
    }
    PriceTimeline ahead;
    std::size_t added = 0;
    for (int i = 0; i < 10'000; ++i) added += ahead.add(interval(5 * i, Price{i}), Steady{}) == Fate::added;
    CHECK(added == PriceTimeline::most_past + PriceTimeline::most_ahead);
    CHECK(ahead.add(interval(60'000, Price{1}), Steady{}) == Fate::full);
}
