#include "controller/crowded.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

#include <fmt/format.h>

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

namespace {

constexpr int most = most_obligations;

Signal until(Signal s, Duration end) {
    s.end = midnight + end;
    return s;
}

/// As many calls as are kept, of 60 kW and less, that is 59, 58, ...; each an hour long.
std::vector<Event> crowd() {
    std::vector<Event> all{Bench::meter(60_kW)};
    for (int i = 0; i < most; ++i) all.push_back(until(dispatch(1s, fmt::format("c-{}", i), Power{60'000 - 100 * i}), 1h));
    return all;
}

std::ptrdiff_t standing(const Bench& bench) { return std::ssize(bench.engine().state().obligations); }

const Obligation* called(const Bench& bench, const std::string& id) {
    for (const Obligation& o : bench.engine().state().obligations)
        if (o.signal.id == id) return &o;
    return nullptr;
}

/// The least that any of them allows then.
Power allowed(const Bench& bench, Duration t) {
    Power least = Power::max();
    for (const Obligation& o : bench.engine().state().obligations)
        if (o.begins <= at(t).steady && at(t).steady < o.ends) least = std::min(least, o.signal.ask == Ask::full ? Power{} : o.signal.power);
    return least;
}

}  // namespace

TEST_CASE("a stricter call takes the place of the mildest, and never of the strictest") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    REQUIRE(standing(bench) == most);
    Signal everything = until(dispatch(2s, "all", {}), 2h);
    everything.ask = Ask::full;
    bench.step(2s, {everything});
    CHECK(standing(bench) == most);
    CHECK(bench.told(NoteKind::calls_joined, "c-0"));
    CHECK(!called(bench, "c-0"));
    CHECK(called(bench, fmt::format("c-{}", most - 1)));
    REQUIRE(called(bench, "all"));
    CHECK(bench.ordered(Rung::sleep) > 0);
}

TEST_CASE("of a crowd with everything off among it, that is never the mildest") {
    Bench bench{miners(60)};
    std::vector<Event> heard = crowd();
    std::get<Signal>(heard[5]).ask = Ask::full;
    const std::string everything = std::get<Signal>(heard[5]).id;
    bench.step(1s, heard);
    bench.step(2s, {until(dispatch(2s, "long", 20_kW), 5h)});
    REQUIRE(called(bench, everything));
    CHECK(called(bench, everything)->ends == at(1h).steady);
    CHECK(called(bench, "long"));
    CHECK(!called(bench, "c-0"));
}

TEST_CASE("a call that stands for others is over when all of them are released, and loses nothing when it is said anew") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    bench.step(2s, {until(dispatch(2s, "short", 1_kW), 10min)});
    REQUIRE(called(bench, "short"));
    CHECK(called(bench, "short")->joined == std::vector<std::string>{"c-0"});
    bench.step(3s, {until(dispatch(3s, "short", 2_kW), 9min)});
    CHECK(called(bench, "short")->ends == at(1h).steady);
    bench.step(4s, {released(4s, "short")});
    REQUIRE(called(bench, "short"));  // c-0 was not.
    bench.restart();
    bench.step(5s, {released(5s, "c-0")});
    CHECK(!called(bench, "short"));
    bench.step(6s, {until(dispatch(1s, "c-0", 60_kW), 1h)});
    CHECK(!called(bench, "c-0"));  // An old word of it.
}

TEST_CASE("what another call asks already holds though that is released") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    bench.step(2s, {until(dispatch(2s, "mild", 59'900_W), 30min)});
    CHECK(bench.told(NoteKind::call_covered, "mild"));
    for (int i = 0; i < most; ++i) bench.step(3s, {released(3s, fmt::format("c-{}", i))});
    CHECK(standing(bench) == 1);
    CHECK(allowed(bench, 20min) <= 59'900_W);
    bench.step(4s, {released(4s, "mild")});
    CHECK(standing(bench) == 0);
}

TEST_CASE("a call that those standing ask all of is refused, and told") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    bench.step(2s, {until(dispatch(2s, "mild", 59_kW), 30min)});
    CHECK(bench.told(NoteKind::call_covered, "mild"));
    CHECK(standing(bench) == most);
    CHECK(called(bench, "c-0"));
}

TEST_CASE("of two that each ask something of their own becomes one that asks both") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    const Power before = allowed(bench, 50min);
    bench.step(2s, {until(dispatch(2s, "short", 1_kW), 10min)});  // Deeper than all, but over before any.
    REQUIRE(called(bench, "short"));
    CHECK(called(bench, "short")->ends == at(1h).steady);
    CHECK(allowed(bench, 50min) <= before);
    bench.step(3s, {until(dispatch(3s, "long", 100_kW), 5h)});  // Milder than all, but longer.
    CHECK(!called(bench, "long"));
    CHECK(bench.told(NoteKind::calls_joined, "long"));
    CHECK(allowed(bench, 4h) <= 100_kW);
    CHECK(standing(bench) == most);
}

TEST_CASE("ten thousand ids of a gateway gone mad are bounded, and whatever is asked at a time is held then") {
    Bench bench{miners(60)};
    std::vector<Event> heard{Bench::meter(60_kW)};
    struct Asked { Power limit; Duration from, to; };
    std::vector<Asked> asked;
    std::uint64_t dice = 79;
    const auto roll = [&](std::uint64_t n) { return (dice = dice * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u) >> 33 & 0x7fffffff ? static_cast<std::int64_t>((dice >> 33) % n) : 0; };
    for (int i = 0; i < 10'000; ++i) {
        const Asked a{Power{roll(60'000)}, std::chrono::minutes{1 + roll(300)}, std::chrono::minutes{302 + roll(300)}};
        Signal s = until(dispatch(1s, fmt::format("mad-{}", i), a.limit), a.to);
        s.start = midnight + a.from;
        heard.push_back(s);
        asked.push_back(a);
    }
    bench.step(1s, heard);
    CHECK(standing(bench) == most);
    for (Duration t = 1min; t < 610min; t += 1min) {
        Power least = Power::max();
        for (const Asked& a : asked)
            if (a.from <= t && t < a.to) least = std::min(least, a.limit);
        if (allowed(bench, t) > least) FAIL_CHECK("at " << t.count() << " ms " << allowed(bench, t).count << " W are allowed where " << least.count << " were asked");
    }
    bench.restart();
    CHECK(standing(bench) == most);
}

TEST_CASE("what makes no room for a source leaves others alone") {
    Bench bench{miners(60)};
    bench.step(1s, crowd());
    bench.step(2s, {emergency(2s, "e-1"), dispatch(2s, "x-1", 30_kW, market)});
    CHECK(called(bench, "e-1"));
    CHECK(called(bench, "x-1"));
    CHECK(standing(bench) == most + 2);
}
