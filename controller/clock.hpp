#pragma once
#include "model/units.hpp"

#include <chrono>

namespace ballast {

/// For stamping what a driver heard. Nothing below the loop asks for it.
inline Steady steady_now() {
    return Steady{std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

inline Instant wall_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace ballast
