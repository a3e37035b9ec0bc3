#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>

/// Where the real replies lie, if they do; else it says "skipped: why", which is what CTest looks for.
inline std::optional<std::filesystem::path> captures(std::string_view device) {
    const char* given = std::getenv("BALLAST_SHARED");
    const auto shared = given ? std::filesystem::path{given} : std::filesystem::path{PROJECT_DIR} / ".." / "shared";
    const auto folder = shared / "captures" / device;
    if (std::filesystem::exists(folder)) return folder;
    std::cout << "skipped: no captures at " << folder << " (set BALLAST_SHARED)\n";
    return {};
}

inline std::optional<std::filesystem::path> whatsminer_captures() { return captures("whatsminer"); }

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// A few bytes of it replaced, added, taken away or cut off.
inline std::string mutated(std::string bytes, std::mt19937_64& random) {
    constexpr std::string_view spice{"{}[],:\"\\\n\0u0=A/+-.\xff 1", 22};
    for (auto edits = 1 + random() % 6; edits > 0 && !bytes.empty(); --edits) {
        const auto at = random() % bytes.size();
        switch (random() % 4) {
        case 0: bytes[at] = spice[random() % spice.size()]; break;
        case 1: bytes.insert(at, 1, spice[random() % spice.size()]); break;
        case 2: bytes.erase(at, 1 + random() % 5); break;
        default: bytes.resize(random() % 4 == 0 ? at : bytes.size());
        }
    }
    return bytes;
}
