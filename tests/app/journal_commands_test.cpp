#include "app/audit.hpp"
#include "app/explain.hpp"
#include "app/receipt.hpp"
#include "app/site_of.hpp"
#include "controller/engine.hpp"
#include "drivers/sqlite/journal_reader.hpp"
#include "drivers/sqlite/sqlite_journal.hpp"
#include "tests/catch.hpp"
#include "tests/support/obedient_plant.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace ballast;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr const char* site_file = R"(
[site]
name = "small"
meter = "poi"
overhead_kw = 0
[mqtt.main]
host = "127.0.0.1"
[[meter]]
name = "poi"
driver = "modbus"
transport = "tcp"
host = "127.0.0.1"
port = 15020
power = { function = "holding", address = 0, type = "float32", order = "abcd", scale_w = 1000 }
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
[[signal]]
name = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "hold"
[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
standby_w = 0
stagger_ms = 0
min_off_s = 600
min_on_s = 0
[[group.machine]]
id = "good"
host = "127.20.0.1"
watts = 3000
joules_per_terahash = 20
[[group.machine]]
id = "bad"
host = "127.20.0.2"
watts = 3000
joules_per_terahash = 30
[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80
[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility"]
)";

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
Now at(Duration t) { return {midnight + t, Steady{t}}; }

/// A time in which a journal could not write.
struct Gap {
    Duration from = Duration::max(), to = Duration::max();
};

/// What a daemon would have journaled of a quarter of an hour: a dear price, a dispatch, two epochs; three with a gap.
class Recorded {
public:
    explicit Recorded(const std::string& name, Gap gap = {}) : folder_{fs::path{SCRATCH_DIR} / (name + "-" + std::to_string(::getpid()))} {
        fs::create_directories(folder_);
        const auto config = parse_config(site_file, "small.toml", disk_reader());
        if (!config) FAIL(print(config.error()));
        const SiteModel model = build_site(*config);
        Engine engine{model.site, build_policies(*config, model), {}, at(0s)};
        tests::ObedientPlant plant{model.site};
        auto journal = open_sqlite_journal(path(), 100);
        REQUIRE(journal.has_value());
        begin(**journal, engine, EpochCause::start, *config, at(0s));
        std::int64_t missed = 0;
        for (Duration t = 0s; t < 15min; t += 5s) {
            if (t == gap.to) begin(**journal, engine, EpochCause::gap, *config, at(t));
            std::vector<Event> heard = plant.readings(at(t));
            if (t == 60s) heard.push_back(dispatch(model, t));
            if (t == 180s) heard.push_back(release(model, t));
            if (t == 300s) heard.push_back(price(model, t));
            if (t == 420s) begin(**journal, engine, EpochCause::hourly, *config, at(t));
            const Decision& decision = engine.step(at(t), heard);
            if (t < gap.from || t >= gap.to) wait((*journal)->append({at(t), heard, decision}));
            else ++missed;
            plant.obey(decision.orders, at(t));
        }
        journal->reset();
        if (missed > 0) change("UPDATE epoch SET missed_steps = " + std::to_string(missed) + " WHERE cause = 'gap'");
    }
    ~Recorded() { fs::remove_all(folder_); }

    std::string path() const { return (folder_ / "small.db").string(); }
    void change(const std::string& sql) { SQLite::Database{path(), SQLite::OPEN_READWRITE}.exec(sql); }

private:
    static Signal dispatch(const SiteModel& model, Duration t) {
        Signal s{.source = model.sources.find("utility")->second, .kind = SignalKind::dispatch, .id = "d-1"};
        s.issued = s.start = midnight + t;
        s.ask = Ask::absolute;
        s.power = Power{4'000};
        return s;
    }
    static Signal release(const SiteModel& model, Duration t) {
        Signal s = dispatch(model, t);
        s.kind = SignalKind::release;
        return s;
    }
    static Signal price(const SiteModel& model, Duration t) {
        Signal s{.source = model.sources.find("market")->second, .kind = SignalKind::price};
        s.issued = s.start = midnight + t;
        s.end = s.start + 15min;
        s.price = Price{250'000'000};
        return s;
    }
    void wait(asio::awaitable<Written> call) {
        auto written = asio::co_spawn(io_, std::move(call), asio::use_future);
        io_.restart();
        while (written.wait_for(0s) != std::future_status::ready) io_.run_one();
        CHECK(written.get() != Written::missed);
    }
    void begin(Journal& journal, Engine& engine, EpochCause cause, const Config& config, Now now) {
        Snapshot snapshot = engine.snapshot(now);
        engine.renew(snapshot, now);
        EpochStart start{cause, now, Engine::revision, epoch_files(config), std::move(snapshot), &engine.site()};
        wait(journal.begin_epoch(std::move(start)));
    }

    fs::path folder_;
    asio::io_context io_;
};

/// What a command printed, and its exit status.
struct Said {
    int status;
    std::string out, errors;
};

template <class Command>
Said run(Command command) {
    char *out = nullptr, *errors = nullptr;
    std::size_t out_size = 0, errors_size = 0;
    std::FILE *to = ::open_memstream(&out, &out_size), *complain = ::open_memstream(&errors, &errors_size);
    const int status = command(to, complain);
    std::fclose(to);
    std::fclose(complain);
    Said said{status, {out, out_size}, {errors, errors_size}};
    std::free(out);
    std::free(errors);
    return said;
}

Said audited(const std::string& path, bool json = false) {
    return run([&](std::FILE* out, std::FILE* errors) { return audit({path, json}, out, errors); });
}
Said explained(const ExplainOptions& options) {
    return run([&](std::FILE* out, std::FILE* errors) { return explain(options, out, errors); });
}
Said receipted(const std::string& path, const std::string& event, bool json = false) {
    return run([&](std::FILE* out, std::FILE* errors) { return receipt({path, event, json}, out, errors); });
}

bool says(const std::string& text, std::string_view what) {
    CAPTURE(text);
    CHECK(text.find(what) != text.npos);
    return text.find(what) != text.npos;
}

}  // namespace

namespace {

/// The last reading of a meter, one watt more.
std::string another_watt(const std::string& path) {
    const auto journal = JournalReader::open(path);
    std::string change;
    const auto read = journal->each_step(journal->epochs()->back(), [&](const StoredStep& step) {
        std::vector<Event> heard = step.heard;
        for (Event& event : heard) {
            auto* reading = std::get_if<MeterReading>(&event);
            if (!reading) continue;
            reading->power += Power{1};
            std::string bytes, hex;
            encode(bytes, step.now, heard);
            for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
            change = fmt::format("UPDATE step SET events = x'{}' WHERE id = {}", hex, step.id);
            return true;
        }
        return true;
    });
    REQUIRE(read);
    REQUIRE(!change.empty());
    return change;
}

}  // namespace

TEST_CASE("audit finds every decision as it was, and stops at the first that is not") {
    Recorded recorded{"audit"};
    {
        const Said said = audited(recorded.path());
        CHECK(said.status == 0);
        says(said.out, "2 epoch(s), 180 step(s) executed again");
        says(said.out, "Read up to step 180 (2026-11-22T00:14:55");
        says(said.out, "Every decision is what the engine decides.");
        CHECK(said.out.find("NOT executed") == said.out.npos);
    }
    SECTION("a decision was altered") {
        recorded.change("UPDATE step SET decision = (SELECT decision FROM step WHERE id = 20) WHERE id = 61");
        const Said said = audited(recorded.path());
        CHECK(said.status == 1);
        says(said.out, "DIFFERENT at step 61 of epoch 1");
        says(said.out, "The journal says:");
        says(said.out, "* order ");
        says(said.out, "Read up to step 61");
        says(said.out, "NOT executed again, because they follow a difference: 119 step(s), 1 epoch(s) among them");
        const auto json = boost::json::parse(audited(recorded.path(), true).out).as_object();
        CHECK(!json.at("ok").as_bool());
        CHECK(json.at("difference").at("step").as_int64() == 61);
    }
    SECTION("what was heard was altered") {
        recorded.change("UPDATE step SET events = (SELECT events FROM step WHERE id = 12) WHERE id = 13");
        CHECK(audited(recorded.path()).status == 1);
    }
    SECTION("what was heard was altered, and nothing is decided otherwise for that") {
        recorded.change(another_watt(recorded.path()));
        CHECK(audited(recorded.path()).status == 1);
    }
    SECTION("rows for people were taken away, or added") {
        for (const char* change : {"DELETE FROM note", "DELETE FROM ordered WHERE step = (SELECT max(step) FROM ordered)", "INSERT INTO word VALUES (3, 99, '', 'hold', 'site', 'jo', 'why', 60)"}) {
            CAPTURE(change);
            Recorded other{"journal-rows"};
            CHECK(audited(other.path()).status == 0);
            other.change(change);
            const Said said = audited(other.path());
            CHECK(said.status == 1);
            says(said.out, "CHANGED: step ");
            const auto json = boost::json::parse(audited(other.path(), true).out).as_object();
            CHECK(!json.at("ok").as_bool());
            CHECK(json.at("tables").at("step").as_int64() > 0);
        }
    }
    SECTION("only the digest was altered") {
        recorded.change("UPDATE step SET digest = digest + 1 WHERE id = 100");
        const Said said = audited(recorded.path());
        CHECK(said.status == 1);
        says(said.out, "the row was altered");
    }
    SECTION("the difference is another revision's") {
        recorded.change("UPDATE epoch SET revision = 999 WHERE id = 1");
        recorded.change("UPDATE step SET decision = (SELECT decision FROM step WHERE id = 20) WHERE id = 61");
        const Said said = audited(recorded.path());
        CHECK(said.status == 0);
        says(said.out, "Epoch 1 was decided by engine revision 999");
        says(said.out, "NOT executed again, because they follow a difference: 23 step(s).");
    }
    SECTION("another revision decided alike") {
        recorded.change("UPDATE epoch SET revision = 999 WHERE id = 1");
        const Said said = audited(recorded.path());
        CHECK(said.status == 0);
        says(said.out, "1 epoch(s), 1 to 1, were decided by other engine revisions");
    }
    SECTION("the end of an epoch was cut off") {
        recorded.change("DELETE FROM step WHERE id BETWEEN 80 AND 84");
        const Said said = audited(recorded.path());
        CHECK(said.status == 1);
        says(said.errors, "epoch 1: its end is missing, step 80 to 84");
    }
    SECTION("the journal's end was cut off") {
        recorded.change("DELETE FROM step WHERE id > 170");
        says(audited(recorded.path()).out, "Read up to step 170");
    }
    SECTION("a step is missing, or is no step of this site") {
        recorded.change("DELETE FROM step WHERE id = 30");
        const Said said = audited(recorded.path());
        CHECK(said.status == 1);
        says(said.errors, "step 30 is missing");
    }
    SECTION("the config was altered") {
        recorded.change("UPDATE file SET text = text || '# more'");
        says(audited(recorded.path()).errors, "is not what was recorded");
    }
}

TEST_CASE("audit and its sisters say which journal they cannot read") {
    for (const Said& said : {audited("none.db"), explained({.journal = "none.db"}), receipted("none.db", "d-1")}) {
        CHECK(said.status == 2);
        says(said.errors, "journal none.db: there is no such file");
    }
}

TEST_CASE("explain says in a sentence why a machine is as it is, also by an order of an earlier epoch") {
    Recorded recorded{"explain"};
    const auto load = [&](const std::string& name, const std::string& time) { return explained({.journal = recorded.path(), .load = name, .at = time}); };
    says(load("bad", "2026-11-22T00:00:30Z").out, "bad has had no order: nothing that was in force asked it to stop.\nIt was seen running, drawing 3.0 kW.");
    says(load("bad", "2026-11-22T00:02:00Z").out,
         "bad was ordered put to sleep by policy obligations at 2026-11-22T00:01:00.000Z (order 1), because utility asked the site to draw at most 0.004 MW.");
    says(load("bad", "2026-11-22T00:02:00Z").out, "It was seen asleep within 5.0 s, drawing 0.0 kW.");
    const Said now = load("good", "");
    says(now.out, "by policy strike at 2026-11-22T00:05:00.000Z");
    says(now.out, "because the price from market was 250.00 USD/MWh, above its strike of 80.00 USD/MWh.");
    CHECK(now.status == 0);

    CHECK(load("nobody", "").status == 2);
    says(load("nobody", "").errors, "had no load called nobody");
    CHECK(load("good", "yesterday").status == 2);
    CHECK(load("good", "2020-01-01T00:00:00Z").status == 2);
    says(explained({.journal = recorded.path(), .at = "2026-11-22T00:02:00Z"}).out, "Policy obligations holds the site to 0.004 MW, because utility asked for at most 0.004 MW (dispatch d-1, until its release): 0.003 MW is expected, 0.001 MW within it, and the meter shows it.");
    says(explained({.journal = recorded.path(), .event = "d-1"}).out, "The meter went from 0.006 MW to 0.003 MW within 30 s");
    const auto json = boost::json::parse(explained({.journal = recorded.path(), .load = "good", .json = true}).out).as_object();
    CHECK(json.at("sentences").as_array().size() == 2);
}

TEST_CASE("a receipt comes out of the journal for people and as JSON, and events are listed") {
    Recorded recorded{"receipt"};
    const Said said = receipted(recorded.path(), "d-1");
    CHECK(said.status == 0);
    says(said.out, "Event d-1");
    says(said.out, "dispatch from utility: at most 0.004 MW");
    says(said.out, "loads ordered 1 (0.003 MW by nameplate)");
    const auto json = boost::json::parse(receipted(recorded.path(), "d-1", true).out).as_object();
    CHECK(json.at("site").as_string() == "small");
    CHECK(json.at("reference_w").as_int64() == 6'000);
    CHECK(json.at("at_meter").as_array()[3].at("meter_w").as_int64() == 3'000);
    CHECK(json.at("closed").as_string() == "2026-11-22T00:03:00.000Z");
    CHECK(receipted(recorded.path(), std::to_string(json.at("event").as_int64())).out == said.out);
    says(receipted(recorded.path(), "").out, "d-1");
    const Said unknown = receipted(recorded.path(), "d-2");
    CHECK(unknown.status == 2);
    says(unknown.errors, "knows no event d-2; its newest are:");
}

TEST_CASE("an event that began while the journal could not write has its receipt, with what is not recorded") {
    Recorded recorded{"gap-beginning", {50s, 120s}};
    says(receipted(recorded.path(), "").out, "d-1");
    const Said said = receipted(recorded.path(), "d-1");
    CHECK(said.status == 0);
    says(said.out, "dispatch from utility: at most 0.004 MW");
    says(said.out, "heard 2026-11-22T00:01:00.000Z, counted from 2026-11-22T00:01:00.000Z, over at 2026-11-22T00:03:00.000Z");
    says(said.out, "NOT RECORDED from 2026-11-22T00:01:00.000Z to 2026-11-22T00:02:00.000Z: the journal could not write, and 14 step(s) of that time are missing");
    says(said.out, "No load is known to have been ordered off for this event");
    says(said.out, "limit             0.004 MW");
    CHECK(said.out.find("No load was ordered off") == said.out.npos);
    const Said json = receipted(recorded.path(), "d-1", true);
    const auto told = boost::json::parse(json.out);
    CHECK(told.at("not_recorded").as_array().size() == 1);
    CHECK(told.at("not_recorded").at(0).at("from").as_string() == "2026-11-22T00:01:00.000Z");
    CHECK(told.at("not_recorded").at(0).at("steps").as_int64() == 14);
    for (const auto& moment : told.at("at_meter").as_array()) CHECK(moment.at("meter_w").is_null());
    CHECK(receipted(recorded.path(), "1").status == 0);
    const Said audit = audited(recorded.path());
    CHECK(audit.status == 0);
    says(audit.out, "the journal says that it missed 14 step(s)");
}

TEST_CASE("an event that ended while the journal could not write is over by the end of that time") {
    Recorded recorded{"gap-end", {70s, 240s}};
    const Said said = receipted(recorded.path(), "d-1");
    CHECK(said.status == 0);
    says(said.out, "over by 2026-11-22T00:04:00.000Z");
    says(said.out, "NOT RECORDED from 2026-11-22T00:01:05.000Z to 2026-11-22T00:04:00.000Z");
    const auto told = boost::json::parse(receipted(recorded.path(), "d-1", true).out);
    CHECK(told.at("loads_ordered").as_int64() == 1);
    CHECK(!told.at("at_meter").at(1).at("meter_w").is_null());  // It speaks each 5 s.
    for (const std::size_t in_the_gap : {2u, 3u}) CHECK(told.at("at_meter").at(in_the_gap).at("meter_w").is_null());
}

TEST_CASE("a price that came while the journal could not write has its event, by the name it would have had") {
    Recorded whole{"price-whole"}, recorded{"price-gap", {290s, 330s}};
    const std::string listed = receipted(recorded.path(), "").out, name = "strike-20261122T000500Z";
    says(receipted(whole.path(), "").out, name);
    says(listed, name);
    const Said said = receipted(recorded.path(), name);
    CHECK(said.status == 0);
    says(said.out, "NOT RECORDED from 2026-11-22T00:05:00.000Z to 2026-11-22T00:05:30.000Z");
    CHECK(boost::json::parse(receipted(recorded.path(), name, true).out).at("event") == boost::json::parse(receipted(whole.path(), name, true).out).at("event"));
}

TEST_CASE("an event wholly within a recorded time knows of no gap, and one with a gap in its middle goes on") {
    {
        Recorded recorded{"gap-later", {600s, 660s}};
        const auto told = boost::json::parse(receipted(recorded.path(), "d-1", true).out);
        CHECK(told.at("not_recorded").as_array().empty());
        CHECK(told.at("loads_obeyed").as_int64() == 1);
    }
    Recorded recorded{"gap-middle", {120s, 150s}};
    const Said said = receipted(recorded.path(), "d-1");
    says(said.out, "over at 2026-11-22T00:03:00.000Z");
    says(said.out, "NOT RECORDED from 2026-11-22T00:01:55.000Z to 2026-11-22T00:02:30.000Z");
    says(said.out, "seen to obey 1");
    says(explained({recorded.path(), "", "", "d-1"}).out, "Event d-1 was opened at 2026-11-22T00:01:00.000Z");
}
