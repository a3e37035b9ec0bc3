#include "app/run.hpp"

#include "app/cores.hpp"
#include "app/recover.hpp"
#include "app/session.hpp"
#include "app/takeover.hpp"
#include "controller/clock.hpp"
#include "drivers/sqlite/sqlite_journal.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

namespace ballast {

namespace {

constexpr std::chrono::seconds exit_wait{30};

constexpr std::size_t most_faults = 20;  ///< Told of a reload; `ballast check` has them all.

/// A config that is fit to run on this machine, else its faults.
tl::expected<Config, std::vector<Fault>> fit_config(const std::string& path) {
    auto config = load_config(path, disk_reader());
    if (!config) return config;
    auto faults = check_surroundings(*config, disk_reader());
    if (!faults.empty()) return tl::unexpected{std::move(faults)};
    return config;
}

std::string summary(const Config& config) {
    return fmt::format("{}: {} group(s), {} {}", config.site.name, config.groups.size(), config.policies.size(), config.policies.size() == 1 ? "policy" : "policies");
}

void tell_refused(const std::string& path, const std::vector<Fault>& faults) {
    spdlog::error("reload refused, going on with the old file: {} has {} fault(s)", path, faults.size());
    for (const Fault& fault : faults | std::views::take(most_faults)) spdlog::error("{}", print(fault));
    if (faults.size() > most_faults) spdlog::error("and {} more; `ballast check {}` lists them all", faults.size() - most_faults, path);
}

/// A dry run goes beside what runs for real: what it decides was never sent, so no real run may go on from it; and its
/// own name at a broker pushes nobody off.
Config as_run(Config config, bool send) {
    if (send) return config;
    config.journal.path = dry_run_journal(config.journal.path);
    for (BrokerConfig& broker : config.brokers) broker.client_id += "-dry-run";
    return config;
}

/// The site file as it is now, if it can be run; else what is wrong is said, and what is in force stays.
std::optional<Config> reloaded(const Config& running, bool send) {
    const std::string path = running.files.front().path;
    try {
        auto next = fit_config(path);
        if (next) {
            *next = as_run(std::move(*next), send);
            if (auto faults = takes_a_restart(running, *next); !faults.empty()) next = tl::unexpected{std::move(faults)};
        }
        if (next) {
            const SiteModel model = build_site(*next);
            build_policies(*next, model);
            leaving_policies(*next, model);
            return std::move(*next);
        }
        tell_refused(path, next.error());
    } catch (const std::exception& e) {
        spdlog::error("reload refused, going on with the old file: {}: {}", path, e.what());
    }
    return std::nullopt;
}

/// The site as SIGTERM leaves it: with `wake` nothing is held off for money any more, with `sleep` no price is high
/// enough to run; both through the engine and the journal, under the obligations that stand.
void leave(const Config& config, const Snapshot& start, Journal& journal, bool send) {
    if (!send || config.site.on_exit == OnExit::hold) return;
    spdlog::info("leaving loads as [site] on_exit says; this takes {} s at most", exit_wait.count());
    const SiteModel model = build_site(config);
    Session session{config, model, leaving_policies(config, model), start, EpochCause::leave, journal, send};
    session.run([] { return false; }, exit_wait);
}

int run_with(Config config, bool send) {
    const std::string goes_on_from = config.journal.path;
    config = as_run(std::move(config), send);
    // Read before it is opened to write: closing any descriptor of a file gives up all of this process's locks on it, and
    // the next program that only looked at the journal would then take our write-ahead log away.
    const Recovered known = recover(goes_on_from);
    if (known.at) no_earlier_than(known.at->utc);
    Snapshot start = known.snapshot;
    std::vector<std::string> resting = known.resting;
    auto journal = open_sqlite_journal(config.journal.path, config.journal.keep_mb, send ? spill_bytes(config.journal.keep_mb) : 0);
    if (!journal) {
        std::fprintf(stderr, "ballast: %s\n", journal.error().detail.c_str());
        return 1;
    }
    if (!known.at && send) spdlog::info("journal: {} is new, and nothing is in force but what is heard from now on", goes_on_from);
    if (!known.account.empty()) spdlog::log(known.whole ? spdlog::level::info : spdlog::level::warn, known.account);
    EpochCause cause = EpochCause::start;
    std::optional<Config> before;
    for (;;) {
        std::optional<Config> next;
        SiteModel model;
        std::unique_ptr<Session> session;
        try {
            if (holds_secrets(config)) keep_out_of_cores();
            model = build_site(config);
            session = std::make_unique<Session>(config, model, build_policies(config, model), start, cause, **journal, send);
        } catch (const std::exception& e) {
            if (!before) throw;
            spdlog::error("cannot go on with the site file as it is now: {}; going on with the one before", e.what());
            config = *std::exchange(before, std::nullopt);
            continue;
        }
        if (before) spdlog::info("reloaded {}", summary(config));
        if (const std::string told = departed_sentence(resting, model); !told.empty()) spdlog::warn(told);
        const Session::End end = session->run([&] { return (next = reloaded(config, send)).has_value(); });
        start = session->snapshot();
        resting = resting_by_us(session->engine());
        session.reset();
        if (end == Session::End::stop) {
            leave(config, start, **journal, send);
            return 0;
        }
        before = std::exchange(config, std::move(*next));
        cause = EpochCause::reload;
    }
}

}  // namespace

std::string dry_run_journal(const std::string& journal) {
    std::string_view stem = journal;
    if (stem.ends_with(".db")) stem.remove_suffix(3);
    return fmt::format("{}.dry-run.db", stem);
}

int run(const RunOptions& options) {
    auto config = fit_config(options.site_file);
    if (!config) {
        std::fputs(print(config.error()).c_str(), stderr);
        return 2;
    }
    try {
        spdlog::info("{}{}", summary(*config),
                     options.dry_run ? fmt::format("; dry run: decides and sends nothing, goes on from {} and journals to {}", config->journal.path, dry_run_journal(config->journal.path)) : "");
        return run_with(std::move(*config), !options.dry_run);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "ballast: %s\n", e.what());
        return 1;
    }
}

}  // namespace ballast
