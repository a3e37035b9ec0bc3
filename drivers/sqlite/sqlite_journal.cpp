#include "drivers/sqlite/sqlite_journal.hpp"

#include "drivers/sqlite/schema.hpp"
#include "drivers/sqlite/spill_rows.hpp"

#include <boost/asio.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
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
    bool wants_epoch = false;

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

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds room_retry{1};       ///< Between two looks whether the database has room again.
constexpr std::chrono::seconds room_at_the_end{2};  ///< No longer is a process held up that ends; the spill keeps the rest.
constexpr int records_a_slice = 16;

}  // namespace

/// What the journal's own thread does. What the database does not take goes into the spill, and from then on everything
/// does, until the database has taken that too: records stay in their order.
class SqliteJournal::Back {
public:
    Back(std::string path, std::unique_ptr<sqlite::JournalFile> file, std::unique_ptr<sqlite::Spill> spill)
        : path_{std::move(path)}, file_{std::move(file)}, spill_{std::move(spill)} {
        if (spill_->foreign() > 0)
            spdlog::warn("{}: the {} record(s) in it go on from no end of {}: they are another database's, or of a time that it was put back from; they will be written over", spill_->path(), spill_->foreign(), path_);
        reserve();
        if (spill_->empty()) return;
        why_ = fmt::format("journal {}: it is taking in what its disk had no room for", path_);
        drain();
    }

    /// Late: the spill has it.
    Written record(sqlite::EpochRow row) {
        missed_ += row.missed;
        row.missed = missed_;
        reserve();
        broken_ = !(spill_->empty() && attempt([&] { file_->begin_epoch(row); }));
        const bool spilled = broken_ && spill(row);
        broken_ = broken_ && !spilled;
        if (!broken_) missed_ = 0;
        return broken_ ? Written::missed : spilled ? Written::late : written();
    }
    Written record(sqlite::StepRow row) {
        if (!broken_ && spill_->empty() && attempt([&] { file_->write(row); })) return written();
        if (!broken_ && spill(row)) return Written::late;
        ++missed_;
        broken_ = true;           // What follows belongs to no epoch.
        return Written::missed;
    }

    /// Why the last record is not in the database.
    std::string why() const {
        return spill_->empty() ? why_ : fmt::format("{}; meanwhile {} record(s) wait in {}", why_, spill_->waiting(), spill_->path());
    }

    bool wants_epoch() const { return !broken_ && spill_->wants_epoch(); }

    /// True: there is more to do. What fails here fails again where it matters.
    bool tidy() {
        if (!file_) return false;
        if (!spill_->empty() && Clock::now() >= retry_at_ && drain()) return true;
        try {
            return file_->tidy();
        } catch (const SQLite::Exception&) {
            return false;
        }
    }
    /// When to look again, though nothing more is recorded.
    std::optional<Clock::time_point> look_again() const { return file_ && !spill_->empty() ? std::optional{retry_at_} : std::nullopt; }

    void finish() {
        const auto until = Clock::now() + room_at_the_end;
        while (Clock::now() < until && drain()) {}
        try {
            while (spill_->empty() && file_->write_later()) {}
        } catch (const SQLite::Exception&) {}
        file_.reset();
    }

    bool tidying = false;

private:
    Written written() {
        why_.clear();
        return Written::yes;
    }

    template <class Work>
    bool attempt(Work work) {
        try {
            work();
            return true;
        } catch (const SQLite::Exception& e) {
            why_ = sqlite::explain_failure(path_, e.getExtendedErrorCode(), e.what());
        } catch (const std::bad_alloc&) {
            why_ = fmt::format("journal {}: out of memory", path_);
        }
        return false;
    }

    bool spill(const sqlite::EpochRow& row) {
        if (spill_->empty() && !begin_spill()) return false;
        const sqlite::SpillRecord record = record_of(row);
        if ((spill_->wants_epoch() || !spill_->has_room_for(record)) && !spill_->turn(record, file_->position())) return false;
        return spill_->append(record);
    }
    bool spill(const sqlite::StepRow& row) {
        if (spill_->empty() && !(begin_spill() && (!file_->names() || spill_->append(record_of(*file_->names()))))) return false;
        return spill_->append(record_of(row));
    }
    bool begin_spill() {
        retry_at_ = Clock::now() + room_retry;
        return spill_->begin(file_->position());
    }

