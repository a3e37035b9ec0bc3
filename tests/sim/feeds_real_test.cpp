#include "tests/sim/feed_file.hpp"

using namespace ballast;
using namespace ballast::sim;
using namespace std::chrono_literals;

namespace {

std::optional<Feed> real(const std::string& name, const std::string& node = "") {
    const auto path = shared_file("data/" + name);
    if (!path) {
        WARN("skipped: " << name << " is not here; set BALLAST_SHARED");
        return std::nullopt;
    }
    FeedOptions options;
    options.node = node;
    auto feed = read_feed(*path, options);
    REQUIRE(feed);
    return *feed;
}

std::string gap_days(const Feed& feed) {
    std::string days;
    for (const auto& gap : feed.report.gaps) days += gap.from_date + ".." + gap.to_date + "=" + std::to_string(gap.intervals) + " ";
    return days;
}

}  // namespace

TEST_CASE("the real ERCOT history: 18,286 rows, its empty hours and its gaps by date") {
    const auto feed = real("ercot_hb_hubavg_hourly_2024-2026.csv");
    if (!feed) return;
    CHECK(feed->report.rows == 18'286);
    CHECK(feed->report.intervals == 18'284);
    CHECK(feed->report.bad_rows == 2);
    CHECK(feed->report.faults.at(0).line == 1'659);
    CHECK(feed->report.faults.at(1).line == 10'226);
    CHECK(feed->report.duplicates + feed->report.contradictions == 0);
    CHECK(gap_days(*feed) == "2024-03-10..2024-03-17=169 2024-11-03..2024-11-03=1 2025-03-09..2025-03-16=169 2025-11-02..2025-11-02=1 ");
    CHECK(text_of(feed->known_rule) == "end");

    const auto highest = std::ranges::max(feed->intervals, {}, &PricePoint::price);
    CHECK(highest.price == Price{3'060'448'000});
    CHECK(in_utc(highest.start) == "2024-08-21T00:00:00Z");  // 2024-08-20, hour ending 20.
    CHECK(std::ranges::min(feed->intervals, {}, &PricePoint::price).price == Price{-31'840'000});
    CHECK(std::ranges::count_if(feed->intervals, [](const PricePoint& p) { return p.price < Price{}; }) == 458);

    const auto ahead = real("ercot_hb_hubavg_hourly_2024-2026.csv", "dam");
    CHECK(ahead->report.intervals == 18'284);
    CHECK(ahead->intervals[0].price == Price{16'620'000});
}

TEST_CASE("the real AESO history: 30,116 hours, only the three repeated hours missing") {
    const auto feed = real("aeso_pool_price_hourly_2023-2026.csv");
    if (!feed) return;
    CHECK(feed->report.rows == 30'116);
    CHECK(feed->report.intervals == 30'116);
    CHECK(feed->report.bad_rows == 0);
    CHECK(gap_days(*feed) == "2023-11-05..2023-11-05=1 2024-11-03..2024-11-03=1 2025-11-02..2025-11-02=1 ");
    CHECK(feed->currency == "CAD");
    CHECK(in_utc(feed->intervals.front().start) == "2023-01-01T07:00:00Z");
    CHECK(in_utc(feed->intervals.back().end) == "2026-06-09T06:00:00Z");
    CHECK(std::ranges::max(feed->intervals, {}, &PricePoint::price).price == Price{999'990'000});
    CHECK(std::ranges::count(feed->intervals, Price{}, &PricePoint::price) == 1'702);
}

TEST_CASE("a history we do not read is refused by its header") {
    const auto path = shared_file("data/nyiso_realtime_zone_lbmp_2016-02-18.csv");
    if (!path) return;
    const auto feed = read_feed(*path);
    REQUIRE(!feed);
    says(feed.error().detail, "Time Stamp");
}
