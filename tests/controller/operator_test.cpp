// A person's word: aborts that disarm, maintenance, overrides, the local switch.
#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/person_limits.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

TEST_CASE("an abort during a stuck event releases the loads, disarms the rule, and says who and why") {
    Bench bench{miners(10)};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1s, {dispatch(1s, "d-1", 4_kW)});
    REQUIRE(bench.ordered(Rung::sleep) == 7);
    bench.step(2s, {bench.rest(0, 7), bench.meter(3_kW)});

    bench.step(60s, {OperatorWord{Word::abort, "d-1", "jo", "the RTU is stuck"}});
    CHECK(bench.told(NoteKind::aborted, "d-1 by jo: the RTU is stuck"));
    CHECK(bench.told(NoteKind::disarmed, "by jo: the RTU is stuck"));
    CHECK(bench.said(NoteKind::event_closed));
    CHECK(bench.ordered(Rung::wake) == 7);

    SECTION("what is called afterwards is heard, told and moves nothing") {
        bench.step(70s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(70s, "d-2", 0_W)});
        CHECK(bench.said(NoteKind::event_opened));
        CHECK(bench.told(NoteKind::disarmed_ignores, "d-2"));
        CHECK(bench.decision().orders.empty());
        CHECK(bench.decision().binding.empty());
        bench.step(80s, {});
        CHECK_FALSE(bench.said(NoteKind::disarmed_ignores));
        bench.step(90s, {OperatorWord{Word::clear, "obligations", "eva", "mended"}});
        CHECK(bench.told(NoteKind::armed_again, "by eva: mended"));
        CHECK(bench.ordered(Rung::sleep) == 10);
    }
    SECTION("the same event said again stays dead") {
        bench.step(70s, {dispatch(1s, "d-1", 4_kW)});
        CHECK(bench.said(NoteKind::signal_after_release));
        CHECK(bench.decision().orders.empty());
    }
    SECTION("a restart keeps the rule disarmed") {
        bench.restart();
        bench.step(70s, {dispatch(70s, "d-2", 0_W)});
        CHECK(bench.told(NoteKind::disarmed_ignores, "d-2"));
        REQUIRE(bench.engine().state().disarmed.size() == 1);
        CHECK(bench.engine().state().disarmed[0].who == "jo");
        CHECK(bench.ordered(Rung::sleep) == 0);
    }
    SECTION("an emergency is obeyed all the same") {
        bench.step(70s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), emergency(70s, "e-1")});
        CHECK(bench.ordered(Rung::sleep) == 10);
    }
}

TEST_CASE("a rule that was aborted for a while is armed again by itself") {
    Bench bench{miners(10)};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(0s, "d-1", 4_kW)});
    bench.step(60s, {OperatorWord{Word::abort, "d-1", "jo", "a mistake", 600s}});
    bench.step(70s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(70s, "d-2", 4_kW)});
    CHECK(bench.ordered(Rung::sleep) == 0);
    CHECK(bench.decision().wake <= at(660s).steady);
    bench.step(660s, {});
    CHECK(bench.told(NoteKind::armed_again, "its time is over"));
    CHECK(bench.ordered(Rung::sleep) == 7);
}

