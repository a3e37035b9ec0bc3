#include "app/status.hpp"

#include "controller/books.hpp"
#include "controller/crowded.hpp"
#include "model/names.hpp"

#include <algorithm>
#include <fmt/core.h>

namespace ballast {

namespace {

std::string scope_name(const Site& site, Scope scope) {
    switch (scope.kind) {
    case Scope::Kind::site: return "site";
    case Scope::Kind::feeder: return site.feeders[scope.number].name;
    case Scope::Kind::group: return site.groups[scope.number].name;
    }
    return {};
}

/// The one people should see: what is missing most, else the most important, watts before price.
const Binding* foremost(std::span<const Binding> bindings) {
    const auto weight = [](const Binding& b) { return std::tuple{!limits_draw(b.why.reason), -b.shortfall.count, b.why.rank, b.limit.count}; };
    const auto found = std::ranges::min_element(bindings, {}, weight);
    return found == bindings.end() || !limits_draw(found->why.reason) ? nullptr : &*found;
}

wire::StateReport::Binding binding_of(const Site& site, const Binding& binding) {
    wire::StateReport::Binding told;
    const bool price = binding.why.cause == Cause::price;
    told.scope = scope_name(site, binding.scope);
    if (!price) told.limit = binding.limit;
    told.policy = site.policies[index(binding.why.policy)];
    if (binding.why.cause != Cause::capacity) told.source = site.sources[index(binding.why.source)].name;
    told.reason = name_of(binding.why.reason);
    if (binding.why.until != open_end) told.until = binding.why.until;
    return told;
}

wire::StateReport::Event event_of(const Step& step, const Obligation& obligation) {
    wire::StateReport::Event event;
    event.number = static_cast<std::uint32_t>(obligation.event);
    event.id = obligation.signal.id;
    event.source = step.engine.site().sources[index(obligation.signal.source)].name;
    event.cause = name_of(obligation.signal.kind == SignalKind::emergency ? Cause::emergency : Cause::dispatch);
    event.since = step.now.utc - (step.now.steady - obligation.heard);
    if (obligation.signal.end != open_end) event.until = obligation.signal.end;
    return event;
}

/// A run of consequences of our own: of a price or of the contract.
wire::StateReport::Event event_of(const Step& step, const Episode& episode) {
    const Site& site = step.engine.site();
    wire::StateReport::Event event;
    event.number = static_cast<std::uint32_t>(episode.event);
    event.id = event_name(site, episode);
    event.source = episode.cause == Cause::capacity ? site.policies[index(episode.policy)] : site.sources[index(episode.source)].name;
    event.cause = name_of(episode.cause);
    event.since = step.now.utc - (step.now.steady - episode.since);
    return event;
}

std::optional<Instant> until_of(const Step& step, Steady until) {
    return until == never ? std::nullopt : std::optional{step.now.utc + (until - step.now.steady)};
}

/// What a group would give if it were asked: nothing where a switch lets us only watch, nor what people work on.
Power available_down(const State& state, std::size_t g) {
    const Site::Group& group = state.site->groups[g];
    const auto watches = [&](const Obligation& o) {
        const Site::Source& source = state.site->sources[index(o.signal.source)];
        const bool covers = source.switches.empty() || std::ranges::find(source.switches, GroupId{static_cast<std::uint16_t>(g)}) != source.switches.end();
        return o.signal.kind == SignalKind::local && source.in_local == InLocal::observe && covers;
    };
    if (std::ranges::any_of(state.obligations, watches)) return {};
    Power down = state.groups[g].planned - Power{group.standby.count * group.loads.size()};
    Slot first = group.loads.first;
    for (const Run& run : state.groups[g].runs) {
        for (Slot s = first; s < run.last && (run.bars & maintained); ++s)
            if (state.loads[s].mode == Mode::running) down -= state.loads[s].watts - group.standby;
        first = run.last;
    }
    return std::max(Power{}, down);
}

constexpr std::size_t most_named = 5;

/// What persons have said, and what somebody else does to loads of ours.
void add_persons(wire::StateReport& report, const Step& step) {
    const Site& site = step.engine.site();
    const State& state = step.engine.state();
    for (const Disarm& d : state.disarmed) report.disarmed.push_back({site.policies[index(d.policy)], d.who, d.why, until_of(step, d.until), d.protections});
    for (const Maintenance& m : state.maintenance) report.said.push_back({"maintenance", m.target, m.who, m.why, std::nullopt, until_of(step, m.until).value_or(open_end)});
    for (const Override& o : state.overrides)
        report.said.push_back({"override", o.target, o.who, o.why, o.runs() ? std::nullopt : std::optional{o.limit}, until_of(step, o.until).value_or(open_end)});
    for (const Obligation& o : state.obligations) {
        if (o.signal.kind != SignalKind::local) continue;
        const Site::Source& source = site.sources[index(o.signal.source)];
        report.local.push_back({source.name, step.now.utc - (step.now.steady - o.heard), source.in_local == InLocal::shed_only});
    }
    for (const Contest& c : state.contests)
        if (c.times >= site.contested_after && ++report.contested <= most_named) report.contesting.push_back(site.loads[c.load].name);
    for (const Notice& n : state.notices) {
        const Site::Group& group = site.groups[index(n.group)];
        report.notices.push_back({group.name, group.owner, site.policies[index(n.policy)], n.power, n.deadline});
    }
}

void add_overruled(wire::StateReport& report, const Step& step, const Binding* foremost) {
    for (const Overruled& o : step.decision.overruled) {
        if (!foremost || &step.decision.binding[o.by] != foremost) continue;
        const Site& site = step.engine.site();
        report.overruled.push_back({scope_name(site, o.scope), o.limit, site.policies[index(o.why.policy)], o.why.cause == Cause::capacity ? "" : site.sources[index(o.why.source)].name,
                                    std::string{name_of(o.why.reason)}});
    }
}

}  // namespace

wire::StateReport report_of(const Step& step) {
    const Site& site = step.engine.site();
    const State& state = step.engine.state();
    wire::StateReport report;
    report.time = step.now.utc;
    if (site.meter && state.meters[index(*site.meter)].fresh) report.site = state.meters[index(*site.meter)].power;
    report.residual = Power{state.residual_mw[0] / 1'000};
    for (std::size_t i = 0; i < site.groups.size(); ++i) {
        const GroupState& group = state.groups[i];
        if (site.groups[i].tier == Tier::firm) continue;
        if (site.groups[i].tier == Tier::flexible) {
            report.flexible += group.measured;
            continue;
        }
        report.interruptible += group.measured;
        report.available_down += available_down(state, i);
    }
    report.available_flexible = step.engine.available_flexible();
    report.available_up = step.engine.available_up();
    for (const FirmState& firm : state.firm)  // What has not been read is not told as if it had.
        if (state.loads[firm.load].mode != Mode::unknown) report.firm += state.loads[firm.load].reading;
    const Binding* binding = foremost(step.decision.binding);
    if (binding) report.binding = binding_of(site, *binding);
    add_overruled(report, step, binding);
    add_persons(report, step);
    for (const Binding& bound : step.decision.binding)
        if (limits_draw(bound.why.reason)) report.shortfall = std::max(report.shortfall, bound.shortfall);
    for (const Obligation& obligation : state.obligations)
        if (is_call(obligation.signal.kind)) report.events.push_back(event_of(step, obligation));
    for (const Episode& episode : state.episodes) report.events.push_back(event_of(step, episode));
    return report;
}

std::string sentence_of(const Note& note, const Site& site) {
    const auto source = [&] { return note.number < site.sources.size() ? site.sources[note.number].name : std::string{"?"}; };
    const auto meter = [&] { return note.number < site.meters.size() ? site.meters[note.number].name : std::string{"?"}; };
    const auto load = [&] { return note.number < site.loads.size() ? site.loads[note.number].name : std::string{"?"}; };
    const auto policy = [&] { return note.number < site.policies.size() ? site.policies[note.number] : std::string{"?"}; };
    const auto group = [&] { return note.number < site.groups.size() ? site.groups[note.number].name : std::string{"?"}; };
    const double kw = static_cast<double>(note.power.count) / 1e3;
    switch (note.kind) {
    case NoteKind::signal_from_future: return fmt::format("{}: refused{}{}: issued in the future; compare the clocks", source(), note.text.empty() ? "" : " ", note.text);
    case NoteKind::signal_after_release: return fmt::format("{}: {} came again after its release; ignored", source(), note.text);
    case NoteKind::signal_over: return fmt::format("{}: {} was over before it came", source(), note.text);
    case NoteKind::signal_unknown_release:
        // Of a contact or a limit, or where a mapping names no id: it says that nothing stands, which is so.
        if (note.text == source()) return {};
        return fmt::format("{}: nothing called {} is known to release; is that its id?", source(), note.text);
    case NoteKind::signal_without_reference:
        return fmt::format("{}: {} is counted from {:.1f} kW, an estimate: no meter has the whole window before it", source(), note.text, kw);
    case NoteKind::signals_full: return fmt::format("{}: {} REFUSED: as much as is kept of it is known already; it is taken once some of that is over (docs/operating.md, Known limits)", source(), note.text.empty() ? "a price" : note.text);
    case NoteKind::call_covered:
        return fmt::format("{} has {} calls standing, as many as are kept: {} is REFUSED, event {} asks all of it already; does it release what is over?", source(), most_obligations, note.text, static_cast<std::uint32_t>(note.event));
    case NoteKind::calls_joined:
        return fmt::format("{} has {} calls standing, as many as are kept: event {} stands for {} TOO from now on; does it release what is over?", source(), most_obligations, static_cast<std::uint32_t>(note.event), note.text);
    case NoteKind::reference_estimated: return {};  // Nothing is counted from it; the receipt says it.
    case NoteKind::unanswered: return fmt::format("{} moves NOTHING: no policy of the site file obeys what {} calls", note.text, source());
    case NoteKind::began_unanswered: return fmt::format("{} of {} BEGAN WHILE NOBODY DECIDED: Ballast was stopped, dead or held up; what it asked was not answered until now", note.text, source());
    case NoteKind::beyond_quota: return fmt::format("{} is more than {} may be asked, and DECLINED from now on", note.text, site.policies[note.number]);
    case NoteKind::beyond_quota_obeyed: return fmt::format("{} is more than {} may be asked; it is obeyed all the same (beyond_quota)", note.text, site.policies[note.number]);
    case NoteKind::orphaned:
        return fmt::format("{} still HOLDS as it was asked before: the site file has no more what answered it so; its source, its time or `ballast abort` ends it", note.text);
    case NoteKind::source_stale: return fmt::format("{} is silent", source());
    case NoteKind::source_back: return fmt::format("{} is heard again", source());
    case NoteKind::meter_stale: return fmt::format("meter {} is silent; nothing is raised under a limit until it speaks", meter());
    case NoteKind::meter_back: return fmt::format("meter {} is heard", meter());
    case NoteKind::event_opened: return fmt::format("event {} begins; reference {:.1f} kW", note.text, kw);
    case NoteKind::event_closed: return fmt::format("{}{} is over", note.event == EventId{} ? "" : "event ", note.text);
    case NoteKind::latched: return latched_sentence({&note, 1}, site);
    case NoteKind::cleared: return fmt::format("{} cleared", note.text);
    case NoteKind::held: return fmt::format("{} held", note.text);
    case NoteKind::hold_over: return fmt::format("hold by {} is over", note.text);
    case NoteKind::locked_out: return fmt::format("{} locked out", note.text);
    case NoteKind::aborted: return fmt::format("aborted: {}", note.text);
    case NoteKind::disarmed: return fmt::format("{} is DISARMED {}; what it asks moves nothing until `ballast clear {}`, or its time is over", policy(), note.text, policy());
    case NoteKind::armed_again: return fmt::format("{} is armed again: {}", policy(), note.text);
    case NoteKind::disarmed_ignores: return fmt::format("{} moves nothing: {}, which would answer it, is DISARMED by a person", note.text, policy());
    case NoteKind::contested: return contested_sentence({&note, 1}, site);
    case NoteKind::channel_silent: return fmt::format("{} is silent; its source is still listened to on its other channel", source());
    case NoteKind::channel_back: return fmt::format("{} is heard again", source());
    case NoteKind::channels_disagree: return fmt::format("the channels of {} DISAGREE about {}; the safest holds until they agree, or `ballast abort`", source(), note.text);
    case NoteKind::conflict:
        if (note.text.empty()) return fmt::format("{} asks for {:.1f} kW less than firm load, losses and standby draw: all that may go goes, the rest is for those who own the firm load", policy(), kw);
        return fmt::format("{} and {} cannot both be had, {:.1f} kW lie between them: the limit of {} holds", policy(), note.text, kw, policy());
    case NoteKind::conflict_over: return note.text.empty() ? fmt::format("what {} asks can be had again", policy()) : fmt::format("{} and {} can both be had again", policy(), note.text);
    case NoteKind::notice: return fmt::format("NOTICE to the owner of {}: {:.1f} kW of it are asked for by {}, and nobody else is left to give them", group(), kw, note.text);
    case NoteKind::notice_over: return fmt::format("notice to the owner of {} withdrawn: {} no longer asks it", group(), note.text);
    case NoteKind::local: return fmt::format("{} is in LOCAL: nothing is raised, and no contactor moves", source());
    case NoteKind::local_over: return fmt::format("{} is back in remote", source());
    case NoteKind::maintained: return fmt::format("maintenance of {}", note.text);
    case NoteKind::maintenance_over: return fmt::format("maintenance of {} is over", note.text);
    case NoteKind::overridden: return note.power == Power{} ? fmt::format("override of {}", note.text) : fmt::format("override to {:.1f} kW of {}", kw, note.text);
    case NoteKind::override_over: return fmt::format("override of {} is over", note.text);
    case NoteKind::word_refused: return fmt::format("a word was refused: {}", note.text);
    case NoteKind::shortfall:
        if (note.text == mean_falls) return fmt::format("SHORTFALL {:.1f} kW under {}: the mean over its window is still above the limit; what is drawn now brings it back", kw, policy());
        return fmt::format("SHORTFALL {:.1f} kW under {}: all that may go is ordered off{}{}", kw, policy(), note.text.empty() ? "" : "; ", note.text);
    case NoteKind::shortfall_over: return fmt::format("shortfall under {} is over", policy());
    case NoteKind::raises_stopped: return "the journal does not keep up: nothing is raised until it does";
    case NoteKind::raises_resumed: return "the journal keeps up again";
    case NoteKind::contactor_opens:
        if (note.power == Power{}) return fmt::format("contactor {} opens", load());
        return fmt::format("contactor {} opens: the meter still shows {:.1f} kW too much", load(), kw);
    case NoteKind::clock_jump:
        if (note.text == "0 ms") return "the wall clock is right again, or has been off for so long that it is followed";
        return fmt::format("the wall clock is off by {}; not followed unless it lasts", note.text);
    case NoteKind::promise_short: return fmt::format("{} could not be kept if it were called in now, with all else that is promised there: {:.1f} kW more than may go; firm load, and what is locked out, silent or broken, give nothing", policy(), kw);
    case NoteKind::rest_spent: {
        const Hosting& terms = site.groups[note.number].hosting;
        return fmt::format("machines of {} have rested for others for the {:.1f} h of a month that were promised: from the next hour on they go last, and what must go still goes", terms.customer, static_cast<double>(terms.rest_per_month.count()) / 3.6e6);
    }
    case NoteKind::promise_kept: return fmt::format("{} could be kept again", policy());
    case NoteKind::messages_lost: return fmt::format("{} messages were lost to a full mailbox", note.number);
    case NoteKind::armed: return fmt::format("{} may open by itself, once that is journaled: {}", policy(), note.text);
    case NoteKind::tripped: return fmt::format("{} TRIPPED at {}; nothing rises until the frequency is back, or `ballast abort {}`", policy(), note.text, policy());
    case NoteKind::supply_lost: return fmt::format("SUPPLY LOST by {}: the meter fell from {:.1f} kW with nobody ordered off; nothing rises there until it is back", policy(), kw);
    case NoteKind::supply_back: return fmt::format("{}: supply is back; what does not come up by itself waits for its turn", policy());
    case NoteKind::trip_over: return fmt::format("{}: the frequency is back for long enough; what it opened may close, each in its turn", policy());
    case NoteKind::signal_accepted:
    case NoteKind::signal_superseded:
    case NoteKind::signal_older:
    case NoteKind::signal_duplicate: return {};
    }
    return {};
}

namespace {

/// "m-0, m-1 and 3 more"; how many there are.
std::pair<std::size_t, std::string> loads_named(std::span<const Note> notes, NoteKind kind, const Site& site) {
    std::string names;
    std::size_t count = 0;
    for (const Note& note : notes) {
        if (note.kind != kind || note.number >= site.loads.size()) continue;
        if (++count <= most_named) names += (count == 1 ? "" : ", ") + site.loads[note.number].name;
    }
    if (count > most_named) names += fmt::format(" and {} more", count - most_named);
    return {count, names};
}

}  // namespace

std::string contested_sentence(std::span<const Note> notes, const Site& site) {
    const auto [count, names] = loads_named(notes, NoteKind::contested, site);
    if (count == 0) return {};
    return fmt::format("{} load(s) were woken again by something else, {} times or more: {}; who else controls them? They are sent back, ever more seldom", count, site.contested_after, names);
}

std::string latched_sentence(std::span<const Note> notes, const Site& site) {
    const auto [count, names] = loads_named(notes, NoteKind::latched, site);
    if (count == 0) return {};
    if (count == 1) return fmt::format("{} was put to rest by something else; it stays so until `ballast clear {}`", names, names);
    return fmt::format("{} load(s) were put to rest by something else: {}; they stay so until `ballast clear` of each, of its group or of \"site\"", count, names);
}

}  // namespace ballast
