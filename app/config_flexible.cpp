#include "app/config_parts.hpp"

#include "model/names.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

std::vector<FlexStep> steps(Keys& keys, const UsualSteps& usual) {
    if (!keys.has("order")) return usual.order;
    std::string allowed;
    for (const FlexStep step : usual.allowed) allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", name_of(step));
    std::vector<FlexStep> order;
    for (const Keys::Name& name : keys.names("order")) {
        const auto step = std::ranges::find(usual.allowed, name.text, [](FlexStep s) { return std::string{name_of(s)}; });
        if (step != usual.allowed.end()) order.push_back(*step);
        else keys.faults().add(name.at, fmt::format("'order' has \"{}\"; allowed: {}", name.text, allowed));
    }
    return order;
}

/// Whether the steps make sense in this order.
void judge_steps(Keys& keys, const Site::Flexible& flexible) {
    const auto at = [&](FlexStep step) { return std::ranges::find(flexible.order, step) - flexible.order.begin(); };
    if (flexible.has(FlexStep::power) && flexible.has(FlexStep::clock))
        keys.fault("order", "'order' has both power and clock; allowed: one of them, as the agent meets the same watts by either");
    if (flexible.has(FlexStep::sleep) && at(FlexStep::sleep) + 1 < std::ssize(flexible.order))
        keys.fault("order", "'order' goes on after sleep; allowed: sleep as the last step");
    if (!flexible.order.empty() && flexible.order.back() == FlexStep::checkpoint)
        keys.fault("order", "'order' ends with checkpoint, which gives no watts; allowed: checkpoint before power, clock or sleep");
}

void range_of(Keys& keys, GroupConfig& group, const UsualSteps& usual) {
    Site::Flexible& flexible = group.flexible;
    Power smallest{most_watts};
    for (const MachineConfig& load : group.machines) smallest = std::min(smallest, load.watts);
    if (flexible.caps()) flexible.floor = Power{keys.must_number("floor_w", {1, 10'000'000})};
    else keys.refuse("floor_w", "its 'order' has neither power nor clock");
    if (flexible.caps() && keys.has("floor_w") && flexible.floor >= smallest)
        keys.fault("floor_w", fmt::format("'floor_w' is {}; allowed: less than the 'watts' of each load", flexible.floor.count));
    if (usual.standby_read) keys.has("standby_w");
    else if (flexible.has(FlexStep::sleep)) group.standby = Power{keys.must_number("standby_w", {0, 10'000'000})};
    else keys.refuse("standby_w", "its 'order' has no sleep");
    const Power above = flexible.caps() ? flexible.floor : smallest;
    const bool known = (keys.has("standby_w") || usual.standby_read) && (!flexible.caps() || keys.has("floor_w"));
    if (flexible.has(FlexStep::sleep) && known && group.standby >= above)
        keys.fault("standby_w", fmt::format("'standby_w' is {}; allowed: less than {}", group.standby.count, flexible.caps() ? "'floor_w'" : "the 'watts' of each load"));
}

}  // namespace

void parse_flexible(Keys& keys, GroupConfig& group, const UsualSteps& usual) {
    group.flexible.order = steps(keys, usual);
    group.flexible.turn = static_cast<std::uint32_t>(keys.number_or("turn", {0, 1'000}, usual.turn));
    judge_steps(keys, group.flexible);
    range_of(keys, group, usual);
    group.names_contactor = keys.has("contactor");  // Looked up when all groups are known.
}

}  // namespace ballast::config
