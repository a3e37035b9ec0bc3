#include "drivers/sqlite/spill.hpp"

#include "drivers/sqlite/journal_reader.hpp"
#include "drivers/sqlite/sqlite_journal.hpp"
#include "tests/catch.hpp"
#include "tests/controller/any_records.hpp"

#include <boost/asio.hpp>
#include <fmt/format.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <random>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ballast;
using sqlite::Position;
using sqlite::Spill;
using sqlite::SpillKind;
using sqlite::SpillRecord;
namespace fs = std::filesystem;

namespace {

struct Scratch {
    fs::path folder = fs::path{SCRATCH_DIR} / fmt::format("spill-{}-{}", ::getpid(), ++count);
    Scratch() { fs::create_directories(folder); }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    std::string path() const { return (folder / "site.db").string(); }
    static inline int count = 0;
};

/// A database that takes what it is given, and what should wait beside it.
struct Model {
    std::string path;
    Position at{3, 70, 12'345};
    std::deque<SpillRecord> waits;
    std::mt19937 chance;
    std::unique_ptr<Spill> spill;
    static constexpr std::int64_t bytes = 64 << 10;

    Model(std::string where, unsigned seed) : path{std::move(where)}, chance{seed} { open(); }
    unsigned below(unsigned n) { return static_cast<unsigned>(chance() % n); }
    void open() {
        spill = std::make_unique<Spill>(path, bytes, at);
        REQUIRE(spill->reserve().empty());
    }
    SpillRecord any(SpillKind kind, unsigned most) {
        SpillRecord record{kind, std::string(below(most), '\0'), kind == SpillKind::epoch ? 20'000 - below(9) : 0};  // The clock may be set back.
        for (char& c : record.bytes) c = static_cast<char>(chance());
        return record;
    }
    void add_step() {
        const auto step = any(SpillKind::step, 3'000);
        if (spill->empty() && !(spill->begin(at) && spill->append(any(SpillKind::names, 100)))) FAIL("cannot begin");
        if (spill->append(step)) waits.push_back(step);
        else CHECK(!spill->has_room_for(step));
    }
    void add_epoch() {
        const auto epoch = any(SpillKind::epoch, 9'000);
        if (spill->empty()) REQUIRE(spill->begin(at));
        const std::size_t before = spill->waiting();
        if (!spill->has_room_for(epoch)) {
            REQUIRE(spill->turn(epoch, at));
            std::uint64_t steps = 0;
            for (std::size_t n = before - spill->waiting(); n > 0; --n) {
                steps += waits.front().kind == SpillKind::step;
                waits.pop_front();
            }
            CHECK(spill->lost() >= steps);
        }
        REQUIRE(spill->append(epoch));
        waits.push_back(epoch);
    }
    void take() {
        if (waits.empty()) return;
        const auto front = spill->front();
        REQUIRE(front);
        CHECK(*front == waits.front());
        CHECK((front->kind == SpillKind::step || front->kind == SpillKind::epoch));
        if (front->kind == SpillKind::epoch) ++at.epoch, at.began_ms = front->began_ms;
        else ++at.step;
        spill->pop();
        waits.pop_front();
    }
    void check() const {
        CHECK(spill->waiting() == waits.size());
        const auto read = Spill::read(path, at);
        CHECK(read.records == std::vector<SpillRecord>(waits.begin(), waits.end()));
        CHECK(read.lost == spill->lost());
    }
};

}  // namespace

TEST_CASE("a spill gives back what it was given, in order, across restarts at any moment") {
    const auto seed = GENERATE(range(1u, 41u));
    CAPTURE(seed);
    Scratch scratch;
    Model model{scratch.path() + ".spill", seed};
    for (int i = 0; i < 300; ++i) {
        const unsigned what = model.below(20);
        if (what < 12) model.add_step();
        else if (what < 15) model.add_epoch();
        else if (what < 18) model.take();
        else model.open();
        if (model.below(8) == 0) model.check();
        if (model.below(60) == 0) while (!model.waits.empty()) model.take();
    }
    model.open();
    model.check();
    while (!model.waits.empty()) model.take();
    CHECK(model.spill->empty());
    model.open();
    model.check();
}

TEST_CASE("what a spill had to let go is counted, and it never grows") {
    Scratch scratch;
    Model model{scratch.path() + ".spill", 5};
    std::uint64_t steps = 0;
    for (int i = 0; i < 400; ++i) {
        if (i % 40 == 39) {
            model.add_epoch();
        } else {
            const auto before = model.waits.size();
            model.add_step();
            steps += model.waits.size() - before;
        }
    }
    const auto kept = static_cast<std::uint64_t>(std::ranges::count(model.waits, SpillKind::step, &SpillRecord::kind));
    CHECK(model.spill->lost() > 0);
    CHECK(model.spill->lost() + kept == steps);
    CHECK(model.waits.front().kind == SpillKind::epoch);  // Which needs nothing before it.
    CHECK(fs::file_size(model.path) == Model::bytes);
    model.open();
    CHECK(model.spill->lost() + kept == steps);
}

TEST_CASE("a spill that belongs to another database, or none, is not read") {
    Scratch scratch;
    Model model{scratch.path() + ".spill", 7};
    for (int i = 0; i < 5; ++i) model.add_step();
    const Position at = model.at;
    for (const Position other : {Position{}, Position{at.epoch, at.step - 1, at.began_ms}, Position{at.epoch, at.step + 6, at.began_ms},
                                 Position{at.epoch + 1, at.step, at.began_ms + 5}, Position{at.epoch, at.step, at.began_ms + 1}}) {
        CHECK(Spill::read(model.path, other).records.empty());
        CHECK(Spill{model.path, Model::bytes, other}.empty());
    }
    CHECK(Spill::read(model.path, {at.epoch, at.step + 2, at.began_ms}).records.size() == 3);
    CHECK(Spill::read(scratch.path(), at).records.empty());
    model.add_epoch();
    const auto began = model.waits.back().began_ms;
    model.add_step();
    CHECK(Spill::read(model.path, {at.epoch + 1, at.step + 5, began}).records.size() == 1);
    CHECK(Spill::read(model.path, {at.epoch + 1, at.step + 5, began + 1}).records.empty());
}

TEST_CASE("what a database has taken in waits for no other one, and what is another's is told") {
    Scratch scratch;
    const std::string path = scratch.path() + ".spill";
    const SpillRecord epoch{SpillKind::epoch, "first", 77}, step{SpillKind::step, "one", 0};
    const auto fill = [&] {
        Spill spill{path, 64 << 10, {}};
        REQUIRE(spill.reserve().empty());
        REQUIRE(spill.begin({}));
        REQUIRE(spill.append(epoch));
        REQUIRE(spill.append(step));
    };
    fill();
    CHECK(Spill{path, 64 << 10, {}}.waiting() == 2);          // A database that has nothing yet.
    CHECK(Spill{path, 64 << 10, {5, 9, 88}}.foreign() == 2);  // One that ends elsewhere.
    {
        Spill spill{path, 64 << 10, {}};
        REQUIRE(spill.reserve().empty());
        spill.pop(), spill.pop();
    }
    CHECK(Spill{path, 64 << 10, {}}.waiting() == 0);          // The next that has nothing.
    CHECK(Spill{path, 64 << 10, {1, 1, 77}}.foreign() == 0);
    fill();
    CHECK(Spill{path, 64 << 10, {}}.waiting() == 2);
}

TEST_CASE("an epoch is wanted before a half is full of steps, and begins the other one without a loss") {
    Scratch scratch;
    Spill spill{scratch.path() + ".spill", 64 << 10, {}};
    REQUIRE(spill.reserve().empty());
    const SpillRecord epoch{SpillKind::epoch, "e", 77}, step{SpillKind::step, std::string(900, 's'), 0};
    REQUIRE(spill.begin({}));
    REQUIRE(spill.append(epoch));
    std::size_t steps = 0;
    for (; !spill.wants_epoch(); ++steps) REQUIRE(spill.append(step));
    CHECK(spill.has_room_for(step));
    REQUIRE(spill.turn(epoch, {}));
    REQUIRE(spill.append(epoch));
    CHECK(!spill.wants_epoch());
    CHECK(spill.waiting() == steps + 2);
    CHECK(spill.lost() == 0);
}

TEST_CASE("of an epoch that cannot be read on the next one is kept, and says how many steps are gone") {
    Scratch scratch;
    Spill spill{scratch.path() + ".spill", 64 << 10, {}};
    REQUIRE(spill.reserve().empty());
    const SpillRecord first{SpillKind::epoch, "first", 77}, second{SpillKind::epoch, "second", 78}, step{SpillKind::step, "s", 0};
    REQUIRE(spill.begin({}));
    for (const SpillRecord& record : {first, step, step, step, second, step}) REQUIRE(spill.append(record));
    spill.pop(), spill.pop();
    REQUIRE(spill.skip_to_epoch());
    CHECK(spill.front() == second);
    CHECK(spill.lost() == 2);
    CHECK(spill.waiting() == 2);
    spill.pop();
    CHECK(!spill.skip_to_epoch());
    CHECK(spill.drop() == 1);
}

TEST_CASE("a torn or damaged spill is read up to there, and any bytes do no harm") {
    const auto seed = GENERATE(range(1u, 31u));
    CAPTURE(seed);
    Scratch scratch;
    Model model{scratch.path() + ".spill", seed};
    for (int i = 0; i < 60; ++i) i % 9 == 8 ? model.add_epoch() : model.add_step();
    const std::vector<SpillRecord> whole(model.waits.begin(), model.waits.end());
    model.spill.reset();
    {
        std::fstream file{model.path, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(static_cast<std::streamoff>(8'192 + model.below(20'000)));
        for (int i = 0; i < 200; ++i) file.put(static_cast<char>(model.chance()));
    }
    const auto read = Spill::read(model.path, model.at).records;
    CHECK(read.size() <= whole.size());
    for (std::size_t i = 0; i < read.size(); ++i) CHECK(std::ranges::find(whole, read[i]) != whole.end());
    std::ofstream{model.path, std::ios::binary} << model.any(SpillKind::step, 60'000).bytes;
    CHECK(Spill::read(model.path, model.at).records.empty());
}

// ---- behind a journal

namespace {

Now at_second(std::int64_t s) { return {Instant{Duration{1'780'000'000'000 + 1'000 * s}}, Steady{Duration{5'000 + 1'000 * s}}}; }

/// Files of this process cannot grow beyond what a database and a small spill take.
struct FullDisk {
    rlimit before{};
    explicit FullDisk(rlim_t most = 300'000) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit full{most, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &full);
    }
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before); }
};

struct Bench {
    asio::io_context io;
    std::unique_ptr<SqliteJournal> journal;
    Site site;

    explicit Bench(const std::string& path, std::int64_t spill = 256 << 10) {
        site.loads = {{.name = "a-1"}, {.name = "a-2"}};
        site.sources = {{.name = "utility"}};
        site.policies = {"obligations"};
        auto opened = open_sqlite_journal(path, 100, spill);
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
    Written begin(EpochCause cause, std::int64_t second) {
        return wait(journal->begin_epoch({cause, at_second(second), 1, {EpochFile{"site.toml", "[site]\n"}}, {fmt::format("at {}", second)}, &site}));
    }
    /// With a note by which it is found.
    Written append(std::int64_t second, std::size_t size = 10) {
        const std::vector<Event> heard{Rejected{SourceId{0}, Rejection::malformed, std::string(size, 'x')}};
        DecisionRecord decision;
        decision.at = at_second(second);
        decision.notes.push_back({NoteKind::event_opened, 0, EventId{static_cast<std::uint32_t>(second)}, {}, fmt::format("event {}", second)});
        return wait(journal->append({at_second(second), heard, decision.view()}));
    }
    /// Until it is written at once, with a note of its own each time.
    std::int64_t until_written(std::int64_t second) {
        for (int i = 0; i < 100; ++i, ::usleep(100'000))
            if (append(second++) == Written::yes) return second;
        FAIL("the journal does not write again");
        return second;
    }
};

struct Read {
    std::vector<EpochCause> epochs;
    std::vector<std::int64_t> seconds, events;  ///< Of steps; of events opened.
    std::uint64_t missed = 0;
    std::size_t waiting = 0;
};

Read all_of(const std::string& path) {
    const auto journal = JournalReader::open(path);
    if (!journal) FAIL(journal.error().detail);
    Read all;
    all.waiting = journal->waiting();
    const auto epochs = journal->epochs();
    if (!epochs) FAIL(epochs.error().detail);
    std::int64_t next = 0;
    for (const EpochEntry& epoch : *epochs) {
        all.epochs.push_back(epoch.cause);
        all.missed += epoch.missed_steps;
        CHECK(journal->contents(epoch)->snapshot.bytes == fmt::format("at {}", (epoch.began.utc - at_second(0).utc).count() / 1'000));
        CHECK((next == 0 || epoch.first_step == next));
        next = epoch.first_step + epoch.steps;
        std::uint64_t digest = 0;
        const auto read = journal->each_step(epoch, [&](const StoredStep& step) {
            digest = chain(digest, ballast::digest(ballast::digest(0, step.now, step.heard), step.now, step.decision.view()));
            CHECK(step.digest == digest);
            return all.seconds.push_back((step.now.utc - at_second(0).utc).count() / 1'000), true;
        });
        if (!read) FAIL(read.error().detail);
    }
    CHECK(journal->last_epoch()->value().first_step == epochs->back().first_step);
    CHECK(journal->last_epoch()->value().steps == epochs->back().steps);
    const auto opened = journal->opened_events();
    for (const OpenedEvent& event : *opened) {
        CHECK(event.name == fmt::format("event {}", static_cast<std::uint32_t>(event.event)));
        all.events.push_back(static_cast<std::uint32_t>(event.event));
    }
    return all;
}

std::vector<std::int64_t> up_to(std::int64_t n) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 1; i < n; ++i) all.push_back(i);
    return all;
}

/// A disk that is slow as well answers late, and has it a moment later.
Read all_before(const std::string& path, std::int64_t next) {
    for (int i = 0; i < 100; ++i, ::usleep(50'000))
        if (Read read = all_of(path); read.seconds == up_to(next)) return read;
    return all_of(path);
}

/// Steps of some size, until the database has no room; the number of the next.
std::int64_t fill(Bench& bench, std::int64_t next) {
    for (int i = 0; i < 1'000; ++i)
        if (bench.append(next++, 20'000) == Written::late && !bench.journal->trouble().empty() && bench.journal->trouble().find("wait in") != std::string::npos) return next;
    FAIL("the disk does not fill up");
    return next;
}

}  // namespace

TEST_CASE("of a full disk nothing is missing: it waits in the spill, is read there, and moves when there is room") {
    Scratch scratch;
    std::int64_t next = 1;
    Bench bench{scratch.path()};
    REQUIRE(bench.begin(EpochCause::start, 0) == Written::yes);
    {
        FullDisk full;
        next = fill(bench, next);
        for (int i = 0; i < 5; ++i) CHECK(bench.append(next++) == Written::late);
        CHECK(bench.begin(EpochCause::hourly, next) == Written::late);
        for (int i = 0; i < 5; ++i) CHECK(bench.append(next++) == Written::late);
        CHECK(bench.journal->trouble().find(scratch.path()) != std::string::npos);
        const Read read = all_before(scratch.path(), next);
        CHECK(read.waiting >= 11);
        CHECK(read.seconds == up_to(next));
        CHECK(read.events == up_to(next));
        CHECK(read.epochs == std::vector{EpochCause::start, EpochCause::hourly});
    }
    next = bench.until_written(next);
    CHECK(bench.journal->trouble().empty());
    const Read read = all_of(scratch.path());
    CHECK(read.waiting == 0);
    CHECK(read.missed == 0);
    CHECK(read.seconds == up_to(next));
    CHECK(read.events == up_to(next));
}

TEST_CASE("a process that is killed on a full disk leaves everything to the next, with room or without") {
    const bool room = GENERATE(false, true);
    Scratch scratch;
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        Bench bench{scratch.path()};
        bench.begin(EpochCause::start, 0);
        FullDisk full;
        std::int64_t next = fill(bench, 1);
        for (int i = 0; i < 20; ++i) bench.append(next++);
        bench.begin(EpochCause::reload, next);
        for (int i = 0; i < 20; ++i) bench.append(next++);
        ::usleep(300'000);
        if (::write(told[1], &next, sizeof next) < 0) {}
        ::pause();
    }
    std::int64_t next = 0;
    REQUIRE(::read(told[0], &next, sizeof next) == sizeof next);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(told[0]), ::close(told[1]);
    CHECK(all_of(scratch.path()).seconds == up_to(next));

    std::optional<FullDisk> full;
    if (!room) full.emplace();
    Bench bench{scratch.path()};
    const Written begun = bench.begin(EpochCause::start, next);
    CHECK(begun != Written::missed);
    if (!room) CHECK(begun == Written::late);
    CHECK(bench.append(next++) != Written::missed);
    CHECK(all_before(scratch.path(), next).seconds == up_to(next));
    full.reset();
    next = bench.until_written(next);
    bench.journal.reset();
    const Read read = all_of(scratch.path());
    CHECK(read.epochs == std::vector{EpochCause::start, EpochCause::reload, EpochCause::start});
    CHECK(read.waiting == 0);
    CHECK(read.missed == 0);
    CHECK(read.seconds == up_to(next));
    CHECK(read.events == up_to(next));
}

TEST_CASE("a spill that overflows begins anew with an epoch, and says how many steps made room") {
    Scratch scratch;
    Bench bench{scratch.path(), 128 << 10};
    REQUIRE(bench.begin(EpochCause::start, 0) == Written::yes);
    std::int64_t next = 1;
    std::uint64_t missed = 0;
    {
        FullDisk full;
        next = fill(bench, next);
        for (int i = 0; i < 40; ++i) {
            if (bench.append(next++, 8'000) != Written::missed) continue;
            CHECK(bench.append(next++) == Written::missed);  // Of no epoch.
            CHECK(bench.begin(EpochCause::gap, next) == Written::late);
        }
        const Read read = all_of(scratch.path());
        CHECK(read.missed + read.seconds.size() == static_cast<std::size_t>(next) - 1);
        CHECK(read.missed > 10);
        missed = read.missed;
    }
    next = bench.until_written(next);
    const Read read = all_of(scratch.path());
    CHECK(read.missed + read.seconds.size() == static_cast<std::size_t>(next) - 1);
    CHECK(read.seconds.back() == next - 1);
    CHECK(read.epochs.back() == EpochCause::gap);
    CHECK(read.missed == missed);
}

TEST_CASE("a spill takes what room there is, and says so when there is none") {
    Scratch scratch;
    const std::string path = scratch.path() + ".spill";
    {
        FullDisk full{3 << 20};
        Spill spill{path, 16 << 20, {}};
        CHECK(spill.reserve().find("cannot set 16 MB aside") != std::string::npos);  // Too large a file is not too full a disk.
        CHECK(fs::file_size(path) == 0);
    }
    Spill spill{path, 16 << 20, {}};
    CHECK(spill.reserve().empty());
    CHECK(fs::file_size(path) == 16 << 20);
    CHECK(spill.begin({}));
    CHECK(spill.append({SpillKind::step, "one", 0}));
    Spill smaller{path, 4 << 20, {}};
    CHECK(smaller.reserve().empty());  // As it is, for it holds something.
    CHECK(fs::file_size(path) == 16 << 20);
    smaller.pop();
    Spill empty{path, 4 << 20, {0, 1, 0}};
    CHECK(empty.reserve().empty());
    CHECK(fs::file_size(path) == 4 << 20);
    fs::create_directory(scratch.folder / "taken");
    CHECK(Spill{(scratch.folder / "taken").string(), 4 << 20, {}}.reserve().find("Is a directory") != std::string::npos);
}
