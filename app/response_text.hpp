#pragma once
#include "model/state.hpp"

#include <string>
#include <vector>

namespace ballast {

/// A sentence for each group whose machines have been judged often enough: how soon they rest, how many do not, what they
/// draw at rest, how soon they are back.
std::vector<std::string> learned_sentences(const State& state);

}  // namespace ballast
