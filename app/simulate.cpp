#include "app/simulate.hpp"

#include "app/config.hpp"
#include "app/held_signals.hpp"
#include "app/progress.hpp"
#include "app/stand_of.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace ballast {

namespace {

int wrong(const std::string& why) {
    fmt::print(stderr, "ballast simulate: {}{}", why, why.ends_with('\n') ? "" : "\n");
    return 2;
}

double megawatts(Power power) {
    return static_cast<double>(power.count) / 1e6;
}

std::string status(sim::Stand& stand) {
    const sim::Truth truth = stand.truth();
    std::string line = fmt::format("site {:.3f} MW  GPU {:.3f} MW  ASIC {:.3f} MW  {} run, {} sleep, {} dark", megawatts(truth.site), megawatts(truth.halls),
                                   megawatts(truth.machines), truth.running, truth.asleep, truth.dark);
    if (const sim::Utility* utility = stand.utility()) {
        if (!utility->connected()) line += "  no broker";
        else if (const auto price = utility->latest()) line += fmt::format("  price {:.2f} ({:%m-%d %H:%M}Z)", per_megawatt_hour(price->price), price->start);
    }
    return line;
}

/// Until a signal comes or the time is over.
void watch(sim::Stand& stand, const HeldSignals& signals, std::optional<Duration> lasts) {
    const bool terminal = columns_of(STDOUT_FILENO) > 0;
    const Steady begun = sim::steady_now();
    std::size_t told = 0;
    for (;;) {
        Duration wait{1'000};
        if (lasts) wait = std::clamp(*lasts - (sim::steady_now() - begun), Duration{0}, wait);
        if (signals.came(wait) || (lasts && sim::steady_now() - begun >= *lasts)) break;
        const auto happened = stand.happened();
        for (; told < happened.size(); ++told) fmt::print("{}{}\n", terminal ? "\r\033[K" : "", happened[told]);
        if (terminal) fmt::print("\r\033[K{:.{}}", status(stand), std::max(columns_of(STDOUT_FILENO), 1u) - 1u);  // What wraps could not be written anew.
        std::fflush(stdout);
    }
    fmt::print("{}{}\n", terminal ? "\r\033[K" : "", status(stand));
}

}  // namespace

int simulate(const SimulateOptions& options) {
    if (!(options.speed > 0)) return wrong(fmt::format("--speed {}: must be above 0", options.speed));
    const auto config = load_config(options.site_file, disk_reader());
    if (!config) {
        fmt::print(stderr, "{}", print(config.error()));
        return 2;
    }
    StandWishes wishes;
    wishes.seed = options.seed;
    wishes.speed = options.speed;
    wishes.full_after = options.full_after;
    wishes.hall_grows = options.hall_grows;
    if (!options.prices.empty()) {
        const sim::FeedOptions chosen{options.format, options.node, options.from, options.to, std::nullopt, config->site.time_zone, config->site.currency};
        auto feed = sim::read_feed(options.prices, chosen);
        if (!feed) return wrong(feed.error().detail);
        wishes.prices = *std::move(feed);
    }
    auto faults = sim::read_fault_plan(options.faults);
    if (!faults) return wrong("--faults: " + faults.error().detail);
    wishes.faults = *std::move(faults);
    auto plan = stand_of(*config, wishes);
    if (!plan) return wrong(options.site_file + ": " + plan.error().detail);

    const HeldSignals signals;
    try {
        sim::Stand stand{std::move(plan->settings)};
        fmt::print("{} on loopback, seed {}\n", config->site.name, options.seed);
        for (const std::string& line : plan->lines) fmt::print("  {}\n", line);
        fmt::print("ready\n");
        std::fflush(stdout);
        watch(stand, signals, options.lasts);
        fmt::print("{} commands heard, {} contactor operations\n", stand.commands().size(), stand.operations().size());
    } catch (const std::runtime_error& error) {
        fmt::print(stderr, "ballast simulate: {}\n", error.what());
        return 1;
    }
    return 0;
}

}  // namespace ballast
