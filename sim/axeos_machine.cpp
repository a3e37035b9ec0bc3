#include "sim/axeos_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view root = "/api/system";

HttpSaid spoken(unsigned status, std::string_view words) {
    return {.status = status, .body = std::string{words}, .type = "text/html"};
}

bool same_kind(const json::value& one, const json::value& other) {
    return one.is_number() ? other.is_number() : one.kind() == other.kind();
}

}  // namespace

MachineSettings axeos_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{2}};
    machine.off_after = {milliseconds{200}, milliseconds{900}};
    machine.full_after = {seconds{3}, seconds{30}};
    machine.boot = {milliseconds{2'600}, seconds{10}};
    machine.sleep_persists = false;
    return machine;
}

AxeosMachine::AxeosMachine(AxeosSettings settings, std::uint64_t) : settings_{std::move(settings)} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 17'500;
    settings_.frequency = std::max<std::int64_t>(settings_.frequency, 1);
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("30:ED:A0:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.model.empty()) settings_.model = "BM1368";
    config_ = {{"autofanspeed", 1}, {"coreVoltage", 1'166}, {"fallbackStratumPort", 3'333}, {"fallbackStratumURL", "pool2.example"}, {"fallbackStratumUser", "site.worker"}, {"fanspeed", 35},
               {"flipscreen", 1}, {"frequency", settings_.frequency}, {"hostname", "bitaxe"}, {"invertfanpolarity", 1}, {"invertscreen", 0}, {"overheat_mode", 0}, {"ssid", "site"},
               {"stratumPort", 3'333}, {"stratumURL", "pool1.example"}, {"stratumUser", "site.worker"}};
}

AsicDevice::Reply AxeosMachine::answer(const Asked& asked, Plant& plant) {
    const auto given = asked.broken ? std::nullopt : http_request(asked.request);
    if (!given) return http_reply(spoken(400, "Bad Request"), false);
    return http_reply(respond({*given, plant, asked.now}), given->keep_alive);
}

HttpSaid AxeosMachine::respond(const Request& request) {
    const std::string_view path = request.http.path();
    const std::string& method = request.http.method;
    if (!path.starts_with(root)) return spoken(404, "Nothing matches the given URI");
    const std::string_view what = path.substr(root.size());
    const bool operates = what == "/restart" || (settings_.pauses && (what == "/pause" || what == "/resume"));
    if (!operates && what != "" && what != "/info") return spoken(404, "Nothing matches the given URI");
    const bool reads = what == "/info";
    if (method != (reads ? "GET" : operates ? "POST" : "PATCH")) return spoken(405, "Request method for this URI is not handled by server");
    if (!settings_.in_range || (!reads && fault(request) == MachineFault::refused)) {
        HttpSaid denied = spoken(401, "Unauthorized");
        if (!reads) denied.privileged = operates ? std::string{what.substr(1)} : "config";
        return denied;
    }
    if (reads) return said(200, json::serialize(info(request)));
    return operates ? operate(what, request) : configure(request);
}

HttpSaid AxeosMachine::operate(std::string_view what, const Request& request) const {
    HttpSaid done = spoken(200, what == "/pause" ? "Mining paused" : what == "/resume" ? "Mining resumed" : "System will restart shortly.");
    done.accepted = true;
    done.privileged = what == "/pause" ? "sleep" : what == "/resume" ? "wakeup" : "reboot";
    if (what == "/pause") request.plant.sleep(settings_.machine, request.now);
    if (what == "/resume") request.plant.wake(settings_.machine, request.now);
    if (what == "/restart") request.plant.reboot(settings_.machine, request.now);
    return done;
}

/// What it has no place for it takes and forgets.
HttpSaid AxeosMachine::configure(const Request& request) {
    const auto given = object_in(request.http.body);
    json::object next = config_;
    bool good = given.has_value();
    if (good)
        for (const auto& field : *given)
            if (json::value* has = next.if_contains(field.key())) {
                good = good && same_kind(*has, field.value());
                *has = field.value();
            }
    const std::int64_t megahertz = next.at("frequency").is_int64() ? next.at("frequency").get_int64() : 0;
    if (!good || megahertz < 1) return spoken(400, "Invalid JSON");
    config_ = std::move(next);
    HttpSaid done = said(200);
    done.accepted = true;
    done.privileged = given->contains("frequency") ? "level" : "config";
    if (!given->contains("frequency")) return done;
    const MachineSettings& machine = request.plant.settings().machines[settings_.machine];
    const Power above{(machine.rated - machine.standby).count * std::min<std::int64_t>(megahertz, 4'000) / settings_.frequency};
    request.plant.set_level(settings_.machine, machine.standby + above, seconds{2}, request.now);
    return done;
}

json::object AxeosMachine::info(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const MachineSettings& machine = request.plant.settings().machines[settings_.machine];
    const double watts = static_cast<double>(report.power.count);
    const double ghs = static_cast<double>(machine.rated.count) * 1e3 / static_cast<double>(settings_.joules_per_hash) * report.hash_per_mille;
    json::object out{{"ASICModel", settings_.model}, {"asicCount", settings_.chips < 3 ? settings_.chips : settings_.chips * report.boards / 3}, {"bestDiff", "483k"}, {"bestSessionDiff", "0"},
                     {"boardVersion", "401"}, {"freeHeap", 8'443'612}, {"idfVersion", "v5.4"}, {"isUsingFallbackStratum", report.pools ? 0 : 1},
                     {"macAddr", fault(request) == MachineFault::moved ? other_mac(settings_.mac) : settings_.mac}, {"runningPartition", "factory"}, {"sharesAccepted", 0}, {"sharesRejected", 0},
                     {"smallCoreCount", 1'276}, {"stratumDiff", 0}, {"uptimeSeconds", (request.now - request.plant.booted(settings_.machine)).count() / 1'000}, {"version", settings_.version},
                     {"wifiStatus", "Connected!"}};
    for (const auto& field : config_) out[field.key()] = field.value();
    if (fault(request) == MachineFault::empty_stats) return out;
    const json::object measured{{"coreVoltageActual", report.asleep ? 0 : 1'172}, {"current", watts * 1e3 / 5.175}, {"fanrpm", 3'517}, {"hashRate", ghs}, {"power", watts},
                                {"overheat_mode", report.degrees >= 100 ? 1 : 0}, {"temp", report.degrees >= 100 ? double(report.degrees) : report.degrees - 20.0}, {"voltage", 5'175}, {"vrTemp", report.degrees - 2}};
    for (const auto& field : measured) out[field.key()] = field.value();
    if (settings_.pauses) out["miningPaused"] = report.asleep;
    return out;
}

}  // namespace ballast::sim
