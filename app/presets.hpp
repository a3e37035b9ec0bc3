#pragma once
#include <span>
#include <string_view>

namespace ballast {

/// A programme as its market describes it: keys of a [[policy]] of kind "programme" that the site file need not repeat.
struct Preset {
    std::string_view name, title;
    std::string_view toml;  ///< Its comments name the source of each number, and what no source confirms.
};

std::span<const Preset> presets();

/// Null: there is none of that name.
const Preset* preset_named(std::string_view name);

}  // namespace ballast
