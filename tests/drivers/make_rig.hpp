#pragma once
#include "drivers/asic/asics.hpp"
#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <spdlog/spdlog.h>

namespace ballast::support {

using namespace std::chrono_literals;
using sim::MachineFault;

inline constexpr Slot slot = 4;
inline const char* const mac = "d4:01:02:03:04:05";

/// Of a make, ready to answer at once and to follow within tenths of a second.
struct Make {
    AsicProtocol protocol;
    const char* password;
    sim::AsicSettings device;
    sim::MachineSettings physics;
    std::string host = "127.24.0.1";
    std::uint16_t listens = 0;  ///< If that is not where it is asked.
    bool slowed = false;        ///< As of a group that may be capped;
    Power low_power{};          ///< and what its low power mode draws.
};

template <class Settings>
Make make(AsicProtocol protocol, const char* password, Settings device, sim::MachineSettings physics) {
    device.mac = mac;
    physics.off_after = physics.full_after = {100ms, 100ms};
    physics.boot = {200ms, 200ms};
    return {protocol, password, std::move(device), std::move(physics)};
}

/// The machine, simulated, and a fleet of it.
struct Rig {
    explicit Rig(Make of, MachineFault fault = MachineFault::none, const char* inventory_mac = mac, AsicSettings settings = {}) : port{free_port()}, plant{site(of, fault)} {
        spdlog::set_level(spdlog::level::off);
        std::visit([&](auto& device) { device.host = of.host, device.port = of.listens != 0 ? of.listens : port; }, of.device);
        devices = std::make_unique<sim::AsicDevices>(std::vector{of.device}, plant, 1, sim::AsicDevices::Timing{.reply = {1ms, 1ms}, .slow_reply = 2s, .idle = 60s});
        settings_notes = settings.notes;
        settings.deadline = 3s;
        settings.machines.push_back({.protocol = of.protocol, .slot = slot, .host = of.host, .port = port, .password = of.password, .mac = inventory_mac, .rated = of.physics.rated, .standby = of.physics.standby, .poll = 200ms, .slowed = of.slowed, .low_power = of.low_power});
        driver = make_asics(bench.io().get_executor(), std::move(settings));
        bench.run(*driver);
    }
    ~Rig() { bench.stop(); }

    static sim::PlantSettings site(const Make& of, MachineFault fault) {
        sim::PlantSettings plant;
        plant.machines = {of.physics};
        plant.machines[0].fault = fault;
        return plant;
    }

    /// How an order ends.
    Fate fate_of(Rung rung, Power cap = {}) {
        Order order;
        order.id = OrderId{++last};
        order.loads = {slot, slot + 1};
        order.rung = rung;
        order.cap = cap;
        driver->submit(order);
        const auto receipt = [&] {
            for (const Receipt& r : bench.all<Receipt>())
                if (r.order == order.id) return std::optional{r.fate};
            return std::optional<Fate>{};
        };
        REQUIRE(bench.until([&] { return receipt().has_value(); }));
        return *receipt();
    }
    std::optional<LoadReading> last_said() const {
        const auto all = bench.all<LoadReading>();
        return all.empty() ? std::nullopt : std::optional{all.back()};
    }
    bool comes_to(Mode mode, std::chrono::milliseconds within = 20s) {
        return bench.until([&] { const auto said = last_said(); return said && said->mode == mode; }, within);
    }
    Power draws() {
        return plant.with([](sim::Plant& p, Steady now) { return p.machine_power(0, now); });
    }

    DriverBench bench;
    std::uint16_t port;
    sim::LivePlant plant;
    std::unique_ptr<sim::AsicDevices> devices;
    std::unique_ptr<Driver> driver;
    std::shared_ptr<asic::MachineNotes> settings_notes;  ///< If it was given any.
    std::uint64_t last = 0;
};

/// Told as often as an engine would: some firmware says OK to a form that it does not know.
inline void come_to(Rig& rig, Rung rung, Mode mode) {
    for (int tries = 0; tries < 2; ++tries) {
        CHECK(rig.fate_of(rung) == Fate::accepted);
        if (rig.comes_to(mode, 6s)) return;
    }
    FAIL("it obeys no order");
}

inline void sleeps_and_wakes(const Make& of) {
    Rig rig{of};
    CHECK(rig.comes_to(Mode::running));
    come_to(rig, Rung::sleep, Mode::asleep);
    CHECK(rig.bench.until([&] { return rig.draws().count * 4 < of.physics.rated.count; }));
    come_to(rig, Rung::wake, Mode::running);
    CHECK(rig.bench.until([&] { return rig.draws().count * 3 > of.physics.rated.count * 2; }));
}

}  // namespace ballast::support
