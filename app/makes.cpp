#include "app/makes.hpp"

#include <algorithm>

namespace ballast {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Make table[] = {
    {AsicProtocol::luxos, "luxos", "LuxOS", 4'028, "", false, Power{25}, seconds{10}, minutes{10}},
    // 1 to 5 s to stop; a minute to its power, six to ten to its hashing.
    {AsicProtocol::whatsminer2, "whatsminer2", "WhatsMiner (API v2)", 4'028, "", true, Power{13}, seconds{15}, minutes{12}},
    {AsicProtocol::whatsminer3, "whatsminer3", "WhatsMiner (API v3)", 4'433, "super", true, Power{13}, seconds{15}, minutes{12}},
    // 21 s for the answer, and 5 to 30 s for what it says.
    {AsicProtocol::antminer, "antminer", "stock Antminer", 80, "root", true, Power{45}, seconds{75}, minutes{15}},
    // As fast as its owner has set it to ramp, else in seconds; 2 to 5 minutes to its power.
    {AsicProtocol::braiins, "braiins", "Braiins OS", 80, "root", true, Power{30}, seconds{60}, minutes{8}},
    // Under a second to stop, up to half a minute to full.
    {AsicProtocol::axeos, "axeos", "Bitaxe (AxeOS)", 80, "", false, Power{2}, seconds{10}, minutes{2}},
    // Of these two nobody has written down times: an Antminer's hardware, with an answer at once.
    {AsicProtocol::epic, "epic", "ePIC (PowerPlay)", 4'028, "", true, Power{45}, seconds{45}, minutes{15}},
    {AsicProtocol::vnish, "vnish", "VNish", 80, "", true, Power{45}, seconds{45}, minutes{15}},
    {AsicProtocol::cgminer, "cgminer", "cgminer", 4'028, "", false, Power{45}, seconds{10}, minutes{15}, true},
};

}  // namespace

std::span<const Make> makes() { return table; }

const Make& make_of(AsicProtocol protocol) { return *std::ranges::find(table, protocol, &Make::protocol); }

std::string_view driver_name(const GroupConfig& group) {
    switch (group.driver) {
    case GroupDriver::miners: return make_of(group.miners->protocol).driver;
    case GroupDriver::contactor: return "contactor";
    case GroupDriver::metered: return "metered";
    case GroupDriver::gpu: break;
    }
    return "gpu";
}

}  // namespace ballast
