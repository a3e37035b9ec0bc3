#include "app/watts.hpp"

#include "controller/group_books.hpp"
#include "drivers/asic/capabilities.hpp"

#include <algorithm>

namespace ballast {
namespace {

/// Its contactor is open: nothing reaches it.
bool is_cut_off(const WattView& view, const Site::Group& group) { return group.contactor && view.loads[*group.contactor].mode == Mode::off; }

bool speaks(const LoadState& load) { return !load.stale && load.mode != Mode::unknown && load.quality != Quality::bad; }

/// Drivers of machines that know no watts fill in what the site file says, as an estimate.
bool is_filled_in(const LoadState& load, const Site::Load& given, const Site::Group& group) {
    return load.quality == Quality::estimated && load.reading == (rests(load.mode) ? group.standby : given.rated);
}

/// A make that never measures has it from its outlet, where it is measured. Of one that measures too nobody can say which of the two spoke last.
WattSource source_of_reading(const Site::Group& group, Quality quality) {
    if (group.driver == "metered") return WattSource::meter;
    const auto make = std::ranges::find(capabilities(), group.driver, &Capabilities::name);
    const bool measures = make == capabilities().end() || make->watts == WattsTold::measured;
    return group.can_power_off && quality == Quality::measured && !measures ? WattSource::pdu : WattSource::machine;
}

/// What it is believed to draw, nobody having said so now.
Watts believed(const LoadState& load, const Site::Load& given, const Site::Group& group, const GroupState& sums) {
    const bool resting = load.mode == Mode::unknown || load.stale ? !load.on && load.seen : rests(load.mode);
    if (!resting) return {load.watts, load.watts == given.rated ? WattSource::nameplate : WattSource::learned};
    if (load.mode == Mode::off) return {Power{}, WattSource::nameplate};
    const auto residual = sums.response.residual(given.rated);
    return residual ? Watts{*residual, WattSource::learned} : Watts{group.standby, WattSource::nameplate};
}

/// The meter of a feeder that feeds this group and nothing else.
const MeterState* own_meter(const WattView& view, std::size_t group) {
    const auto feeder = view.site.groups[group].feeder;
    if (!feeder || !view.site.feeders[index(*feeder)].meter) return nullptr;
    const Scope scope = Scope::feeder(*feeder);
    for (std::size_t g = 0; g < view.site.groups.size(); ++g) {
        const bool only_switches = view.site.groups[g].driver == "contactor" && view.site.loads[view.site.groups[g].loads.first].rated == Power{};
        if (g != group && !only_switches && view.site.feeds(scope, g)) return nullptr;
    }
    const MeterState& meter = view.meters[index(*view.site.feeders[index(*feeder)].meter)];
    return meter.fresh ? &meter : nullptr;
}

}  // namespace

std::string_view name_of(WattSource source) {
    switch (source) {
    case WattSource::meter: return "meter";
    case WattSource::pdu: return "pdu";
    case WattSource::machine: return "machine";
    case WattSource::learned: return "learned";
    case WattSource::nameplate: return "nameplate";
    }
    return {};
}

Watts watts_of(const WattView& view, std::size_t at, Slot slot) {
    const Site::Group& group = view.site.groups[at];
    const LoadState& load = view.loads[slot];
    const Site::Load& given = view.site.loads[slot];
    if (is_cut_off(view, group)) return {};
    if (!speaks(load) || is_filled_in(load, given, group)) return believed(load, given, group, view.groups[at]);
    return {load.reading, source_of_reading(group, load.quality), load.quality};
}

GroupWatts watts_of(const WattView& view, std::size_t at) {
    GroupWatts sum;
    if (const MeterState* meter = own_meter(view, at)) {
        sum.all = {meter->power, WattSource::meter, Quality::measured};
        sum.by_source[static_cast<std::size_t>(WattSource::meter)] = sum.measured = meter->power;
        return sum;
    }
    sum.all = {Power{}, WattSource::meter, Quality::measured};
    const Range loads = view.site.groups[at].loads;
    for (Slot slot = loads.first; slot < loads.last; ++slot) {
        const Watts one = watts_of(view, at, slot);
        sum.all.power += one.power;
        sum.all.source = std::max(sum.all.source, one.source);
        if (one.quality != Quality::measured) sum.all.quality = Quality::estimated;
        else sum.measured += one.power;
        sum.by_source[static_cast<std::size_t>(one.source)] += one.power;
    }
    return sum;
}

}  // namespace ballast
