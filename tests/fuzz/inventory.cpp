#include "app/inventory.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;

FUZZ_TARGET(inventory) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n')) + 1;
    const Inventory found = parse_inventory(bytes, "fleet.csv", 4028);
    PROMISE(found.faults.size() <= 10'000 && found.rows.size() <= lines && !(found.rows.empty() && found.faults.empty()));
    for (const InventoryRow& row : found.rows) {
        PROMISE(row.line > 0 && row.line <= lines && row.id_at > 0 && row.host_at > 0 && row.mac_at > 0);
        if (!row.good) continue;
        PROMISE(!row.machine.id.empty() && !row.machine.host.empty() && row.machine.port != 0);
        PROMISE(row.machine.watts > Power{0} && row.machine.watts <= Power{1'000'000});
    }
    for (const Fault& fault : found.faults) {
        PROMISE(fault.file == "fleet.csv" && fault.line > 0 && fault.line <= lines && fault.column > 0);
        PROMISE(!fault.text.empty() && fault.text.size() <= 1'024 && wire::is_printable(fault.text));
    }
    const bool faultless = std::ranges::all_of(found.rows, &InventoryRow::good);
    PROMISE(faultless || !found.faults.empty());
}
