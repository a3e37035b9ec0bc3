#include "app/floor.hpp"

#include "controller/group_books.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"

#include <algorithm>

namespace ballast {
namespace {

namespace json = boost::json;

constexpr std::size_t most_unwell = 20;  ///< Named of a group whose machines are not listed.

/// What is known of one load besides its own state.
struct Seen {
    const LoadState& load;
    const asic::MachineNote* note;
    std::uint8_t bars;
    Steady since;        ///< Wanted as it is since then.
    bool contested, late;
};

/// Machines take their time: what was learned of that, else what the site file allows.
Duration time_of(const Site::Group& group, const GroupState& sums, bool on) {
    const auto learned = on ? sums.response.back().within(95) : sums.response.to_shed().within(95);
    return sums.response.judged() >= MachineResponse::enough && learned ? *learned : on ? group.on_within : group.off_within;
}

template <class Take>
void each_seen(const FloorState& floor, std::size_t at, Take take) {
    const Site::Group& group = floor.site->groups[at];
    const GroupState& sums = floor.groups[at];
    auto run = sums.runs.begin();
    auto contest = std::ranges::lower_bound(floor.contests, group.loads.first, {}, &Contest::load);
    const Duration off = time_of(group, sums, false), on = time_of(group, sums, true);
    for (Slot slot = group.loads.first; slot < group.loads.last; ++slot) {
        while (run != sums.runs.end() && run->last <= slot) ++run;
        while (contest != floor.contests.end() && contest->load < slot) ++contest;
        const bool knows = run != sums.runs.end();
        const LoadState& load = floor.loads[slot];
        const Steady since = knows ? run->since : Steady::min();
        const bool contested = contest != floor.contests.end() && contest->load == slot && contest->times >= floor.site->contested_after;
        const bool late = !load.seen && since != Steady::min() && floor.now.steady > later(since, load.on ? on : off);
        take(slot, Seen{load, floor.notes.note(slot), knows ? run->bars : std::uint8_t{0}, since, contested, late});
    }
}

Instant utc_of(const FloorState& floor, Steady at) { return floor.now.utc + (at - floor.now.steady); }

json::value time_or_null(const FloorState& floor, Steady at) { return at == Steady::min() ? json::value{} : json::value(utc_text(utc_of(floor, at))); }

std::string_view state_of(const Seen& seen) {
    if (seen.load.stale || seen.load.mode == Mode::unknown) return seen.load.stale ? "silent" : "unknown";
    return name_of(seen.load.mode);
}

std::string ails_of(const asic::MachineNote* note) { return note ? asic::ails_text(note->ails, note->health, note->boards_had) : std::string{}; }

json::array bars_of(const Seen& seen) {
    json::array bars;
    const std::pair<Bar, std::string_view> names[] = {{locked_out, "locked_out"}, {latched, "latched"}, {held, "held"}, {maintained, "maintenance"}};
    for (const auto& [bar, name] : names)
        if (seen.bars & bar) bars.push_back(json::string{name});
    if (seen.contested) bars.push_back("contested");
    return bars;
}

/// What was last ordered, and what became of it. Whether a load was ever told at all shows in its number.
json::value order_json(const FloorState& floor, const Seen& seen) {
    if (seen.load.order == OrderId{}) return {};
    const std::string_view fate = seen.load.seen ? "obeyed" : seen.load.fate == Fate::accepted ? "not_seen" : name_of(seen.load.fate);
    return json::object{{"number", static_cast<std::uint64_t>(seen.load.order)}, {"wanted", seen.load.on ? "run" : "rest"}, {"since", time_or_null(floor, seen.since)}, {"fate", fate}, {"late", seen.late}};
}

json::value error_json(const FloorState& floor, const asic::MachineNote* note, std::string_view machine = {}) {
    if (!note || note->error.empty()) return {};
    json::object error{{"what", note->error}, {"at", time_or_null(floor, note->erred)}, {"times", note->errors}};
    if (!machine.empty()) error["machine"] = machine;
    return error;
}

template <class Value>
json::value value_or_null(const std::optional<Value>& value) {
    return value ? json::value(*value) : json::value{};
}

json::value health_json(const FloorState& floor, const asic::MachineNote* note) {
    if (!note || note->looked == Steady::min()) return {};
    const asic::Health& health = note->health;
    const auto had = note->boards_had > 0 ? std::optional{note->boards_had} : std::nullopt;
    return json::object{{"boards", value_or_null(health.boards)}, {"boards_of", value_or_null(had)}, {"hottest_c", health.hottest ? json::value(celsius(*health.hottest)) : json::value{}},
                        {"hot", value_or_null(health.hot)}, {"pools_alive", value_or_null(health.pools)}, {"looked", time_or_null(floor, note->looked)}};
}

json::object machine_json(const FloorState& floor, std::size_t group, Slot slot, const Seen& seen) {
    const Watts watts = watts_of({*floor.site, floor.loads, floor.groups, floor.meters}, group, slot);
    return {{"name", floor.site->loads[slot].name}, {"state", state_of(seen)}, {"bars", bars_of(seen)}, {"watts", watts.power.count}, {"source", name_of(watts.source)},
            {"quality", name_of(watts.quality)}, {"heard", time_or_null(floor, std::max(seen.load.heard, floor.groups[group].heard))}, {"order", order_json(floor, seen)},
            {"ails", ails_of(seen.note)}, {"health", health_json(floor, seen.note)}, {"error", error_json(floor, seen.note)}};
}

json::object watts_json(const GroupWatts& watts) {
    json::object by;
    for (std::size_t i = 0; i < watt_sources; ++i)
        if (watts.by_source[i] != Power{}) by[name_of(static_cast<WattSource>(i))] = watts.by_source[i].count;
    return {{"watts", watts.all.power.count}, {"source", name_of(watts.all.source)}, {"quality", name_of(watts.all.quality)}, {"measured_w", watts.measured.count}, {"by_source_w", std::move(by)}};
}

/// Counts of one group, and what of its machines deserves a name.
struct Tally {
    std::size_t run = 0, rest = 0, fault = 0, silent = 0, unknown = 0, unseen = 0, late = 0, latched = 0, locked_out = 0, held = 0, maintained = 0, contested = 0, unwell = 0;
    std::size_t obeyed = 0, not_seen = 0, failed = 0;  ///< Of the last order.
    json::array named;
    const asic::MachineNote* error = nullptr;
    Slot erred = 0;

