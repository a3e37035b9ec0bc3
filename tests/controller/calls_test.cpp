#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/earlier_calls.hpp"
#include "policies/programme.hpp"
#include "tests/catch.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr SourceId utility{0};

Now at(Duration t) { return {midnight + t, Steady{1000h + t}}; }

/// Ten miners of 1 MW, under a contract that gives half an hour's ramp and two hours' notice, and ends any call after four hours.
Engine under_contract(Site::CallTerms terms) {
    Site site;
    site.meters = {{"poi", 5s, 900s}};
    site.meter = MeterId{0};
    site.sources = {{"utility", OnStale::hold}};
    site.sources[0].terms = terms;
    site.policies = {"programme"};
    for (int i = 0; i < 10; ++i) site.loads.push_back({"m-" + std::to_string(i), 1_MW, 30'000, 50_per_MWh});
    site.groups = {{.name = "miners", .driver = "luxos", .loads = {0, 10}, .tier = Tier::interruptible}};
    policies::Programme programme{.policy = PolicyId{0}, .sources = {utility}};
    programme.armed.when = policies::Armed::When::never;
    if (terms.replaces) programme.follow = 400_kW;
    return Engine{site, {policies::programme(programme)}, {}, at(0s)};
}

Signal call(SignalKind kind, Duration t, std::string id, Ask ask, Power power = {}) {
    Signal s{.source = utility, .kind = kind, .id = std::move(id)};
    s.issued = s.start = midnight + t;
    s.ask = ask;
    s.power = power;
    return s;
}

const Decision& step(Engine& engine, Duration t, std::vector<Event> heard) {
    heard.push_back(MeterReading{MeterId{0}, 10_MW, at(t).steady, Quality::measured});
    return engine.step(at(t), heard);
}

std::size_t lowered(const Decision& decision) {
    std::size_t n = 0;
    for (const Order& order : decision.orders) n += raises(order.rung) ? 0 : order.loads.size();
    return n;
}

/// The same site as a file describes it that has no policy for the utility's calls any more; without_source: nor its signal.
Engine after_an_edit(const Engine& before, Duration t, bool without_source = false) {
    Site site = before.site();
    site.sources[0].answered = false;
    site.sources.push_back({"operator"});
    site.sources.back().answered = false;
    if (without_source) site.sources.erase(site.sources.begin());
    site.policies = {"calls:earlier"};
    site.earlier_calls = PolicyId{0};
    return Engine{site, {policies::earlier_calls({.policy = PolicyId{0}})}, before.snapshot(at(t)), at(t)};
}

std::size_t told(const Decision& decision, NoteKind kind) { return static_cast<std::size_t>(std::ranges::count(decision.notes, kind, &Note::kind)); }

constexpr Site::CallTerms slow{.notice = 2h, .default_ramp = 30min, .at_most = 4h};

}  // namespace

TEST_CASE("a contract's notice, ramp and longest time soften its calls, and neither soften nor end an emergency") {
    Engine called = under_contract(slow);
    CHECK(lowered(step(called, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::absolute, 5_MW)})) <= 1);  // Half an hour of ramp has just begun.

    Engine engine = under_contract(slow);
    CHECK(lowered(step(engine, 1s, {call(SignalKind::emergency, 1s, "e-1", Ask::absolute, 5_MW)})) >= 5);
    // What the meter still shows is told after the time to prove it, not after two hours.
    const Decision& later = step(engine, 60s, {});
    REQUIRE(!later.binding.empty());
    CHECK(later.binding[0].shortfall > 0_W);
    CHECK(step(engine, 5h, {}).binding.size() == 1);
    CHECK(engine.state().obligations.size() == 1);
}

TEST_CASE("a call first heard of when its own time is past waits for no release") {
    Engine engine = under_contract({.until_release = true});
    Signal old = call(SignalKind::dispatch, -30 * 24h, "trip", Ask::full);
    old.end = old.start + 1h;
    CHECK(lowered(step(engine, 1s, {old})) == 0);
    CHECK(engine.state().obligations.empty());
    Signal now = call(SignalKind::dispatch, 2s, "trip-2", Ask::full);
    now.end = now.start + 1h;
    CHECK(lowered(step(engine, 2s, {now})) == 10);
    step(engine, 2h, {});
    CHECK(engine.state().obligations.size() == 1);  // Off until restored.
}

