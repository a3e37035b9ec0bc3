#include "sim/luxos_machine.hpp"

#include "sim/json_request.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t most_request = 8'192;
constexpr std::string_view firmware = "LUXminer 2025.4.8.220305-57b389c7";

std::int64_t unix_seconds(Instant wall) {
    return std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
}

/// Key order as captured: the payload, STATUS and id are sorted by name.
std::string listed(char status, int code, std::string_view message, Instant wall, std::string_view name, const json::array& payload) {
    const json::object line{{"Code", code}, {"Description", firmware}, {"Msg", message}, {"STATUS", std::string(1, status)}, {"When", unix_seconds(wall)}};
    json::object out;
    if (!name.empty() && name < "STATUS") out[name] = payload;
    out["STATUS"] = json::array{line};
    if (!name.empty() && name > "STATUS") out[name] = payload;
    out["id"] = 1;
    return json::serialize(out);
}

/// Those of a captured S19k Pro, whose default drew 2,794 W.
struct Profile {
    std::string_view name;
    int step;
    std::int64_t watts;
};
constexpr std::int64_t default_watts = 2'794;
constexpr Profile all_profiles[] = {{"190MHz", -16, 784},    {"215MHz", -15, 879},    {"240MHz", -14, 978},    {"265MHz", -13, 1'080},  {"290MHz", -12, 1'188}, {"315MHz", -11, 1'299}, {"340MHz", -10, 1'414},
                                    {"365MHz", -9, 1'533},   {"390MHz", -8, 1'657},   {"415MHz", -7, 1'785},   {"440MHz", -6, 1'916},   {"465MHz", -5, 2'052},  {"490MHz", -4, 2'192},  {"515MHz", -3, 2'336},
                                    {"540MHz", -2, 2'485},   {"565MHz", -1, 2'637},   {"default", 0, 2'794},   {"615MHz", 1, 2'954},    {"640MHz", 2, 3'119},   {"665MHz", 3, 3'288},   {"690MHz", 4, 3'461}};

const Profile* find(std::string_view name) {
    const auto* found = std::ranges::find(all_profiles, name, &Profile::name);
    return found == std::end(all_profiles) ? nullptr : found;
}

Power watts_of(const Profile& profile, Power rated) { return Power{rated.count * profile.watts / default_watts}; }

std::string reply(char status, int code, std::string_view message, Instant wall, std::string_view name = {}, const json::object& payload = {}) {
    return listed(status, code, message, wall, name, json::array(1, payload));
}

std::string text(const json::value& value) {
    return value.is_string() ? std::string{value.get_string()} : value.is_null() ? std::string{} : json::serialize(value);
}

std::vector<std::string> words(std::string_view parameter) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= parameter.size();) {
        const std::size_t comma = std::min(parameter.find(',', at), parameter.size());
        out.emplace_back(parameter.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

std::string model_by(std::int64_t joules_per_hash) {
    if (joules_per_hash <= 18'500) return "Antminer S21";
    return joules_per_hash <= 24'000 ? "Antminer S19 XP" : "Antminer S19j Pro";
}

}  // namespace

struct LuxosMachine::Request {
    std::string command, parameter;
    std::vector<std::string> words;          ///< The parameter's, by comma.
    Plant& plant;
    Steady now;
    Instant wall;
};

LuxosMachine::LuxosMachine(LuxosSettings settings, std::uint64_t seed) : settings_{std::move(settings)}, seed_{seed} {
    if (settings_.joules_per_hash <= 0) settings_.joules_per_hash = 20'000;
    const auto n = static_cast<unsigned>(settings_.machine);
    if (settings_.mac.empty()) settings_.mac = fmt::format("62:f7:5e:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255);
    if (settings_.serial.empty()) settings_.serial = fmt::format("SIMZB{:012d}", n);
    if (settings_.model.empty()) settings_.model = model_by(settings_.joules_per_hash);
}

AsicDevice::Heard LuxosMachine::hear(std::string_view bytes) const {
    if (bytes.size() > most_request) return {Form::broken, 0};
    return hear_json(bytes);
}

AsicDevice::Reply LuxosMachine::answer(const Asked& asked, Plant& plant) {
    if (started_ == Steady{}) begin(asked.now, plant);
    if (asked.broken) return {framed(reply('E', 23, "Invalid JSON", asked.wall))};
    const json::value parsed = json::parse(asked.request);
    Request request{{}, {}, {}, plant, asked.now, asked.wall};
    if (const auto* command = parsed.get_object().if_contains("command")) request.command = text(*command);
    if (const auto* parameter = parsed.get_object().if_contains("parameter")) request.parameter = text(*parameter);
    request.words = words(request.parameter);
    Answer told = answer(request);
    return {.bytes = framed(std::move(told.json)), .privileged = std::move(told.privileged), .accepted = told.accepted};
}

/// With the profile that it was given.
void LuxosMachine::begin(Steady now, Plant& plant) {
    started_ = now;
    const Profile* profile = find(settings_.profile);
    if (profile && profile->step != 0) plant.set_level(settings_.machine, watts_of(*profile, plant.settings().machines[settings_.machine].rated), Duration{0}, now);
}

std::string LuxosMachine::framed(std::string nonsense) const {
    nonsense.push_back('\0');
    return nonsense;
}

MachineFault LuxosMachine::fault(const Request& request) const {
    return request.plant.fault(settings_.machine);
}

bool LuxosMachine::knows(const Request& request) const {
    return !session_.empty() && request.words.front() == session_ && fault(request) != MachineFault::bad_tokens;
}

LuxosMachine::Answer LuxosMachine::answer(const Request& request) {
    const std::string& command = request.command;
    const bool privileged = command == "logon" || command == "logoff" || command == "curtail" || command == "profileset" || command == "atmset";
    if (privileged && fault(request) == MachineFault::refused)
        return {reply('E', 45, fmt::format("Access denied to '{}' command", command), request.wall), command, false};
    if (command == "logon") return logon(request);
    if (command == "logoff") return logoff(request);
    if (command == "curtail") return curtail(request);
    if (command == "profileset") return set_profile(request);
    if (command == "atmset") return set_tuning(request);
    if (command.find('+') != command.npos) return combined(request);
    if (auto told = telemetry(command, request)) return {*std::move(told)};
    return {reply('E', 14, "Invalid command", request.wall)};
}

/// "summary+power": each reply whole, under its own name.
LuxosMachine::Answer LuxosMachine::combined(const Request& request) const {
    const std::string& command = request.command;
    json::object out;
    for (std::size_t at = 0; at <= command.size();) {
        const std::size_t plus = std::min(command.find('+', at), command.size());
        const std::string one = command.substr(at, plus - at);
        if (const auto told = telemetry(one, request)) out[one] = json::array{json::parse(*told)};
        at = plus + 1;
    }
    if (out.empty()) return {reply('E', 14, "Invalid command", request.wall)};
    out["id"] = 1;
    return {json::serialize(out)};
}

LuxosMachine::Answer LuxosMachine::logon(const Request& request) {
    if (!session_.empty() || fault(request) == MachineFault::no_tokens) return {reply('E', 402, "Another session is active", request.wall), "logon", false};
    constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    Chance chance{seed_++};
    for (int i = 0; i < 8; ++i) session_ += letters[chance.below(letters.size())];
    return {reply('S', 316, "Session created", request.wall, "SESSION", {{"SessionID", session_}}), "logon", true};
}

LuxosMachine::Answer LuxosMachine::logoff(const Request& request) {
    if (!knows(request)) return {reply('E', 401, "Invalid session id", request.wall), "logoff", false};
    session_.clear();
    return {reply('S', 317, "Session terminated", request.wall), "logoff", true};
}

LuxosMachine::Answer LuxosMachine::curtail(const Request& request) {
    const std::string action = request.words.size() > 1 ? request.words[1] : std::string{};
    if (!knows(request)) return {reply('E', 401, "Invalid session id", request.wall), action, false};
    // The published pages name no code for a bad argument; an error of any code is what a client must cope with.
    if (action != "sleep" && action != "wakeup") return {reply('E', 334, "Invalid curtail argument", request.wall), {}, false};
    const bool fast = std::ranges::find(request.words, "mode=unsafe") != request.words.end();
    if (action == "sleep") request.plant.sleep(settings_.machine, request.now);
    else request.plant.wake(settings_.machine, request.now, fast);
    const json::object done{{"Action", action == "sleep" ? "sleep mode" : "wake up"}};
    return {reply('S', 335, "Curtailment command sent", request.wall, "CURTAIL", done), action, true};
}

LuxosMachine::Answer LuxosMachine::set_profile(const Request& request) {
    const Profile* profile = request.words.size() > 1 ? find(request.words[1]) : nullptr;
    if (!knows(request)) return {reply('E', 401, "Invalid session id", request.wall), "level", false};
    if (settings_.tunes_itself) return {reply('E', 334, "ATM is enabled", request.wall), "level", false};
    if (!profile) return {reply('E', 334, "Invalid profile", request.wall), {}, false};
    settings_.profile = profile->name;
    request.plant.set_level(settings_.machine, watts_of(*profile, request.plant.settings().machines[settings_.machine].rated), seconds{10}, request.now);
    return {reply('S', 326, "Profile set", request.wall, "PROFILE", {{"Profile", profile->name}}), "level", true};
}

LuxosMachine::Answer LuxosMachine::set_tuning(const Request& request) {
    const std::string what = request.words.size() > 1 ? request.words[1] : std::string{};
    if (!knows(request)) return {reply('E', 401, "Invalid session id", request.wall), "config", false};
    if (what != "enabled=true" && what != "enabled=false") return {reply('E', 334, "Invalid ATM argument", request.wall), {}, false};
    settings_.tunes_itself = what == "enabled=true";
    return {reply('S', 339, "ATM set", request.wall, "ATM", {{"Enabled", settings_.tunes_itself}}), "config", true};
}

json::array LuxosMachine::profiles(Power rated) const {
    json::array all;
    for (const Profile& one : all_profiles)
        all.push_back(json::object{{"CanRestore", true}, {"IsDynamic", true}, {"IsTuned", one.name == settings_.profile}, {"Profile Name", one.name}, {"Step", std::to_string(one.step)},
                                   {"Watts", watts_of(one, rated).count}});
    return all;
}

std::optional<std::string> LuxosMachine::telemetry(std::string_view command, const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const Power rated = request.plant.settings().machines[settings_.machine].rated;
    const bool moved = fault(request) == MachineFault::moved;
    const double nominal_ghs = static_cast<double>(rated.count) * 1e6 / static_cast<double>(settings_.joules_per_hash);
    const double ghs = nominal_ghs * report.hash_per_mille / 1000;
    if (command == "session") return reply('S', 316, "Session", request.wall, "SESSION", {{"SessionID", session_}});
    if (command == "power")
        return reply('S', 311, "Power usage", request.wall, "POWER", {{"PSU", settings_.measures}, {"Watts", report.power.count}});
    if (command == "version")
        return reply('S', 22, "LUXminer versions", request.wall, "VERSION",
                     {{"API", "3.7"}, {"CompileTime", "Tue Apr  8 22:05:35 UTC 2025"}, {"LUXminer", firmware.substr(9)}, {"Miner", "2025.4.8.220305"}, {"Type", settings_.model}});
    if (command == "config")
        return reply('S', 33, "LUXminer config", request.wall, "CONFIG",
                     {{"ASC Count", report.boards}, {"ControlBoardType", "cvitek"}, {"Cooling", "Air"}, {"CurtailMode", report.asleep ? "Sleep" : "None"},
                      {"DHCP", true}, {"FeeStatus", "Ok"}, {"Hostname", settings_.serial}, {"IPAddr", settings_.host}, {"ImmersionMode", false},
                      {"IsAtmEnabled", settings_.tunes_itself}, {"IsPowerSupplyOn", report.supply_on}, {"IsTuning", false}, {"MACAddr", moved ? other_mac(settings_.mac) : settings_.mac},
                      {"Model", settings_.model}, {"NameplateTHS", nominal_ghs / 1000}, {"OS", "LuxOS"}, {"Pool Count", 1}, {"Profile", settings_.profile},
                      {"ProfileStep", std::to_string(find(settings_.profile) ? find(settings_.profile)->step : 0)}, {"SerialNumber", moved ? "X" + settings_.serial : settings_.serial}, {"SystemStatus", "Normal"}});
    if (command == "profiles") {
        json::object said = json::parse(reply('S', 323, "List profiles", request.wall)).get_object();
        said["PROFILES"] = profiles(rated);
        return json::serialize(said);
    }
    if (command == "summary" && fault(request) == MachineFault::empty_stats) return reply('S', 11, "Summary", request.wall, "SUMMARY", {});
    if (command == "summary")
        return reply('S', 11, "Summary", request.wall, "SUMMARY",
                     {{"Accepted", 1483}, {"Best Share", 32768}, {"Elapsed", (request.now - started_).count() / 1000}, {"Found Blocks", 0},
                      {"GHS 15m", ghs}, {"GHS 1m", ghs}, {"GHS 30m", ghs}, {"GHS 5m", ghs}, {"GHS 5s", ghs}, {"GHS av", ghs},
                      {"Hardware Errors", 0}, {"Rejected", 1}, {"Stale", 0}, {"Total MH", ghs * 1000}, {"Utility", 26.03}});
    return health(command, request);
}

/// Boards, pools, and the temperatures it keeps to. Those of its boards lie some 15 degrees below its chips'.
std::optional<std::string> LuxosMachine::health(std::string_view command, const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const Power rated = request.plant.settings().machines[settings_.machine].rated;
    const double mhs = static_cast<double>(rated.count) * 1e6 / static_cast<double>(settings_.joules_per_hash) * report.hash_per_mille / std::max(1u, report.boards);
    if (command == "tempctrl") return reply('S', 323, "Temperature control", request.wall, "TEMPCTRL", {{"Dangerous", 80.0}, {"Hot", 75.0}, {"Mode", "Automatic"}, {"Target", 65.0}});
    if (command == "pools")
        return listed('S', 7, "1 Pool(s)", request.wall, "POOLS",
                      json::array(1, json::object{{"POOL", 0}, {"Status", report.pools ? "Alive" : "Dead"}, {"Stratum Active", report.pools}, {"URL", "stratum+tcp://pool1.example:3333"}, {"User", "site.worker"}}));
    if (command != "devs") return std::nullopt;
    json::array boards;
    for (unsigned i = 0; i < report.boards && fault(request) != MachineFault::empty_stats; ++i)
        boards.push_back(json::object{{"ASC", i}, {"Board", "BHB56903"}, {"Enabled", "Y"}, {"ID", i}, {"IsRamping", false}, {"MHS 15m", mhs}, {"MHS 5s", mhs}, {"MHS av", mhs}, {"Profile", "default"},
                                      {"Status", "Alive"}, {"Temperature", report.degrees - 15.0}});
    return listed('S', 9, fmt::format("{} ASC(s)", boards.size()), request.wall, "DEVS", boards);
}

}  // namespace ballast::sim
