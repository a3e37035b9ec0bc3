#include "wire/plain_json.hpp"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace ballast::wire {

namespace {

namespace json = boost::json;

void write(std::string& to, double number) {
    if (!std::isfinite(number)) return void(to += "null");
    std::array<char, 400> text;  // The longest: 309 digits, or 0. and 1,074 of which 17 are not noughts; those are cut off.
    const bool tiny = std::abs(number) < 1e-15;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), tiny ? 0.0 : number, std::chars_format::fixed).ptr;
    to.append(text.data(), end);
}

void write(std::string& to, const json::value& value) {
    if (const json::object* object = value.if_object()) {
        to += '{';
        for (const auto& member : *object) {
            if (to.back() != '{') to += ',';
            to += json::serialize(json::string{member.key()}) + ":";
            write(to, member.value());
        }
        to += '}';
    } else if (const json::array* array = value.if_array()) {
        to += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) to += ',';
            write(to, (*array)[i]);
        }
        to += ']';
    } else if (const double* number = value.if_double()) {
        write(to, *number);
    } else {
        to += json::serialize(value);
    }
}

}  // namespace

std::string plain_json(const boost::json::value& value) {
    std::string text;
    write(text, value);
    return text;
}

}  // namespace ballast::wire
