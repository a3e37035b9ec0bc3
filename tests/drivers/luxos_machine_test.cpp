#include "drivers/asic/luxos_machine.hpp"

#include "tests/catch.hpp"

using namespace ballast;
using namespace ballast::asic;

namespace {

Machine machine() {
    Machine m;
    m.rated = Power{3'500};
    m.standby = Power{25};
    m.deadband = Power{50};
    m.poll = Duration{30'000};
    m.identity = Identity::proven;
    return m;
}

/// A machine and what its firmware said of it.
struct Told : LuxosMemory {
    Machine m = machine();
    Told() {
        polls_to_config = 9;
        asleep = false;
        supply_on = true;
    }
};
Report judge(const Told& told) { return asic::judge(told.m, told); }
bool wants_config(const Told& told) { return asic::wants_config(told.m, told); }
bool wants_summary(const Told& told) { return asic::wants_summary(told.m, told); }

Told with_power(std::int64_t watts, bool measured, std::optional<double> gigahashes = {}) {
    Told told;
    told.power = wire::cgminer::PowerReport{Power{watts}, measured};
    told.gigahashes = gigahashes;
    return told;
}

}  // namespace

TEST_CASE("measured watts outweigh what the firmware says of itself") {
    Told m = with_power(3'400, true);
    CHECK(judge(m).mode == Mode::running);
    m.asleep = true;
    CHECK(judge(m).mode == Mode::running);
    CHECK(judge(m).quality == Quality::measured);
    m = with_power(25, true);
    m.asleep = true;
    CHECK(judge(m).mode == Mode::asleep);
    CHECK(judge(m).power == Power{25});
}

TEST_CASE("a machine without curtailment that draws little runs only if it hashes") {
    CHECK(judge(with_power(900, true, 50'000.0)).mode == Mode::running);
    CHECK(judge(with_power(900, true, 0.0)).mode == Mode::fault);
    CHECK(judge(with_power(900, true)).mode == Mode::fault);
}

TEST_CASE("a power supply that is off sleeps") {
    Told m = with_power(0, true);
    m.supply_on = false;
    CHECK(judge(m).mode == Mode::asleep);
}

TEST_CASE("an estimate is called one, and of a sleeper it is the standby power") {
    CHECK(judge(with_power(1'051, false, 59'756.0)).quality == Quality::estimated);
    CHECK(judge(with_power(1'051, false, 59'756.0)).power == Power{1'051});
    Told m = with_power(1'051, false, 0.0);
    m.asleep = true;
    CHECK(judge(m).mode == Mode::asleep);
    CHECK(judge(m).power == Power{25});
    CHECK(judge(m).quality == Quality::estimated);
    m.gigahashes = 59'756.0;
    CHECK(judge(m).mode == Mode::running);
}

TEST_CASE("without any watts the power is not known") {
    Told m;
    m.gigahashes = 1.0;
    CHECK(judge(m).mode == Mode::running);
    CHECK(judge(m).quality == Quality::bad);
}

TEST_CASE("config is asked when due and when the power does not fit it") {
    CHECK_FALSE(wants_config(with_power(3'400, true)));
    CHECK(wants_config(with_power(25, true)));
    Told m = with_power(3'400, true);
    m.polls_to_config = 0;
    CHECK(wants_config(m));
    m.config_asked = true;
    CHECK_FALSE(wants_config(m));
    m = with_power(3'400, true);
    m.m.identity = Identity::unproven;
    CHECK(wants_config(m));
}

TEST_CASE("summary is asked only where watts do not tell") {
    CHECK_FALSE(wants_summary(with_power(3'400, true)));
    CHECK(wants_summary(with_power(3'400, false)));
    CHECK(wants_summary(with_power(25, true)));
    CHECK(wants_summary(Told{}));
}

TEST_CASE("only what moved is news") {
    Machine m = machine();
    CHECK(is_news(m, {Mode::running, Quality::measured, Power{3'400}}));
    m.reported = true;
    m.seen = {Mode::running, Quality::measured, Power{3'400}};
    CHECK_FALSE(is_news(m, {Mode::running, Quality::measured, Power{3'450}}));
    CHECK(is_news(m, {Mode::running, Quality::measured, Power{3'451}}));
    CHECK(is_news(m, {Mode::asleep, Quality::measured, Power{3'400}}));
    CHECK(is_news(m, {Mode::running, Quality::estimated, Power{3'400}}));
}

TEST_CASE("an accepted order is looked after at 1.5, 4 and 8 s, then every 15 s") {
    const Steady at{Duration{1'000'000}};
    const auto next = [&](std::int64_t after_ms) { return (next_confirmation(at, at + Duration{after_ms}) - at).count(); };
    CHECK(next(0) == 1'500);
    CHECK(next(1'500) == 4'000);
    CHECK(next(4'100) == 8'000);
    CHECK(next(8'000) == 23'000);
    CHECK(next(23'000) == 38'000);
    CHECK(next(3'600'000) == 3'608'000);
}

TEST_CASE("polls stay on the machine's own grid") {
    Machine m = machine();
    m.phase = Duration{7'000};
    const Steady start{Duration{50'000}};
    CHECK(next_poll(m, start, start) == start + Duration{7'000});
    CHECK(next_poll(m, start, start + Duration{7'000}) == start + Duration{37'000});
    CHECK(next_poll(m, start, start + Duration{36'999}) == start + Duration{37'000});
}

TEST_CASE("where the power is an estimate, hashing that does not fit what it last said asks for its config at once") {
    Told m = with_power(1'051, false, 0.0);
    CHECK(wants_config(m));  // Somebody put it to sleep, or it broke.
    m.gigahashes = 59'756.0;
    CHECK_FALSE(wants_config(m));
    m.asleep = true;
    CHECK(wants_config(m));  // Somebody woke it.
    m.gigahashes = 0;
    CHECK_FALSE(wants_config(m));
    m.gigahashes.reset();
    CHECK_FALSE(wants_config(m));  // Not asked yet.
    m.config_asked = true;
    m.gigahashes = 1;
    CHECK_FALSE(wants_config(m));
}
