#pragma once
#include "app/site_of.hpp"
#include "controller/engine.hpp"
#include "drivers/sqlite/journal_reader.hpp"

#include <string>
#include <vector>

namespace ballast {

/// An epoch of the journal as it can be executed again, on any machine: from its own files alone.
struct Rebuilt {
    EpochEntry entry;
    Config config;
    SiteModel model;
    Snapshot snapshot;
    std::string journal;  ///< Its path, for errors.

    /// As the epoch began; an error if its snapshot is none.
    Result<Engine> engine() const;
};

/// An error names the journal, the epoch and what in it cannot be understood.
Result<Rebuilt> rebuild(const JournalReader& journal, const EpochEntry& epoch);

/// Why a stored step cannot have been one of this site's, so that no damaged journal reaches an engine. Empty: it can.
std::string unfit(const Site& site, Now before, const StoredStep& step);

/// Executes the epoch's steps again, in order, and shows each with what the engine decides now, until `look` says false or
/// a step is later than `until`. A step that is unfit ends it with an error.
struct Executed {
    const StoredStep& stored;
    const Decision& decision;
    const Engine& engine;
};
Result<void> execute(const JournalReader& journal, const Rebuilt& epoch, Engine& engine, Instant until, const std::function<bool(const Executed&)>& look);

}  // namespace ballast
