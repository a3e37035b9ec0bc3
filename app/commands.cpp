#include "app/commands.hpp"

#include "app/audit.hpp"
#include "app/check.hpp"
#include "app/config.hpp"
#include "app/config_text.hpp"
#include "app/discover.hpp"
#include "app/explain.hpp"
#include "app/fleet.hpp"
#include "app/person.hpp"
#include "app/http.hpp"
#include "app/output.hpp"
#include "app/plan.hpp"
#include "app/presets.hpp"
#include "app/receipt.hpp"
#include "app/replay.hpp"
#include "app/run.hpp"
#include "app/simulate.hpp"
#include "app/site_of.hpp"
#include "app/version.hpp"
#include "model/names.hpp"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace ballast {

namespace {

/// What one command was told, and what it then does.
struct Chosen {
    std::function<int()> command;
    bool only_logs = false;  ///< What it prints is a log: losing that is no reason to call it failed.
};

/// A number of the command line, to be read once it is one: CLI11's own range lets "nan" and an unsigned -1 through.
CLI::Validator within(double least, double most) {
    const std::string allowed = fmt::format("{} to {}", least, most);
    const auto fault = [=](const std::string& text) -> std::string {
        double value = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = failed == std::errc{} && end == text.data() + text.size();
        return whole && value >= least && value <= most ? "" : fmt::format("\"{}\" is not allowed; allowed: a number, {}", text, allowed);
    };
    return CLI::Validator{fault, allowed, "within"};
}

std::string whole_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = failed == std::errc{} && end == text.data() + text.size();
    return whole ? "" : fmt::format("\"{}\" is not allowed; allowed: a whole number, 0 to {}", text, UINT64_MAX);
}

void add_check(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("check", "Every fault of a site file at once; else its power budget");
    auto site = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("SITE.toml", *site, "The site file")->required();
    command->add_flag("--json", *json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return check(*site, *json); }; });
}

int print_presets(const std::string& name) {
    if (name.empty()) {
        for (const Preset& preset : presets()) fmt::print("{:22}  {}\n", preset.name, preset.title);
        return 0;
    }
    const Preset* preset = preset_named(name);
    if (preset) fmt::print("# {}{}", preset->title, preset->toml);
    else fmt::print(stderr, "ballast: there is no preset {}; `ballast presets` lists them\n", name);
    return preset ? 0 : 2;
}

void add_presets(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("presets", "The programmes that are shipped; with a name, its keys and where they come from");
    auto name = std::make_shared<std::string>();
    command->add_option("NAME", *name, "A preset's name (default: list them)");
    command->callback([=, &chosen] { chosen.command = [=] { return print_presets(*name); }; });
}

void add_run(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("run", "The daemon: decides, journals, orders, proves");
    auto options = std::make_shared<RunOptions>();
    command->add_option("SITE.toml", options->site_file, "The site file")->required();
    command->add_flag("--dry-run", options->dry_run, "Decide, but send nothing: no order, no heartbeat, no state; begins as the journal says, writes to JOURNAL.dry-run.db");
    command->footer("SIGTERM leaves loads as [site] on_exit says. SIGHUP reloads the site file if it is sound.");
    command->callback([=, &chosen] { chosen = {[=] { return run(*options); }, true}; });
}

/// Seconds on the command line, with a fraction.
void add_seconds(CLI::App& command, const std::string& name, std::function<void(Duration)> take, const std::string& help) {
    command.add_option_function<double>(name, [take](double s) { take(Duration{static_cast<Duration::rep>(s * 1000)}); }, help)->check(within(0, 1e8));
}

