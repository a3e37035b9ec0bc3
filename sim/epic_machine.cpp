#include "sim/epic_machine.hpp"

#include <fmt/format.h>

namespace ballast::sim {

namespace json = boost::json;

namespace {

HttpSaid result(bool good, std::string_view error = {}) {
    return said(200, json::serialize(json::object{{"result", good}, {"error", good ? json::value(nullptr) : json::value(error)}}));
}

}  // namespace

MachineSettings epic_physics(std::string name, Power rated) {
    MachineSettings machine{.name = std::move(name), .rated = rated, .standby = Power{40}};
    machine.off_after = {seconds{1}, seconds{10}};
    machine.sleep_persists = false;
    return machine;
}

EpicMachine::EpicMachine(EpicSettings settings, std::uint64_t) : settings_{std::move(settings)} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 21'500;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("E6:D4:41:{:02X}:{:02X}:{:02X}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.serial.empty()) settings_.serial = fmt::format("00200035323251{:010d}", n);
    if (settings_.model.empty()) settings_.model = "AntMiner S19 XP";
}

AsicDevice::Reply EpicMachine::answer(const Asked& asked, Plant& plant) {
    if (started_ == Steady{}) started_ = asked.now;
    if (plant.booted(settings_.machine) > started_) {
        started_ = plant.booted(settings_.machine);
        last_command_.clear();
    }
    const auto given = asked.broken ? std::nullopt : http_request(asked.request);
    if (!given) return http_reply(said(400), false);
    return http_reply(respond({*given, plant, asked.now, asked.wall}), given->keep_alive);
}

HttpSaid EpicMachine::respond(const Request& request) {
    const std::string_view path = request.http.path();
    const bool reads = path == "/summary" || path == "/network" || path == "/capabilities";
    const bool writes = path == "/miner" || path == "/reboot" || path == "/softreboot";
    if (!reads && !writes) return said(404);
    if (request.http.method != (reads ? "GET" : "POST")) return said(405);
    if (writes) return operate(request);
    return said(200, json::serialize(path == "/summary" ? summary(request) : path == "/network" ? network(request) : capabilities(request)));
}

HttpSaid EpicMachine::operate(const Request& request) {
    const auto asked = object_in(request.http.body);
    if (!asked) return result(false, "Invalid request");
    const bool known = text_in(*asked, "password") == settings_.password && fault(request) != MachineFault::bad_tokens;
    HttpSaid told = !known ? result(false, "Incorrect password") : fault(request) == MachineFault::refused ? result(false, "Not permitted") : obey(*asked, request);
    if (!told.accepted && told.privileged.empty()) told.privileged = request.http.path() == "/miner" ? text_in(*asked, "param") : std::string{request.http.path().substr(1)};
    return told;
}

HttpSaid EpicMachine::obey(const json::object& asked, const Request& request) {
    const std::string_view path = request.http.path();
    const std::string param = text_in(asked, "param");
    HttpSaid told = result(true);
    told.accepted = true;
    if (path == "/miner" && param != "Stop" && param != "Autostart") return result(false, "Unknown command");
    if (path == "/reboot") request.plant.reboot(settings_.machine, request.now);
    else if (path == "/softreboot") request.plant.restart(settings_.machine, request.now);
    else if (param == "Stop") request.plant.sleep(settings_.machine, request.now);
    else request.plant.wake(settings_.machine, request.now);
    told.privileged = path == "/reboot" ? "reboot" : path == "/softreboot" ? "restart" : param == "Stop" ? "sleep" : "wakeup";
    if (path == "/miner") last_command_ = param;
    return told;
}

}  // namespace ballast::sim
