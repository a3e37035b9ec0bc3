#pragma once
#include "model/units.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ballast {

/// `ballast simulate SITE.toml`: what its command line says.
struct SimulateOptions {
    std::string site_file;
    std::string prices;                  ///< A history, read as `replay` reads it; empty: the utility publishes none.
    std::string format, node, from, to;  ///< As for `replay`.
    double speed = 720;                  ///< History seconds a second, > 0.
    std::uint64_t seed = 1;
    std::string faults;                  ///< See sim/faults.hpp.
    std::optional<Duration> lasts;       ///< --for; empty: until SIGINT or SIGTERM.
    std::optional<Duration> full_after;  ///< --full-after: from a wake to full power; empty: three to six minutes.
    Duration hall_grows{120'000};        ///< --hall-grows
};

/// Stands up every device, meter and utility that the site file names, on loopback, over the real protocols. Says what
/// stands where, then "ready"; on a terminal one line of state a second. Ends cleanly by SIGINT, SIGTERM or `lasts`.
/// Exit status: 0 done, 1 an address cannot be had, 2 the site file, the prices or the faults are wrong.
int simulate(const SimulateOptions& options);

}  // namespace ballast
