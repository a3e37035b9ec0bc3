#include "controller/encoding.hpp"

#include "model/names.hpp"

#include <fmt/format.h>

#include <concepts>
#include <type_traits>

namespace ballast {
namespace {

template <class T, class U>
concept As = std::same_as<std::remove_const_t<T>, U>;

constexpr std::uint64_t raw(std::unsigned_integral auto v) { return v; }
constexpr std::int64_t raw(std::int64_t v) { return v; }
template <class Enum>
    requires std::is_enum_v<Enum>
constexpr std::uint64_t raw(Enum v) {
    return static_cast<std::uint64_t>(v);
}
constexpr std::int64_t raw(Duration v) { return v.count(); }
template <class Unit>
constexpr std::int64_t raw(Quantity<Unit> v) {
    return v.count;
}

/// What one value may lean on: the step's clocks, and the value before.
struct Before {
    Now now;
    Slot slot = 0;
    std::uint64_t order = 0;
    Why why{};
};

/// Says values to a Writer or a Digest.
template <class Sink>
struct Put : Before {
    static constexpr bool reads = false;
    Sink& sink;
    Put(Sink& s, Now at) : Before{at}, sink{s} {}

    bool ok() const { return true; }
    template <class... Small>
    void bytes(const Small&... v) {
        std::uint64_t all = 0;
        unsigned shift = 0;
        ((all |= static_cast<std::uint64_t>(v) << shift, shift += 8), ...);
        sink.packed(all, sizeof...(Small));
    }
    void number(const auto& v) { sink.number(raw(v)); }
    void integer(const auto& v) { sink.integer(raw(v)); }
    void text(const std::string& v) { sink.text(v); }
    void time(Steady v) { sink.time(v, now.steady); }
    void time(Instant v) { sink.time(v, now.utc); }
    /// Usually one load, behind the one before.
    void loads(Range v) {
        sink.integer(std::int64_t{v.first} - std::int64_t{slot});
        sink.integer(std::int64_t{v.last} - std::int64_t{v.first} - 1);
        slot = v.last;
    }
    void range(Range v) { sink.range(v); }
    void next(OrderId v) {
        sink.integer(static_cast<std::int64_t>(raw(v) - order));
        order = raw(v);
    }
    void same(bool& is, const Why& v) { is = v == why; }
};

/// The same calls, filling values from a Reader; what cannot be right fails the Reader.
struct Get : Before {
    static constexpr bool reads = true;
    Reader& from;
    Get(Reader& reader, Now at) : Before{at}, from{reader} {}

