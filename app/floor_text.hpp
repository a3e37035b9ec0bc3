#pragma once
#include <boost/json/object.hpp>

#include <string>

namespace ballast {

/// The floor as people read it, of the JSON that a daemon or a journal tells. What is not there is left out, so that an older or a newer
/// daemon can be read too.
std::string floor_text(const boost::json::object& floor);

}  // namespace ballast
