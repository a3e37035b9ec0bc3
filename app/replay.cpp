#include "app/replay.hpp"

#include "app/progress.hpp"
#include "app/replay_journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace ballast {
namespace {

tl::unexpected<ReplayFailure> wrong_input(std::string text) {
    return tl::unexpected{ReplayFailure{.text = std::move(text)}};
}

/// The signal that the history speaks for: the one named, else the only price signal there is.
tl::expected<std::string, ReplayFailure> choose_signal(const Config& config, const std::string& wanted) {
    std::vector<std::string> names;
    for (const SignalConfig& signal : config.signals)
        if (signal.kind == SignalSort::price) names.push_back(signal.name);
    const std::string list = fmt::format("{}", fmt::join(names, ", "));
    if (names.empty())
        return wrong_input("the site file has no [[signal]] of kind \"price\" that a history could speak for");
    if (wanted.empty() && names.size() > 1)
        return wrong_input(fmt::format("several price signals; choose one with --signal: {}", list));
    if (wanted.empty()) return names.front();
    if (std::ranges::find(names, wanted) == names.end())
        return wrong_input(fmt::format("--signal {}: no such price signal; there are: {}", wanted, list));
    return wanted;
}

/// Prices in the site's currency, rounded down; what was done, or why it cannot be.
tl::expected<std::optional<std::string>, ReplayFailure> convert(sim::Feed& feed, const Config& config) {
    if (feed.currency == config.site.currency) return std::nullopt;
    const auto rate = config.fx.find(feed.currency);
    if (rate == config.fx.end())
        return wrong_input(fmt::format("{} is in {}, the site in {}: add [fx] {} = ... to {}", feed.file,
                                       feed.currency, config.site.currency, feed.currency,
                                       config.files.front().path));
    for (sim::PricePoint& point : feed.intervals) {
        const Int128 product = Int128{point.price.count} * rate->second;
        const Int128 floor = product / 1'000'000 - (product % 1'000'000 < 0 ? 1 : 0);
        point.price = Price{static_cast<std::int64_t>(floor)};
    }
    std::string said = fmt::format("{} at {} {}", feed.currency, study::decimal(rate->second, 1'000'000, 6),
                                   config.site.currency);
    feed.currency = config.site.currency;
    return said;
}

/// Names the option whose file it is, unless the fault is another option's.
std::string about(std::string_view option, const std::string& fault) {
    return fault.starts_with("--") ? fault : fmt::format("{} {}", option, fault);
}

tl::expected<void, ReplayFailure> read_histories(const ReplayOptions& options, Replayed& into) {
    sim::FeedOptions wanted{.format = options.format,
                            .node = options.node,
                            .from = options.from,
                            .to = options.to,
                            .known = {},
                            .time_zone = into.config.site.time_zone,
                            .currency = into.config.site.currency};
    if (!options.price_known.empty()) {
        const auto rule = sim::parse_known_rule(options.price_known);
        if (!rule) return wrong_input("--" + rule.error().detail);
        wanted.known = *rule;
    }
    auto feed = sim::read_feed(options.prices, wanted);
    if (!feed) return wrong_input(about("--prices", feed.error().detail));
    into.feed = std::move(*feed);
    auto converted = convert(into.feed, into.config);
    if (!converted) return tl::unexpected{converted.error()};
    into.converted = *converted;
    wanted.format.clear();
    wanted.from.clear();
    wanted.to.clear();
    const auto also = [&](std::string_view option, const std::string& file, const std::string& node, std::optional<sim::Feed>& feed_of) -> tl::expected<void, ReplayFailure> {
        if (file.empty()) return {};
        wanted.node = node.empty() ? options.node : node;
        auto read = sim::read_feed(file, wanted);
        if (!read) return wrong_input(about(option, read.error().detail));
        feed_of = std::move(*read);
        if (auto same = convert(*feed_of, into.config); !same) return tl::unexpected{same.error()};
        return {};
    };
    if (auto settle = also("--settle", options.settle, options.settle_node, into.settle); !settle) return settle;
    if (!options.day_ahead.empty() && into.config.site.hedge == Power{})
        return wrong_input("--day-ahead prices what [site] hedge_kw says was bought, and it says nothing; give it");
    if (!options.day_ahead.empty() && into.config.site.hedge_price)
        return wrong_input("--day-ahead and [site] hedge_price_per_mwh both say what the hedge cost; give one");
    return also("--day-ahead", options.day_ahead, options.day_ahead_node, into.day_ahead);
}

/// The run itself, with the journal beside it where one is wanted.
tl::expected<void, ReplayFailure> run_engine(const ReplayOptions& options, Replayed& into,
                                             std::function<void(double)> progress) {
    study::ReplayWatch watch;
    watch.progress = std::move(progress);
    std::unique_ptr<ReplayJournal> journal;
    if (!options.journal.empty()) {
        auto opened = ReplayJournal::open(options.journal, into.config.journal.keep_mb, epoch_files(into.config),
                                          into.signal);
        if (!opened) return wrong_input(opened.error().detail);
        journal = std::move(*opened);
        watch.instant = [&](Engine& engine, Now now) { journal->instant(engine, now); };
        watch.stepped = [&](Now now, std::span<const Event> heard, const Decision& decision) {
            journal->step(now, heard, decision);
        };
    }
    // As with a journal, whose epochs begin by the day: what customers gave is taken over then.
    Instant next_day = into.feed.intervals.front().start + std::chrono::days{1};
    const bool hosted = std::ranges::any_of(into.model.site.groups, [](const Site::Group& g) { return !g.hosting.customer.empty(); });
    if (!journal && hosted)
        watch.instant = [next_day](Engine& engine, Now now) mutable {
            if (now.utc < next_day) return;
            next_day = now.utc + std::chrono::days{1};
            engine.renew(engine.snapshot_for_epoch(now), now);
        };
    study::Economy economy = economy_of(into.config, into.model);
    if (into.day_ahead) economy.hedge.day_ahead = &*into.day_ahead;
    into.result = study::replay(into.model.site, build_policies(into.config, into.model),
                                into.model.sources.at(into.signal), into.feed,
                                into.settle ? *into.settle : into.feed, watch, economy);
    if (!journal) return {};
    const auto written = journal->result();
    if (!written) return tl::unexpected{ReplayFailure{.status = 1, .text = written.error().detail}};
    return {};
}

}  // namespace

