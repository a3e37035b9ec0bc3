#include "app/takeover.hpp"

#include <fmt/format.h>

namespace ballast {

std::vector<Fault> takes_a_restart(const Config& running, const Config& next) {
    std::vector<Fault> faults;
    const std::string& file = next.files.front().path;
    const Position path = next.journal.path_at;
    if (next.site.name != running.site.name)
        faults.push_back({file, 0, 0, fmt::format("[site] 'name' was \"{}\" and is \"{}\", under which everything is heard and published; that takes a restart", running.site.name, next.site.name)});
    if (next.journal.path != running.journal.path)
        faults.push_back({file, path.line, path.column, fmt::format("the journal was \"{}\" and is \"{}\"; that takes a restart. Move the file there before it: a new one knows nothing of what is in force", running.journal.path, next.journal.path)});
    return faults;
}

std::vector<std::string> resting_by_us(const Engine& engine) {
    const Site& site = engine.site();
    std::vector<std::string> names;
    for (const Site::Group& group : site.groups)
        for (Slot s = group.loads.first; group.tier != Tier::firm && s < group.loads.last; ++s)
            if (!engine.state().loads[s].on) names.push_back(site.loads[s].name);
    return names;
}

std::string departed_sentence(const std::vector<std::string>& resting, const SiteModel& now) {
    constexpr std::size_t most_named = 10;
    std::string names;
    std::size_t count = 0;
    for (const std::string& name : resting) {
        if (now.slots.contains(name)) continue;
        if (++count <= most_named) names += (count == 1 ? "" : ", ") + name;
    }
    if (count == 0) return {};
    if (count > most_named) names += fmt::format(" and {} more", count - most_named);
    return fmt::format("{} load(s) rest by our order and are not in the site file any more: {}. Nobody wakes them now: do it by hand. Put back while asleep they are taken for somebody else's, until `ballast clear`", count, names);
}

}  // namespace ballast
