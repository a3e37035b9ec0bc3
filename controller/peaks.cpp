#include "controller/peaks.hpp"

#include "controller/frequency.hpp"

#include <algorithm>

namespace ballast {

namespace {

constexpr std::ptrdiff_t most_forecasts = 64;  ///< Of one source.
constexpr Power most_demand{1'000'000'000'000};  ///< What no system draws, and no sum runs over.
constexpr Duration longest_window = std::chrono::hours{24 * 31};

}  // namespace

void apply_system_demand(Core& core, const Signal& signal) {
    if (signal.power < Power{} || signal.power > most_demand) return;
    const Instant at = std::min(signal.start, core.now.utc);  // A feed whose clock is ahead has still not seen the future.
    bool news = false, watched = false;
    for (std::size_t i = 0; i < core.site.watches.size(); ++i) {
        const Site::Watch& watch = core.site.watches[i];
        if (watch.demand != signal.source) continue;
        watched = true;
        news = core.state.watches[i].tell(watch.terms, signal.power, at, core.now) || news;
    }
    if (watched && !news) return core.note(NoteKind::signal_older, index(signal.source), signal.id);
    heard_from(core, signal.source);
}

void apply_peak_forecast(Core& core, const Signal& signal) {
    auto& forecasts = core.state.forecasts;
    const auto same = [&](const PeakForecast& f) { return f.source == signal.source && f.id == signal.id; };
    const auto known = std::ranges::find_if(forecasts, same);
    if (known != forecasts.end() && signal.issued < known->issued) return core.note(NoteKind::signal_older, index(signal.source), signal.id);
    heard_from(core, signal.source);
    const auto buried = [&](const Tombstone& stone) { return stone.source == signal.source && stone.id == signal.id && stone.issued >= signal.issued; };
    if (std::ranges::any_of(core.state.tombstones, buried)) return core.note(NoteKind::signal_after_release, index(signal.source), signal.id);
    for (std::size_t i = 0; i < core.site.watches.size(); ++i) core.state.watches[i].begin_season(core.site.watches[i].terms, core.now.utc);
    const Instant start = std::max(signal.start, core.now.utc - longest_window), end = std::min(signal.end, core.now.utc + longest_window);
    PeakForecast forecast{signal.source, signal.id, signal.issued, later(core.now.steady, start - core.now.utc), later(core.now.steady, end - core.now.utc),
                          std::clamp<std::int64_t>(signal.chance_ppm, 0, 1'000'000)};
    const bool over = end <= core.now.utc || start >= end;
    if (known != forecasts.end()) {
        if (over) forecasts.erase(known);
        else *known = std::move(forecast);
        return core.note(NoteKind::signal_superseded, index(signal.source), signal.id);
    }
    if (over) return core.note(NoteKind::signal_over, index(signal.source), signal.id);
    const auto of_source = [&](const PeakForecast& f) { return f.source == signal.source; };
    if (std::ranges::count_if(forecasts, of_source) >= most_forecasts) return core.note(NoteKind::signals_full, index(signal.source), signal.id);
    forecasts.push_back(std::move(forecast));
    core.note(NoteKind::signal_accepted, index(signal.source), signal.id);
}

bool release_forecast(Core& core, const Signal& signal) {
    const auto same = [&](const PeakForecast& f) { return f.source == signal.source && f.id == signal.id && f.issued <= signal.issued; };
    const bool found = std::erase_if(core.state.forecasts, same) > 0;
    if (found) core.note(NoteKind::signal_over, index(signal.source), signal.id);
    return found;
}

void end_forecasts(Core& core) {
    std::erase_if(core.state.forecasts, [&](const PeakForecast& f) {
        if (f.ends > core.now.steady) core.wake_at(f.ends);
        return f.ends <= core.now.steady;
    });
}

void spend_hours(Core& core, const Episode& episode) {
    for (std::size_t i = 0; i < core.site.watches.size(); ++i)
        if (core.site.watches[i].policy == episode.policy)
            core.state.watches[i].spend(core.site.watches[i].terms, core.now.steady - episode.since, core.now.utc);
}

}  // namespace ballast
