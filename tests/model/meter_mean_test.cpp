#include "model/state.hpp"
#include "tests/catch.hpp"
#include "tests/support/dice.hpp"

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

MeterState meter(std::initializer_list<MeterState::Sample> samples) {
    MeterState m;
    m.history.assign(samples.begin(), samples.end());
    return m;
}

}  // namespace

TEST_CASE("the mean weighs each sample by how long it held") {
    const MeterState m = meter({{Steady{0s}, 1_kW}, {Steady{10s}, 3_kW}, {Steady{40s}, 0_W}});
    CHECK(m.mean(Steady{0s}, Steady{10s}) == 1_kW);
    CHECK(m.mean(Steady{0s}, Steady{20s}) == 2_kW);
    CHECK(m.mean(Steady{5s}, Steady{20s}) == Power{(5 * 1'000 + 10 * 3'000) / 15});
    CHECK(m.mean(Steady{20s}, Steady{30s}) == 3_kW);
    CHECK(m.mean(Steady{0s}, Steady{100s}) == Power{(10 * 1'000 + 30 * 3'000) / 100});
    CHECK(m.mean(Steady{50s}, Steady{60s}) == 0_W);
}

TEST_CASE("there is no mean of what was not measured") {
    CHECK_FALSE(meter({}).mean(Steady{0s}, Steady{10s}));
    CHECK_FALSE(meter({{Steady{5s}, 1_kW}}).mean(Steady{0s}, Steady{10s}));
    CHECK_FALSE(meter({{Steady{0s}, 1_kW}}).mean(Steady{10s}, Steady{10s}));
    CHECK_FALSE(meter({{Steady{0s}, 1_kW}}).mean(Steady{10s}, Steady{5s}));
    CHECK(meter({{Steady{0s}, 1_kW}}).mean(Steady{0s}, Steady{10s}) == 1_kW);
}

TEST_CASE("the mean is what a millisecond by millisecond sum says") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        tests::Dice dice{seed};
        MeterState m;
        std::int64_t t = 0;
        for (int i = 0; i < 20; ++i) m.history.push_back({Steady{Duration{t += dice.between(0, 30)}}, Power{dice.between(-5'000, 5'000)}});
        const std::int64_t first = m.history.front().taken.time_since_epoch().count();
        const auto from = dice.between(first, t), to = dice.between(from + 1, t + 50);
        std::int64_t sum = 0;
        for (std::int64_t ms = from; ms < to; ++ms) {
            std::int64_t power = 0;
            for (const auto& sample : m.history)
                if (sample.taken.time_since_epoch().count() <= ms) power = sample.power.count;
            sum += power;
        }
        REQUIRE(m.mean(Steady{Duration{from}}, Steady{Duration{to}})->count == sum / (to - from));
    }
}
