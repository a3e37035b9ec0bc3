#include "controller/encoding.hpp"
#include "drivers/sqlite/journal_reader.hpp"
#include "drivers/sqlite/schema.hpp"
#include "drivers/sqlite/sqlite_journal.hpp"
#include "tests/catch.hpp"
#include "tests/controller/any_records.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/asio.hpp>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ballast;
using namespace ballast::literals;
namespace fs = std::filesystem;
using testing::AnyRecords;

namespace {

/// A folder of its own, gone at the end.
struct Scratch {
    fs::path folder = fs::path{SCRATCH_DIR} / fmt::format("sqlite-{}-{}", ::getpid(), ++count);
    Scratch() { fs::create_directories(folder); }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    std::string path() const { return (folder / "site.db").string(); }
    static inline int count = 0;
};

Site small_site() {
    Site site;
    site.name = "small";
    site.loads = {{.name = "hall", .rated = 1_MW}, {.name = "a-1", .rated = 3'500_W}, {.name = "a-2", .rated = 3'500_W}};
    site.groups.resize(2);
    site.groups[0].name = "hall";
    site.groups[0].loads = {0, 1};
    site.groups[1].name = "miners-a";
    site.groups[1].loads = {1, 3};
    site.sources = {{.name = "ercot"}, {.name = "utility"}};
    site.policies = {"strike", "obligations"};
    return site;
}

/// A journal and the loop that calls it, one call at a time.
struct Bench {
    asio::io_context io;
    std::unique_ptr<SqliteJournal> journal;

