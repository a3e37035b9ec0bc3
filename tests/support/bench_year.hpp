#pragma once
#include "model/economics.hpp"
#include "model/site.hpp"
#include "policies/price_strike.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// The fleet that make_year.py writes beside its prices, as a site and its policies: strikes from hashprice 45, pool fee 1 %,
/// overhead 1.05, as backtest_numpy.py has them.
namespace ballast::support {

struct BenchYear {
    Site site;
    std::vector<Policy> policies;
    SourceId prices{0};
};

namespace detail {
inline std::vector<std::vector<std::string>> rows_of(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error{path + ": may not be read"};
    std::vector<std::vector<std::string>> rows;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        if (line.ends_with('\r')) line.pop_back();
        std::istringstream fields{line};
        rows.emplace_back();
        for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
    }
    return rows;
}
}  // namespace detail

inline BenchYear bench_year(const std::string& folder) {
    struct Machine {
        std::string id;
        std::int64_t watts, millijoules;
    };
    std::map<std::string, std::vector<Machine>> machines;
    for (const auto& row : detail::rows_of(folder + "/fleet.csv"))
        machines[row.at(1)].push_back({row.at(0), std::stoll(row.at(3)), std::llround(std::stod(row.at(4)) * 1'000)});

    BenchYear year;
    year.site.name = "bench";
    year.site.sources.push_back({.name = "prices", .on_stale = OnStale::hold, .stale_after = Duration{0}});
    const Economics economics{Price{45'000'000'000}, 10'000, 1'050'000};
    std::map<unsigned, std::vector<GroupId>> by_up_after;
    for (const auto& row : detail::rows_of(folder + "/groups.csv")) {
        auto& members = machines[row.at(0)];
        std::ranges::stable_sort(members, std::ranges::greater{}, &Machine::millijoules);
        Site::Group group;
        group.name = row.at(0);
        group.driver = "luxos";
        group.tier = Tier::interruptible;
        group.economics = economics;
        group.min_off = std::chrono::minutes{std::stoll(row.at(2))};
        group.loads = {static_cast<Slot>(year.site.loads.size()), static_cast<Slot>(year.site.loads.size() + members.size())};
        for (const Machine& m : members) year.site.loads.push_back({m.id, Power{m.watts}, m.millijoules, break_even(economics, m.millijoules)});
        by_up_after[static_cast<unsigned>(std::stoul(row.at(1)))].push_back(GroupId{static_cast<std::uint16_t>(year.site.groups.size())});
        year.site.groups.push_back(std::move(group));
    }
    for (auto& [up_after, groups] : by_up_after) {
        const PolicyId id{static_cast<std::uint16_t>(year.policies.size())};
        year.site.policies.push_back("strike-up-after-" + std::to_string(up_after));
        year.policies.push_back(policies::price_strike({.policy = id, .prices = year.prices, .groups = std::move(groups), .down_after = 1, .up_after = up_after}));
    }
    return year;
}

}  // namespace ballast::support
