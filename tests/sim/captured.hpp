#pragma once
#include "tests/catch.hpp"
#include "tests/support/process.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace ballast::support {

/// What real devices of a make said (shared/captures/SOURCES.md); none where the captures are not at hand, with a warning.
inline std::optional<std::filesystem::path> captures(const std::string& make) {
    const char* given = std::getenv("BALLAST_SHARED");
    const std::filesystem::path path = std::filesystem::path{given ? given : PROJECT_DIR "/../shared"} / "captures" / make;
    if (std::filesystem::exists(path)) return path;
    WARN("skipped: no captures in " << path.string() << "; set BALLAST_SHARED");
    return std::nullopt;
}

/// The same names at every depth, and values of the same kind. Of a list, the first.
inline void same_shape(const boost::json::value& ours, const boost::json::value& real, const std::string& where) {
    CAPTURE(where);
    if (real.is_object() && ours.is_object()) {
        std::set<std::string> our_names, real_names;
        for (const auto& field : ours.get_object()) our_names.emplace(field.key());
        for (const auto& field : real.get_object()) real_names.emplace(field.key());
        CHECK(our_names == real_names);
        for (const auto& field : real.get_object())
            if (const auto* mine = ours.get_object().if_contains(field.key())) same_shape(*mine, field.value(), where + "/" + std::string{field.key()});
    } else if (real.is_array() && ours.is_array()) {
        if (!real.get_array().empty() && !ours.get_array().empty()) same_shape(ours.at(0), real.at(0), where + "/0");
    } else {
        CHECK((real.is_number() ? ours.is_number() : ours.kind() == real.kind()));
    }
}

}  // namespace ballast::support
