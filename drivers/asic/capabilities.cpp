#include "drivers/asic/capabilities.hpp"

#include <algorithm>

namespace ballast {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Capabilities table[] = {
    {.protocol = AsicProtocol::luxos, .name = "luxos", .levels = Levels::modes, .uncapped = Uncapped::before, .watts = WattsTold::measured, .sleep_persists = Known::yes,
     .standby = Power{25}, .off_within = seconds{10}, .on_within = minutes{10}, .level_within = seconds{60}},
    // 1 to 5 s to stop; a minute to its power, six to ten to its hashing; a percent within about a second.
    {.protocol = AsicProtocol::whatsminer2, .name = "whatsminer2", .levels = Levels::watts, .uncapped = Uncapped::whole, .watts = WattsTold::measured,
     .standby = Power{13}, .off_within = seconds{15}, .on_within = minutes{12}, .level_within = seconds{15}},
    {.protocol = AsicProtocol::whatsminer3, .name = "whatsminer3", .levels = Levels::watts, .uncapped = Uncapped::whole, .watts = WattsTold::measured,
     .standby = Power{13}, .off_within = seconds{15}, .on_within = minutes{12}, .level_within = seconds{15}},
    // 21 s for the answer, and 5 to 30 s for what it says; a new mode restarts it, as a wake does.
    {.protocol = AsicProtocol::antminer, .name = "antminer", .levels = Levels::modes, .uncapped = Uncapped::before, .watts = WattsTold::none,
     .standby = Power{45}, .off_within = seconds{75}, .on_within = minutes{15}, .level_within = minutes{15}},
    // As fast as its owner has set it to ramp, else in seconds; 2 to 5 minutes to its power.
    {.protocol = AsicProtocol::braiins, .name = "braiins", .levels = Levels::watts, .uncapped = Uncapped::before, .watts = WattsTold::estimated,
     .standby = Power{30}, .off_within = seconds{60}, .on_within = minutes{8}, .level_within = seconds{60}},
    // Under a second to stop, up to half a minute to full.
    {.protocol = AsicProtocol::axeos, .name = "axeos", .watts = WattsTold::measured, .sleep_persists = Known::no,
     .standby = Power{2}, .off_within = seconds{10}, .on_within = minutes{2}},
    // Of these two nobody has written down times: an Antminer's hardware, with an answer at once.
    {.protocol = AsicProtocol::epic, .name = "epic", .watts = WattsTold::measured, .standby = Power{45}, .off_within = seconds{45}, .on_within = minutes{15}},
    {.protocol = AsicProtocol::vnish, .name = "vnish", .levels = Levels::watts, .uncapped = Uncapped::whole, .watts = WattsTold::estimated,
     .standby = Power{45}, .off_within = seconds{45}, .on_within = minutes{15}, .level_within = seconds{45}},
    {.protocol = AsicProtocol::cgminer, .name = "cgminer", .rests = false, .watts = WattsTold::none,
     .standby = Power{45}, .off_within = seconds{10}, .on_within = minutes{15}},
};

}  // namespace

std::span<const Capabilities> capabilities() { return table; }

const Capabilities& capabilities_of(AsicProtocol protocol) { return *std::ranges::find(table, protocol, &Capabilities::protocol); }

std::string_view name_of(Levels levels) {
    switch (levels) {
    case Levels::none: return "none";
    case Levels::modes: return "modes";
    case Levels::watts: break;
    }
    return "watts";
}

std::string_view name_of(WattsTold watts) {
    switch (watts) {
    case WattsTold::none: return "none";
    case WattsTold::estimated: return "estimated";
    case WattsTold::measured: break;
    }
    return "measured";
}

std::string_view name_of(Known known) {
    switch (known) {
    case Known::unknown: return "unknown";
    case Known::no: return "no";
    case Known::yes: break;
    }
    return "yes";
}

namespace asic {

std::string_view cannot(AsicProtocol protocol, Rung rung) {
    const Capabilities& can = capabilities_of(protocol);
    if (!can.rests) return "plain cgminer cannot be curtailed, only watched: cut it off by a contactor or a PDU";
    if (rung == Rung::sleep || rung == Rung::wake) return {};
    if (rung != Rung::cap && rung != Rung::uncap) return "a miner is put to rest, woken and slowed; nothing else";
    return can.levels == Levels::none ? "this make has no levels: it is only put to rest and woken" : "";
}

}  // namespace asic

}  // namespace ballast
