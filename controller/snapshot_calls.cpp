#include "controller/snapshot_calls.hpp"

#include "controller/books.hpp"
#include "controller/channels.hpp"
#include "controller/held_calls.hpp"

#include <algorithm>

namespace ballast::snapshot {

namespace {

/// What each channel said of each obligation, in their order.
void save_words(Out& f, Core& core) {
    f.w.number(core.state.obligations.size());
    for (Obligation& o : core.state.obligations) {
        f.w.number(o.words.size());
        for (ChannelWord& w : o.words) f.text(core.site.sources[index(w.channel)].name), io(f, w.signal), f.flag(w.released);
    }
}

/// By the feeder's name; the site has none. No policy asks anything of a group for a call.
void save_held(Out& f, const Site& site, std::vector<Held> held) {
    f.w.number(held.size());
    for (Held& h : held) f.text(h.scope.kind == Scope::Kind::feeder ? site.feeders[h.scope.number].name : std::string{}), f.flag(h.everything), f.quantity(h.limit), f.steady(h.from);
}

}  // namespace

void save_calls(Out& f, Core& core) {
    const Site& site = core.site;
    f.w.number(core.state.obligations.size());
    for (Obligation& o : core.state.obligations) {
        if (o.origin.empty()) o.origin = site.sources[index(o.signal.source)].name;
        io(f, o), save_held(f, site, held_for(core, o, f.now));
        f.w.number(site.feeders.size());
        for (std::size_t i = 0; i < site.feeders.size(); ++i) f.text(site.feeders[i].name), f.quantity(o.feeder_references[i]);
    }
    save_words(f, core);
    f.w.number(core.state.tombstones.size());
    for (Tombstone& t : core.state.tombstones) f.text(site.sources[index(t.source)].name), f.text(t.id), f.utc(t.issued);
    f.w.number(core.state.calls.size());
    for (Call& c : core.state.calls) f.text(site.sources[index(c.source)].name), f.utc(c.began), f.utc(c.ended);
}

namespace {

/// Of a channel that the site file no longer has nobody will hear again; what it asked stands in its source's own name.
void restore_words(In& f, Core& core, const Names& names) {
    const std::size_t obligations = f.r.count();
    for (std::size_t i = 0; i < obligations && f.r.ok(); ++i)
        named_things(f, names.sources, [&](auto channel) {
            ChannelWord w;
            io(f, w.signal), f.flag(w.released);
            if (!channel || i >= core.state.obligations.size()) return;
            Obligation& o = core.state.obligations[i];
            w.channel = SourceId{static_cast<std::uint16_t>(*channel)};
            w.signal.source = o.signal.source;
            if (source_of(core.site, w.channel) == o.signal.source) o.words.push_back(std::move(w));
        });
}

/// A call whose source the site file has no more stands in the operator's name, and comes home with it.
void find_source(Obligation& o, const Core& core, const Names& names) {
    const auto source = find(names.sources, o.origin);
    const auto stands_for = source ? source : find(names.sources, "operator");
    o.signal.source = SourceId{static_cast<std::uint16_t>(stands_for.value_or(0))};
    if (source) o.origin.clear();
    else if (o.held.empty() || !stands_for) o.ends = core.now.steady;  // Nobody obeyed it, and nobody will end it.
}

void restore_held(In& f, Obligation& o, const Names& names) {
    const std::size_t count = f.r.count();
    for (std::size_t i = 0; i < count && f.r.ok(); ++i) {
        Held held;
        const std::string where = name(f);
        f.flag(held.everything), f.quantity(held.limit), f.steady(held.from);
        const auto feeder = find(names.feeders, where);
        if (feeder) held.scope = Scope::feeder(FeederId{static_cast<std::uint16_t>(*feeder)});
        else if (!where.empty()) held.everything = true;  // Of a feeder that is no more: what hung on it hangs elsewhere.
        o.held.push_back(held);
    }
}

}  // namespace

void restore_calls(In& f, Core& core, const Names& names) {
    const std::size_t obligations = f.r.count();
    for (std::size_t n = 0; n < obligations && f.r.ok(); ++n) {
        Obligation o;
        io(f, o), restore_held(f, o, names);
        // A feeder that is new since then has no such past: what its books say now stands for it.
        for (std::uint16_t i = 0; i < core.site.feeders.size(); ++i) o.feeder_references.push_back(balance(core, Scope::feeder(FeederId{i})).drawn());
        named_things(f, names.feeders, [&](auto feeder) {
            Power reference;
            f.quantity(reference);
            if (feeder) o.feeder_references[*feeder] = reference;
        });
        // Long past is no distance to reckon with.
        o.begins = std::max(o.begins, core.now.steady - long_ago);
        o.heard = std::max(o.heard, core.now.steady - long_ago);
        find_source(o, core, names);
        core.state.obligations.push_back(std::move(o));
    }
    restore_words(f, core, names);
    named_things(f, names.sources, [&](auto source) {
        Tombstone t;
        f.text(t.id), f.utc(t.issued);
        t.source = SourceId{static_cast<std::uint16_t>(source.value_or(0))};
        if (source) core.state.tombstones.push_back(std::move(t));
    });
    named_things(f, names.sources, [&](auto source) {
        Call c;
        f.utc(c.began), f.utc(c.ended);
        c.source = SourceId{static_cast<std::uint16_t>(source.value_or(0))};
        if (source) core.state.calls.push_back(c);
    });
}

}  // namespace ballast::snapshot
