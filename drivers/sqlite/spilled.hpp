#pragma once
#include "drivers/sqlite/journal_reader.hpp"
#include "drivers/sqlite/spill_rows.hpp"

namespace SQLite {
class Database;
}

namespace ballast::sqlite {

/// What waits beside a journal, under the numbers that it will have there.
struct Spilled {
    struct Epoch {
        EpochEntry entry;             ///< Its steps are not counted.
        EpochContents contents;
    };
    struct Step {
        std::int64_t id = 0, epoch = 0;
        StepRow row;
        std::uint64_t digest = 0;     ///< Chained.
    };
    std::vector<Epoch> epochs;
    std::vector<Step> steps;

    const Epoch* epoch(std::int64_t id) const;
    const Step* step(std::int64_t id) const;
    /// Steps are numbered up to here; 0: none waits.
    std::int64_t last_step() const { return steps.empty() ? epochs.empty() ? 0 : epochs.back().entry.first_step - 1 : steps.back().id; }
};

/// Of the journal at `path`, open as `db`.
Spilled spilled_of(const std::string& path, SQLite::Database& db);

}  // namespace ballast::sqlite
