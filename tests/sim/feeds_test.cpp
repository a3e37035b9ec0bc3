#include "tests/sim/feed_file.hpp"

using namespace ballast;
using namespace ballast::sim;
using namespace std::chrono_literals;

namespace {

std::string hourly(const std::string& rows) { return "delivery_date,hour_ending,dam_lmp,rtm_lmp\n" + rows; }
std::string status(const std::string& rows) { return "Interval Start,Interval End,Location,LMP\n" + rows; }
std::string nodes(const std::string& rows) {
    return "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag\n" + rows;
}

void adds_up(const FeedReport& r) {
    CHECK(r.rows == r.intervals + r.duplicates + r.contradictions + r.bad_rows + r.other_nodes + r.outside);
}

}  // namespace

TEST_CASE("each kind of file is recognised by its header, however its names are spaced") {
    CHECK(must_read(hourly("2024-01-15,1,9,5\n")).format == "ercot-hourly");
    CHECK(must_read(nodes("01/15/2024,1,1,A,HU,5,N\n")).format == "ercot-spp");
    CHECK(must_read("Delivery Date,Delivery Hour,Delivery Interval,Repeated Hour Flag,Settlement Point Name,Settlement Point Type,Settlement Point Price\n"
                    "01/15/2024,01:00,1,N,A,HU,5\n").format == "ercot-spp");
    CHECK(must_read("date_he,forecast_price,actual_price\n2024-01-15 01:00:00,1,5\n").format == "aeso-hourly");
    CHECK(must_read(status("2025-01-01 00:00:00+00:00,2025-01-01 00:05:00+00:00,HB,5\n")).format == "gridstatus");
    CHECK(must_read("Time,Interval Start,Interval End,Location,Location Type,Market,SPP\n"
                    "x,2025-01-01 00:00:00-06:00,2025-01-01 00:15:00-06:00,HB,Hub,REAL_TIME_15_MIN,5\n").format == "gridstatus");
}

TEST_CASE("CRLF, a byte order mark, quotes, blank lines and a last line without its end change nothing") {
    const Feed plain = must_read(hourly("2024-01-15,1,9,5\n2024-01-15,2,9,6\n"));
    const Feed dressed = must_read("\xEF\xBB\xBF\"delivery_date\",\"hour_ending\",dam_lmp, rtm_lmp\r\n\r\n2024-01-15,\"1\",9, 5\r\n2024-01-15,2,9,6");
    CHECK(plain.intervals == dressed.intervals);
    CHECK(dressed.report.rows == 2);
    CHECK(dressed.report.bad_rows == 0);
}

TEST_CASE("prices are exact, with their offset's time") {
    const Feed feed = must_read(status("2025-01-01T00:00:00.000-06:00,2025-01-01T00:05:00-0600,HB,-59.54911\n"));
    CHECK(feed.intervals.at(0).price == Price{-59'549'110});
    CHECK(in_utc(feed.intervals.at(0).start) == "2025-01-01T06:00:00Z");
    CHECK(must_read(status("2025-01-01 00:00:00Z,2025-01-01 00:05:00Z,HB,0.1234567\n")).report.rounded == 1);
}

TEST_CASE("every bad row is counted, and the first twenty are listed by line with what is wrong") {
    const auto [row, what] = GENERATE(table<std::string, std::string>({
        {"2024-01-15,3,9", "3 columns, the header has 4"},
        {"2024-01-15,3,9,5,6", "5 columns, the header has 4"},
        {"2024-01-15,3,9,", "the price is empty"},
        {"2024-01-15,3,9,NaN", "price \"NaN\" is not a decimal number"},
        {"2024-01-15,3,9,5O", "price \"5O\" is not a decimal number"},
        {"2024-01-15,3,9,1e9", "beyond a million"},
        {"2024-02-30,3,9,5", "date \"2024-02-30\""},
        {"yesterday,3,9,5", "date \"yesterday\""},
        {"2024-01-15,0,9,5", "hour ending \"0\" is not 1..25"},
        {"2024-01-15,26,9,5", "hour ending \"26\" is not 1..25"},
        {"2024-01-15,-1,9,5", "hour ending \"-1\""},
        {std::string("2024-01-15,3,9,\x01\xff\0", 18), "price \"????\""},
    }));
    CAPTURE(row);
    const Feed feed = must_read(hourly("2024-01-15,1,9,5\n" + row + "\n2024-01-15,2,9,6\n"));
    CHECK(feed.intervals.size() == 2);
    REQUIRE(feed.report.bad_rows == 1);
    CHECK(feed.report.faults.at(0).line == 3);
    says(feed.report.faults.at(0).what, what.substr(0, 9) == "price \"??" ? "is not a decimal number" : what);
    adds_up(feed.report);
}