TEST_CASE("a reduction counts from all that was read where that is less than the window, and says so after its event is opened") {
    Engine engine = under_contract({});
    for (int s = 0; s < 20; ++s) engine.step(at(std::chrono::seconds{s}), std::vector<Event>{MeterReading{MeterId{0}, 10_MW, at(std::chrono::seconds{s}).steady, Quality::measured}});
    engine.step(at(20s), std::vector<Event>{MeterReading{MeterId{0}, 5_MW, at(20s).steady, Quality::measured}});
    const Decision& decision = engine.step(at(21s), std::vector<Event>{call(SignalKind::dispatch, 21s, "r-1", Ask::relative, 1_MW)});
    REQUIRE(engine.state().obligations.size() == 1);
    CHECK(engine.state().obligations[0].reference.count / 1'000 == 9'761);  // 20 s of 10 MW, one of 5.
    CHECK(engine.state().obligations[0].estimated);
    std::vector<NoteKind> told;
    for (const Note& note : decision.notes)
        if (note.kind == NoteKind::event_opened || note.kind == NoteKind::signal_without_reference) told.push_back(note.kind);
    CHECK(told == std::vector{NoteKind::event_opened, NoteKind::signal_without_reference});
}

TEST_CASE("a base point ends the one before it, and no full curtailment") {
    Engine engine = under_contract({.replaces = true});
    step(engine, 1s, {call(SignalKind::dispatch, 1s, "p-1", Ask::absolute, 9_MW)});
    step(engine, 2s, {call(SignalKind::dispatch, 2s, "off", Ask::full)});
    step(engine, 3s, {call(SignalKind::dispatch, 3s, "p-2", Ask::absolute, 8_MW)});
    std::vector<std::string> standing;
    for (const Obligation& o : engine.state().obligations) standing.push_back(o.signal.id);
    CHECK(standing == std::vector<std::string>{"off", "p-2"});
}

TEST_CASE("what was called holds though the site file has its policy, or its signal, no more") {
    for (const bool without_source : {false, true}) {
        Engine before = under_contract({});
        step(before, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::full)});
        Engine after = after_an_edit(before, 2s, without_source);
        const Decision first = step(after, 2s, {});
        CHECK(told(first, NoteKind::orphaned) == 1);
        REQUIRE(first.binding.size() == 1);
        CHECK(first.binding[0].why.policy == after.site().earlier_calls);
        for (int s = 3; s < 600; s += 30) {
            const Decision& decision = step(after, std::chrono::seconds{s}, {});
            CHECK(decision.binding.size() == 1);
            CHECK(std::ranges::none_of(decision.orders, [](const Order& order) { return raises(order.rung); }));
            CHECK(told(decision, NoteKind::orphaned) == 0);  // Once.
        }
        Engine again{after.site(), {policies::earlier_calls({.policy = PolicyId{0}})}, after.snapshot(at(700s)), at(700s)};
        CHECK(step(again, 700s, {}).binding.size() == 1);
        // A person ends it, and puts nothing out of force that holds what else was called before.
        step(after, 701s, {OperatorWord{Word::abort, "c-1", "jo", "the utility says it is over"}});
        CHECK(after.state().obligations.empty());
        CHECK(after.state().disarmed.empty());
    }
}

TEST_CASE("an emergency nobody's policy answers moves nothing and is told, and is no orphan later") {
    Engine engine = after_an_edit(under_contract({}), 1s);
    const Decision heard = step(engine, 2s, {call(SignalKind::emergency, 2s, "e-1", Ask::full)});
    CHECK(told(heard, NoteKind::unanswered) == 1);
    CHECK(lowered(heard) == 0);
    Engine renewed = after_an_edit(engine, 3s, true);  // Its signal is gone as well: nothing of it is left.
    CHECK(lowered(step(renewed, 4s, {})) == 0);
    CHECK(renewed.state().obligations.empty());
}

