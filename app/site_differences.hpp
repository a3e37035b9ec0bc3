#pragma once
#include "app/discovered.hpp"

#include <string>
#include <vector>

namespace ballast {

/// A machine as a site file has it.
struct SiteMachine {
    std::string id, address;             ///< The address as a literal.
    std::uint16_t port = 0;
    const Make* make = nullptr;
    std::optional<std::uint64_t> mac;
};

/// All miners of a site; hosts as they stand in the file.
std::vector<SiteMachine> machines_of(const Config& config);

struct SiteDifference {
    enum class Kind : std::uint8_t {
        added,           ///< Found, and not in the site file.
        missing,         ///< Asked for, and no miner answers there, nor its MAC elsewhere.
        moved,           ///< Its MAC answers at another address.
        other_identity,  ///< Another MAC answers at its address: it is not ordered there.
        other_make,      ///< It answers in another language than the site file has for it.
    };
    Kind kind{};
    std::string id, address;
    std::string text;                    ///< A sentence, with the remedy.
};

/// "new", "missing", "moved", "other identity", "other make".
std::string_view name(SiteDifference::Kind kind);

/// What the site file and the network do not agree about, in the order of the site file, then of addresses. `swept` says what was asked:
/// who lives elsewhere is not missing. A machine whose MAC neither side tells is known by its address.
std::vector<SiteDifference> differences(const std::vector<SiteMachine>& site, const std::vector<Discovered>& found, const std::vector<asic::Block>& swept);

}  // namespace ballast
