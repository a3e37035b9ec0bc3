#pragma once
#include "app/site_differences.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// What a sweep came to.
struct Discovery {
    std::vector<std::string> networks;       ///< As typed.
    std::uint64_t addresses = 0, asked = 0, connections = 0;
    Duration took{0};
    std::vector<Discovered> machines;        ///< By address; those that are none that is known too.
    std::optional<std::vector<SiteDifference>> differences;  ///< Absent: nothing was compared.
    std::vector<std::string> written;        ///< Files.

    bool complete() const { return asked == addresses; }
};

/// A table of the machines, what a person has to look after, the differences, and one line in sum.
std::string discovery_text(const Discovery& discovery);

/// The same as one JSON object.
std::string discovery_json(const Discovery& discovery);

}  // namespace ballast
