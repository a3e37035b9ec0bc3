// Limits that cannot be had together, what the binding one outweighs, and the notice to those who own the firm load.
#include "policies/minimum_draw.hpp"
#include "policies/programme.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

/// Two halls, one of them with an owner, and ten miners.
Site with_halls() {
    Site site = miners(10);
    std::vector<Site::Load> loads{{"hall-a", 8_kW}, {"hall-b", 8_kW}};
    loads.insert(loads.end(), site.loads.begin(), site.loads.end());
    site.loads = loads;
    Site::Group a{.name = "hall-a", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm}, b = a;
    a.owner = "tenant-a";
    b.name = "hall-b", b.loads = {1, 2};
    a.stale_after = b.stale_after = Duration::max();
    Site::Group machines = site.groups[0];
    machines.loads = {2, 12};
    site.groups = {a, b, machines};
    return site;
}

LoadReading hall(Slot which, Power draws) { return {{which, which + 1}, Mode::running, Quality::measured, draws, {}}; }

}  // namespace

TEST_CASE("when only firm load could meet a limit its owner gets notice, megawatts and deadline, and it is withdrawn") {
    Bench bench{with_halls()};
    bench.step(0s, {hall(0, 6_kW), hall(1, 4_kW), bench.all(Mode::running, 1_kW), bench.meter(20_kW)});
    bench.step(1s, {dispatch(1s, "d-1", 7_kW)});
    CHECK(bench.ordered(Rung::sleep) == 10);
    REQUIRE(bench.engine().state().notices.size() == 1);
    const Notice& notice = bench.engine().state().notices[0];
    CHECK(notice.group == GroupId{0});
    CHECK(notice.power == 3_kW);
    CHECK(notice.deadline == midnight + 31s);
    CHECK(bench.said(NoteKind::notice));
    CHECK(bench.said(NoteKind::conflict));

    SECTION("once, unless more is asked") {
        bench.step(2s, {bench.rest(2, 12), bench.meter(10_kW)});
        CHECK_FALSE(bench.said(NoteKind::notice));
        bench.restart();
        bench.step(3s, {bench.meter(10_kW), hall(0, 6_kW)});
        CHECK_FALSE(bench.said(NoteKind::notice));
        bench.step(4s, {bench.meter(10_kW), dispatch(4s, "d-1", 6_kW)});
        CHECK(bench.said(NoteKind::notice));
        CHECK(bench.engine().state().notices[0].power == 4_kW);
    }
    SECTION("withdrawn when it is over") {
        bench.step(10s, {bench.rest(2, 12), bench.meter(10_kW), released(10s, "d-1")});
        CHECK(bench.said(NoteKind::notice_over));
        CHECK(bench.said(NoteKind::conflict_over));
        CHECK(bench.engine().state().notices.empty());
    }
    SECTION("no firm load is ordered") {
        for (auto t = 2s; t < 300s; t += 10s) {
            bench.step(t, {bench.meter(10_kW), hall(0, 6_kW), hall(1, 4_kW), bench.rest(2, 12)});
            for (const Order& order : bench.decision().orders) CHECK(order.group == GroupId{2});
        }
    }
}

TEST_CASE("the owner of firm load hears of a call hours before it begins, once, and again when it is off") {
    const bool programme = GENERATE(false, true);
    const Policy calls = programme ? policies::programme({.policy = PolicyId{0}, .sources = {utility}}) : policies::dispatch({.policy = PolicyId{0}, .sources = {utility}});
    Bench bench{with_halls(), {calls}};
    const auto stands = [&] { return std::vector<Event>{hall(0, 6_kW), hall(1, 4_kW), bench.all(Mode::running, 1_kW), bench.meter(20_kW)}; };
    bench.step(0s, stands());
    Signal call = dispatch(1s, "d-1", 7_kW);
    call.start = midnight + 4h;
    bench.step(1s, {call});
    CHECK(bench.decision().orders.empty());
    CHECK(bench.said(NoteKind::notice));
    REQUIRE(bench.engine().state().notices.size() == 1);
    CHECK(bench.engine().state().notices[0].group == GroupId{0});
    CHECK(bench.engine().state().notices[0].power == 3_kW);
    CHECK(bench.engine().state().notices[0].deadline == midnight + 4h + 30s);
    bench.step(2h, stands());
    CHECK_FALSE(bench.said(NoteKind::notice));
    SECTION("it begins") {
        bench.step(4h, stands());
        CHECK(bench.ordered(Rung::sleep) == 10);
        CHECK_FALSE(bench.said(NoteKind::notice));
        REQUIRE(bench.engine().state().notices.size() == 1);
        CHECK(bench.engine().state().notices[0].deadline == midnight + 4h + 30s);
    }
    SECTION("it is released before") {
        bench.step(3h, {released(3h, "d-1"), bench.meter(20_kW)});
        CHECK(bench.said(NoteKind::notice_over));
        CHECK(bench.engine().state().notices.empty());
    }
}