    bool ok() const { return from.ok(); }
    template <class T>
    void small(T& v) {
        const std::uint8_t b = from.byte();
        if constexpr (std::is_same_v<T, bool>) {
            v = b == 1;
            if (b > 1) from.fail();
        } else if constexpr (std::is_enum_v<T>) {
            v = static_cast<T>(b);
            if (name_of(v).empty()) from.fail(), v = T{};
        } else v = b;
    }
    void bytes(auto&... v) { (small(v), ...); }
    template <class T>
    void number(T& v) {
        if constexpr (std::is_enum_v<T>) v = static_cast<T>(from.number_to(std::numeric_limits<std::underlying_type_t<T>>::max()));
        else v = static_cast<T>(from.number_to(std::numeric_limits<T>::max()));
    }
    template <class T>
    void integer(T& v) { v = T{from.integer()}; }
    void text(std::string& v) { v = from.text(); }
    void time(Steady& v) { v = from.time(now.steady); }
    void time(Instant& v) { v = from.time(now.utc); }
    void loads(Range& v) {
        v.first = near(slot, from.integer());
        const std::int64_t more = from.integer();
        v.last = more == INT64_MAX ? (from.fail(), 0) : near(v.first, more + 1);
        slot = v.last;
    }
    void range(Range& v) { v = from.range(); }
    void next(OrderId& v) {
        order += static_cast<std::uint64_t>(from.integer());
        v = OrderId{order};
    }
    void same(bool&, const Why&) {}

private:
    Slot near(Slot base, std::int64_t by) {
        constexpr std::int64_t most = UINT32_MAX;
        const bool fits = by >= -most && by <= most && by + base >= 0 && by + base <= most;
        return fits ? static_cast<Slot>(by + base) : (from.fail(), Slot{0});
    }
};

// One description of every value, for writing, digesting and reading alike. The order of the lines is the format.

template <class Io>
void fields(Io& io, As<Signal> auto& v) {
    io.bytes(v.kind, v.ask);
    io.number(v.source);
    io.text(v.id);
    io.time(v.issued);
    io.time(v.start);
    io.time(v.end);
    io.integer(v.price);
    io.integer(v.power);
    io.integer(v.ramp);
    io.integer(v.temperature);
    io.integer(v.chance_ppm);
}
template <class Io>
void fields(Io& io, As<Heartbeat> auto& v) {
    io.number(v.source);
}
template <class Io>
void fields(Io& io, As<Rejected> auto& v) {
    io.bytes(v.why);
    io.number(v.source);
    io.text(v.detail);
}
template <class Io>
void fields(Io& io, As<MeterReading> auto& v) {
    io.bytes(v.quality);
    io.number(v.meter);
    io.integer(v.power);
    io.time(v.taken);
}
template <class Io>
void fields(Io& io, As<LoadReading> auto& v) {
    io.bytes(v.mode, v.quality);
    io.loads(v.loads);
    io.integer(v.power);
    io.time(v.taken);
}
template <class Io>
void fields(Io& io, As<Answered> auto& v) {
    io.loads(v.loads);
}
template <class Io>
void fields(Io& io, As<Receipt> auto& v) {
    io.bytes(v.fate);
    io.next(v.order);
    io.loads(v.loads);
    io.time(v.at);
}
template <class Io>
void fields(Io& io, As<OperatorWord> auto& v) {
    io.bytes(v.word);
    io.text(v.target);
    io.text(v.who);
    io.text(v.why);
    io.integer(v.lasts);
    io.bytes(v.force);
    io.integer(v.limit);
}
template <class Io>
void fields(Io& io, As<JournalHealth> auto& v) {
    io.bytes(v.writes);
}
template <class Io>
void fields(Io& io, As<ClockJump> auto& v) {
    io.integer(v.by);
}
template <class Io>
void fields(Io& io, As<Lost> auto& v) {
    io.number(v.signals);
}

template <class Io>
void fields(Io& io, As<FrequencyReading> auto& v) {
    io.number(v.guard);
    io.integer(v.lowest);
    io.integer(v.latest);
    io.time(v.taken);
}

template <class Io>
void fields(Io& io, As<HashReading> auto& v) {
    io.number(v.load);
    io.integer(v.power);
    io.integer(v.gigahashes);
}

/// Usually a few, ascending.
template <class Io>
void slots(Io& io, auto& list) {
    if constexpr (Io::reads) {
        for (std::size_t n = io.from.count(); n > 0 && io.ok(); --n) {
            Range one;
            io.loads(one);
            if (one.size() != 1) io.from.fail();
            list.push_back(one.first);
        }
    } else {
        io.sink.number(list.size());
        for (const Slot slot : list) io.loads({slot, slot + 1});
    }
}

template <class Io>
void fields(Io& io, As<Tripped> auto& v) {
    io.bytes(v.stage);
    io.number(v.guard);
    io.next(v.table);
    io.integer(v.frequency);
    io.time(v.taken);
    io.time(v.sent);
    slots(io, v.contactors);
}

template <class Io>
void fields(Io& io, As<TripTable> auto& v) {
    io.next(v.id);
    io.number(v.guard);
    if constexpr (Io::reads) {
        for (std::size_t n = io.from.count(); n > 0 && io.ok(); --n) slots(io, v.stages.emplace_back());
    } else {
        io.sink.number(v.stages.size());
        for (const auto& stage : v.stages) slots(io, stage);
    }
}

template <class Io>
void fields(Io& io, As<Scope> auto& v) {
    io.bytes(v.kind);
    io.number(v.number);
}

template <class Io>
void fields(Io& io, As<Why> auto& v) {
    io.bytes(v.cause, v.rank, v.reason, v.escalate_to);
    io.number(v.policy);
    io.number(v.source);
    io.number(v.event);
    io.time(v.until);
}

/// Most orders of a step have the reason of the one before.
template <class Io>
void unless_same(Io& io, auto& why, bool same) {
    if constexpr (Io::reads) {
        if (same) why = io.why;
        else {
            fields(io, why);
            if (why == io.why) io.from.fail();  // Would have been left out.
        }
    } else if (!same) fields(io, why);
    if (!same) io.why = why;
}

template <class Io>
void fields(Io& io, As<Order> auto& v) {
    bool same = false;
    io.same(same, v.why);
    io.bytes(v.rung, v.attempt, same);
    io.next(v.id);
    io.number(v.group);
    io.range(v.loads);
    unless_same(io, v.why, same);
    if (v.rung == Rung::cap) io.integer(v.cap);
}

template <class Io>
void fields(Io& io, As<Binding> auto& v) {
    bool same = false;
    io.same(same, v.why);
    io.bytes(v.proven, same);
    fields(io, v.scope);
    unless_same(io, v.why, same);
    io.integer(v.limit);
    io.integer(v.expected);
    io.integer(v.shortfall);
}

template <class Io>
void fields(Io& io, As<Overruled> auto& v) {
    bool same = false;
    io.same(same, v.why);
    io.bytes(same);
    io.number(v.by);
    fields(io, v.scope);
    unless_same(io, v.why, same);
    io.integer(v.limit);
}

template <class Io>
void fields(Io& io, As<Miss> auto& v) {
    io.bytes(v.cause, v.given_up);
    io.next(v.order);
    io.number(v.load);
    io.number(v.event);
}

template <class Io>
void fields(Io& io, As<Note> auto& v) {
    io.bytes(v.kind);
    io.number(v.number);
    io.number(v.event);
    io.integer(v.power);
    io.text(v.text);
}

template <class Sink>
void put_all(Put<Sink>& io, const auto& list) {
    io.sink.number(list.size());
    for (const auto& item : list) fields(io, item);
}

template <class T>
void get_all(Get& io, std::vector<T>& list) {
    for (std::size_t n = io.from.count(); n > 0 && io.ok(); --n) fields(io, list.emplace_back());
}

template <class Sink>
void put_events(Sink& sink, Now now, std::span<const Event> heard) {
    Put<Sink> io{sink, now};
    sink.byte(encoding_version);
    sink.number(heard.size());
    for (const Event& event : heard) {
        sink.byte(static_cast<std::uint8_t>(event.index()));
        std::visit([&](const auto& v) { fields(io, v); }, event);
    }
}

template <class Sink>
void put_decision(Sink& sink, Now now, const Decision& d) {
    Put<Sink> io{sink, now};
    sink.byte(encoding_version);
    io.time(d.at.utc);
    io.time(d.at.steady);
    io.time(d.wake);
    put_all(io, d.orders);
    put_all(io, d.binding);
    put_all(io, d.misses);
    put_all(io, d.notes);
    put_all(io, d.tables);
    put_all(io, d.overruled);
}

template <std::size_t... I>
void get_event(Get& io, Event& event, std::size_t kind, std::index_sequence<I...>) {
    const bool known = ((I == kind && (fields(io, event.emplace<I>()), true)) || ...);
    if (!known) io.from.fail();
}

/// Nothing if the version is ours.
std::optional<Error> foreign(Reader& reader, std::string_view what) {
    const std::uint8_t version = reader.byte();
    if (reader.ok() && version == encoding_version) return std::nullopt;
    return Error{Errc::malformed, fmt::format("{}: encoding {}, this program reads {}", what, version, encoding_version)};
}

auto broken(std::string_view what, std::size_t size, std::size_t item) {
    return fail(Errc::malformed, fmt::format("{}: {} bytes that nothing of ours can have written, from item {} on", what, size, item));
}

}  // namespace

void encode(std::string& out, Now now, std::span<const Event> heard) {
    Writer writer{out};
    put_events(writer, now, heard);
}

void encode(std::string& out, Now now, const Decision& decision) {
    Writer writer{out};
    put_decision(writer, now, decision);
}

std::uint64_t digest(std::uint64_t before, Now now, std::span<const Event> heard) {
    Digest sink{before};
    put_events(sink, now, heard);
    return sink.value();
}

std::uint64_t digest(std::uint64_t before, Now now, const Decision& decision) {
    Digest sink{before};
    put_decision(sink, now, decision);
    return sink.value();
}

Result<std::vector<Event>> decode_events(std::string_view bytes, Now now) {
    Reader reader{bytes};
    if (auto error = foreign(reader, "events")) return tl::unexpected{*error};
    Get io{reader, now};
    std::vector<Event> events;
    for (std::size_t n = reader.count(); n > 0 && reader.ok(); --n)
        get_event(io, events.emplace_back(), reader.byte(), std::make_index_sequence<std::variant_size_v<Event>>{});
    if (!reader.ok() || !reader.at_end()) return broken("events", bytes.size(), events.size());
    return events;
}

Result<DecisionRecord> decode_decision(std::string_view bytes, Now now) {
    Reader reader{bytes};
    if (auto error = foreign(reader, "decision")) return tl::unexpected{*error};
    Get io{reader, now};
    DecisionRecord d;
    io.time(d.at.utc);
    io.time(d.at.steady);
    io.time(d.wake);
    get_all(io, d.orders);
    get_all(io, d.binding);
    get_all(io, d.misses);
    get_all(io, d.notes);
    get_all(io, d.tables);
    get_all(io, d.overruled);
    if (!reader.ok() || !reader.at_end())
        return broken("decision", bytes.size(), d.orders.size() + d.binding.size() + d.misses.size() + d.notes.size() + d.tables.size() + d.overruled.size());
    return d;
}

}  // namespace ballast