    void add(const FloorState& floor, Slot slot, const Seen& seen, const std::optional<LastOrder>& order) {
        const LoadState& load = seen.load;
        (load.stale ? silent : load.mode == Mode::unknown ? unknown : load.mode == Mode::running ? run : load.mode == Mode::fault ? fault : rest)++;
        unseen += !load.seen, late += seen.late, contested += seen.contested;
        latched += (seen.bars & Bar::latched) != 0, locked_out += (seen.bars & Bar::locked_out) != 0, held += (seen.bars & Bar::held) != 0, maintained += (seen.bars & Bar::maintained) != 0;
        if (order && load.order >= order->first) (load.seen ? obeyed : load.fate == Fate::accepted ? not_seen : failed)++;
        if (!seen.note) return;
        if (seen.note->ails != 0 && ++unwell <= most_unwell) named.push_back(json::object{{"name", floor.site->loads[slot].name}, {"ails", ails_of(seen.note)}});
        if (!seen.note->error.empty() && (!error || seen.note->erred > error->erred)) error = seen.note, erred = slot;
    }
};

json::object counts_json(const Tally& t) {
    return {{"run", t.run}, {"rest", t.rest}, {"fault", t.fault}, {"silent", t.silent}, {"unknown", t.unknown}, {"unseen", t.unseen}, {"late", t.late}, {"latched", t.latched},
            {"locked_out", t.locked_out}, {"held", t.held}, {"maintenance", t.maintained}, {"contested", t.contested}, {"unwell", t.unwell}};
}

json::value last_order_json(const FloorState& floor, const std::optional<LastOrder>& order, const Tally& tally) {
    if (!order) return {};
    const auto policy = index(order->why.policy);
    const bool ours = !raises(order->rung) && policy < floor.site->policies.size();
    return json::object{{"rung", name_of(order->rung)}, {"loads", order->loads}, {"at", utc_text(order->at)}, {"until", utc_text(order->latest)},
                        {"policy", ours ? json::value(floor.site->policies[policy]) : json::value{}}, {"reason", name_of(order->why.reason)},
                        {"obeyed", tally.obeyed}, {"not_seen", tally.not_seen}, {"failed", tally.failed}};
}

json::object group_json(const FloorState& floor, std::size_t at, bool machines) {
    const Site::Group& group = floor.site->groups[at];
    const std::optional<LastOrder> order = at < floor.orders.size() ? floor.orders[at] : std::nullopt;
    Tally tally;
    json::array listed;
    each_seen(floor, at, [&](Slot slot, const Seen& seen) {
        tally.add(floor, slot, seen, order);
        if (machines) listed.push_back(machine_json(floor, at, slot, seen));
    });
    json::object out{{"name", group.name}, {"driver", group.driver}, {"tier", name_of(group.tier)}, {"loads", group.loads.size()}, {"counts", counts_json(tally)},
                     {"power", watts_json(watts_of({*floor.site, floor.loads, floor.groups, floor.meters}, at))}, {"last_order", last_order_json(floor, order, tally)},
                     {"last_error", tally.error ? error_json(floor, tally.error, floor.site->loads[tally.erred].name) : json::value{}}, {"unwell", std::move(tally.named)}};
    if (machines) out["machines"] = std::move(listed);
    return out;
}

}  // namespace

FloorState floor_state(const State& state, const Site& site, Now now, const LastOrders& orders, asic::MachineNotes::View notes) {
    FloorState floor{now, &site, state.loads, state.groups, {}, state.contests, orders.by_group(), std::move(notes)};
    for (const MeterState& meter : state.meters) {
        MeterState& copy = floor.meters.emplace_back();
        copy.power = meter.power, copy.taken = meter.taken, copy.heard = meter.heard, copy.fresh = meter.fresh;
    }
    return floor;
}

boost::json::object floor_json(const FloorState& floor, const FloorWish& wish, bool live) {
    json::array groups;
    for (std::size_t at = 0; at < floor.site->groups.size(); ++at)
        if (wish.group.empty() || wish.group == floor.site->groups[at].name) groups.push_back(group_json(floor, at, wish.machines || !wish.group.empty()));
    const auto meter = floor.site->meter;
    const bool shown = meter && floor.meters[index(*meter)].fresh;
    return {{"site", floor.site->name}, {"time", utc_text(floor.now.utc)}, {"live", live}, {"site_w", shown ? json::value(floor.meters[index(*meter)].power.count) : json::value{}}, {"groups", std::move(groups)}};
}

}  // namespace ballast
