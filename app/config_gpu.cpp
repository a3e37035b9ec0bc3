#include "app/config_parts.hpp"

#include "model/names.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

const Choices<Workload> workloads{{"inference", Workload::inference}, {"training", Workload::training}, {"batch", Workload::batch}};
const Choices<Unsaved> losses{{"never", Unsaved::kept}, {"emergency", Unsaved::emergency}};
constexpr FlexStep all_steps[] = {FlexStep::checkpoint, FlexStep::power, FlexStep::clock, FlexStep::sleep};

std::vector<FlexStep> usual(Workload workload) {
    if (workload == Workload::inference) return {FlexStep::power};
    return {FlexStep::checkpoint, FlexStep::power, FlexStep::sleep};
}

/// Batch first, inference last.
std::uint32_t usual_turn(Workload workload) {
    switch (workload) {
    case Workload::batch: return 10;
    case Workload::training: return 20;
    case Workload::inference: return 30;
    }
    return 30;
}

std::vector<FlexStep> steps(Keys& keys, Workload workload) {
    if (!keys.has("order")) return usual(workload);
    std::vector<FlexStep> order;
    for (const Keys::Name& name : keys.names("order")) {
        const auto step = std::ranges::find(all_steps, name.text, [](FlexStep s) { return std::string{name_of(s)}; });
        if (step != std::end(all_steps)) order.push_back(*step);
        else keys.faults().add(name.at, fmt::format("'order' has \"{}\"; allowed: checkpoint, power, clock, sleep", name.text));
    }
    return order;
}

/// Whether the steps make sense in this order, for this work.
void judge_steps(Keys& keys, const Site::Flexible& flexible) {
    const auto at = [&](FlexStep step) { return std::ranges::find(flexible.order, step) - flexible.order.begin(); };
    if (flexible.has(FlexStep::power) && flexible.has(FlexStep::clock))
        keys.fault("order", "'order' has both power and clock; allowed: one of them, as the agent meets the same watts by either");
    if (flexible.has(FlexStep::sleep) && at(FlexStep::sleep) + 1 < std::ssize(flexible.order))
        keys.fault("order", "'order' goes on after sleep; allowed: sleep as the last step");
    if (!flexible.order.empty() && flexible.order.back() == FlexStep::checkpoint)
        keys.fault("order", "'order' ends with checkpoint, which gives no watts; allowed: checkpoint before power, clock or sleep");
    if (flexible.workload == Workload::training && flexible.has(FlexStep::sleep) && !flexible.has(FlexStep::checkpoint))
        keys.fault("order", "'order' puts training to sleep and never saves it; allowed: checkpoint before sleep");
}

void range_of(Keys& keys, GroupConfig& group, Site::Flexible& flexible) {
    Power smallest{most_watts};
    for (const MachineConfig& load : group.machines) smallest = std::min(smallest, load.watts);
    if (flexible.caps()) flexible.floor = Power{keys.must_number("floor_w", {1, 10'000'000})};
    else keys.refuse("floor_w", "its 'order' has neither power nor clock");
    if (flexible.caps() && keys.has("floor_w") && flexible.floor >= smallest)
        keys.fault("floor_w", fmt::format("'floor_w' is {}; allowed: less than the 'watts' of each load", flexible.floor.count));
    if (flexible.has(FlexStep::sleep)) group.standby = Power{keys.must_number("standby_w", {0, 10'000'000})};
    else keys.refuse("standby_w", "its 'order' has no sleep");
    const Power above = flexible.caps() ? flexible.floor : smallest;
    if (flexible.has(FlexStep::sleep) && keys.has("standby_w") && group.standby >= above)
        keys.fault("standby_w", fmt::format("'standby_w' is {}; allowed: less than {}", group.standby.count, flexible.caps() ? "'floor_w'" : "the 'watts' of each load"));
}

