#pragma once
#include "model/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ballast {

/// What a manufacturer says that a model draws at the wall.
struct Nameplate {
    Power watts;
    std::int64_t joules_per_hash = 0;  ///< mJ/TH; 0: unknown.
    std::string from;                  ///< For people: "nameplate of 104 TH/s".
};

/// By model, however firmware spells it ("Antminer S19j Pro (Vnish 1.2.6)", "M50S_VH50"), and by the hash rate that its own nameplate tells,
/// where it is told. A model that is sold in several sizes and tells none gets the greatest of its watts and no efficiency. Nothing
/// where the model is not in the table, or none of its sizes is within 5 % of what it tells: watts are not guessed.
std::optional<Nameplate> nameplate_of(std::string_view model, std::optional<double> rated_gigahashes);

}  // namespace ballast
