#include "controller/channels.hpp"

#include <algorithm>
#include <fmt/core.h>

namespace ballast {

bool has_channels(const Site& site, SourceId source) {
    return std::ranges::any_of(site.sources, [&](const Site::Source& s) { return s.same_as == source; });
}

namespace {

template <class Is>
bool all_channels(const Core& core, SourceId source, Is is) {
    for (std::uint16_t i = 0; i < core.site.sources.size(); ++i)
        if (source_of(core.site, SourceId{i}) == source && !is(core.state.sources[i])) return false;
    return true;
}

bool lives(const Core& core, const ChannelWord& word) { return !core.state.sources[index(word.channel)].silent; }

}  // namespace

void heard_on(Core& core, SourceId channel, Steady good_until) {
    const SourceId id = source_of(core.site, channel);
    SourceState& own = core.state.sources[index(channel)];
    SourceState& source = core.state.sources[index(id)];
    if (source.stale) core.note(NoteKind::source_back, index(id));
    else if (own.silent) core.note(NoteKind::channel_back, index(channel));
    own.silent = own.stale = source.stale = false;
    own.ever = source.ever = true;
    own.good_until = good_until;
}

void fall_silent(Core& core, SourceId channel) {
    const SourceId id = source_of(core.site, channel);
    SourceState& own = core.state.sources[index(channel)];
    own.silent = true;
    if (id != channel) own.stale = true;
    if (!all_channels(core, id, [](const SourceState& s) { return s.silent; })) return core.note(NoteKind::channel_silent, index(channel));
    core.state.sources[index(id)].stale = true;
    core.note(NoteKind::source_stale, index(id));
}

Heard note_word(Obligation& obligation, SourceId channel, const Signal& said, bool released) {
    const auto known = std::ranges::find(obligation.words, channel, &ChannelWord::channel);
    if (known == obligation.words.end()) {
        obligation.words.push_back({channel, said, released});
        return Heard::taken;
    }
    const Instant before = known->signal.issued;
    if (said.issued < before) return Heard::older;
    if (!released && said.issued == before) return known->released ? Heard::after_release : Heard::duplicate;
    known->signal = said;
    known->released = released;
    return Heard::taken;
}

bool let_go(const Core& core, const Obligation& obligation) {
    bool some = false;
    for (const ChannelWord& word : obligation.words) {
        if (!lives(core, word)) continue;
        if (!word.released) return false;
        some = true;
    }
    return some;
}

namespace {

/// What it lets the site draw. For an award, the more that is awarded the more has to be ready.
Power allows(const Obligation& obligation, const Signal& signal) {
    if (signal.kind == SignalKind::arm) return -signal.power;
    if (signal.ask == Ask::full) return Power::lowest();
    return signal.ask == Ask::absolute ? signal.power : obligation.reference - signal.power;
}

}  // namespace

Signal agreed(const Core& core, const Obligation& obligation) {
    const bool anybody = std::ranges::any_of(obligation.words, [&](const ChannelWord& w) { return !w.released && lives(core, w); });
    std::optional<Signal> safest;
    for (const ChannelWord& word : obligation.words) {
        if (word.released || (anybody && !lives(core, word))) continue;
        if (!safest) {
            safest = word.signal;
            continue;
        }
        const Signal& said = word.signal;
        const Signal before = *safest;
        const auto weight = [&](const Signal& s) { return std::pair{s.kind == SignalKind::emergency ? 0 : 1, allows(obligation, s)}; };
        if (weight(said) < weight(before)) safest = said;
        safest->start = std::min(before.start, said.start);
        safest->end = std::max(before.end, said.end);
        safest->issued = std::max(before.issued, said.issued);
        safest->ramp = std::min(before.ramp, said.ramp);
    }
    return safest.value_or(obligation.signal);
}

namespace {

/// As far as it matters: two brokers may stamp differently.
bool mean_the_same(const ChannelWord& a, const ChannelWord& b) {
    if (a.released || b.released) return a.released == b.released;
    const Signal &x = a.signal, &y = b.signal;
    return x.kind == y.kind && x.ask == y.ask && x.power == y.power && x.end == y.end;
}

std::string said_by(const Core& core, const Obligation& obligation) {
    std::string text = obligation.signal.id + ":";
    for (const ChannelWord& word : obligation.words) {
        text += fmt::format("{} {} ", text.back() == ':' ? "" : ";", core.site.sources[index(word.channel)].name);
        if (word.released) text += "has released it";
        else if (word.signal.ask == Ask::full) text += "asks for everything";
        else text += fmt::format("asks for {} {:.3f} MW", word.signal.ask == Ask::absolute ? "at most" : "a reduction of", static_cast<double>(word.signal.power.count) / 1e6);
        if (!lives(core, word)) text += ", and is silent";
    }
    return text;
}

}  // namespace

void compare_words(const Core& core, Obligation& obligation) {
    const ChannelWord* first = nullptr;
    bool differ = false;
    for (const ChannelWord& word : obligation.words) {
        if (!lives(core, word)) continue;
        if (!first) first = &word;
        else differ = differ || !mean_the_same(*first, word);
    }
    if (!differ) obligation.differ_since = never, obligation.differ_told = false;
    else if (obligation.differ_since == never) obligation.differ_since = core.now.steady;
}

void tell_differences(Core& core) {
    for (Obligation& o : core.state.obligations) {
        if (o.differ_since == never || o.differ_told) continue;
        const Steady due = later(o.differ_since, core.site.sources[index(o.signal.source)].agree_within);
        if (due > core.now.steady) {
            core.wake_at(due);
            continue;
        }
        o.differ_told = true;
        core.note(NoteKind::channels_disagree, index(o.signal.source), said_by(core, o), o.event);
    }
}

}  // namespace ballast
