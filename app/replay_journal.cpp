#include "app/replay_journal.hpp"

#include "drivers/sqlite/sqlite_journal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fmt/format.h>

namespace ballast {
namespace {

constexpr std::string_view replay_mark = "replay:signal";  ///< No path: a site file's folder has no such file.

}  // namespace

struct ReplayJournal::Parts {
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> stays = asio::make_work_guard(io);
    std::vector<EpochFile> files;
    Steady next_epoch = Steady::min();
    std::string trouble;
    std::string path;
    std::unique_ptr<SqliteJournal> journal;  // After `io`: it must end first.

    /// Returns when the record is on disk, or never will be. A replay has no clock to keep: for a slow disk it waits.
    void write(asio::awaitable<Written> record) {
        std::optional<Written> fate;
        std::exception_ptr thrown;
        const auto done = [&](std::exception_ptr what, Written written) { thrown = what, fate = written; };
        asio::co_spawn(io, std::move(record), done);
        while (!fate) io.run_one();
        if (thrown) std::rethrow_exception(thrown);
        if (*fate == Written::late) {  // It stays in line; its answer changes what the journal says of itself.
            const std::string waiting = journal->trouble();
            while (!waiting.empty() && journal->trouble() == waiting) io.run_one();
        }
        if (*fate != Written::yes) trouble = journal->trouble();
    }
};

Result<std::unique_ptr<ReplayJournal>> ReplayJournal::open(const std::string& path, std::int64_t keep_mb,
                                                           std::vector<EpochFile> files,
                                                           const std::string& signal) {
    if (std::filesystem::exists(path))
        return fail(Errc::refused, fmt::format("--journal {}: exists already; a replay needs a new file", path));
    auto parts = std::make_unique<Parts>();
    auto journal = open_sqlite_journal(path, keep_mb);
    if (!journal) {
        std::string text = journal.error().detail;
        constexpr std::string_view elsewhere = "[journal] path";  // The daemon's; here it is the option that can be changed.
        if (const auto at = text.find(elsewhere); at != text.npos) text.replace(at, elsewhere.size(), "--journal");
        return fail(Errc::refused, std::move(text));
    }
    parts->journal = std::move(*journal);
    parts->path = path;
    parts->files = std::move(files);
    parts->files.push_back({std::string{replay_mark}, signal});
    return std::unique_ptr<ReplayJournal>{new ReplayJournal{std::move(parts)}};
}

ReplayJournal::ReplayJournal(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

ReplayJournal::~ReplayJournal() = default;

void ReplayJournal::instant(Engine& engine, Now now) {
    if (now.steady < parts_->next_epoch || !parts_->trouble.empty()) return;
    const bool first = parts_->next_epoch == Steady::min();
    parts_->next_epoch = now.steady + std::chrono::hours{24};
    Snapshot snapshot = engine.snapshot_for_epoch(now);
    engine.renew(snapshot, now);
    EpochStart start{first ? EpochCause::start : EpochCause::hourly, now, Engine::revision, parts_->files,
                     std::move(snapshot), &engine.site()};
    parts_->write(parts_->journal->begin_epoch(std::move(start)));
}

void ReplayJournal::step(Now now, std::span<const Event> heard, const Decision& decision) {
    if (!parts_->trouble.empty()) return;
    const StepRecord record{now, heard, decision};
    parts_->write(parts_->journal->append(record));
}

Result<void> ReplayJournal::result() const {
    if (!parts_->trouble.empty())
        return fail(Errc::refused, fmt::format("--journal {}: {}", parts_->path, parts_->trouble));
    return {};
}

std::optional<std::string> replayed_signal(const std::vector<EpochFile>& files) {
    for (const EpochFile& file : files)
        if (file.path == replay_mark) return file.text;
    return std::nullopt;
}

}  // namespace ballast
