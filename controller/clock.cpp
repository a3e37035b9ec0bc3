#include "controller/clock.hpp"

#include <atomic>
#include <chrono>

namespace ballast {

namespace {

Instant wall() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

Duration difference(Instant utc, Steady steady) { return utc.time_since_epoch() - steady.time_since_epoch(); }

/// UTC less steady, in milliseconds, as last believed; read by every thread that stamps.
std::atomic<Duration::rep>& believed() {
    static std::atomic<Duration::rep> offset{difference(wall(), steady_now()).count()};
    return offset;
}

}  // namespace

Steady steady_now() {
    return Steady{std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Instant wall_now() { return Instant{steady_now().time_since_epoch() + Duration{believed().load(std::memory_order_relaxed)}}; }

void no_earlier_than(Instant utc) {
    const auto least = difference(utc, steady_now()).count();
    if (believed().load() < least) believed().store(least);
}

Timekeeper::Timekeeper(Instant wall, Steady steady) : believed_{difference(wall, steady)} {}

Timekeeper::Told Timekeeper::read(Instant wall, Steady steady) {
    const Duration off = difference(wall, steady) - believed_;
    std::optional<Duration> told;
    const bool moved = std::chrono::abs(off - off_by_) >= jump;
    if (moved) {
        off_by_ = std::chrono::abs(off) < jump ? Duration{0} : off;
        since_ = steady;
        told = off_by_;
    }
    const bool lasted = off_by_ != Duration{0} && steady - since_ >= patience;
    if (lasted) told = Duration{0};
    if (off_by_ == Duration{0} || lasted) {
        believed_ += off;
        off_by_ = Duration{0};
    }
    return {{Instant{steady.time_since_epoch() + believed_}, steady}, told};
}

Timekeeper::Told read_clocks() {
    static Timekeeper keeper{wall_now(), steady_now()};
    const auto told = keeper.read(wall(), steady_now());
    believed().store(difference(told.now.utc, told.now.steady).count(), std::memory_order_relaxed);
    return told;
}

}  // namespace ballast
