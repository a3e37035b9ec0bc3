#pragma once
#include "model/state.hpp"

namespace ballast::policies {

struct DemandCharge {
    PolicyId policy{};
    MeterId meter{};                  ///< At the grid connection.
    Duration window{900'000};         ///< 15 or 30 min, aligned in UTC; the tariff's mean.
    Price per_kw_month;               ///< 10^-9 currency per kW of the month's highest mean.
    Price mining_earns;               ///< 10^-9 currency per kWh: what mining earns beyond its energy.
    std::int64_t ratchet_ppm = 0;     ///< This part of the 12-month peak is billed in any month.
    Power paid;                       ///< Billed in any case, by contract or by a peak from before our time.
    Duration prove_within{60'000};
    std::uint8_t rank = 40;
};

/// Lets the meter's mean pass the demand that is paid for only where a kW more earns more than it costs:
///     mining_earns x what is left of the month > per_kw_month.
/// Else the rest of the window may draw (paid x window - drawn so far) / rest. Interruptible loads make room, by merit.
/// Paid for, whatever happens, is the greatest of the month's peak so far, the ratchet's part of the 12-month peak, `paid`,
/// and what firm loads and the residual draw. In a month that began before a first window was measured, with nothing said to be
/// paid, nothing is limited until one was: it says what is paid.
Policy demand_charge(DemandCharge settings);

}  // namespace ballast::policies