void add_simulate(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("simulate", "Every device, meter and utility a site file names, on loopback");
    auto options = std::make_shared<SimulateOptions>();
    command->add_option("SITE.toml", options->site_file, "The site file; every host in it must be loopback")->required();
    auto* prices = command->add_option("--prices", options->prices, "A price history; the utility publishes it over MQTT");
    command->add_option("--format", options->format, "Of the history (else recognised)")->needs(prices);
    command->add_option("--node", options->node, "The location to take from it")->needs(prices);
    command->add_option("--from", options->from, "2024-08-20, or a time with its zone")->needs(prices);
    command->add_option("--to", options->to, "Likewise")->needs(prices);
    command->add_option("--speed", options->speed, "History seconds a second")->check(within(0.001, 1e6))->capture_default_str();
    command->add_option("--seed", options->seed, "Decides everything that is left to chance")->check(CLI::Validator{whole_number, "", "seed"})->capture_default_str();
    command->add_option("--faults", options->faults, "hung=5,lies=1,poi:silent@60+20,block-a:trip@90,gpu-hall:transfer@30");
    add_seconds(*command, "--for", [options](Duration d) { options->lasts = d; }, "Seconds; else until SIGINT or SIGTERM");
    add_seconds(*command, "--full-after", [options](Duration d) { options->full_after = d; }, "Seconds from a wake to full power; else 180 to 360");
    add_seconds(*command, "--hall-grows", [options](Duration d) { options->hall_grows = d; }, "Seconds in which GPU halls grow from half to four fifths; else 120");
    command->callback([=, &chosen] { chosen.command = [=] { return simulate(*options); }; });
}

