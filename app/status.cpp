#include "app/status.hpp"

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
    event.source = episode.cause == Cause::capacity ? site.policies[index(episode.policy)] : site.sources[index(episode.source)].name;
    event.cause = name_of(episode.cause);
    event.since = step.now.utc - (step.now.steady - episode.since);
    return event;
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
        const Power standby{site.groups[i].standby.count * site.groups[i].loads.size()};
        report.available_down += std::max(Power{}, group.planned - standby);
    }
    report.available_flexible = step.engine.available_flexible();
    report.available_up = step.engine.available_up();
    for (const FirmState& firm : state.firm)  // What has not been read is not told as if it had.
        if (state.loads[firm.load].mode != Mode::unknown) report.firm += state.loads[firm.load].reading;
    if (const Binding* binding = foremost(step.decision.binding)) report.binding = binding_of(site, *binding);
    for (const Binding& binding : step.decision.binding)
        if (limits_draw(binding.why.reason)) report.shortfall = std::max(report.shortfall, binding.shortfall);
    for (const Obligation& obligation : state.obligations)
        if (obligation.signal.kind != SignalKind::arm) report.events.push_back(event_of(step, obligation));
    for (const Episode& episode : state.episodes) report.events.push_back(event_of(step, episode));
    return report;
}

std::string sentence_of(const Note& note, const Site& site) {
    const auto source = [&] { return note.number < site.sources.size() ? site.sources[note.number].name : std::string{"?"}; };
    const auto meter = [&] { return note.number < site.meters.size() ? site.meters[note.number].name : std::string{"?"}; };
    const auto load = [&] { return note.number < site.loads.size() ? site.loads[note.number].name : std::string{"?"}; };
    const auto policy = [&] { return note.number < site.policies.size() ? site.policies[note.number] : std::string{"?"}; };
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
        return fmt::format("{}: {} is counted from {:.1f} kW, an estimate: no meter was read before it", source(), note.text, kw);
    case NoteKind::signals_full: return fmt::format("{}: {} refused: too much is known already", source(), note.text);
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
    case NoteKind::aborted: return fmt::format("event {} aborted by a person", note.text);
    case NoteKind::word_refused: return fmt::format("a word was refused: {}", note.text);
    case NoteKind::shortfall: return fmt::format("SHORTFALL {:.1f} kW under {}: all that may go is ordered off{}{}", kw, policy(), note.text.empty() ? "" : "; ", note.text);
    case NoteKind::shortfall_over: return fmt::format("shortfall under {} is over", policy());
    case NoteKind::raises_stopped: return "the journal does not keep up: nothing is raised until it does";
    case NoteKind::raises_resumed: return "the journal keeps up again";
    case NoteKind::contactor_opens:
        if (note.power == Power{}) return fmt::format("contactor {} opens", load());
        return fmt::format("contactor {} opens: the meter still shows {:.1f} kW too much", load(), kw);
    case NoteKind::clock_jump: return fmt::format("the wall clock is off by {}; not followed unless it lasts", note.text);
    case NoteKind::promise_short: return fmt::format("{} could not be kept if it were called in now: {:.1f} kW more than may go; firm load, or what is locked out, stands in the way", policy(), kw);
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

std::string latched_sentence(std::span<const Note> notes, const Site& site) {
    constexpr std::size_t most_named = 5;
    std::string names;
    std::size_t count = 0;
    for (const Note& note : notes) {
        if (note.kind != NoteKind::latched || note.number >= site.loads.size()) continue;
        if (++count <= most_named) names += (count == 1 ? "" : ", ") + site.loads[note.number].name;
    }
    if (count == 0) return {};
    if (count == 1) return fmt::format("{} was put to rest by something else; it stays so until `ballast clear {}`", names, names);
    const std::string more = count > most_named ? fmt::format(" and {} more", count - most_named) : "";
    return fmt::format("{} load(s) were put to rest by something else: {}{}; they stay so until `ballast clear` of each, of its group or of \"site\"", count, names, more);
}

}  // namespace ballast
