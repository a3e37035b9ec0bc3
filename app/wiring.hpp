#pragma once
#include "app/site_of.hpp"
#include "controller/ports.hpp"
#include "drivers/asic/machine_notes.hpp"
#include "drivers/modbus/bus.hpp"
#include "drivers/signals/mqtt.hpp"
#include "wire/signal_json.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace ballast {

/// Every driver that a site file names, and who takes a group's orders. The one table of drivers: nothing registers itself.
struct Wiring {
    drivers::ModbusBuses buses;
    std::vector<std::unique_ptr<Driver>> drivers;
    std::vector<Tripper*> trippers;                   ///< By GuardId.
    std::vector<Driver*> by_group;                    ///< By GroupId; null: takes no orders.
    drivers::MqttBroker* broker = nullptr;            ///< Where state and events go; null: nowhere.
    std::shared_ptr<asic::MachineNotes> notes;        ///< What drivers note of machines, for people.
    std::function<void()> heartbeat;                  ///< Toggles what `[site.heartbeat]` names; empty: nothing.
};

/// What a `[[signal]]` is, and what of it is believed.
SignalKind kind_of(SignalSort sort);
wire::SignalRules rules_of(const SignalConfig& config, SourceId source, const Config& site);

/// Puts the PDUs that the site file names between its groups and the machines' own driver; answers who takes the orders of
/// groups whose machines hang on outlets. `machines` must outlive the wiring's drivers.
Driver* wire_outlets(Wiring& wiring, const Config& config, const SiteModel& model, Driver& machines);

/// `send` false: nothing is published and no heartbeat beats, which would say that somebody controls; whoever owns the wiring
/// submits no orders. Throws std::runtime_error naming what of the site file cannot be wired.
Wiring wire_up(const Config& config, const SiteModel& model, asio::any_io_executor executor, bool send = true);

}  // namespace ballast
