#include "drivers/asic/health_sums.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::asic {

void HealthSums::Named::add(std::string_view machine, const std::string& ails) {
    if (++count <= most_named) names += fmt::format("{}{} ({})", count == 1 ? "" : ", ", machine, ails);
}

std::string HealthSums::Named::text() const { return count > most_named ? fmt::format("{} and {} more", names, count - most_named) : names; }

std::size_t HealthSums::group(std::string_view name) {
    const auto known = std::ranges::find(groups_, name, &Group::name);
    if (known != groups_.end()) return static_cast<std::size_t>(known - groups_.begin());
    groups_.emplace_back().name = name;
    return groups_.size() - 1;
}

void HealthSums::judged(std::size_t at, std::string_view machine, const std::string& ails, Steady now) {
    Group& group = groups_[at];
    --group.awaited;
    if (group.back++ == 0) group.since = now;
    if (!ails.empty()) group.unwell.add(machine, ails);
    any_ = true;
}

void HealthSums::fell_ill(std::size_t at, std::string_view machine, const std::string& ails, Steady now) {
    Named& ill = groups_[at].ill;
    if (ill.count == 0) ill.since = now;
    ill.add(machine, ails);
    any_ = true;
}

std::vector<std::string> HealthSums::due(Steady now) {
    std::vector<std::string> lines;
    if (!any_) return lines;
    any_ = false;
    for (Group& group : groups_) {
        if (group.back > 0 && (group.awaited == 0 || now >= group.since + longest)) {
            if (group.unwell.count > 0) lines.push_back(fmt::format("{} of {} of {} came back short, hot or without a pool: {}", group.unwell.count, group.back, group.name, group.unwell.text()));
            group.back = 0;
            group.unwell = {};
        }
        if (group.ill.count > 0 && now >= group.ill.since + gathers) {
            lines.push_back(fmt::format("{} of {} run short, hot or without a pool: {}", group.ill.count, group.name, group.ill.text()));
            group.ill = {};
        }
        any_ |= group.back > 0 || group.ill.count > 0;
    }
    return lines;
}

}  // namespace ballast::asic
