#pragma once
#include "app/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ballast {

/// A machine, and where in the inventory it stands.
struct InventoryRow {
    MachineConfig machine;                            ///< What of it is wrong is left empty.
    unsigned line = 0, id_at = 1, host_at = 1, mac_at = 1, outlet_at = 1;  ///< Columns, from 1.
    bool good = true;
};

struct Inventory {
    std::vector<InventoryRow> rows;  ///< With the bad ones: their ids and addresses may be others' too.
    std::vector<Fault> faults;       ///< 10,000 at most.
};

/// Reads a CSV (RFC 4180) with a header that names, in any order, id, host and watts, and may name port, mac and
/// joules_per_terahash, strike_per_mwh (in the site's currency, 6 decimals at most, empty: the policy's), pdu and outlet (both
/// or neither: a name, and a number from 1). CRLF and a byte order mark are fine; a quoted field ends on its line. Watts are whole, at the
/// wall, above 0; joules_per_terahash has 3 decimals at most, empty: unknown. Pure; a bad row is a fault, never a throw.
Inventory parse_inventory(std::string_view text, const std::string& path, std::uint16_t default_port);

}  // namespace ballast
