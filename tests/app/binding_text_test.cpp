#include "app/binding_text.hpp"
#include "policies/coincident_peak.hpp"
#include "tests/catch.hpp"
#include "tests/support/bench.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace ballast::tests;
using namespace std::chrono_literals;

TEST_CASE("the sentence on a coincident peak is about the window that has begun, not about a surer one of tomorrow") {
    constexpr SourceId forecaster{3};
    Site site = miners(10);
    site.policies = {"peaks"};
    site.sources.push_back({"forecaster", OnStale::hold});
    Site::Watch watch{.policy = PolicyId{0}, .forecasts = {forecaster}};
    watch.terms.per = PeakTerms::Per::season;
    watch.terms.count = 5;
    site.watches = {watch};
    policies::CoincidentPeak peaks{.policy = PolicyId{0}, .machines = {{GroupId{0}, {}, {}}}};
    peaks.per_kw_year = Price{50'000'000'000};
    Bench bench{site, {policies::coincident_peak(peaks)}};
    const auto foreseen = [&](std::string id, Duration from, std::int64_t ppm) {
        Signal s{.source = forecaster, .kind = SignalKind::peak_forecast, .id = std::move(id)};
        s.issued = midnight, s.start = midnight + from, s.end = s.start + 1h, s.chance_ppm = ppm;
        return s;
    };
    bench.step(1s, {bench.all(Mode::running, 1_kW), bench.meter(10_kW), foreseen("today", 0s, 200'000), foreseen("tomorrow", 24h, 900'000)});
    REQUIRE(bench.decision().binding.size() == 1);
    const std::string sentence = sentence_of(bench.decision().binding[0], bench.engine().state(), at(1s), "USD");
    CAPTURE(sentence);
    CHECK(sentence.find("until 2026-11-22T01:00:00.000Z") != sentence.npos);
    CHECK(sentence.find("a chance of 20.00 %") != sentence.npos);
    bench.step(24h + 1s, {bench.meter(0_W)});
    REQUIRE(bench.decision().binding.size() == 1);
    const std::string next = sentence_of(bench.decision().binding[0], bench.engine().state(), at(24h + 1s), "USD");
    CAPTURE(next);
    CHECK(next.find("a chance of 90.00 %") != next.npos);
}

TEST_CASE("a meter proves that a limit is met, and neither a shortfall nor a call that was declined") {
    const Site site = miners(10);
    const auto proof = [&](Power limit, Power shortfall, bool proven) {
        Binding b{};
        b.limit = limit, b.shortfall = shortfall, b.proven = proven;
        return proof_of(b, site);
    };
    CHECK(proof(4_kW, 0_W, true) == ", and the meter shows it");
    CHECK(proof(4_kW, 0_W, false) == ", not yet shown by the meter");
    CHECK(proof(4_kW, 1_kW, true) == "");
    CHECK(proof(4_kW, 1_kW, false) == "");
    CHECK(proof(no_limit, 0_W, true) == "");
}
