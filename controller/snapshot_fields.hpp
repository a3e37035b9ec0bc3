#pragma once
#include "controller/bytes.hpp"
#include "controller/core.hpp"

#include <algorithm>
#include <chrono>
#include <string>

/// What a snapshot holds of each thing, field by field.
namespace ballast::snapshot {

constexpr Duration long_ago = std::chrono::hours{24 * 366};

// Each thing is put and taken by one function, so that the two cannot part: `Io` is a Writer's or a Reader's side.

struct Out {
    static constexpr bool writing = true;
    Writer w;
    Now now;

    template <class T> void whole(T& v) { w.integer(static_cast<std::int64_t>(v)); }
    template <class Q> void quantity(Q& q) { w.integer(q.count); }
    void flag(bool v) { w.byte(v ? 1 : 0); }
    void text(const std::string& s) { w.text(s); }
    void utc(Instant& t) { w.time(t, now.utc); }
    /// An age: 0 never, 1 long ago, else how far from now.
    void steady(Steady& t) {
        if (t == never) w.number(0);
        else if (t < now.steady - long_ago) w.number(1);
        else w.number(zigzag((t - now.steady).count()) + 2);
    }
};

struct In {
    static constexpr bool writing = false;
    Reader r;
    Now saved, now;   ///< Then, and now: the time between was spent down.

    template <class T> void whole(T& v) { v = static_cast<T>(r.integer()); }
    template <class Q> void quantity(Q& q) { q.count = r.integer(); }
    void flag(bool& v) { v = r.flag(); }
    void text(std::string& s) { s = std::string{r.text()}; }
    void utc(Instant& t) { t = r.time(saved.utc); }
    void steady(Steady& t) {
        const std::uint64_t code = r.number();
        const Duration down = std::max(Duration{0}, now.utc - saved.utc);
        if (code == 0) t = never;
        else if (code == 1) t = Steady::min();
        else t = now.steady + Duration{unzigzag(code - 2)} - down;
    }
};

template <class Io, class Items>
void each(Io& f, Items& items);

template <class Io>
void io(Io& f, MeterState::Sample& s) { f.steady(s.taken), f.quantity(s.power); }

template <class Io>
void io(Io& f, Sunk& s) { f.steady(s.seen), f.quantity(s.power); }

template <class Io>
void io(Io& f, PriceInterval& p) {
    f.utc(p.start), f.utc(p.end), f.quantity(p.price), f.utc(p.issued);
    f.steady(p.begins), f.steady(p.ends), f.steady(p.good_until);
}

template <class Io>
void io(Io& f, Why& w) {
    f.whole(w.cause), f.whole(w.rank), f.whole(w.reason);
    f.whole(w.escalate_to), f.whole(w.event), f.utc(w.until);
}

template <class Io>
void io(Io& f, Signal& s) {
    f.whole(s.kind), f.text(s.id), f.utc(s.issued), f.utc(s.start), f.utc(s.end);
    f.whole(s.ask), f.quantity(s.power);
    auto ramp = s.ramp.count();
    f.whole(ramp);
    s.ramp = Duration{ramp};
}

template <class Io>
void io(Io& f, Obligation& o) {
    f.whole(o.event), f.steady(o.heard), f.steady(o.begins), f.steady(o.ends), f.utc(o.begins_utc), f.quantity(o.reference), f.quantity(o.armed), f.flag(o.estimated);
    io(f, o.signal), f.steady(o.differ_since), f.flag(o.differ_told), f.flag(o.quota_told);
    f.flag(o.held_told), f.text(o.origin), f.flag(o.released), each(f, o.joined);
}

template <class Io>
void io(Io& f, EventId& e) { f.whole(e); }

template <class Io>
void io(Io& f, std::string& s) { f.text(s); }

template <class Io>
void io(Io& f, Disarm& d) { f.text(d.who), f.text(d.why), f.steady(d.until), f.flag(d.protections), each(f, d.told); }

template <class Io>
void io(Io& f, Maintenance& m) { f.text(m.target), f.text(m.who), f.text(m.why), f.steady(m.until); }

template <class Io>
void io(Io& f, Override& o) { f.text(o.target), f.text(o.who), f.text(o.why), f.steady(o.until), f.quantity(o.limit); }

template <class Io>
void io(Io& f, Contest& c) { f.whole(c.times), f.steady(c.last), f.flag(c.waiting); }

template <class Io>
void io(Io& f, Notice& n) { f.whole(n.event), f.quantity(n.power), f.utc(n.deadline), f.steady(n.due); }

template <class Io>
void io(Io& f, LoadState& l, Run& run) {
    f.whole(l.order), f.quantity(l.watts), f.quantity(l.reading), f.steady(l.taken), f.steady(l.heard);
    f.whole(l.mode), f.whole(l.quality), f.flag(l.on), f.flag(l.seen), f.flag(l.failing), f.flag(l.stale), f.whole(l.fate);
    f.whole(run.bars), f.steady(run.since);
    run.on = l.on;
}

template <class Io>
void io(Io& f, FlexState& x) {
    f.quantity(x.cap), f.quantity(x.lowest), f.steady(x.since), f.whole(x.checkpoint), f.whole(x.event);
    f.steady(x.told), f.steady(x.asked), f.steady(x.saved), f.flag(x.missed);
}

template <class Io>
void io(Io& f, MeterState& m) { f.quantity(m.power), f.steady(m.taken), f.steady(m.heard), f.flag(m.fresh), io(f, m.quarter_hours), io(f, m.half_hours); }

template <class Io>
void io(Io& f, SourceState& s) { f.steady(s.good_until), f.flag(s.stale), f.flag(s.ever), f.flag(s.silent); }

template <class Io>
void io(Io& f, GuardState& g) {
    f.whole(g.tripped), f.steady(g.calm_since), f.flag(g.disarmed);
    bool told = g.frequency.has_value();
    f.flag(told);
    Frequency frequency = g.frequency.value_or(Frequency{});
    f.quantity(frequency);
    if (told) g.frequency = frequency;
}

template <class Io>
void io(Io& f, PeakForecast& p) { f.text(p.id), f.utc(p.issued), f.steady(p.begins), f.steady(p.ends), f.whole(p.ppm); }

template <class Io>
void io(Io& f, Pending& p) { f.whole(p.id), f.whole(p.rung), f.whole(p.attempt), f.steady(p.due), io(f, p.why); }

template <class Io>
void io(Io& f, Excess& e) {
    f.whole(e.event), f.steady(e.since), f.steady(e.shown), f.flag(e.told), f.flag(e.promised), f.quantity(e.said);
}

template <class Io>
void io(Io& f, Pace& p) { f.steady(p.up_paid), f.steady(p.down_paid), f.steady(p.inrush_until), f.quantity(p.inrush); }

template <class Io>
void io(Io& f, SupplyState& s) { f.whole(s.phase), f.steady(s.since), f.quantity(s.before), f.whole(s.event); }

template <class Io>
void io(Io& f, Level& l) { f.whole(l.value), f.utc(l.issued); }

template <class Io, class Items>
void each(Io& f, Items& items) {
    if constexpr (Io::writing) {
        f.w.number(items.size());
        for (auto& item : items) io(f, item);
    } else {
        const std::size_t n = f.r.count();
        items.clear();
        for (std::size_t i = 0; i < n && f.r.ok(); ++i) io(f, items.emplace_back());
    }
}

}  // namespace ballast::snapshot
