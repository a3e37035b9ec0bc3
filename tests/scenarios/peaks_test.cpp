#include "app/binding_text.hpp"
#include "app/config.hpp"
#include "app/site_of.hpp"
#include "app/wiring.hpp"
#include "controller/engine.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"
#include "tests/catch.hpp"
#include "wire/rfc3339.hpp"
#include "wire/signal_json.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

using namespace ballast;
using namespace std::chrono_literals;

namespace {

const std::string folder = std::string{PROJECT_DIR} + "/tests/scenarios/";

std::string text_of(const std::string& path) {
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// tests/scenarios/peaks/*.toml on tests/scenarios/site.toml: nineteen days of a month by their highest demand, then one by the hour.
struct PeakDay {
    std::string title, policy, signal, currency;
    Instant begins{}, peak{}, silent_from{};
    Duration interval{};
    double value_per_kw = 0;
    std::vector<double> before, hours;   ///< MW.

    double demand(Instant at) const {
        const double hour = static_cast<double>((at - begins).count()) / 3.6e6, day = std::floor(hour / 24), of_day = hour - 24 * day;
        const auto i = static_cast<std::size_t>(of_day);
        const double mw = hours[i] + (hours[(i + 1) % 24] - hours[i]) * (of_day - static_cast<double>(i));
        return day < 0 ? mw * before[before.size() - static_cast<std::size_t>(-day)] / std::ranges::max(hours) : mw;
    }
};

PeakDay read_day(const std::string& path) {
    const toml::table table = toml::parse_file(path);
    const std::string text = text_of(path);
    PeakDay day{text.substr(2, text.find('\n') - 2), table["policy"].value_or(std::string{}), table["demand"]["signal"].value_or(std::string{}), table["peak"]["currency"].value_or(std::string{})};
    day.begins = *wire::parse_rfc3339(table["begins"].value_or(std::string{}));
    day.peak = *wire::parse_rfc3339(table["peak"]["start"].value_or(std::string{}));
    day.silent_from = *wire::parse_rfc3339(table["short"][0]["time"].value_or(std::string{}));
    day.interval = std::chrono::minutes{table["peak"]["interval_min"].value_or(15)};
    day.value_per_kw = table["peak"]["value_per_kw"].value_or(0.0);
    for (const auto& mw : *table["demand"]["days_before"].as_array()) day.before.push_back(mw.value_or(0.0));
    for (const auto& mw : *table["demand"]["hours_mw"].as_array()) day.hours.push_back(mw.value_or(0.0));
    return day;
}

/// Loads that do what they are told by the next step, and meters that show it.
struct Plant {
    const Site& site;
    std::vector<bool> on = std::vector<bool>(site.loads.size(), true);
    Power drawn{};

    void obey(std::span<const Order> orders) {
        for (const Order& order : orders) std::fill(on.begin() + order.loads.first, on.begin() + order.loads.last, raises(order.rung));
    }
    void read(Steady now, std::vector<Event>& into) {
        Power behind{100'000};
        drawn = {};
        for (const Site::Group& group : site.groups)
            for (Slot s = group.loads.first; s < group.loads.last; ++s) {
                const bool firm = group.tier == Tier::firm;
                const Power each = firm ? Power{1'000'000} : on[s] ? site.loads[s].rated : group.standby;
                into.push_back(LoadReading{{s, s + 1}, on[s] ? Mode::running : Mode::asleep, Quality::measured, each, now});
                (group.feeder ? behind : drawn) += each;
            }
        drawn += behind;
        into.push_back(MeterReading{MeterId{0}, drawn, now, Quality::measured});
        into.push_back(MeterReading{MeterId{1}, behind, now, Quality::measured});
    }
};

std::string clock(Instant at) { return utc_text(at).substr(5, 11); }

std::string live_through(const PeakDay& day, bool goes_silent) {
    const auto config = parse_config(text_of(folder + "site.toml") + day.policy, folder + "site.toml", disk_reader());
    if (!config) throw std::runtime_error{print(config.error())};
    const SiteModel model = build_site(*config);
    Plant plant{model.site};
    const Instant first = day.begins - std::chrono::days{day.before.size()};
    const auto now = [&](Instant at) { return Now{at, Steady{at - first}}; };
    Engine engine{model.site, build_policies(*config, model), {}, now(first)};
    std::string text, binding;
    std::map<std::string, Slot> orders;
    Int128 drawn = 0;
    bool woken = false;
    for (Instant at = first; at < day.begins + 24h; at += at < day.begins ? 5min : 1min) {
        std::vector<Event> heard;
        const bool told = at.time_since_epoch() % 5min == 0min && !(goes_silent && at >= day.silent_from);
        if (told) heard.push_back(Signal{.source = model.sources.at(day.signal), .kind = SignalKind::system_demand, .issued = at, .start = at, .power = Power{static_cast<std::int64_t>(day.demand(at) * 1e6)}});
        plant.read(now(at).steady, heard);
        if (at >= day.peak && at < day.peak + day.interval) drawn += plant.drawn.count;
        const Decision& decision = engine.step(now(at), heard);
        plant.obey(decision.orders);
        if (at < day.begins) continue;
        orders.clear();
        for (const Order& o : decision.orders)
            orders[fmt::format("{} of {}: {} by {}", name_of(o.rung), engine.site().groups[index(o.group)].name, name_of(o.why.reason), engine.site().policies[index(o.why.policy)])] += o.loads.size();
        for (const auto& [what, loads] : orders)
            if (!what.starts_with("wake")) text += fmt::format("{}  {} {}\n", clock(at), loads, what);
            else if (std::exchange(woken, true) == false) text += fmt::format("{}  the first wake of many: {}\n", clock(at), what);
        if (std::ranges::any_of(orders, [](const auto& order) { return !order.first.starts_with("wake"); })) woken = false;
        for (const Note& note : decision.notes)
            if (note.kind == NoteKind::source_stale) text += fmt::format("{}  {} is silent\n", clock(at), engine.site().sources[note.number].name);
        const auto lowers = std::ranges::find_if(decision.orders, [](const Order& o) { return !raises(o.rung); });
        for (const Binding& b : decision.binding)
            if (lowers != decision.orders.end() && b.why.reason == Reason::coincident_peak && b.scope == Scope::group(lowers->group)) text += fmt::format("{}  {}.\n", clock(at), sentence_of(b, engine.state(), decision.at, config->site.currency));
    }
    const double mw = static_cast<double>(drawn) / 1e6 / static_cast<double>(day.interval / 1min);
    return text + fmt::format("In the {} min from {} that were billed the site drew {:.3f} MW: {:.0f} {}\n", day.interval / 1min, clock(day.peak), mw, mw * 1e3 * day.value_per_kw, day.currency);
}

/// Both days in one text. BALLAST_WRITE_GOLDEN=1 writes it beside the day, to be read and committed.
void compare(const std::string& name) {
    const std::string path = folder + "peaks/" + name;
    const PeakDay day = read_day(path + ".toml");
    const std::string lived = day.title + "\n\n" + live_through(day, false) + "\nThe same day, and the feed falls silent\n\n" + live_through(day, true);
    if (std::getenv("BALLAST_WRITE_GOLDEN")) std::ofstream{path + ".golden"} << lived;
    CHECK(lived == text_of(path + ".golden"));
    const auto both = lived.find("\nThe same day");
    CHECK(lived.find("coincident_peak") < both);                            // They rested for it,
    CHECK(lived.find("the site drew 1.", both - 200) < both);               // and only firm load and standby were billed;
    CHECK(lived.find("is silent", both) != std::string::npos);              // else it is said why not,
    CHECK(lived.find("the site drew 6.", both) != std::string::npos);       // and what that costs.
    CHECK(text_of(std::string{PROJECT_DIR} + "/docs/peaks.md").find(day.policy) != std::string::npos);
}

}  // namespace

TEST_CASE("4CP: the site rests in the month's highest quarter of an hour") { compare("ercot_4cp"); }
TEST_CASE("ICI: the site rests in one of the year's five highest hours") { compare("ieso_ici"); }
