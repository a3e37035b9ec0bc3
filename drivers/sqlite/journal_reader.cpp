#include "drivers/sqlite/journal_reader.hpp"

#include "drivers/sqlite/schema.hpp"
#include "drivers/sqlite/sha256.hpp"
#include "drivers/sqlite/spilled.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

constexpr int steps_at_once = 64;

std::string blob(const SQLite::Column& column) {
    const auto* bytes = static_cast<const char*>(column.getBlob());
    return bytes ? std::string{bytes, static_cast<std::size_t>(column.getBytes())} : std::string{};
}

Now now_of(const SQLite::Column& utc_ms, const SQLite::Column& steady_ms) {
    return {Instant{Duration{utc_ms.getInt64()}}, Steady{Duration{steady_ms.getInt64()}}};
}

std::optional<EpochCause> cause_of(std::string_view name) {
    for (const auto cause : {EpochCause::start, EpochCause::reload, EpochCause::hourly, EpochCause::gap, EpochCause::leave})
        if (name_of(cause) == name) return cause;
    return std::nullopt;
}

/// Calls `work`, and turns what SQLite throws into a sentence about `path`.
template <class Work>
std::invoke_result_t<Work> guarded(const std::string& path, Work work) {
    try {
        return work();
    } catch (const SQLite::Exception& e) {
        return fail(Errc::malformed, sqlite::explain_failure(path, e.getExtendedErrorCode(), e.what()));
    }
}

auto damaged(const std::string& path, std::string_view where, std::string_view what) {
    return fail(Errc::malformed, fmt::format("journal {}: {}: {}; this part cannot be trusted", path, where, what));
}

/// A row as it lies in the table; decoded one at a time, for a step may hold ten thousand readings.
struct RawStep {
    std::int64_t id = 0, epoch = 0;
    Now now;
    std::string events, decision;
    std::uint64_t digest = 0;

    explicit RawStep(SQLite::Statement& row)
        : id{row.getColumn(0).getInt64()}, epoch{row.getColumn(1).getInt64()}, now{now_of(row.getColumn(2), row.getColumn(3))},
          events{blob(row.getColumn(4))}, decision{blob(row.getColumn(5))}, digest{static_cast<std::uint64_t>(row.getColumn(6).getInt64())} {}
    explicit RawStep(const sqlite::Spilled::Step& step)
        : id{step.id}, epoch{step.epoch}, now{step.row.now}, events{step.row.events}, decision{step.row.decision}, digest{step.digest} {}
};

Result<StoredStep> decoded(const std::string& path, RawStep raw) {
    auto heard = decode_events(raw.events, raw.now);
    if (!heard) return damaged(path, fmt::format("step {}", raw.id), heard.error().detail);
    auto decision = decode_decision(raw.decision, raw.now);
    if (!decision) return damaged(path, fmt::format("step {}", raw.id), decision.error().detail);
    return StoredStep{raw.id, raw.now, std::move(*heard), std::move(*decision), std::move(raw.decision), raw.digest};
}

}  // namespace

