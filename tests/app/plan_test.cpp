#include "app/plan.hpp"

#include "controller/engine.hpp"
#include "drivers/sqlite/sqlite_journal.hpp"
#include "tests/catch.hpp"
#include "tests/support/obedient_plant.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <functional>

#include <unistd.h>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// 6 kW of miners with a strike of 80, 3 kW on another feeder with none, a hall of 2 kW.
constexpr const char* site_file = R"(
[site]
name = "small"
meter = "poi"
[mqtt.main]
host = "127.0.0.1"
[[meter]]
name = "poi"
driver = "modbus"
transport = "tcp"
host = "127.0.0.1"
port = 15020
power = { function = "holding", address = 0, type = "float32", order = "abcd", scale_w = 1000 }
[[feeder]]
name = "south"
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
plausible_max = 20
[[signal]]
name = "wires"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "hold"
[[group]]
name = "hall"
driver = "metered"
tier = "firm"
nameplate_kw = 2
reserve_kw = 2
[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
standby_w = 0
stagger_ms = 20
min_off_s = 600
min_on_s = 900
off_within_s = 10
[[group.machine]]
id = "m-1"
host = "127.20.0.1"
watts = 3000
joules_per_terahash = 20
[[group.machine]]
id = "m-2"
host = "127.20.0.2"
watts = 3000
joules_per_terahash = 30
[[group]]
name = "others"
driver = "luxos"
tier = "interruptible"
feeder = "south"
standby_w = 0
[[group.machine]]
id = "o-1"
host = "127.20.0.3"
watts = 3000
joules_per_terahash = 25
[[policy]]
name = "strike"
kind = "price_strike"
signal = "market"
groups = ["miners"]
strike_per_mwh = 80
up_after = 2
[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility"]
[[policy]]
name = "south-wires"
kind = "dispatch"
signals = ["wires"]
feeder = "south"
)";

constexpr Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 7 / 1}};
Now at(Duration t) { return {midnight + t, Steady{t}}; }

/// A site file in a folder of its own, and what a daemon would have journaled there.
class Folder {
public:
    explicit Folder(const std::string& name) : folder_{fs::path{SCRATCH_DIR} / ("plan-" + name + "-" + std::to_string(::getpid()))} {
        fs::create_directories(folder_);
        write("small.toml", site_file);
    }
    ~Folder() { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path(name), std::ios::binary} << text;
        return path(name);
    }

    struct Heard {
        Duration when;
        std::function<Event(const SiteModel&)> what;
    };

    /// Ten seconds a step, in which machines obey but for the deaf, and those that others put to sleep.
    void journal(Duration lasts, const std::vector<Heard>& heard, const std::set<std::string>& deaf = {}, const std::string& tripped = {}) {
        const auto config = load_config(path("small.toml"), disk_reader());
        if (!config) FAIL(print(config.error()));
        const SiteModel model = build_site(*config);
        Engine engine{model.site, build_policies(*config, model), {}, at(0s)};
        tests::ObedientPlant plant{model.site};
        for (const std::string& name : deaf) plant.deaf.insert(model.slots.at(name));
        auto journal = open_sqlite_journal(config->journal.path, 100);
        REQUIRE(journal.has_value());
        begin(**journal, engine, *config);
        for (Duration t = 0s; t <= lasts; t += 10s) {
            std::vector<Event> events = plant.readings(at(t));
            if (!tripped.empty() && t >= 20s) {
                const Slot s = model.slots.at(tripped);
                events.push_back(LoadReading{{s, s + 1}, Mode::asleep, Quality::measured, Power{}, at(t).steady});
            }
            for (const Heard& h : heard)
                if (h.when == t) events.push_back(h.what(model));
            const Decision& decision = engine.step(at(t), events);
            wait((*journal)->append({at(t), events, decision}));
            plant.obey(decision.orders, at(t));
        }
    }

