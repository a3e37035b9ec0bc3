#include "controller/books.hpp"
#include "controller/channels.hpp"
#include "controller/core.hpp"
#include "controller/disarm.hpp"
#include "controller/frequency.hpp"
#include "controller/held_calls.hpp"
#include "controller/supply.hpp"
#include "controller/peaks.hpp"
#include "controller/local.hpp"
#include "controller/maintenance.hpp"
#include "controller/words.hpp"

#include <algorithm>

namespace ballast {

namespace {

/// A step is taken when a call begins. Where none was, nobody answered it.
void tell_unanswered(Core& core) {
    constexpr Duration late{2'000};
    for (const Obligation& o : core.state.obligations) {
        if (!is_call(o.signal.kind) || o.begins <= core.lived) continue;
        if (o.begins > core.now.steady) core.wake_at(o.begins);
        else if (o.heard <= core.lived && later(o.begins, late) < core.now.steady) core.note(NoteKind::began_unanswered, index(o.signal.source), o.signal.id, o.event);
    }
}

void end_obligations(Core& core) {
    for (std::size_t i = core.state.obligations.size(); i-- > 0;) {
        const Obligation& obligation = core.state.obligations[i];
        if (obligation.ends <= core.now.steady) end_obligation(core, i, obligation.signal.issued);
        else core.wake_at(obligation.ends);
    }
}

/// Where calls replace one another, the newest base point that has begun is the only one that has. "Everything off" is none.
void end_replaced(Core& core) {
    const auto begun = [&](const Obligation& o) { return core.site.sources[index(o.signal.source)].terms.replaces && o.signal.kind == SignalKind::dispatch && o.signal.ask != Ask::full && o.begins <= core.now.steady; };
    for (std::size_t i = core.state.obligations.size(); i-- > 0;) {
        const Obligation& old = core.state.obligations[i];
        const auto newer = [&](const Obligation& o) { return begun(o) && o.signal.source == old.signal.source && std::pair{o.signal.issued, o.event} > std::pair{old.signal.issued, old.event}; };
        if (begun(old) && std::ranges::any_of(core.state.obligations, newer)) end_obligation(core, i, old.signal.issued);
    }
}

void silence_sources(Core& core) {
    for (std::size_t i = 0; i < core.state.sources.size(); ++i) {
        SourceState& source = core.state.sources[i];
        if (source.silent || source.good_until == never) continue;
        if (source.good_until > core.now.steady) {
            core.wake_at(source.good_until);
            continue;
        }
        fall_silent(core, SourceId{static_cast<std::uint16_t>(i)});
    }
}

void silence_meters(Core& core) {
    for (std::size_t i = 0; i < core.state.meters.size(); ++i) {
        MeterState& meter = core.state.meters[i];
        if (!meter.fresh) continue;
        const Steady good_until = later(meter.heard, core.site.meters[i].stale_after);
        if (good_until > core.now.steady) {
            core.wake_at(good_until);
            continue;
        }
        meter.fresh = false;
        core.note(NoteKind::meter_stale, i);
    }
}

/// Looks at every load only when the one heard longest ago may have become stale.
void silence_loads(Core& core) {
    if (core.now.steady < core.next_stale) return core.wake_at(core.next_stale);
    core.next_stale = never;
    for (std::size_t i = 0; i < core.site.groups.size(); ++i) {
        const GroupId g{static_cast<std::uint16_t>(i)};
        const Site::Group& group = core.group(g);
        if (group.stale_after == Duration::max()) continue;
        for (Slot s = group.loads.first; s < group.loads.last; ++s) {
            const LoadState& load = core.state.loads[s];
            if (load.stale) continue;
            const Steady good_until = later(std::max(load.heard, core.sums(g).heard), group.stale_after);
            if (good_until > core.now.steady) core.next_stale = std::min(core.next_stale, good_until);
            else amend(core, s, [](LoadState& l) { l.stale = true; });
        }
    }
    core.wake_at(core.next_stale);
}

void forget_peaks(Core& core) {
    for (FirmState& firm : core.state.firm) {
        const Duration window = core.group(core.group_of[firm.load]).reserve_window;
        while (!firm.peaks.empty() && later(firm.peaks.front().taken, window) <= core.now.steady) firm.peaks.pop_front();
        if (!firm.peaks.empty()) core.wake_at(later(firm.peaks.front().taken, window));
    }
}

}  // namespace

void expire(Core& core) {
    end_holds(core);
    end_disarms(core);
    end_overrides(core);
    keep_maintenance(core);
    tell_unanswered(core);
    end_obligations(core);
    end_replaced(core);
    tell_held(core);
    end_forecasts(core);
    silence_sources(core);
    end_trips(core);
    silence_meters(core);
    end_supplies(core);
    silence_loads(core);
    forget_peaks(core);
    throw_switches(core);
    tell_differences(core);
}

}  // namespace ballast
