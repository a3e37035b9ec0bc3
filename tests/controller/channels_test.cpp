// One source on two channels: the safest wins down, agreement is needed up.
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

constexpr SourceId primary = utility, secondary{3};

/// Utility on two brokers; each may be silent for two minutes.
Bench two_channels(OnStale on_stale = OnStale::hold) {
    Site site = miners(10);
    site.sources.push_back({"utility-2", OnStale::hold});
    site.sources[3].same_as = primary;
    for (const SourceId channel : {primary, secondary}) site.sources[index(channel)].stale_after = 120s;
    site.sources[1].on_stale = on_stale;
    Bench bench{site};
    bench.step(0s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), Heartbeat{primary}, Heartbeat{secondary}});
    return bench;
}

}  // namespace

TEST_CASE("a dispatch binds as soon as one channel brings it, and counts once") {
    Bench bench = two_channels();
    const SourceId first = GENERATE(primary, secondary);
    const SourceId then = first == primary ? secondary : primary;
    bench.step(1s, {dispatch(1s, "d-1", 4_kW, first)});
    CHECK(bench.ordered(Rung::sleep) == 7);
    bench.step(2s, {bench.rest(0, 7), bench.meter(3_kW), dispatch(1s, "d-1", 4_kW, then)});
    CHECK(bench.said(NoteKind::signal_duplicate));
    CHECK_FALSE(bench.said(NoteKind::event_opened));
    CHECK(bench.engine().state().obligations.size() == 1);

    SECTION("a release counts when both have said it") {
        bench.step(100s, {released(100s, "d-1", first), bench.meter(3_kW)});
        CHECK(bench.ordered(Rung::wake) == 0);
        bench.step(110s, {released(100s, "d-1", then)});
        CHECK(bench.said(NoteKind::event_closed));
        CHECK(bench.ordered(Rung::wake) == 7);
    }
    SECTION("while they differ it stays down, and after a minute both are named") {
        bench.step(100s, {released(100s, "d-1", first), Heartbeat{then}, bench.meter(3_kW)});
        CHECK(bench.decision().wake <= at(160s).steady);
        bench.step(160s, {Heartbeat{first}, Heartbeat{then}, bench.meter(3_kW)});
        CHECK(bench.text_of(NoteKind::channels_disagree).find("utility-2") != std::string::npos);
        CHECK(bench.text_of(NoteKind::channels_disagree).find("has released it") != std::string::npos);
        bench.restart();
        bench.step(220s, {Heartbeat{first}, Heartbeat{then}, bench.meter(3_kW)});
        CHECK_FALSE(bench.said(NoteKind::channels_disagree));
        CHECK(bench.ordered(Rung::wake) == 0);
        SECTION("a person may end it") {
            bench.step(230s, {OperatorWord{Word::abort, "d-1", "jo", "confirmed by telephone"}});
            CHECK(bench.ordered(Rung::wake) == 7);
        }
        SECTION("said again on the channel that had released it, it is the same again") {
            bench.step(230s, {dispatch(230s, "d-1", 2_kW, first), bench.meter(3_kW)});
            CHECK(bench.ordered(Rung::sleep) == 2);
        }
    }
    SECTION("a higher limit needs both, a lower one binds at once") {
        bench.step(10s, {dispatch(10s, "d-1", 6_kW, first), bench.meter(3_kW)});
        CHECK(bench.ordered(Rung::wake) == 0);
        bench.step(20s, {dispatch(10s, "d-1", 6_kW, then), bench.meter(3_kW)});
        CHECK(bench.ordered(Rung::wake) > 0);
        bench.step(30s, {dispatch(30s, "d-1", 1_kW, then)});
        CHECK(bench.ordered(Rung::sleep) > 0);
    }
    SECTION("a channel's release said again, or late, or before its dispatch, changes nothing") {
        bench.step(100s, {released(100s, "d-1", first)});
        bench.step(101s, {released(100s, "d-1", first), released(50s, "d-1", first), dispatch(1s, "d-1", 4_kW, first)});
        CHECK(bench.engine().state().obligations.size() == 1);
        CHECK(bench.ordered(Rung::wake) == 0);
    }
}

