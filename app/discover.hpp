#pragma once
#include "model/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ballast {

/// What `ballast discover` was told, as typed.
struct DiscoverOptions {
    std::vector<std::string> networks;
    std::string csv, site_file;              ///< Empty: none.
    bool force = false, json = false;
    std::int64_t rate = 50;                  ///< Connections begun in a second.
    std::size_t open = 64;                   ///< At once.
    Duration timeout{3'000};                 ///< Of one connection.
    std::uint16_t api_port = 4'028, v3_port = 4'433, http_port = 80;
    std::vector<std::string> users, password_files;  ///< MAKE=NAME, MAKE=FILE.
};

/// Finds miners, tells what they are, writes inventories, compares with a site file. Orders nobody. 0 done; 1 it differs from the site file, was
/// interrupted, or a file could not be written; 2 the input is wrong.
int discover(const DiscoverOptions& options);

}  // namespace ballast