    explicit Bench(const std::string& path, std::int64_t keep_mb = 100) {
        auto opened = open_sqlite_journal(path, keep_mb);
        if (!opened) FAIL(opened.error().detail);
        journal = std::move(*opened);
        journal->wait_at_most(Duration{10'000});  // Under a sanitizer, beside others, everything is slow.
    }
    Written wait(asio::awaitable<Written> call) {
        auto written = asio::co_spawn(io, std::move(call), asio::use_future);
        io.restart();
        while (written.wait_for(std::chrono::seconds{0}) != std::future_status::ready) io.run_one();
        return written.get();
    }

    Written begin(EpochCause cause, const Site& site, std::string snapshot = "snapshot", Now at = {}) {
        EpochStart start{cause, at, 1, {{"site.toml", "[site]\n"}, {"fleet.csv", "id,host\n"}}, {std::move(snapshot)}, &site};
        return wait(journal->begin_epoch(std::move(start)));
    }
    Written append(Now now, const std::vector<Event>& heard, const DecisionRecord& decision) {
        return wait(journal->append(StepRecord{now, heard, decision.view()}));
    }
};

Now at_second(std::int64_t s) { return {Instant{Duration{1'780'000'000'000 + 1'000 * s}}, Steady{Duration{5'000 + 1'000 * s}}}; }

JournalReader reader(const std::string& path) {
    auto opened = JournalReader::open(path);
    if (!opened) FAIL(opened.error().detail);
    return std::move(*opened);
}

std::vector<StoredStep> steps(const JournalReader& journal, const EpochEntry& epoch) {
    std::vector<StoredStep> all;
    const auto read = journal.each_step(epoch, [&](const StoredStep& s) { return all.push_back(s), true; });
    if (!read) FAIL(read.error().detail);
    return all;
}

std::string sql(const std::string& path, const std::string& query) {
    SQLite::Database db{path};
    return db.execAndGet(query).getString();
}

std::string error_of(const std::string& path) {
    const auto opened = open_sqlite_journal(path, 10);
    return opened ? "" : opened.error().detail;
}

bool says(const std::string& text, std::string_view what) { return text.find(what) != text.npos; }

}  // namespace

TEST_CASE("what is journaled is read back, while the journal is open and after") {
    Scratch scratch;
    AnyRecords any{3};
    const Site site = small_site();
    std::vector<std::pair<std::vector<Event>, DecisionRecord>> told;
    const auto check = [&] {
        const JournalReader journal = reader(scratch.path());
        const auto epochs = journal.epochs();
        REQUIRE(epochs.has_value());
        REQUIRE(epochs->size() == 2);
        CHECK((*epochs)[0].cause == EpochCause::start);
        CHECK((*epochs)[0].steps == 100);
        CHECK((*epochs)[1].cause == EpochCause::reload);
        CHECK((*epochs)[1].steps == 100);
        CHECK((*epochs)[1].began == at_second(100));
        CHECK(journal.last_epoch()->value().id == (*epochs)[1].id);
        const auto contents = journal.contents((*epochs)[1]);
        REQUIRE(contents.has_value());
        CHECK(contents->snapshot.bytes == std::string{"b\0b", 3});
        CHECK(contents->files == std::vector<EpochFile>{{"site.toml", "[site]\n"}, {"fleet.csv", "id,host\n"}});
        std::size_t n = 0;
        for (const EpochEntry& epoch : *epochs) {
            for (const StoredStep& step : steps(journal, epoch)) {
                CHECK(step.now == at_second(static_cast<std::int64_t>(n)));
                CHECK(step.heard == told[n].first);
                CHECK(step.decision == told[n].second);
                ++n;
            }
        }
        CHECK(n == 200);
    };
    {
        Bench bench{scratch.path()};
        CHECK(bench.begin(EpochCause::start, site) != Written::missed);
        for (int i = 0; i < 200; ++i) {
            if (i == 100) CHECK(bench.begin(EpochCause::reload, site, std::string{"b\0b", 3}, at_second(100)) != Written::missed);
            told.emplace_back(any.events(), any.decision());
            CHECK(bench.append(at_second(i), told.back().first, told.back().second) != Written::missed);
        }
        bench.append(at_second(200), {}, {});
        while (steps(reader(scratch.path()), *reader(scratch.path()).last_epoch().value()).size() < 101) ::usleep(1'000);
    }
    SQLite::Database{scratch.path(), SQLite::OPEN_READWRITE}.exec("DELETE FROM step WHERE id = 201");
    check();
    CHECK(sql(scratch.path(), "SELECT count(*) FROM file") == "2");
}

TEST_CASE("people with SQL find signals, orders, misses, notes and words by name") {
    Scratch scratch;
    const Site site = small_site();
    {
        Bench bench{scratch.path()};
        bench.begin(EpochCause::start, site);
        const Now now = at_second(0);
        std::vector<Event> heard;
        heard.push_back(Signal{SourceId{0}, SignalKind::price, "", now.utc, now.utc, now.utc + std::chrono::minutes{15}, 250_per_MWh});
        heard.push_back(Signal{SourceId{1}, SignalKind::dispatch, "d-7", now.utc, now.utc, open_end, {}, Ask::absolute, 10_MW});
        heard.push_back(Rejected{SourceId{1}, Rejection::malformed, "no id"});
        heard.push_back(OperatorWord{Word::hold, "a-1", "Ann", "cleaning", Duration{60'000}});
        DecisionRecord decision;
        decision.at = now;
        const Why why{PolicyId{0}, SourceId{0}, Cause::price, 50, Reason::price_above_strike, EscalateTo::repeat, EventId{4}, open_end};
        decision.orders.push_back({OrderId{9}, GroupId{1}, {1, 3}, Rung::sleep, 1, why});
        decision.misses.push_back({OrderId{9}, 2, EventId{4}, MissCause::no_answer, true});
        decision.notes.push_back({NoteKind::signal_accepted, 1, EventId{5}, {}, "d-7"});
        CHECK(bench.append(now, heard, decision) != Written::missed);
    }
    const auto get = [&](const char* query) { return sql(scratch.path(), query); };
    CHECK(get("SELECT at_utc || source || price_per_mwh || fate FROM signal WHERE kind = 'price'") == "2026-05-28T20:26:40.000Zercot250.0heard");
    CHECK(get("SELECT ask || power_kw || fate || coalesce(end_utc, '-') FROM signal WHERE signal_id = 'd-7'") == "absolute10000.0signal_accepted-");
    CHECK(get("SELECT source || fate || detail FROM signal WHERE kind = 'rejected'") == "utilitymalformedno id");
    CHECK(get("SELECT group_name || first_load || last_load || loads || rung || policy || source || reason FROM ordered") ==
          "miners-aa-1a-22sleepstrikeercotprice_above_strike");
    CHECK(get("SELECT load || cause || given_up FROM miss") == "a-2no_answer1");
    CHECK(get("SELECT kind || text FROM note") == "signal_acceptedd-7");
    CHECK(get("SELECT word || target || who || why || lasts_s FROM word") == "holda-1Anncleaning60.0");
}

TEST_CASE("rows for people that are too many for the moment are written behind the step") {
    Scratch scratch;
    const Site site = small_site();
    {
        Bench bench{scratch.path()};
        bench.begin(EpochCause::start, site);
        DecisionRecord decision;
        for (unsigned i = 0; i < 3'000; ++i) decision.orders.push_back({OrderId{i}, GroupId{1}, {1, 2}, Rung::sleep, 1, {}});
        CHECK(bench.append(at_second(0), {}, decision) != Written::missed);
    }
    CHECK(sql(scratch.path(), "SELECT count(*) FROM ordered") == "3000");
}

TEST_CASE("a journal that cannot be opened says which file, what is wrong and what to do") {
    Scratch scratch;
    const std::string path = scratch.path();
    SECTION("no such folder") {
        const std::string error = error_of((scratch.folder / "none" / "site.db").string());
        CHECK((says(error, "there is no folder") && says(error, "make it")));
    }
    SECTION("not a database") {
        std::ofstream{path} << "[site]\nname = \"pecos\"  # somebody's config\n";
        CHECK((says(error_of(path), path) && says(error_of(path), "is no journal") && says(error_of(path), "move this one away")));
        CHECK(says(JournalReader::open(path).error().detail, "is no journal"));
    }
    SECTION("another program's database") {
        SQLite::Database{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec("CREATE TABLE music (title TEXT)");
        CHECK(says(error_of(path), "is a database of another program"));
        CHECK(sql(path, "SELECT count(*) FROM sqlite_schema") == "1");
    }
    SECTION("a newer schema") {
        { Bench bench{path}; }
        SQLite::Database{path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version = 99");
        CHECK((says(error_of(path), "newer ballast (schema 99, this one knows ") && says(error_of(path), "run that version")));
        CHECK(says(JournalReader::open(path).error().detail, "newer ballast"));
    }
    SECTION("a directory") { CHECK(says(error_of(scratch.folder.string()), "is not a file")); }
    SECTION("a folder nobody may write in") {
        const std::string error = error_of("/proc/ballast.db");
        CHECK((says(error, "/proc/ballast.db") && says(error, "the folder")));
    }
    SECTION("nothing to read") { CHECK(says(JournalReader::open(path).error().detail, "there is no such file")); }
}

TEST_CASE("a second writer of one journal is refused and told who holds it, readers are welcome") {
    Scratch scratch;
    Bench bench{scratch.path()};
    const std::string error = error_of(scratch.path());
    CHECK(says(error, fmt::format("process {} is writing it", ::getpid())));
    CHECK(JournalReader::open(scratch.path()).has_value());
    const pid_t child = ::fork();
    if (child == 0) ::_exit(error_of(scratch.path()).empty() ? 1 : 0);
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    bench.journal.reset();
    CHECK(error_of(scratch.path()).empty());
}

TEST_CASE("a damaged journal gives errors, never a crash") {
    const auto seed = GENERATE(range(1u, 9u));
    CAPTURE(seed);
    Scratch scratch;
    AnyRecords any{seed};
    {
        Bench bench{scratch.path()};
        bench.begin(EpochCause::start, small_site());
        for (int i = 0; i < 20; ++i) bench.append(at_second(i), any.events(), any.decision());
    }
    {
        std::fstream file{scratch.path(), std::ios::in | std::ios::out | std::ios::binary};
        const auto size = fs::file_size(scratch.path());
        for (int i = 0; i < 40; ++i) {
            file.seekp(static_cast<std::streamoff>(100 + any.below(size - 100)));
            for (auto n = any.below(200); n > 0; --n) file.put(static_cast<char>(any.below(256)));
        }
    }
    bool whole = false;
    if (const auto journal = JournalReader::open(scratch.path())) {
        if (const auto epochs = journal->epochs()) {
            whole = !epochs->empty();
            for (const EpochEntry& epoch : *epochs) {
                const auto contents = journal->contents(epoch);
                const auto read = journal->each_step(epoch, [](const StoredStep&) { return true; });
                whole = whole && contents && read;
                if (!read) CHECK(says(read.error().detail, scratch.path()));
            }
        }
    }
    CHECK(!whole);
    if (const std::string error = error_of(scratch.path()); !error.empty()) CHECK(says(error, scratch.path()));
}

TEST_CASE("a full disk is a miss at once, and a marked gap when there is room again") {
    Scratch scratch;
    const Site site = small_site();
    Bench bench{scratch.path()};
    REQUIRE(bench.begin(EpochCause::start, site) != Written::missed);
    REQUIRE(bench.append(at_second(0), {}, {}) != Written::missed);

    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit full{300'000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
    std::vector<Event> much{Rejected{SourceId{0}, Rejection::malformed, std::string(20'000, 'x')}};
    Written written = Written::yes;
    int good = 0;
    for (; written != Written::missed && good < 1'000; ++good) written = bench.append(at_second(good + 1), much, {});
    CHECK(written == Written::missed);
    CHECK(says(bench.journal->trouble(), scratch.path()));
    CHECK(bench.append(at_second(good + 1), {}, {}) == Written::missed);
    CHECK(bench.begin(EpochCause::gap, site, std::string(400'000, 's')) == Written::missed);
    CHECK(bench.append(at_second(good + 2), {}, {}) == Written::missed);

    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK(bench.begin(EpochCause::gap, site, "after") != Written::missed);
    CHECK(bench.append(at_second(good + 3), {}, {}) != Written::missed);
    CHECK(bench.append(at_second(good + 4), {}, {}) != Written::missed);
    CHECK(bench.journal->trouble().empty());
    bench.journal.reset();

    const JournalReader journal = reader(scratch.path());
    const auto epochs = journal.epochs();
    REQUIRE(epochs.has_value());
    REQUIRE(epochs->size() == 2);
    CHECK(epochs->back().cause == EpochCause::gap);
    CHECK(epochs->back().missed_steps == 3);
    CHECK(steps(journal, epochs->back()).size() == 2);
    CHECK(static_cast<int>(steps(journal, epochs->front()).size()) == good);
}

TEST_CASE("nothing is recorded before an epoch has begun") {
    Scratch scratch;
    Bench bench{scratch.path()};
    CHECK(bench.append(at_second(0), {}, {}) == Written::missed);
}

TEST_CASE("the oldest epochs go when the file grows past its size, whole, but not the last two") {
    Scratch scratch;
    const Site site = small_site();
    const std::vector<Event> much{Rejected{SourceId{0}, Rejection::malformed, std::string(30'000, 'x')}};
    {
        Bench bench{scratch.path(), 3};
        for (int epoch = 0; epoch < 12; ++epoch) {
            CHECK(bench.begin(EpochCause::hourly, site) != Written::missed);
            for (int i = 0; i < 40; ++i) CHECK(bench.append(at_second(epoch * 40 + i), much, {}) != Written::missed);
        }
        const auto housekeeping_is_done = [&] {
            const auto epochs = reader(scratch.path()).epochs();
            return epochs && epochs->size() == 2;
        };
        for (int i = 0; i < 3'000 && !housekeeping_is_done(); ++i) {
            bench.append(at_second(1'000 + i), {}, {});
            ::usleep(1'000);
        }
    }
    const JournalReader journal = reader(scratch.path());
    const auto epochs = journal.epochs();
    REQUIRE(epochs.has_value());
    CHECK(epochs->size() == 2);
    CHECK(epochs->back().id == 12);
    for (const EpochEntry& epoch : *epochs) {
        CHECK(journal.contents(epoch).has_value());
        CHECK(steps(journal, epoch).size() >= 40);
    }
    CHECK(sql(scratch.path(), "SELECT count(*) FROM signal WHERE step < (SELECT min(first_step) FROM epoch)") == "0");
    CHECK(fs::file_size(scratch.path()) < 12 << 20);
}

TEST_CASE("a journal goes on where a killed process left it, with nothing lost that it called written") {
    Scratch scratch;
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        Bench bench{scratch.path()};
        bench.begin(EpochCause::start, small_site());
        for (int i = 0; i < 100'000; ++i) {
            if (bench.append(at_second(i), {}, {}) == Written::yes && ::write(told[1], &i, sizeof i) < 0) break;
        }
        ::_exit(0);
    }
    int last = -1;
    while (last < 40 && ::read(told[0], &last, sizeof last) == sizeof last) {}
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(told[1]);
    while (::read(told[0], &last, sizeof last) == sizeof last) {}
    ::close(told[0]);

    Bench again{scratch.path()};
    CHECK(again.begin(EpochCause::start, small_site(), "second") != Written::missed);
    CHECK(again.append(at_second(999'999), {}, {}) != Written::missed);
    again.journal.reset();
    const JournalReader journal = reader(scratch.path());
    const auto epochs = journal.epochs();
    REQUIRE(epochs.has_value());
    REQUIRE(epochs->size() == 2);
    CHECK(static_cast<int>(steps(journal, epochs->front()).size()) > last);
    CHECK(steps(journal, epochs->back()).size() == 1);
}
