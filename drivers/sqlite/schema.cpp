#include "drivers/sqlite/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <unistd.h>

namespace ballast::sqlite {
namespace {

/// What re-execution needs is in epoch, file and step; the other tables say the same in words, for people with SQL.
constexpr const char* tables = R"(
CREATE TABLE file (
    hash TEXT PRIMARY KEY,             -- SHA-256 of the text
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,               -- start, reload, hourly, gap, leave
    began_utc TEXT NOT NULL,
    utc_ms INTEGER NOT NULL,
    steady_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,         -- of the engine
    first_step INTEGER NOT NULL,
    missed_steps INTEGER NOT NULL,     -- decided before this epoch and not recorded
    config_hash TEXT NOT NULL,
    snapshot BLOB NOT NULL
) STRICT;
CREATE TABLE epoch_file (
    epoch INTEGER NOT NULL REFERENCES epoch (id),
    n INTEGER NOT NULL,                -- 0: the site file
    path TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES file (hash),
    PRIMARY KEY (epoch, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    utc_ms INTEGER NOT NULL,
    steady_ms INTEGER NOT NULL,
    events BLOB NOT NULL,              -- what was heard, in the journal's encoding
    decision BLOB NOT NULL,
    digest INTEGER NOT NULL            -- of this epoch's steps up to this one
) STRICT;
CREATE TABLE signal (
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_utc TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,                -- price, dispatch, emergency, release, hashprice, temperature, heat, rejected
    signal_id TEXT NOT NULL,
    issued_utc TEXT,
    start_utc TEXT,
    end_utc TEXT,                      -- null: until released
    ask TEXT,                          -- full, absolute, relative
    power_kw REAL,
    price_per_mwh REAL,
    hashprice_per_ph_day REAL,
    fate TEXT NOT NULL,                -- heard, signal_accepted, signal_older, ..., or why it was rejected
    detail TEXT NOT NULL,
    PRIMARY KEY (step, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE ordered (
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_utc TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    first_load TEXT NOT NULL,
    last_load TEXT NOT NULL,
    loads INTEGER NOT NULL,
    rung TEXT NOT NULL,                -- wake, close, sleep, power_off, open, checkpoint, cap, uncap
    attempt INTEGER NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    event INTEGER NOT NULL,
    reason TEXT NOT NULL,
    until_utc TEXT,
    PRIMARY KEY (step, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE miss (
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_utc TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    load TEXT NOT NULL,
    event INTEGER NOT NULL,
    cause TEXT NOT NULL,               -- no_answer, refused, not_obeyed, unproven
    given_up INTEGER NOT NULL,
    PRIMARY KEY (step, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE note (
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_utc TEXT NOT NULL,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    event INTEGER NOT NULL,
    power_kw REAL NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (step, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE word (
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_utc TEXT NOT NULL,
    word TEXT NOT NULL,                -- hold, lockout, abort, clear
    target TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    lasts_s REAL NOT NULL,
    PRIMARY KEY (step, n)
) STRICT, WITHOUT ROWID;
)";

using Opened = Result<std::unique_ptr<SQLite::Database>>;

auto unusable(const std::string& path, std::string_view what, std::string_view remedy) {
    return fail(Errc::refused, fmt::format("journal {}: {}; {}", path, what, remedy));
}

constexpr const char* elsewhere = "name another file as [journal] path, or move this one away";

/// Says what SQLite would say late or vaguely. Fine: nothing.
std::optional<tl::unexpected<Error>> unfit(const std::string& path, bool to_write) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path folder = fs::absolute(path, ignored).parent_path();
    const bool there = fs::exists(path, ignored);
    if (!there && !to_write) return unusable(path, "there is no such file", "name the journal of [journal] path");
    if (!fs::is_directory(folder, ignored)) return unusable(path, fmt::format("there is no folder {}", folder.string()), "make it, or change [journal] path");
    if (there && !fs::is_regular_file(path, ignored)) return unusable(path, "is not a file", elsewhere);
    if (to_write && ::access(folder.c_str(), W_OK) != 0)
        return unusable(path, fmt::format("cannot write in {}: {}", folder.string(), std::strerror(errno)), "give the user that runs ballast the folder, or change [journal] path");
    if (there && ::access(path.c_str(), to_write ? R_OK | W_OK : R_OK) != 0)
        return unusable(path, std::strerror(errno), "give the user that runs ballast the file");
    if (!there || fs::file_size(path, ignored) == 0) return std::nullopt;
    char head[16] = {};
    std::ifstream{path, std::ios::binary}.read(head, sizeof head);
    if (std::memcmp(head, "SQLite format 3", sizeof head) != 0) return unusable(path, "is no journal, nor any SQLite database", elsewhere);
    return std::nullopt;
}

int pragma(SQLite::Database& db, const char* name) { return db.execAndGet(fmt::format("PRAGMA {}", name)).getInt(); }

std::optional<tl::unexpected<Error>> not_ours(SQLite::Database& db, const std::string& path) {
    const int id = pragma(db, "application_id"), version = pragma(db, "user_version");
    if (id != application_id) return unusable(path, "is a database of another program", elsewhere);
    if (version > schema_version)
        return unusable(path, fmt::format("was written by a newer ballast (schema {}, this one knows {})", version, schema_version),
                        fmt::format("run that version, or {}", elsewhere));
    if (version < schema_version) return unusable(path, fmt::format("has schema {}, this ballast writes {}", version, schema_version), elsewhere);
    db.execAndGet("SELECT count(*) FROM sqlite_schema");
    db.exec("SELECT id, snapshot FROM epoch ORDER BY id DESC LIMIT 1");
    db.exec("SELECT events, decision FROM step ORDER BY id DESC LIMIT 1");
    return std::nullopt;
}

bool is_new(SQLite::Database& db) {
    return pragma(db, "application_id") == 0 && db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
}

}  // namespace

std::string explain_failure(const std::string& path, int code, const char* what) {
    const auto say = [&](std::string_view remedy) { return fmt::format("journal {}: {}; {}", path, what, remedy); };
    switch (code & 0xff) {
    case SQLITE_FULL: return say("make room on its disk, or lower keep_mb; recording resumes by itself");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return say("move it away and start again: what is in force is asked for anew; `sqlite3 FILE .recover` saves what can be read");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return say("give the user that runs ballast the file and its folder");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return say("another program holds it; end that one, or change [journal] path");
    case SQLITE_IOERR: return say("look at its disk (dmesg); recording resumes by itself");
    case SQLITE_ERROR: return say("its tables are not as ballast makes them; name another file as [journal] path, or move this one away");
    default: return say("recording resumes by itself if it can");
    }
}

Result<void> fit_to_write(const std::string& path) {
    if (auto error = unfit(path, true)) return *error;
    return {};
}

Opened open_to_write(const std::string& path) try {
    auto db = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 1'000);
    const bool fresh = is_new(*db);
    if (fresh) db->exec("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL");  // Only before the first table.
    else if (auto error = not_ours(*db, path)) return *error;
    db->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216");
    if (fresh) {
        SQLite::Transaction transaction{*db};
        db->exec(tables);
        db->exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version));
        transaction.commit();
    }
    return db;
} catch (const SQLite::Exception& e) {
    return fail(Errc::refused, explain_failure(path, e.getErrorCode(), e.what()));
}

Opened open_to_read(const std::string& path) try {
    if (auto error = unfit(path, false)) return *error;
    auto db = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READONLY, 1'000);
    try {
        db->execAndGet("SELECT count(*) FROM sqlite_schema");
    } catch (const SQLite::Exception& e) {
        // A cleanly closed journal in a folder that this reader may not write: nobody else writes, so none need be told.
        const bool nobody_writes = ::access((path + "-wal").c_str(), F_OK) != 0;
        if ((e.getErrorCode() & 0xff) != SQLITE_CANTOPEN || !nobody_writes || path.find_first_of("?#%") != path.npos) throw;
        db = std::make_unique<SQLite::Database>("file:" + path + "?immutable=1", SQLite::OPEN_READONLY | SQLite::OPEN_URI, 1'000);
    }
    if (is_new(*db)) return unusable(path, "is empty", "it has recorded nothing yet");
    if (auto error = not_ours(*db, path)) return *error;
    return db;
} catch (const SQLite::Exception& e) {
    const int code = e.getErrorCode() & 0xff;
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN)
        return fail(Errc::refused, fmt::format("journal {}: {}; a journal that is in use is read beside its -wal and -shm, in a folder that one may write: copy it with its -wal and .spill to one of yours", path, e.what()));
    return fail(Errc::refused, explain_failure(path, e.getErrorCode(), e.what()));
}

}  // namespace ballast::sqlite