TEST_CASE("what protects is ended by force only, and for an hour at most") {
    const auto refused = [](Bench& bench, OperatorWord word) {
        bench.step(60s, {std::move(word)});
        return bench.said(NoteKind::word_refused) && bench.engine().state().disarmed.empty();
    };
    Bench bench{miners(10)};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), emergency(0s, "e-1")});
    REQUIRE(bench.ordered(Rung::sleep) == 10);

    SECTION("an emergency without force") { CHECK(refused(bench, {Word::abort, "e-1", "jo", "stuck", 600s})); }
    SECTION("for ever") { CHECK(refused(bench, {Word::abort, "e-1", "jo", "stuck", 0s, true})); }
    SECTION("for too long") { CHECK(refused(bench, {Word::abort, "e-1", "jo", "stuck", 3601s, true})); }
    SECTION("the contract without force") { CHECK(refused(bench, {Word::abort, "contract", "jo", "stuck", 600s})); }
    SECTION("nothing of that name") { CHECK(refused(bench, {Word::abort, "e-2", "jo", "stuck", 600s})); }
    SECTION("with force it is ended, comes back by itself, and until then no emergency moves anything") {
        bench.step(60s, {OperatorWord{Word::abort, "e-1", "jo", "stuck", 600s, true}});
        CHECK(bench.said(NoteKind::disarmed));
        bench.step(70s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), emergency(70s, "e-2")});
        CHECK(bench.told(NoteKind::disarmed_ignores, "e-2"));
        CHECK(bench.ordered(Rung::sleep) == 0);
        bench.step(660s, {});
        CHECK(bench.said(NoteKind::armed_again));
        CHECK(bench.ordered(Rung::sleep) == 10);
    }
}

TEST_CASE("a price rule is aborted by its name, or by that of its running event") {
    Site site = miners(10);
    site.policies = {"strike"};
    const std::vector<Policy> strike{policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}})};
    Bench bench{site, strike};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), price(0s, 200_per_MWh)});
    REQUIRE(bench.ordered(Rung::sleep) == 10);
    const std::string event = bench.text_of(NoteKind::event_opened);
    bench.step(1s, {bench.all(Mode::asleep, 0_W), bench.meter(0_W)});
    bench.step(60s, {OperatorWord{Word::abort, GENERATE_COPY(as<std::string>{}, "strike", event), "jo", "the feed lies"}});
    CHECK(bench.told(NoteKind::disarmed, "by jo: the feed lies"));
    CHECK(bench.ordered(Rung::wake) == 10);
    bench.step(300s, {price(300s, 300_per_MWh)});
    CHECK(bench.ordered(Rung::sleep) == 0);
}

