#include "drivers/snmp/oid.hpp"

#include <charconv>
#include <utility>

namespace ballast::drivers {

std::optional<Oid> parse_oid(std::string_view text) {
    constexpr std::size_t most = 100;  // SNMP allows 128, and an instance comes behind it.
    if (text.starts_with('.')) text.remove_prefix(1);
    Oid oid;
    for (const char* at = text.data(), *const end = at + text.size(); at != end;) {
        std::uint32_t number = 0;
        const auto [rest, error] = std::from_chars(at, end, number);
        if (error != std::errc{} || oid.size() == most) return std::nullopt;
        oid.push_back(number);
        at = rest;
        if (at == end) break;
        if (*at != '.' || ++at == end) return std::nullopt;
    }
    // BER puts the first two numbers into one byte.
    if (oid.size() < 2 || oid[0] > 2 || (oid[0] < 2 && oid[1] > 39)) return std::nullopt;
    return oid;
}

std::string print(const Oid& oid) {
    std::string text;
    for (const std::uint32_t number : oid) text += (text.empty() ? "" : ".") + std::to_string(number);
    return text;
}

Oid instance(Oid column, std::uint32_t number) {
    column.push_back(number);
    return column;
}

}  // namespace ballast::drivers
