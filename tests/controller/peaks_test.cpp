#include "controller/engine.hpp"
#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

const Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 7 / 1}};

Now at(Duration since_midnight) { return {midnight + since_midnight, Steady{since_midnight}}; }

Site metered_site() {
    Site site;
    site.meters = {{"poi", 1min, 900s}};
    site.meter = MeterId{0};
    return site;
}

void read(Engine& engine, Duration when, Power power) { engine.step(at(when), std::vector<Event>{MeterReading{MeterId{0}, power, Steady{when}, Quality::measured}}); }

}  // namespace

TEST_CASE("the meter's readings become the month's peaks, and a restart keeps them") {
    Engine engine{metered_site(), {}, {}, at(0s)};
    for (Duration when = 0s; when <= 30min; when += 30s) read(engine, when, when < 15min ? 6_MW : 4_MW);
    const MeterState& meter = engine.state().meters[0];
    CHECK(meter.peak_12_months(midnight) == 6_MW);
    CHECK(meter.half_hours.month(midnight) == 5_MW);

    engine.step(at(31min), {});
    read(engine, 35min, 9_MW);  // The meter was silent for minutes: what it drew meanwhile is not known.
    for (Duration when = 36min; when <= 40min; when += 30s) read(engine, when, 9_MW);
    CHECK(engine.state().meters[0].quarter_hours.measured(midnight + 40min) == 5min);

    const Snapshot snapshot = engine.snapshot(at(40min));
    const Engine again{metered_site(), {}, snapshot, at(40min)};
    CHECK(again.state().meters[0].quarter_hours == engine.state().meters[0].quarter_hours);
    CHECK(again.state().meters[0].half_hours == engine.state().meters[0].half_hours);
    const Engine next_year{metered_site(), {}, snapshot, {midnight + std::chrono::days{364}, Steady{}}};
    CHECK(next_year.state().meters[0].peak_12_months(midnight + std::chrono::days{300}) == 6_MW);
    CHECK_FALSE(next_year.state().meters[0].peak_12_months(midnight + std::chrono::days{366}).has_value());
}
