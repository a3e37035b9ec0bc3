#pragma once
#include "controller/core.hpp"

namespace ballast {

constexpr std::ptrdiff_t most_obligations = 128;  ///< Of one source and kind, so that none can shut out another's word.

/// `fresh` is not among the obligations yet. True: there is room for it. Where its source has as many calls standing as
/// are kept, nothing that is asked may be lost for it: it takes the place of the mildest that asks nothing it does not ask
/// (then it stands for both); where each asks something of its own, it and the mildest become one that asks what either
/// asked. False: those that stand ask all of it already, and people are told.
bool make_room(Core& core, Obligation& fresh);

}  // namespace ballast
