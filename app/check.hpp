#pragma once
#include <string>

namespace ballast {

/// Every fault of a site file at once, on stderr; else its power budget. Exit status 2 with faults.
int check(const std::string& site_file, bool json);

}  // namespace ballast
