#include "app/config.hpp"

#include "app/makes.hpp"
#include "drivers/sqlite/sha256.hpp"
#include "tests/app/config_bad.hpp"
#include "tests/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <random>

namespace ballast {
namespace {

using Parsed = tl::expected<Config, std::vector<Fault>>;

Parsed parse(const std::string& site, const std::string& inventory = good_inventory) {
    const FileReader read = [&](const std::string& path) -> Result<std::string> {
        if (path == "fleet.csv") return inventory;
        return fail(Errc::unreachable, "there is no such file");
    };
    return parse_config(site, "site.toml", read);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return text.replace(at, from.size(), to);
}

std::string faults_of(const std::string& site, const std::string& inventory = good_inventory) {
    const Parsed parsed = parse(site, inventory);
    return parsed ? "" : print(parsed.error());
}

/// For a cell of a table: one line, printable.
std::string cell(const std::string& text) {
    std::string shown;
    for (const char c : text) {
        if (c == '\n') shown += " ⏎ ";
        else if (c == '|') shown += "\\|";
        else shown += c >= 32 && c < 127 ? c : '?';
    }
    while (shown.ends_with(" ⏎ ")) shown.resize(shown.size() - std::string{" ⏎ "}.size());
    return shown;
}

std::string cells(const std::string& faults) {
    std::string shown;
    for (std::size_t from = 0; from <= faults.size();) {
        const std::size_t to = std::min(faults.find('\n', from), faults.size());
        shown += (from == 0 ? "`" : "<br>`") + cell(faults.substr(from, to - from)) + "`";
        from = to + 1;
    }
    return shown;
}

std::string documented() {
    std::string text = "| in the site file | message |\n|---|---|\n";
    for (const BadInput& bad : bad_site_files()) {
        const std::string what =
            cell(bad.to).empty() ? "without `" + cell(bad.from) + "`" : "`" + cell(bad.to) + "`";
        text += "| " + what + " | " + cells(bad.faults) + " |\n";
    }
    text += "\n| inventory | message |\n|---|---|\n";
    for (const BadInput& bad : bad_inventories())
        text += "| " + (bad.to.empty() ? "(empty)" : "`" + cell(bad.to) + "`") + " | " + cells(bad.faults) +
                " |\n";
    return text;
}

const SignalConfig& signal_named(const Config& config, const std::string& name) {
    const auto at = std::ranges::find(config.signals, name, &SignalConfig::name);
    REQUIRE(at != config.signals.end());
    return *at;
}

TEST_CASE("every mistake in a site file gets its message") {
    CHECK(faults_of(good_site) == "");
    for (const BadInput& bad : bad_site_files()) {
        CAPTURE(bad.from, bad.to);
        CHECK(faults_of(replaced(good_site, bad.from, bad.to)) == bad.faults + "\n");
    }
    CHECK(bad_site_files().size() >= 60);
}

TEST_CASE("every mistake in an inventory gets its message") {
    for (const BadInput& bad : bad_inventories()) {
        CAPTURE(bad.to);
        CHECK(faults_of(good_site, bad.to) == bad.faults + "\n");
    }
}

TEST_CASE("the handbook's table of bad input is the tested one") {
    const std::string path = std::string{PROJECT_DIR} + "/docs/bad-input/site-file.md";
    const std::string begin = "<!-- config: begin -->\n", end = "<!-- config: end -->\n";
    const auto text = disk_reader()(path);
    REQUIRE(text);
    const auto from = text->find(begin), to = text->find(end);
    REQUIRE(from != text->npos);
    REQUIRE(to != text->npos);
    const std::string now = text->substr(0, from + begin.size()) + documented() + text->substr(to);
    // BALLAST_WRITE_DOCS=1 build/dev/tests/app_tests "the handbook*" writes it anew.
    if (std::getenv("BALLAST_WRITE_DOCS") != nullptr) std::ofstream{path, std::ios::binary} << now;
    else CHECK((now == *text));
}

TEST_CASE("a meter has a plausible range, given or not") {
    const auto site = parse(good_site);
    REQUIRE(site);
    Power all = site->site.overhead;
    for (const GroupConfig& group : site->groups) {
        all += group.nameplate;
        for (const MachineConfig& machine : group.machines) all += machine.watts;
    }
    CHECK(site->meters[0].plausible_max == Power{10 * all.count});
    CHECK(site->meters[0].plausible_min == Power{-10 * all.count});
    const auto given = parse(replaced(good_site, "scale_w = 1000 }", "scale_w = 1000 }\nplausible_min_kw = -0.5\nplausible_max_kw = 3000"));
    REQUIRE(given);
    CHECK(given->meters[0].plausible_min == Power{-500});
    CHECK(given->meters[0].plausible_max == Power{3'000'000});
    const std::string hall = "nameplate_kw = 1200\nmeter = { driver = \"modbus\", host = \"10.0.0.5\", power = { function = \"input\", "
                             "address = 0, type = \"int16\", scale_w = 1 }";
    const auto metered = parse(replaced(good_site, "nameplate_kw = 1200", hall + " }"));
    REQUIRE(metered);
    CHECK(metered->groups[0].meter->plausible_min == Power{-120'000});
    CHECK(metered->groups[0].meter->plausible_max == Power{1'800'000});
    const auto half = parse(replaced(good_site, "nameplate_kw = 1200", hall + ", plausible_min_kw = 2000 }"));
    REQUIRE(half);
    CHECK(half->groups[0].meter->plausible_max == Power{2'000'000});
}

TEST_CASE("a pdu is read with APC's outlets where it names none and its machines have the time to come back") {
    const auto with = [](const std::string& keys) {
        return parse(replaced(good_site, "joules_per_terahash = 17.5\n", "joules_per_terahash = 17.5\npdu = \"p-1\"\noutlet = 3\n[[group.machine]]\nid = \"s-2\"\nhost = \"10.1.0.2\"\nwatts = 3500\npdu = \"p-1\"\noutlet = 4\n"
                                                                            "[[pdu]]\nname = \"p-1\"\nhost = \"10.0.0.9\"\ncommunity_file = \"pdu.community\"\n" + keys));
    };
    const auto usual = with("");
    REQUIRE(usual);
    const PduConfig& pdu = usual->pdus.at(0);
    CHECK(pdu.control == drivers::Oid{1, 3, 6, 1, 4, 1, 318, 1, 1, 4, 4, 2, 1, 3});
    CHECK(pdu.state == pdu.control);
    CHECK(pdu.shows_off == 2);
    CHECK(pdu.version == drivers::SnmpVersion::v1);
    CHECK(pdu.community.name == "pdu.community");
    CHECK(!pdu.watts);
    CHECK(holds_secrets(*usual));
    CHECK(usual->groups.at(2).on_outlets());
    CHECK(!usual->groups.at(1).on_outlets());
    CHECK(usual->groups.at(2).machines.at(1).outlet == 4);
    CHECK(usual->groups.at(2).on_within == Duration{600'000});  // A LuxOS machine's own is enough.
    const auto slow = with("boot_s = 900\nversion = \"2c\"\nstate_oid = \"1.3.6.1.4.1.318.1.1.26.9.2.3.1.5\"\nstate_on = 2\nstate_off = 1\nwatts_oid = \".1.3.6.1.4.1.318.1.1.26.9.4.3.1.7\"\nwatts_scale = 10\n");
    REQUIRE(slow);
    CHECK(slow->groups.at(2).on_within == Duration{915'000});
    CHECK(slow->pdus.at(0).shows_on == 2);
    CHECK(slow->pdus.at(0).turn_on == 1);
    CHECK(slow->pdus.at(0).watts_scale == 10);
    CHECK(slow->pdus.at(0).watts->back() == 7);
}

TEST_CASE("a file that is no TOML is told so with its place") {
    for (const char* text : {"[site", "name = \"mesa", "a = 1\na = 2", "\xff\xfe", "x = 08", "[[a]]\n[a]"}) {
        const Parsed parsed = parse(text);
        REQUIRE(!parsed);
        REQUIRE(parsed.error().size() == 1);
        CHECK(parsed.error()[0].line >= 1);
        CHECK(parsed.error()[0].text.starts_with("not TOML: "));
    }
}

TEST_CASE("what is no TOML is told on one line, whatever it is") {
    CHECK(faults_of("a =t\n \"b\"") == "site.toml:1:5: not TOML: Error while parsing boolean: expected 'true', saw 't?'\n");
    CHECK(faults_of("a =t\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("a key of very many levels is refused, and nothing else that has dots") {
    std::string deep = "a";
    for (int i = 0; i < 300'000; ++i) deep += ".a";
    const std::string said = "a key of more than 32 levels; allowed: [table] and key\n";
    CHECK(faults_of("# 1.\n" + deep + " = 1") == "site.toml:2:64: " + said);
    CHECK(faults_of("[" + deep + "]") == "site.toml:1:65: " + said);
    CHECK(faults_of("b = { c = \"\\\\\", " + deep + " = 1 }") == "site.toml:1:80: " + said);
    CHECK(faults_of("b = { " + deep + " = 1 }") == "site.toml:1:70: " + said);
    // Quotes of strings of several lines, and what of them is the string's own.
    CHECK(faults_of("b = { c = \"\"\" \" \"\"\", " + deep + " = 1 }") == "site.toml:1:85: " + said);
    CHECK(faults_of("b = { c = ''''x\n''''', " + deep + " = 1 }") == "site.toml:2:71: " + said);
    const std::string dots(100, '.');
    for (const std::string& fine : {"# " + dots, "[site] # \"" + dots, "a = \"" + dots + "\"", "a = '" + dots + "'", "a = \"\"\"\n" + dots + "\n\"" + dots + "\"\"\""})
        CHECK(faults_of(fine).find("levels") == std::string::npos);
}

TEST_CASE("an empty file lacks a site and a group") {
    CHECK(faults_of("") ==
          "site.toml:1:1: the site file has no 'site'; expected [site] with at least 'name'\n"
          "site.toml:1:1: the site file has no 'group'; expected at least one [[group]]\n");
}

TEST_CASE("all faults of all files come at once, in the order of the files") {
    const std::string site =
        replaced(replaced(good_site, "overhead_kw = 60", "overhead_kw = -1"), "hashprice = 45", "");
    const Parsed parsed = parse(site, "id,host,watts\nm-1,10.2.0.1,x\nm 2,10.2.0.2,1\n");
    REQUIRE(!parsed);
    std::vector<std::string> places;
    for (const Fault& fault : parsed.error()) places.push_back(fmt::format("{}:{}", fault.file, fault.line));
    CHECK(places == std::vector<std::string>{"site.toml:5", "site.toml:105", "fleet.csv:2", "fleet.csv:3"});
}

TEST_CASE("a hundred faults are printed, the rest counted") {
    std::string inventory = "id,host,watts\n";
    for (int i = 0; i < 300; ++i) inventory += fmt::format("m-{},10.2.{}.{},none\n", i, i / 100, i % 100 + 1);
    const std::string text = faults_of(good_site, inventory);
    CHECK(std::ranges::count(text, '\n') == 101);
    CHECK(text.ends_with("and 200 more faults\n"));
}

TEST_CASE("no secret is repeated in a message") {
    const std::string site =
        replaced(good_site, "[mqtt.main]", "[mqtt.main]\npassword = \"hunter2\"\ntls_key = \"hunter2\\n\"\n");
    CHECK(faults_of(site).find("hunter2") == std::string::npos);
}

TEST_CASE("a secret is kept as the place where it lies") {
    const Parsed parsed =
        parse(replaced(good_site, "[mqtt.main]",
                       "[mqtt.main]\nuser_file = \"env:MESA_USER\"\npassword_file = \"secrets/p\""));
    REQUIRE(parsed);
    const BrokerConfig& broker = parsed->brokers.at(0);
    CHECK(broker.user == Secret{Secret::Kind::environment, "MESA_USER", {17, 13}});
    CHECK(broker.password == Secret{Secret::Kind::file, "secrets/p", {18, 17}});
    CHECK(!broker.tls);
    CHECK(check_surroundings(*parsed, [](const std::string&) -> Result<std::string> {
              return fail(Errc::unreachable, "gone");
          }).size() == 2);
}

TEST_CASE("files are found beside the site file") {
    std::vector<std::string> asked;
    const FileReader read = [&](const std::string& path) -> Result<std::string> {
        asked.push_back(path);
        return good_inventory;
    };
    const Parsed parsed = parse_config(good_site, "/etc/ballast/site.toml", read);
    REQUIRE(parsed);
    CHECK(asked == std::vector<std::string>{"/etc/ballast/fleet.csv"});
    CHECK(parsed->journal.path == "/etc/ballast/mesa.db");
}

TEST_CASE("the config is rebuilt from the files it kept") {
    const Parsed parsed = parse(good_site);
    REQUIRE(parsed);
    REQUIRE(parsed->files.size() == 2);
    CHECK(parsed->files[0].sha256 == sqlite::sha256(good_site));
    CHECK(sqlite::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const Parsed again = load_config("site.toml", reader_of(parsed->files));
    REQUIRE(again);
    CHECK((*again == *parsed));
    const Parsed other = parse(good_site, good_inventory + "\n");
    REQUIRE(other);
    CHECK(other->hash != parsed->hash);
}

TEST_CASE("what the file does not say has its default") {
    const Parsed parsed = parse(good_site);
    REQUIRE(parsed);
    CHECK(parsed->site.time_zone == "UTC");
    CHECK(parsed->site.broker == "main");
    CHECK(parsed->brokers[0].client_id == "ballast-mesa");
    CHECK(parsed->http->port == 8420);
    CHECK(signal_named(*parsed, "lmp").topic == "ballast/mesa/signal/lmp");
    CHECK(signal_named(*parsed, "lmp").stale_after == Duration{900'000});
    CHECK(signal_named(*parsed, "utility").stale_after == Duration{0});
    CHECK(signal_named(*parsed, "limit").stale_after == Duration{10'000});
    const GroupConfig& miners = parsed->groups.at(1);
    CHECK(miners.standby == Power{25});
    CHECK(miners.min_off == Duration{600'000});
    CHECK(miners.stale_after == Duration{90'000});
    CHECK(miners.miners->connections == 2'048);
    CHECK(miners.machines.at(1).joules_per_hash == 0);
    CHECK(miners.machines.at(1).port == 4'028);
    CHECK(parsed->policies[0].price_strike->up_after == 1);
}

TEST_CASE("a make of miners has its own port, standby and times") {
    const Parsed parsed = parse(replaced(good_site, "driver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]", "driver = \"antminer\"\npassword_file = \"env:FLOOR\"\ntier = \"interruptible\"\n[[group.machine]]"));
    REQUIRE(parsed);
    const GroupConfig& spare = parsed->groups.at(2);
    CHECK(driver_name(spare) == "antminer");
    CHECK(spare.machines.at(0).port == 80);
    CHECK(spare.standby == Power{45});
    CHECK(spare.off_within == Duration{75'000});
    CHECK(spare.miners->password.kind == Secret::Kind::environment);
    CHECK(spare.miners->password.name == "FLOOR");
    CHECK(holds_secrets(*parsed));
}

TEST_CASE("miners that may be slowed have the steps of their make, and times for the slowest of them") {
    const auto slow = [](const std::string& keys) {
        const std::string block = "[[group]]\nname = \"block\"\n";
        const Parsed parsed = parse(replaced(good_site, block, "[[group]]\nname = \"slow\"\n" + keys + "[[group.machine]]\nid = \"x-1\"\nhost = \"10.9.0.1\"\nwatts = 3500\n" + block));
        REQUIRE(parsed);
        return *std::ranges::find(parsed->groups, "slow", &GroupConfig::name);
    };
    const GroupConfig luxos = slow("driver = \"luxos\"\ntier = \"flexible\"\nfloor_w = 1500\n");
    CHECK(luxos.flexible.order == std::vector{FlexStep::power, FlexStep::sleep});
    CHECK(luxos.flexible.floor == Power{1'500});
    CHECK(luxos.flexible.turn == 0);
    CHECK(luxos.standby == Power{25});
    CHECK(luxos.off_within == Duration{60'000});
    const GroupConfig antminer = slow("driver = \"antminer\"\npassword_file = \"env:P\"\ntier = \"flexible\"\norder = [\"power\"]\nfloor_w = 2500\nlow_power_w = 2400\nturn = 15\noff_within_s = 90\n");
    CHECK(antminer.flexible.order == std::vector{FlexStep::power});
    CHECK(antminer.miners->low_power == Power{2'400});
    CHECK(antminer.flexible.turn == 15);
    CHECK(antminer.off_within == Duration{90'000});
    const GroupConfig epic = slow("driver = \"epic\"\npassword_file = \"env:P\"\ntier = \"flexible\"\n");
    CHECK(epic.flexible.order == std::vector{FlexStep::sleep});
    CHECK(epic.off_within == Duration{45'000});
}

TEST_CASE("units become factors, in the site's currency") {
    const auto factor = [](const std::string& unit) {
        const Parsed parsed = parse(replaced(good_site, "EUR/MWh", unit));
        REQUIRE(parsed);
        return signal_named(*parsed, "feed").unit.factor;
    };
    CHECK(factor("USD/MWh") == 1'000'000);
    CHECK(factor("USD/kWh") == 1'000'000'000);
    CHECK(factor("ct/kWh") == 10'000'000);
    CHECK(factor("EUR/MWh") == 1'080'000);
}

TEST_CASE("plausible ranges are kept in our units") {
    const Parsed parsed = parse(replaced(good_site, "interval_s = 300",
                                         "interval_s = 300\nplausible_min = -0.5\nplausible_max = 100"));
    REQUIRE(parsed);
    CHECK(signal_named(*parsed, "feed").plausible_min == -540'000);  // EUR 0.5 at 1.08, in 10^-9 USD per kWh.
    CHECK(signal_named(*parsed, "feed").plausible_max == 108'000'000);
}

TEST_CASE("what gives a strike is exact") {
    const auto economics = [](const std::string& text) {
        const Parsed parsed = parse(replaced(good_site, "hashprice = 45", text));
        REQUIRE(parsed);
        return *parsed->policies[0].price_strike;
    };
    const PriceStrikeConfig by_hash =
        economics("hashprice = 45.123456789\npool_fee_percent = 0.9\noverhead_factor = 1.05");
    CHECK(by_hash.economics == Economics{Price{45'123'456'789}, 9'000, 1'050'000});
    CHECK(economics("strike_per_mwh = 80.1").strike == Price{80'100'000});
    CHECK(economics("strike_per_mwh = -0.1").strike == Price{-100'000});
    CHECK(economics("currency = \"EUR\"\nhashprice = 0.1").economics->hashprice == Price{108'000'000});
}

TEST_CASE("an inventory may come with CRLF, a byte order mark, quotes, and columns in any order") {
    const std::string inventory =
        "\xEF\xBB\xBFwatts,\"id\", host\r\n3500,m-1,\"10.2.0.1\"\r\n\r\n 3250 ,\"m-2\",10.2.0.2";
    const Parsed parsed = parse(good_site, inventory);
    REQUIRE(parsed);
    const auto& machines = parsed->groups.at(1).machines;
    REQUIRE(machines.size() == 2);
    CHECK(machines[0] == MachineConfig{.id = "m-1", .host = "10.2.0.1", .mac = "", .watts = Power{3500}});
    CHECK(machines[1].watts == Power{3250});
}

TEST_CASE("ten thousand machines are read in well under a second") {
    std::string inventory = "id,host,port,mac,watts,joules_per_terahash\n";
    for (int i = 0; i < 10'000; ++i)
        inventory += fmt::format("m-{0:05},10.{1}.{2}.{3},4028,02:00:00:{1:02x}:{2:02x}:{3:02x},3500,17.5\n",
                                 i, 3 + i / 60'000, i / 250, i % 250 + 1);
    const auto began = std::chrono::steady_clock::now();
    const Parsed parsed = parse(good_site, inventory);
    REQUIRE(parsed);
    CHECK(parsed->groups.at(1).machines.size() == 10'000);
    CHECK(std::chrono::steady_clock::now() - began <
          std::chrono::seconds{10});  // Debug, sanitizers, a busy machine.
}

TEST_CASE("no text crashes the parser") {
    std::mt19937 random{7};
    const auto mangled = [&](std::string text) {
        for (int i = 0; i < 3; ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
            case 0: text.erase(at, random() % 30); break;
            case 1: text[at] = static_cast<char>(random() % 256); break;
            case 2: text.insert(at, text.substr(random() % text.size(), random() % 40)); break;
            default: text.insert(at, 1, "\"[]{}=.\n,#"[random() % 10]);
            }
        }
        return text;
    };
    int refused = 0;
    for (int i = 0; i < 400; ++i) {
        refused += parse(mangled(good_site)) ? 0 : 1;
        refused += parse(good_site, mangled(good_inventory)) ? 0 : 1;
    }
    CHECK(refused > 100);
    CHECK(!parse("a = " + std::string(100'000, '[')));
}

}  // namespace
}  // namespace ballast
