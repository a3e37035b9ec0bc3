#pragma once
#include "model/state.hpp"

#include <string>
#include <vector>

namespace ballast {

/// What was learned of a group's machines, where enough were judged.
struct LearnedGroup {
    std::string group;
    std::int64_t judged = 0;          ///< Orders of single machines.
    std::int64_t failing_ppm = 0;     ///< Of those, not obeyed by their deadline: so much more is ordered.
    std::optional<Duration> shed, back;  ///< 95 % were at rest, or hashed again, within so long.
    std::optional<Power> residual;    ///< Each, at rest.
};
std::vector<LearnedGroup> learned_groups(const State& state);

/// The same in sentences, and what machines draw for a hash.
std::vector<std::string> learned_sentences(const State& state);

}  // namespace ballast
