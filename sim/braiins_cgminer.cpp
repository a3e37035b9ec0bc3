#include "sim/braiins_machine.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view firmware = "BOSer boser-buildroot 0.1.0-3881c51d";

/// STATUS first, then the payload, then the id, as Braiins' documentation shows it.
json::object reply(char status, int code, std::string_view message, Instant wall, std::string_view name = {}, json::array payload = {}) {
    const auto when = std::chrono::floor<seconds>(wall.time_since_epoch()).count();
    json::object out{{"STATUS", json::array{json::object{{"STATUS", std::string(1, status)}, {"When", when}, {"Code", code}, {"Msg", message}, {"Description", firmware}}}}};
    if (!name.empty()) out[name] = std::move(payload);
    out["id"] = 1;
    return out;
}

/// Megahashes a second over each window: the plant's rate has no past.
void put_rates(json::object& out, double megahashes) {
    for (const char* window : {"MHS 5s", "MHS 1m", "MHS 5m", "MHS 15m", "MHS 24h", "MHS av"}) out[window] = megahashes;
}

}  // namespace

AsicDevice::Reply BraiinsMachine::cgminer(const Asked& asked, const Request& request) {
    const auto say = [this](const json::object& said) { return Reply{.bytes = framed(json::serialize(said))}; };
    if (asked.broken) return say(reply('E', 23, "Invalid JSON", asked.wall));
    const json::value parsed = json::parse(asked.request);
    const json::value* given = parsed.get_object().if_contains("command");
    const std::string command{given && given->is_string() ? std::string_view{given->get_string()} : std::string_view{}};
    if (command != "pause" && command != "resume") {
        const auto known = command.find('+') == command.npos ? told(command, request) : combined(command, request);
        return say(known ? *known : reply('E', 14, "Invalid command", asked.wall));
    }
    Reply out = say(reply('E', 45, fmt::format("Access denied to '{}' command", command), asked.wall));
    out.privileged = command;
    if (fault(request) == MachineFault::refused) return out;
    const bool pauses = command == "pause";
    if (pauses) request.plant.sleep(settings_.machine, request.now);
    else request.plant.wake(settings_.machine, request.now);
    out = say(pauses ? reply('S', 204, "Pause", asked.wall, "PAUSE", {true}) : reply('S', 205, "Resume", asked.wall, "RESUME", {true}));
    out.privileged = pauses ? "sleep" : "wakeup";
    out.accepted = true;
    return out;
}

/// "summary+devs": each whole under its own name. None: one of them is none of these.
std::optional<json::object> BraiinsMachine::combined(std::string_view commands, const Request& request) const {
    json::object out;
    for (std::size_t at = 0; at <= commands.size();) {
        const std::size_t plus = std::min(commands.find('+', at), commands.size());
        const std::string_view one = commands.substr(at, plus - at);
        const auto single = told(one, request);
        if (!single) return std::nullopt;
        out[one] = json::array{*single};
        at = plus + 1;
    }
    out["id"] = 1;
    return out;
}

std::optional<json::object> BraiinsMachine::told(std::string_view command, const Request& request) const {
    const bool empty = fault(request) == MachineFault::empty_stats;
    const Plant::Report is = report(request);
    const auto list = [&](int code, std::string_view what, std::string_view name, json::array payload) {
        const std::string count = fmt::format("{} {}(s)", payload.size(), what);
        return reply('S', code, count, request.wall, name, std::move(payload));
    };
    if (command == "version") return reply('S', 22, "BOSer versions", request.wall, "VERSION", {json::object{{"API", "3.7"}, {"BOSer", firmware}}});
    if (command == "summary") return reply('S', 11, "Summary", request.wall, "SUMMARY", empty ? json::array{} : json::array{summary(request)});
    if (command == "tunerstatus") return reply('S', 203, "Tuner Status", request.wall, "TUNERSTATUS", empty ? json::array{} : json::array{tuner_status(request)});
    if (command == "devs") return list(9, "ASC", "DEVS", empty ? json::array{} : boards(request));
    if (command == "pools") {
        json::array out;
        for (int i = 0; is.pools && i < 2; ++i)
            out.push_back(json::object{{"POOL", i}, {"URL", fmt::format("stratum+tcp://pool{}.example:3333", i + 1)}, {"Status", "Alive"}, {"Priority", i}, {"User", "site.worker"}, {"Stratum Active", i == 0},
                                       {"Accepted", i == 0 ? 10'460 : 0}, {"Rejected", 0}});
        return list(7, "Pool", "POOLS", std::move(out));
    }
    if (command == "temps") {
        json::array out;
        for (unsigned i = 0; i < is.boards && !empty; ++i) out.push_back(json::object{{"Board", is.degrees - 15.0}, {"Chip", double(is.degrees)}, {"ID", i + 1}, {"TEMP", i}});
        return list(201, "Temp", "TEMPS", std::move(out));
    }
    if (command == "fans") {
        json::array out;
        for (int i = 0; i < 4; ++i) out.push_back(json::object{{"FAN", i}, {"ID", i}, {"RPM", is.asleep ? 0 : 5'904}, {"Speed", is.asleep ? 0 : 100}});
        return list(202, "Fan", "FANS", std::move(out));
    }
    return std::nullopt;
}

json::object BraiinsMachine::summary(const Request& request) const {
    json::object out{{"Elapsed", (request.now - started_).count() / 1'000}, {"Accepted", 10'460}, {"Rejected", 0}, {"Stale", 0}, {"Hardware Errors", 0}, {"Found Blocks", 0}};
    put_rates(out, gigahashes(request, report(request).hash_per_mille) * 1'000);
    return out;
}

json::object BraiinsMachine::tuner_status(const Request& request) const {
    const Plant::Report is = report(request);
    const Power approximate = is.supply_on ? is.power : Power{};
    json::array chains;
    for (unsigned i = 0; i < is.boards; ++i)
        chains.push_back(json::object{{"ApproximatePowerConsumptionWatt", approximate.count * 95 / 100 / is.boards}, {"HashchainIndex", i + 1}, {"PowerLimitWatt", is.level.count / is.boards},
                                      {"Status", settled(request) ? "Stable" : "Tuning individual chips"}, {"TunerRunning", !settled(request)}});
    return {{"ApproximateChainPowerConsumption", approximate.count * 95 / 100}, {"ApproximateMinerPowerConsumption", approximate.count}, {"DynamicPowerScaling", "Disabled"}, {"PowerLimit", is.level.count},
            {"TunerChainStatus", std::move(chains)}};
}

/// Those that hash; a board that is missing is not in the list.
json::array BraiinsMachine::boards(const Request& request) const {
    const Plant::Report is = report(request);
    json::array out;
    for (unsigned i = 0; i < is.boards; ++i) {
        json::object one{{"ASC", i}, {"Name", fmt::format("Hash Chain {}", i + 1)}, {"ID", i + 1}, {"Enabled", "Y"}, {"Status", "Alive"}, {"Temperature", is.degrees - 15.0},
                         {"Nominal MHS", gigahashes(request, 1'000) * 1'000 / 3}, {"Accepted", 3'486}, {"Rejected", 0}, {"Hardware Errors", 0}};
        put_rates(one, gigahashes(request, is.hash_per_mille) * 1'000 / is.boards);
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace ballast::sim
