#pragma once
#include "controller/journal.hpp"
#include "drivers/sqlite/journal_file.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <string>

namespace ballast {

/// The journal in one SQLite file: WAL, synchronous=FULL, one transaction a step, on a thread of its own. What a step
/// hands over waits in line for that thread. What the file does not take (its disk is full) waits in the spill beside it,
/// on disk too, and is late; it goes into the file as soon as that takes it. A full line, or what neither takes, is a gap.
/// It may outlive the io_context that called it, but no call of its own.
class SqliteJournal final : public Journal {
public:
    SqliteJournal(std::string path, std::unique_ptr<sqlite::JournalFile> file, std::unique_ptr<sqlite::Spill> spill);
    /// Writes what stands in line, then closes. What the disk has no room for stays in the spill, for who opens it next.
    ~SqliteJournal() override;

    asio::awaitable<Written> begin_epoch(EpochStart start) override;
    asio::awaitable<Written> append(StepRecord step) override;
    std::string trouble() const override;
    bool wants_epoch() const override;

    /// How long a call waits for the disk before it says `late`; for a test of what is written and not of how soon.
    void wait_at_most(Duration patience) { patience_ = patience; }

    static constexpr std::size_t most_in_line = 256;        ///< Records.
    static constexpr std::size_t most_bytes_in_line = 64 << 20;

private:
    struct Ticket;
    struct Front;
    class Back;

    template <class Row>
    asio::awaitable<Written> hand_over(Row row, std::size_t bytes);
    template <class Row>
    void work(Row row, const std::shared_ptr<Ticket>& ticket, std::size_t bytes);
    void tidy();

    std::shared_ptr<Front> front_;
    std::unique_ptr<Back> back_;
    asio::thread_pool thread_{1};
    asio::steady_timer again_;
    Duration patience_ = journal_patience;
};

/// Opens or makes the journal of `[journal] path` for the one process that writes it. `keep_mb` as in the site file.
/// `spill_bytes` of disk are set aside beside it, for when that is full; 0: none.
Result<std::unique_ptr<SqliteJournal>> open_sqlite_journal(const std::string& path, std::int64_t keep_mb, std::int64_t spill_bytes = 0);

/// What the daemon sets aside.
std::int64_t spill_bytes(std::int64_t keep_mb);

}  // namespace ballast
