#pragma once
#include "controller/encoding.hpp"

#include <random>

/// Events and decisions of every shape, from one seed, extremes included.
namespace ballast::testing {

class AnyRecords {
public:
    explicit AnyRecords(std::uint64_t seed) : random_{seed} {}

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    std::int64_t number() {
        switch (below(8)) {
        case 0: return INT64_MAX;
        case 1: return INT64_MIN;
        case 2: return 0;
        default: return static_cast<std::int64_t>(random_() >> below(64)) * (below(2) ? 1 : -1);
        }
    }
    template <class T>
    T pick(T last) { return static_cast<T>(below(static_cast<std::uint64_t>(last) + 1)); }
    std::string text() {
        std::string s(below(20), '\0');
        for (char& c : s) c = static_cast<char>(random_());
        return s;
    }
    Range range() { return {static_cast<Slot>(random_() >> below(64)), static_cast<Slot>(random_() >> below(64))}; }
    std::vector<Slot> slots() {
        std::vector<Slot> all(below(4));
        for (Slot& s : all) s = static_cast<Slot>(random_() % UINT32_MAX);  // The one past it has to be one too.
        return all;
    }
    Steady steady() { return Steady{Duration{number()}}; }
    Instant instant() { return Instant{Duration{number()}}; }
    Now now() { return {instant(), steady()}; }

    Event event() {
        switch (below(14)) {
        case 0:
            return Signal{SourceId(below(70'000) & 0xffff), pick(SignalKind::local), text(), instant(), instant(), instant(),
                          Price{number()}, pick(Ask::relative), Power{number()}, Duration{number()}, Temperature{number()}, number()};
        case 1: return Heartbeat{SourceId(below(9))};
        case 2: return Rejected{SourceId(below(9)), pick(Rejection::flooded), text()};
        case 3: return MeterReading{MeterId(below(9)), Power{number()}, steady(), pick(Quality::bad)};
        case 4: return LoadReading{range(), pick(Mode::fault), pick(Quality::bad), Power{number()}, steady()};
        case 5: return Answered{range()};
        case 6: return Receipt{OrderId{random_()}, range(), pick(Fate::withheld), steady()};
        case 7: return OperatorWord{pick(Word::override_), text(), text(), text(), Duration{number()}, below(2) == 1, Power{number()}};
        case 8: return JournalHealth{below(2) == 1};
        case 9: return ClockJump{Duration{number()}};
        case 10: return FrequencyReading{GuardId(below(9)), Frequency{number()}, Frequency{number()}, steady()};
        case 11: return Tripped{GuardId(below(70'000) & 0xffff), OrderId{random_()}, static_cast<std::uint8_t>(below(256)), Frequency{number()}, steady(), steady(), slots()};
        case 12: return HashReading{static_cast<Slot>(random_()), Power{number()}, number()};
        default: return Lost{random_()};
        }
    }
    std::vector<Event> events(std::size_t most = 12) {
        std::vector<Event> all(below(most + 1));
        for (Event& e : all) e = event();
        return all;
    }
    Why why() {
        if (below(2)) return {};
        return {PolicyId(below(5)), SourceId(below(5)), pick(Cause::person), static_cast<std::uint8_t>(below(256)),
                pick(Reason::beyond_quota_obeyed), pick(EscalateTo::contactor), EventId(below(1ull << 32)), instant()};
    }
    Scope scope() { return {pick(Scope::Kind::group), static_cast<std::uint16_t>(below(65'536))}; }
    DecisionRecord decision() {
        DecisionRecord d;
        d.at = now();
        d.wake = steady();
        for (auto n = below(6); n > 0; --n)
            d.orders.push_back({OrderId{random_()}, GroupId(below(65'536)), range(), pick(Rung::open), static_cast<std::uint8_t>(below(256)), why()});
        for (auto n = below(4); n > 0; --n)
            d.binding.push_back({scope(), why(), Power{number()}, Power{number()}, Power{number()}, below(2) == 1});
        for (auto n = below(4); n > 0; --n)
            d.misses.push_back({OrderId{random_()}, static_cast<Slot>(random_()), EventId(below(1ull << 32)), pick(MissCause::contested), below(2) == 1});
        for (auto n = below(4); n > 0; --n)
            d.notes.push_back({pick(NoteKind::beyond_quota_obeyed), static_cast<std::uint32_t>(random_()), EventId(below(9)), Power{number()}, text()});
        for (auto n = below(3); n > 0; --n) {
            d.tables.push_back({OrderId{random_()}, GuardId(below(9)), {}});
            for (auto stages = below(4); stages > 0; --stages) d.tables.back().stages.push_back(slots());
        }
        for (auto n = below(4); n > 0; --n) d.overruled.push_back({static_cast<std::uint16_t>(below(65'536)), scope(), why(), Power{number()}});
        return d;
    }

private:
    std::mt19937_64 random_;
};

}  // namespace ballast::testing
