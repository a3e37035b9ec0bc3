#pragma once
#include "model/order.hpp"
#include "model/site.hpp"

#include <string>
#include <vector>

namespace ballast {

/// A decision, a line for each thing it says, by name.
std::vector<std::string> lines_of(const Decision& decision, const Site& site);

/// "250.00 USD/MWh"
std::string print(Price price, const std::string& currency);
/// "2.120 MW"
std::string print(Power power);

}  // namespace ballast
