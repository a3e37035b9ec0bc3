#pragma once
#include "controller/bytes.hpp"
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The journal's binary form of what was heard and decided: canonical (equal values give equal bytes, and no two byte
/// strings mean the same), compact (times and slots as distances), with its version in the first byte. Two runs are the
/// same when these bytes are.
namespace ballast {

/// Raised with every change of the form; older bytes are then refused, never guessed at.
constexpr std::uint8_t encoding_version = 3;

/// A Decision that owns what it says.
struct DecisionRecord {
    Now at;
    Steady wake = never;
    std::vector<Order> orders;
    std::vector<Binding> binding;
    std::vector<Miss> misses;
    std::vector<Note> notes;
    std::vector<TripTable> tables;
    std::vector<Overruled> overruled;

    DecisionRecord() = default;
    explicit DecisionRecord(const Decision& d)
        : at{d.at}, wake{d.wake}, orders{d.orders.begin(), d.orders.end()}, binding{d.binding.begin(), d.binding.end()},
          misses{d.misses.begin(), d.misses.end()}, notes{d.notes.begin(), d.notes.end()}, tables{d.tables.begin(), d.tables.end()},
          overruled{d.overruled.begin(), d.overruled.end()} {}

    /// Valid as long as this is, unchanged.
    Decision view() const { return {at, wake, orders, binding, misses, notes, tables, overruled}; }
    bool operator==(const DecisionRecord&) const = default;
};

/// `now` is the step's; the bytes mean nothing without it.
void encode(std::string& out, Now now, std::span<const Event> heard);
void encode(std::string& out, Now now, const Decision& decision);

/// Any bytes may be given; what `encode` cannot have written is an error that says where it stopped.
Result<std::vector<Event>> decode_events(std::string_view bytes, Now now);
Result<DecisionRecord> decode_decision(std::string_view bytes, Now now);

/// 64 bits of what `encode` would have written, chained to `before`, without writing it.
std::uint64_t digest(std::uint64_t before, Now now, std::span<const Event> heard);
std::uint64_t digest(std::uint64_t before, Now now, const Decision& decision);

/// The running digest of an epoch after one more step.
constexpr std::uint64_t chain(std::uint64_t before, std::uint64_t decision) {
    Digest sink{before};
    sink.number(decision);
    return sink.value();
}

}  // namespace ballast
