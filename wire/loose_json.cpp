#include "wire/loose_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ballast::wire::loose {
namespace {

constexpr double most_watts = 100'000, most_gigahashes = 1e9, most_whole = 9'007'199'254'740'992;

std::optional<double> within(std::optional<double> value, double least, double most) {
    return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::optional<double> parsed(std::string_view said) {
    const auto first = said.find_first_not_of(' ');
    if (first == said.npos) return {};
    said = said.substr(first, said.find_last_not_of(' ') + 1 - first);
    double value = 0;
    const auto [end, broken] = std::from_chars(said.data(), said.data() + said.size(), value);
    if (broken != std::errc{} || end != said.data() + said.size()) return {};
    return value;
}

}  // namespace

const json::object* object(const json::object* in, std::string_view key) {
    const json::value* found = in ? in->if_contains(key) : nullptr;
    if (!found) return nullptr;
    if (const json::array* list = found->if_array()) return list->empty() ? nullptr : list->front().if_object();
    return found->if_object();
}

const json::array* array(const json::object* in, std::string_view key) {
    const json::value* found = in ? in->if_contains(key) : nullptr;
    return found ? found->if_array() : nullptr;
}

std::string_view text(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    const json::string* string = found ? found->if_string() : nullptr;
    return string ? std::string_view{*string} : std::string_view{};
}

std::optional<double> number(const json::value& found) {
    std::optional<double> value;
    if (const auto* signed_whole = found.if_int64()) value = static_cast<double>(*signed_whole);
    else if (const auto* natural = found.if_uint64()) value = static_cast<double>(*natural);
    else if (const auto* real = found.if_double()) value = *real;
    else if (const auto* string = found.if_string()) value = parsed(*string);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<double> number(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    return found ? number(*found) : std::nullopt;
}

std::optional<std::int64_t> whole(const json::object& in, std::string_view key) {
    const auto value = within(number(in, key), -most_whole, most_whole);
    if (!value || *value != std::trunc(*value)) return {};
    return static_cast<std::int64_t>(*value);
}

std::optional<bool> truth(const json::object& in, std::string_view key) {
    const json::value* found = in.if_contains(key);
    if (found && found->is_bool()) return found->get_bool();
    if (const auto said = number(in, key)) return *said != 0;
    if (same(text(in, key), "true")) return true;
    if (same(text(in, key), "false")) return false;
    return {};
}

std::optional<Power> watts(const json::object& in, std::string_view key) {
    const auto value = within(number(in, key), 0, most_watts);
    if (!value) return {};
    return Power{std::llround(*value)};
}

std::optional<double> gigahashes(const json::object& in, std::string_view key, double factor) {
    auto value = number(in, key);
    if (value) *value *= factor;
    return within(value, 0, most_gigahashes);
}

std::optional<Temperature> celsius(const json::object& in, std::string_view key) {
    const auto value = within(number(in, key), -60, 200);
    if (!value) return {};
    return Temperature{std::llround(*value * 1'000)};
}

bool same(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool mentions(std::string_view where, std::string_view what) {
    for (std::size_t at = 0; at + what.size() <= where.size(); ++at)
        if (same(where.substr(at, what.size()), what)) return true;
    return false;
}

}  // namespace ballast::wire::loose