void add_discover(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("discover", "Miners of a network: what they are, asked gently and without an order; writes inventories");
    auto o = std::make_shared<DiscoverOptions>();
    command->add_option("NETWORK", o->networks, "10.0.0.0/24, /16 at most, or one address; several if need be")->required();
    auto* csv = command->add_option("--csv", o->csv, "Write the inventory that a site file names; of several makes one file each, FILE-MAKE");
    command->add_flag("--force", o->force, "Overwrite that file")->needs(csv);
    command->add_option("--site", o->site_file, "Compare with this site file: new, missing, moved, another identity, another make");
    command->add_option("--rate", o->rate, "Connections begun in a second")->check(within(1, 10'000))->capture_default_str();
    command->add_option("--open", o->open, "Connections at once")->check(within(1, 1'000))->capture_default_str();
    command->add_option_function<double>("--timeout", [o](double s) { o->timeout = Duration{static_cast<Duration::rep>(s * 1'000)}; }, "Seconds for one connection; else 3")->check(within(0.01, 60));
    command->add_option("--password-file", o->password_files, "antminer=FILE or braiins=FILE: these tell their MAC only behind a login; no password goes to any other make")->allow_extra_args(false);
    command->add_option("--user", o->users, "antminer=NAME or braiins=NAME (default: root)")->allow_extra_args(false);
    command->add_option("--api-port", o->api_port, "Of cgminer's API, WhatsMiner v2 and ePIC")->check(within(1, 65'535))->capture_default_str();
    command->add_option("--v3-port", o->v3_port, "Of WhatsMiner v3")->check(within(1, 65'535))->capture_default_str();
    command->add_option("--http-port", o->http_port, "Of web interfaces")->check(within(1, 65'535))->capture_default_str();
    command->add_flag("--json", o->json, "One JSON object");
    command->footer("Examples:\n"
                    "  ballast discover 10.0.0.0/24                              a table: address, make, model, MAC, mode, watts\n"
                    "  ballast discover 10.0.0.0/24 --csv miners.csv             and the inventory for [[group]] inventory = \"miners.csv\"\n"
                    "  ballast discover 10.0.0.0/24 10.0.1.0/24 --site pecos.toml  what is new, missing or has moved\n"
                    "Ctrl-C ends it and prints what there is so far. docs/discover.md says what is asked, and what cannot be seen.\n"
                    "Exit status: 0 done, 1 it differs from the site file, was interrupted or could not write, 2 the input is wrong.");
    command->callback([=, &chosen] { chosen.command = [=] { return discover(*o); }; });
}

void add_replay(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("replay", "A price history through the same engine: what the policies would have done, and the bill");
    auto o = std::make_shared<ReplayOptions>();
    command->add_option("SITE.toml", o->site, "The site file")->required();
    command->add_option("--prices", o->prices, "The history: ERCOT, AESO or gridstatus CSV, recognised by content")->required();
    command->add_option("--format", o->format, "Read it as this, instead of recognising it");
    command->add_option("--node", o->node, "Which node or column of it");
    command->add_option("--from", o->from, "From this day (2024-03-01, on the market's clock) or RFC 3339 instant");
    command->add_option("--to", o->to, "Up to it, not included");
    command->add_option("--price-known", o->price_known, "When a price is known: start, end (only when its interval is over: decisions come an interval late), +SECONDS after the start, day-ahead (default: the market's own rule)");
    auto* settle = command->add_option("--settle", o->settle, "The history that bills, if another");
    command->add_option("--settle-node", o->settle_node, "Which node or column of that")->needs(settle);
    auto* ahead = command->add_option("--day-ahead", o->day_ahead, "The history that [site] hedge_kw was bought at");
    command->add_option("--day-ahead-node", o->day_ahead_node, "Which node or column of that")->needs(ahead);
    command->add_option("--signal", o->signal, "The price signal that the history speaks for, where the site has several");
    command->add_option("--journal", o->journal, "A new journal that gets every step, for explain and audit");
    command->add_flag("--json", o->json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return replay(*o); }; });
}

void add_plan(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("plan", "What a limit, a price or a signal would move now, and what it would not and why; sends nothing");
    auto o = std::make_shared<PlanOptions>();
    command->add_option("SITE.toml", o->site_file, "The site file; its journal says how the site stands")->required();
    auto* wish = command->add_option_group("wish", "What is asked of the site");
    wish->add_option("--limit", o->limit, "At most so much at the grid connection, with its unit: 12MW, 11500kW");
    wish->add_option("--price", o->price, "A price in the site's currency per MWh: 85; or with its unit: 8.5ct/kWh");
    wish->add_option("--event", o->event, "A file with one signal as MQTT would bring it (docs/mqtt.md)");
    wish->require_option(1);
    command->add_option("--signal", o->signal, "Whose word it is: a [[signal]] of the site file (default: the first that a policy listens to)");
    command->add_flag("--machines", o->machines, "Name every machine, not only how many");
    command->add_flag("--json", o->json, "One JSON object");
    command->footer("Examples:\n"
                    "  ballast plan pecos.toml --limit 2MW             would 2 MW be met, by whom, and who is left alone?\n"
                    "  ballast plan pecos.toml --price 85              who stops at 85 a MWh?\n"
                    "  ballast plan pecos.toml --event drill.json      what would this message do?\n"
                    "  ballast plan pecos.toml --limit 0kW --machines  every machine by name\n"
                    "The site stands as its journal says, also while `ballast run` runs; without a journal all is taken to run at nameplate.\n"
                    "Exit status: 0 it can be met, 1 it cannot (SHORTFALL) or the journal cannot be read, 2 the input is wrong.");
    command->callback([=, &chosen] { chosen.command = [=] { return plan(*o); }; });
}

void add_fleet(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("fleet", "The floor: who runs, rests, is silent or unwell, what is drawn and who says so, the last orders and errors");
    auto o = std::make_shared<FleetOptions>();
    command->add_option("SITE.toml", o->site_file, "The running daemon's site file")->required();
    command->add_option("--group", o->group, "Only this group, machine by machine");
    command->add_flag("--machines", o->machines, "Every machine, not only how many");
    command->add_option_function<double>("--watch", [o](double s) { o->watch = s; }, "Again and again, so many seconds apart; in a terminal in place")->expected(0, 1)->default_str("2")->check(within(0.2, 3'600));
    command->add_flag("--json", o->json, "One JSON object (docs/schema/fleet.json); with --watch one a line");
    command->footer("Examples:\n"
                    "  ballast fleet pecos.toml                      by group\n"
                    "  ballast fleet pecos.toml --group miners-a     one group, machine by machine\n"
                    "  ballast fleet pecos.toml --watch 5            every five seconds, until Ctrl-C\n"
                    "Asks the running daemon where the site file has [http]; else tells how its journal ends, and says as of when.\n"
                    "Exit status: 0 done, 1 neither a daemon nor a journal, or the daemon did not tell, 2 the site file or the group is wrong.");
    command->callback([=, &chosen] { chosen.command = [=] { return fleet(*o); }; });
}

// ---- what the journal says

void add_explain(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("explain", "Why a load is or was as it is, by executing the journal again");
    auto o = std::make_shared<ExplainOptions>();
    command->add_option("DB", o->journal, "The journal")->required();
    auto* load = command->add_option("--load", o->load, "A load's name (default: the site as a whole)");
    auto* at = command->add_option("--at", o->at, "A moment, RFC 3339 (default: the journal's end)");
    command->add_option("--event", o->event, "Instead of a load: an event's id or number")->excludes(load)->excludes(at);
    command->add_flag("--json", o->json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return explain(*o); }; });
}

void add_receipt(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("receipt", "The shed receipt of an event: what was asked, what the meter showed, who did not obey");
    auto o = std::make_shared<ReceiptOptions>();
    command->add_option("DB", o->journal, "The journal")->required();
    command->add_option("EVENT", o->event, "A signal's id, an event's name or number (default: list them)");
    command->add_flag("--json", o->json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return receipt(*o); }; });
}

void add_audit(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("audit", "Executes every epoch of the journal again and compares each decision, byte for byte");
    auto o = std::make_shared<AuditOptions>();
    command->add_option("DB", o->journal, "The journal")->required();
    command->add_flag("--json", o->json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return audit(*o); }; });
}

// ---- a person's word

struct Said {
    std::string site_file;
    OperatorWord word;
    double hours = 0;
    std::string lasts, limit;   ///< As typed.
    bool runs = false, json = false;
};

/// "90s", "30m", "4h", "2d"
std::optional<Duration> span_of(const std::string& text) {
    double number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3'600 : unit == "d" ? 86'400 : 0;
    const double all = number * seconds;
    if (failed != std::errc{} || !(all >= 1 && all <= 31 * 86'400.0)) return std::nullopt;
    return Duration{static_cast<std::int64_t>(all * 1'000)};
}

/// As one would type it: the greatest unit that leaves no more than two places behind the point.
std::string span_text(Duration span) {
    const double seconds = static_cast<double>(span.count()) / 1e3;
    if (seconds < 120) return fmt::format("{:g} s", seconds);
    if (seconds < 3'600) return fmt::format("{:.4g} min", seconds / 60);
    return fmt::format("{:.4g} h", seconds / 3'600);
}

std::string wrong_span(const std::string& text) {
    return span_of(text) ? "" : fmt::format("\"{}\" is not allowed; allowed: 1s to 31d, as 90s, 30m, 4h or 2d", text);
}

std::string wrong_limit(const std::string& text) {
    const auto power = power_of(text);
    return power ? "" : power.error().detail.substr(power.error().detail.find('"'));  // CLI11 names the option itself.
}

/// What a daemon would not take either, told before it is asked.
std::string too_long(const std::string& text) {
    return text.size() <= most_said ? "" : fmt::format("{} bytes are too many; allowed: 1 to {}", text.size(), most_said);
}

/// What was probably meant by a target that nothing is called; abort's is an event's id, which only the daemon knows.
std::string meant(const Config& config, const OperatorWord& word) {
    if (word.word == Word::abort) return {};  // Whatever it refuses, it says why.
    const SiteModel model = build_site(config);
    std::vector<std::string> known{"site"};
    if (word.word == Word::override_ || word.word == Word::clear)
        for (const Site::Feeder& feeder : model.site.feeders) known.push_back(feeder.name);
    for (const Site::Group& group : model.site.groups) known.push_back(group.name);
    const std::string wide = config::listed(known);
    for (const Site::Load& load : model.site.loads) known.push_back(load.name);
    if (std::ranges::find(known, word.target) != known.end()) return {};
    const std::string near = config::nearest(word.target, known);
    if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
    return fmt::format("; known: {}, and each load by its name", wide);
}

/// One line, for people or for programs: what the daemon has taken.
void tell_taken(const Said& said, const OperatorWord& word) {
    if (said.json) return fmt::print("{{\"ok\":true,\"taken\":{}}}\n", word_json(word));
    const std::string lasts = word.lasts > Duration{0} ? " for " + span_text(word.lasts) : "";
    fmt::print("{} {}{}: taken by the daemon (said by {}: {})\n", name_of(word.word), word.target, lasts, word.who, word.why);
}

int say(const Said& said) {
    const auto config = load_config(said.site_file, disk_reader());
    if (!config) {
        std::fputs(print(config.error()).c_str(), stderr);
        return 2;
    }
    OperatorWord word = said.word;
    word.lasts = said.lasts.empty() ? Duration{static_cast<std::int64_t>(said.hours * 3'600'000)} : *span_of(said.lasts);
    if (!said.limit.empty()) word.limit = *power_of(said.limit);
    const auto answer = say_to_daemon(word_socket_of(config->journal.path), word);
    if (answer) return tell_taken(said, word), 0;
    const bool refused = answer.error().code == Errc::refused;
    fmt::print(stderr, "ballast: {}{}\n", answer.error().detail, refused ? meant(*config, word) : "");
    return refused ? 2 : 1;
}

/// All but a lockout and a clear may expire; all but an abort of those must.
void add_expiry(CLI::App& command, Said& said) {
    const Word word = said.word.word;
    if (word == Word::lockout || word == Word::clear) return;
    auto* ends = command.add_option_group("ends", "When it ends by itself");
    ends->add_option("--for", said.lasts, "So long: 90s, 30m, 4h, 2d")->check(CLI::Validator{wrong_span, "", "span"});
    ends->add_option("--hours", said.hours, "So many hours")->check(within(0.001, 744));
    if (word == Word::abort) {
        ends->require_option(0, 1);
        command.add_flag("--force", said.word.force, "Also what protects: an emergency, the contract; needs --for of at most 1h");
        return;
    }
    ends->require_option(1);
    if (word != Word::override_) return;
    auto* wish = command.add_option_group("wish", "What is to hold meanwhile");
    wish->add_option("--limit", said.limit, "Draw at most so much, with its unit: 12MW, 11500kW")->check(CLI::Validator{wrong_limit, "", "limit"});
    wish->add_flag("--run", said.runs, "Run whatever the price; what is owed to others still counts");
    wish->require_option(1);
}

void add_word(CLI::App& app, Chosen& chosen, Word word, const std::string& name, const std::string& help, const std::string& target) {
    auto* command = app.add_subcommand(name, help);
    auto said = std::make_shared<Said>();
    said->word.word = word;
    const char* user = std::getenv("USER");
    said->word.who = user ? user : "";
    command->add_option("SITE.toml", said->site_file, "The running daemon's site file")->required();
    const CLI::Validator short_enough{too_long, "", "length"};
    command->add_option("TARGET", said->word.target, target)->required()->check(short_enough);
    command->add_option("--who", said->word.who, "Who says so (default: $USER)")->required(said->word.who.empty())->check(short_enough);
    command->add_option("--why", said->word.why, fmt::format("Why, in {} bytes at most; it goes into the journal", most_said))->required()->check(short_enough);
    add_expiry(*command, *said);
    command->add_flag("--json", said->json, "One JSON object");
    command->callback([=, &chosen] { chosen.command = [=] { return say(*said); }; });
}

void add_words(CLI::App& app, Chosen& chosen) {
    const std::string load = "A machine, a group, or \"site\"";
    add_word(app, chosen, Word::hold, "hold", "For a while neither raise nor lower for money; obligations still count", load);
    add_word(app, chosen, Word::lockout, "lockout", "Never raise or close it, until cleared", load);
    add_word(app, chosen, Word::clear, "clear", "Lift lockouts, holds, and the latch of what something else put to rest; an override, maintenance; arm a policy again that was aborted", load + "; or such a policy");
    add_word(app, chosen, Word::abort, "abort", "End an event before its time, and disarm the policy that answered it until it is cleared, or for a while", "The event's id, or the policy");
    add_word(app, chosen, Word::maintenance, "maintenance", "People work on it: put it to rest, then leave it alone, and keep free what it may draw", load);
    add_word(app, chosen, Word::override_, "override", "A limit of your own for a while, or a word to run whatever the price; the tightest limit holds", "\"site\", a feeder or a group");
}

// ---- what a command line gets that is none

/// One line: which command, what is wrong, where to look.
std::string complaint(const CLI::App* app, const CLI::Error& error) {
    const auto chosen = app->get_subcommands();
    if (chosen.empty()) {
        std::string known;
        for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) known += (known.empty() ? "" : ", ") + command->get_name();
        const auto rest = app->remaining();
        const std::string what = rest.empty() ? "no command is given" : fmt::format("\"{}\" is no command", rest.front());
        return fmt::format("ballast: {}; known: {}; see `ballast --help`\n", what, known);
    }
    const std::string command = "ballast " + chosen.front()->get_name();
    const auto rest = app->remaining(true);
    const std::string what = rest.empty() ? std::string{error.what()} : fmt::format("\"{}\" is not expected", fmt::join(rest, "\", \""));
    return fmt::format("{}: {}; see `{} --help`\n", command, what, command);
}

/// An empty word is a shell variable that was not set, and never meant.
bool all_say_something(const std::string& name, const CLI::App& command) {
    for (const CLI::Option* option : command.get_options())
        for (const std::string& word : option->results())
            if (word.empty()) {
                fmt::print(stderr, "ballast {}: {} is empty; give it a value, or leave it out\n", name, option->get_name());
                return false;
            }
    const auto groups = command.get_subcommands([](const CLI::App*) { return true; });
    return std::ranges::all_of(groups, [&](const CLI::App* group) { return all_say_something(name, *group); });
}

bool all_say_something(const CLI::App& app) {
    return std::ranges::all_of(app.get_subcommands(), [](const CLI::App* command) { return all_say_something(command->get_name(), *command); });
}

}  // namespace

int command_line(int argc, char** argv) {
    CLI::App app{"Ballast: the load orchestrator of hybrid compute sites.\nKeeps the firm load up, makes the interruptible ASICs give way within seconds, proves it at the meter."};
    app.require_subcommand(1);
    app.set_version_flag("--version", version_text, "What this is, and which journals it reads");
    app.failure_message(complaint);
    Chosen chosen;
    add_check(app, chosen);
    add_presets(app, chosen);
    add_run(app, chosen);
    add_simulate(app, chosen);
    add_discover(app, chosen);
    add_replay(app, chosen);
    add_plan(app, chosen);
    add_fleet(app, chosen);
    add_explain(app, chosen);
    add_receipt(app, chosen);
    add_audit(app, chosen);
    add_words(app, chosen);
    app.footer("Exit status: 0 done, 1 the work failed or its output could not be written, 2 the input is wrong.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return with_output([&] { return app.exit(e) == 0 ? 0 : 2; });
    }
    if (!all_say_something(app)) return 2;
    return chosen.only_logs ? chosen.command() : with_output(chosen.command);
}

}  // namespace ballast
