#pragma once
#include "model/result.hpp"

#include <string>
#include <vector>

namespace ballast {

/// A mistake in the good site file below (or a whole inventory), and every message it gets, one a line.
struct BadInput {
    std::string from;  ///< What of the good file is replaced; "": the inventory is, whole.
    std::string to;
    std::string faults;
};

extern const std::string good_site;       ///< As site.toml.
extern const std::string good_inventory;  ///< As fleet.csv beside it.

const std::vector<BadInput>& bad_site_files();
std::vector<BadInput> bad_gpu_groups();   ///< The last of those,
std::vector<BadInput> bad_slowed_miners();///< but for these,
std::vector<BadInput> bad_pdus();         ///< and these after them.
const std::vector<BadInput>& bad_inventories();

}  // namespace ballast