tl::expected<Replayed, ReplayFailure> run_replay(const ReplayOptions& options,
                                                 std::function<void(double)> progress) {
    const auto began = std::chrono::steady_clock::now();
    auto config = load_config(options.site, disk_reader());
    if (!config) return tl::unexpected{ReplayFailure{.text = print(config.error()), .site_faults = true}};
    Replayed replayed;
    replayed.config = std::move(*config);
    replayed.model = build_site(replayed.config);
    auto signal = choose_signal(replayed.config, options.signal);
    if (!signal) return tl::unexpected{signal.error()};
    replayed.signal = std::move(*signal);
    if (auto read = read_histories(options, replayed); !read) return tl::unexpected{read.error()};
    if (auto ran = run_engine(options, replayed, std::move(progress)); !ran) return tl::unexpected{ran.error()};
    replayed.result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return replayed;
}

int replay(const ReplayOptions& options) {
    const auto replayed = [&] {
        Progress bar{"replay", 1'000};  // Gone before anything is printed.
        return run_replay(options, [&](double part) { bar.at(static_cast<std::int64_t>(part * 1'000)); });
    }();
    if (!replayed) {
        const std::string& text = replayed.error().text;
        fmt::print(stderr, "{}{}{}", replayed.error().site_faults ? "" : "ballast replay: ", text, text.ends_with('\n') ? "" : "\n");
        return replayed.error().status;
    }
    fmt::print("{}", options.json ? study::to_json(replayed->result) + "\n" : replay_table(*replayed));
    return 0;
}

}  // namespace ballast
