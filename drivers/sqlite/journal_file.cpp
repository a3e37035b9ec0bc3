#include "drivers/sqlite/journal_file.hpp"

#include "drivers/sqlite/schema.hpp"
#include "drivers/sqlite/sha256.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <iterator>

namespace ballast::sqlite {
namespace {

constexpr std::int64_t steps_a_slice = 32;
constexpr int pages_a_slice = 128;
constexpr int wal_pages_to_checkpoint = 1'000;
constexpr int look_every = 32;              ///< Steps between two looks at the file's size.

std::int64_t ms(Instant t) { return t.time_since_epoch().count(); }
std::int64_t ms(Steady t) { return t.time_since_epoch().count(); }
double kilowatts(Power p) { return static_cast<double>(p.count) / 1e3; }

/// Binds from the first parameter on.
struct Row {
    SQLite::Statement& to;
    int n = 0;

    explicit Row(SQLite::Statement& statement) : to{statement} { to.tryReset(); }
    Row& number(std::int64_t v) { return to.bind(++n, v), *this; }
    Row& number(std::size_t v) { return number(static_cast<std::int64_t>(v)); }
    template <class Id>
        requires std::is_enum_v<Id>
    Row& number(Id v) { return number(static_cast<std::int64_t>(v)); }
    Row& real(double v) { return to.bind(++n, v), *this; }
    Row& blob(const std::string& v) { return to.bindNoCopy(++n, v.data(), static_cast<int>(v.size())), *this; }
    /// SQLite takes any bytes as text; a zero in them would hide the rest.
    Row& text(std::string_view v) {
        std::string whole{v};
        std::ranges::replace(whole, '\0', ' ');
        return to.bind(++n, whole), *this;
    }
    Row& time(Instant v) { return v == open_end ? null() : text(utc_text(v)); }
    Row& null() { return to.bind(++n), *this; }
    void done() { to.exec(); }
};

/// What the engine noted of a signal in the step that heard it.
std::string_view fate(const Signal& signal, const std::vector<Note>& notes) {
    const auto about = [&](const Note& note) { return (note.kind <= NoteKind::signals_full || note.kind == NoteKind::call_covered || note.kind == NoteKind::calls_joined) && note.text == signal.id; };
    const auto of_its_source = [&](const Note& note) { return about(note) && note.number == static_cast<std::uint32_t>(signal.source); };
    auto note = std::ranges::find_if(notes, of_its_source);
    if (note == notes.end()) note = std::ranges::find_if(notes, about);  // It is another channel of the one that is noted.
    return note == notes.end() ? "heard" : name_of(note->kind);
}

}  // namespace

Result<std::unique_ptr<JournalFile>> JournalFile::open(const std::string& path, std::int64_t keep_bytes) {
    if (const auto fit = fit_to_write(path); !fit) return tl::unexpected{fit.error()};
    auto lock = FileLock::take(path);
    if (!lock) return tl::unexpected{lock.error()};
    auto db = open_to_write(path);
    if (!db) return tl::unexpected{db.error()};
    try {
        return std::unique_ptr<JournalFile>{new JournalFile{std::move(*db), std::move(*lock), keep_bytes}};
    } catch (const SQLite::Exception& e) {
        return fail(Errc::refused, explain_failure(path, e.getErrorCode(), e.what()));
    }
}

JournalFile::JournalFile(std::unique_ptr<SQLite::Database> db, FileLock lock, std::int64_t keep_bytes)
    : lock_{std::move(lock)}, db_{std::move(db)}, keep_bytes_{keep_bytes},
      add_step_{*db_, "INSERT INTO step VALUES (?,?,?,?,?,?,?)"},
      add_signal_{*db_, "INSERT INTO signal VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
      add_ordered_{*db_, "INSERT INTO ordered VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
      add_miss_{*db_, "INSERT INTO miss VALUES (?,?,?,?,?,?,?,?)"},
      add_note_{*db_, "INSERT INTO note VALUES (?,?,?,?,?,?,?,?)"},
      add_word_{*db_, "INSERT INTO word VALUES (?,?,?,?,?,?,?,?)"} {
    epoch_ = db_->execAndGet("SELECT coalesce(max(id), 0) FROM epoch").getInt64();
    step_ = db_->execAndGet("SELECT max(coalesce((SELECT max(id) FROM step), 0), coalesce((SELECT max(first_step) - 1 FROM epoch), 0))").getInt64();
    began_ms_ = db_->execAndGet("SELECT coalesce((SELECT utc_ms FROM epoch ORDER BY id DESC LIMIT 1), 0)").getInt64();
    digest_ = static_cast<std::uint64_t>(db_->execAndGet(fmt::format("SELECT coalesce((SELECT digest FROM step WHERE id = {} AND epoch = {}), 0)", step_, epoch_)).getInt64());
    const auto on_commit = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<JournalFile*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(db_->getHandle(), on_commit, this);
}

bool is_told(const Event& event) { return std::holds_alternative<Signal>(event) || std::holds_alternative<Rejected>(event) || std::holds_alternative<OperatorWord>(event); }

std::uint64_t digest_of(Now now, std::span<const Event> heard, const Decision& decision) { return digest(digest(0, now, heard), now, decision); }

StepRow row_of(Now now, std::span<const Event> heard, const Decision& decision) {
    StepRow row;
    row.now = now;
    encode(row.events, now, heard);
    encode(row.decision, now, decision);
    row.digest = digest_of(now, heard, decision);
    std::ranges::copy_if(heard, std::back_inserter(row.told), is_told);
    row.orders.assign(decision.orders.begin(), decision.orders.end());
    row.misses.assign(decision.misses.begin(), decision.misses.end());
    row.notes.assign(decision.notes.begin(), decision.notes.end());
    return row;
}

std::string JournalFile::keep_file(const EpochFile& file) {
    std::string hash = sha256(file.text);
    SQLite::Statement add{*db_, "INSERT OR IGNORE INTO file VALUES (?,?)"};
    Row{add}.text(hash).text(file.text).done();
    return hash;
}

void JournalFile::begin_epoch(const EpochRow& row) {
    SQLite::Transaction transaction{*db_};
    const EpochStart& start = row.start;
    std::string all_hashes;
    std::int64_t n = 0;
    for (const EpochFile& file : start.files) {
        const std::string hash = keep_file(file);
        SQLite::Statement add{*db_, "INSERT INTO epoch_file VALUES (?,?,?,?)"};
        Row{add}.number(epoch_ + 1).number(n++).text(file.path).text(hash).done();
        all_hashes += hash;
    }
    SQLite::Statement add{*db_, "INSERT INTO epoch VALUES (?,?,?,?,?,?,?,?,?,?)"};
    Row{add}.number(epoch_ + 1).text(name_of(start.cause)).text(utc_text(start.at.utc)).number(ms(start.at.utc)).number(ms(start.at.steady))
        .number(std::int64_t{start.revision}).number(step_ + 1).number(static_cast<std::int64_t>(row.missed)).text(sha256(all_hashes))
        .blob(start.snapshot.bytes).done();
    transaction.commit();
    ++epoch_;
    began_ms_ = ms(start.at.utc);
    digest_ = 0;
    names_ = row.names;
    steps_until_look_ = 0;
}

void JournalFile::write(StepRow& row) {
    const std::uint64_t chained = chain(digest_, row.digest);
    Unwritten rows{step_ + 1, {}, names_};
    try {
        SQLite::Transaction transaction{*db_};
        Row{add_step_}.number(step_ + 1).number(epoch_).number(ms(row.now.utc)).number(ms(row.now.steady)).blob(row.events).blob(row.decision)
            .number(static_cast<std::int64_t>(chained)).done();
        rows.row = std::move(row);
        if (rows.row.readable() <= rows_at_once) write_rows(rows, rows_at_once);
        transaction.commit();
    } catch (...) {
        if (row.decision.empty()) row = std::move(rows.row);
        throw;
    }
    ++step_;
    digest_ = chained;
    --steps_until_look_;
    if (rows.done == rows.row.readable()) return;
    try {
        later_.push_back(std::move(rows));
    } catch (const std::bad_alloc&) {}  // The step itself is written.
}

void JournalFile::write_rows(Unwritten& of, std::size_t most) {
    const StepRow& row = of.row;
    const std::size_t end = std::min(row.readable(), of.done + most);
    for (std::size_t n = of.done; n < end; ++n) {
        std::size_t i = n;
        const auto in = [&i](const auto& list) { return i < list.size() || (i -= list.size(), false); };
        if (in(row.told)) write_told(of, n);
        else if (in(row.notes)) write_note(of, n, row.notes[i]);
        else if (in(row.orders)) write_ordered(of, n, row.orders[i]);
        else if (in(row.misses)) write_miss(of, n, row.misses[i]);
    }
    of.done = end;
}

void JournalFile::write_told(const Unwritten& of, std::size_t n) {
    const auto begin = [&](SQLite::Statement& to) {
        Row row{to};
        row.number(of.step).number(n).text(utc_text(of.row.now.utc));
        return row;
    };
    const Event& event = of.row.told[n];
    if (const auto* s = std::get_if<Signal>(&event)) {
        Row row = begin(add_signal_);
        row.text(of.names->source(s->source)).text(name_of(s->kind)).text(s->id).time(s->issued).time(s->start).time(s->end);
        const bool asks = s->kind == SignalKind::dispatch || s->kind == SignalKind::emergency;
        asks ? row.text(name_of(s->ask)) : row.null();
        (asks && s->ask != Ask::full) || s->kind == SignalKind::heat ? row.real(kilowatts(s->power)) : row.null();
        s->kind == SignalKind::price ? row.real(per_megawatt_hour(s->price)) : row.null();
        s->kind == SignalKind::hashprice ? row.real(static_cast<double>(s->price.count) / 1e9) : row.null();
        row.text(fate(*s, of.row.notes)).text(s->kind == SignalKind::temperature ? fmt::format("{:g} degC", celsius(s->temperature)) : std::string{}).done();
    } else if (const auto* r = std::get_if<Rejected>(&event)) {
        Row row = begin(add_signal_);
        row.text(of.names->source(r->source)).text("rejected").text("").null().null().null().null().null().null().null();
        row.text(name_of(r->why)).text(r->detail).done();
    } else if (const auto* w = std::get_if<OperatorWord>(&event)) {
        Row row = begin(add_word_);
        row.text(name_of(w->word)).text(w->target).text(w->who).text(w->why).real(static_cast<double>(w->lasts.count()) / 1e3).done();
    }
}

void JournalFile::write_ordered(const Unwritten& of, std::size_t n, const Order& o) {
    const Names& names = *of.names;
    Row{add_ordered_}.number(of.step).number(n).text(utc_text(of.row.now.utc)).number(o.id).text(names.group(o.group))
        .text(names.load(o.loads.first)).text(names.load(o.loads.empty() ? o.loads.first : o.loads.last - 1))
        .number(std::int64_t{o.loads.size()}).text(name_of(o.rung)).number(std::int64_t{o.attempt}).text(names.policy(o.why.policy))
        .text(o.why.cause == Cause::capacity ? std::string{} : names.source(o.why.source)).number(o.why.event).text(name_of(o.why.reason))
        .time(o.why.until).done();
}

void JournalFile::write_miss(const Unwritten& of, std::size_t n, const Miss& m) {
    Row{add_miss_}.number(of.step).number(n).text(utc_text(of.row.now.utc)).number(m.order).text(of.names->load(m.load)).number(m.event)
        .text(name_of(m.cause)).number(std::int64_t{m.given_up}).done();
}

void JournalFile::write_note(const Unwritten& of, std::size_t n, const Note& note) {
    Row{add_note_}.number(of.step).number(n).text(utc_text(of.row.now.utc)).text(name_of(note.kind)).number(std::int64_t{note.number})
        .number(note.event).real(kilowatts(note.power)).text(note.text).done();
}

std::int64_t JournalFile::pragma(const char* name) { return db_->execAndGet(fmt::format("PRAGMA {}", name)).getInt64(); }

bool JournalFile::write_later() {
    if (later_.empty()) return false;
    Unwritten& first = later_.front();
    const std::size_t before = first.done;
    try {
        SQLite::Transaction transaction{*db_};
        write_rows(first, 4 * rows_at_once);
        transaction.commit();
    } catch (...) {
        first.done = before;
        throw;
    }
    if (first.done == first.row.readable()) later_.pop_front();
    return !later_.empty();
}

bool JournalFile::tidy() {
    if (write_later()) return true;
    if (wal_pages_ >= wal_pages_to_checkpoint) {
        wal_pages_ = 0;
        db_->exec("PRAGMA wal_checkpoint(PASSIVE)");
        return true;
    }
    if (!shrinking_ && steps_until_look_ > 0) return false;
    steps_until_look_ = look_every;
    const std::int64_t page = pragma("page_size"), pages = pragma("page_count"), free = pragma("freelist_count");
    shrinking_ = pages * page > keep_bytes_;
    if (!shrinking_) return false;
    if ((pages - free) * page > keep_bytes_ && drop_slice()) return true;
    if (free > 0) db_->exec(fmt::format("PRAGMA incremental_vacuum({})", pages_a_slice));
    shrinking_ = free > pages_a_slice;
    return shrinking_;
}

bool JournalFile::drop_slice() {
    SQLite::Statement oldest{*db_, "SELECT id, (SELECT min(first_step) FROM epoch WHERE id > e.id) FROM epoch e ORDER BY id LIMIT 1"};
    if (!oldest.executeStep()) return false;
    const std::int64_t epoch = oldest.getColumn(0).getInt64(), end = oldest.getColumn(1).getInt64();
    oldest.reset();
    if (epoch >= epoch_ - 1) return false;
    const std::int64_t first = db_->execAndGet("SELECT coalesce(min(id), 0) FROM step").getInt64();
    const std::int64_t to = first == 0 ? end : std::min(end, first + steps_a_slice);
    SQLite::Transaction transaction{*db_};
    db_->exec(fmt::format("DELETE FROM step WHERE id < {}", to));
    for (const char* table : {"signal", "ordered", "miss", "note", "word"}) db_->exec(fmt::format("DELETE FROM {} WHERE step < {}", table, to));
    if (to == end) {
        db_->exec(fmt::format("DELETE FROM epoch_file WHERE epoch = {0}; DELETE FROM epoch WHERE id = {0};"
                              "DELETE FROM file WHERE hash NOT IN (SELECT hash FROM epoch_file)", epoch));
    }
    transaction.commit();
    return true;
}

}  // namespace ballast::sqlite
