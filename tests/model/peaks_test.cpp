#include "model/peaks.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

Instant day(int year, unsigned month, unsigned day) { return Instant{std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)}}; }

}  // namespace

TEST_CASE("a month is over at midnight on the wall, whatever its clock does until then") {
    const WallClock texas{{{day(2026, 3, 1), -6h}, {day(2026, 3, 8) + 8h, -5h}, {day(2026, 11, 1) + 7h, -6h}}}, berlin{{{day(2026, 3, 1), 1h}, {day(2026, 3, 29) + 1h, 2h}}};
    struct Row {
        WallClock clock;
        Instant at, end;
    };
    for (const Row& row : {Row{{}, day(2026, 10, 31) + 23h, day(2026, 11, 1)}, Row{texas, day(2026, 10, 31) + 23h, day(2026, 11, 1) + 5h}, Row{texas, day(2026, 11, 1) + 4h + 59min, day(2026, 11, 1) + 5h},
                           Row{texas, day(2026, 11, 1) + 5h, day(2026, 12, 1) + 6h},  // Over the end of summer time,
                           Row{texas, day(2026, 3, 5), day(2026, 4, 1) + 5h},         // and its beginning.
                           Row{texas, day(2027, 1, 1) + 5h, day(2027, 1, 1) + 6h}, Row{berlin, day(2026, 3, 5), day(2026, 3, 31) + 22h}, Row{berlin, day(2026, 3, 31) + 22h, day(2026, 4, 30) + 22h}}) {
        CAPTURE(row.at, row.end);
        CHECK(Peaks::month_end(row.at, row.clock) == row.end);
        CHECK(Peaks::month_of(row.end - Duration{1}, row.clock) == Peaks::month_of(row.at, row.clock));
        CHECK(Peaks::month_of(row.end, row.clock) == Peaks::month_of(row.at, row.clock) + 1);
    }
}

TEST_CASE("what is drawn on the last evening on the wall is a peak of the month that ends") {
    const WallClock texas{{{Instant{}, -5h}}};
    Peaks peaks{15min};
    peaks.add(4_MW, day(2026, 10, 31) + 20h, day(2026, 11, 1) + 4h, texas);
    peaks.add(9_MW, day(2026, 11, 1) + 4h, day(2026, 11, 1) + 5h, texas);
    peaks.add(2_MW, day(2026, 11, 1) + 5h, day(2026, 11, 1) + 6h, texas);
    CHECK(peaks.month(day(2026, 10, 20), texas) == 9_MW);
    CHECK(peaks.month(day(2026, 11, 1) + 4h, texas) == 9_MW);
    CHECK(peaks.month(day(2026, 11, 20), texas) == 2_MW);
    CHECK(peaks.twelve_months(day(2027, 10, 31), texas) == 2_MW);
}

TEST_CASE("a month's peak is the highest mean of its aligned windows") {
    Peaks peaks{15min};
    const Instant noon = day(2026, 5, 3) + 12h;
    peaks.add(4_MW, noon, noon + 5min);
    peaks.add(10_MW, noon + 5min, noon + 10min);
    CHECK(peaks.energy(noon + 10min) == 4_MW * Duration{5min} + 10_MW * Duration{5min});
    CHECK(peaks.measured(noon + 10min) == 10min);
    CHECK_FALSE(peaks.month(noon).has_value());  // The window runs yet.
    peaks.add(1_MW, noon + 10min, noon + 15min);
    CHECK(peaks.month(noon) == 5_MW);
    CHECK(peaks.energy(noon + 15min) == Energy{});
    peaks.add(9_MW, noon + 15min, noon + 45min);
    CHECK(peaks.month(noon) == 9_MW);
    peaks.add(2_MW, noon + 45min, noon + 75min);
    CHECK(peaks.month(noon) == 9_MW);
    CHECK_FALSE(peaks.month(day(2026, 4, 3)).has_value());
}

TEST_CASE("a window that was measured for less than half of its length is no peak") {
    Peaks peaks{15min};
    const Instant noon = day(2026, 5, 3) + 12h;
    peaks.add(50_MW, noon + 8min, noon + 15min);
    CHECK_FALSE(peaks.month(noon).has_value());
    peaks.add(30_MW, noon + 15min, noon + 24min);
    peaks.add(10_MW, noon + 30min, noon + 31min);
    CHECK(peaks.month(noon) == 30_MW);  // The mean of what was measured of it.
}

TEST_CASE("twelve months count, the thirteenth does not, and a month is told by its own windows only") {
    Peaks peaks{30min};
    for (unsigned month = 1; month <= 12; ++month) peaks.add(Power{static_cast<std::int64_t>(month == 1 ? 99 : month) * 1'000'000}, day(2025, month, 9), day(2025, month, 9) + 30min);
    CHECK(peaks.twelve_months(day(2025, 12, 31)) == 99_MW);
    CHECK(peaks.twelve_months(day(2026, 1, 1)) == 12_MW);
    CHECK(peaks.twelve_months(day(2027, 1, 1)) == std::nullopt);
    CHECK(peaks.month(day(2025, 1, 20)) == 99_MW);
    peaks.add(3_MW, day(2026, 2, 1), day(2026, 2, 1) + 30min);
    CHECK(peaks.twelve_months(day(2026, 2, 2)) == 12_MW);
}

TEST_CASE("a reading that holds for weeks is a peak of each month, and time that runs back is not added twice") {
    Peaks peaks{15min};
    peaks.add(7_MW, day(2026, 1, 20), day(2026, 3, 2));
    for (const unsigned month : {1u, 2u, 3u}) CHECK(peaks.month(day(2026, month, 1)) == 7_MW);
    const Peaks before = peaks;
    peaks.add(90_MW, day(2026, 2, 1), day(2026, 3, 2));
    CHECK(peaks == before);
}

TEST_CASE("a clock that was ahead and is set back does not silence the meter's peaks") {
    Peaks peaks{15min};
    const Instant noon = day(2026, 5, 3) + 12h;
    peaks.add(9_MW, noon - 1h, noon);
    peaks.add(2_MW, noon + 31 * 24h, noon + 31 * 24h + 15min);
    peaks.add(11_MW, noon, noon + 15min);
    CHECK(peaks.month(noon) == 11_MW);
    CHECK(peaks.month(noon + 31 * 24h) == 2_MW);
}

TEST_CASE("a year is known once the month before it was measured") {
    Peaks peaks{15min};
    peaks.add(1_MW, day(2026, 1, 30), day(2026, 1, 31));
    for (unsigned month = 2; month <= 12; ++month) peaks.add(1_MW, day(2026, month, 1), day(2026, month, 2));
    CHECK_FALSE(peaks.knows_year(day(2026, 12, 30)));
    peaks.add(1_MW, day(2027, 1, 1), day(2027, 1, 2));
    CHECK(peaks.knows_year(day(2027, 1, 3)));
    CHECK_FALSE(peaks.knows_year(day(2028, 2, 3)));
}
