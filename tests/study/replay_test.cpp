#include "study/replay.hpp"
#include "policies/price_strike.hpp"
#include "tests/catch.hpp"

#include <boost/json.hpp>

using namespace ballast;
using namespace ballast::study;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

const Instant noon{std::chrono::sys_days{std::chrono::year{2025} / 6 / 1} + 12h};

/// Ten machines of 1 MW that stop above 50 per MWh, 2 MW of firm load, 1 MW of overhead, one meter.
Site small(Duration min_off = 0s) {
    Site site;
    site.name = "small";
    site.overhead = 1_MW;
    site.meter = MeterId{0};
    site.meters = {{"poi"}};
    site.sources = {{"market"}, {"utility"}};
    site.policies = {"strike"};
    site.loads.push_back({.name = "hall", .rated = 2_MW});
    for (int i = 0; i < 10; ++i) site.loads.push_back({.name = "m", .rated = 1_MW, .joules_per_hash = 30'000, .strike = 50_per_MWh});
    Site::Group hall, miners;
    hall.name = "hall";
    hall.driver = "metered";
    hall.loads = {0, 1};
    miners.name = "miners";
    miners.driver = "luxos";
    miners.tier = Tier::interruptible;
    miners.loads = {1, 11};
    miners.min_off = min_off;
    site.groups = {hall, miners};
    return site;
}

std::vector<Policy> strike(unsigned up_after = 1) {
    return {policies::price_strike({.policy = PolicyId{0}, .prices = SourceId{0}, .groups = {GroupId{1}}, .up_after = up_after})};
}

/// Hourly prices from noon, a missing hour where there is none.
sim::Feed hours(const std::vector<std::optional<int>>& per_mwh, sim::KnownRule::Kind kind = sim::KnownRule::Kind::start) {
    sim::Feed feed;
    feed.file = "hours.csv";
    feed.currency = "USD";
    feed.interval_length = 1h;
    feed.known_rule.kind = kind;
    for (std::size_t i = 0; i < per_mwh.size(); ++i) {
        if (!per_mwh[i]) continue;
        const Instant start = noon + 1h * static_cast<int>(i), end = start + 1h;
        const bool at_end = kind == sim::KnownRule::Kind::end;
        feed.intervals.push_back({start, end, Price{*per_mwh[i] * 1'000'000LL}, at_end ? end : start});
    }
    return feed;
}

std::string mwh(Energy e) { return decimal(e.count, 3'600'000'000'000, 3); }
std::string money(Money m) { return decimal(m.count, Int128{1'000'000} * 3'600'000'000'000, 2); }

}  // namespace

TEST_CASE("machines sleep through the hour whose price is above their strike, if it is known at its start") {
    const sim::Feed feed = hours({20, 100, 20, 20});
    const ReplayResult r = replay(small(), strike(), SourceId{0}, feed, feed);
    CHECK(mwh(r.baseline_energy) == "52.000");
    CHECK(mwh(r.energy) == "42.000");
    CHECK(money(r.baseline_cost) == "2080.00");
    CHECK(money(r.cost) == "1080.00");
    CHECK(r.transitions == 20);
    CHECK(uptime(r) == 0.75);
    CHECK(r.decisions >= 2);
}

TEST_CASE("a price known only when its hour is over comes an hour too late, and the bill says so") {
    const sim::Feed feed = hours({20, 100, 20, 20}, sim::KnownRule::Kind::end);
    const ReplayResult r = replay(small(), strike(), SourceId{0}, feed, feed);
    CHECK(mwh(r.energy) == "42.000");
    CHECK(money(r.cost) == "1880.00");
    CHECK(r.price_known == "end");
}

TEST_CASE("a minimum off time ends between two prices, when the engine says, not with the next price") {
    const sim::Feed feed = hours({100, 20, 20});
    const ReplayResult r = replay(small(90min), strike(), SourceId{0}, feed, feed);
    CHECK(mwh(r.energy) == "24.000");  // 3 h of 3 MW, and 1.5 h of 10 MW.
}

TEST_CASE("a gap decides nothing, is billed for nothing, and is named") {
    sim::Feed feed = hours({100, std::nullopt, std::nullopt, 20});
    feed.report.gaps = {{noon + 1h, noon + 3h, "2025-06-01", "2025-06-01", 2}};
    const ReplayResult r = replay(small(), strike(), SourceId{0}, feed, feed);
    CHECK(r.unpriced == 2h);
    CHECK(mwh(r.baseline_energy) == "26.000");
    CHECK(mwh(r.energy) == "16.000");
    CHECK(r.transitions == 20);
    const auto json = boost::json::parse(to_json(r)).as_object();
    CHECK(json.at("gaps").as_array().size() == 1);
    CHECK(json.at("gaps").at(0).at("from_date").as_string() == "2025-06-01");
}

TEST_CASE("silence does what on_stale says in a gap, and nobody but the price source can be silent") {
    Site site = small();
    site.sources[0].on_stale = OnStale::shed;
    site.sources[0].stale_after = 15min;
    site.sources[1].on_stale = OnStale::shed;
    site.sources[1].stale_after = 1s;
    const sim::Feed whole = hours({20, 20, 20, 20});
    CHECK(replay(site, strike(), SourceId{0}, whole, whole).transitions == 0);
    const sim::Feed gap = hours({20, std::nullopt, std::nullopt, 20});
    CHECK(replay(site, strike(), SourceId{0}, gap, gap).transitions == 20);
}

TEST_CASE("the bill may come from another market than the decisions") {
    const sim::Feed decides = hours({20, 100, 20}), bills = hours({10, 10, 1'000});
    const ReplayResult r = replay(small(), strike(), SourceId{0}, decides, bills);
    CHECK(money(r.cost) == "13160.00");
    CHECK(mwh(r.energy) == "29.000");
    const sim::Feed shorter = hours({10});
    const ReplayResult part = replay(small(), strike(), SourceId{0}, decides, shorter);
    CHECK(part.unpriced == 2h);
    CHECK(mwh(part.baseline_energy) == "13.000");
}

TEST_CASE("the same history decides the same, another does not, each step is shown before it is obeyed") {
    const sim::Feed feed = hours({20, 100, 20, 60, 20}), other = hours({20, 100, 20, 20, 20});
    std::uint64_t seen = 0, orders = 0;
    ReplayWatch watch;
    watch.stepped = [&](Now, std::span<const Event>, const Decision& decision) { ++seen, orders += decision.orders.size(); };
    const ReplayResult a = replay(small(), strike(), SourceId{0}, feed, feed, watch), b = replay(small(), strike(), SourceId{0}, feed, feed);
    CHECK(a.digest == b.digest);
    CHECK(a.digest != replay(small(), strike(), SourceId{0}, other, other).digest);
    CHECK(seen == a.steps);
    CHECK(orders == 4);
}

TEST_CASE("the result is one JSON object with the promised keys, its numbers rounded as numpy's") {
    const sim::Feed feed = hours({20, 100, 20, 20});
    ReplayResult r = replay(small(), strike(), SourceId{0}, feed, feed);
    r.site = "a \"quoted\"\nname";
    const auto json = boost::json::parse(to_json(r)).as_object();
    std::vector<std::string> keys;
    for (const auto& entry : json) keys.emplace_back(entry.key());
    CHECK(keys == std::vector<std::string>{"site", "feed", "from", "to", "intervals", "gaps", "price_known", "energy_mwh", "energy_cost",
                                           "baseline_mwh", "baseline_cost", "curtailed_mwh", "uptime", "transitions", "decisions",
                                           "currency", "seconds", "digest"});
    CHECK(std::string{json.at("site").as_string()} == r.site);
    CHECK(json.at("from").as_string() == "2025-06-01T12:00:00Z");
    CHECK(json.at("to").as_string() == "2025-06-01T16:00:00Z");
    CHECK(json.at("curtailed_mwh").as_double() == 10.0);
}