TEST_CASE("the list of faults ends at twenty, the count does not") {
    std::string rows = "2024-01-15,1,9,5\n";
    for (int i = 0; i < 1'000; ++i) rows += "x,1,9,5\n";
    const Feed feed = must_read(hourly(rows));
    CHECK(feed.report.bad_rows == 1'000);
    CHECK(feed.report.faults.size() == 20);
}

TEST_CASE("a time without its offset, a backward interval and an endless one are bad rows") {
    const Feed feed = must_read(status("2025-01-01 00:00:00+00:00,2025-01-01 00:05:00+00:00,HB,5\n"
                                       "2025-01-01 00:05:00,2025-01-01 00:10:00,HB,5\n"
                                       "2025-01-01 00:10:00Z,2025-01-01 00:05:00Z,HB,5\n"
                                       "2025-01-01 00:10:00Z,2025-01-03 00:05:00Z,HB,5\n"
                                       "2025-01-01 25:10:00Z,2025-01-01 00:05:00Z,HB,5\n"
                                       "2025-01-01 00:5,2025-01-01 00:05:0,HB,5\n"));
    CHECK(feed.report.bad_rows == 5);
    says(feed.report.faults.at(0).what, "without its offset");
    adds_up(feed.report);
}

TEST_CASE("an interval again is a duplicate at the same price and a contradiction at another, the first is kept") {
    const Feed feed = must_read(hourly("2024-01-15,1,9,5\n2024-01-15,2,9,6\n2024-01-15,1,9,5.0\n2024-01-15,2,9,7\n"));
    CHECK(feed.intervals.size() == 2);
    CHECK(feed.intervals[1].price == Price{6'000'000});
    CHECK(feed.report.duplicates == 1);
    CHECK(feed.report.contradictions == 1);
    REQUIRE(feed.report.faults.size() == 1);
    CHECK(feed.report.faults[0].line == 5);
    says(feed.report.faults[0].what, "another price for the interval of line 3; the first is kept");
    adds_up(feed.report);
}

TEST_CASE("overlapping intervals are refused, rows out of order are sorted") {
    const Feed feed = must_read(status("2025-01-01 00:15:00Z,2025-01-01 00:30:00Z,HB,2\n"
                                       "2025-01-01 00:00:00Z,2025-01-01 00:15:00Z,HB,1\n"
                                       "2025-01-01 00:05:00Z,2025-01-01 00:10:00Z,HB,3\n"));
    CHECK(feed.intervals.size() == 2);
    CHECK(feed.intervals[0].price == Price{1'000'000});
    CHECK(feed.report.bad_rows == 1);
    says(feed.report.faults.at(0).what, "overlaps the interval of line 3");
    CHECK(feed.interval_length == 15min);
}

TEST_CASE("gaps are named by their days and never filled") {
    const Feed feed = must_read(hourly("2024-01-15,1,9,5\n2024-01-15,3,9,5\n2024-01-20,1,9,6\n"));
    REQUIRE(feed.report.gaps.size() == 2);
    CHECK(feed.report.gaps[0].intervals == 1);
    CHECK(feed.report.gaps[1].from_date == "2024-01-15");
    CHECK(feed.report.gaps[1].to_date == "2024-01-19");
    CHECK(feed.report.gaps[1].intervals == 117);
    CHECK(feed.intervals.size() == 3);
}

TEST_CASE("what is missing at the edges of from and to is a gap like any other") {
    std::string rows = "2024-01-14,24,9,5\n";
    for (int hour = 3; hour <= 22; ++hour) rows += "2024-01-15," + std::to_string(hour) + ",9,5\n";
    rows += "2024-01-16,5,9,5\n";
    FeedOptions options;
    options.from = "2024-01-15";
    options.to = "2024-01-16";
    const Feed feed = must_read(hourly(rows), options);
    CHECK(feed.intervals.size() == 20);
    REQUIRE(feed.report.gaps.size() == 2);
    CHECK(in_utc(feed.report.gaps[0].start) == "2024-01-15T06:00:00Z");
    CHECK(in_utc(feed.report.gaps[0].end) == "2024-01-15T08:00:00Z");
    CHECK(feed.report.gaps[0].intervals == 2);
    CHECK(in_utc(feed.report.gaps[1].start) == "2024-01-16T04:00:00Z");
    CHECK(in_utc(feed.report.gaps[1].end) == "2024-01-16T06:00:00Z");
    CHECK(feed.report.gaps[1].to_date == "2024-01-15");
    // Beyond what the file has nothing is missing of it: that is a note.
    options.from = "2023-01-01";
    options.to = "2025-01-01";
    const Feed all = must_read(hourly(rows), options);
    CHECK(all.report.gaps.size() == 2);
    CHECK(all.report.notes.size() == 2);
}

TEST_CASE("intervals without an end last the most common step, and that is said") {
    const Feed feed = must_read("Time,Location,LMP\n2025-01-01 00:00:00Z,A,1\n2025-01-01 00:05:00Z,A,2\n2025-01-01 00:15:00Z,A,3\n2025-01-01 00:20:00Z,A,3\n");
    CHECK(feed.interval_length == 5min);
    CHECK(feed.report.gaps.size() == 1);
    says(feed.report.notes.at(0), "each lasts 300 s");
}

TEST_CASE("of several nodes one must be chosen, and the error lists them") {
    const std::string rows = "01/15/2024,1,1,HB_WEST,HU,5,N\n01/15/2024,1,1,LZ_WEST,LZ,6,N\n01/15/2024,1,1,LZ_WEST,LZEW,7,N\n";
    says(must_fail(nodes(rows)), "several nodes; choose one with --node: HB_WEST/HU, LZ_WEST/LZ, LZ_WEST/LZEW");
    FeedOptions options;
    options.node = "HB_WEST";
    const Feed feed = must_read(nodes(rows), options);
    CHECK(feed.intervals.at(0).price == Price{5'000'000});
    CHECK(feed.report.other_nodes == 2);
    adds_up(feed.report);
    options.node = "LZ_WEST/LZEW";
    CHECK(must_read(nodes(rows), options).intervals.at(0).price == Price{7'000'000});
    options.node = "LZ_WEST";
    says(must_fail(nodes(rows), options), "of several kinds; choose one with --node: LZ_WEST/LZ, LZ_WEST/LZEW");
    options.node = "HB_EAST";
    says(must_fail(nodes(rows), options), "no node \"HB_EAST\"; there are: HB_WEST/HU, LZ_WEST/LZ, LZ_WEST/LZEW");
    options.node = "x";
    says(must_fail(hourly("2024-01-15,1,9,5\n"), options), "rtm (real-time) and dam (day-ahead)");
    says(must_fail("date_he,actual_price\n2024-01-15 01:00:00,5\n", options), "no nodes to choose from");
}

TEST_CASE("thousands of nodes make a short error") {
    std::string rows;
    for (int i = 0; i < 5'000; ++i) rows += "01/15/2024,1,1,N" + std::to_string(i) + ",RN,5,N\n";
    const std::string error = must_fail(nodes(rows));
    says(error, " more");
    CHECK(error.size() < 1'000);
}

TEST_CASE("what cannot be a price history says what was seen and what is known") {
    says(must_fail(""), "the file is empty");
    says(must_fail("Time Stamp,Name,LBMP\n1,2,3\n"), "Its header: \"Time Stamp,Name,LBMP\"");
    says(must_fail("Time Stamp,Name,LBMP\n1,2,3\n"), "ercot-hourly  delivery_date, hour_ending, dam_lmp, rtm_lmp");
    says(must_fail(std::string("\x7f""ELF\0\1\2", 7)), "Its header: \"?ELF???\"");
    says(must_fail(hourly("")), "no price in 0 rows");
    says(must_fail(hourly("x,1,2,3\n")), "no price in 1 rows; line 2: date \"x\"");
    FeedOptions options;
    options.format = "nyiso";
    says(must_fail(hourly("2024-01-15,1,9,5\n"), options), "format \"nyiso\" is not known");
    options.format = "gridstatus";
    says(must_fail(hourly("2024-01-15,1,9,5\n"), options), "not a price history that is known as gridstatus");
    says(read_feed("/nowhere/prices.csv").error().detail, "there is no such file");
    says(read_feed("/").error().detail, "not a regular file");
    says(read_feed("/dev/zero").error().detail, "not a regular file");
}

TEST_CASE("a line of 200 MB costs no memory, at the top or among the rows") {
    const FeedFile file{""};
    std::filesystem::resize_file(file.path(), 200'000'000);
    const auto feed = read_feed(file.path());
    REQUIRE(!feed);
    says(feed.error().detail, "a line longer than 64 KiB");

    std::ofstream{file.path(), std::ios::trunc} << hourly("2024-01-15,1,9,5\n");
    std::filesystem::resize_file(file.path(), 200'000'000);
    std::ofstream{file.path(), std::ios::app} << "\n2024-01-15,2,9,6\n";
    const auto rest = read_feed(file.path());
    REQUIRE(rest);
    CHECK(rest->intervals.size() == 2);
    CHECK(rest->report.bad_rows == 1);
    says(rest->report.faults.at(0).what, "longer than 64 KiB");
}

TEST_CASE("from and to keep whole intervals, by the market's midnight or by UTC") {
    std::string rows;
    for (int day = 14; day <= 16; ++day)
        for (int hour = 1; hour <= 24; ++hour) rows += "2024-01-" + std::to_string(day) + "," + std::to_string(hour) + ",9,5\n";
    FeedOptions options;
    options.from = "2024-01-15";
    options.to = "2024-01-16";
    const Feed feed = must_read(hourly(rows), options);
    CHECK(feed.intervals.size() == 24);
    CHECK(in_utc(feed.intervals[0].start) == "2024-01-15T06:00:00Z");
    CHECK(feed.report.outside == 48);
    adds_up(feed.report);
    options.from = "2024-01-15T06:30:00Z";
    CHECK(must_read(hourly(rows), options).intervals.size() == 23);
    options.from = "2023-01-01";
    says(must_read(hourly(rows), options).report.notes.at(0), "before the file's first interval");
    options.to = "2023-06-01";
    says(must_fail(hourly(rows), options), "no interval in --from and --to; the file has 2024-01-14T06:00:00Z");
    options.to = "January";
    says(must_fail(hourly(rows), options), "--to \"January\"");
    options.to = "2022-01-01";
    says(must_fail(hourly(rows), options), "--to is not after --from");
}

TEST_CASE("when a price is known is the market's rule unless another is given") {
    using Kind = KnownRule::Kind;
    const auto market = [](const std::string& content, const std::string& node = "") {
        FeedOptions options;
        options.node = node;
        return must_read(content, options).known_rule;
    };
    CHECK(market(hourly("2024-01-15,1,9,5\n")).kind == Kind::end);
    CHECK(market(hourly("2024-01-15,1,9,5\n"), "dam").kind == Kind::day_ahead);
    CHECK(market(nodes("01/15/2024,1,1,A,HU,5,N\n")).kind == Kind::end);
    CHECK(market("date_he,actual_price\n2024-01-15 01:00:00,5\n").kind == Kind::end);
    CHECK(market(status("2025-01-01 00:00:00Z,2025-01-01 00:05:00Z,HB,5\n")).kind == Kind::start);
    CHECK(market(status("2025-01-01 00:00:00Z,2025-01-01 00:15:00Z,HB,5\n")).kind == Kind::end);
    CHECK(market("Interval Start,Interval End,Location,Market,LMP\n2025-01-01 00:00:00Z,2025-01-01 01:00:00Z,HB,DAY_AHEAD_HOURLY,5\n").kind == Kind::day_ahead);

    FeedOptions options;
    options.known = parse_known_rule("+90").value();
    const Feed feed = must_read(hourly("2024-01-15,1,9,5\n"), options);
    CHECK(feed.intervals[0].known_at == feed.intervals[0].start + 90s);
    CHECK(feed.market_rule.kind == Kind::end);
    CHECK(text_of(feed.known_rule) == "+90 s");
    CHECK(parse_known_rule("start")->kind == Kind::start);
    CHECK(parse_known_rule("end")->kind == Kind::end);
    for (const auto* wrong : {"", "soon", "+", "+-5", "+1.5", "90", "+999999999999", "-90"}) {
        CAPTURE(wrong);
        REQUIRE(!parse_known_rule(wrong));
        says(parse_known_rule(wrong).error().detail, "use start, end, day-ahead or +SECONDS");
    }
}
