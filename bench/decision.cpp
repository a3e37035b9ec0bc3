// decision: one step that takes in a new reading of each of 10,000 machines, the meter, and a new dispatch that moves some;
// how long 99 of 100 take at most, also under all policies at once, whether time grows with the loads, and what a step costs in
// which nothing changed. A JSON line each, as bench/run.py gathers them.
// decision LOADS [STEPS]: one size alone, in detail.
#include "bench/all_policies.hpp"
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

/// The hall and the machines, a market and a utility.
bench::Case plain(Slot machines) {
    bench::Case made = bench::fleet(machines);
    made.policies = {policies::price_strike({.policy = made.policy("strike"), .prices = bench::market, .groups = made.miners}),
                     policies::dispatch({.policy = made.policy("obligations"), .sources = {bench::utility}}),
                     policies::site_cap({.policy = made.policy("contract"), .act_above = made.nameplate, .aim = made.nameplate, .release = made.nameplate})};
    return made;
}

/// A price that most can pay, a warm day, heat that is wanted, and a peak that may come. Who has no policy for them leaves them be.
void hear_surroundings(Now now, std::vector<Event>& heard) {
    const auto say = [&](SourceId source, SignalKind kind, auto set) {
        Signal signal{.source = source, .kind = kind, .id = "s"};
        signal.issued = signal.start = now.utc;
        signal.end = now.utc + 5min;
        set(signal);
        heard.push_back(signal);
    };
    say(bench::market, SignalKind::price, [](Signal& s) { s.price = Price{70'000'000}; });
    say(bench::yard, SignalKind::temperature, [&](Signal& s) { s.temperature = Temperature{30'000 + now.utc.time_since_epoch().count() / 1'000 % 7 * 100}; });
    say(bench::greenhouse, SignalKind::heat, [](Signal& s) { s.power = 1_MW; });
    say(bench::forecaster, SignalKind::peak_forecast, [](Signal& s) { s.chance_ppm = 100'000; });
}

/// What every machine, the hall and the meter say, and a dispatch between half and all of the site.
void hear(const Engine& engine, std::mt19937_64& random, Now now, Power nameplate, std::vector<Event>& heard) {
    heard.clear();
    const State& state = engine.state();
    Power sum;
    for (Slot s = 0; s < state.loads.size(); ++s) {
        const bool on = state.loads[s].on;
        const Power power = s == 0 ? 1_MW : state.is_flexible(s) ? 7_kW : on ? Power{3'350 + static_cast<std::int64_t>(random() % 100)} : 25_W;
        heard.push_back(LoadReading{{s, s + 1}, on ? Mode::running : Mode::asleep, Quality::measured, power, now.steady});
        sum += power;
    }
    heard.push_back(MeterReading{MeterId{0}, sum, now.steady, Quality::measured});
    hear_surroundings(now, heard);
    Signal wish{.source = bench::utility, .kind = SignalKind::dispatch, .id = "d"};
    wish.issued = wish.start = now.utc;
    wish.ask = Ask::absolute;
    wish.power = Power{nameplate.count / 2 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(nameplate.count / 2))};
    heard.push_back(wish);
}

struct Measured {
    double median_ms, p99_ms, moved;   ///< moved: loads a step.
    double idle_us;                    ///< Median of a step that is told nothing, once the last one has settled.
};

/// By the thread's own time, so that what else the machine does is not counted, but for its caches.
double thread_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

Measured measure(const bench::Case& of, int steps) {
    Now now{midnight, Steady{1000h}};
    Engine engine{of.site, of.policies, {}, now};
    std::mt19937_64 random{1};
    std::vector<Event> heard;
    std::vector<double> took, idle;
    std::size_t moved = 0;
    constexpr int until_warm = 20;
    const auto timed = [&](std::vector<double>& into) {
        const double begin = thread_ms();
        const Decision& decision = engine.step(now, heard);
        into.push_back(thread_ms() - begin);
        for (const Order& order : decision.orders) moved += order.loads.size();
    };
    for (int i = 0; i < steps + until_warm; ++i) {
        if (i == until_warm) took.clear(), moved = 0;
        now = {now.utc + 1s, now.steady + 1s};
        hear(engine, random, now, of.nameplate, heard);
        timed(took);
    }
    const std::size_t moved_by_news = moved;
    heard.clear();
    for (int i = 0; i < 200; ++i) now = {now.utc + 1ms, now.steady + 1ms}, timed(idle);
    const auto at = [](std::vector<double>& times, double part) {
        std::ranges::sort(times);
        return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
    };
    return {at(took, 0.5), at(took, 0.99), static_cast<double>(moved_by_news) / static_cast<double>(steps), at(idle, 0.5) * 1e3};
}

void row(const char* measure, double value, const char* unit, const char* aim) {
    std::printf("{\"measure\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"yardstick\":null,\"ratio\":null,\"aim\":\"%s\"}\n", measure, value, unit, aim);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        const auto machines = static_cast<Slot>(std::atoi(argv[1]));
        const Measured m = measure(plain(machines), argc > 2 ? std::atoi(argv[2]) : 400);
        std::printf("{\"loads\":%u,\"median_ms\":%.4f,\"p99_ms\":%.4f,\"moved_per_step\":%.1f,\"idle_us\":%.2f}\n", machines, m.median_ms, m.p99_ms, m.moved, m.idle_us);
        return 0;
    }
    const Measured small = measure(plain(1'000), 2'000), middle = measure(plain(10'000), 400), large = measure(plain(100'000), 60);
    row("decision for 10000 loads (as many new readings, a new bound), p99", middle.p99_ms, "ms", "<= 1");
    const double each[] = {small.median_ms / 1e3, middle.median_ms / 1e4, large.median_ms / 1e5};
    row("time per load at 1k, 10k, 100k: the most over the least", *std::ranges::max_element(each) / *std::ranges::min_element(each), "x", "<= 1.5");
    const Measured all = measure(bench::all_policies(10'000), 400);
    row("the decision under all policies at once, p99", all.p99_ms, "ms", "<= 1");
    row("the same, a step in which nothing changed", all.idle_us, "us", "<= 20");
    return 0;
}
