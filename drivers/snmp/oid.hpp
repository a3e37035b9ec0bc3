#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::drivers {

enum class SnmpVersion : std::uint8_t { v1, v2c };

/// The name of an object in an SNMP agent: 1.3.6.1.4.1.318...
using Oid = std::vector<std::uint32_t>;

/// "1.3.6.1.4", with or without a dot before it. Nothing: it is none (2 to 100 numbers, the first 0 to 2).
std::optional<Oid> parse_oid(std::string_view text);
std::string print(const Oid& oid);

/// The object's instance: of an outlet, its number.
Oid instance(Oid column, std::uint32_t number);

}  // namespace ballast::drivers