void saving_of(Keys& keys, Site::Flexible& flexible) {
    constexpr const char* needless = "its 'order' has no checkpoint";
    if (!flexible.has(FlexStep::checkpoint)) {
        for (const char* key : {"notice_s", "checkpoint_within_s", "checkpoint_good_s", "unsaved"}) keys.refuse(key, needless);
        return;
    }
    flexible.notice = keys.span_or("notice_s", seconds(0, day_ms), flexible.notice);
    flexible.checkpoint_within = keys.span_or("checkpoint_within_s", seconds(1'000, day_ms), flexible.checkpoint_within);
    flexible.checkpoint_good = keys.span_or("checkpoint_good_s", seconds(1'000, day_ms), flexible.checkpoint_good);
    flexible.unsaved = keys.choice_or("unsaved", losses, Unsaved::kept);
}

void flexible_of(Keys& keys, GroupConfig& group, GpuConfig& gpu) {
    Site::Flexible& flexible = gpu.flexible;
    flexible.workload = keys.must_choice("workload", workloads).value_or(Workload::inference);
    flexible.order = steps(keys, flexible.workload);
    flexible.turn = static_cast<std::uint32_t>(keys.number_or("turn", {0, 1'000}, usual_turn(flexible.workload)));
    judge_steps(keys, flexible);
    range_of(keys, group, flexible);
    saving_of(keys, flexible);
    group.min_off = keys.span_or("min_off_s", seconds(0, day_ms), Duration{30'000});
    group.off_within = keys.span_or("off_within_s", seconds(100, 3'600'000), Duration{10'000});
    group.on_within = keys.span_or("on_within_s", seconds(100, 7'200'000), Duration{120'000});
    group.stagger = keys.span_or("stagger_ms", {0, 3'600'000}, Duration{250});
    gpu.names_contactor = keys.has("contactor");  // Looked up when all groups are known.
}

void firm_of(Keys& keys, GroupConfig& group) {
    for (const char* key : {"workload", "order", "turn", "floor_w", "standby_w", "notice_s", "checkpoint_within_s", "checkpoint_good_s", "unsaved", "min_off_s", "off_within_s", "on_within_s", "stagger_ms"})
        keys.refuse(key, "the group is firm, and nobody slows it; say tier = \"flexible\" if it may be");
    group.reserve = keys.watts_or("reserve_kw", Power{});
    group.reserve_window = keys.span_or("reserve_window_s", seconds(0, 31 * day_ms), Duration{0});
}

/// One [[group.load]], or as many as its `count` says, called id-1, id-2, ...
void add_loads(const toml::table& table, Parse& parse, GroupConfig& group) {
    Keys keys{table, fmt::format("[[group.load]] {} of {}", group.machines.size() + 1, shown(group.name)), parse.faults};
    MachineConfig load;
    const std::string id = keys.must_text("id", "an id that no other load has", wrong_machine_id);
    load.watts = Power{keys.must_number("watts", {1, 10'000'000})};
    const std::int64_t count = keys.number_or("count", {1, 10'000}, 0);
    keys.finish();
    for (std::int64_t n = 1; n <= std::max<std::int64_t>(1, count); ++n) {
        load.id = count > 0 ? fmt::format("{}-{}", id, n) : id;
        if (id.empty() || first_of_its_kind(parse, load, parse.path, {keys.at(), keys.at(), keys.at()})) group.machines.push_back(load);
    }
}

}  // namespace

void parse_gpu(Keys& keys, Parse& parse, GroupConfig& group) {
    GpuConfig gpu;
    const auto brokers = parse.brokers();
    if (keys.has("broker") || brokers.size() != 1) {
        if (!keys.has("broker")) keys.missing("broker", "expected the broker that the nodes' agents listen on");
        gpu.broker = keys.reference("broker", "broker", brokers);
    } else gpu.broker = brokers.front();
    if (!keys.has("load")) keys.missing("load", "expected [[group.load]] with id and watts, for each node or for 'count' of them");
    for (const auto* table : keys.tables("load")) add_loads(*table, parse, group);
    group.stale_after = keys.span_or("stale_after_s", seconds(1'000, day_ms), Duration{30'000});
    if (group.tier == Tier::flexible) flexible_of(keys, group, gpu);
    else if (group.tier == Tier::firm) firm_of(keys, group);
    group.gpu = std::move(gpu);
}

}  // namespace ballast::config
