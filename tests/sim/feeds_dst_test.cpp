#include "tests/sim/feed_file.hpp"

using namespace ballast;
using namespace ballast::sim;
using namespace std::chrono_literals;

namespace {

std::string spp(const std::string& rows) {
    return "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag\n" + rows;
}
std::string hourly(const std::string& rows) { return "delivery_date,hour_ending,dam_lmp,rtm_lmp\n" + rows; }
std::string aeso(const std::string& rows) { return "date_he,actual_price\n" + rows; }

std::string start_of(const Feed& feed, std::size_t i) { return in_utc(feed.intervals.at(i).start); }
std::int64_t dollars(const Feed& feed, std::size_t i) { return feed.intervals.at(i).price.count / 1'000'000; }

bool noted(const Feed& feed, const std::string& part) {
    for (const auto& note : feed.report.notes)
        if (note.find(part) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("hour ending 1 begins at local midnight, in winter and in summer") {
    CHECK(start_of(must_read(hourly("2024-01-15,1,9,5\n")), 0) == "2024-01-15T06:00:00Z");
    CHECK(start_of(must_read(hourly("2024-07-15,1,9,5\n")), 0) == "2024-07-15T05:00:00Z");
    CHECK(start_of(must_read(hourly("2024-07-15,24,9,5\n")), 0) == "2024-07-16T04:00:00Z");
    CHECK(start_of(must_read(spp("07/15/2024,24,4,HB_WEST,HU,5,N\n")), 0) == "2024-07-16T04:45:00Z");
    CHECK(start_of(must_read(aeso("2024-07-15 00:00:00,5\n")), 0) == "2024-07-15T05:00:00Z");
    CHECK(start_of(must_read(aeso("2024-01-15 01:00:00,5\n")), 0) == "2024-01-15T07:00:00Z");
}

TEST_CASE("spring's day has 23 hours and no gap where the hour that never was has no row") {
    const Feed feed = must_read(hourly("2024-03-10,1,9,1\n2024-03-10,2,9,2\n2024-03-10,4,9,4\n"));
    CHECK(feed.intervals.size() == 3);
    CHECK(start_of(feed, 2) == "2024-03-10T08:00:00Z");
    CHECK(feed.report.gaps.empty());
    CHECK(feed.report.notes.empty());
}

TEST_CASE("a label that spring leaves out is the hour that ends as the clock goes forward, and that is said") {
    const Feed feed = must_read(hourly("2024-03-10,1,9,1\n2024-03-10,3,9,3\n2024-03-10,4,9,4\n"));
    CHECK(start_of(feed, 1) == "2024-03-10T07:00:00Z");
    CHECK(feed.report.gaps.empty());
    CHECK(noted(feed, "2024-03-10: a row is labelled by a time that spring leaves out"));

    const Feed stamped = must_read(aeso("2023-03-12 01:00:00,1\n2023-03-12 03:00:00,3\n2023-03-12 04:00:00,4\n"));
    CHECK(start_of(stamped, 1) == "2023-03-12T08:00:00Z");
    CHECK(start_of(stamped, 2) == "2023-03-12T09:00:00Z");
    CHECK(stamped.report.gaps.empty());
}

TEST_CASE("in spring two labels for one hour contradict each other, the first row is kept") {
    const Feed feed = must_read(hourly("2024-03-10,2,9,2\n2024-03-10,3,9,3\n"));
    CHECK(feed.intervals.size() == 1);
    CHECK(dollars(feed, 0) == 2);
    CHECK(feed.report.contradictions == 1);
}

TEST_CASE("autumn's flag says which of the two hours it is") {
    for (const auto& [n, y] : {std::pair{"N", "Y"}, {"false", "True"}, {"0", "1"}}) {
        CAPTURE(n);
        std::string rows;
        for (const char* flag : {y, n})  // Out of order, as ERCOT has published it.
            for (int quarter = 1; quarter <= 4; ++quarter)
                rows += "11/03/2024,2," + std::to_string(quarter) + ",HB_WEST,HU," + (flag == y ? "20" : "10") + "," + flag + "\n";
        const Feed feed = must_read(spp(rows));
        REQUIRE(feed.intervals.size() == 8);
        CHECK(start_of(feed, 0) == "2024-11-03T06:00:00Z");
        CHECK(dollars(feed, 3) == 10);
        CHECK(start_of(feed, 4) == "2024-11-03T07:00:00Z");
        CHECK(dollars(feed, 4) == 20);
        CHECK(feed.report.gaps.empty());
    }
}

TEST_CASE("without a flag the first row is the first hour and the second row the second, newest first too") {
    const Feed up = must_read(hourly("2024-11-03,1,9,1\n2024-11-03,2,9,2\n2024-11-03,2,9,3\n2024-11-03,3,9,4\n"));
    const Feed down = must_read(hourly("2024-11-03,3,9,4\n2024-11-03,2,9,3\n2024-11-03,2,9,2\n2024-11-03,1,9,1\n"));
    REQUIRE(up.intervals.size() == 4);
    CHECK(up.intervals == down.intervals);
    CHECK(dollars(up, 1) == 2);
    CHECK(start_of(up, 2) == "2024-11-03T07:00:00Z");
    CHECK(noted(up, "2024-11-03: the repeated hour has two rows and no flag"));
}

TEST_CASE("a lone row of a repeated hour is the first hour, the second is a gap, and both are said") {
    const Feed feed = must_read(hourly("2024-11-03,1,9,1\n2024-11-03,2,9,2\n2024-11-03,3,9,3\n"));
    CHECK(start_of(feed, 1) == "2024-11-03T06:00:00Z");
    REQUIRE(feed.report.gaps.size() == 1);
    CHECK(in_utc(feed.report.gaps[0].start) == "2024-11-03T07:00:00Z");
    CHECK(in_utc(feed.report.gaps[0].end) == "2024-11-03T08:00:00Z");
    CHECK(feed.report.gaps[0].from_date == "2024-11-03");
    CHECK(feed.report.gaps[0].intervals == 1);
    CHECK(noted(feed, "it counts as the first, daylight hour; the second is a gap"));
}

TEST_CASE("AESO's star marks the second of the two hours") {
    const std::string head = "Pool Price\n\"November 5, 2023\"\n\n\"Date (HE)\",\"Price ($)\"\n";
    const Feed feed = must_read(head + "\"11/05/2023 01\",\"10.00\"\n\"11/05/2023 02\",\"20.00\"\n\"11/05/2023 02*\",\"30.00\"\n\"11/05/2023 03\",\"40.00\"\n");
    REQUIRE(feed.intervals.size() == 4);
    CHECK(feed.currency == "CAD");
    CHECK(start_of(feed, 1) == "2023-11-05T07:00:00Z");
    CHECK(dollars(feed, 2) == 30);
    CHECK(start_of(feed, 2) == "2023-11-05T08:00:00Z");
    CHECK(feed.report.gaps.empty());
    CHECK(feed.report.rows == 4);
}

TEST_CASE("a day with an hour ending 25 numbers its hours from midnight, if it has that many") {
    std::string rows;
    for (int hour = 1; hour <= 25; ++hour) rows += "2024-11-03," + std::to_string(hour) + ",9," + std::to_string(hour) + "\n";
    const Feed feed = must_read(hourly(rows));
    REQUIRE(feed.intervals.size() == 25);
    CHECK(start_of(feed, 2) == "2024-11-03T07:00:00Z");
    CHECK(dollars(feed, 24) == 25);
    CHECK(start_of(feed, 24) == "2024-11-04T05:00:00Z");
    CHECK(feed.report.gaps.empty());
    CHECK(noted(feed, "2024-11-03: has an hour ending 25"));

    const Feed plain = must_read(hourly("2024-11-05,24,9,1\n2024-11-05,25,9,2\n"));
    CHECK(plain.intervals.size() == 1);
    CHECK(plain.report.bad_rows == 1);
    says(plain.report.faults.at(0).what, "hour ending 25 on 2024-11-05, which has no 25 hours");
}

TEST_CASE("a flag on an hour that is not repeated is a bad row") {
    const Feed feed = must_read(spp("11/03/2024,2,1,A,HU,1,N\n11/03/2024,3,1,A,HU,2,Y\n"));
    CHECK(feed.report.bad_rows == 1);
    says(feed.report.faults.at(0).what, "flagged as the second of a repeated hour");
}

TEST_CASE("day-ahead prices are known at 13:30 on the market's clock the day before, both sides of a change") {
    FeedOptions options;
    options.node = "dam";
    const Feed feed = must_read(hourly("2024-03-10,1,9,1\n2024-03-10,24,9,1\n2024-03-11,1,9,1\n"), options);
    CHECK(in_utc(feed.intervals.at(0).known_at) == "2024-03-09T19:30:00Z");
    CHECK(in_utc(feed.intervals.at(1).known_at) == "2024-03-09T19:30:00Z");
    CHECK(in_utc(feed.intervals.at(2).known_at) == "2024-03-10T18:30:00Z");
    CHECK(dollars(feed, 0) == 9);
}