    /// Some of what waits, into the database. True: more does, and it has room.
    bool drain() {
        for (int n = 0; n < records_a_slice && !spill_->empty(); ++n) {
            if (move_one()) continue;
            retry_at_ = Clock::now() + room_retry;
            return false;
        }
        return !spill_->empty();
    }
    bool move_one() {
        const auto record = spill_->front();
        auto epoch = record ? epoch_of(*record) : std::nullopt;
        auto step = record ? step_of(*record) : std::nullopt;
        if (!epoch && !step) {    // Its disk has lost it, or another version wrote it: a gap, up to the next epoch.
            if (spill_->skip_to_epoch()) return true;
            missed_ += spill_->drop();
            broken_ = true;
            return true;
        }
        if (epoch && spill_->lost() > 0) {
            epoch->missed += spill_->lost();
            if (epoch->start.cause == EpochCause::hourly) epoch->start.cause = EpochCause::gap;
        }
        if (step && !file_->names())  // Another process began its epoch.
            if (const auto names = spill_->names()) file_->call(names_of(*names));
        if (!attempt([&] { epoch ? file_->begin_epoch(*epoch) : file_->write(*step); })) return false;
        spill_->pop();
        return true;
    }

    void reserve() {
        if (std::string why = spill_->reserve(); why != unreserved_) {
            unreserved_ = std::move(why);
            if (!unreserved_.empty()) spdlog::warn("journal {}: {}; should its disk be full, what happens meanwhile is a gap", path_, unreserved_);
        }
    }

    std::string path_, why_ = "no epoch has begun", unreserved_;
    std::unique_ptr<sqlite::JournalFile> file_;
    std::unique_ptr<sqlite::Spill> spill_;
    std::uint64_t missed_ = 0;
    bool broken_ = true;          // No step before the first epoch.
    Clock::time_point retry_at_{};
};

SqliteJournal::SqliteJournal(std::string path, std::unique_ptr<sqlite::JournalFile> file, std::unique_ptr<sqlite::Spill> spill)
    : front_{std::make_shared<Front>()}, back_{std::make_unique<Back>(std::move(path), std::move(file), std::move(spill))}, again_{thread_} {}

SqliteJournal::~SqliteJournal() {
    asio::post(thread_, [this] {
        again_.cancel();
        back_->finish();
    });
    thread_.join();
}

std::string SqliteJournal::trouble() const {
    const std::lock_guard lock{front_->mutex};
    return front_->trouble;
}

bool SqliteJournal::wants_epoch() const {
    const std::lock_guard lock{front_->mutex};
    return front_->wants_epoch;
}

/// One piece, then whatever came in meanwhile, then the next.
void SqliteJournal::tidy() {
    back_->tidying = back_->tidy();
    if (back_->tidying) return asio::post(thread_, [this] { tidy(); });
    const auto at = back_->look_again();
    if (!at) return;
    again_.expires_at(*at);
    again_.async_wait([this](boost::system::error_code ended) {
        if (!ended && !std::exchange(back_->tidying, true)) tidy();
    });
}

/// On the journal's thread: the record, its answer, and some housekeeping behind it.
template <class Row>
void SqliteJournal::work(Row row, const std::shared_ptr<Ticket>& ticket, std::size_t bytes) {
    const Written written = back_->record(std::move(row));
    {
        const std::lock_guard lock{front_->mutex};
        --front_->in_line;
        front_->bytes -= bytes;
        front_->missing = front_->missing || written == Written::missed;
        front_->trouble = back_->why();
        front_->wants_epoch = back_->wants_epoch();
    }
    ticket->answer(ticket, written);
    if (std::exchange(back_->tidying, true)) return;
    asio::post(thread_, [this] { tidy(); });
}

namespace {

/// Ends the waiting with the coroutine, however that ends.
template <class Ticket>
struct Wait {
    asio::steady_timer timer;
    std::shared_ptr<Ticket> ticket;

    Wait(const asio::any_io_executor& loop, std::shared_ptr<Ticket> whose, Duration patience) : timer{loop, patience}, ticket{std::move(whose)} {
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
    Wait wait{loop, ticket, patience_};
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
        front_->trouble = fmt::format("the journal's disk takes longer than {} ms; nothing is raised until it is faster", patience_.count());
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
    sqlite::StepRow row = sqlite::row_of(step.now, step.heard, step.decision);
    const std::size_t bytes = row.events.size() + row.decision.size() + row.readable() * sizeof(Event);
    co_return co_await hand_over(std::move(row), bytes);
}

Result<std::unique_ptr<SqliteJournal>> open_sqlite_journal(const std::string& path, std::int64_t keep_mb, std::int64_t spill_bytes) {
    auto file = sqlite::JournalFile::open(path, keep_mb << 20);
    if (!file) return tl::unexpected{file.error()};
    auto spill = std::make_unique<sqlite::Spill>(sqlite::spill_path(path), spill_bytes, (*file)->position());
    return std::make_unique<SqliteJournal>(path, std::move(*file), std::move(spill));
}

std::int64_t spill_bytes(std::int64_t keep_mb) { return std::clamp<std::int64_t>(keep_mb / 8, 2, 64) << 20; }

}  // namespace ballast
