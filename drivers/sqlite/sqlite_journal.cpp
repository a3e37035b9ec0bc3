#include "drivers/sqlite/sqlite_journal.hpp"

#include "controller/encoding.hpp"
#include "drivers/sqlite/schema.hpp"

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

namespace ballast {

/// A record's place in line, and who waits for its answer. The one who waits may be gone before it comes, and its
/// io_context with it: then `waiting` is null.
struct SqliteJournal::Ticket {
    std::mutex mutex;
    asio::steady_timer* waiting = nullptr;
    Written written = Written::late;

    /// On the journal's thread.
    void answer(const std::shared_ptr<Ticket>& self, Written what) {
        const std::lock_guard lock{mutex};
        written = what;
        if (!waiting) return;
        asio::post(waiting->get_executor(), [self] {
            const std::lock_guard again{self->mutex};
            if (self->waiting) self->waiting->cancel();
        });
    }
};

/// What both threads know.
struct SqliteJournal::Front {
    std::mutex mutex;
    std::size_t in_line = 0, bytes = 0;
    bool missing = false;         ///< A step was missed since the last epoch began.
    std::uint64_t missed = 0;     ///< Steps refused without asking the thread.
    std::string trouble;

    /// False: it is missed.
    bool admit_step() {
        const std::lock_guard lock{mutex};
        if (in_line >= most_in_line || bytes >= most_bytes_in_line) {
            missing = true;
            trouble = "the journal's disk does not keep up; nothing is raised until it does";
        }
        if (missing) ++missed;
        return !missing;
    }
    /// How many steps were missed before it; nothing: the line is full.
    std::optional<std::uint64_t> admit_epoch() {
        const std::lock_guard lock{mutex};
        if (in_line >= most_in_line) return std::nullopt;
        missing = false;
        return std::exchange(missed, 0);
    }
};

/// What the journal's own thread does.
class SqliteJournal::Back {
public:
    Back(std::string path, std::unique_ptr<sqlite::JournalFile> file) : path_{std::move(path)}, file_{std::move(file)} {}

    void operator()(sqlite::EpochRow row) {
        broken_ = true;           // Should it fail, the steps behind it belong to no epoch.
        missed_ += row.missed;
        row.missed = missed_;
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

std::string SqliteJournal::trouble() const {
    const std::lock_guard lock{front_->mutex};
    return front_->trouble;
}

namespace {

/// One piece, then whatever came in meanwhile, then the next.
template <class Back>
void tidy_between(asio::thread_pool& thread, Back& back) {
    back.tidying = back.tidy();
    if (back.tidying) asio::post(thread, [&] { tidy_between(thread, back); });
}

}  // namespace

/// On the journal's thread: the record, its answer, and some housekeeping behind it.
template <class Row>
void SqliteJournal::work(Row row, const std::shared_ptr<Ticket>& ticket, std::size_t bytes) {
    std::string why = back_->record(std::move(row));
    const Written written = why.empty() ? Written::yes : Written::missed;
    {
        const std::lock_guard lock{front_->mutex};
        --front_->in_line;
        front_->bytes -= bytes;
        front_->missing = front_->missing || !why.empty();
        front_->trouble = std::move(why);
    }
    ticket->answer(ticket, written);
    if (std::exchange(back_->tidying, true)) return;
    asio::post(thread_, [this] { tidy_between(thread_, *back_); });
}

namespace {

/// Ends the waiting with the coroutine, however that ends.
template <class Ticket>
struct Wait {
    asio::steady_timer timer;
    std::shared_ptr<Ticket> ticket;

    Wait(const asio::any_io_executor& loop, std::shared_ptr<Ticket> whose) : timer{loop, journal_patience}, ticket{std::move(whose)} {
        ticket->waiting = &timer;
    }
    ~Wait() {
        const std::lock_guard lock{ticket->mutex};
        ticket->waiting = nullptr;
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
};

}  // namespace

template <class Row>
asio::awaitable<Written> SqliteJournal::hand_over(Row row, std::size_t bytes) {
    const auto ticket = std::make_shared<Ticket>();
    const asio::any_io_executor loop = co_await asio::this_coro::executor;
    Wait wait{loop, ticket};
    {
        const std::lock_guard lock{front_->mutex};
        ++front_->in_line;
        front_->bytes += bytes;
    }
    auto job = [this, ticket, bytes, record = std::move(row)]() mutable { work(std::move(record), ticket, bytes); };
    asio::post(thread_, std::move(job));
    co_await wait.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const std::scoped_lock locks{ticket->mutex, front_->mutex};
    if (ticket->written == Written::late && front_->trouble.empty())
        front_->trouble = fmt::format("the journal's disk takes longer than {} ms; nothing is raised until it is faster", journal_patience.count());
    co_return ticket->written;
}

asio::awaitable<Written> SqliteJournal::begin_epoch(EpochStart start) {
    auto names = std::make_shared<const sqlite::Names>(start.site ? sqlite::Names{*start.site} : sqlite::Names{});
    start.site = nullptr;
    std::size_t bytes = start.snapshot.bytes.size();
    for (const EpochFile& file : start.files) bytes += file.text.size();
    const auto missed = front_->admit_epoch();
    if (!missed) co_return Written::missed;
    sqlite::EpochRow row{std::move(start), std::move(names), *missed};
    co_return co_await hand_over(std::move(row), bytes);
}

asio::awaitable<Written> SqliteJournal::append(StepRecord step) {
    if (!front_->admit_step()) co_return Written::missed;
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