TEST_CASE("a call is obeyed by the policy that a later site file has for it") {
    Engine before = under_contract({});
    step(before, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::full)});
    Engine between = after_an_edit(before, 2s);
    step(between, 2s, {});
    Site site = between.site();
    site.sources[0].answered = true;
    site.policies = {"obligations"};
    site.earlier_calls.reset();
    Engine last{site, {policies::dispatch({.policy = PolicyId{0}, .sources = {utility}})}, between.snapshot(at(3s)), at(3s)};
    CHECK(step(last, 3s, {}).binding.size() == 1);
    CHECK(last.state().obligations[0].held.empty());
}

TEST_CASE("a call whose signal is put back is its source's again, which ends it") {
    Engine before = under_contract({});
    step(before, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::full)});
    Engine between = after_an_edit(before, 2s, true);
    step(between, 2s, {});
    Engine last{before.site(), {policies::dispatch({.policy = PolicyId{0}, .sources = {utility}})}, between.snapshot(at(3s)), at(3s)};
    CHECK(step(last, 3s, {}).binding.size() == 1);
    step(last, 4s, {call(SignalKind::dispatch, 1s, "c-1", Ask::full)});
    CHECK(last.state().obligations.size() == 1);  // The same one, doubled.
    step(last, 5s, {call(SignalKind::release, 5s, "c-1", Ask::full)});
    CHECK(last.state().obligations.empty());
}

TEST_CASE("what a policy asked of a part of the site, or below what the call itself says, holds there and so deep") {
    Engine plain = under_contract({});
    Site site = plain.site();
    site.feeders.push_back({"north"});
    site.groups.back().feeder = FeederId{0};
    policies::Programme terms{.policy = PolicyId{0}, .sources = {utility}, .scope = Scope::feeder(FeederId{0})};
    terms.ceiling = policies::Amount{policies::Amount::Of::watts, 3_MW, 0};
    Engine before{site, {policies::programme(terms)}, {}, at(0s)};
    step(before, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::absolute, 6_MW)});
    Engine after = after_an_edit(before, 2s);
    const Decision held = step(after, 2s, {});
    REQUIRE(held.binding.size() == 1);
    CHECK(held.binding[0].scope == Scope::feeder(FeederId{0}));
    CHECK(held.binding[0].limit == 3_MW);
    // A policy for the whole site that asks less of it does not relieve the feeder.
    Site wide = site;
    wide.policies = {"calls:earlier", "obligations"};
    wide.earlier_calls = PolicyId{0};
    Engine other{wide, {policies::earlier_calls({.policy = PolicyId{0}}), policies::dispatch({.policy = PolicyId{1}, .sources = {utility}})}, before.snapshot(at(3s)), at(3s)};
    CHECK(step(other, 3s, {}).binding.size() == 2);
    CHECK(other.state().obligations[0].held.size() == 1);
}

TEST_CASE("what a person has put out of force is held by no edit, and what has not begun holds from when it does") {
    Engine before = under_contract({});
    step(before, 1s, {call(SignalKind::dispatch, 1s, "c-1", Ask::full)});
    step(before, 2s, {OperatorWord{Word::abort, "programme", "jo", "a test"}});
    step(before, 3s, {call(SignalKind::dispatch, 3s, "c-2", Ask::full)});
    CHECK(step(before, 4s, {}).binding.empty());
    Engine after = after_an_edit(before, 5s);
    CHECK(step(after, 5s, {}).binding.empty());

    Engine ahead = under_contract({});
    Signal later = call(SignalKind::dispatch, 1s, "c-3", Ask::absolute, 4_MW);
    later.start = at(100s).utc;
    step(ahead, 1s, {later});
    Engine edited = after_an_edit(ahead, 2s);
    CHECK(step(edited, 50s, {}).binding.empty());
    const Decision begun = step(edited, 100s, {});
    REQUIRE(begun.binding.size() == 1);
    CHECK(begun.binding[0].limit == 4_MW);
    Engine unedited{ahead.site(), {policies::dispatch({.policy = PolicyId{0}, .sources = {utility}})}, ahead.snapshot(at(2s)), at(60s)};
    CHECK(unedited.state().obligations[0].held.empty());
}
