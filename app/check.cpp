#include "app/check.hpp"

#include "app/budget.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace ballast {

namespace {

int refuse(const std::vector<Fault>& faults, bool json) {
    if (!json) {
        std::fputs(print(faults).c_str(), stderr);
        return 2;
    }
    boost::json::array list;
    for (const Fault& fault : faults) list.push_back({{"file", fault.file}, {"line", fault.line}, {"column", fault.column}, {"text", fault.text}});
    std::puts(wire::plain_json(boost::json::object{{"ok", false}, {"faults", std::move(list)}}).c_str());
    return 2;
}

}  // namespace

int check(const std::string& site_file, bool json) {
    const auto config = load_config(site_file, disk_reader());
    if (!config) return refuse(config.error(), json);
    const auto faults = check_surroundings(*config, disk_reader());
    if (!faults.empty()) return refuse(faults, json);
    const SiteModel model = build_site(*config);
    std::fputs((json ? power_budget_json(*config, model) : power_budget(*config, model)).c_str(), stdout);
    if (json) std::putchar('\n');
    return 0;
}

}  // namespace ballast
