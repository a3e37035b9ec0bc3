#include "model/units.hpp"
#include "tests/catch.hpp"

#include <cmath>
#include <limits>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

TEST_CASE("a hundred megawatts for three years, and its cost, are exact") {
    const Duration three_years = 24h * 365 * 3;
    const Energy energy = 100_MW * three_years;
    CHECK(energy.count > std::numeric_limits<std::int64_t>::max());
    CHECK(megawatt_hours(energy) == 100.0 * 24 * 365 * 3);
    CHECK(std::abs(currency_units(50_per_MWh * energy) - 50.0 * 100 * 24 * 365 * 3) < 1e-6);
}

TEST_CASE("one watt for one millisecond is one millijoule") {
    CHECK((1_W * 1ms).count == 1);
    CHECK((1_kW * 1h).count == 3'600'000'000);
}

TEST_CASE("prices are read as markets quote them") {
    CHECK(per_megawatt_hour(80_per_MWh) == 80.0);
    CHECK((80_per_MWh).count == 80'000'000);  // 0.08 per kWh.
    CHECK(per_megawatt_hour(-(25_per_MWh)) == -25.0);
}

TEST_CASE("for ever stays for ever") {
    CHECK(later(never, 1s) == never);
    CHECK(later(Steady{1h}, Duration::max()) == never);
    CHECK(later(Steady{1h}, never - Steady{1h}) == never);
    CHECK(later(Steady{1h}, 1s) == Steady{1h + 1s});
    CHECK(later(Steady::min(), 1s) == Steady::min() + 1s);
    CHECK(later(Steady{0s}, Duration::max()) == never);
}

TEST_CASE("quantities of one unit add, compare and turn round") {
    CHECK(3_kW - 5_kW == -2_kW);
    CHECK(std::max(1_kW, 999_W) == 1_kW);
    CHECK(Power::lowest() < 0_W);
}
