#include "app/config_parts.hpp"

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

/// A step that the work itself forbids.
void judge_saving(Keys& keys, const Site::Flexible& flexible) {
    if (flexible.workload == Workload::training && flexible.has(FlexStep::sleep) && !flexible.has(FlexStep::checkpoint))
        keys.fault("order", "'order' puts training to sleep and never saves it; allowed: checkpoint before sleep");
}

void flexible_of(Keys& keys, GroupConfig& group) {
    Site::Flexible& flexible = group.flexible;
    flexible.workload = keys.must_choice("workload", workloads).value_or(Workload::inference);
    parse_flexible(keys, group, {all_steps, usual(flexible.workload), usual_turn(flexible.workload)});
    judge_saving(keys, flexible);
    saving_of(keys, flexible);
    group.min_off = keys.span_or("min_off_s", seconds(0, day_ms), Duration{30'000});
    group.off_within = keys.span_or("off_within_s", seconds(100, 3'600'000), Duration{10'000});
    group.on_within = keys.span_or("on_within_s", seconds(100, 7'200'000), Duration{120'000});
    group.stagger = keys.span_or("stagger_ms", {0, 3'600'000}, Duration{250});
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
    if (group.tier == Tier::flexible) flexible_of(keys, group);
    else if (group.tier == Tier::firm) firm_of(keys, group);
    group.gpu = std::move(gpu);
}

}  // namespace ballast::config