private:
    void wait(asio::awaitable<Written> call) {
        auto written = asio::co_spawn(io_, std::move(call), asio::use_future);
        io_.restart();
        while (written.wait_for(0s) != std::future_status::ready) io_.run_one();
        CHECK(written.get() != Written::missed);
    }
    void begin(Journal& journal, Engine& engine, const Config& config) {
        Snapshot snapshot = engine.snapshot(at(0s));
        engine.renew(snapshot, at(0s));
        EpochStart start{EpochCause::start, at(0s), Engine::revision, epoch_files(config), std::move(snapshot), &engine.site()};
        wait(journal.begin_epoch(std::move(start)));
    }

    fs::path folder_;
    asio::io_context io_;
};

Folder::Heard price(Duration t, Price price) {
    return {t, [=](const SiteModel& model) {
                Signal s{.source = model.sources.at("market"), .kind = SignalKind::price};
                s.issued = s.start = midnight + t;
                s.end = s.start + 15min;
                s.price = price;
                return Event{s};
            }};
}

Folder::Heard limit(Duration t, Power most, const std::string& id = "d-1") {
    return {t, [=](const SiteModel& model) {
                Signal s{.source = model.sources.at("utility"), .kind = SignalKind::dispatch, .id = id};
                s.issued = s.start = midnight + t;
                s.ask = Ask::absolute;
                s.power = most;
                return Event{s};
            }};
}

Folder::Heard person(Duration t, Word word, const std::string& target) {
    return {t, [=](const SiteModel&) { return Event{OperatorWord{word, target, "ann", "drill", word == Word::hold ? Duration{8h} : Duration{0}}}; }};
}

struct Said {
    int status;
    std::string out, errors;
};

Said planned(const PlanOptions& options) {
    char *out = nullptr, *errors = nullptr;
    std::size_t out_size = 0, errors_size = 0;
    std::FILE *to = ::open_memstream(&out, &out_size), *complain = ::open_memstream(&errors, &errors_size);
    const int status = plan(options, to, complain);
    std::fclose(to);
    std::fclose(complain);
    Said said{status, {out, out_size}, {errors, errors_size}};
    std::free(out);
    std::free(errors);
    return said;
}

json::object planned_json(PlanOptions options) {
    options.json = options.machines = true;
    const Said said = planned(options);
    CAPTURE(said.errors);
    REQUIRE_FALSE(said.out.empty());
    return json::parse(said.out).as_object();
}

bool says(const std::string& text, std::string_view what) {
    CAPTURE(text, what);
    CHECK(text.find(what) != text.npos);
    return text.find(what) != text.npos;
}

/// "m-1, m-2" of what a group would do.
std::string machines(const json::object& plan, const std::string& group, const char* way) {
    std::string names;
    for (const auto& g : plan.at("groups").as_array())
        if (g.at("group").as_string() == group)
            for (const auto& m : g.at(way).at("machines").as_array()) names += (names.empty() ? "" : ", ") + std::string{m.as_string()};
    return names;
}

/// Why a machine is left as it is: the word for programs. Empty: it is not.
std::string reason(const json::object& plan, const std::string& machine) {
    for (const auto& g : plan.at("groups").as_array())
        for (const auto& part : g.at("left_alone").as_array())
            for (const auto& m : part.at("machines").as_array())
                if (m.as_string() == std::string_view{machine}) return std::string{part.at("reason").as_string()};
    return {};
}

}  // namespace

