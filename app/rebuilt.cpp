#include "app/rebuilt.hpp"

#include "app/replay_journal.hpp"
#include "study/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace ballast {

Result<Rebuilt> rebuild(const JournalReader& journal, const EpochEntry& epoch) {
    auto contents = journal.contents(epoch);
    if (!contents) return tl::unexpected{contents.error()};
    const auto broken = [&](std::string_view why) {
        return fail(Errc::malformed, fmt::format("journal {}: epoch {}: {}", journal.path(), epoch.id, why));
    };
    if (contents->files.empty()) return broken("no config is recorded with it");
    auto config = config_of(contents->files);
    if (!config) return broken(fmt::format("this version does not understand its config: {}", print(config.error())));
    SiteModel model = build_site(*config);
    if (const auto signal = replayed_signal(contents->files)) {
        const auto source = model.sources.find(*signal);
        if (source == model.sources.end()) return broken("it is of a replay whose price signal its config does not have");
        model.site = study::as_replayed(std::move(model.site), source->second);
    }
    return Rebuilt{epoch, std::move(*config), std::move(model), std::move(contents->snapshot), journal.path()};
}

Result<Engine> Rebuilt::engine() const try {
    return Engine{model.site, policies_of(entry.cause, config, model), snapshot, entry.began};
} catch (const std::runtime_error& e) {
    return fail(Errc::malformed, fmt::format("journal {}: epoch {}: {}; this part cannot be trusted", journal, entry.id, e.what()));
}

namespace {

/// What of an event points outside the site.
struct Unfit {
    const Site& site;

    bool operator()(SourceId source) const { return index(source) >= site.sources.size(); }
    bool operator()(Range loads) const { return loads.first > loads.last || loads.last > site.loads.size(); }
    bool operator()(const Signal& s) const { return (*this)(s.source); }
    bool operator()(const Heartbeat& h) const { return (*this)(h.source); }
    bool operator()(const Rejected&) const { return false; }
    bool operator()(const MeterReading& m) const { return index(m.meter) >= site.meters.size(); }
    bool operator()(const LoadReading& r) const { return (*this)(r.loads); }
    bool operator()(const Answered& a) const { return (*this)(a.loads); }
    bool operator()(const Receipt& r) const { return (*this)(r.loads); }
    bool operator()(const OperatorWord&) const { return false; }
    bool operator()(const JournalHealth&) const { return false; }
    bool operator()(const ClockJump&) const { return false; }
    bool operator()(const Lost&) const { return false; }
    bool operator()(const FrequencyReading& f) const { return index(f.guard) >= site.guards.size(); }
    bool operator()(const HashReading& h) const { return h.load >= site.loads.size(); }
    bool operator()(const Tripped& t) const {
        return index(t.guard) >= site.guards.size() || std::ranges::any_of(t.contactors, [&](Slot s) { return s >= site.loads.size(); });
    }
};

}  // namespace

std::string unfit(const Site& site, Now before, const StoredStep& step) {
    if (step.now.steady < before.steady) return "time runs backwards in it";
    const auto bad = [&](const Event& event) { return std::visit(Unfit{site}, event); };
    if (std::ranges::any_of(step.heard, bad)) return "it heard of things that are not of this site";
    return {};
}

Result<void> execute(const JournalReader& journal, const Rebuilt& epoch, Engine& engine, Instant until, const std::function<bool(const Executed&)>& look) {
    Now before = epoch.entry.began;
    std::string complaint;
    const auto read = journal.each_step(epoch.entry, [&](const StoredStep& step) {
        if (step.now.utc > until) return false;
        if (const std::string why = unfit(epoch.model.site, before, step); !why.empty()) {
            complaint = fmt::format("journal {}: step {} is damaged: {}", journal.path(), step.id, why);
            return false;
        }
        before = step.now;
        return look({step, engine.step(step.now, step.heard), engine});
    });
    if (!complaint.empty()) return fail(Errc::malformed, complaint);
    return read;
}

}  // namespace ballast
