#include "app/makes.hpp"

#include <algorithm>

namespace ballast {
namespace {

constexpr Make table[] = {
    {AsicProtocol::luxos, "LuxOS", 4'028, "", false},
    {AsicProtocol::whatsminer2, "WhatsMiner (API v2)", 4'028, "", true},
    {AsicProtocol::whatsminer3, "WhatsMiner (API v3)", 4'433, "super", true},
    {AsicProtocol::antminer, "stock Antminer", 80, "root", true},
    {AsicProtocol::braiins, "Braiins OS", 80, "root", true},
    {AsicProtocol::axeos, "Bitaxe (AxeOS)", 80, "", false},
    {AsicProtocol::epic, "ePIC (PowerPlay)", 4'028, "", true},
    {AsicProtocol::vnish, "VNish", 80, "", true},
    {AsicProtocol::cgminer, "cgminer", 4'028, "", false},
};

}  // namespace

std::span<const Make> makes() { return table; }

const Make& make_of(AsicProtocol protocol) { return *std::ranges::find(table, protocol, &Make::protocol); }

std::string_view driver_name(const GroupConfig& group) {
    switch (group.driver) {
    case GroupDriver::miners: return capabilities_of(group.miners->protocol).name;
    case GroupDriver::contactor: return "contactor";
    case GroupDriver::metered: return "metered";
    case GroupDriver::gpu: break;
    }
    return "gpu";
}

}  // namespace ballast