TEST_CASE("loads in maintenance are put to rest, then left alone, and what they may draw is kept free") {
    Site site = miners(10);
    site.tries = 2;
    Bench bench{site};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1s, {OperatorWord{Word::maintenance, "m-0", "jo", "a fan", 3600s}, OperatorWord{Word::maintenance, "m-1", "jo", "a fan", 3600s}});
    CHECK(bench.ordered(Rung::sleep) == 2);
    CHECK(bench.decision().orders[0].why.reason == Reason::maintenance);
    bench.step(2s, {bench.rest(0, 1), bench.meter(9_kW)});

    SECTION("who does not answer is no miss, and is not told again") {
        for (auto t = 10s; t < 600s; t += 10s) {
            bench.step(t, {bench.meter(9_kW)});
            CHECK(bench.decision().misses.empty());
            CHECK(bench.decision().orders.empty());
        }
    }
    SECTION("one that is started there is nobody's stray, and no limit reaches it") {
        bench.step(10s, {bench.run(0, 1), bench.meter(10_kW)});
        CHECK(bench.decision().orders.empty());
        bench.step(20s, {bench.meter(10_kW), dispatch(20s, "d-1", 0_W)});
        CHECK(bench.ordered(Rung::sleep) == 8);
        CHECK_FALSE(bench.said(NoteKind::latched));
    }
    SECTION("others do not grow into what it leaves free") {
        bench.step(10s, {bench.rest(1, 2), bench.meter(8_kW), dispatch(10s, "d-1", 5_kW)});
        CHECK(bench.ordered(Rung::sleep) == 4);
        bench.step(11s, {bench.rest(2, 6), bench.meter(4_kW), dispatch(11s, "d-1", 6'500_W)});
        bench.step(12s, {bench.rest(2, 6), bench.meter(4_kW)});
        CHECK(bench.ordered(Rung::wake) == 0);
    }
    SECTION("when its time is over they come back, and the price stops them again") {
        bench.step(100s, {bench.rest(1, 2), bench.meter(8_kW)});
        bench.step(3601s, {bench.meter(8_kW)});
        CHECK(bench.said(NoteKind::maintenance_over));
        CHECK(bench.ordered(Rung::wake) == 2);
    }
    SECTION("it ends sooner if it is cleared, and a restart keeps it") {
        bench.step(100s, {bench.rest(1, 2), bench.meter(8_kW)});
        bench.restart();
        bench.step(200s, {bench.meter(8_kW), dispatch(200s, "d-1", 20_kW)});
        CHECK(bench.ordered(Rung::wake) == 0);
        REQUIRE(bench.engine().state().maintenance.size() == 2);
        bench.step(300s, {OperatorWord{Word::clear, "miners", "jo", "done"}});
        CHECK(bench.ordered(Rung::wake) == 2);
    }
}

TEST_CASE("a person's own limit meets the others, and ends by itself") {
    Bench bench{miners(10)};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW)});
    bench.step(1s, {OperatorWord{Word::override_, "site", "jo", "a hot transformer", 1800s, false, 6_kW}});
    CHECK(bench.ordered(Rung::sleep) == 5);
    REQUIRE(bench.decision().binding.size() == 1);
    CHECK(bench.decision().binding[0].why.reason == Reason::overridden);
    SECTION("a dispatch that is tighter binds, and overrules it by name") {
        bench.step(2s, {bench.rest(0, 5), bench.meter(5_kW), dispatch(2s, "d-1", 3_kW)});
        CHECK(bench.ordered(Rung::sleep) == 3);
        REQUIRE(bench.decision().overruled.size() == 2);
        CHECK(bench.decision().binding[bench.decision().overruled[0].by].why.reason == Reason::dispatched);
        CHECK(bench.decision().overruled[0].why.reason == Reason::overridden);
        CHECK(bench.decision().overruled[0].limit == 6_kW);
        CHECK(bench.decision().overruled[1].why.reason == Reason::contract_limit);
    }
    SECTION("over") {
        bench.step(2s, {bench.rest(0, 5), bench.meter(5_kW)});
        bench.step(1801s, {bench.meter(5_kW)});
        CHECK(bench.said(NoteKind::override_over));
        CHECK(bench.ordered(Rung::wake) == 5);
    }
}

TEST_CASE("a word to run whatever the price outweighs the price and nothing else") {
    Site site = miners(10);
    site.policies = {"strike", "obligations", "operator"};
    Bench bench{site, {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}}),
                       policies::dispatch({.policy = PolicyId{1}, .sources = {utility}, .margin_ppm = 0}),
                       policies::person_limits({.policy = PolicyId{2}, .source = by_person})}};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), OperatorWord{Word::override_, "miners", "jo", "heat is wanted", 3600s}});
    bench.step(1s, {price(1s, 200_per_MWh)});
    CHECK(bench.decision().orders.empty());
    bench.step(2s, {dispatch(2s, "d-1", 4_kW)});
    CHECK(bench.ordered(Rung::sleep) == 6);
    CHECK(bench.said(NoteKind::conflict));
    bench.step(3s, {bench.rest(0, 6), bench.meter(4_kW)});
    bench.step(4s, {released(4s, "d-1")});
    CHECK(bench.said(NoteKind::conflict_over));
    CHECK(bench.ordered(Rung::wake) == 6);
}

namespace {

/// Six miners behind two feeders, four beside them.
Site behind_two_feeders() {
    Site site = miners(10);
    site.feeders.resize(2);
    site.feeders[0].name = "outer";
    site.feeders[1].name = "inner";
    site.feeders[1].under = FeederId{0};
    Site::Group beside = site.groups[0];
    site.groups[0].loads = {0, 6};
    site.groups[0].feeder = FeederId{1};
    beside.name = "beside";
    beside.loads = {6, 10};
    site.groups.push_back(beside);
    return site;
}

}  // namespace