TEST_CASE("without a journal a plan begins with all running at nameplate, and says so") {
    const Folder folder{"none"};
    const Said said = planned({.site_file = folder.path("small.toml"), .limit = "8kW"});
    CHECK(said.status == 0);
    CHECK(said.out.starts_with("If utility asked site small to draw at most 0.008 MW, policy obligations would bind the site to 0.008 MW (dispatched).\nThere is no journal "));
    says(said.out, "every load is taken to run at its nameplate");
    says(said.out, "0.006 MW would be given by 2 load(s), put to sleep in this order, the worst J/TH first:\n   1. miners                    1 of 2");
    says(said.out, "   2. others                    1 of 1");
    says(said.out, "hall                      1  firm: it is never ordered");
    says(said.out, "miners                    1  runs on: the limit is met without it");
    says(said.out, "Policy obligations holds the site to 0.008 MW, because utility asked for at most 0.008 MW (dispatch what-if, until its release): 0.005 MW is expected, 0.003 MW within it.");
    CHECK(said.out.ends_with("Nothing was sent, nothing was written.\n"));
    CHECK_FALSE(fs::exists(folder.path("small.db")));
    says(planned({.site_file = folder.path("small.toml"), .limit = "8kW", .machines = true}).out, "m-2\n");

    const auto json = planned_json({.site_file = folder.path("small.toml"), .limit = "8kW"});
    CHECK(json.at("as_of").is_null());
    CHECK(json.at("refused").is_null());
    CHECK(json.at("shortfall_w").as_int64() == 0);
    CHECK(json.at("down").at("loads").as_int64() == 2);
    CHECK(json.at("down").at("power_w").as_int64() == 6'000);
    CHECK(json.at("down_order") == json::array{"miners", "others"});
    CHECK(json.at("interruptible_before_w").as_int64() == 9'000);
    CHECK(json.at("interruptible_after_w").as_int64() == 3'000);
    CHECK(machines(json, "miners", "down") == "m-2");
    CHECK(reason(json, "m-1") == "not_needed");
    CHECK(reason(json, "hall") == "firm");
    const auto& binding = json.at("binding").as_array().at(0);
    CHECK(binding.at("policy").as_string() == "obligations");
    CHECK(binding.at("source").as_string() == "utility");
    CHECK(binding.at("limit_w").as_int64() == 8'000);
}

TEST_CASE("what cannot be met is said loudly, and by the exit status") {
    const Folder folder{"shortfall"};
    const Said said = planned({.site_file = folder.path("small.toml"), .limit = "1kW"});
    CHECK(said.status == 1);
    says(said.out, "\nSHORTFALL 0.001 MW: all that may stop would be stopped, and it is not enough.\n");
    says(said.out, "given by 3 load(s)");
    CHECK(planned_json({.site_file = folder.path("small.toml"), .limit = "1kW"}).at("shortfall_w").as_int64() == 1'000);
    CHECK(planned({.site_file = folder.path("small.toml"), .limit = "2kW"}).status == 0);
}

TEST_CASE("a price moves whom it passes, and the others say why they stay") {
    const Folder folder{"price"};
    const PlanOptions dear{.site_file = folder.path("small.toml"), .price = "85"};
    const Said said = planned(dear);
    CHECK(said.status == 0);
    CHECK(said.out.starts_with("If the price from market were 85.00 USD/MWh, policy strike would put 2 load(s) to sleep and wake 0.\n"));
    says(said.out, "Policy strike stops 2 of the 2 load(s) of group miners, because the price from market is 85.00 USD/MWh, above their strikes of 80.00 USD/MWh: 2 of its 2 load(s) rest, and 0.000 MW is expected there.");
    says(said.out, "Note: policy strike starts a load only after 2 such intervals in a row; here one is enough.");
    CHECK(reason(planned_json(dear), "o-1") == "no_price");
    CHECK(reason(planned_json({.site_file = folder.path("small.toml"), .price = "8ct/kWh"}), "m-1") == "pays");
    CHECK(planned_json({.site_file = folder.path("small.toml"), .price = "-20"}).at("down").at("loads").as_int64() == 0);
}

TEST_CASE("a plan goes on from the journal, and leaves it as it was") {
    Folder folder{"journal"};
    folder.journal(60s, {limit(30s, 10_kW)});
    const auto before = fs::file_size(folder.path("small.db"));
    const PlanOptions less{.site_file = folder.path("small.toml"), .limit = "7kW"};
    const Said said = planned(less);
    says(said.out, "The site stands as journal ");
    says(said.out, "(2026-07-01T00:01:00.000Z)");
    says(said.out, "is `ballast run` running?");
    const auto json = planned_json(less);
    CHECK(json.at("as_of").as_string() == "2026-07-01T00:01:00.000Z");
    CHECK(reason(json, "m-2") == "resting");
    CHECK(machines(json, "others", "down") == "o-1");
    CHECK(json.at("interruptible_before_w").as_int64() == 6'000);
    CHECK(fs::file_size(folder.path("small.db")) == before);
}

TEST_CASE("each reason to leave a load alone has its name") {
    Folder folder{"reasons"};
    const std::string site = folder.path("small.toml");
    const PlanOptions cheap{.site_file = site, .price = "10"}, dear{.site_file = site, .price = "200"}, none{.site_file = site, .limit = "0kW"};
    SECTION("asleep for its min_off_s") {
        folder.journal(60s, {price(30s, 200_per_MWh)});
        CHECK(reason(planned_json(cheap), "m-1") == "min_off");
        CHECK(reason(planned_json(dear), "m-1") == "price");
    }
    SECTION("asleep for the price, once it has rested") {
        folder.journal(700s, {price(30s, 200_per_MWh)});
        CHECK(machines(planned_json(cheap), "miners", "up") == "m-2, m-1");
        says(planned(cheap).out, "0.006 MW would be taken by 2 load(s), woken in this order, the best J/TH first:\n   1. miners                    2 of 2");
        CHECK(reason(planned_json(dear), "m-1") == "price");
        CHECK(reason(planned_json(none), "m-1") == "resting");
    }
    SECTION("running for its min_on_s") {
        folder.journal(1'000s, {price(30s, 200_per_MWh), price(900s, 10_per_MWh), price(910s, 10_per_MWh)});
        CHECK(reason(planned_json(dear), "m-1") == "min_on");
    }
    SECTION("asleep, and a limit leaves no room") {
        folder.journal(700s, {limit(30s, 9_kW)});
        CHECK(reason(planned_json(cheap), "m-2") == "no_room");
    }
    SECTION("locked out") {
        folder.journal(700s, {price(30s, 200_per_MWh), person(60s, Word::lockout, "m-1")});
        CHECK(reason(planned_json(cheap), "m-1") == "locked_out");
        CHECK(machines(planned_json(cheap), "miners", "up") == "m-2");
    }
    SECTION("held by a person, running and asleep") {
        folder.journal(60s, {person(30s, Word::hold, "m-1")});
        CHECK(reason(planned_json(dear), "m-1") == "held");
        CHECK(machines(planned_json(dear), "miners", "down") == "m-2");
        CHECK(machines(planned_json(none), "miners", "down") == "m-2, m-1");
    }
    SECTION("put to rest by something else") {
        folder.journal(700s, {}, {}, "m-1");
        CHECK(reason(planned_json(none), "m-1") == "latched");
    }
    SECTION("told before, and not seen to obey") {
        folder.journal(40s, {limit(30s, 9_kW)}, {"m-2"});
        CHECK(reason(planned_json(none), "m-2") == "not_seen");
    }
    SECTION("fed from elsewhere") {
        const auto plan = planned_json({.site_file = site, .limit = "0kW", .signal = "wires"});
        CHECK(plan.at("wish").as_string() == "wires asked feeder south to draw at most 0.000 MW");
        CHECK(machines(plan, "others", "down") == "o-1");
        CHECK(reason(plan, "m-1") == "elsewhere");
    }
}

namespace {

constexpr const char* bought = "[[policy]]\nname = \"bought\"\nkind = \"minimum_draw\"\nat_least_kw = ";

}  // namespace

TEST_CASE("who is moved for a price is put down to each policy that moves somebody for it") {
    const Folder folder{"two-strikes"};
    folder.write("small.toml", std::string{site_file} + "[[policy]]\nname = \"south-strike\"\nkind = \"price_strike\"\nsignal = \"market\"\ngroups = [\"others\"]\nstrike_per_mwh = 70\n");
    const auto at = [&](const char* price) { return planned({.site_file = folder.path("small.toml"), .price = price}).out; };
    says(at("85"), "If the price from market were 85.00 USD/MWh, policies strike and south-strike would put 3 load(s) to sleep and wake 0.\n");
    says(at("75"), "If the price from market were 75.00 USD/MWh, policy south-strike would put 1 load(s) to sleep and wake 0.\n");
}

TEST_CASE("what a floor keeps running says so, and which policy's it is") {
    struct Row {
        const char* at_least_kw;
        const char* stops;
    };
    for (const Row& row : {Row{"10", ""}, Row{"7", "m-2"}}) {  // Of 11 kW.
        CAPTURE(row.at_least_kw);
        const Folder folder{"floor"};
        folder.write("small.toml", std::string{site_file} + bought + row.at_least_kw + "\n");
        const PlanOptions dear{.site_file = folder.path("small.toml"), .price = "200"};
        const auto plan = planned_json(dear);
        CHECK(machines(plan, "miners", "down") == row.stops);
        CHECK(reason(plan, "m-1") == "floor");
        says(planned(dear).out, "runs on: above its strike, but policy bought keeps so much running there");
    }
}

TEST_CASE("contactors say when they would open, and machines without supply that they have none") {
    const auto plan = planned_json({.site_file = PROJECT_DIR "/examples/pecos.toml", .limit = "0kW"});
    CHECK(reason(plan, "block-a") == "contactor");
    CHECK(plan.at("shortfall_w").as_int64() > 0);
    CHECK(plan.at("down").at("loads").as_int64() == 502);
}

TEST_CASE("a site that no dispatch policy serves is planned as if one did, and says so") {
    const Said said = planned({.site_file = PROJECT_DIR "/examples/ercot-hourly.toml", .limit = "800kW"});
    CHECK(said.status == 0);
    says(said.out, "If operator asked site ercot-hourly to draw at most 0.800 MW, policy plan would bind the site to 0.800 MW");
    says(said.out, "has no policy of kind dispatch that could hear a limit");
}

TEST_CASE("a message of ours is planned as it would be heard") {
    Folder folder{"event"};
    const std::string site = folder.path("small.toml");
    const auto event = [&](const std::string& text) { return PlanOptions{.site_file = site, .event = folder.write("event.json", text)}; };
    const auto full = R"({"kind":"dispatch","id":"d-19","issued":"2026-07-01T00:00:30Z","full":true})";
    SECTION("a dispatch") {
        CHECK(planned_json(event(full)).at("down").at("loads").as_int64() == 3);
        says(planned(event(full)).out, "If utility asked site small to stop everything interruptible (dispatch d-19)");
    }
    SECTION("a reduction from what the meter showed") {
        folder.journal(60s, {});
        says(planned(event(R"({"kind":"dispatch","id":"d-18","issued":"2026-07-01T00:00:30Z","reduce":3,"unit":"kW"})")).out,
             "because utility asked for 0.003 MW less than the 0.011 MW drawn before");
    }
    SECTION("one that begins later, with a ramp") {
        folder.journal(60s, {});
        const auto plan = planned_json(event(R"({"kind":"dispatch","id":"d-17","issued":"2026-07-01T00:00:30Z","start":"2026-07-01T00:10:00Z","duration_s":600,"ramp_s":60,"limit":8,"unit":"kW"})"));
        CHECK(plan.at("down").at("loads").as_int64() == 2);
        const std::string remarks = json::serialize(plan.at("remarks"));
        says(remarks, "it begins at 2026-07-01T00:10:00.000Z, and is planned as if it began now");
        says(remarks, "its ramp of 60 s is left out");
    }
    SECTION("one that is over moves nobody") {
        folder.journal(60s, {});
        const Said said = planned(event(R"({"kind":"dispatch","id":"d-17","issued":"2020-07-01T00:00:30Z","duration_s":600,"limit":8,"unit":"kW"})"));
        CHECK(said.status == 0);
        CHECK(said.out.starts_with("If utility asked site small to draw at most 0.008 MW (dispatch d-17), nothing would come of it: it is over.\n"));
    }
    SECTION("a release") {
        folder.journal(700s, {price(10s, 10_per_MWh), limit(30s, 10_kW)});
        CHECK(machines(planned_json(event(R"({"kind":"release","id":"d-1","issued":"2026-07-01T00:11:00Z"})")), "miners", "up") == "m-2");
        says(planned(event(R"({"kind":"release","id":"d-2","issued":"2026-07-01T00:11:00Z"})")).out, "nothing of that id stands");
    }
    SECTION("a hashprice") {
        std::string with = site_file;
        with.replace(with.find("strike_per_mwh = 80"), 19, "hashprice = 45");
        with += "[[signal]]\nname = \"pool\"\nkind = \"hashprice\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"hold\"\n";
        folder.write("small.toml", with);
        folder.journal(60s, {price(30s, 50_per_MWh)});
        const auto plan = planned_json(event(R"({"kind":"hashprice","issued":"2026-07-01T00:00:50Z","hashprice":24,"unit":"USD/PH/day"})"));
        CHECK(plan.at("wish").as_string() == "the hashprice from pool were 24.00 USD/PH/day");
        CHECK(machines(plan, "miners", "down") == "m-2");
        CHECK(reason(plan, "m-1") == "pays");
    }
    SECTION("a local switch") {
        folder.write("small.toml", std::string{site_file} + "[[signal]]\nname = \"lever\"\nkind = \"local\"\ndriver = \"mqtt\"\nbroker = \"main\"\nin_local = \"observe\"\ngroups = [\"miners\"]\n");
        const auto thrown = event(R"({"kind":"local","id":"switch","issued":"2026-07-01T00:00:30Z"})");
        CHECK(planned(thrown).status == 0);
        const auto plan = planned_json(thrown);
        CHECK(plan.at("wish").as_string().starts_with("lever went to local"));
        CHECK(reason(plan, "m-1") == "local");
        CHECK(reason(plan, "o-1") == "running");
    }
    SECTION("a price") {
        says(planned(event(R"({"kind":"price","issued":"2026-07-01T17:00:02Z","start":"2026-07-01T17:00:00Z","end":"2026-07-01T17:05:00Z","price":145.12,"unit":"USD/MWh"})")).out,
             "If the price from market were 145.12 USD/MWh, policy strike would put 2 load(s) to sleep");
    }
}

TEST_CASE("a wish that cannot be meant is refused by name, with what is allowed") {
    const Folder folder{"bad"};
    const auto refused = [&](PlanOptions options) {
        options.site_file = folder.path("small.toml");
        const Said said = planned(options);
        CHECK(said.status == 2);
        CHECK(said.out.empty());
        return said.errors;
    };
    CHECK(refused({.limit = "12"}) == "ballast plan: --limit \"12\": it has no unit; write a power with its unit, as 12MW or 11500kW\n");
    says(refused({.limit = "12mw"}), "unit \"mw\" is not known: W, kW, MW or GW");
    says(refused({.limit = "-1MW"}), "is negative");
    says(refused({.limit = "lots MW"}), "--limit \"lots MW\"");
    says(refused({.price = "85 EUR/MWh"}), "this site counts in USD");
    says(refused({.limit = "1MW", .signal = "market"}), "--signal market: brings no dispatch to a policy of kind dispatch; allowed: utility, wires");
    says(refused({.event = folder.path("nosuch.json")}), "cannot be read: there is no such file; name a file with one signal as docs/mqtt.md shows it");
    const auto event = [&](const std::string& text) { return refused({.event = folder.write("event.json", text)}); };
    says(event("nope"), "not JSON");
    says(event(R"({"kind":"prize"})"), "\"kind\" \"prize\" is not known");
    says(event(R"({"kind":"heartbeat","issued":"2026-07-01T17:00:30Z"})"), "a heartbeat asks nothing of the site");
    says(event(R"({"kind":"dispatch","id":"d","issued":"2026-07-01T17:00:30Z","limit":21,"unit":"kW"})"), "above plausible_max");
    says(event(R"({"kind":"hashprice","issued":"2026-07-01T00:05:00Z","hashprice":45.1,"unit":"USD/PH/day"})"), "no policy of kind price_strike that hears a hashprice signal");
    says(planned({.site_file = folder.path("small.toml"), .limit = "21kW"}).out, "from utility itself this would be refused: it is beyond its plausible_max");
    CHECK(planned({.site_file = folder.path("nosuch.toml"), .limit = "1MW"}).status == 2);
}

TEST_CASE("a journal that cannot be read is said, with the remedy") {
    const Folder folder{"broken"};
    folder.write("small.db", "this is no database at all, whatever its name says");
    const Said said = planned({.site_file = folder.path("small.toml"), .limit = "1MW"});
    CHECK(said.status == 1);
    says(said.errors, "small.db");
    says(said.errors, "move this one away");
}
