#include "app/wiring.hpp"

#include "drivers/asic/asics.hpp"
#include "drivers/gpu/agents.hpp"
#include "drivers/meters/modbus_meter.hpp"
#include "drivers/signals/modbus_signals.hpp"
#include "drivers/switchgear/contactor.hpp"
#include "drivers/switchgear/frequency_guard.hpp"
#include "drivers/switchgear/heartbeat.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace ballast {

SignalKind kind_of(SignalSort sort) {
    switch (sort) {
    case SignalSort::price: return SignalKind::price;
    case SignalSort::hashprice: return SignalKind::hashprice;
    case SignalSort::temperature: return SignalKind::temperature;
    case SignalSort::heat: return SignalKind::heat;
    case SignalSort::local: return SignalKind::local;
    case SignalSort::dispatch:
    case SignalSort::contact:
    case SignalSort::limit: return SignalKind::dispatch;
    case SignalSort::system_demand: return SignalKind::system_demand;
    case SignalSort::peak_forecast: return SignalKind::peak_forecast;
    }
    return SignalKind::dispatch;
}

wire::SignalRules rules_of(const SignalConfig& config, SourceId source, const Config& site) {
    wire::SignalRules rules;
    rules.source = source;
    rules.kind = kind_of(config.kind);
    rules.currency = config.unit.currency.empty() ? site.site.currency : config.unit.currency;
    if (const auto rate = site.fx.find(rules.currency); rate != site.fx.end()) rules.rate_ppm = rate->second;
    if (config.plausible_min) rules.plausible_min = *config.plausible_min;
    if (config.plausible_max) rules.plausible_max = *config.plausible_max;
    return rules;
}

