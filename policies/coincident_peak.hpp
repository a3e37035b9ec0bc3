#pragma once
#include "model/state.hpp"
#include "policies/price_strike.hpp"

namespace ballast::policies {

struct CoincidentPeak {
    PolicyId policy{};
    WatchId watch{};                          ///< Its terms, demand feed and forecasts.
    struct Machines {
        GroupId group{};
        std::optional<SourceId> prices;       ///< What power costs them; absent, or never heard: nothing.
        std::optional<Cycle> cycle;
    };
    std::vector<Machines> machines;
    Price per_kw_year;                        ///< What a kW less in all of a season's counted demands saves, 10^-9 currency.
    std::uint8_t rank = 50;
};

/// Rests when mining earns less than the chance of a demand that is billed is worth. A window of length W in which one of a
/// season's N counted demands falls with chance p is worth
///     p x value of a kW and year / (N x W)
/// for each kWh that is not drawn in it, on top of what the kWh costs: the strikes decide, machine by machine, as they do
/// for a price. Windows are those that a source forecasts, and the intervals that the site's own watch of the system's
/// demand judges (model/coincident). Who stopped in a window stays until it is over, unless it never paid.
///
/// With a budget, only chances go for which its hours are not better kept. What silence means is the source's `on_stale`,
/// in the hours in which a peak may come.
Policy coincident_peak(CoincidentPeak settings);

/// What the chance makes of a kWh not drawn in the window, 10^-9 currency.
Price worth_of_chance(Price per_kw_year, unsigned counted, std::int64_t ppm, Duration window);

}  // namespace ballast::policies
