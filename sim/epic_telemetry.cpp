#include "sim/epic_machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;

namespace {

constexpr unsigned slots = 3;

std::int64_t unix_seconds(Instant wall) {
    return std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
}

json::object fan_speeds(bool idle) {
    json::object out;
    for (int i = 1; i <= 12; ++i) out[fmt::format("Fans Speed {}", i)] = i <= 4 ? json::value(idle ? 1'200 : 5'940) : json::value(nullptr);
    return out;
}

json::object tuning() {
    const json::object optimizer{{"Min Throttle Target", 50}, {"Optimized", false}, {"Target", 143}, {"Throttle Step", 5}, {"Throttle Target", nullptr}, {"Unit", "TH/s"}};
    return {{"Algorithm", json::object{{"VoltageOptimizer", optimizer}}}, {"Running", true}};
}

}  // namespace

double EpicMachine::megahashes(const Request& request, unsigned per_mille) const {
    return static_cast<double>(request.plant.settings().machines[settings_.machine].rated.count) * 1e6 / static_cast<double>(settings_.joules_per_hash) * per_mille;
}

json::object EpicMachine::summary(const Request& request) const {
    if (fault(request) == MachineFault::empty_stats) return {};
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    json::array found, targets;
    for (unsigned i = 0; i < slots; ++i) found.push_back(json::object{{"Detected", i < report.boards}, {"Enabled", i < report.boards}, {"Index", i}});
    for (unsigned i = 0; i < report.boards; ++i) targets.push_back(json::object{{"Data", 485.0}, {"Index", i}});
    const json::object automatic{{"Idle Speed", 20}, {"Target Temperature", 60}};
    json::array pools;
    if (report.pools) pools.push_back(json::object{{"login", "site.worker"}, {"password", "x"}, {"pool", "stratum+tcp://pool1.example:3333"}});
    return {{"Disable Board On Failure", true}, {"Enable Boards On Idle", false},
            {"Fans", json::object{{"Fan Mode", json::object{{"Auto", automatic}}}, {"Fans Speed", report.asleep ? 20 : 100}, {"Minimum Working Fans", 0}}}, {"Fans Rpm", fan_speeds(report.asleep)},
            {"HBStatus", std::move(found)}, {"HBs", boards(request)}, {"Hostname", fmt::format("cminer{}", settings_.machine)},
            {"HwConfig", json::object{{"Boards Target Clock", std::move(targets)}}}, {"IdleOnConnectionLost", true}, {"Last License Error", nullptr},
            {"Mining", json::object{{"Algorithm", "SHA-256"}, {"Coin", "BTC"}}}, {"Misc", json::object{{"Critical Temp", 100.0}, {"Locate Miner State", false}, {"Shutdown Temp", 85.0}}},
            {"OS Type", "umcOS"}, {"Overdrive", false}, {"PerpetualTune", tuning()},
            {"Power Supply Stats", json::object{{"Input Current", 0.0}, {"Input Power", double(report.power.count)}, {"Input Voltage", 0.0}, {"Output Current", 0.0}, {"Output Power", 0.0},
                                                {"Output Voltage", report.supply_on ? 12.595 : 0.0}, {"Target Voltage", 12'600}}},
            {"PresetInfo", json::object{{"Target Power", request.plant.settings().machines[settings_.machine].rated.count}}}, {"Session", session(request)}, {"Software", "PowerPlay-BMS v1.5.13"},
            {"Status", json::object{{"Last Command", last_command_.empty() ? json::value(nullptr) : json::value(last_command_)}, {"Last Command Result", nullptr}, {"Last Error", nullptr},
                                    {"Operating State", report.asleep ? "Idling" : "Mining"}}},
            {"Stratum", stratum(request)}, {"StratumConfigs", std::move(pools)}};
}

json::object EpicMachine::session(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double now = megahashes(request, report.hash_per_mille);
    const std::int64_t uptime = (request.now - started_).count() / 1'000, wall = unix_seconds(request.wall);
    return {{"Accepted", 1'862}, {"Active HBs", report.asleep ? 0 : report.boards}, {"Average MHs", now}, {"Difficulty", 262'144.0}, {"Last Accepted Share Timer", 25},
            {"Last Accepted Share Timestamp", wall - 25}, {"Last Work Timer", 34}, {"Last Work Timestamp", wall - 34}, {"LastAverageMHs", json::object{{"Hashrate", now}, {"Timestamp", wall / 900 * 900}}},
            {"Rejected", 2}, {"Startup String", "Wed, 13 Aug 2025 18:59:49 +0000"}, {"Startup Timestamp", wall - uptime}, {"Submitted", 1'864}, {"Uptime", uptime}, {"WorkReceived", 641}};
}

json::object EpicMachine::stratum(const Request& request) const {
    const bool pools = request.plant.report(settings_.machine, request.now).pools;
    return {{"Average Latency", 0.038}, {"Config Id", 0}, {"Current Pool", pools ? json::value("pool1.example:3333") : json::value(nullptr)},
            {"Current User", pools ? json::value("site.worker") : json::value(nullptr)}, {"IsPoolConnected", pools}, {"Worker Unique Id", true}, {"Worker Unique Id Variant", "IpAddress"}};
}

/// Those that are there: hashrate in MH/s, in percent of its target, and its errors.
json::array EpicMachine::boards(const Request& request) const {
    const Plant::Report report = request.plant.report(settings_.machine, request.now);
    const double each = megahashes(request, report.hash_per_mille) / std::max(1u, report.boards), whole = megahashes(request, 1'000) / slots;
    json::array out;
    for (unsigned i = 0; i < report.boards; ++i)
        out.push_back(json::object{{"Core Clock", json::array{}}, {"Core Clock Avg", report.asleep ? 0.0 : 487.5}, {"Hashrate", json::array{each, each / whole * 100, 0.8}}, {"Index", i}, {"Input Current", 0.0},
                                   {"Input Power", 0.0}, {"Input Voltage", report.supply_on ? 12.6 : 0.0}, {"Output Current", 0.0}, {"Output Power", 0.0}, {"Output Voltage", 0.0},
                                   {"Temperature", double(report.degrees)}});
    return out;
}

json::object EpicMachine::network(const Request& request) const {
    const bool moved = fault(request) == MachineFault::moved;
    return {{"dhcp", json::object{{"address", settings_.host}, {"dns", "8.8.8.8"}, {"gateway", "127.0.0.1"}, {"mac_address", moved ? other_mac(settings_.mac) : settings_.mac}, {"netmask", "255.0.0.0"}}}};
}

json::object EpicMachine::capabilities(const Request& request) const {
    const std::string serial = (fault(request) == MachineFault::moved ? "X" : "") + settings_.serial;
    const std::int64_t rated = request.plant.settings().machines[settings_.machine].rated.count;
    const double whole = megahashes(request, 1'000) / 1e6;
    json::array serials, presets, tunings;
    for (unsigned i = 0; i < slots; ++i) serials.push_back(json::value(fmt::format("{}B{}", serial, i)));
    presets.push_back(json::object{{"clk", 482}, {"hashrate", whole}, {"power", rated}, {"voltage", 12'900}});
    tunings.push_back(json::object{{"algorithm", "VoltageOptimizer"}, {"description", "Holds the hashrate by adjusting the voltage."}, {"max", 300}, {"min", 60}, {"name", "Voltage Optimizer"}});
    return {{"Board Serial Numbers", std::move(serials)}, {"Chip Type", "BM1366"}, {"Chips Per Bank", 10}, {"Coins", json::array{"BTC"}},
            {"Control Board Version", json::object{{"carrierBoardVersion", "4.1.0"}, {"cpuHardware", "STM32 (Device Tree Support)"}, {"cpuSerial", serial}, {"somBoardVersion", "7.1.0"}}},
            {"Default Clock", 485}, {"Default Hashrate", static_cast<std::int64_t>(whole)}, {"Default Voltage", 12'900}, {"Display", json::array{"ClksAndVoltage", "ShutdownTemp", "PerpetualTune"}},
            {"Max Clock Configs", 1}, {"Max HBs", slots}, {"Model", settings_.model}, {"Model Subtype", "BHB56801"},
            {"Performance Estimator", json::object{{"Chip Count", 110}, {"Hashes Per Second Per Chip", 894.0}}}, {"PerpetualTune", std::move(tunings)},
            {"Psu Info", json::object{{"FW", 25}, {"Max Vout", 15'182}, {"Min Vout", 11'877}, {"PSU Type", 118}}}, {"Temp Sensor Info", json::object{{"Count", 2}, {"Type", "Board"}}},
            {"Tune Presets", std::move(presets)}, {"Voltage Estimator", json::object{{"Slope", 0.0041}, {"Y Intercept", 11.0}}}};
}

}  // namespace ballast::sim
