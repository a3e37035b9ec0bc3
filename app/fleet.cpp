#include "app/fleet.hpp"

#include "app/config_text.hpp"
#include "app/floor.hpp"
#include "app/floor_text.hpp"
#include "app/held_signals.hpp"
#include "app/rebuilt.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>
#include <boost/url.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace ballast {
namespace {

namespace json = boost::json;

/// By the request, as a URL has it.
std::string target_of(const FleetOptions& options) {
    boost::urls::url target{"/fleet"};
    if (!options.group.empty()) target.params().append({"group", options.group});
    if (options.machines) target.params().append({"machines", "1"});
    return std::string{target.buffer()};
}

Result<json::object> live_floor(const HttpConfig& listens, const FleetOptions& options) {
    const auto body = got_from_daemon(listens, target_of(options));
    if (!body) return tl::unexpected{body.error()};
    boost::system::error_code failed;
    json::value floor = json::parse(*body, failed);
    if (failed || !floor.is_object()) return fail(Errc::malformed, fmt::format("{}:{} answers, but not as Ballast does", listens.host, listens.port));
    return std::move(floor.get_object());
}

/// The newest epoch, executed again to its end.
Result<json::object> journaled_floor(const std::string& path, const FleetOptions& options) {
    const auto journal = JournalReader::open(path);
    if (!journal) return tl::unexpected{journal.error()};
    const auto entry = journal->last_epoch();
    if (!entry) return tl::unexpected{entry.error()};
    if (!*entry) return fail(Errc::refused, fmt::format("journal {} has recorded nothing yet", path));
    const auto epoch = rebuild(*journal, **entry);
    if (!epoch) return tl::unexpected{epoch.error()};
    auto engine = epoch->engine();
    if (!engine) return tl::unexpected{engine.error()};
    LastOrders orders;
    Now at = epoch->entry.began;
    const auto run = execute(*journal, *epoch, *engine, Instant::max(), [&](const Executed& step) {
        orders.step(step.decision);
        at = step.stored.now;
        return true;
    });
    if (!run) return tl::unexpected{run.error()};
    const Site& site = epoch->model.site;
    if (!options.group.empty() && std::ranges::find(site.groups, options.group, &Site::Group::name) == site.groups.end())
        return fail(Errc::refused, fmt::format("journal {} ends before there was a group {}", path, options.group));
    return floor_json(floor_state(engine->state(), site, at, orders), {options.machines, options.group}, false);
}

/// Live where a daemon listens, which then has the last word; `told` keeps why none does, for when the journal has nothing either.
Result<json::object> floor_of(const Config& config, const FleetOptions& options, std::string& told) {
    if (config.http) {
        auto live = live_floor(*config.http, options);
        if (live || live.error().code != Errc::unreachable) return live;
        told = live.error().detail;
    }
    return journaled_floor(config.journal.path, options);
}

enum class Shown { yes, no, unread };  ///< unread: nobody takes what is printed any more.

Shown show(const Config& config, const FleetOptions& options, bool anew, std::FILE* out, std::FILE* errors) {
    std::string told;
    const auto floor = floor_of(config, options, told);
    if (!floor) {
        fmt::print(errors, "ballast: {}{}{}\n", told, told.empty() ? "" : "; and ", floor.error().detail);
        return Shown::no;
    }
    const std::string text = options.json ? wire::plain_json(*floor) + "\n" : floor_text(*floor);
    fmt::print(out, "{}{}", anew ? "\x1b[H\x1b[2J" : "", text);
    return std::fflush(out) == 0 ? Shown::yes : Shown::unread;
}

int wrong_group(const Config& config, const std::string& group, std::FILE* errors) {
    std::vector<std::string> known;
    for (const GroupConfig& one : config.groups) known.push_back(one.name);
    const std::string near = config::nearest(group, known);
    fmt::print(errors, "ballast: there is no group \"{}\"{}\n", group, near.empty() ? fmt::format("; known: {}", config::listed(known)) : fmt::format("; did you mean \"{}\"?", near));
    return 2;
}

int watch(const Config& config, const FleetOptions& options, std::FILE* out, std::FILE* errors) {
    const HeldSignals signals;
    const Duration period{std::llround(*options.watch * 1'000)};
    const bool screen = !options.json && ::isatty(::fileno(out)) != 0;
    bool ever = false;
    do {
        const Shown shown = show(config, options, screen, out, errors);
        if (shown == Shown::unread) break;
        if (shown == Shown::no && !ever) return 1;  // Later a daemon may be down for a moment.
        ever = true;
    } while (!signals.came(period));
    return 0;
}

}  // namespace

int fleet(const FleetOptions& options, std::FILE* out, std::FILE* errors) {
    const auto config = load_config(options.site_file, disk_reader());
    if (!config) {
        std::fputs(print(config.error()).c_str(), errors);
        return 2;
    }
    if (!options.group.empty() && std::ranges::find(config->groups, options.group, &GroupConfig::name) == config->groups.end()) return wrong_group(*config, options.group, errors);
    if (options.watch) return watch(*config, options, out, errors);
    return show(*config, options, false, out, errors) == Shown::no ? 1 : 0;
}

}  // namespace ballast
