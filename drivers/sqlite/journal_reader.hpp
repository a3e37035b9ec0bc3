#pragma once
#include "controller/encoding.hpp"
#include "controller/journal.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace ballast {

/// An epoch as the journal lists it.
struct EpochEntry {
    std::int64_t id = 0;
    EpochCause cause{};
    Now began;
    unsigned revision = 0;
    std::uint64_t missed_steps = 0;  ///< Decided before it and not recorded.
    std::string config_hash;
    std::int64_t first_step = 0;     ///< Ids of steps rise without holes within and across epochs.
    std::int64_t steps = 0;
};

/// All that its re-execution begins with.
struct EpochContents {
    EpochEntry entry;
    std::vector<EpochFile> files;
    Snapshot snapshot;
};

/// A step read back.
struct StoredStep {
    std::int64_t id = 0;
    Now now;
    std::vector<Event> heard;
    DecisionRecord decision;
    std::string decision_bytes;      ///< What a re-execution is compared with.
    std::uint64_t digest = 0;        ///< Chained over the epoch's steps up to this one.
};

/// An event that the engine opened, as the readable tables list it.
struct OpenedEvent {
    EventId event{};
    std::string name;                ///< The signal's id, or the policy and when.
    std::int64_t step = 0, epoch = 0;
    Instant at{};
    Power reference;
};

namespace sqlite {
struct Spilled;
}

/// Reads a journal, also one that is being written; what waits beside it for room on its disk is read like the rest. Whatever is in the file, damaged or not, comes back as a value or an
/// error that names the file and the place.
class JournalReader {
public:
    static Result<JournalReader> open(const std::string& path);
    JournalReader(JournalReader&&) noexcept;
    JournalReader& operator=(JournalReader&&) noexcept;
    ~JournalReader();

    /// Oldest first.
    Result<std::vector<EpochEntry>> epochs() const;
    Result<std::optional<EpochEntry>> last_epoch() const;
    Result<EpochContents> contents(const EpochEntry& epoch) const;

    /// Each step of the epoch in order, as far as they were written by now, until `take` says false; one of those that the
    /// entry counts and that is not there is an error. Holds no
    /// transaction between steps, so the writer's log does not grow behind a slow reader.
    Result<void> each_step(const EpochEntry& epoch, const std::function<bool(const StoredStep&)>& take) const;

    /// Oldest first; what retention dropped is not among them.
    Result<std::vector<OpenedEvent>> opened_events() const;

    /// The step that gave the order; nothing: retention dropped it, or it never was.
    Result<std::optional<std::int64_t>> step_of(OrderId order) const;

    /// Of the steps first..last that are still there: how many rows each has in the tables for people.
    Result<std::map<std::int64_t, std::size_t>> readable_rows(std::int64_t first, std::int64_t last) const;

    const std::string& path() const { return path_; }
    /// Steps that waited for room on its disk when it was opened.
    std::size_t waiting() const;
    /// This step did then.
    bool waits(std::int64_t step) const;

private:
    JournalReader(std::string path, std::unique_ptr<SQLite::Database> db, std::unique_ptr<const sqlite::Spilled> spilled);

    Result<std::vector<EpochEntry>> list(const char* which) const;
    Result<void> ended(const EpochEntry& epoch, std::int64_t next) const;

    std::string path_;
    std::unique_ptr<SQLite::Database> db_;
    std::unique_ptr<const sqlite::Spilled> spilled_;
};

}  // namespace ballast
