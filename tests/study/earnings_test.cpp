#include "policies/demand_charge.hpp"
#include "policies/price_strike.hpp"
#include "study/replay.hpp"
#include "tests/catch.hpp"

#include <boost/json.hpp>

using namespace ballast;
using namespace ballast::study;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

const Instant noon{std::chrono::sys_days{std::chrono::year{2025} / 6 / 1} + 12h};

/// Ten machines of 1 MW that stop above 50 per MWh and draw 100 kW asleep; one meter.
Site ten_machines() {
    Site site;
    site.name = "ten";
    site.meter = MeterId{0};
    site.meters = {{"poi"}};
    site.sources = {{"market"}};
    site.policies = {"strike", "demand"};
    for (int i = 0; i < 10; ++i) site.loads.push_back({.name = "m", .rated = 1_MW, .joules_per_hash = 30'000, .strike = 50_per_MWh});
    Site::Group miners;
    miners.name = "miners";
    miners.driver = "luxos";
    miners.tier = Tier::interruptible;
    miners.loads = {0, 10};
    miners.standby = 100_kW;
    site.groups = {miners};
    return site;
}

sim::Feed hours(const std::vector<int>& per_mwh) {
    sim::Feed feed;
    feed.currency = "USD";
    feed.interval_length = 1h;
    for (std::size_t i = 0; i < per_mwh.size(); ++i) {
        const Instant start = noon + 1h * static_cast<int>(i);
        feed.intervals.push_back({start, start + 1h, Price{per_mwh[i] * 1'000'000LL}, start});
    }
    return feed;
}

/// Worth 60 per MWh at the wall, 10 % of overhead, an adder of 4; 12 min of ramp, wear of 0.002 per kW.
Economy economy() {
    Economy economy;
    economy.worth.assign(10, {.hash = 60_per_MWh, .adder = 4_per_MWh, .overhead_ppm = 1'100'000, .cycling = {12min, Price{2'000'000}}});
    return economy;
}

std::vector<Policy> strike(std::vector<std::optional<policies::Cycle>> cycles = {}) {
    return {policies::price_strike({.policy = PolicyId{0}, .prices = SourceId{0}, .groups = {GroupId{0}}, .cycles = std::move(cycles)})};
}

std::string money(Money m) { return decimal(m.count, Int128{1'000'000} * 3'600'000'000'000, 2); }
std::string mwh(Energy e) { return decimal(e.count, 3'600'000'000'000, 3); }

}  // namespace

TEST_CASE("a replay says what was earned, and what a cycle cost") {
    const sim::Feed feed = hours({20, 100, 20, 20});
    const ReplayResult r = replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, economy());
    CHECK(mwh(r.energy) == "31.000");           // 30 MWh mined, 1 MWh of standby.
    CHECK(money(r.cost) == "700.00");
    REQUIRE(r.earned.known);
    CHECK(money(r.earned.hash) == "1800.00");
    CHECK(money(r.earned.overhead) == "60.00");    // 3 MWh at 20.
    CHECK(money(r.earned.adder) == "132.00");      // 33 MWh at 4.
    CHECK(money(r.earned.ramp_loss) == "60.00");   // 10 MW x 60 x 12 min / 2.
    CHECK(money(r.earned.wear) == "20.00");        // 10,000 kW x 0.002.
    CHECK(mwh(r.earned.standby) == "1.000");
    CHECK(money(r.earned.standby_cost) == "100.00");
    CHECK(money(r.earned.net(r.cost)) == "828.00");
    CHECK(money(r.baseline_earned.hash) == "2400.00");
    CHECK(money(r.baseline_earned.net(r.baseline_cost)) == "464.00");  // 2400 - 1600 - 160 - 176
    const auto json = boost::json::parse(to_json(r)).as_object();
    CHECK(json.at("net_money").as_double() == 828.0);
    CHECK(json.at("baseline_net_money").as_double() == 464.0);
    CHECK(json.at("hash_revenue").as_double() == 1800.0);
    CHECK(json.contains("digest"));
}

TEST_CASE("money decides nothing, and without an economy nothing is said of it") {
    const sim::Feed feed = hours({20, 100, 20, 20});
    const ReplayResult with = replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, economy());
    const ReplayResult without = replay(ten_machines(), strike(), SourceId{0}, feed, feed);
    CHECK(with.digest == without.digest);
    CHECK_FALSE(without.earned.known);
    CHECK_FALSE(boost::json::parse(to_json(without)).as_object().contains("net_money"));
}

TEST_CASE("the worth-cycling test leaves a spike that does not pay, and takes one that does") {
    const policies::Cycle cycle{.cost = {12min, Price{20'000'000}}, .standby_ppm = 100'000};  // 5 and 20 per MW and cycle.
    // Two hours are expected: of 60 per MWh, 54 are saved, (108 - 20) / 2.1 is below the strike.
    for (const auto& [price, stops] : {std::pair{60, false}, {80, true}}) {
        CAPTURE(price);
        const sim::Feed feed = hours({20, price, 20, 20});
        CHECK(replay(ten_machines(), strike({cycle}), SourceId{0}, feed, feed, {}, economy()).transitions == (stops ? 20 : 0));
        CHECK(replay(ten_machines(), strike(), SourceId{0}, feed, feed).transitions == 20);
    }
}

TEST_CASE("a short dip between two spikes known ahead starts nobody") {
    const policies::Cycle cycle{.cost = {60min, {}}};
    sim::Feed feed = hours({20, 500, 40, 500, 20, 20});
    for (sim::PricePoint& point : feed.intervals) point.known_at = noon;
    CHECK(replay(ten_machines(), strike(), SourceId{0}, feed, feed).transitions == 40);
    CHECK(replay(ten_machines(), strike({cycle}), SourceId{0}, feed, feed).transitions == 20);  // 10 earned in the dip, 25 lost on the ramp.
}

TEST_CASE("what was bought ahead and is not drawn is sold at the settlement price") {
    const sim::Feed feed = hours({20, 100, 20}), ahead = hours({30, 40, 30});
    Economy fixed = economy(), market = economy();
    fixed.hedge = {5_MW, 35_per_MWh, nullptr};
    market.hedge = {5_MW, {}, &ahead};
    const ReplayResult a = replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, fixed);
    CHECK(money(a.earned.hedge_gain) == "175.00");   // 5 x (140 - 3 x 35)
    CHECK(mwh(a.earned.hedged) == "15.000");
    const ReplayResult b = replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, market);
    CHECK(money(b.earned.hedge_gain) == "200.00");
    CHECK(a.digest == b.digest);
    CHECK(money(b.baseline_earned.hedge_gain) == "200.00");  // Also of who sold nothing: the strike is the opportunity's.
}

