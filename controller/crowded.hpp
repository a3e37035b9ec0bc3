#pragma once
#include "controller/core.hpp"

namespace ballast {

constexpr std::ptrdiff_t most_obligations = 128;  ///< Of one source and kind, so that none can shut out another's word.

/// `fresh` is not among the obligations yet. True: there is room for it. Where its source has as many calls standing as
/// are kept, nothing that is asked may be lost for it: it takes the place of the mildest that asks nothing it does not ask
/// (then it stands for both); where each asks something of its own, it and the mildest become one that asks what either
/// asked. False: those that stand ask all of it already, one of them stands for it too, and people are told.
bool make_room(Core& core, Obligation& fresh);

/// Makes of `into` what asks all that either of the two asks. It is released once all of their names are.
void ask_also(Obligation& into, const Obligation& other);

/// Its source says of a call by name that it is over. True: so it is. One that stands for others too holds until they are
/// released as well, or its time is up: whose part of it is whose nobody knows any more.
bool lets_go(Obligation& call);

/// Likewise of a name that some other call of the source stands for. False: none does.
bool release_joined(Core& core, const Signal& signal, const std::string& id);

}  // namespace ballast
