#pragma once
#include <boost/json/fwd.hpp>

#include <optional>
#include <string_view>

namespace ballast::wire {

/// Members as devices give them; nothing where the key is missing or the type is another.

/// A string's characters; empty if it is none. Lives as long as `in`.
std::string_view text(const boost::json::object& in, std::string_view key);

/// A number, or a string that is one but for spaces around it; always finite.
std::optional<double> number(const boost::json::object& in, std::string_view key);
std::optional<double> as_number(const boost::json::value& value);

}  // namespace ballast::wire
