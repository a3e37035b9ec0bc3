#include "wire/json_values.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ballast::wire {

namespace json = boost::json;

std::string_view text(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    const json::string* string = found ? found->if_string() : nullptr;
    return string ? std::string_view{*string} : std::string_view{};
}

std::optional<double> as_number(const json::value& found) {
    double value = 0;
    if (const auto* whole = found.if_int64()) value = static_cast<double>(*whole);
    else if (const auto* natural = found.if_uint64()) value = static_cast<double>(*natural);
    else if (const auto* real = found.if_double()) value = *real;
    else {
        std::string_view said = found.is_string() ? std::string_view{found.get_string()} : std::string_view{};
        said.remove_prefix(std::min(said.find_first_not_of(' '), said.size()));
        const auto [end, broken] = std::from_chars(said.data(), said.data() + said.size(), value);
        if (broken != std::errc{} ||
            std::string_view{end, said.data() + said.size()}.find_first_not_of(' ') != said.npos)
            return {};
    }
    if (!std::isfinite(value)) return {};
    return value;
}

std::optional<double> number(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    return found ? as_number(*found) : std::nullopt;
}

}  // namespace ballast::wire
