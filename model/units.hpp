#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace ballast {

using Duration = std::chrono::milliseconds;

/// UTC. Local time exists only at the edges.
using Instant = std::chrono::sys_time<Duration>;

/// Tag of the clock that never jumps. Only the loop (and a replay) knows what it reads.
struct SteadyClock {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<SteadyClock>;
    static constexpr bool is_steady = true;
};
using Steady = SteadyClock::time_point;

constexpr Steady never = Steady::max();
constexpr Instant open_end = Instant::max();  ///< "Until its release".

/// What the two clocks said at once: UTC for prices and windows, steady for dwell, deadlines and staleness.
struct Now {
    Instant utc{};
    Steady steady{};
    bool operator==(const Now&) const = default;
};

/// Saturating, so that "for ever" stays for ever.
constexpr Steady later(Steady from, Duration by) {
    return from.time_since_epoch() > Duration{0} && by > never - from ? never : from + by;
}

__extension__ using Int128 = __int128;

/// A whole number of one unit. Integers, so that a replay is equal, not merely close.
template <class Unit, class Count = std::int64_t>
struct Quantity {
    Count count = 0;

    constexpr Quantity() = default;
    constexpr explicit Quantity(Count n) : count{n} {}
    constexpr auto operator<=>(const Quantity&) const = default;
    constexpr Quantity operator-() const { return Quantity{-count}; }
    constexpr Quantity& operator+=(Quantity o) { count += o.count; return *this; }
    constexpr Quantity& operator-=(Quantity o) { count -= o.count; return *this; }
    friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
    friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
    static constexpr Quantity max() { return Quantity{std::numeric_limits<Count>::max()}; }
    static constexpr Quantity lowest() { return Quantity{std::numeric_limits<Count>::min()}; }
};

using Power = Quantity<struct Watt>;                 ///< W; positive is drawn from the grid.
using Frequency = Quantity<struct Millihertz>;       ///< mHz.
using Temperature = Quantity<struct MillidegreeCelsius>;  ///< 10^-3 degC.
using Price = Quantity<struct NanoPerKwh>;           ///< 10^-9 currency units per kWh; may be negative.
using Energy = Quantity<struct Millijoule, Int128>;  ///< mJ: 1 W x 1 ms is exactly 1 mJ.
using Money = Quantity<struct NanoMillijoule, Int128>;  ///< 10^-9 currency per kWh x mJ; divide by 3.6e18 for currency.

constexpr Energy operator*(Power p, Duration t) { return Energy{Int128{p.count} * t.count()}; }
constexpr Money operator*(Price p, Energy e) { return Money{Int128{p.count} * e.count}; }

constexpr double hertz(Frequency f) { return static_cast<double>(f.count) / 1e3; }
constexpr double celsius(Temperature t) { return static_cast<double>(t.count) / 1e3; }
constexpr double megawatt_hours(Energy e) { return static_cast<double>(e.count) / 3.6e12; }
constexpr double currency_units(Money m) { return static_cast<double>(m.count) / 3.6e18; }
constexpr double per_megawatt_hour(Price p) { return static_cast<double>(p.count) / 1e6; }

namespace literals {
constexpr Power operator""_W(unsigned long long n) { return Power{static_cast<std::int64_t>(n)}; }
constexpr Power operator""_kW(unsigned long long n) { return Power{static_cast<std::int64_t>(n) * 1'000}; }
constexpr Power operator""_MW(unsigned long long n) { return Power{static_cast<std::int64_t>(n) * 1'000'000}; }
/// Currency units per MWh, the way markets quote.
constexpr Price operator""_per_MWh(unsigned long long n) { return Price{static_cast<std::int64_t>(n) * 1'000'000}; }
}  // namespace literals

}  // namespace ballast
