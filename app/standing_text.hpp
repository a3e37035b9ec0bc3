#pragma once
#include "model/order.hpp"
#include "model/state.hpp"

#include <span>
#include <string>
#include <vector>

namespace ballast {

/// What persons have said that stands, what a switch is in, who else moves our loads, and whom a notice went to: a sentence
/// for each, for a manager.
std::vector<std::string> standing_sentences(const State& state, Now now);

/// "; it outweighs 6.000 MW by policy operator and 10.000 MW by policy contract": to go behind the sentence of a decision's
/// binding. Empty if it outweighs nothing.
std::string outweighed(std::span<const Overruled> overruled, std::size_t binding, const Site& site);

/// "1.250 MW by 2026-11-22T01:05:00.000Z"
std::string asked_of_owner(const Notice& notice);

}  // namespace ballast
