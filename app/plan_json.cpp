#include "app/binding_text.hpp"
#include "app/plan.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>

namespace ballast {

namespace json = boost::json;

namespace {

json::array names_of(const std::vector<Slot>& loads, const Site& site) {
    json::array names;
    for (const Slot s : loads) names.emplace_back(site.loads[s].name);
    return names;
}

json::object of(const PlannedMove& move, const Site& site, bool machines) {
    json::object object{{"loads", move.loads.size()}, {"power_w", move.power.count}, {"capped", move.capped}, {"silent", move.silent}};
    if (machines) object["machines"] = names_of(move.loads, site);
    return object;
}

json::object of(const LeftAlone& part, const Site& site, bool machines) {
    json::object object{{"reason", part.code}, {"why", part.why}, {"loads", part.loads.size()}, {"power_w", part.power.count}};
    if (machines) object["machines"] = names_of(part.loads, site);
    return object;
}

json::object of(const PlannedGroup& group, const Site& site, bool machines) {
    json::array left;
    for (const LeftAlone& part : group.left_alone) left.emplace_back(of(part, site, machines));
    const Site::Group& g = site.groups[index(group.group)];
    return {{"group", g.name}, {"loads", g.loads.size()}, {"running", group.running}, {"down", of(group.down, site, machines)},
            {"up", of(group.up, site, machines)}, {"left_alone", std::move(left)}};
}

json::object of(const Binding& b, const std::string& sentence, const Site& site) {
    const bool watts = b.scope.kind != Scope::Kind::group;
    json::object object{{"scope", name_of(b.scope, site)}, {"policy", site.policies[index(b.why.policy)]}, {"reason", name_of(b.why.reason)}};
    object["source"] = b.why.cause == Cause::capacity ? json::value(nullptr) : json::value(site.sources[index(b.why.source)].name);
    object["limit_w"] = watts ? json::value(b.limit.count) : json::value(nullptr);
    object["expected_w"] = b.expected.count;
    object["shortfall_w"] = b.shortfall.count;
    object["sentence"] = sentence;
    return object;
}

json::array order_of(const Plan& plan, bool down) {
    json::array names;
    for (const PlannedGroup* group : plan.in_order(down)) names.emplace_back(plan.model.site.groups[index(group->group)].name);
    return names;
}

json::array list_of(const std::vector<std::string>& texts) {
    json::array list;
    for (const std::string& text : texts) list.emplace_back(text);
    return list;
}

}  // namespace

std::string to_json(const Plan& plan, bool machines) {
    const Site& site = plan.model.site;
    json::array groups, binding;
    for (const PlannedGroup& group : plan.groups) groups.emplace_back(of(group, site, machines));
    for (std::size_t i = 0; i < plan.binding.size(); ++i) binding.emplace_back(of(plan.binding[i], plan.sentences[i], site));
    json::object object{{"site", site.name}, {"wish", plan.wish}, {"journal", plan.journal}};
    object["as_of"] = plan.as_of ? json::value(utc_text(*plan.as_of)) : json::value(nullptr);
    object["refused"] = plan.refused.empty() ? json::value(nullptr) : json::value(plan.refused);
    object["shortfall_w"] = plan.shortfall().count;
    object["down"] = of(plan.down(), site, false);
    object["down_order"] = order_of(plan, true);
    object["up"] = of(plan.up(), site, false);
    object["up_order"] = order_of(plan, false);
    object["interruptible_before_w"] = plan.before.count;
    object["interruptible_after_w"] = plan.after.count;
    object["binding"] = std::move(binding);
    object["groups"] = std::move(groups);
    object["remarks"] = list_of(plan.remarks);
    return wire::plain_json(object);
}

}  // namespace ballast
