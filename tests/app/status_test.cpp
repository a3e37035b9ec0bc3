#include "app/status.hpp"
#include "policies/price_strike.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

namespace ballast {
namespace {

Site miners() {
    Site site;
    site.sources = {{.name = "rtu-limit"}};
    for (int i = 0; i < 1'240; ++i) site.loads.push_back({.name = "m-" + std::to_string(i)});
    return site;
}

}  // namespace

TEST_CASE("a register that says nothing stands is no release of an unknown id") {
    CHECK(sentence_of({.kind = NoteKind::signal_unknown_release, .text = "rtu-limit"}, miners()) == "");
    CHECK(sentence_of({.kind = NoteKind::signal_unknown_release, .text = "d-1"}, miners()) ==
          "rtu-limit: nothing called d-1 is known to release; is that its id?");
}

TEST_CASE("a wall clock that went back to right is told as right") {
    CHECK(sentence_of({.kind = NoteKind::clock_jump, .text = "3600000 ms"}, miners()) == "the wall clock is off by 3600000 ms; not followed unless it lasts");
    CHECK(sentence_of({.kind = NoteKind::clock_jump, .text = "0 ms"}, miners()) == "the wall clock is right again, or has been off for so long that it is followed");
}

TEST_CASE("who says more than is kept is told what became of it, and what to look for") {
    CHECK(sentence_of({.kind = NoteKind::call_covered, .event = EventId{7}, .text = "d-9"}, miners()) ==
          "rtu-limit has 128 calls standing, as many as are kept: d-9 is REFUSED, event 7 asks all of it already; does it release what is over?");
    CHECK(sentence_of({.kind = NoteKind::calls_joined, .event = EventId{8}, .text = "d-1"}, miners()) ==
          "rtu-limit has 128 calls standing, as many as are kept: event 8 stands for d-1 TOO from now on; does it release what is over?");
}

TEST_CASE("what a price began has its receipt's name in the state, before and after a restart") {
    using namespace ballast::tests;
    Site site = tests::miners(10);
    site.policies = {"strike"};
    const std::vector<Policy> policies{policies::price_strike({.policy = PolicyId{0}, .prices = market, .groups = {GroupId{0}}})};
    Bench bench{site, policies};
    bench.step(std::chrono::seconds{1}, {Bench::meter(Power{10'000}), bench.all(Mode::running, Power{1'000}), price(Duration{0}, Price{500'000'000})});
    const std::string opened = bench.text_of(NoteKind::event_opened);
    CHECK(opened == "strike-20261122T000001Z");
    const auto name = [&](Duration t) {
        bench.step(t, {});
        const auto report = report_of(Step{tests::at(t), {}, bench.decision(), bench.engine()});
        return report.events.size() == 1 ? report.events[0].id : std::string{};
    };
    CHECK(name(std::chrono::seconds{2}) == opened);
    bench.restart();
    CHECK(name(std::chrono::seconds{3}) == opened);
}

TEST_CASE("however many latch at once, it is one line") {
    std::vector<Note> notes{{.kind = NoteKind::source_back}};
    CHECK(latched_sentence(notes, miners()) == "");
    notes.push_back({.kind = NoteKind::latched, .number = 0});
    CHECK(latched_sentence(notes, miners()) == "m-0 was put to rest by something else; it stays so until `ballast clear m-0`");
    for (std::uint32_t n = 1; n < 1'240; ++n) notes.push_back({.kind = NoteKind::latched, .number = n});
    CHECK(latched_sentence(notes, miners()) ==
          "1240 load(s) were put to rest by something else: m-0, m-1, m-2, m-3, m-4 and 1235 more; they stay so until `ballast clear` of each, of its group or of \"site\"");
}

}  // namespace ballast
