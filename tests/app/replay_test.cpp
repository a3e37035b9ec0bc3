#include "app/replay.hpp"
#include "app/replay_journal.hpp"
#include "drivers/sqlite/journal_reader.hpp"
#include "tests/catch.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace ballast;

namespace {

/// A folder of the test's own with a site of four machines and what else is written into it.
class Bench {
public:
    Bench() : folder_{std::string{SCRATCH_DIR} + "/replay-" + std::to_string(::getpid())} {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        write("site.toml", site("USD", ""));
        write("prices.csv", "Interval Start,Interval End,Location,LMP\n"
                            "2025-06-01 05:00:00Z,2025-06-01 05:05:00Z,HB,20\n"
                            "2025-06-01 05:05:00Z,2025-06-01 05:10:00Z,HB,500\n"
                            "2025-06-01 05:10:00Z,2025-06-01 05:15:00Z,HB,20\n"
                            "2025-06-01 05:30:00Z,2025-06-01 05:35:00Z,HB,20\n");
    }
    ~Bench() { std::filesystem::remove_all(folder_); }

    static std::string site(const std::string& currency, const std::string& more) {
        return "[site]\nname = \"four\"\ntime_zone = \"America/Chicago\"\ncurrency = \"" + currency + "\"\n" + more + R"(
[mqtt.main]
host = "127.0.0.1"
[[signal]]
name = "market"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"
[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
standby_w = 0
stagger_ms = 0
min_off_s = 0
min_on_s = 0
[[group.machine]]
id = "a"
host = "127.20.0.1"
watts = 3000
joules_per_terahash = 20
[[group.machine]]
id = "b"
host = "127.20.0.2"
watts = 3000
joules_per_terahash = 30
[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80
)";
    }

    void write(const std::string& name, const std::string& text) const { std::ofstream{path(name), std::ios::binary} << text; }
    std::string path(const std::string& name) const { return folder_ + "/" + name; }
    ReplayOptions options() const { return {.site = path("site.toml"), .prices = path("prices.csv")}; }

private:
    std::string folder_;
};

bool has(const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a replay of a site file names its gaps by date, its rules and what settled it") {
    const Bench bench;
    const auto replayed = run_replay(bench.options());
    REQUIRE(replayed);
    CHECK(replayed->result.transitions == 4);
    CHECK(study::decimal(replayed->result.energy.count, 3'600'000, 0) == "1500");  // Wh: 3 of 4 intervals, 6 kW.
    const std::string table = replay_table(*replayed);
    has(table, "four, 2025-06-01T05:00:00Z to 2025-06-01T05:35:00Z");
    has(table, "2025-06-01: 3");
    has(table, "start, this market's own rule");
    has(table, "the same prices");
    has(table, "0.25 h without a price: in none of the totals");
}

TEST_CASE("a price told only afterwards is said to be so, and an early one an upper bound") {
    const Bench bench;
    ReplayOptions options = bench.options();
    options.price_known = "end";
    has(replay_table(*run_replay(options)), "end; this market's own rule is start");
    bench.write("hourly.csv", "delivery_date,hour_ending,dam_lmp,rtm_lmp\n2025-06-01,1,9,5\n2025-06-01,2,9,500\n2025-06-01,3,9,5\n");
    options.prices = bench.path("hourly.csv");
    options.price_known = "start";
    has(replay_table(*run_replay(options)), "an upper bound that nobody could have reached");
    options.node = "dam";
    options.price_known.clear();
    options.settle = options.prices;
    options.settle_node = "rtm";
    const auto settled = run_replay(options);
    REQUIRE(settled);
    CHECK(settled->result.transitions == 0);
    CHECK(study::decimal(settled->result.cost.count, Int128{3'600'000'000'000} * 1'000'000, 2) == "3.06");
    has(replay_table(*settled), "day-ahead (13:30 the day before), this market's own rule");
}

TEST_CASE("prices in another currency are converted by [fx], or refused with the remedy") {
    const Bench bench;
    bench.write("site.toml", Bench::site("CAD", ""));
    bench.write("prices.csv", "delivery_date,hour_ending,dam_lmp,rtm_lmp\n2025-06-01,1,9,70\n2025-06-01,2,9,5\n");
    ReplayOptions options = bench.options();
    options.price_known = "start";
    const auto refused = run_replay(options);
    REQUIRE(!refused);
    CHECK(refused.error().status == 2);
    has(refused.error().text, "is in USD, the site in CAD: add [fx] USD = ...");
    bench.write("site.toml", Bench::site("CAD", "[fx]\nUSD = 1.37\n"));
    const auto converted = run_replay(options);
    REQUIRE(converted);
    CHECK(converted->result.transitions == 4);  // 95.90 CAD is above 80.
    CHECK(converted->result.currency == "CAD");
    has(replay_table(*converted), "USD at 1.370000 CAD");
}

TEST_CASE("what is wrong with the input is said with status 2") {
    const Bench bench;
    const auto fails = [&](auto change, const std::string& part) {
        ReplayOptions options = bench.options();
        change(options);
        const auto replayed = run_replay(options);
        REQUIRE(!replayed);
        CHECK(replayed.error().status == 2);
        has(replayed.error().text, part);
    };
    fails([](auto& o) { o.site += "x"; }, "site.tomlx");
    fails([](auto& o) { o.prices += "x"; }, "there is no such file");
    fails([](auto& o) { o.price_known = "never"; }, "--price-known \"never\": use start, end");
    fails([](auto& o) { o.signal = "utility"; }, "--signal utility: no such price signal; there are: market");
    fails([](auto& o) { o.settle = "/nowhere.csv"; }, "--settle /nowhere.csv: there is no such file");
    fails([](auto& o) { o.node = "HB2"; }, "no node \"HB2\"; there are: HB");
    fails([](auto& o) { o.from = "2026-01-01"; }, "no interval in --from and --to");
    fails([&](auto& o) { o.journal = bench.path("prices.csv"); }, "exists already; a replay needs a new file");
}

TEST_CASE("a hedge is bought at a price that stands or at the day-ahead one, and changes nothing but money") {
    const Bench bench;
    const auto open = run_replay(bench.options());
    REQUIRE(open);
    bench.write("ahead.csv", "Interval Start,Interval End,Location,LMP\n2025-06-01 05:00:00Z,2025-06-01 06:00:00Z,HB,40\n");
    bench.write("site.toml", Bench::site("USD", "hedge_kw = 6\n"));
    ReplayOptions options = bench.options();
    options.day_ahead = bench.path("ahead.csv");
    const auto ahead = run_replay(options);
    REQUIRE(ahead);
    CHECK(ahead->result.digest == open->result.digest);
    CHECK(ahead->result.cost == open->result.cost);
    CHECK(currency_units(ahead->result.earned.hedge_gain) == 0.2);  // 6 kW over 5 min each, at -20, 460, -20 and -20 per MWh.
    CHECK(has(replay_table(*ahead), "were bought ahead"));
    bench.write("site.toml", Bench::site("USD", "hedge_kw = 6\nhedge_price_per_mwh = 40\n"));
    const auto twice = run_replay(options);
    REQUIRE(!twice);
    CHECK(twice.error().status == 2);
    CHECK(has(twice.error().text, "--day-ahead and [site] hedge_price_per_mwh both say"));
    CHECK(run_replay(bench.options())->result.earned.hedge_gain == ahead->result.earned.hedge_gain);
    bench.write("site.toml", Bench::site("USD", ""));
    CHECK(has(run_replay(options).error().text, "give it"));
}

TEST_CASE("a replay's journal can be executed again to the same bytes, and changes nothing of the result") {
    const Bench bench;
    ReplayOptions options = bench.options();
    const auto plain = run_replay(options);
    options.journal = bench.path("replay.db");
    const auto journaled = run_replay(options);
    REQUIRE(plain);
    INFO((journaled ? std::string{} : journaled.error().text));
    REQUIRE(journaled);
    CHECK(journaled->result.digest == plain->result.digest);

    const auto reader = JournalReader::open(options.journal);
    REQUIRE(reader);
    const auto epochs = reader->epochs();
    REQUIRE(epochs);
    REQUIRE(epochs->size() == 1);
    const auto contents = reader->contents(epochs->front());
    REQUIRE(contents);
    REQUIRE(replayed_signal(contents->files) == "market");
    const auto config = config_of(contents->files);
    REQUIRE(config);
    const SiteModel model = build_site(*config);
    Engine engine{study::as_replayed(model.site, model.sources.at("market")), build_policies(*config, model), contents->snapshot,
                  epochs->front().began};
    std::uint64_t steps = 0, orders = 0;
    const auto read = reader->each_step(epochs->front(), [&](const StoredStep& stored) {
        std::string bytes;
        const Decision& decision = engine.step(stored.now, stored.heard);
        encode(bytes, stored.now, decision);
        CHECK(bytes == stored.decision_bytes);
        orders += decision.orders.size();
        return ++steps, true;
    });
    REQUIRE(read);
    CHECK(steps > 4);
    CHECK(orders == 2);
}
