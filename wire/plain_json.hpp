#pragma once
#include <boost/json/fwd.hpp>

#include <string>

namespace ballast::wire {

/// JSON as people and `jq` read it: as Boost.JSON writes it, but for numbers, which are plain decimals (15, 0.25, never 1.5E1); what is no number is null.
std::string plain_json(const boost::json::value& value);

}  // namespace ballast::wire