TEST_CASE("what can be met by those who may go asks nothing of an owner") {
    Bench bench{with_halls()};
    bench.step(0s, {hall(0, 6_kW), hall(1, 4_kW), bench.all(Mode::running, 1_kW), bench.meter(20_kW), dispatch(0s, "d-1", 11_kW)});
    CHECK(bench.engine().state().notices.empty());
    CHECK_FALSE(bench.said(NoteKind::conflict));
}

TEST_CASE("a floor above a limit: the limit holds, both are named, once") {
    Site site = miners(10);
    site.policies = {"obligations", "take-or-pay"};
    policies::MinimumDraw floor;
    floor.policy = PolicyId{1};
    floor.at_least = floor.keep = 8_kW;
    Bench bench{site, {policies::dispatch({.policy = PolicyId{0}, .sources = {utility}, .margin_ppm = 0}), policies::minimum_draw(floor)}};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1s, {dispatch(1s, "d-1", 5_kW)});
    CHECK(bench.ordered(Rung::sleep) == 5);
    CHECK(bench.told(NoteKind::conflict, "take-or-pay"));
    REQUIRE(bench.decision().overruled.size() == 1);
    CHECK(bench.decision().overruled[0].why.reason == Reason::minimum_draw);
    CHECK(bench.decision().overruled[0].limit == 8_kW);
    bench.step(2s, {bench.rest(0, 5), bench.meter(5_kW)});
    CHECK_FALSE(bench.said(NoteKind::conflict));
    CHECK(bench.ordered(Rung::wake) == 0);
    bench.step(3s, {released(3s, "d-1"), bench.meter(5_kW)});
    CHECK(bench.told(NoteKind::conflict_over, "take-or-pay"));
}

TEST_CASE("a floor of what could be shed stands against a limit by the firm load between them") {
    struct Row {
        Power limit;
        bool conflict;
    };
    // 10 kW of halls, 950 W short of what was awarded: 16.65 kW in all.
    for (const Row& row : {Row{17_kW, false}, Row{13_kW, true}, Row{5'500_W, true}}) {
        CAPTURE(row.limit.count);
        Site site = with_halls();
        site.policies = {"obligations", "reserve"};
        site.sources.push_back({"system operator", OnStale::hold});
        policies::Programme reserve{.policy = PolicyId{1}, .sources = {SourceId{3}}};
        reserve.armed.when = policies::Armed::When::signalled;
        reserve.armed_floor = policies::Amount{policies::Amount::Of::offered, {}, 950'000};
        Bench bench{site, {policies::programme(reserve), policies::dispatch({.policy = PolicyId{0}, .sources = {utility}})}};
        Signal award = dispatch(0s, "award", 7_kW, SourceId{3});
        award.kind = SignalKind::arm;
        award.end = midnight + 2h;
        bench.step(0s, {hall(0, 6_kW), hall(1, 4_kW), bench.all(Mode::running, 1_kW), bench.meter(20_kW), award});
        bench.step(10s, {dispatch(10s, "d-1", row.limit), bench.meter(20_kW)});
        CHECK(bench.told(NoteKind::conflict, "reserve") == row.conflict);
        bench.step(11s, {bench.meter(20_kW)});
        CHECK_FALSE(bench.said(NoteKind::conflict));
        bench.step(20s, {released(20s, "d-1"), bench.meter(20_kW)});
        CHECK(bench.told(NoteKind::conflict_over, "reserve") == row.conflict);
    }
}

TEST_CASE("of two dispatches the tighter binds and names the other") {
    Bench bench{miners(10)};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(0s, "d-1", 7_kW), dispatch(0s, "d-2", 4_kW)});
    REQUIRE(bench.decision().overruled.size() == 2);
    const Binding& binding = bench.decision().binding[bench.decision().overruled[0].by];
    CHECK(binding.limit == 4_kW);
    CHECK(bench.decision().overruled[0].limit == 7_kW);
    CHECK(bench.decision().overruled[1].limit == 100_kW);
}

TEST_CASE("however many limits stand, few are named") {
    Bench bench{miners(10)};
    std::vector<Event> heard{bench.all(Mode::running, 1_kW), bench.meter(10_kW)};
    for (int i = 0; i < 30; ++i) heard.push_back(dispatch(0s, "d-" + std::to_string(i), Power{4'000 + i}));
    bench.step(0s, heard);
    CHECK(bench.decision().overruled.size() == 4);
}
