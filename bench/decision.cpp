// decision: one step that takes in a new reading of each of 10,000 machines, the meter, and a new dispatch that moves some;
// how long 99 of 100 take at most, and whether time grows with the loads. A JSON line each, as bench/run.py gathers them.
// decision LOADS [STEPS]: one size alone, in detail.
#include "controller/engine.hpp"
#include "policies/dispatch.hpp"
#include "policies/price_strike.hpp"
#include "policies/site_cap.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;

namespace {

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr Slot groups = 8;

/// A hall and eight groups of machines of 3.4 kW, worst first.
Site site_of(Slot machines) {
    Site site;
    site.name = "bench";
    site.meters = {{"poi"}};
    site.meter = MeterId{0};
    site.sources = {{"market", OnStale::run}, {"utility", OnStale::hold}};
    site.policies = {"strike", "obligations", "contract"};
    site.loads.push_back({"hall", 2_MW});
    site.groups.push_back({.name = "hall", .driver = "metered", .loads = {0, 1}, .tier = Tier::firm});
    for (Slot g = 0; g < groups; ++g) {
        const Slot first = static_cast<Slot>(site.loads.size()), size = machines / groups;
        for (Slot i = 0; i < size; ++i) {
            const std::int64_t joules = 32'000 - 1'000 * g - 900 * i / size;
            site.loads.push_back({"m-" + std::to_string(first + i), 3'400_W, joules, Price{(100'000 - joules) * 1'000}});
        }
        site.groups.push_back({.name = "miners-" + std::to_string(g), .driver = "luxos", .loads = {first, first + size}, .tier = Tier::interruptible, .standby = 25_W});
    }
    return site;
}

std::vector<Policy> policies_of(Power nameplate) {
    std::vector<GroupId> all;
    for (std::uint16_t g = 1; g <= groups; ++g) all.push_back(GroupId{g});
    return {policies::price_strike({.policy = PolicyId{0}, .prices = SourceId{0}, .groups = all}),
            policies::dispatch({.policy = PolicyId{1}, .sources = {SourceId{1}}}),
            policies::site_cap({.policy = PolicyId{2}, .act_above = nameplate, .aim = nameplate, .release = nameplate})};
}

/// What every machine, the hall and the meter say, and a dispatch between half and all of the site.
void hear(const Engine& engine, std::mt19937_64& random, Now now, Power nameplate, std::vector<Event>& heard) {
    heard.clear();
    const State& state = engine.state();
    Power sum;
    for (Slot s = 0; s < state.loads.size(); ++s) {
        const bool on = state.loads[s].on;
        const Power power = s == 0 ? 1_MW : on ? Power{3'350 + static_cast<std::int64_t>(random() % 100)} : 25_W;
        heard.push_back(LoadReading{{s, s + 1}, on ? Mode::running : Mode::asleep, Quality::measured, power, now.steady});
        sum += power;
    }
    heard.push_back(MeterReading{MeterId{0}, sum, now.steady, Quality::measured});
    Signal wish{.source = SourceId{1}, .kind = SignalKind::dispatch, .id = "d"};
    wish.issued = wish.start = now.utc;
    wish.ask = Ask::absolute;
    wish.power = Power{nameplate.count / 2 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(nameplate.count / 2))};
    heard.push_back(wish);
}

struct Measured {
    double median_ms, p99_ms, moved;
};

/// By the thread's own time, so that what else the machine does is not counted, but for its caches.
double thread_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

Measured measure(Slot machines, int steps) {
    const Site site = site_of(machines);
    Power nameplate;
    for (const Site::Load& load : site.loads) nameplate += load.rated;
    Now now{midnight, Steady{1000h}};
    Engine engine{site, policies_of(nameplate), {}, now};
    std::mt19937_64 random{1};
    std::vector<Event> heard;
    std::vector<double> took;
    std::size_t moved = 0;
    constexpr int until_warm = 20;
    for (int i = 0; i < steps + until_warm; ++i) {
        now = {now.utc + 1s, now.steady + 1s};
        hear(engine, random, now, nameplate, heard);
        const double begin = thread_ms();
        const Decision& decision = engine.step(now, heard);
        const double end = thread_ms();
        if (i < until_warm) continue;
        took.push_back(end - begin);
        for (const Order& order : decision.orders) moved += order.loads.size();
    }
    std::ranges::sort(took);
    const auto at = [&](double part) { return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))]; };
    return {at(0.5), at(0.99), static_cast<double>(moved) / static_cast<double>(steps)};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        const auto machines = static_cast<Slot>(std::atoi(argv[1]));
        const Measured m = measure(machines, argc > 2 ? std::atoi(argv[2]) : 400);
        std::printf("{\"loads\":%u,\"median_ms\":%.4f,\"p99_ms\":%.4f,\"moved_per_step\":%.1f}\n", machines, m.median_ms, m.p99_ms, m.moved);
        return 0;
    }
    const Measured small = measure(1'000, 2'000), middle = measure(10'000, 400), large = measure(100'000, 60);
    std::printf("{\"measure\":\"decision for 10000 loads (as many new readings, a new bound), p99\",\"value\":%.4f,\"unit\":\"ms\",\"yardstick\":null,\"ratio\":null,\"aim\":\"<= 1\"}\n", middle.p99_ms);
    const double each[] = {small.median_ms / 1e3, middle.median_ms / 1e4, large.median_ms / 1e5};
    const double apart = *std::ranges::max_element(each) / *std::ranges::min_element(each);
    std::printf("{\"measure\":\"time per load at 1k, 10k, 100k: the most over the least\",\"value\":%.4f,\"unit\":\"x\",\"yardstick\":null,\"ratio\":null,\"aim\":\"<= 1.5\"}\n", apart);
    return 0;
}
