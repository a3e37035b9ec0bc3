#include "drivers/sqlite/spilled.hpp"

#include "controller/encoding.hpp"
#include "drivers/sqlite/sha256.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace ballast::sqlite {

const Spilled::Epoch* Spilled::epoch(std::int64_t id) const {
    const auto found = std::ranges::find(epochs, id, [](const Epoch& e) { return e.entry.id; });
    return found == epochs.end() ? nullptr : &*found;
}

const Spilled::Step* Spilled::step(std::int64_t id) const {
    const auto n = steps.empty() ? -1 : id - steps.front().id;
    return n < 0 || n >= std::ssize(steps) ? nullptr : &steps[static_cast<std::size_t>(n)];
}

namespace {

/// The database's end, and its last step's digest, of one moment.
std::pair<Position, std::uint64_t> end_of(SQLite::Database& db) {
    const auto number = [&](const char* query) { return db.execAndGet(query).getInt64(); };
    const SQLite::Transaction moment{db};
    const Position at{number("SELECT coalesce(max(id), 0) FROM epoch"),
                      number("SELECT max(coalesce((SELECT max(id) FROM step), 0), coalesce((SELECT max(first_step) - 1 FROM epoch), 0))"),
                      number("SELECT coalesce((SELECT utc_ms FROM epoch ORDER BY id DESC LIMIT 1), 0)")};
    return {at, static_cast<std::uint64_t>(
                    number("SELECT coalesce((SELECT digest FROM step WHERE id >= (SELECT max(first_step) FROM epoch) ORDER BY id DESC LIMIT 1), 0)"))};
}

}  // namespace

Spilled spilled_of(const std::string& path, SQLite::Database& db) try {
    Spilled all;
    if (std::error_code ignored; !std::filesystem::exists(spill_path(path), ignored)) return all;
    auto [at, digest] = end_of(db);
    const SpillContents contents = Spill::read(spill_path(path), at);
    std::uint64_t lost = contents.lost;
    bool skips = false;
    for (const SpillRecord& record : contents.records) {
        if (auto row = epoch_of(record)) {
            skips = false;
            if (lost > 0 && row->start.cause == EpochCause::hourly) row->start.cause = EpochCause::gap;
            Spilled::Epoch& epoch = all.epochs.emplace_back();
            std::string hashes;
            for (const EpochFile& file : row->start.files) hashes += sha256(file.text);
            EpochEntry& e = epoch.entry;
            e = {++at.epoch, row->start.cause, row->start.at, row->start.revision, row->missed + std::exchange(lost, 0), sha256(hashes), at.step + 1, 0};
            epoch.contents = {e, std::move(row->start.files), std::move(row->start.snapshot)};
            digest = 0;
        } else if (auto step = skips ? std::nullopt : step_of(record)) {
            digest = chain(digest, step->digest);
            all.steps.push_back({++at.step, at.epoch, std::move(*step), digest});
        } else {  // Unreadable: nothing more of its epoch.
            skips = true;
            lost += record.kind == SpillKind::step ? 1 : record.missed;
        }
    }
    return all;
} catch (const SQLite::Exception&) {  // A damaged database says so to whoever asks it for more.
    return {};
}

}  // namespace ballast::sqlite