TEST_CASE("one silent channel is told, and the other carries on alone") {
    Bench bench = two_channels();
    bench.step(1s, {dispatch(1s, "d-1", 4_kW, primary), dispatch(1s, "d-1", 4_kW, secondary)});
    bench.step(2s, {bench.rest(0, 7), bench.meter(3_kW)});
    SECTION("its word of release is enough once the other is silent") {
        bench.step(121s, {Heartbeat{secondary}, bench.meter(3_kW)});
        CHECK(bench.said(NoteKind::channel_silent));
        CHECK_FALSE(bench.said(NoteKind::source_stale));
        CHECK_FALSE(bench.engine().state().sources[index(primary)].stale);
        bench.step(130s, {released(130s, "d-1", secondary)});
        CHECK(bench.ordered(Rung::wake) == 7);
        bench.step(140s, {Heartbeat{primary}});
        CHECK(bench.said(NoteKind::channel_back));
    }
    SECTION("but its falling silent raises nothing") {
        bench.step(100s, {released(100s, "d-1", secondary), bench.meter(3_kW)});
        bench.step(121s, {Heartbeat{secondary}, bench.meter(3_kW)});
        CHECK(bench.said(NoteKind::channel_silent));
        CHECK(bench.ordered(Rung::wake) == 0);
        CHECK(bench.engine().state().obligations.size() == 1);
    }
}

TEST_CASE("a source is silent when all its channels are") {
    Bench bench = two_channels(OnStale::shed);
    bench.step(100s, {Heartbeat{secondary}, bench.meter(10_kW)});
    bench.step(120s, {bench.meter(10_kW)});
    CHECK(bench.said(NoteKind::channel_silent));
    CHECK(bench.decision().orders.empty());
    bench.step(220s, {bench.meter(10_kW)});
    CHECK(bench.said(NoteKind::source_stale));
    CHECK(bench.ordered(Rung::sleep) == 10);
    bench.step(230s, {Heartbeat{secondary}, bench.rest(0, 10), bench.meter(0_W)});
    CHECK(bench.said(NoteKind::source_back));
    CHECK(bench.ordered(Rung::wake) == 10);
}

TEST_CASE("the contact and the message are one source: each has to let go of what it asked") {
    Bench bench = two_channels();
    Signal contact = emergency(1s, "contact", secondary);
    contact.kind = SignalKind::dispatch;
    bench.step(1s, {contact, dispatch(1s, "d-17", 4_kW, primary)});
    CHECK(bench.ordered(Rung::sleep) == 10);
    bench.step(2s, {bench.rest(0, 10), bench.meter(0_W)});
    bench.step(3s, {released(3s, "contact", secondary), bench.meter(0_W)});
    CHECK(bench.ordered(Rung::wake) == 3);
    bench.step(4s, {released(4s, "d-17", primary), bench.meter(0_W)});
    CHECK(bench.ordered(Rung::wake) == 7);
}

TEST_CASE("a release heard before anybody heard the call is its channel's word, and only its") {
    Bench bench = two_channels();
    const SourceId first = GENERATE(primary, secondary);
    const SourceId then = first == primary ? secondary : primary;
    bench.step(1s, {released(1s, "d-1", first)});
    SECTION("the other's call holds until that releases it too") {
        bench.step(2s, {dispatch(1s, "d-1", 4_kW, then), bench.meter(10_kW)});
        CHECK(bench.said(NoteKind::event_opened));
        CHECK(bench.ordered(Rung::sleep) == 7);
        bench.step(3s, {bench.rest(0, 7), bench.meter(3_kW), dispatch(1s, "d-1", 4_kW, first)});  // Late: it took that back.
        CHECK(bench.engine().state().obligations.size() == 1);
        bench.step(70s, {released(70s, "d-1", then), bench.meter(3_kW)});
        CHECK(bench.said(NoteKind::event_closed));
        CHECK(bench.ordered(Rung::wake) == 7);
    }
    SECTION("the same after a restart") {
        bench.restart();
        bench.step(2s, {dispatch(1s, "d-1", 4_kW, then), bench.meter(10_kW)});
        REQUIRE(bench.engine().state().obligations.size() == 1);
        CHECK(bench.engine().state().obligations[0].words.size() == 2);
    }
    SECTION("what both have released opens nothing on either") {
        bench.step(2s, {released(1s, "d-1", then)});
        for (const SourceId late : {first, then}) {
            bench.step(3s, {dispatch(1s, "d-1", 4_kW, late), bench.meter(10_kW)});
            CHECK(bench.said(NoteKind::signal_after_release));
            CHECK(bench.engine().state().obligations.empty());
            CHECK(bench.decision().orders.empty());
        }
    }
    SECTION("a newer call of that name is no longer the one released") {
        bench.step(5s, {dispatch(5s, "d-1", 4_kW, first), bench.meter(10_kW)});
        CHECK(bench.ordered(Rung::sleep) == 7);
        bench.step(10s, {bench.rest(0, 7), bench.meter(3_kW), released(10s, "d-1", first)});
        CHECK(bench.ordered(Rung::wake) == 7);  // The other never spoke of it.
    }
}
