#pragma once
#include "controller/encoding.hpp"
#include "controller/journal.hpp"
#include "drivers/sqlite/file_lock.hpp"
#include "drivers/sqlite/names.hpp"
#include "drivers/sqlite/spill.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace ballast::sqlite {

/// An epoch on its way to the disk.
struct EpochRow {
    EpochStart start;                    ///< Without its site.
    std::shared_ptr<const Names> names;
    std::uint64_t missed = 0;
};

/// A step on its way to the disk: its bytes, and what of it people will want to read.
struct StepRow {
    Now now;
    std::string events, decision;
    std::uint64_t digest = 0;            ///< Of this step alone: what was heard, and what was decided.
    std::vector<Event> told;             ///< Signals, rejections and words among what was heard.
    std::vector<Order> orders;
    std::vector<Miss> misses;
    std::vector<Note> notes;

    std::size_t readable() const { return told.size() + orders.size() + misses.size() + notes.size(); }
};

constexpr std::size_t rows_at_once = 256;   ///< More rows for people than this do not hold up their step.

/// Signals, rejections and words have a row in the tables for people.
bool is_told(const Event& event);

/// What a step's bytes come to, unchained: what was heard, and what was decided.
std::uint64_t digest_of(Now now, std::span<const Event> heard, const Decision& decision);

/// The row of a step, as it was heard and decided.
StepRow row_of(Now now, std::span<const Event> heard, const Decision& decision);

/// The journal's file, blocking: for one thread, which is not the loop's. Throws SQLite::Exception.
class JournalFile {
public:
    /// `keep_bytes`: whole epochs are dropped, oldest first, while the file holds more; never the running one nor the one before.
    static Result<std::unique_ptr<JournalFile>> open(const std::string& path, std::int64_t keep_bytes);

    void begin_epoch(const EpochRow& row);

    /// Returns when it is on disk. Rows for people that are too many for the moment wait for `tidy`. What it throws leaves `row` as it was.
    void write(StepRow& row);

    /// Where it ends.
    Position position() const { return {epoch_, step_, began_ms_}; }
    /// What the steps to come are about, where another process began their epoch.
    void call(std::shared_ptr<const Names> names) { names_ = std::move(names); }
    const std::shared_ptr<const Names>& names() const { return names_; }

    /// Some of the rows for people that had to wait. True: more do.
    bool write_later();

    /// One small piece of housekeeping: such rows, a checkpoint, a slice of the oldest epoch, free pages. True: more waits.
    bool tidy();

private:
    JournalFile(std::unique_ptr<SQLite::Database> db, FileLock lock, std::int64_t keep_bytes);

    /// A step whose rows for people are not all written.
    struct Unwritten {
        std::int64_t step = 0;
        StepRow row;
        std::shared_ptr<const Names> names;
        std::size_t done = 0;
    };

    void write_rows(Unwritten& of, std::size_t most);
    void write_told(const Unwritten& of, std::size_t n);
    void write_ordered(const Unwritten& of, std::size_t n, const Order& order);
    void write_miss(const Unwritten& of, std::size_t n, const Miss& miss);
    void write_note(const Unwritten& of, std::size_t n, const Note& note);
    std::string keep_file(const EpochFile& file);
    std::int64_t pragma(const char* name);
    bool drop_slice();

    FileLock lock_;
    std::unique_ptr<SQLite::Database> db_;
    std::int64_t keep_bytes_;
    std::int64_t epoch_ = 0, step_ = 0, began_ms_ = 0;
    std::uint64_t digest_ = 0;
    std::shared_ptr<const Names> names_;
    std::deque<Unwritten> later_;
    int wal_pages_ = 0, steps_until_look_ = 0;
    bool shrinking_ = false;

    SQLite::Statement add_step_, add_signal_, add_ordered_, add_miss_, add_note_, add_word_;
};

}  // namespace ballast::sqlite
