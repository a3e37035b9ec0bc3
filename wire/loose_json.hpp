#pragma once
#include "model/units.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

/// Members of a JSON object as firmware means them: numbers that come as strings, truths that come as numbers, an object
/// that comes as a list of one. What is absent, of another type, or beyond belief is nothing; nothing here fails.
namespace ballast::wire::loose {

namespace json = boost::json;

/// The member, if it is an object, or the first of a list, if that is one. Null otherwise, and for a null `in`.
const json::object* object(const json::object* in, std::string_view key);

/// The member, if it is a list.
const json::array* array(const json::object* in, std::string_view key);

/// A string's characters; empty if it is none. Lives as long as `in`.
std::string_view text(const json::object& in, std::string_view key);

/// Finite. Of a string: all of it, but for blanks around.
std::optional<double> number(const json::value& value);
std::optional<double> number(const json::object& in, std::string_view key);

/// As `number`, if it is whole and within +-2^53.
std::optional<std::int64_t> whole(const json::object& in, std::string_view key);

/// true, "true" in any case, a number that is not 0; and the opposites.
std::optional<bool> truth(const json::object& in, std::string_view key);

/// Watts of one machine: 0 to 100 kW, rounded. Firmware says -1 where it does not know.
std::optional<Power> watts(const json::object& in, std::string_view key);

/// A hash rate in GH/s: the member times `factor`, 0 to 10^9.
std::optional<double> gigahashes(const json::object& in, std::string_view key, double factor);

/// Of a member in degrees Celsius, -60 to 200, so that what stands for "no sensor" is nothing.
std::optional<Temperature> celsius(const json::object& in, std::string_view key);

/// Without regard to the case of A to Z.
bool same(std::string_view a, std::string_view b);
bool mentions(std::string_view where, std::string_view what);

}  // namespace ballast::wire::loose