namespace {

using namespace drivers;

// ---- Modbus: the same words in the config and in the driver

static_assert(static_cast<int>(RegisterFunction::input) == static_cast<int>(ModbusTable::input));

ModbusUnit unit_of(const ModbusConfig& config) {
    static constexpr char parities[] = {'N', 'E', 'O'};
    ModbusUnit unit;
    if (config.transport == Transport::tcp) unit.endpoint = TcpEndpoint{config.host, config.port};
    else unit.endpoint = SerialEndpoint{config.device, config.baud, parities[static_cast<int>(config.parity)], 8, config.stop_bits};
    unit.unit_id = static_cast<std::uint8_t>(config.unit_id);
    unit.timeout = config.timeout;
    return unit;
}

ModbusTable table_of(RegisterFunction function) { return static_cast<ModbusTable>(function); }

ModbusRegister register_of(const RegisterConfig& config) {
    return {table_of(config.function), config.address, config.type, config.order};
}

PowerRegister power_register(const MeterConfig& config) {
    PowerRegister power;
    power.name = config.name;
    power.unit = unit_of(config.modbus);
    power.value = register_of(config.power);
    power.period = config.period;
    power.scale_w = config.power.scale;
    power.plausible_low = config.plausible_min.value_or(power.plausible_low);
    power.plausible_high = config.plausible_max.value_or(power.plausible_high);
    return power;
}

// ---- signals

SignalRegister signal_register(const SignalConfig& config, SourceId source) {
    const double factor = static_cast<double>(config.unit.factor);
    SignalRegister watched;
    watched.name = config.name;
    watched.source = source;
    watched.unit = unit_of(config.modbus);
    watched.value = register_of(config.value->value);
    watched.period = config.period;
    watched.scale = config.value->value.scale;
    watched.unit_name = config.unit.text;
    watched.unit_size = factor;
    if (config.plausible_min) watched.plausible_min = static_cast<double>(*config.plausible_min) / factor;
    if (config.plausible_max) watched.plausible_max = static_cast<double>(*config.plausible_max) / factor;
    return watched;
}

std::unique_ptr<Driver> modbus_signal(const SignalConfig& config, SourceId source, ModbusBuses& buses) {
    switch (config.kind) {
    case SignalSort::local:
    case SignalSort::contact: {
        ContactSignal contact;
        contact.name = config.name;
        contact.source = source;
        contact.says = kind_of(config.kind);
        contact.unit = unit_of(config.modbus);
        contact.contact = {table_of(config.contact->function), config.contact->address, true};
        contact.active_when_closed = config.contact->active_closed;
        contact.debounce = config.contact->debounce;
        contact.period = config.period;
        return std::make_unique<ModbusContact>(std::move(contact), buses);
    }
    case SignalSort::limit: {
        LimitSignal limit{signal_register(config, source), std::nullopt, Power{}};
        if (config.value->none) limit.none = static_cast<double>(*config.value->none);
        return std::make_unique<ModbusLimit>(std::move(limit), buses);
    }
    case SignalSort::price: return std::make_unique<ModbusPrice>(PriceSignal{signal_register(config, source), config.value->interval}, buses);
    case SignalSort::temperature:
    case SignalSort::heat: return std::make_unique<ModbusLevel>(kind_of(config.kind), signal_register(config, source), buses);
    case SignalSort::dispatch:
    case SignalSort::hashprice:
    case SignalSort::system_demand:
    case SignalSort::peak_forecast: break;
    }
    throw std::runtime_error{fmt::format("signal {}: this kind cannot be read from a register; use kind limit, contact, price, temperature or heat", config.name)};
}

Mapping mapping_of(const SignalConfig& config) {
    const MappingConfig& from = *config.mapping;
    Mapping mapping;
    mapping.kind = kind_of(config.kind);
    mapping.value = from.value;
    mapping.unit = config.unit.text;
    if (config.kind == SignalSort::contact) mapping.ask = Ask::full;
    mapping.issued = from.time;
    mapping.start = from.start;
    mapping.end = from.end;
    mapping.time_format = static_cast<drivers::TimeFormat>(from.time_format);
    mapping.interval = from.interval;
    mapping.id = from.id;
    mapping.release = from.release;
    return mapping;
}

MqttSignal mqtt_signal(const SignalConfig& config, SourceId source, const Config& site) {
    MqttSignal signal;
    signal.name = config.name;
    signal.topic = config.topic;
    signal.rules = rules_of(config, source, site);
    if (config.mapping) signal.mapping = mapping_of(config);
    return signal;
}

std::string file_of(const Secret& secret, const std::string& what, const std::string& broker) {
    if (secret.kind == Secret::Kind::environment)
        throw std::runtime_error{fmt::format("broker {}: {} from the environment is not read by the MQTT driver; name a file", broker, what)};
    return secret.name;
}

MqttSecret secret_of(const Secret& secret) {
    MqttSecret from;
    (secret.kind == Secret::Kind::environment ? from.environment : from.file) = secret.name;
    return from;
}

/// All GPU nodes whose agents are on this broker; null: none.
std::shared_ptr<GpuNodes> gpu_nodes_of(const BrokerConfig& broker, const Config& config, const SiteModel& model) {
    std::vector<GpuNode> nodes;
    for (const GroupConfig& group : config.groups) {
        if (!group.gpu || group.gpu->broker != broker.name) continue;
        const Site::Flexible& flexible = group.flexible;
        for (const MachineConfig& node : group.machines)
            nodes.push_back({model.slots.at(node.id), node.id, node.watts, group.stale_after, group.off_within, group.on_within, flexible.checkpoint_within, flexible.has(FlexStep::clock)});
    }
    return nodes.empty() ? nullptr : std::make_shared<GpuNodes>(config.site.name, std::move(nodes));
}

std::unique_ptr<MqttBroker> broker_of(const BrokerConfig& from, const Config& config, const SiteModel& model, bool send, const std::shared_ptr<GpuNodes>& nodes) {
    MqttSettings settings;
    if (nodes)
        settings.listeners.push_back({wire::gpu_topic(config.site.name, "+", "status"), [nodes](std::string_view topic, std::string_view payload, Instant received, Steady now, Mailbox& mailbox) {
                                          nodes->hear(topic, payload, received, now, mailbox);
                                      }});
    settings.broker = from.name;
    settings.host = from.host;
    settings.port = from.port;
    settings.version = from.version == ballast::MqttVersion::v5     ? drivers::MqttVersion::v5
                       : from.version == ballast::MqttVersion::v311 ? drivers::MqttVersion::v3_1_1
                                                           : drivers::MqttVersion::automatic;
    settings.client_id = from.client_id;
    settings.site = config.site.name;
    settings.listens_only = !send;
    if (!send) settings.session_expiry = Duration{0};  // Nobody comes back for it.
    settings.tls = from.tls;
    settings.tls_ca = file_of(from.tls_ca, "tls_ca", from.name);
    settings.tls_certificate = file_of(from.tls_certificate, "tls_certificate", from.name);
    settings.tls_key = file_of(from.tls_key, "tls_key", from.name);
    settings.user = secret_of(from.user);
    settings.password = secret_of(from.password);
    settings.keep_alive = from.keep_alive;
    for (const SignalConfig& signal : config.signals)
        if (signal.driver == SignalDriver::mqtt && signal.broker == from.name)
            settings.signals.push_back(mqtt_signal(signal, model.sources.at(signal.name), config));
    for (MqttSignal& signal : settings.signals) signal.rules.most_bytes = from.most_bytes;
    return std::make_unique<MqttBroker>(std::move(settings));
}

// ---- loads

/// All miners of all groups: one driver, one budget of connections.
std::unique_ptr<Driver> asics_of(const Config& config, const SiteModel& model, asio::any_io_executor executor, std::shared_ptr<asic::MachineNotes> notes) {
    AsicSettings settings;
    settings.notes = std::move(notes);
    settings.connections = 0;
    for (const GroupConfig& group : config.groups) {
        if (!group.miners) continue;
        const MinersConfig& miners = *group.miners;
        const auto secret = [&group](const Secret& from) {
            auto text = read_secret(from);
            if (!text) throw std::runtime_error{fmt::format("group {}: {}", group.name, text.error().detail)};
            return *std::move(text);
        };
        const std::string user = secret(miners.user), password = secret(miners.password);
        settings.connections = std::max(settings.connections, miners.connections);
        settings.deadline = std::max(Duration{1'000}, miners.timeout);
        for (const MachineConfig& from : group.machines)
            settings.machines.push_back({.protocol = miners.protocol, .slot = model.slots.at(from.id), .name = from.id, .group = group.name, .host = from.host, .port = from.port, .user = user, .password = password,
                                         .mac = from.mac, .rated = from.watts, .standby = group.standby, .deadband = miners.deadband, .poll = miners.poll, .slowed = group.flexible.caps(), .low_power = miners.low_power,
                                         .shared = !from.pdu.empty()});
    }
    return settings.machines.empty() ? nullptr : make_asics(executor, std::move(settings));
}

std::unique_ptr<Driver> contactor_of(const GroupConfig& from, const SiteModel& model, ModbusBuses& buses, std::shared_ptr<CloseStagger> stagger) {
    const drivers::ModbusBit feedback{table_of(from.switchgear->feedback_function), from.switchgear->feedback_address, from.switchgear->feedback_closed};
    ContactorSettings settings;
    settings.name = from.name;
    settings.load = model.slots.at(from.name);
    settings.unit = unit_of(from.switchgear->modbus);
    settings.coil = from.switchgear->coil;
    settings.feedback = feedback;
    settings.poll = from.switchgear->period;
    settings.close_stagger = from.stagger;
    settings.block = from.nameplate;  // None, where it carries groups.
    return std::make_unique<Contactor>(std::move(settings), buses, std::move(stagger));
}

void wire_groups(Wiring& wiring, const Config& config, const SiteModel& model, asio::any_io_executor executor) {
    const auto stagger = std::make_shared<CloseStagger>();
    wiring.notes = std::make_shared<asic::MachineNotes>(model.site.loads.size());
    auto asics = asics_of(config, model, executor, wiring.notes);
    Driver* const outlets = asics ? wire_outlets(wiring, config, model, *asics) : nullptr;
    for (const GroupConfig& group : config.groups) {
        Driver*& takes = wiring.by_group[index(model.groups.at(group.name))];
        switch (group.driver) {
        case GroupDriver::miners: takes = group.on_outlets() ? outlets : asics.get(); break;
        case GroupDriver::contactor:
            wiring.drivers.push_back(contactor_of(group, model, wiring.buses, stagger));
            takes = wiring.drivers.back().get();
            break;
        case GroupDriver::gpu: break;  // By its broker.
        case GroupDriver::metered:
            if (group.meter) wiring.drivers.push_back(std::make_unique<MeteredLoad>(model.slots.at(group.name), power_register(*group.meter), wiring.buses));
            break;
        }
    }
    if (asics) wiring.drivers.push_back(std::move(asics));
}

// ---- frequency

std::unique_ptr<FrequencyGuard> guard_of(const std::string& name, const UnderFrequencyConfig& from, const Config& config, const SiteModel& model, bool send, ModbusBuses& buses) {
    FrequencyGuardSettings settings;
    settings.guard = model.guards.at(name);
    settings.source = model.site.guards[index(settings.guard)].source;
    settings.meter = {name, unit_of(from.meter.modbus), register_of(from.meter.frequency), from.meter.frequency.scale * 1'000, from.meter.plausible_min, from.meter.plausible_max};
    settings.period = from.meter.period;
    settings.samples = from.samples;
    settings.restore_above = from.restore_above;
    settings.send = send;
    for (const auto& stage : from.stages) {
        settings.stages.push_back(stage.below);
        for (const std::string& contactor : stage.contactors) {
            const ContactorConfig& gear = *std::ranges::find(config.groups, contactor, &GroupConfig::name)->switchgear;
            settings.coils.emplace(model.slots.at(contactor), TripCoil{unit_of(gear.modbus), gear.coil});
        }
    }
    return std::make_unique<FrequencyGuard>(std::move(settings), buses);
}

void wire_guards(Wiring& wiring, const Config& config, const SiteModel& model, bool send) {
    for (const PolicyConfig& policy : config.policies) {
        if (!policy.under_frequency) continue;
        auto guard = guard_of(policy.name, *policy.under_frequency, config, model, send, wiring.buses);
        wiring.trippers.push_back(guard.get());
        wiring.drivers.push_back(std::move(guard));
    }
}

// ---- brokers, and what tells a PLC that we live

void wire_gpus(Wiring& wiring, const std::string& name, const Config& config, const SiteModel& model, std::shared_ptr<GpuNodes> nodes, MqttBroker& broker) {
    auto agents = std::make_unique<GpuAgents>(std::move(nodes), [&broker](std::string topic, std::string payload) { broker.publish(std::move(topic), std::move(payload)); });
    for (const GroupConfig& group : config.groups)
        if (group.gpu && group.gpu->broker == name && group.tier == Tier::flexible) wiring.by_group[index(model.groups.at(group.name))] = agents.get();
    wiring.drivers.push_back(std::move(agents));
}

void wire_brokers(Wiring& wiring, const Config& config, const SiteModel& model, bool send, std::map<std::string, MqttBroker*>& brokers) {
    for (const BrokerConfig& from : config.brokers) {
        const auto nodes = gpu_nodes_of(from, config, model);
        auto broker = broker_of(from, config, model, send, nodes);
        brokers[from.name] = broker.get();
        if (nodes) wire_gpus(wiring, from.name, config, model, nodes, *broker);
        wiring.drivers.push_back(std::move(broker));
    }
    const std::string& ours = config.site.broker.empty() && !config.brokers.empty() ? config.brokers.front().name : config.site.broker;
    if (const auto found = brokers.find(ours); found != brokers.end()) wiring.broker = found->second;
}

void wire_heartbeat(Wiring& wiring, const Config& config, const std::map<std::string, MqttBroker*>& brokers) {
    if (!config.site.heartbeat) return;
    const HeartbeatConfig& from = *config.site.heartbeat;
    std::shared_ptr<HeartbeatCoil> coil;
    if (from.modbus) coil = std::make_shared<HeartbeatCoil>(HeartbeatSettings{"heartbeat", unit_of(*from.modbus), from.coil, from.period}, wiring.buses);
    const auto broker = brokers.find(from.broker);
    MqttBroker* told = broker == brokers.end() ? nullptr : broker->second;
    wiring.heartbeat = [coil, told, topic = from.topic, high = false]() mutable {
        if (coil) coil->beat();
        if (told) told->publish(topic, std::exchange(high, !high) ? "1" : "0", 0, false);
    };
}

}  // namespace

Wiring wire_up(const Config& config, const SiteModel& model, asio::any_io_executor executor, bool send) {
    Wiring wiring;
    wiring.by_group.resize(model.site.groups.size());
    std::map<std::string, MqttBroker*> brokers;
    wire_brokers(wiring, config, model, send, brokers);
    for (const MeterConfig& meter : config.meters)
        wiring.drivers.push_back(std::make_unique<ModbusMeter>(model.meters.at(meter.name), power_register(meter), wiring.buses));
    for (const SignalConfig& signal : config.signals)
        if (signal.driver == SignalDriver::modbus) wiring.drivers.push_back(modbus_signal(signal, model.sources.at(signal.name), wiring.buses));
    wire_guards(wiring, config, model, send);
    wire_groups(wiring, config, model, executor);
    if (send) wire_heartbeat(wiring, config, brokers);
    return wiring;
}

}  // namespace ballast
