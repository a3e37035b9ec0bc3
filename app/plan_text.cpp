#include "app/binding_text.hpp"
#include "app/decision_text.hpp"
#include "app/plan.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

std::string names_of(const std::vector<Slot>& loads, const Site& site) {
    std::string text;
    for (const Slot s : loads) text += (text.empty() ? "" : ", ") + site.loads[s].name;
    return text;
}

std::string ago(Duration age) {
    const auto s = age.count() / 1'000;
    if (s < 120) return fmt::format("{} s ago", s);
    if (s < 2 * 3'600) return fmt::format("{} min ago", s / 60);
    return s < 48 * 3'600 ? fmt::format("{} h ago", s / 3'600) : fmt::format("{} days ago", s / 86'400);
}

/// "policy a", or "policies a and b": whose price words bind.
std::string priced_by(const Plan& plan) {
    std::vector<std::string_view> names;
    for (const Binding& b : plan.binding)
        if (const std::string& name = plan.model.site.policies[index(b.why.policy)]; b.scope.kind == Scope::Kind::group && std::ranges::find(names, name) == names.end()) names.push_back(name);
    return fmt::format("{} {}", names.size() == 1 ? "policy" : "policies", fmt::join(names, " and "));
}

/// Who sets the number: the tightest of what binds.
std::string headline(const Plan& plan) {
    const std::string asked = fmt::format("If {}", plan.wish);
    if (!plan.refused.empty()) return fmt::format("{}, nothing would come of it: {}.\n", asked, plan.refused);
    const auto binds = std::ranges::find_if(plan.binding, [&](const Binding& b) { return plan.price == (b.scope.kind == Scope::Kind::group); });
    if (binds == plan.binding.end()) return fmt::format("{}, nothing would bind.\n", asked);
    const std::string& policy = plan.model.site.policies[index(binds->why.policy)];
    if (plan.price) return fmt::format("{}, {} would put {} load(s) to sleep and wake {}.\n", asked, priced_by(plan), plan.down().loads.size(), plan.up().loads.size());
    return fmt::format("{}, policy {} would bind {} to {} ({}).\n", asked, policy, name_of(binds->scope, plan.model.site), print(binds->limit), name_of(binds->why.reason));
}

std::string state_of(const Plan& plan) {
    if (!plan.as_of) return fmt::format("There is no journal {}: every load is taken to run at its nameplate, with no price, meter or person heard yet.\n", plan.journal);
    const std::string old = plan.age > std::chrono::minutes{10} ? "; what has changed since is not in here: is `ballast run` running?" : "";
    return fmt::format("The site stands as journal {} last had it, {} ({}){}.\n", plan.journal, ago(plan.age), utc_text(plan.as_of.value()), old);
}

std::string loud(const Plan& plan) {
    if (plan.shortfall() <= Power{}) return {};
    std::size_t preparing = 0;
    for (const PlannedGroup& group : plan.groups)
        for (const LeftAlone& part : group.left_alone)
            if (part.code == "awaits_checkpoint" || part.code == "in_notice") preparing += part.loads.size();
    if (preparing == 0) return fmt::format("\nSHORTFALL {}: all that may stop would be stopped, and it is not enough.\n", print(plan.shortfall()));
    return fmt::format("\nSHORTFALL {} for now: all that may stop at once would be stopped, and {} flexible load(s) would be asked to prepare and go after that (see what is left alone).\n", print(plan.shortfall()), preparing);
}

/// "31.0 to 29.5 J/TH", as they stand in the order.
std::string efficiency(const PlannedMove& move, const Site& site, bool down) {
    const auto joules = [&](Slot s) { return site.loads[s].joules_per_hash > 0 ? fmt::format("{:.1f}", static_cast<double>(site.loads[s].joules_per_hash) / 1e3) : std::string{"unknown"}; };
    const std::string first = joules(down ? move.loads.front() : move.loads.back()), last = joules(down ? move.loads.back() : move.loads.front());
    return first == last ? first + " J/TH" : fmt::format("{} to {} J/TH", first, last);
}

std::string moves(const Plan& plan, bool down, bool machines) {
    const Site& site = plan.model.site;
    const PlannedMove all = down ? plan.down() : plan.up();
    if (all.loads.empty()) return {};
    std::string text = down ? fmt::format("\n{} would be given by {} load(s), {} in this order, the worst J/TH first:\n", print(all.power), all.loads.size(), all.capped > 0 ? "put to sleep or capped" : "put to sleep")
                            : fmt::format("\n{} would be taken by {} load(s), woken in this order, the best J/TH first:\n", print(all.power), all.loads.size());
    std::size_t n = 0;
    for (const PlannedGroup* group : plan.in_order(down)) {
        const PlannedMove& move = down ? group->down : group->up;
        const Site::Group& g = site.groups[index(group->group)];
        const std::string capped = move.capped > 0 ? fmt::format("  {} run on under a cap", move.capped) : "";
        const std::string silent = move.silent > 0 ? fmt::format("  {} not heard of lately", move.silent) : "";
        text += fmt::format("{:>4}. {:<20} {:>6} of {:<6} {:>12}  {}{}\n", ++n, g.name, move.loads.size(), g.loads.size(), print(move.power), g.tier == Tier::flexible ? "flexible, after all that is interruptible" : efficiency(move, site, down), capped + silent);
        if (machines) text += fmt::format("      {}\n", names_of(move.loads, site));
    }
    return text;
}

std::string left(const Plan& plan, bool machines) {
    const Site& site = plan.model.site;
    std::string text;
    for (const PlannedGroup& group : plan.groups)
        for (const LeftAlone& part : group.left_alone) {
            text += fmt::format("      {:<20} {:>6}  {}\n", site.groups[index(group.group)].name, part.loads.size(), part.why);
            if (machines) text += fmt::format("      {}\n", names_of(part.loads, site));
        }
    return text.empty() ? "" : "\nLeft as they are:\n" + text;
}

std::string outcome(const Plan& plan) {
    std::string text = fmt::format("\nInterruptible load: {} before, {} after.\n", print(plan.before), print(plan.after));
    for (std::size_t i = 0; i < plan.binding.size(); ++i)
        if (plan.price || plan.binding[i].scope.kind != Scope::Kind::group) text += plan.sentences[i] + "\n";
    for (const std::string& remark : plan.remarks) text += fmt::format("Note: {}.\n", remark);
    return text;
}

}  // namespace

std::string print(const Plan& plan, bool machines) {
    constexpr const char* end = "Nothing was sent, nothing was written.\n";
    if (!plan.refused.empty()) return headline(plan) + state_of(plan) + end;
    std::string nobody;
    if (plan.down().loads.empty() && plan.up().loads.empty()) nobody = "\nNo load would move.\n";
    return headline(plan) + state_of(plan) + loud(plan) + moves(plan, true, machines) + moves(plan, false, machines) + nobody + left(plan, machines) +
           outcome(plan) + end;
}

}  // namespace ballast
