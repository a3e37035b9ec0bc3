#include "controller/engine.hpp"
#include "controller/shed_receipt.hpp"
#include "policies/dispatch.hpp"
#include "tests/catch.hpp"
#include "tests/controller/any_records.hpp"

#include <algorithm>
#include <set>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

Now at(Duration t) { return {midnight + t, Steady{t}}; }

/// A firm hall and twenty miners of 100 kW, metered together.
Site hall_and_miners() {
    Site site;
    site.name = "small";
    site.meters = {{"poi", 5s, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"operator", OnStale::hold, 0ms, 5s}, {"utility", OnStale::hold, 0ms, 5s}};
    site.policies = {"obligations"};
    site.overhead = 100_kW;
    site.tries = 2;
    for (Site::Source& source : site.sources) source.reference_window = 40s;
    site.loads.push_back({"hall", 9_MW, 0, Price::max()});
    for (int i = 0; i < 20; ++i) site.loads.push_back({"m-" + std::to_string(i), 100_kW, 30'000, Price::max()});
    Site::Group hall{.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm};
    hall.reserve = 1_MW;
    Site::Group miners{.name = "miners", .driver = "luxos", .loads = {1, 21}, .tier = Tier::interruptible};
    miners.off_within = 10s;
    site.groups = {hall, miners};
    return site;
}

/// Miners acknowledge after 100 ms and fall one second later; the deaf never answer.
struct Bench {
    Engine engine{hall_and_miners(), {policies::dispatch({.policy = PolicyId{0}, .sources = {SourceId{0}, SourceId{1}}})}, {}, at(0s)};
    ReceiptBuilder builder;
    Power hall = 1_MW;
    std::set<Slot> deaf, lying;
    bool silent = false;   ///< The meter is.
    std::vector<std::pair<Duration, Order>> sent;
    std::vector<bool> on = std::vector<bool>(21, true);

    Bench() { builder.begin_epoch(engine.site(), at(0s)); }

    Power meter() const { return hall + 100_kW + Power{100'000 * (std::count(on.begin() + 1, on.end(), true) + lies())}; }
    /// They say that they rest, and draw what they drew.
    std::ptrdiff_t lies() const { return std::ranges::count_if(lying, [&](Slot s) { return !on[s]; }); }

    void run(Duration t, std::vector<Event> heard = {}) {
        const Now now = at(t);
        for (const auto& [when, order] : sent)
            for (Slot s = order.loads.first; s < order.loads.last; ++s) {
                if (deaf.contains(s)) continue;
                if (when + 200ms == t) heard.push_back(Receipt{order.id, {s, s + 1}, Fate::accepted, now.steady - 100ms});
                if (when + 1200ms == t) on[s] = raises(order.rung);
            }
        if (!silent) heard.push_back(MeterReading{MeterId{0}, meter(), now.steady, Quality::measured});
        heard.push_back(LoadReading{{0, 1}, Mode::running, Quality::measured, hall, now.steady});
        for (Slot s = 1; s < 21; ++s)
            if (!deaf.contains(s) || t < 1s) heard.push_back(LoadReading{{s, s + 1}, on[s] ? Mode::running : Mode::asleep, Quality::measured, on[s] ? 100_kW : 0_W, now.steady});
        const Decision& decision = engine.step(now, heard);
        builder.step(now, heard, decision);
        for (const Order& order : decision.orders) sent.emplace_back(t, order);
    }
    void until(Duration from, Duration to) {
        for (Duration t = from; t < to; t += 200ms) run(t);
    }
};

Signal dispatch(Duration issued, Power limit) {
    Signal signal{.source = SourceId{1}, .kind = SignalKind::dispatch, .id = "d-1"};
    signal.issued = signal.start = midnight + issued;
    signal.end = signal.start + 10min;
    signal.ask = Ask::absolute;
    signal.power = limit;
    return signal;
}

}  // namespace

namespace Catch {
template <>
struct StringMaker<ballast::Power> {
    static std::string convert(ballast::Power p) { return std::to_string(p.count) + " W"; }
};
}  // namespace Catch

TEST_CASE("a receipt says that its reference is an estimate, whatever was asked") {
    for (const Ask ask : {Ask::absolute, Ask::full, Ask::relative}) {
        Bench bench;
        Signal early = dispatch(0s, 2'120_kW);
        early.ask = ask;
        bench.run(0s, {early});  // The meter has shown nothing before.
        CHECK(bench.builder.receipt("d-1")->reference_estimated);
    }
    Bench bench;
    bench.until(0s, 960s);
    bench.run(960s, {dispatch(960s, 2'120_kW)});
    CHECK(!bench.builder.receipt("d-1")->reference_estimated);
}

TEST_CASE("a receipt says what was asked, when it was passed on, and what the meter showed") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(59s, 2'120_kW)});
    bench.until(60s + 200ms, 120s);

    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->policy == "obligations");
    CHECK(receipt->source == "utility");
    CHECK(receipt->cause == Cause::dispatch);
    CHECK(receipt->reference == 3'100_kW);
    CHECK(receipt->issue_to_heard == Duration{1s});
    CHECK(receipt->heard.utc == midnight + 60s);
    CHECK(receipt->first_command == midnight + 60s);
    CHECK(receipt->first_acknowledgement == midnight + 60s + 100ms);
    CHECK(receipt->ordered == 11);
    CHECK(receipt->acknowledged == 11);
    CHECK(receipt->obeyed == 11);
    CHECK(receipt->ordered_rated == 1'100_kW);
    REQUIRE(receipt->groups.size() == 1);
    CHECK(receipt->groups[0].group == "miners");
    CHECK(receipt->groups[0].ordered == 11);
    CHECK(receipt->groups[0].obeyed == 11);
    CHECK(receipt->groups[0].half_within == Duration{1'200});
    CHECK(receipt->groups[0].most_within == Duration{1'200});
    CHECK(receipt->groups[0].residual == 0_W);
    CHECK(receipt->moments[0].meter == 3'100_kW);
    CHECK(receipt->moments[1].meter == 2'000_kW);
    CHECK(receipt->moments[3].meter == 2'000_kW);
    CHECK(receipt->moments[3].shed() == 1'100_kW);
    CHECK(receipt->limit == 2'120_kW);
    CHECK(receipt->undelivered == 980_kW * Duration{1'200});  // Above the limit until the miners fell.
    CHECK(receipt->misses.empty());
    CHECK(!receipt->closed);
    REQUIRE(receipt->five_minutes.size() == 1);
    CHECK(receipt->five_minutes[0].start == midnight);
    CHECK(receipt->five_minutes[0].measured > 119s);  // Whole: a minute of it was before the event.
    CHECK(receipt->five_minutes[0].mean > 2'500_kW);
    CHECK(receipt->five_minutes[0].missing < 1s);
}

TEST_CASE("a settlement interval is counted to its end, though the event is over, and says what is missing") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 120s);
    Signal release = dispatch(120s, 0_W);
    release.kind = SignalKind::release;
    bench.run(120s, {release});
    bench.until(120s + 200ms, 200s);
    bench.until(230s, 700s);  // The meter is silent for half a minute; 5 s of it its last value still stood.
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt->five_minutes.size() == 1);
    CHECK(receipt->five_minutes[0].measured + receipt->five_minutes[0].missing == Duration{5min});
    CHECK(receipt->five_minutes[0].missing > 24s);
    CHECK(receipt->five_minutes[0].missing < 27s);
    REQUIRE(receipt->fifteen_minutes.size() == 1);
    CHECK(receipt->fifteen_minutes[0].measured > 11min);
}

TEST_CASE("an absolute limit takes no credit for what fell before it, a reduction counts from the mean") {
    const auto ask = GENERATE(Ask::absolute, Ask::relative);
    Bench bench;
    bench.until(0s, 50s);
    bench.hall = 500_kW;  // Half a megawatt less, ten seconds before the signal.
    bench.until(50s, 60s);
    Signal signal = dispatch(60s, ask == Ask::absolute ? 1'620_kW : 1_MW);
    signal.ask = ask;
    bench.run(60s, {signal});
    bench.until(60s + 200ms, 100s);
    const auto receipt = bench.builder.receipt("d-1");
    CHECK(receipt->mean_before > 2'900_kW);
    CHECK(receipt->reference == (ask == Ask::absolute ? 2'600_kW : receipt->mean_before));
    CHECK(receipt->moments[3].shed() == receipt->reference - *receipt->moments[3].meter);
}

TEST_CASE("a second event names the loads it counted on, though another had ordered them off") {
    Bench bench;
    bench.deaf = {Slot{1}, Slot{2}};
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 1_MW)});  // All must go.
    bench.until(60s + 200ms, 64s);
    Signal second = dispatch(64s, 900_kW);
    second.id = "d-2";
    bench.run(64s, {second});
    bench.until(64s + 200ms, 130s);
    Signal third = dispatch(130s, 800_kW);
    third.id = "d-3";
    bench.run(130s, {third});
    bench.until(130s + 200ms, 131s);
    for (const char* name : {"d-2", "d-3"}) {
        CAPTURE(name);
        const auto receipt = bench.builder.receipt(name);
        REQUIRE(receipt.has_value());
        CHECK(receipt->ordered == 0);
        CHECK(receipt->worst_shortfall > 0_W);
        REQUIRE(receipt->misses.size() == 2);
        CHECK(receipt->misses[0].load == "m-0");
        CHECK(receipt->misses[0].ordered_by == "d-1");
    }
    CHECK(bench.builder.receipt("d-1")->misses[0].ordered_by.empty());
}

TEST_CASE("a hall that grows while the miners shed does not hide what they shed") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 64s);
    bench.hall = 1'100_kW;
    bench.until(64s, 100s);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->moments[1].firm_change == 100_kW);
    CHECK(receipt->moments[1].meter == 2'100_kW);
    CHECK(receipt->moments[1].shed() == 1'100_kW);
    CHECK(receipt->moments[3].residual_change == 0_W);
}

TEST_CASE("what machines that say they rest go on drawing is not counted as shed") {
    Bench bench;
    bench.lying = {Slot{1}, Slot{2}};
    bench.until(0s, 60s);
    Signal everything = dispatch(60s, 0_W);
    everything.ask = Ask::full;
    bench.run(60s, {everything});
    bench.until(60s + 200ms, 100s);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->obeyed == 20);
    for (const ShedReceipt::Moment& m : receipt->moments) CHECK(m.shed() <= 1'800_kW);
    CHECK(receipt->moments[3].shed() == 1'800_kW);
    CHECK(receipt->moments[3].residual_change == 200_kW);

    // Nor does it become what is always drawn, so that nothing were missing after a while.
    bench.until(100s, 500s);
    CHECK(bench.engine.state().residual_mw[0] == 100'000'000);
    CHECK(bench.builder.receipt("d-1")->worst_shortfall >= 150_kW);
}

TEST_CASE("a reading proves nothing of later moments, once it is too old") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 63s);
    bench.silent = true;
    bench.until(63s, 100s);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->moments[0].meter.has_value());
    CHECK(receipt->moments[1].meter.has_value());  // 5 s: the last one is two seconds old, and good for five.
    CHECK(!receipt->moments[2].meter);
    CHECK(!receipt->moments[2].shed());
    CHECK(!receipt->moments[3].shed());
    CHECK(receipt->unmeasured >= 30s);
}

TEST_CASE("while Ballast was not there nothing was measured, and the receipt says so") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 64s);
    bench.builder.begin_epoch(bench.engine.site(), at(89s), true);
    bench.until(89s, 120s);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    REQUIRE(receipt->unrecorded.size() == 1);
    CHECK(receipt->unrecorded[0].steps == 0);
    CHECK(receipt->unrecorded[0].from == at(63s + 800ms).utc);
    CHECK(receipt->unrecorded[0].to == at(89s).utc);
    CHECK(receipt->moments[1].meter == std::nullopt);  // 5 s fell into it,
    CHECK(receipt->moments[2].meter == std::nullopt);  // 15 s too;
    CHECK(receipt->moments[3].meter.has_value());      // 30 s did not.
    CHECK(receipt->unmeasured >= 25s);
    CHECK(receipt->unmeasured <= 26s);
}

TEST_CASE("a call that passed while Ballast was not there is no call that nobody had to answer") {
    Bench bench;
    bench.until(0s, 60s);
    Signal soon = dispatch(60s, 2'120_kW);
    soon.start = at(70s).utc;
    soon.end = at(80s).utc;
    bench.run(60s, {soon});
    bench.until(60s + 200ms, 62s);
    bench.engine = Engine{bench.engine.site(), {policies::dispatch({.policy = PolicyId{0}, .sources = {SourceId{0}, SourceId{1}}})}, bench.engine.snapshot(at(62s)), at(100s)};
    bench.engine.renew(bench.engine.snapshot_for_epoch(at(100s)), at(100s));  // As the loop does.
    bench.builder.begin_epoch(bench.engine.site(), at(100s), true);
    const Decision& decision = bench.engine.step(at(101s), {});
    CHECK(std::ranges::count(decision.notes, NoteKind::began_unanswered, &Note::kind) == 1);
    bench.builder.step(at(101s), {}, decision);
    CHECK(std::ranges::count(bench.engine.step(at(102s), {}).notes, NoteKind::began_unanswered, &Note::kind) == 0);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->closed.has_value());
    CHECK(receipt->cause == Cause::dispatch);
    CHECK(receipt->reason == Reason::dispatched);
    CHECK(receipt->ordered == 0);
    CHECK(receipt->unmeasured == 10s);
    CHECK(receipt->unrecorded.size() == 1);
}

TEST_CASE("machines that do not answer are named with their cause, and others make room") {
    Bench bench;
    bench.deaf = {Slot{1}, Slot{2}};
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 110s);
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    REQUIRE(receipt->misses.size() == 2);
    CHECK(receipt->misses[0].load == "m-0");
    CHECK(receipt->misses[1].load == "m-1");
    CHECK(receipt->misses[0].given_up);
    CHECK(receipt->ordered == 13);
    REQUIRE(receipt->groups.size() == 1);
    CHECK(receipt->groups[0].ordered == 13);
    CHECK(receipt->groups[0].obeyed == 11);
    CHECK(receipt->groups[0].half_within == Duration{1'200});
    CHECK(!receipt->groups[0].most_within);
    CHECK(receipt->acknowledged == 11);
    CHECK(receipt->obeyed == 11);
    CHECK(!receipt->moments[0].residual_change);  // Two ordered machines have not said what they draw.
}

TEST_CASE("a receipt closes with its event and counts nothing after") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 70s);
    Signal release = dispatch(70s, 0_W);
    release.kind = SignalKind::release;
    bench.run(70s, {release});
    REQUIRE(bench.builder.just_closed().size() == 1);
    const auto receipt = bench.builder.receipt(bench.builder.just_closed()[0]);
    REQUIRE(receipt.has_value());
    CHECK(receipt->closed == at(70s));
    bench.hall = 8_MW;
    bench.until(70s + 200ms, 90s);
    CHECK(bench.builder.just_closed().empty());
    CHECK(bench.builder.receipt("d-1")->undelivered == receipt->undelivered);
}

TEST_CASE("an event goes on over a restart, another boot and another order of the loads") {
    Bench bench;
    bench.until(0s, 60s);
    bench.run(60s, {dispatch(60s, 2'120_kW)});
    bench.until(60s + 200ms, 62s);
    Site other = bench.engine.site();
    std::swap(other.loads[1], other.loads[20]);
    const Now rebooted{midnight + 70s, Steady{3s}};
    bench.builder.begin_epoch(other, rebooted);
    const std::vector<Event> heard{MeterReading{MeterId{0}, 2_MW, rebooted.steady, Quality::measured},
                                   LoadReading{{20, 21}, Mode::asleep, Quality::measured, 0_W, rebooted.steady}};
    DecisionRecord nothing;
    bench.builder.step(rebooted, heard, nothing.view());
    const auto receipt = bench.builder.receipt("d-1");
    REQUIRE(receipt.has_value());
    CHECK(receipt->moments[1].meter == 2_MW);
    CHECK(receipt->moments[2].meter == std::nullopt);  // Not yet 15 s.
    CHECK(receipt->ordered == 11);
    const Now after_15s{midnight + 76s, Steady{9s}};
    bench.builder.step(after_15s, {}, nothing.view());
    CHECK(bench.builder.receipt("d-1")->moments[2].meter == 2_MW);
}

TEST_CASE("how old a reading was at its moment is known over another boot, whichever way its clock stands") {
    for (const Duration uptime : {Duration{3s}, Duration{1'000h}}) {
        Bench bench;
        bench.until(0s, 60s);
        bench.run(60s, {dispatch(60s, 2'120_kW)});
        bench.until(60s + 200ms, 62s);
        bench.silent = true;
        bench.until(62s, 95s);
        const Now rebooted{midnight + 300s, Steady{uptime}};
        bench.builder.begin_epoch(bench.engine.site(), rebooted);
        DecisionRecord nothing;
        bench.builder.step({rebooted.utc + 1s, rebooted.steady + 1s}, {}, nothing.view());
        const auto receipt = bench.builder.receipt("d-1");
        REQUIRE(receipt.has_value());
        CHECK(receipt->moments[1].meter.has_value());
        CHECK(!receipt->moments[2].meter);
        CHECK(!receipt->moments[3].meter);
    }
}

TEST_CASE("whatever is heard and decided, a receipt is made without harm") {
    const auto seed = GENERATE(range(1u, 30u));
    CAPTURE(seed);
    testing::AnyRecords any{seed};
    ReceiptBuilder builder;
    builder.begin_epoch(hall_and_miners(), at(0s));
    for (int i = 0; i < 60; ++i) {
        std::vector<Event> heard = any.events();
        for (Event& e : heard)  // The engine's own times are sound; what a driver stamps is not in the future.
            if (auto* r = std::get_if<LoadReading>(&e)) r->taken = at(Duration{i * 1s}).steady;
            else if (auto* m = std::get_if<MeterReading>(&e)) m->taken = at(Duration{i * 1s}).steady;
            else if (auto* a = std::get_if<Receipt>(&e)) a->at = at(Duration{i * 1s}).steady;
        const DecisionRecord decision = any.decision();
        builder.step(at(i * 1s), heard, decision.view());
    }
    for (const EventId event : builder.events()) CHECK(builder.receipt(event).has_value());
}