JournalReader::JournalReader(std::string path, std::unique_ptr<SQLite::Database> db, std::unique_ptr<const sqlite::Spilled> spilled)
    : path_{std::move(path)}, db_{std::move(db)}, spilled_{std::move(spilled)} {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

Result<JournalReader> JournalReader::open(const std::string& path) {
    auto db = sqlite::open_to_read(path);
    if (!db) return tl::unexpected{db.error()};
    auto spilled = std::make_unique<const sqlite::Spilled>(sqlite::spilled_of(path, **db));
    return JournalReader{path, std::move(*db), std::move(spilled)};
}

std::size_t JournalReader::waiting() const { return spilled_->steps.size(); }

bool JournalReader::waits(std::int64_t step) const { return spilled_->step(step) != nullptr; }

Result<std::vector<EpochEntry>> JournalReader::list(const char* which) const {
    return guarded(path_, [&]() -> Result<std::vector<EpochEntry>> {
        SQLite::Statement query{*db_, fmt::format(
            "SELECT id, cause, utc_ms, steady_ms, revision, missed_steps, config_hash, first_step,"
            " coalesce((SELECT min(first_step) FROM epoch WHERE id > e.id), (SELECT coalesce(max(id), 0) + 1 FROM step)) - first_step"
            " FROM epoch e {}", which)};
        std::vector<EpochEntry> all;
        while (query.executeStep()) {
            EpochEntry& e = all.emplace_back();
            e.id = query.getColumn(0).getInt64();
            const auto cause = cause_of(query.getColumn(1).getString());
            if (!cause) return damaged(path_, fmt::format("epoch {}", e.id), "its cause is none of start, reload, hourly, gap");
            e.cause = *cause;
            e.began = now_of(query.getColumn(2), query.getColumn(3));
            e.revision = static_cast<unsigned>(query.getColumn(4).getInt64());
            e.missed_steps = static_cast<std::uint64_t>(query.getColumn(5).getInt64());
            e.config_hash = query.getColumn(6).getString();
            e.first_step = query.getColumn(7).getInt64();
            e.steps = std::max<std::int64_t>(query.getColumn(8).getInt64(), 0);
        }
        return all;
    });
}

Result<std::vector<EpochEntry>> JournalReader::epochs() const {
    auto all = list("ORDER BY id");
    if (!all || spilled_->last_step() == 0) return all;
    for (const sqlite::Spilled::Epoch& waits : spilled_->epochs)
        if (all->empty() || all->back().id < waits.entry.id) all->push_back(waits.entry);
    for (std::size_t i = 0; i < all->size(); ++i) {
        EpochEntry& e = (*all)[i];
        const std::int64_t end = i + 1 < all->size() ? (*all)[i + 1].first_step : spilled_->last_step() + 1;
        e.steps = std::max(e.steps, end - e.first_step);
    }
    return all;
}

Result<std::optional<EpochEntry>> JournalReader::last_epoch() const {
    auto last = spilled_->last_step() == 0 ? list("ORDER BY id DESC LIMIT 1") : epochs();
    if (!last) return tl::unexpected{last.error()};
    return last->empty() ? std::nullopt : std::optional{last->back()};
}

Result<EpochContents> JournalReader::contents(const EpochEntry& epoch) const {
    return guarded(path_, [&]() -> Result<EpochContents> {
        EpochContents all{epoch, {}, {}};
        const std::string where = fmt::format("epoch {}", epoch.id);
        SQLite::Statement snapshot{*db_, "SELECT snapshot FROM epoch WHERE id = ?"};
        snapshot.bind(1, epoch.id);
        const bool there = snapshot.executeStep();
        if (const auto* waits = spilled_->epoch(epoch.id); waits && !there) return waits->contents;
        if (!there) return damaged(path_, where, "was dropped by retention meanwhile");
        all.snapshot.bytes = blob(snapshot.getColumn(0));
        SQLite::Statement files{*db_, "SELECT path, epoch_file.hash, text FROM epoch_file LEFT JOIN file USING (hash) WHERE epoch = ? ORDER BY n"};
        files.bind(1, epoch.id);
        while (files.executeStep()) {
            EpochFile& file = all.files.emplace_back(EpochFile{files.getColumn(0).getString(), files.getColumn(2).getString()});
            if (sqlite::sha256(file.text) != files.getColumn(1).getString())
                return damaged(path_, where, fmt::format("the text of {} is not what was recorded", file.path));
        }
        return all;
    });
}

Result<void> JournalReader::each_step(const EpochEntry& epoch, const std::function<bool(const StoredStep&)>& take) const {
    return guarded(path_, [&]() -> Result<void> {
        SQLite::Statement query{*db_, "SELECT id, epoch, utc_ms, steady_ms, events, decision, digest FROM step WHERE id >= ? ORDER BY id LIMIT ?"};
        for (std::int64_t next = epoch.first_step;;) {
            std::vector<RawStep> some;
            query.bind(1, next);
            query.bind(2, steps_at_once);
            while (query.executeStep()) some.emplace_back(query);
            query.reset();
            if (some.empty())
                for (auto id = next; std::ssize(some) < steps_at_once && spilled_->step(id); ++id) some.emplace_back(*spilled_->step(id));
            for (RawStep& raw : some) {
                if (raw.epoch != epoch.id) return ended(epoch, next);
                if (raw.id != next) return damaged(path_, fmt::format("epoch {}", epoch.id), fmt::format("step {} is missing", next));
                ++next;
                auto step = decoded(path_, std::move(raw));
                if (!step) return tl::unexpected{step.error()};
                if (!take(*step)) return {};
            }
            if (std::ssize(some) < steps_at_once && !spilled_->step(next)) return ended(epoch, next);
        }
    });
}

Result<void> JournalReader::ended(const EpochEntry& epoch, std::int64_t next) const {
    const std::int64_t end = epoch.first_step + epoch.steps;
    if (next >= end) return {};
    return damaged(path_, fmt::format("epoch {}", epoch.id), fmt::format("its end is missing, step {} to {}", next, end - 1));
}

Result<std::vector<OpenedEvent>> JournalReader::opened_events() const {
    return guarded(path_, [&]() -> Result<std::vector<OpenedEvent>> {
        SQLite::Statement query{*db_, "SELECT event, text, step, epoch, utc_ms, power_kw FROM note JOIN step ON step.id = note.step"
                                      " WHERE kind = 'event_opened' ORDER BY step, n"};
        std::vector<OpenedEvent> all;
        while (query.executeStep()) {
            OpenedEvent& e = all.emplace_back();
            e.event = EventId{query.getColumn(0).getUInt()};
            e.name = query.getColumn(1).getString();
            e.step = query.getColumn(2).getInt64();
            e.epoch = query.getColumn(3).getInt64();
            e.at = Instant{Duration{query.getColumn(4).getInt64()}};
            e.reference = Power{static_cast<std::int64_t>(std::clamp(query.getColumn(5).getDouble(), -1e15, 1e15) * 1e3)};
        }
        const std::int64_t last = db_->execAndGet("SELECT coalesce(max(id), 0) FROM step").getInt64();
        for (const sqlite::Spilled::Step& waits : spilled_->steps)
            for (const Note& note : waits.row.notes)
                if (waits.id > last && note.kind == NoteKind::event_opened) all.push_back({note.event, note.text, waits.id, waits.epoch, waits.row.now.utc, note.power});
        return all;
    });
}

Result<std::map<std::int64_t, std::size_t>> JournalReader::readable_rows(std::int64_t first, std::int64_t last) const {
    return guarded(path_, [&]() -> Result<std::map<std::int64_t, std::size_t>> {
        std::string sum = "0";
        for (const char* table : {"signal", "word", "note", "ordered", "miss"}) sum += fmt::format(" + (SELECT count(*) FROM {0} WHERE {0}.step = step.id)", table);
        SQLite::Statement query{*db_, fmt::format("SELECT id, {} FROM step WHERE id BETWEEN ?1 AND ?2", sum)};
        query.bind(1, first);
        query.bind(2, last);
        std::map<std::int64_t, std::size_t> rows;
        while (query.executeStep()) rows[query.getColumn(0).getInt64()] = static_cast<std::size_t>(query.getColumn(1).getInt64());
        return rows;
    });
}

Result<std::optional<std::int64_t>> JournalReader::step_of(OrderId order) const {
    for (auto waits = spilled_->steps.rbegin(); waits != spilled_->steps.rend(); ++waits)
        if (std::ranges::find(waits->row.orders, order, &Order::id) != waits->row.orders.end()) return std::optional{waits->id};
    return guarded(path_, [&]() -> Result<std::optional<std::int64_t>> {
        SQLite::Statement query{*db_, "SELECT max(step) FROM ordered WHERE order_id = ?"};
        query.bind(1, static_cast<std::int64_t>(order));
        if (!query.executeStep() || query.getColumn(0).isNull()) return std::optional<std::int64_t>{};
        return std::optional{query.getColumn(0).getInt64()};
    });
}

}  // namespace ballast
