// A mixed floor of simulated miners on loopback, and what came of an order to it.
//   floor_devices FLOOR.csv [SEED=1] [FAULTS=hung=3,lies=1]
// Says "ready"; then, for each line "report FROM" on its input (ms of the steady clock, as Python's time.monotonic counts), prints one JSON line:
// who was told to sleep since, in ms after FROM and W, of those that obey; what was drawn then and is drawn now, W, by steps of 50 ms; requests so far.
#include "bench/floor_file.hpp"
#include "sim/asic_devices.hpp"
#include "sim/faults.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace {

using namespace ballast;

sim::AsicSettings device_of(const bench::FloorMachine& machine, std::size_t number) {
    const auto placed = [&](auto settings) -> sim::AsicSettings {
        settings.host = machine.host, settings.port = machine.port, settings.machine = number;
        return settings;
    };
    switch (machine.make) {
    case AsicProtocol::whatsminer2: return placed(sim::Whatsminer2Settings{});
    case AsicProtocol::whatsminer3: return placed(sim::Whatsminer3Settings{});
    case AsicProtocol::antminer: return placed(sim::AntminerSettings{.mode_form = sim::AntminerSettings::ModeForm::number});  // The other costs every client a second write.
    case AsicProtocol::braiins: return placed(sim::BraiinsSettings{});
    default: return placed(sim::LuxosSettings{});
    }
}

sim::MachineSettings physics_of(const bench::FloorMachine& machine) {
    switch (machine.make) {
    case AsicProtocol::whatsminer2:
    case AsicProtocol::whatsminer3: return sim::whatsminer_physics(machine.host, machine.watts);
    case AsicProtocol::antminer: return sim::antminer_physics(machine.host, machine.watts);
    case AsicProtocol::braiins: return sim::braiins_physics(machine.host, machine.watts);
    default: return {.name = machine.host, .rated = machine.watts};
    }
}

/// What all of them draw, every 50 ms.
class Record {
public:
    Record(sim::LivePlant& plant, std::size_t machines) : plant_{plant}, machines_{machines}, thread_{[this] { run(); }} {}
    ~Record() {
        stopping_ = true;
        thread_.join();
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> since(Steady from) {
        const std::scoped_lock lock{mutex_};
        std::vector<std::pair<std::int64_t, std::int64_t>> out;
        for (const auto& [at, power] : samples_)
            if (at >= from) out.emplace_back((at - from).count(), power.count);
        return out;
    }

private:
    void run() {
        while (!stopping_) {
            Power drawn;
            const Steady at = sim::steady_now();
            for (std::size_t first = 0; first < machines_; first += 500)  // In parts, so that no device waits for long.
                drawn += plant_.with([&](sim::Plant& plant, Steady now) {
                    Power part;
                    for (std::size_t i = first; i < std::min(first + 500, machines_); ++i) part += plant.machine_power(i, now);
                    return part;
                });
            {
                const std::scoped_lock lock{mutex_};
                samples_.emplace_back(at, drawn);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
    }

    sim::LivePlant& plant_;
    std::size_t machines_;
    std::mutex mutex_;
    std::vector<std::pair<Steady, Power>> samples_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

void report(sim::LivePlant& plant, sim::AsicDevices& devices, Record& record, const std::vector<bench::FloorMachine>& floor, Steady from) {
    std::vector<bool> told(floor.size(), false);
    std::vector<std::string> heard;
    for (const sim::CommandHeard& command : plant.commands()) {
        if (command.at < from || command.command != "sleep" || !command.accepted || told[command.machine]) continue;
        told[command.machine] = true;
        const auto fault = plant.with([&](sim::Plant& p, Steady) { return p.fault(command.machine); });
        if (fault == sim::MachineFault::none) heard.push_back(fmt::format("[{},{}]", (command.at - from).count(), floor[command.machine].watts.count));
    }
    std::vector<std::string> drawn;
    for (const auto& [at, power] : record.since(from)) drawn.push_back(fmt::format("[{},{}]", at, power));
    fmt::print("{{\"told\":[{}],\"drawn\":[{}],\"requests\":{},\"connections\":{}}}\n", fmt::join(heard, ","), fmt::join(drawn, ","), devices.requests(), devices.connections());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: floor_devices FLOOR.csv [SEED] [FAULTS]\n");
        return 2;
    }
    try {
        const auto floor = bench::read_floor(argv[1]);
        const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
        sim::PlantSettings settings;
        settings.seed = seed;
        std::vector<sim::AsicSettings> devices;
        for (const bench::FloorMachine& machine : floor) {
            settings.machines.push_back(physics_of(machine));
            devices.push_back(device_of(machine, devices.size()));
        }
        const auto faults = sim::read_fault_plan(argc > 3 ? argv[3] : "hung=3,lies=1");
        if (!faults || !sim::apply(*faults, settings)) throw std::runtime_error{"faults are written as hung=3,lies=1"};
        sim::LivePlant plant{std::move(settings)};
        sim::AsicDevices server{devices, plant, seed};
        Record record{plant, floor.size()};
        fmt::print("ready\n");
        std::fflush(stdout);
        std::string word;
        for (std::int64_t from = 0; std::cin >> word >> from;) report(plant, server, record, floor, Steady{Duration{from}});
    } catch (const std::exception& error) {
        fmt::print(stderr, "floor_devices: {}\n", error.what());
        return 1;
    }
    return 0;
}
