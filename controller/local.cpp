#include "controller/local.hpp"

#include <algorithm>

namespace ballast {

namespace {

bool has_switch(const Core& core) {
    return std::ranges::any_of(core.state.obligations, [](const Obligation& o) { return o.signal.kind == SignalKind::local; });
}

void put_in_local(Core& core, const Site::Source& source) {
    for (std::size_t g = 0; g < core.site.groups.size(); ++g) {
        if (!source.switches.empty() && std::ranges::find(source.switches, GroupId{static_cast<std::uint16_t>(g)}) == source.switches.end()) continue;
        core.local[g] = 1;
        if (source.in_local == InLocal::observe) core.movable[g] = 0, core.watched[g] = 1;
    }
}

}  // namespace

void throw_switches(Core& core) {
    const bool was = std::ranges::find(core.local, std::uint8_t{1}) != core.local.end();
    if (!was && !has_switch(core)) return;
    std::ranges::fill(core.local, std::uint8_t{0});
    std::ranges::fill(core.watched, std::uint8_t{0});
    core.movable = core.interruptible;
    for (const Obligation& o : core.state.obligations)
        if (o.signal.kind == SignalKind::local && o.begins <= core.now.steady) put_in_local(core, core.site.sources[index(o.signal.source)]);
}

}  // namespace ballast
