#pragma once
#include "controller/engine.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// What was in force when the journal broke off, and when that was.
struct Recovered {
    Snapshot snapshot;          ///< Empty: there is nothing to go on from.
    std::optional<Now> at;      ///< Of its last step; nothing with an empty snapshot.
    std::string account;        ///< For the log: how it was come by.
    bool whole = true;          ///< False: the steps since `at` were not understood, and are not in it.
    std::vector<std::string> resting = {};  ///< Loads that were to rest then, by our orders.
};

/// What is in force by the journal at `path`: its newest epoch's snapshot, and every step after it executed again.
/// Nothing to go on from (no file, no epoch) is an empty snapshot. Throws std::runtime_error, naming the file and the
/// remedy, for a journal that cannot be read.
Recovered recover(const std::string& path);

}  // namespace ballast
