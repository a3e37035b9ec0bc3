#include "study/settlement.hpp"
#include "study/replay.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::study;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

const Instant noon{std::chrono::sys_days{std::chrono::year{2025} / 6 / 1} + 12h};

sim::PricePoint priced(Duration from, Duration to, std::int64_t per_mwh) {
    return {noon + from, noon + to, Price{per_mwh * 1'000'000}, noon + from};
}
constexpr Energy mwh(std::int64_t n) { return Energy{Int128{n} * 3'600'000'000'000}; }
constexpr Money currency(std::int64_t n) { return Money{Int128{n} * 3'600'000'000'000'000'000}; }

}  // namespace

TEST_CASE("energy costs the price of the interval it falls in, however it was metered") {
    const std::vector<sim::PricePoint> prices{priced(0h, 1h, 100), priced(1h, 2h, -40)};
    Settlement at_once{prices, noon}, in_parts{prices, noon};
    at_once.drawn(10_MW, noon + 2h);
    for (int minute = 7; minute <= 120; minute += 7) in_parts.drawn(10_MW, noon + std::chrono::minutes{minute});
    in_parts.drawn(10_MW, noon + 2h);
    CHECK(at_once.energy() == mwh(20));
    CHECK(at_once.cost() == currency(1'000 - 400));
    CHECK(in_parts.energy() == at_once.energy());
    CHECK(in_parts.cost() == at_once.cost());
}

TEST_CASE("what is drawn without a price is counted apart, before, between and after the intervals") {
    const std::vector<sim::PricePoint> prices{priced(1h, 2h, 100), priced(4h, 5h, 200)};
    Settlement bill{prices, noon};
    bill.drawn(1_MW, noon + 90min);
    bill.drawn(2_MW, noon + 6h);
    CHECK(bill.energy() == Energy{mwh(3).count + mwh(1).count / 2});
    CHECK(bill.cost() == currency(50 + 100 + 400));
    CHECK(bill.unpriced() == 4h);
    CHECK(bill.priced() == 2h);
}

TEST_CASE("100 MW at the cap for thirty years does not overflow") {
    const std::vector<sim::PricePoint> prices{priced(0h, 24h * 365 * 30, 5'000)};
    Settlement bill{prices, noon};
    bill.drawn(100_MW, noon + 24h * 365 * 30);
    CHECK(bill.energy() == mwh(100 * 24 * 365 * 30));
    CHECK(bill.cost() == currency(100LL * 24 * 365 * 30 * 5'000));
}

TEST_CASE("totals are rounded once, in print") {
    CHECK(decimal(0, 1'000, 2) == "0.00");
    CHECK(decimal(1'234'567, 1'000, 2) == "1234.57");
    CHECK(decimal(-1'234'564, 1'000, 2) == "-1234.56");
    CHECK(decimal(-4, 1'000, 2) == "0.00");
    CHECK(decimal(-5, 1'000, 2) == "-0.01");
    CHECK(decimal(999'995, 1'000, 2) == "1000.00");
    CHECK(decimal(1'500, 1'000, 0) == "2");
}