TEST_CASE("the demand of a month is billed by its highest window, with its ratchet") {
    const Instant may{std::chrono::sys_days{std::chrono::year{2025} / 5 / 31}};
    DemandBill bill{{15min, Price{10'000'000'000}, 500'000, 2_MW}, may};
    bill.drawn(8_MW, may + 1h);
    bill.drawn(1_MW, may + 23h);
    CHECK(money(bill.total()) == "80000.00");
    bill.drawn(1_MW, may + 48h);
    CHECK(money(bill.total()) == "120000.00");  // Half of May's 8 MW in June.
    DemandBill low{{15min, Price{10'000'000'000}, 0, 2_MW}, may};
    low.drawn(1_MW, may + 1h);
    CHECK(money(low.total()) == "20000.00");    // By contract.
    low.drawn(1_MW, may + 24h);
    CHECK(money(low.total()) == "20000.00");    // Until the end of May: once.
}

TEST_CASE("the demand of the last evening on the wall is billed with the month that ends") {
    const Instant evening{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1} + 1h}, midnight = evening + 4h;  // 31 October, 20:00 in Texas.
    DemandBill bill{{15min, Price{10'000'000'000}, 0, {}, WallClock{{{Instant{}, -5h}}}}, evening - 20h};
    bill.drawn(1_MW, evening);
    bill.drawn(8_MW, evening + 1h);
    bill.drawn(1_MW, midnight);
    CHECK(money(bill.total()) == "80000.00");   // One month.
    bill.drawn(1_MW, midnight + 1h);
    CHECK(money(bill.total()) == "90000.00");
}

TEST_CASE("what was bought and is not drawn is billed for as long as it is bought, by the wall") {
    const std::vector<MinimumBought> always{{3_MW, 50_per_MWh, {}, {}}};
    UnderuseBill all_day{always, noon};
    all_day.drawn(1_MW, noon + 1h);
    CHECK(money(all_day.total()) == "100.00");
    all_day.drawn(3_MW, noon + 2h);
    all_day.drawn(9_MW, noon + 3h);
    CHECK(money(all_day.total()) == "100.00");
    // From 7:30 to 9:00 on a wall on which noon is 7:00; the other is bought beside it.
    std::vector<MinimumBought> two{{3_MW, 50_per_MWh, {.hours = {7h + 30min, 9h}}, WallClock{{{Instant{}, -5h}}}}, {2_MW, 10_per_MWh, {}, {}}};
    UnderuseBill contract{two, noon};
    contract.drawn(1_MW, noon + 1h + 30s);
    CHECK(money(contract.total()) == "60.92");   // 100 x 30.5 / 60, and 10 x 60.5 / 60.
    contract.drawn(1_MW, noon + 4h);
    CHECK(money(contract.total()) == "190.00");  // 150 and 40.
}

TEST_CASE("a replay bills what was bought and slept through, not what was drawn") {
    const sim::Feed feed = hours({20, 100, 20, 20});
    Economy with = economy();
    with.minimums = {{8_MW, 50_per_MWh, {}, {}}};
    const ReplayResult r = replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, with);
    CHECK(money(r.earned.underuse) == "350.00");   // 7 MW for an hour.
    CHECK(money(r.earned.net(r.cost)) == "478.00");
    CHECK(money(r.baseline_earned.underuse) == "0.00");
    CHECK(boost::json::parse(to_json(r)).at("underuse_cost").as_double() == 350.0);
    with.minimums[0].hours.hours = {12h, 13h};     // The hour before the dear one.
    CHECK(money(replay(ten_machines(), strike(), SourceId{0}, feed, feed, {}, with).earned.underuse) == "0.00");
}

TEST_CASE("the demand charge keeps a replay's mean at what is paid for") {
    const sim::Feed feed = hours(std::vector<int>(24, 20));
    Economy with = economy();
    with.demand = DemandTariff{15min, Price{10'000'000'000}, 0, 6_MW};
    const auto demand = policies::demand_charge({.policy = PolicyId{1}, .meter = MeterId{0}, .per_kw_month = Price{10'000'000'000}, .mining_earns = 1_per_MWh, .paid = 6_MW});
    std::vector<Policy> both = strike();
    both.push_back(demand);
    const ReplayResult r = replay(ten_machines(), both, SourceId{0}, feed, feed, {}, with);
    CHECK(money(r.earned.demand) == "60000.00");
    CHECK(money(r.baseline_earned.demand) == "100000.00");
    CHECK(r.transitions == 5);  // Five sleep at 100 kW each: 5.5 MW; with six awake it would be 6.4.
}
