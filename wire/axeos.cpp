#include "wire/axeos.hpp"

#include "wire/loose_json.hpp"
#include "wire/printable.hpp"

namespace ballast::wire::axeos {

Result<Info> parse_info(cgminer::Parser& parser, std::string_view body) {
    const auto reply = parser.parse(body);
    if (!reply) return fail(reply.error().code, "system/info: " + reply.error().detail);
    const cgminer::json::object& said = *reply->body;
    Info info;
    info.mac = cgminer::mac_address(loose::text(said, "macAddr"));
    if (const auto watts = loose::number(said, "power"); watts && *watts > 0) info.power = loose::watts(said, "power");
    info.gigahashes = loose::gigahashes(said, "hashRate", 1);
    info.mean_gigahashes = loose::gigahashes(said, "hashRate_10m", 1);
    if (info.mean_gigahashes.value_or(0) <= 0) info.mean_gigahashes = info.gigahashes;
    if (info.mean_gigahashes.value_or(0) <= 0) info.mean_gigahashes.reset();
    info.paused = loose::truth(said, "miningPaused");
    info.chip = loose::celsius(said, "temp");
    info.overheated = loose::truth(said, "overheat_mode");
    info.version = printable(loose::text(said, "version"), 64);
    info.model = printable(loose::text(said, "ASICModel"), 64);
    if (!info.mac && !info.power && !info.gigahashes) return fail(Errc::malformed, "system/info: neither an address, nor watts, nor hashing");
    return info;
}

}  // namespace ballast::wire::axeos
