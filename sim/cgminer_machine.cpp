#include "sim/cgminer_machine.hpp"

#include "sim/json_request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t most_request = 8'192;
constexpr std::string_view firmware = "cgminer 4.11.1";

json::object reply(char status, int code, std::string_view message, Instant wall, std::string_view section = {}, json::array payload = {}) {
    const auto when = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
    json::object out{{"STATUS", json::array{json::object{{"STATUS", std::string(1, status)}, {"When", when}, {"Code", code}, {"Msg", message}, {"Description", firmware}}}}};
    if (!section.empty()) out[section] = std::move(payload);
    out["id"] = 1;
    return out;
}

/// Those of its API that change something; `privileged` only asks whether one may.
bool is_privileged(std::string_view command) {
    constexpr std::string_view all[] = {"switchpool", "enablepool", "disablepool", "addpool", "poolpriority", "poolquota", "removepool", "save", "quit", "restart", "privileged",
                                        "ascenable", "ascdisable", "ascset", "ascidentify", "failover-only", "setconfig", "debug", "zero", "hotplug", "lockstats"};
    return std::ranges::find(all, command) != std::end(all);
}

/// `NAME=value,..` of one object; the section's name first unless the object begins with its own number.
std::string line(std::string_view section, const json::object& object) {
    std::string out = section == "SUMMARY" || section == "VERSION" ? std::string{section} : std::string{};
    for (const auto& field : object) {
        const std::string_view name{field.key().data(), field.key().size()};
        const std::string value = field.value().is_string() ? std::string{field.value().get_string()} : json::serialize(field.value());
        out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, value);
    }
    return out + "|";
}

std::string as_text(const json::object& reply) {
    std::string out;
    for (const auto& section : reply)
        if (section.value().is_array())
            for (const json::value& one : section.value().get_array()) out += line({section.key().data(), section.key().size()}, one.get_object());
    return out;
}

}  // namespace

MachineSettings cgminer_physics(std::string name, Power rated) {
    return {.name = std::move(name), .rated = rated, .standby = Power{45}};
}

CgminerMachine::CgminerMachine(CgminerSettings settings, std::uint64_t) : settings_{std::move(settings)} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 98'000;
    if (settings_.model.empty()) settings_.model = "Antminer S9";
}

AsicDevice::Heard CgminerMachine::hear(std::string_view bytes) const {
    if (bytes.size() > most_request) return {Form::broken, 0};
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first == bytes.npos) return {};
    return bytes[first] == '{' ? hear_json(bytes) : Heard{Form::whole, bytes.size()};
}

std::string CgminerMachine::framed(std::string nonsense) const {
    nonsense.push_back('\0');
    return nonsense;
}

std::string CgminerMachine::written(const json::object& reply, bool json) const {
    if (!json) return framed(as_text(reply));
    std::string out = json::serialize(reply);
    if (!settings_.untidy || !reply.contains("STATS")) return framed(std::move(out));
    for (std::size_t at = out.find("},{", out.find("\"STATS\":[")); at != out.npos; at = out.find("},{", at)) out.erase(at + 1, 1);
    return framed(std::move(out));
}

AsicDevice::Reply CgminerMachine::answer(const Asked& asked, Plant& plant) {
    if (started_ == Steady{}) started_ = asked.now;
    if (asked.broken) return {.bytes = written(reply('E', 23, "Invalid JSON", asked.wall), true)};
    const std::size_t first = asked.request.find_first_not_of(" \t\r\n");
    const bool json = asked.request[first] == '{';
    Request request{{}, plant, asked.now, asked.wall};
    if (json) {
        const json::value parsed = json::parse(asked.request);
        const json::value* command = parsed.get_object().if_contains("command");
        if (!command || !command->is_string()) return {.bytes = written(reply('E', 24, "Missing JSON 'command'", asked.wall), true)};
        request.command = command->get_string();
    } else {
        request.command = asked.request.substr(first, asked.request.find_first_of("|\r\n", first) - first);
    }
    if (denies(request)) {
        const std::string why = fmt::format("Access denied to '{}' command", request.command);
        return {.bytes = written(reply('E', 45, why, asked.wall), json), .privileged = request.command};
    }
    if (request.command == "restart") return restart(request);
    const bool several = settings_.combines && request.command.find('+') != request.command.npos;
    return {.bytes = written(several ? combined(request) : told(request.command, request), json)};
}

bool CgminerMachine::denies(const Request& request) const {
    const bool may = settings_.privileged && request.plant.fault(settings_.machine) != MachineFault::refused;
    return is_privileged(request.command) && !may;
}

/// The program begins anew, and with it every average.
AsicDevice::Reply CgminerMachine::restart(const Request& request) const {
    request.plant.restart(settings_.machine, request.now);
    return {.bytes = framed(R"({"STATUS":"RESTART"})"), .privileged = "restart", .accepted = true};
}