TEST_CASE("a feeder is cleared of its override, and of what was said of what hangs there, and nothing else is") {
    Bench bench{behind_two_feeders()};
    bench.step(0s, {bench.run(0, 10), bench.meter(10_kW)});
    OperatorWord most{Word::override_, "outer", "jo", "a hot joint", 3600s};
    most.limit = 3_kW;
    bench.step(1s, {most, OperatorWord{Word::lockout, "m-0", "jo", "a fan"}, OperatorWord{Word::lockout, "m-9", "jo", "a fan"}});
    REQUIRE(bench.engine().state().overrides.size() == 1);
    bench.step(2s, {OperatorWord{Word::clear, "outer", "jo", "mended"}});
    CHECK_FALSE(bench.said(NoteKind::word_refused));
    CHECK(bench.told(NoteKind::cleared, "outer"));
    CHECK(bench.engine().state().overrides.empty());
    const auto bars = [&](GroupId g) { return bench.engine().state().groups[index(g)].runs; };
    for (const Run& run : bars(GroupId{0})) CHECK(run.bars == 0);
    CHECK(bars(GroupId{1}).back().bars == locked_out);
}

TEST_CASE("a word to run whatever the price, for a feeder, reaches what hangs on feeders behind it") {
    Site site = behind_two_feeders();
    site.policies = {"strike", "obligations", "operator"};
    Bench bench{site, {policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}, GroupId{1}}}),
                       policies::person_limits({.policy = PolicyId{2}, .source = by_person})}};
    bench.step(0s, {bench.run(0, 10), bench.meter(10_kW), OperatorWord{Word::override_, GENERATE(as<std::string>{}, "outer", "inner"), "jo", "heat is wanted", 3600s}});
    bench.step(1s, {price(1s, 200_per_MWh)});
    REQUIRE(bench.decision().orders.size() == 1);
    CHECK(bench.decision().orders[0].loads == Range{6, 10});
}

TEST_CASE("in local nothing rises, and the site file says whether machines are still put to sleep") {
    const InLocal in_local = GENERATE(InLocal::observe, InLocal::shed_only);
    Site site = miners(10);
    site.sources.push_back({.name = "switch"});
    site.sources.back().in_local = in_local;
    Bench bench{site};
    const SourceId lever{static_cast<std::uint16_t>(site.sources.size() - 1)};
    const auto thrown = [&](Duration t, bool local) {
        Signal s{.source = lever, .kind = local ? SignalKind::local : SignalKind::release, .id = "switch"};
        s.issued = s.start = midnight + t;
        return s;
    };
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), dispatch(0s, "d-1", 8_kW)});
    REQUIRE(bench.ordered(Rung::sleep) == 3);
    bench.step(1s, {bench.rest(0, 3), bench.meter(7_kW)});
    bench.step(10s, {thrown(10s, true)});
    CHECK(bench.said(NoteKind::local));
    bench.restart();
    bench.step(20s, {released(20s, "d-1"), bench.meter(7_kW)});
    CHECK(bench.ordered(Rung::wake) == 0);
    bench.step(30s, {dispatch(30s, "d-2", 2_kW), bench.meter(7_kW)});
    CHECK(bench.ordered(Rung::sleep) == (in_local == InLocal::observe ? 0 : 6));
    if (in_local == InLocal::observe) {
        bench.step(70s, {bench.meter(7_kW)});
        REQUIRE(bench.decision().binding.size() == 1);
        CHECK(bench.decision().binding[0].shortfall == 5_kW);
    }
    bench.step(80s, {thrown(80s, false), bench.meter(7_kW)});
    CHECK(bench.said(NoteKind::local_over));
    bench.step(90s, {released(90s, "d-2"), bench.meter(7_kW)});
    CHECK(bench.ordered(Rung::wake) >= 3);
}
