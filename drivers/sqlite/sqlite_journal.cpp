#include "drivers/sqlite/sqlite_journal.hpp"

#include "controller/encoding.hpp"
#include "drivers/sqlite/schema.hpp"

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace ballast {

/// A record's place in line. Touched on the loop's thread only.
struct SqliteJournal::Ticket {
    explicit Ticket(const asio::any_io_executor& loop) : answered{loop, journal_patience} {}

    asio::steady_timer answered;  ///< Expires with the loop's patience; cancelled by the answer.
    Written written = Written::late;
};

/// What the loop's thread knows. Shared, for an answer may come when the journal is gone.
struct SqliteJournal::Front {
    std::size_t in_line = 0, bytes = 0;
    bool missing = false;         ///< A step was missed since the last epoch began.
    std::uint64_t missed = 0;     ///< Steps refused without asking the thread.
    std::string trouble;
    std::shared_ptr<const sqlite::Names> names;
};

/// What the journal's own thread does.
class SqliteJournal::Back {
public:
    Back(std::string path, std::unique_ptr<sqlite::JournalFile> file) : path_{std::move(path)}, file_{std::move(file)} {}

    void operator()(sqlite::EpochRow row) {
        broken_ = true;           // Should it fail, the steps behind it belong to no epoch.
        missed_ += row.missed;
        row.missed = missed_;
        if (row.missed > 0) row.start.cause = EpochCause::gap;
        file_->begin_epoch(row);
        broken_ = false;
        missed_ = 0;
    }
    void operator()(sqlite::StepRow row) {
        if (broken_) ++missed_;
        else file_->write(std::move(row));
    }

    /// Empty: it is on disk.
    template <class Row>
    std::string record(Row row) {
        const bool step = std::is_same_v<Row, sqlite::StepRow>;
        try {
            (*this)(std::move(row));
            return broken_ ? why_ : std::string{};
        } catch (const SQLite::Exception& e) {
            why_ = sqlite::explain_failure(path_, e.getExtendedErrorCode(), e.what());
        } catch (const std::bad_alloc&) {
            why_ = fmt::format("journal {}: out of memory", path_);
        }
        if (step) ++missed_;
        broken_ = true;
        return why_;
    }

    /// True: there is more to do. What fails here fails again where it matters.
    bool tidy() {
        try {
            return file_ && file_->tidy();
        } catch (const SQLite::Exception&) {
            return false;
        }
    }

    void finish() {
        try {
            while (file_->write_later()) {}
        } catch (const SQLite::Exception&) {}
        file_.reset();
    }

    bool tidying = false;

private:
    std::string path_, why_ = "no epoch has begun";
    std::unique_ptr<sqlite::JournalFile> file_;
    std::uint64_t missed_ = 0;
    bool broken_ = true;          // No step before the first epoch.
};

SqliteJournal::SqliteJournal(std::string path, std::unique_ptr<sqlite::JournalFile> file)
    : front_{std::make_shared<Front>()}, back_{std::make_unique<Back>(std::move(path), std::move(file))} {}

SqliteJournal::~SqliteJournal() {
    asio::post(thread_, [this] { back_->finish(); });
    thread_.join();
}

std::string SqliteJournal::trouble() const { return front_->trouble; }

namespace {

/// One piece, then whatever came in meanwhile, then the next.
template <class Back>
void tidy_between(asio::thread_pool& thread, Back& back) {
    back.tidying = back.tidy();
    if (back.tidying) asio::post(thread, [&] { tidy_between(thread, back); });
}

}  // namespace

template <class Job>
asio::awaitable<Written> SqliteJournal::hand_over(Job job, std::size_t bytes) {
    const auto loop = co_await asio::this_coro::executor;
    const auto ticket = std::make_shared<Ticket>(loop);
    ++front_->in_line;
    front_->bytes += bytes;
    auto work = [this, loop, ticket, front = front_, bytes, row = std::move(job)]() mutable {
        std::string trouble = back_->record(std::move(row));
        auto answer = [ticket, front, bytes, why = std::move(trouble)]() mutable {
            ticket->written = why.empty() ? Written::yes : Written::missed;
            --front->in_line;
            front->bytes -= bytes;
            front->missing = front->missing || !why.empty();
            front->trouble = std::move(why);
            ticket->answered.cancel();
        };
        asio::post(loop, std::move(answer));
        if (!back_->tidying) {
            back_->tidying = true;
            asio::post(thread_, [this] { tidy_between(thread_, *back_); });
        }
    };
    asio::post(thread_, std::move(work));
    co_await ticket->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    if (ticket->written == Written::late && front_->trouble.empty())
        front_->trouble = fmt::format("the journal's disk takes longer than {} ms; nothing is raised until it is faster", journal_patience.count());
    co_return ticket->written;
}

asio::awaitable<Written> SqliteJournal::begin_epoch(EpochStart start) {
    if (front_->in_line >= most_in_line) co_return Written::missed;
    front_->names = std::make_shared<const sqlite::Names>(start.site ? sqlite::Names{*start.site} : sqlite::Names{});
    start.site = nullptr;
    std::size_t bytes = start.snapshot.bytes.size();
    for (const EpochFile& file : start.files) bytes += file.text.size();
    sqlite::EpochRow row{std::move(start), front_->names, std::exchange(front_->missed, 0)};
    front_->missing = false;
    co_return co_await hand_over(std::move(row), bytes);
}

asio::awaitable<Written> SqliteJournal::append(StepRecord step) {
    if (front_->in_line >= most_in_line || front_->bytes >= most_bytes_in_line) {
        front_->missing = true;
        front_->trouble = "the journal's disk does not keep up; nothing is raised until it does";
    }
    if (front_->missing) {
        ++front_->missed;
        co_return Written::missed;
    }
    sqlite::StepRow row;
    row.now = step.now;
    encode(row.events, step.now, step.heard);
    encode(row.decision, step.now, step.decision);
    row.digest = digest(0, step.now, step.decision);
    for (const Event& event : step.heard)
        if (std::holds_alternative<Signal>(event) || std::holds_alternative<Rejected>(event) || std::holds_alternative<OperatorWord>(event))
            row.told.push_back(event);
    row.orders.assign(step.decision.orders.begin(), step.decision.orders.end());
    row.misses.assign(step.decision.misses.begin(), step.decision.misses.end());
    row.notes.assign(step.decision.notes.begin(), step.decision.notes.end());
    const std::size_t bytes = row.events.size() + row.decision.size() + row.readable() * sizeof(Event);
    co_return co_await hand_over(std::move(row), bytes);
}

Result<std::unique_ptr<SqliteJournal>> open_sqlite_journal(const std::string& path, std::int64_t keep_mb) {
    auto file = sqlite::JournalFile::open(path, keep_mb << 20);
    if (!file) return tl::unexpected{file.error()};
    return std::make_unique<SqliteJournal>(path, std::move(*file));
}

}  // namespace ballast
