#pragma once
#include "app/site_of.hpp"
#include "sim/feeds/feed.hpp"
#include "study/replay.hpp"

#include <functional>
#include <optional>
#include <string>

namespace ballast {

/// `ballast replay SITE.toml --prices FILE`, option by option; empty: not given.
struct ReplayOptions {
    std::string site;         ///< The site file.
    std::string prices;       ///< The history that decides.
    std::string format;       ///< --format: one of sim::feed_formats(); else recognised.
    std::string node;         ///< --node
    std::string from, to;     ///< --from, --to: "2024-03-01" on the market's clock, or RFC 3339.
    std::string price_known;  ///< --price-known: start, end, +SECONDS, day-ahead; else the market's rule.
    std::string settle;       ///< --settle: the history that bills; else `prices`.
    std::string settle_node;  ///< --settle-node; else as `node`.
    std::string day_ahead;    ///< --day-ahead: what [site] hedge_kw was bought at; else hedge_price_per_mwh.
    std::string day_ahead_node;  ///< --day-ahead-node; else as `node`.
    std::string signal;       ///< --signal: the price signal that the history speaks for; else the only one.
    std::string journal;      ///< --journal: a new file, which gets every step.
    bool json = false;        ///< --json
};

/// All that a replay was made of, and what came out.
struct Replayed {
    Config config;
    SiteModel model;
    sim::Feed feed;                   ///< Its prices in the site's currency.
    std::optional<sim::Feed> settle;  ///< None: `feed` billed too.
    std::optional<sim::Feed> day_ahead;  ///< Likewise, of the hedge.
    std::string signal;
    std::optional<std::string> converted;  ///< "USD at 1.37 CAD", if prices were.
    study::ReplayResult result;
};

/// Why there is no result, and the process's exit status: 1 the work failed, 2 the input is wrong.
struct ReplayFailure {
    int status = 2;
    std::string text;
    bool site_faults = false;  ///< The lines of a site file's faults, each with its place.
};

/// Reads, runs, bills. `progress` as in study::ReplayWatch.
tl::expected<Replayed, ReplayFailure> run_replay(const ReplayOptions& options,
                                                 std::function<void(double)> progress = {});

/// For people: what was read and left out, gaps by date, the rules in force, then the totals.
std::string replay_table(const Replayed& replayed);

/// The whole command: result on standard output, faults and a progress bar (terminals only) on standard error.
int replay(const ReplayOptions& options);

}  // namespace ballast