/// "summary+devs": each reply whole, under its own name.
json::object CgminerMachine::combined(const Request& request) const {
    json::object out;
    for (std::size_t at = 0; at <= request.command.size();) {
        const std::size_t plus = std::min(request.command.find('+', at), request.command.size());
        const std::string_view one = std::string_view{request.command}.substr(at, plus - at);
        json::object single = told(one, request);
        single.erase("id");
        out[one] = json::array{std::move(single)};
        at = plus + 1;
    }
    out["id"] = 1;
    return out;
}

json::object CgminerMachine::told(std::string_view command, const Request& request) const {
    const bool empty = request.plant.fault(settings_.machine) == MachineFault::empty_stats;
    if (command == "summary") return reply('S', 11, "Summary", request.wall, "SUMMARY", empty ? json::array{} : json::array{summary(request)});
    if (command == "devs") {
        json::array boards = empty ? json::array{} : devices(request);
        const std::string count = fmt::format("{} ASC(s)", boards.size());
        return reply('S', 9, count, request.wall, "DEVS", std::move(boards));
    }
    if (command == "stats") return reply('S', 70, "CGMiner stats", request.wall, "STATS", empty ? json::array{} : statistics(request));
    if (command == "pools")
        return reply('S', 7, "1 Pool(s)", request.wall, "POOLS",
                     {json::object{{"POOL", 0}, {"URL", "stratum+tcp://pool1.example:3333"}, {"Status", "Alive"}, {"Priority", 0}, {"Quota", 1}, {"Accepted", 5'412}, {"Rejected", 3},
                                   {"User", "site.worker"}, {"Stratum Active", true}, {"Stratum URL", "pool1.example"}, {"Stale", 0}}});
    if (command == "version") return reply('S', 22, "CGMiner versions", request.wall, "VERSION", {json::object{{"CGMiner", "4.11.1"}, {"API", "3.7"}, {"Type", settings_.model}}});
    if (command == "privileged" && settings_.privileged) return reply('S', 46, "Privileged access OK", request.wall);
    return reply('E', 14, "Invalid command", request.wall);
}

double CgminerMachine::megahashes(const Request& request) const {
    const auto rated = static_cast<double>(request.plant.settings().machines[settings_.machine].rated.count);
    return rated * 1e6 / static_cast<double>(settings_.joules_per_hash) * request.plant.report(settings_.machine, request.now).hash_per_mille;
}

std::int64_t CgminerMachine::elapsed(const Request& request) const {
    return (request.now - std::max(started_, request.plant.booted(settings_.machine))).count() / 1'000;
}

json::object CgminerMachine::summary(const Request& request) const {
    const double mhs = megahashes(request);
    return {{"Elapsed", elapsed(request)}, {"MHS av", mhs}, {"MHS 5s", mhs}, {"MHS 1m", mhs}, {"MHS 5m", mhs}, {"MHS 15m", mhs}, {"Found Blocks", 0}, {"Getworks", 312}, {"Accepted", 5'412},
            {"Rejected", 3}, {"Hardware Errors", 12}, {"Utility", 7.41}, {"Discarded", 640}, {"Stale", 0}, {"Get Failures", 0}, {"Best Share", 82'000'000}, {"Device Hardware%", 0.0002},
            {"Device Rejected%", 0.05}, {"Pool Rejected%", 0.05}, {"Pool Stale%", 0.0}};
}

/// Those that hash; a board that is missing is not in the list.
json::array CgminerMachine::devices(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double each = megahashes(request) / std::max(1u, report.boards);
    json::array out;
    for (unsigned i = 0; i < report.boards; ++i)
        out.push_back(json::object{{"ASC", i}, {"Name", "BC5"}, {"ID", i}, {"Enabled", "Y"}, {"Status", "Alive"}, {"Temperature", double(report.degrees)}, {"MHS av", each}, {"MHS 5s", each},
                                   {"Accepted", 1'804}, {"Rejected", 1}, {"Hardware Errors", 4}, {"Utility", 2.47}, {"Last Share Pool", 0}, {"Device Hardware%", 0.0002},
                                   {"Device Rejected%", 0.05}, {"Device Elapsed", elapsed(request)}});
    return out;
}

json::array CgminerMachine::statistics(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    json::object chains{{"STATS", 0}, {"ID", "BC50"}, {"Elapsed", elapsed(request)}, {"Calls", 0}, {"Wait", 0.0}, {"GHS 5s", megahashes(request) / 1'000}, {"miner_count", report.boards}, {"fan1", 5'640}, {"fan2", 5'640}};
    for (unsigned i = 1; i <= report.boards; ++i) {
        chains[fmt::format("temp{}", i)] = report.degrees - 15;
        chains[fmt::format("temp2_{}", i)] = report.degrees;
    }
    return {std::move(chains), json::object{{"STATS", 1}, {"ID", "POOL0"}, {"Elapsed", elapsed(request)}, {"Calls", 0}, {"Wait", 0.0}, {"Pool Calls", 0}, {"Net Bytes Sent", 181'022}}};
}

}  // namespace ballast::sim
