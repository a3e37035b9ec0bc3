#pragma once
#include "model/units.hpp"

#include <optional>

namespace ballast {

/// Milliseconds of the clock that never jumps.
Steady steady_now();

/// UTC as the loop believes it: the steady clock's pace from where the wall clock stood, led by it slowly, and
/// not following a jump until that has lasted. What drivers stamp agrees with what the engine is told.
Instant wall_now();

/// UTC is believed to be no earlier than this, until the wall clock has said otherwise for `Timekeeper::patience`: a clock that
/// a power failure set back must not make what is heard now older than what was. Before the first `read_clocks`.
void no_earlier_than(Instant utc);

/// Decides how far the wall clock is followed. Pure; the process has one behind `wall_now`.
class Timekeeper {
public:
    static constexpr Duration jump{2'000};         ///< From here on it is a jump, below it is drift and followed.
    static constexpr Duration patience{600'000};   ///< A jump that lasts this long was a correction.

    Timekeeper(Instant wall, Steady steady);

    /// What both clocks say at once becomes what is believed. A change in how far the wall clock is off is told once.
    struct Told {
        Now now;
        std::optional<Duration> off_by;
    };
    Told read(Instant wall, Steady steady);

private:
    Duration believed_;            ///< UTC less steady.
    Duration off_by_{0};           ///< How far the wall clock was from that, last time it was told.
    Steady since_{};               ///< When it went there.
};

/// Reads both clocks for the loop, which alone may move what `wall_now` believes.
Timekeeper::Told read_clocks();

}  // namespace ballast
